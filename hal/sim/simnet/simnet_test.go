// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim/simnet"
)

// pair returns both ends of a connection.
func pair(t *testing.T, n *simnet.Network) (client, device net.Conn) {
	t.Helper()
	l, err := n.Listen()
	require.NoError(t, err)
	defer l.Close()
	client, err = n.DialContext(context.Background())
	require.NoError(t, err)
	device, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() {
		client.Close()
		device.Close()
	})
	return client, device
}

func TestBothDirections(t *testing.T) {
	client, device := pair(t, new(simnet.Network))
	for _, p := range [][2]net.Conn{{client, device}, {device, client}} {
		n, err := p[0].Write([]byte("hello"))
		require.NoError(t, err)
		require.Equal(t, 5, n)
		buf := make([]byte, 3)
		n, err = p[1].Read(buf)
		require.NoError(t, err)
		require.Equal(t, "hel", string(buf[:n]))
		n, err = p[1].Read(buf)
		require.NoError(t, err)
		require.Equal(t, "lo", string(buf[:n]))
		n, err = p[1].Read(nil)
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = p[1].Write(nil)
		require.NoError(t, err)
		require.Zero(t, n)
	}
}

func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, device := pair(t, &simnet.Network{Buffer: 10})
		sent := make(chan int, 1)
		go func() {
			n, _ := client.Write(bytes.Repeat([]byte("x"), 25))
			sent <- n
		}()
		synctest.Wait()
		require.Empty(t, sent, "10 bytes fit")
		buf := make([]byte, 100)
		for _, want := range []int{10, 10} {
			n, err := device.Read(buf)
			require.NoError(t, err)
			require.Equal(t, want, n)
			synctest.Wait()
		}
		require.Equal(t, 25, <-sent)
		n, err := device.Read(buf)
		require.NoError(t, err)
		require.Equal(t, 5, n)
	})
}

func TestHalfClose(t *testing.T) {
	client, device := pair(t, new(simnet.Network))
	_, err := client.Write([]byte("question"))
	require.NoError(t, err)
	require.NoError(t, client.(interface{ CloseWrite() error }).CloseWrite())
	_, err = client.Write([]byte("more"))
	require.ErrorIs(t, err, syscall.EPIPE)
	all, err := io.ReadAll(device)
	require.NoError(t, err)
	require.Equal(t, "question", string(all))
	_, err = device.Write([]byte("answer"))
	require.NoError(t, err)
	require.NoError(t, device.Close())
	all, err = io.ReadAll(client)
	require.NoError(t, err)
	require.Equal(t, "answer", string(all))
}

func TestCloseEndsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, device := pair(t, &simnet.Network{Buffer: 1})
		errs := make(chan error, 4)
		go func() { _, err := client.Read(make([]byte, 1)); errs <- err }()
		go func() { _, err := client.Write(make([]byte, 9)); errs <- err }()
		synctest.Wait()
		require.NoError(t, client.Close())
		require.ErrorIs(t, <-errs, net.ErrClosed)
		require.ErrorIs(t, <-errs, net.ErrClosed)
		require.ErrorIs(t, client.Close(), net.ErrClosed)
		require.ErrorIs(t, client.SetDeadline(time.Now()), net.ErrClosed)
		require.ErrorIs(t, client.(interface{ CloseWrite() error }).CloseWrite(), net.ErrClosed)

		_, err := device.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
		all, err := io.ReadAll(device)
		require.NoError(t, err)
		require.Len(t, all, 1, "what was written arrives")
		var op *net.OpError
		_, err = client.Read(make([]byte, 1))
		require.ErrorAs(t, err, &op)
		require.Equal(t, "read", op.Op)
	})
}

func TestCloseEndsWriteOfTheOtherEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, device := pair(t, &simnet.Network{Buffer: 1})
		errs := make(chan error, 1)
		go func() { _, err := client.Write(make([]byte, 9)); errs <- err }()
		synctest.Wait()
		require.NoError(t, device.Close())
		require.ErrorIs(t, <-errs, syscall.EPIPE)
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, device := pair(t, &simnet.Network{Buffer: 1})
		start := time.Now()
		buf := make([]byte, 9)
		timedOut := func(n int, err error, after time.Duration) {
			t.Helper()
			var timeout net.Error
			require.ErrorAs(t, err, &timeout)
			require.True(t, timeout.Timeout())
			require.Equal(t, after, time.Since(start))
		}
		require.NoError(t, client.SetReadDeadline(start.Add(time.Second)))
		n, err := client.Read(buf)
		timedOut(n, err, time.Second)
		n, err = client.Read(buf)
		timedOut(n, err, time.Second)

		require.NoError(t, client.SetDeadline(start.Add(3*time.Second)))
		n, err = client.Write(buf)
		timedOut(n, err, 3*time.Second)
		require.Equal(t, 1, n, "one byte fitted")
		n, err = client.Read(buf)
		timedOut(n, err, 3*time.Second)

		// Moved while somebody waits.
		require.NoError(t, client.SetReadDeadline(start.Add(time.Hour)))
		time.AfterFunc(2*time.Second, func() { _ = client.SetReadDeadline(time.Unix(1, 0)) })
		n, err = client.Read(buf)
		timedOut(n, err, 5*time.Second)

		// Removed.
		require.NoError(t, client.SetDeadline(time.Time{}))
		time.AfterFunc(time.Hour, func() { _, _ = device.Write([]byte("x")) })
		_, err = client.Read(buf)
		require.NoError(t, err)
	})
}

// TestNoTimerIsLeft: closed connections keep no deadline's timer.
func TestNoTimerIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, device := pair(t, new(simnet.Network))
		require.NoError(t, errors.Join(client.SetDeadline(time.Now().Add(time.Hour)), device.SetDeadline(time.Now().Add(time.Hour))))
		require.NoError(t, errors.Join(client.Close(), device.Close()))
		start := time.Now()
		time.Sleep(2 * time.Hour)
		require.Equal(t, 2*time.Hour, time.Since(start))
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestListenerLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n simnet.Network
		ctx := t.Context()
		_, err := n.DialContext(ctx)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		l, err := n.Listen()
		require.NoError(t, err)
		require.Equal(t, "192.168.4.1:80", l.Addr().String())
		_, err = n.Listen()
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		waiting, err := n.DialContext(ctx)
		require.NoError(t, err)
		go func() {
			time.Sleep(time.Second)
			l.Close()
		}()
		first, err := l.Accept()
		require.NoError(t, err)
		require.Equal(t, waiting.LocalAddr(), first.RemoteAddr())
		second, err := n.DialContext(ctx)
		require.NoError(t, err)
		time.Sleep(2 * time.Second)
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, l.Close(), net.ErrClosed)
		_, err = second.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "it was never accepted")
		_, err = first.Write([]byte("x"))
		require.NoError(t, err, "it was accepted")
		_, err = n.DialContext(ctx)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		l, err = n.Listen()
		require.NoError(t, err)
		require.NoError(t, l.Close())
	})
}

func TestAcceptWaitsAndIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n simnet.Network
		l, err := n.Listen()
		require.NoError(t, err)
		errs := make(chan error, 1)
		go func() { _, err := l.Accept(); errs <- err }()
		synctest.Wait()
		require.NoError(t, l.Close())
		require.ErrorIs(t, <-errs, net.ErrClosed)
	})
}

func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n simnet.Network
		l, err := n.Listen()
		require.NoError(t, err)
		seen := map[string]bool{}
		for range simnet.Backlog {
			c, err := n.DialContext(t.Context())
			require.NoError(t, err)
			require.False(t, seen[c.LocalAddr().String()])
			seen[c.LocalAddr().String()] = true
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, err = n.DialContext(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(start))
		_, err = n.DialContext(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		dialed := make(chan error, 2)
		for range 2 {
			go func() { _, err := n.DialContext(t.Context()); dialed <- err }()
		}
		synctest.Wait()
		require.Empty(t, dialed)
		_, err = l.Accept()
		require.NoError(t, err)
		require.NoError(t, <-dialed)
		synctest.Wait()
		require.Empty(t, dialed)
		require.NoError(t, l.Close())
		require.ErrorIs(t, <-dialed, syscall.ECONNREFUSED)
	})
}

// TestHTTP runs net/http over the network in a bubble: keep-alive, a body
// larger than the buffers, time-outs of the server with exact times.
func TestHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n simnet.Network
		l, err := n.Listen()
		require.NoError(t, err)
		server := &http.Server{ReadTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%d bytes from %s", len(body), r.RemoteAddr)
		})}
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			_ = server.Serve(l)
		}()
		transport := &http.Transport{DialContext: n.Dial}
		client := &http.Client{Transport: transport}
		for range 3 {
			resp, err := client.Post("http://192.168.4.1/x", "text/plain", strings.NewReader(strings.Repeat("x", 100_000)))
			require.NoError(t, err)
			text, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, "100000 bytes from 192.168.4.2:49152", string(text))
		}

		c, err := n.DialContext(t.Context())
		require.NoError(t, err)
		_, err = c.Write([]byte("POST / HTTP/1.1\r\n"))
		require.NoError(t, err)
		start := time.Now()
		_, err = io.ReadAll(c)
		require.NoError(t, err)
		require.Equal(t, 5*time.Second, time.Since(start))
		require.NoError(t, c.Close())

		transport.CloseIdleConnections()
		require.NoError(t, server.Close())
		wg.Wait()
	})
}

func TestLoopback(t *testing.T) {
	l, err := simnet.Loopback()
	require.NoError(t, err)
	defer l.Close()
	require.True(t, strings.HasPrefix(l.Addr().String(), "127.0.0.1:"))
	// A port that somebody else has is passed over.
	next := l.Addr().(*net.TCPAddr)
	next.Port++
	if taken, err := net.ListenTCP("tcp", next); err == nil {
		defer taken.Close()
	}
	for range 50 {
		other, err := simnet.Loopback()
		require.NoError(t, err)
		defer other.Close()
		require.NotEqual(t, next.String(), other.Addr().String())
	}
}

// TestManyBytes sends a stream both ways at once through small buffers.
func TestManyBytes(t *testing.T) {
	client, device := pair(t, &simnet.Network{Buffer: 7})
	data := make([]byte, 20_000)
	for i := range data {
		data[i] = byte(i * i)
	}
	var wg sync.WaitGroup
	for _, c := range []net.Conn{client, device} {
		wg.Add(2)
		go func() {
			defer wg.Done()
			for rest := data; len(rest) > 0; {
				n := min(len(rest), 1+len(rest)%50)
				if _, err := c.Write(rest[:n]); err != nil {
					t.Error(err)
					return
				}
				rest = rest[n:]
			}
			_ = c.(interface{ CloseWrite() error }).CloseWrite()
		}()
		go func() {
			defer wg.Done()
			got, err := io.ReadAll(c)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
		}()
	}
	wg.Wait()
}
