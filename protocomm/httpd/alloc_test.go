// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// looped is a connection on which the same request arrives again and again.
type looped struct {
	request []byte
	written int
}

func (l *looped) Read(p []byte) (int, error)       { return copy(p, l.request), nil }
func (l *looped) Write(p []byte) (int, error)      { l.written += len(p); return len(p), nil }
func (l *looped) Close() error                     { return nil }
func (l *looped) LocalAddr() net.Addr              { return nil }
func (l *looped) RemoteAddr() net.Addr             { return nil }
func (l *looped) SetDeadline(time.Time) error      { return nil }
func (l *looped) SetReadDeadline(time.Time) error  { return nil }
func (l *looped) SetWriteDeadline(time.Time) error { return nil }

func echoInstance(t testing.TB) *protocomm.Protocomm {
	pc := protocomm.New(protocomm.Config{})
	must(t, pc.SetSecurity("prov-session", sec0.New()))
	must(t, pc.SetVersion("proto-ver", versionText))
	must(t, pc.AddEndpoint("echo", func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }))
	return pc
}

// On a kept-alive connection a request costs no memory.
func TestAllocs(t *testing.T) {
	for _, size := range []int{64, 4096} {
		for name, headers := range map[string]string{"connection": "", "cookie": "Cookie: session=1\r\n"} {
			l := &looped{request: []byte(post("/echo", strings.Repeat("x", size), headers))}
			f := &listenFront{core: newCore(echoInstance(t), &ids{random: &counter{}}, nil), maxHeader: DefaultMaxHeader}
			c := newConn(f, l)
			c.in = make([]byte, 8192)
			require.True(t, c.exchange())
			l.written = 0
			allocs := testing.AllocsPerRun(99, func() { c.exchange() })
			require.Equal(t, 100*len(ok(strings.Repeat("x", size))), l.written)
			require.Zero(t, allocs, "%s, %d bytes", name, size)
		}
	}
}

// BenchmarkRequest measures a request of 64 bytes on a kept-alive TCP
// connection, through the own listener and through net/http with the same
// instance behind it, both with the same client.
func BenchmarkRequest(b *testing.B) {
	serve := map[string]func(b *testing.B, pc *protocomm.Protocomm) net.Addr{
		"listener": func(b *testing.B, pc *protocomm.Protocomm) net.Addr {
			s := New(Config{Listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }})
			must(b, s.Start(pc))
			b.Cleanup(func() { _ = s.Stop(pc) })
			return s.Addr()
		},
		"net-http": muxServer,
	}
	for _, name := range []string{"listener", "net-http"} {
		if serve[name] == nil {
			continue
		}
		b.Run(name, func(b *testing.B) {
			nc, err := net.Dial("tcp", serve[name](b, echoInstance(b)).String())
			must(b, err)
			defer nc.Close()
			request := []byte(post("/echo", strings.Repeat("x", 64)))
			answers := bufio.NewReader(nc)
			ask := func() {
				if _, err := nc.Write(request); err != nil {
					b.Fatal(err)
				}
				resp, err := http.ReadResponse(answers, nil)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
			}
			ask()
			b.ReportAllocs()
			for b.Loop() {
				ask()
			}
		})
	}
}

// muxServer serves an instance on net/http.
var muxServer func(b *testing.B, pc *protocomm.Protocomm) net.Addr

// BenchmarkExchange is the work of the own listener alone, without a network.
func BenchmarkExchange(b *testing.B) {
	l := &looped{request: []byte(post("/echo", strings.Repeat("x", 64)))}
	f := &listenFront{core: newCore(echoInstance(b), &ids{random: &counter{}}, nil), maxHeader: DefaultMaxHeader}
	c := newConn(f, l)
	c.in = make([]byte, 8192)
	b.ReportAllocs()
	for b.Loop() {
		if !c.exchange() {
			b.Fatal("closed")
		}
	}
}
