// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// readHead reads a request's lines up to the empty one, and its body.
func readRequest(t testing.TB, br *bufio.Reader) (lines []string, body string) {
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return nil, ""
		}
		line = strings.TrimSuffix(line, "\r\n")
		if line == "" {
			break
		}
		lines = append(lines, line)
	}
	n := 0
	for _, l := range lines {
		fmt.Sscanf(l, "Content-Length: %d", &n)
	}
	b := make([]byte, n)
	_, err := io.ReadFull(br, b)
	require.NoError(t, err)
	return lines, string(b)
}

// The request is the one of spec/records, headers in their order included.
func TestHTTPRequestBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		var got [][]string
		p.serveRaw(t, func(_ int, c net.Conn) {
			br := bufio.NewReader(c)
			for {
				lines, body := readRequest(t, br)
				if lines == nil {
					return
				}
				got = append(got, append(lines, body))
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nSet-Cookie: session=2495323226; Path=/\r\n\r\nok")
			}
		})
		h := newTestHTTP(t, p, HTTPConfig{Address: "127.0.0.1:18142"})
		for range 2 {
			answer, err := h.Do(t.Context(), "proto-ver", []byte("no_pop"))
			require.NoError(t, err)
			require.Equal(t, "ok", string(answer))
		}
		require.NoError(t, h.Close())
		p.Close()
		synctest.Wait()
		want := []string{
			"POST /proto-ver HTTP/1.1", "Host: 127.0.0.1:18142", "Accept-Encoding: identity", "Content-Length: 6",
			"Content-type: application/x-www-form-urlencoded", "Accept: text/plain", "no_pop",
		}
		require.Equal(t, want, got[0])
		want = append(want[:6], "Cookie: session=2495323226", "no_pop")
		require.Equal(t, want, got[1])
		require.Equal(t, 1, p.dialled(), "one kept-alive connection")
	})
}

func TestHTTPAddress(t *testing.T) {
	tests := []struct{ in, dial, host, prefix, err string }{
		{in: "", dial: "192.168.4.1:80", host: "192.168.4.1"},
		{in: "192.168.4.1:80", dial: "192.168.4.1:80", host: "192.168.4.1"},
		{in: "device.local", dial: "device.local:80", host: "device.local"},
		{in: "127.0.0.1:8080", dial: "127.0.0.1:8080", host: "127.0.0.1:8080"},
		{in: "host:180", dial: "host:180", host: "host:180"},
		{in: "http://127.0.0.1:8080/", dial: "127.0.0.1:8080", host: "127.0.0.1:8080"},
		{in: "http://127.0.0.1/a/b/", dial: "127.0.0.1:80", host: "127.0.0.1", prefix: "/a/b"},
		{in: "fe80::1", dial: "[fe80::1]:80", host: "[fe80::1]"},
		{in: "[::1]:8080", dial: "[::1]:8080", host: "[::1]:8080"},
		{in: "[::1]:80", dial: "[::1]:80", host: "[::1]"},
		{in: "https://device", err: "https is not supported"},
		{in: "http://", err: "no host"},
		{in: ":80", err: "no host"},
		{in: "host?x=1", err: "only a host"},
		{in: "user:pw@host", err: "only a host"},
		{in: "host#f", err: "only a host"},
		{in: "ho st", err: "invalid character"},
		{in: "host:port", err: "invalid port"},
	}
	for _, tc := range tests {
		h, err := NewHTTP(HTTPConfig{Address: tc.in})
		if tc.err != "" {
			require.ErrorContains(t, err, tc.err, tc.in)
			continue
		}
		require.NoError(t, err, tc.in)
		require.Equal(t, []string{tc.dial, tc.host, tc.prefix}, []string{h.address, h.host, h.prefix}, tc.in)
		require.NoError(t, h.Close())
	}
}

// Every answer that is not a plain 200, over a raw connection.
func TestHTTPAnswers(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\n"
	tests := []struct {
		name, answer string
		want         string // the body
		err          error
		text         string
		reused       bool
	}{
		{name: "content length", answer: ok + "Content-Length: 2\r\n\r\nok", want: "ok", reused: true},
		{name: "empty", answer: ok + "Content-Length: 0\r\n\r\n", want: "", reused: true},
		{name: "chunked", answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", want: "ok", reused: true},
		{name: "close", answer: ok + "Connection: close\r\nContent-Length: 2\r\n\r\nok", want: "ok"},
		{name: "until the end", answer: "HTTP/1.0 200 OK\r\n\r\nok", want: "ok"},
		{name: "longest", answer: ok + "Content-Length: 100\r\n\r\n" + strings.Repeat("x", 100), want: strings.Repeat("x", 100), reused: true},
		{name: "more than announced", answer: ok + "Content-Length: 2\r\n\r\nokMORE", want: "ok"},
		{name: "nothing", answer: "", err: ErrRefused, text: "closed without an answer"},
		{name: "404", answer: "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!", err: ErrNoEndpoint},
		{name: "405", answer: "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n", err: ErrRefused, text: "HTTP status 405"},
		{name: "500", answer: "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n", err: ErrRefused, text: "HTTP status 500"},
		{name: "204", answer: "HTTP/1.1 204 No Content\r\n\r\n", err: ErrRefused, text: "HTTP status 204"},
		{name: "redirect", answer: "HTTP/1.1 307 \r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", err: ErrRefused, text: "HTTP status 307"},
		{name: "continue", answer: "HTTP/1.1 100 Continue\r\n\r\n", err: ErrRefused, text: "HTTP status 100"},
		{name: "too long announced", answer: ok + "Content-Length: 101\r\n\r\n", err: ErrBadAnswer, text: "101 bytes, at most 100"},
		{name: "far too long announced", answer: ok + "Content-Length: 9223372036854775807\r\n\r\n", err: ErrBadAnswer, text: "at most 100"},
		{name: "too long chunked", answer: ok + "Transfer-Encoding: chunked\r\n\r\n80\r\n" + strings.Repeat("x", 128) + "\r\n0\r\n\r\n", err: ErrBadAnswer, text: "more than 100"},
		{name: "too long until the end", answer: "HTTP/1.0 200 OK\r\n\r\n" + strings.Repeat("x", 200), err: ErrBadAnswer, text: "more than 100"},
		{name: "cut off", answer: ok + "Content-Length: 20\r\n\r\nok", err: ErrBadAnswer, text: "cut off after 2 bytes"},
		{name: "cut between headers", answer: ok + "Content-Length: 2\r\n", err: ErrBadAnswer, text: "ends in the headers"},
		{name: "cut in a header", answer: ok + "Content-Le", err: ErrBadAnswer, text: "malformed"},
		{name: "not HTTP", answer: "SSH-2.0-OpenSSH\r\n", err: ErrBadAnswer, text: "malformed HTTP"},
		{name: "endless headers", answer: ok + "X: " + strings.Repeat("x", 1<<20), err: ErrBadAnswer, text: "headers too long"},
		{name: "endless header lines", answer: ok + strings.Repeat("A: b\r\n", 1<<17), err: ErrBadAnswer, text: "headers too long"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipeNet()
				requests := 0
				p.serveRaw(t, func(_ int, c net.Conn) {
					br := bufio.NewReader(c)
					for {
						if lines, _ := readRequest(t, br); lines == nil {
							return
						}
						requests++
						if requests == 2 {
							io.WriteString(c, ok+"Content-Length: 6\r\n\r\nsecond")
							return
						}
						io.WriteString(c, tc.answer)
						if !tc.reused {
							return
						}
					}
				})
				h := newTestHTTP(t, p, HTTPConfig{MaxAnswer: 100})
				answer, err := h.Do(t.Context(), "prov-config", []byte("x"))
				if tc.err == nil {
					require.NoError(t, err)
					require.Equal(t, tc.want, string(answer))
				} else {
					require.ErrorIs(t, err, tc.err)
					require.ErrorContains(t, err, tc.text)
				}
				synctest.Wait()
				require.Equal(t, 1, requests, "a request is sent once")
				require.Equal(t, tc.reused, h.conn != nil)

				// The transport goes on, on a new connection if it has to.
				answer, err = h.Do(t.Context(), "prov-config", []byte("y"))
				require.NoError(t, err)
				require.Equal(t, "second", string(answer))
				dials := 2
				if tc.reused {
					dials = 1
				}
				require.Equal(t, dials, p.dialled())
				require.NoError(t, h.Close())
				p.Close()
			})
		})
	}
}

// A device that takes a second request on a kept connection and hangs up must
// not get it again: that is what net/http's client would do with some requests.
func TestHTTPNeverRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		var bodies []string
		p.serveRaw(t, func(n int, c net.Conn) {
			br := bufio.NewReader(c)
			_, body := readRequest(t, br)
			bodies = append(bodies, body)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			if n == 0 {
				_, body = readRequest(t, br)
				bodies = append(bodies, body)
			}
		})
		h := newTestHTTP(t, p, HTTPConfig{})
		_, err := h.Do(t.Context(), "a", []byte("1"))
		require.NoError(t, err)
		_, err = h.Do(t.Context(), "a", []byte("2"))
		require.ErrorIs(t, err, ErrRefused)
		_, err = h.Do(t.Context(), "a", []byte("3"))
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, []string{"1", "2", "3"}, bodies)
	})
}

// A connection that the device closed between two requests is replaced before
// anything is written to it, and the cookie continues the session.
func TestHTTPDeviceClosesIdleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		var cookies []string
		p.serveRaw(t, func(n int, c net.Conn) {
			lines, _ := readRequest(t, bufio.NewReader(c))
			cookies = append(cookies, lines[len(lines)-1])
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: session=7\r\n\r\nok")
			time.Sleep(5 * time.Second)
		})
		h := newTestHTTP(t, p, HTTPConfig{})
		for range 2 {
			_, err := h.Do(t.Context(), "a", []byte("1"))
			require.NoError(t, err)
			time.Sleep(6 * time.Second)
		}
		require.Equal(t, []string{"Accept: text/plain", "Cookie: session=7"}, cookies)
	})
}

func TestHTTPCookies(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  []string
		want string
	}{
		{"none", nil, ""},
		{"plain", []string{"session=1"}, "session=1"},
		{"attributes", []string{"session=1; Path=/; HttpOnly"}, "session=1"},
		{"last of several", []string{"a=b", "session=1"}, "session=1"},
		{"space", []string{"  session=1 "}, "session=1"},
		{"control character", []string{"session=\x01"}, ""},
		{"not ASCII", []string{"session=\xff"}, ""},
		{"too long", []string{"session=" + strings.Repeat("1", 300)}, ""},
	} {
		require.Equal(t, tc.want, lastCookie(tc.set), tc.name)
	}
}

func TestHTTPRefusesBeforeSending(t *testing.T) {
	h, err := NewHTTP(HTTPConfig{Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled")
		return nil, errors.New("no")
	}})
	require.NoError(t, err)
	defer h.Close()
	_, err = h.Do(t.Context(), "custom", nil)
	require.ErrorIs(t, err, ErrEmptyBody)
	for _, name := range []string{"", "a b", "a\r\nX: y", "a?b", "a#b", "\x00", "\x7f"} {
		_, err = h.Do(t.Context(), name, []byte("1"))
		require.Error(t, err, name)
	}
}

func TestHTTPDialError(t *testing.T) {
	boom := errors.New("boom")
	h, err := NewHTTP(HTTPConfig{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, boom }})
	require.NoError(t, err)
	defer h.Close()
	_, err = h.Do(t.Context(), "custom", []byte("1"))
	require.ErrorIs(t, err, boom)
}

// Over a real socket, against net/http's server: names as they are, two
// goroutines at once, a server that answers before it read everything.
func TestHTTPOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var mu sync.Mutex
	seen := map[string]int{}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.RequestURI]++
		mu.Unlock()
		if r.URL.Path == "/api/early" {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusNotFound)
			return
		}
		b, _ := io.ReadAll(r.Body)
		w.Write(b)
	})}
	go s.Serve(l)
	defer s.Close()
	h, err := NewHTTP(HTTPConfig{Address: "http://" + l.Addr().String() + "/api/"})
	require.NoError(t, err)
	defer h.Close()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			body := strings.Repeat(fmt.Sprint(i), 5000)
			answer, err := h.Do(t.Context(), "custom%20data", []byte(body))
			require.NoError(t, err)
			require.Equal(t, body, string(answer))
		})
	}
	wg.Wait()
	answer, err := h.Do(t.Context(), "custom%20data", make([]byte, defaultMaxAnswer))
	require.NoError(t, err)
	require.Len(t, answer, defaultMaxAnswer)
	_, err = h.Do(t.Context(), "custom%20data", make([]byte, defaultMaxAnswer+1))
	require.ErrorIs(t, err, ErrBadAnswer)
	_, err = h.Do(t.Context(), "early", make([]byte, 4096))
	require.ErrorIs(t, err, ErrNoEndpoint)
	require.Equal(t, map[string]int{"/api/custom%20data": 10, "/api/early": 1}, seen)
}
