// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/leak"

	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// Real sockets, real clients, real time.

// loopback serves sec1 with the proof of possession abcd1234 and an echo
// endpoint on a free port.
func loopback(t testing.TB, cfg Config) (*Server, *protocomm.Protocomm, string) {
	pc := protocomm.New(protocomm.Config{})
	security, err := sec1.New(sec1.Config{PoP: "abcd1234"})
	must(t, err)
	must(t, pc.SetSecurity("prov-session", security))
	must(t, pc.SetVersion("proto-ver", versionText))
	must(t, pc.AddEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
		return append([]byte("re: "), req...), nil
	}))
	cfg.Listen = simnet.Loopback
	s := New(cfg)
	must(t, s.Start(pc))
	t.Cleanup(func() {
		_ = s.Stop(pc)
		s.Wait()
	})
	return s, pc, "http://" + s.Addr().String()
}

// ask posts one request.
func ask(client *http.Client, url string, body []byte) ([]byte, error) {
	resp, err := client.Post(url, "application/x-www-form-urlencoded", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, io.ErrUnexpectedEOF
	}
	return io.ReadAll(resp.Body)
}

// shakeHands runs security 1's handshake.
func shakeHands(t *testing.T, client *http.Client, base, pop string) (*sec1.Client, error) {
	session, err := sec1.NewClient(sec1.Config{PoP: security.Secret(pop)})
	must(t, err)
	var answer []byte
	for {
		request, done, err := session.Step(answer)
		if err != nil || done {
			return session, err
		}
		if answer, err = ask(client, base+"/prov-session", request); err != nil {
			return nil, err
		}
	}
}

// net/http's client, with and without cookies, with one connection and with a
// new one for every request.
func TestHTTPClient(t *testing.T) {
	tests := []struct {
		name          string
		jar           bool
		oneConnection bool
		works         bool
	}{
		{"kept alive", false, true, true},
		{"kept alive with cookies", true, true, true},
		{"new connections with cookies", true, false, true},
		{"new connections without cookies", false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, base := loopback(t, Config{})
			dials := 0
			transport := &http.Transport{
				DisableKeepAlives: !tt.oneConnection,
				DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					dials++
					return new(net.Dialer).DialContext(ctx, network, addr)
				},
			}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
			if tt.jar {
				client.Jar, _ = cookiejar.New(nil)
			}
			version, err := ask(client, base+"/proto-ver", []byte("x"))
			must(t, err)
			require.Equal(t, versionText, string(version))
			session, err := shakeHands(t, client, base, "abcd1234")
			if !tt.works {
				require.Error(t, err)
				return
			}
			must(t, err)
			for range 5 {
				request, err := session.Encrypt(nil, []byte("hello"))
				must(t, err)
				answer, err := ask(client, base+"/custom-data", request)
				must(t, err)
				plain, err := session.Decrypt(nil, answer)
				must(t, err)
				require.Equal(t, "re: hello", string(plain))
			}
			if tt.oneConnection {
				require.Equal(t, 1, dials)
			} else {
				require.Equal(t, 8, dials)
			}
		})
	}
}

// A client with the wrong proof of possession does not disturb one with the
// right one, whose session goes on afterwards.
func TestWrongProofOverTCP(t *testing.T) {
	_, _, base := loopback(t, Config{})
	good := &http.Client{Transport: &http.Transport{}}
	bad := &http.Client{Transport: &http.Transport{}}
	defer good.CloseIdleConnections()
	defer bad.CloseIdleConnections()
	session, err := shakeHands(t, good, base, "abcd1234")
	must(t, err)
	_, err = shakeHands(t, bad, base, "wrong")
	require.Error(t, err)
	request, err := session.Encrypt(nil, []byte("x"))
	must(t, err)
	answer, err := ask(good, base+"/custom-data", request)
	must(t, err)
	plain, err := session.Decrypt(nil, answer)
	must(t, err)
	require.Equal(t, "re: x", string(plain))
}

// On a real network a client sees the end of the stream and no reset, even
// when it sent more than was read.
func TestQT1_OrderlyEndOverTCP(t *testing.T) {
	_, _, base := loopback(t, Config{})
	for _, request := range []string{
		post("/custom-data", "no session"),
		post("/custom-data", string(make([]byte, 5000))),
		"POST /custom-data HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n" + string(make([]byte, 20000)),
	} {
		nc, err := net.Dial("tcp", base[len("http://"):])
		must(t, err)
		_, err = nc.Write([]byte(request))
		must(t, err)
		answer, err := io.ReadAll(nc)
		must(t, err)
		require.Empty(t, answer)
		nc.Close()
	}
	// The same for an answer with a body behind it that nobody reads.
	nc, err := net.Dial("tcp", base[len("http://"):])
	must(t, err)
	defer nc.Close()
	_, err = nc.Write([]byte(post("/nothing", string(make([]byte, 50000)))))
	must(t, err)
	answer, err := io.ReadAll(nc)
	must(t, err)
	require.Contains(t, string(answer), sentence(404))
}

// 200 clients at once, hostile and right ones; afterwards everything is gone.
func TestCrowdOverTCP(t *testing.T) {
	before := runtime.NumGoroutine()
	s, pc, base := loopback(t, Config{})
	addr := base[len("http://"):]
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			nc, err := net.DialTimeout("tcp", addr, 5*time.Second)
			if err != nil {
				return
			}
			defer nc.Close()
			switch i % 4 {
			case 0:
				nc.Write([]byte("POST /proto-ver HTTP/1.1\r\nX: "))
				nc.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				io.Copy(io.Discard, nc)
			case 1:
				nc.Write([]byte(post("/proto-ver", "x")))
				nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
				io.Copy(io.Discard, nc)
			case 2:
				nc.Write(bytes.Repeat([]byte{0xff}, 10000))
			}
		}()
	}
	wg.Wait()
	client := &http.Client{Transport: &http.Transport{}}
	session, err := shakeHands(t, client, base, "abcd1234")
	must(t, err)
	require.NotNil(t, session)
	client.CloseIdleConnections()
	must(t, s.Stop(pc))
	s.Wait()
	leak.Goroutines(t, before)
}
