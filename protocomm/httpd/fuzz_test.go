// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm"
)

// seeds are requests of all sorts.
var seeds = []string{
	post("/prov-session", "hello"),
	post("/prov-session", "password", cookie(1)),
	post("/echo", "s:x", "Cookie: a=1; session=1; b=2\r\n"),
	post("/proto-ver", "") + post("/proto-ver", "---") + post("/echo", "s:y"),
	"POST /proto-ver HTTP/1.0\n\n",
	"\r\n\r\nPOST http://192.168.4.1/proto-ver?a=b#c HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
	"GET / HTTP/1.1\r\n\r\n",
	"HEAD /echo HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
	"POST /" + strings.Repeat("a", 600),
	"POST /echo HTTP/1.1\r\nX: " + strings.Repeat("a", 1100),
	"POST /echo HTTP/1.1\r\nHost: a\r\nCookie: a=1; session; b=2\r\n\r\n",
	"POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"\x16\x03\x01\x02\x00\x01\x00\x01",
	"",
}

// FuzzHead compares the parser with net/http's where both accept, and with
// itself when the bytes come one by one.
func FuzzHead(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var h, one head
		h.reset()
		status := h.parse(data, DefaultMaxHeader)
		one.reset()
		oneStatus := 0
		for i := 0; i <= len(data) && oneStatus == 0 && one.state != stateDone; i++ {
			oneStatus = one.parse(data[:i], DefaultMaxHeader)
		}
		require.Equal(t, status, oneStatus)
		require.Equal(t, h, one)
		require.LessOrEqual(t, h.pos, len(data))
		if status != 0 || h.state != stateDone {
			return
		}
		skipped := len(data) - len(bytes.TrimLeft(data, "\r\n"))
		require.LessOrEqual(t, h.pos-skipped, maxLine+DefaultMaxHeader)
		theirs, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data[skipped:])))
		if err != nil {
			return
		}
		require.Equal(t, theirs.Method == "POST", h.post)
		require.Equal(t, theirs.RequestURI, string(h.target.of(data)))
		if plainPath(theirs.RequestURI) {
			require.Equal(t, theirs.URL.Path, string(h.path.of(data)), "%q", theirs.RequestURI)
		}
		// net/http overlooks transfer codings in HTTP/1.0, this server never.
		if len(theirs.TransferEncoding) > 0 {
			require.True(t, h.transfer)
		}
		if !h.transfer {
			require.Equal(t, theirs.ContentLength, max(0, h.contentLength))
		}
		// To net/http a name without a value is a cookie, too.
		for _, c := range theirs.CookiesNamed(cookieName) {
			require.True(t, h.cookies.present || c.Value == "")
		}
	})
}

// plainPath reports whether a target is a path without anything on whose
// meaning parsers differ: escapes, an origin, a fragment.
func plainPath(target string) bool {
	return strings.HasPrefix(target, "/") && !strings.ContainsFunc(target, func(r rune) bool {
		return r > 0x7f || !isToken(byte(r)) && r != '/' || r == '%' || r == '#'
	})
}

// FuzzServer throws bytes at the own front, cut into pieces, from two
// connections; then an honest client must be served.
func FuzzServer(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), []byte(seeds[len(seeds)-1-i]), uint16(i*7))
	}
	network := &simnet.Network{}
	pc := protocomm.New(protocomm.Config{})
	must(f, pc.SetSecurity("prov-session", toy{}))
	must(f, pc.SetVersion("proto-ver", versionText))
	must(f, pc.AddEndpoint("echo", func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }))
	must(f, pc.AddEndpoint("panic", func(protocomm.SessionID, []byte) ([]byte, error) { panic("boom") }))
	s := New(Config{Listen: network.Listen, MaxConns: 4})
	must(f, s.Start(pc))
	f.Cleanup(func() {
		_ = s.Stop(pc)
		s.Wait()
	})
	f.Fuzz(func(t *testing.T, a, b []byte, cut uint16) {
		throw(t, network, [2][]byte{a, b}, int(cut))

		nc, err := network.DialContext(context.Background())
		must(t, err)
		defer nc.Close()
		answers := bufio.NewReader(nc)
		for _, exchange := range []struct{ path, body, answer string }{
			{"/proto-ver", "x", versionText},
			{"/prov-session", "hello", "hi"},
			{"/prov-session", "password", "welcome"},
			{"/echo", "s:x", "s:x"},
		} {
			_, err = nc.Write([]byte(post(exchange.path, exchange.body)))
			must(t, err)
			resp, err := http.ReadResponse(answers, nil)
			must(t, err)
			body, err := io.ReadAll(resp.Body)
			must(t, err)
			require.Equal(t, 200, resp.StatusCode)
			require.Equal(t, exchange.answer, string(body))
		}
	})
}

// throw sends both inputs in turns, piece by piece, and reads until the server
// has closed both connections. What it says must be HTTP.
func throw(t *testing.T, network *simnet.Network, inputs [2][]byte, cut int) {
	said := make(chan []byte, 2)
	var conns [2]io.WriteCloser
	for i := range inputs {
		nc, err := network.DialContext(context.Background())
		must(t, err)
		defer nc.Close()
		conns[i] = nc
		go func() {
			b, _ := io.ReadAll(nc)
			said <- b
		}()
	}
	for piece := cut%97 + 1; len(inputs[0])+len(inputs[1]) > 0; piece = piece*3%89 + 1 {
		for i := range inputs {
			n := min(piece, len(inputs[i]))
			_, _ = conns[i].Write(inputs[i][:n])
			inputs[i] = inputs[i][n:]
		}
	}
	for i := range conns {
		_ = conns[i].(interface{ CloseWrite() error }).CloseWrite()
	}
	for range conns {
		answers := bufio.NewReader(bytes.NewReader(<-said))
		for {
			if _, err := answers.Peek(1); err != nil {
				break
			}
			resp, err := http.ReadResponse(answers, nil)
			must(t, err)
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				// An answer to HEAD, which is always the last one.
				require.NotEqual(t, 200, resp.StatusCode, "%q", body)
				break
			}
			require.Equal(t, "text/html", resp.Header.Get("Content-Type"))
		}
	}
}
