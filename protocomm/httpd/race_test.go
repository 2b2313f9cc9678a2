// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// Things that happen at the same moment.

// late is a connection whose request arrives just when the server closes it.
type late struct {
	looped
	closing chan struct{}
	once    sync.Once
}

func (l *late) Read(p []byte) (int, error) {
	<-l.closing
	n := copy(p, l.request)
	if l.request = nil; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (l *late) Close() error {
	l.once.Do(func() { close(l.closing) })
	return nil
}

// queue is a listener of given connections.
type queue struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}
func (q *queue) Close() error   { close(q.closed); return nil }
func (q *queue) Addr() net.Addr { return nil }

// A request that arrives while its connection is being closed, because of Stop
// or to make room, reaches no handler.
func TestClosedWhileRequestArrives(t *testing.T) {
	for _, byStop := range []bool{true, false} {
		inBubble(t, func(t *testing.T) {
			q := &queue{conns: make(chan net.Conn, 2), closed: make(chan struct{})}
			r := newRig(t, func(_ *rig, _ *protocomm.Config, c *Config) {
				c.Listen = func() (net.Listener, error) { return q, nil }
				c.MaxConns = 1
			}).open().start()
			q.conns <- &late{looped: looped{request: []byte(post("/echo", "x"))}, closing: make(chan struct{})}
			r.openConns()
			if byStop {
				must(t, r.server.Stop(r.pc))
				r.server.Wait()
			} else {
				q.conns <- &late{closing: make(chan struct{})}
				r.openConns()
			}
			require.Empty(t, r.called())
		})
	}
}

// Nothing is opened after stop, though a request was on its way.
func TestNoSessionAfterStop(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t)
		c := newCore(r.pc, &ids{random: &counter{}}, nil)
		c.stop()
		_, err := c.serve(nil, request{name: "prov-session", kind: protocomm.KindSecurity, conn: c, body: []byte("hello")})
		require.ErrorIs(t, err, errStopped)
		open, _ := r.pc.Sessions()
		require.Zero(t, open)
		require.Empty(t, c.sessions.byID)
		require.Empty(t, c.sessions.byConn)
	})
}

// stopping is security 0 that calls Stop when a session is opened.
type stopping struct {
	*sec0.Security
	r *rig
}

func (s stopping) NewSession() (protocomm.Session, error) {
	_ = s.r.server.Stop(s.r.pc)
	return s.Security.NewSession()
}

// No handler begins when the server is stopped while the session is opened.
func TestStopWhileSessionOpens(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig()
		must(t, r.pc.UnsetSecurity("prov-session"))
		must(t, r.pc.SetSecurity("prov-session", stopping{sec0.New(), r}))
		r.start()
		require.Equal(t, "closed", r.dial().outcome(post("/echo", "x")))
		require.Empty(t, r.called())
		r.server.Wait()
		open, _ := r.pc.Sessions()
		require.Zero(t, open)
	})
}

// touchy is a random source that does not bear overlapping calls.
type touchy struct {
	busy    atomic.Bool
	overlap atomic.Bool
	counter counter
}

func (s *touchy) Read(p []byte) (int, error) {
	if s.busy.Swap(true) {
		s.overlap.Store(true)
	}
	defer s.busy.Store(false)
	runtime.Gosched()
	return s.counter.Read(p)
}

func TestRandomCallsDoNotOverlap(t *testing.T) {
	random := &touchy{}
	c := newCore(echoInstance(t), &ids{random: random}, nil)
	var wg sync.WaitGroup
	for range 100 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := c.serve(nil, request{name: "echo", kind: protocomm.KindRequest, body: []byte("x")})
			must(t, err)
		}()
	}
	wg.Wait()
	require.False(t, random.overlap.Load())
}

// Clients, endpoints that come and go, and starts and stops, all at once. What
// is checked is that nothing hangs, and the race detector's opinion.
func TestEverythingAtOnce(t *testing.T) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			r := newRig(t, f.option).open()
			r.t.Cleanup(r.stop)
			var wg sync.WaitGroup
			repeat := func(fn func(i int)) {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for i := range 50 {
						fn(i)
						runtime.Gosched()
					}
				}()
			}
			repeat(func(int) {
				_ = r.server.Start(r.pc)
				r.server.Addr()
				runtime.Gosched()
				_ = r.server.Stop(r.pc)
			})
			for g := range 3 {
				name := fmt.Sprintf("come-and-go-%d", g)
				repeat(func(int) {
					_ = r.pc.AddEndpoint(name, func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil })
					_ = r.pc.RemoveEndpoint(name)
				})
				transport := &http.Transport{DialContext: r.net.Dial}
				defer transport.CloseIdleConnections()
				client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
				repeat(func(i int) {
					for _, path := range []string{"echo", "proto-ver", "who", "fail", name} {
						resp, err := client.Post("http://device/"+path, "", bytes.NewReader([]byte("x")))
						if err != nil {
							continue // stopped, or refused
						}
						_, _ = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
				})
			}
			wg.Wait()
		})
	}
}

// A request that arrives while its session is about to make room for another either
// keeps it, or does not enter it.
func TestMakeRoomWhileRequestArrives(t *testing.T) {
	c := newCore(echoInstance(t), &ids{random: &counter{}}, nil)
	home := placeNamed("192.168.4.2")
	add := func(id int, from place) {
		s, err := c.sessions.add(protocomm.SessionID(id), request{from: from})
		must(t, err)
		c.sessions.leave(s, false)
	}
	remove := func(id int) {
		c.sessions.mu.Lock()
		defer c.sessions.unlock()
		if s := c.sessions.byID[protocomm.SessionID(id)]; s != nil {
			c.sessions.remove(s)
		}
	}
	for id := range maxKnown - 1 {
		add(id, placeNamed(fmt.Sprint("192.168.5.", id)))
	}
	done := make(chan struct{})
	defer close(done)
	for range 2 { // requests of others, so that the instance's lock is often waited for
		go func() {
			for {
				select {
				case <-done:
					return
				default:
					c.pc.Sessions()
				}
			}
		}()
	}
	const old, young = 1000, 1001
	r := request{from: home}
	r.cookies.ids[0], r.cookies.n, r.cookies.present = old, 1, true
	for range 1000 {
		add(old, home)
		var wg sync.WaitGroup
		begun := make(chan struct{})
		wg.Add(1)
		go func() {
			defer wg.Done()
			close(begun)
			for range 100 {
				s := c.sessions.enter(r)
				if s == nil {
					continue
				}
				c.sessions.mu.Lock()
				gone := s.gone
				c.sessions.mu.Unlock()
				c.sessions.leave(s, false)
				if gone {
					t.Error("a request has entered a session that is about to end")
				}
			}
		}()
		<-begun
		add(young, home)
		wg.Wait()
		remove(old)
		remove(young)
	}
}
