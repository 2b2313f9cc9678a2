// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"", "v1.0", `{"prov":{"ver":"v1.1","sec_ver":1,"sec_patch_ver":0,"cap":["no_pop","wifi_scan"]}}`,
		`{"app":{"ver":"1","cap":[]},"prov":{"cap":[1,null]}}`, `{"prov":{"sec_ver":1e400}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v := parseVersion(text)
		if v.Text != string(text) || v.SecVersion < -1 || v.SecPatchVersion < 0 || v.Security() == SecurityAuto {
			t.Errorf("%+v", v)
		}
		if !v.Known && (v.Capabilities != nil || v.SecVersion != -1) {
			t.Errorf("unknown, but %+v", v)
		}
	})
}

// FuzzAnswers lets the device answer with fuzzed bytes, cut into as many
// answers as the first byte of each says, to every operation in a row.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		"", "52050801aa0100", "08015a00" + "08036a0408011002",
		"08057a420a220a094d794e6574776f726b100618d1ffffffffffffffff012206a0b1c2d3e4f528030a1c0a054f74686572100b18b0ffffffffffffffff012206001122334455",
		"08036a00", "08057a00", "08015a021001", "08015a0410035000", "08015a06100162020802",
		"08015a275a250a0c3139322e3136382e312e323310031a094d794e6574776f726b2206a0b1c2d3e4f52806",
	} {
		b := unhex(s)
		f.Add(append([]byte{byte(len(b))}, b...))
	}
	f.Add(script("08015a00", "08036a0408011002", "08057a0e0a050a01612200"+"0a050a01622200", "08036a00", "08057a00", "08015a0410035001"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := sec0Device()
		c := dialWire(t, d, Config{PollTimeout: 1, PollInterval: 1})
		d.hook = func(endpoint string, _ []byte) ([]byte, error) {
			if endpoint == "prov-session" {
				return nil, errPass
			}
			if len(b) == 0 {
				return nil, errHangUp
			}
			n := min(int(b[0]), len(b)-1)
			answer := b[1 : 1+n]
			b = b[1+n:]
			return answer, nil
		}
		ctx := context.Background()
		calls := []func() error{
			func() error {
				list, err := c.Scan(ctx, ScanOptions{Timeout: 1})
				if err == nil && len(list) > maxNetworks {
					t.Errorf("%d networks", len(list))
				}
				MergeNetworks(list)
				return err
			},
			func() error { return c.Configure(ctx, Credentials{SSID: "x"}) },
			func() error { return c.Apply(ctx) },
			func() error { _, err := c.WaitConnected(ctx); return err },
			func() error { s, err := c.Status(ctx); _ = s.String(); return err },
			func() error { return c.Reset(ctx) },
		}
		for _, call := range calls {
			err := call()
			var e *Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("%T: %v", err, err)
			}
			if err != nil && e.SessionLost != (c.session == nil) {
				t.Errorf("%v: lost %v", err, e.SessionLost)
			}
			if c.session == nil {
				if err := c.Connect(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// script is a corpus entry of FuzzAnswers.
func script(answers ...string) (b []byte) {
	for _, s := range answers {
		a := unhex(s)
		b = append(append(b, byte(len(a))), a...)
	}
	return b
}

// FuzzHandshake lets the device answer the handshake with fuzzed bytes.
func FuzzHandshake(f *testing.F) {
	f.Add(true, unhex("10015a390801aa01341220"+strings.Repeat("09", 32)+"1a10"+strings.Repeat("00", 16)), []byte{})
	f.Add(true, unhex("10015a390801aa01341220"+strings.Repeat("09", 32)+"1a10"+strings.Repeat("00", 16)), unhex("10015a270803ba01221a20"+strings.Repeat("00", 32)))
	f.Add(false, unhex("52050801aa0100"), []byte{})
	f.Fuzz(func(t *testing.T, one bool, first, second []byte) {
		d := sec0Device()
		d.raw = func(string, []byte) ([]byte, error) {
			answer := first
			first = second
			return answer, nil
		}
		cfg := Config{Security: Security0}
		if one {
			cfg = Config{Security: Security1, PoP: "abcd1234"}
		}
		c := newClient(t, newWire(d), cfg)
		defer c.Close()
		if err := c.Connect(context.Background()); err == nil && one {
			t.Error("connected to a device that knows nothing")
		}
		if n := len(d.requests()); n > maxSteps {
			t.Errorf("%d requests", n)
		}
	})
}

// bytesConn is a connection that answers with fixed bytes.
type bytesConn struct {
	net.Conn
	r io.Reader
}

func (c *bytesConn) Read(p []byte) (int, error)  { return c.r.Read(p) }
func (c *bytesConn) Write(p []byte) (int, error) { return len(p), nil }
func (c *bytesConn) Close() error                { return nil }

// FuzzHTTP lets the device answer with fuzzed bytes instead of HTTP.
func FuzzHTTP(f *testing.F) {
	for _, s := range []string{
		"", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0 200 OK\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 404 Not Found\r\nSet-Cookie: session=1\r\n\r\n", "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 64
		conn := &bytesConn{r: bufio.NewReader(bytes.NewReader(b))}
		h, err := NewHTTP(HTTPConfig{MaxAnswer: limit, Timeout: time.Minute,
			Dial: func(context.Context, string, string) (net.Conn, error) { return conn, nil }})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		for range 3 {
			answer, err := h.Do(context.Background(), "proto-ver", []byte("ESP"))
			if len(answer) > limit {
				t.Errorf("%d bytes", len(answer))
			}
			if err != nil && !errors.Is(err, ErrRefused) && !errors.Is(err, ErrBadAnswer) && !errors.Is(err, ErrNoEndpoint) {
				t.Errorf("%v", err)
			}
			if strings.ContainsAny(h.cookie, "\r\n") {
				t.Errorf("cookie %q", h.cookie)
			}
		}
	})
}
