// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// What hostile or broken clients may hold is bounded, and right clients get
// through. These tests are about the own listener.

// open counts the connections that the server holds.
func (r *rig) openConns() int {
	synctest.Wait()
	f := r.server.front.(*listenFront)
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Equal(r.t, len(f.conns)+1, f.left, "goroutines")
	return len(f.conns)
}

// stillOpen tells which of the connections the server has not closed.
func stillOpen(peers []*peer) (open []int) {
	for i, p := range peers {
		if !p.closed() {
			open = append(open, i)
		}
	}
	return open
}

// 100 half-open handshakes from 100 connections lock nobody out.
func TestHalfOpenHandshakes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		early := r.dial()
		early.shake(1)
		for i := range 100 {
			r.dial().says(hello(), okNew(2+i, "hi"))
			open, halfOpen := r.pc.Sessions()
			require.LessOrEqual(t, open, protocomm.DefaultMaxSessions)
			require.LessOrEqual(t, halfOpen, protocomm.DefaultMaxHalfOpen)
		}
		require.Equal(t, DefaultMaxConns, r.openConns())
		late := r.dial()
		late.says(hello(), okNew(102, "hi"))
		for i := range protocomm.DefaultMaxHalfOpen - 1 { // between the two messages
			r.dial().says(hello(), okNew(103+i, "hi"))
		}
		late.says(password(), ok("welcome"))
		for range 100 {
			r.dial().send(hello())
		}
		early.says(echo(), ok("s:x"))
		late.says(echo(), ok("s:x"))
		require.LessOrEqual(t, len(r.server.front.(*listenFront).core.sessions.byID), maxKnown+2)
	})
}

// Q-T4: more than one connection; when there are too many, the one that was
// idle for longest goes, first of those without an established session.
func TestQT4_LeastRecentlyUsed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		var peers []*peer
		for range 8 {
			peers = append(peers, r.dial())
		}
		peers[0].shake(1)
		peers[2].says(hello(), okNew(2, "hi"))
		peers[3].says(post("/proto-ver", ""), ok(versionText))
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, stillOpen(peers))
		var order []int
		for range 7 {
			before := stillOpen(peers)
			peers = append(peers, r.dial())
			after := stillOpen(peers[:len(peers)-1])
			for _, i := range before {
				if !contains(after, i) {
					order = append(order, i)
				}
			}
			require.Equal(t, 8, r.openConns())
		}
		require.Equal(t, []int{1, 4, 5, 6, 7, 2, 3}, order)
		peers[0].says(echo(), ok("s:x"))
	})
}

func contains(list []int, x int) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// When only clients with established sessions are left, the least recently
// used of them goes; its cookie keeps the session.
func TestEvictedClientComesBack(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, _ *protocomm.Config, c *Config) { c.MaxConns = 2 }).start()
		a, b := r.dial(), r.dial()
		a.shake(1)
		b.shake(2)
		a.says(echo(), ok("s:x"))
		c := r.dial()
		require.Equal(t, []int{0, 2}, stillOpen([]*peer{a, b, c}))
		c.says(echo(cookie(2)), ok("s:x"))
	})
}

// Connections that send a header or a body slowly go like idle ones.
func TestSlowSendersAreNotInTheWay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		var slow []*peer
		for i := range 8 {
			p := r.dial()
			if i%2 == 0 {
				p.send("POST /proto-ver HTTP/1.1\r\nX: ")
			} else {
				p.send("POST /proto-ver HTTP/1.1\r\nContent-Length: 4000\r\n\r\n")
			}
			slow = append(slow, p)
		}
		client := r.dial()
		client.shake(1)
		require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7}, stillOpen(slow))
		for range 100 { // they come again and again
			r.dial().send("P")
		}
		client.says(echo(), ok("s:x"))
		time.Sleep(5 * time.Second)
		require.Empty(t, stillOpen(slow))
		time.Sleep(time.Second)
		require.Equal(t, 1, r.openConns())
	})
}

// While every connection waits for a handler one more is refused, and none of
// them is hurt.
func TestAllBusy(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, _ *protocomm.Config, c *Config) { c.MaxConns = 3 }).open().start()
		var busy []*peer
		for range 3 {
			busy = append(busy, r.dial().send(post("/block", "x")))
		}
		require.True(t, r.dial().closed())
		require.Equal(t, 3, r.openConns())
		for range busy {
			r.release <- struct{}{}
		}
		for _, p := range busy {
			require.Contains(t, p.got(), "done")
		}
		r.dial().says(post("/proto-ver", ""), ok(versionText))
	})
}

// A client that does not take its answer goes before the server is full.
func TestAllWriting(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, _ *protocomm.Config, c *Config) { c.MaxConns = 3 }).open()
		r.net.Buffer = 1000
		r.start()
		for range 3 {
			r.dialDeaf().send(post("/big", "x"))
		}
		r.dial().says(post("/proto-ver", ""), ok(versionText))
	})
}

// A connection that was closed to make room runs no handler any more, though
// its request is there.
func TestEvictedRunsNoHandler(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, _ *protocomm.Config, c *Config) { c.MaxConns = 1 }).open().start()
		p := r.dial().send(post("/echo", "12345")[:60])
		r.dial()
		require.True(t, p.closed())
		p.send(post("/echo", "12345")[60:])
		require.Empty(t, r.called())
	})
}

// Whatever a client sends, the server keeps at most one header, one body and
// one answer of it.
func TestMemoryPerConnection(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open().start()
		p := r.dial()
		must(t, r.pc.AddEndpoint("check", func(protocomm.SessionID, []byte) ([]byte, error) {
			return nil, nil
		}))
		body := strings.Repeat("x", 4096)
		padding := "X: " + strings.Repeat("y", 900) + "\r\n"
		all := strings.Repeat(post("/echo", body, padding), 20)
		p.send(all)
		require.Equal(t, 20, strings.Count(p.got(), "HTTP/1.1 200"))
		p.says(post("/big", "x"), ok(strings.Repeat("x", 60000)))
		p.send(strings.Repeat("\r\n", 100000))
		f := r.server.front.(*listenFront)
		f.mu.Lock()
		defer f.mu.Unlock()
		require.Len(t, f.conns, 1)
		require.LessOrEqual(t, cap(f.conns[0].in), maxLine+DefaultMaxHeader+maxBody)
		require.LessOrEqual(t, cap(f.conns[0].out), keepBuffer)
		require.LessOrEqual(t, maxLine, 600)
	})
}

// Strangers who come and go as fast as they can leave nothing behind.
func TestComingAndGoing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		client := r.dial()
		client.shake(1)
		garbage := []string{"", "\x00", "GET / HTTP/1.1\r\n\r\n", hello(), "POST /echo HTTP/1.1\r\n", post("/echo", "xx")[:60], post("/nothing", "x")}
		for i := range 300 {
			p := r.dial()
			p.nc.Write([]byte(garbage[i%len(garbage)]))
			if i%3 > 0 {
				p.nc.Close()
			}
		}
		client.says(echo(), ok("s:x"))
		for _, p := range r.peers[1:] {
			p.nc.Close()
		}
		require.Equal(t, 1, r.openConns())
		time.Sleep(time.Minute)
		client.says(echo(), ok("s:x"))
	})
}
