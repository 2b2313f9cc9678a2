// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Exact times, under the fake clock (docs/spec/transports.md 1.1, 1.3).

// age is how long the server kept the connection.
func (p *peer) age() time.Duration {
	p.t.Helper()
	require.True(p.t, p.closed(), "connection still open")
	return p.endedAt.Sub(p.dialedAt)
}

// The header has 5 s from its first byte, however it dribbles; then comes 408.
func TestHeaderTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		p := r.dial()
		time.Sleep(time.Hour)  // no limit before the first byte
		p.says("\r\n\r\n", "") // nor for empty lines
		time.Sleep(time.Hour)
		p.dialedAt = time.Now()
		for _, c := range "POS" {
			p.send(string(c))
			time.Sleep(time.Second)
		}
		p.send("T /proto-ver HTTP/1.1\r\nX: ")
		time.Sleep(2*time.Second - 1)
		p.says("y", "")
		time.Sleep(1)
		require.True(t, strings.HasPrefix(p.got(), "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/html\r\n"))
		require.Equal(t, 5*time.Second, p.age())
	})
}

func TestHeaderInTime(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		p := r.dial()
		for range 3 { // the limit begins anew with every request
			p.send("P")
			time.Sleep(5*time.Second - 1)
			p.says(post("/proto-ver", "x")[1:], ok(versionText))
			time.Sleep(time.Hour)
		}
	})
}

// The body has 5 s from the end of the header; then the connection is closed.
func TestBodyTimeout(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		request := post("/echo", "12345")
		p := r.dial()
		p.send(request[:len(request)-3])
		for range 2 {
			time.Sleep(2 * time.Second)
			p.send("x") // dribbling does not help
		}
		time.Sleep(time.Second - 1)
		require.False(t, p.closed())
		time.Sleep(1)
		require.Empty(t, p.got())
		require.Equal(t, 5*time.Second, p.age())
	})
}

func TestBodyInTime(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open().start()
		p := r.dial()
		require.Equal(t, "200 session=1 x", p.outcome(post("/echo", "x")))
		for range 2 {
			request := post("/echo", "12345")
			p.send(request[:40])
			time.Sleep(5*time.Second - 1) // header …
			p.send(request[40 : len(request)-3])
			time.Sleep(5*time.Second - 1) // … and body have their time each
			require.Equal(t, "200 12345", p.outcome(request[len(request)-3:]))
			time.Sleep(time.Hour)
		}
	})
}

// A handler may take its time, and the next request has its own.
func TestSlowHandler(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open().start()
		p := r.dial()
		require.Empty(t, p.outcome(post("/block", "x")))
		time.Sleep(time.Hour)
		r.release <- struct{}{}
		require.Equal(t, "200 session=1 done", p.outcome(""))
		time.Sleep(time.Hour)
		require.Equal(t, "200 x", p.outcome(post("/echo", "x")))
	})
}

// A client that does not take its answer has 5 s.
func TestWriteTimeout(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open()
		r.net.Buffer = 1000
		r.start()
		p := r.dialDeaf()
		_, err := p.nc.Write([]byte(post("/big", "x")))
		must(t, err)
		start := time.Now()
		time.Sleep(5*time.Second - 1)
		synctest.Wait()
		_, err = p.nc.Write([]byte("x"))
		must(t, err)
		time.Sleep(1)
		synctest.Wait()
		_, err = p.nc.Write([]byte("x"))
		require.Error(t, err)
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

// dialDeaf is dial for a client that never reads.
func (r *rig) dialDeaf() *peer {
	nc, err := r.net.DialContext(r.t.Context())
	must(r.t, err)
	p := &peer{t: r.t, nc: nc, dialedAt: time.Now()}
	r.peers = append(r.peers, p)
	synctest.Wait()
	return p
}

// After the last word the server reads on for 0.5 s, or the client's system
// might throw the answer away.
func TestLinger(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		p := r.dial().send(post("/nothing", "x"))
		require.Contains(t, p.got(), "404")
		require.Zero(t, p.age())
		for range 5 {
			_, err := p.nc.Write(bytes.Repeat([]byte("x"), 10000))
			must(t, err)
			time.Sleep(100*time.Millisecond - 1)
		}
		time.Sleep(5)
		synctest.Wait()
		_, err := p.nc.Write([]byte("x"))
		require.Error(t, err)
	})
}

// Q-T32: a client that goes away in the middle of a body is noticed at once.
func TestQT32_ClientGoneInBody(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open().start()
		for _, leave := range []func(p *peer){
			func(p *peer) { p.nc.Close() },
			func(p *peer) { p.nc.(interface{ CloseWrite() error }).CloseWrite() },
		} {
			start := time.Now()
			p := r.dial()
			p.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
			leave(p)
			require.Empty(t, p.got())
			require.Zero(t, time.Since(start))
			if f, ok := r.server.front.(*listenFront); ok {
				f.mu.Lock()
				require.Empty(t, f.conns)
				f.mu.Unlock()
			}
		}
		require.Empty(t, r.called())
		require.Equal(t, "200 session=1 x", r.dial().outcome(post("/echo", "x")))
	})
}

// Also in the middle of a header, and before it.
func TestClientGoneInHeader(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		for _, sent := range []string{"", "\r\n", "PO", "POST /echo HTTP/1.1\r\nX: "} {
			p := r.dial().send(sent)
			p.nc.(interface{ CloseWrite() error }).CloseWrite()
			require.Empty(t, p.got())
			require.True(t, p.closed())
		}
	})
}
