// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHTTPTimeLimits(t *testing.T) {
	silent := func(t *testing.T, p *pipeNet, answer string) {
		p.serveRaw(t, func(_ int, c net.Conn) {
			readRequest(t, bufio.NewReader(c))
			io.WriteString(c, answer)
			io.Copy(io.Discard, c) // until the client closes
		})
	}
	t.Run("no answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPipeNet()
			silent(t, p, "")
			h := newTestHTTP(t, p, HTTPConfig{})
			start := time.Now()
			_, err := h.Do(t.Context(), "a", []byte("1"))
			require.ErrorIs(t, err, ErrTimeout)
			require.ErrorContains(t, err, "no answer within 30s")
			require.Equal(t, 30*time.Second, time.Since(start))
		})
	})
	t.Run("half an answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPipeNet()
			silent(t, p, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
			h := newTestHTTP(t, p, HTTPConfig{Timeout: time.Second})
			start := time.Now()
			_, err := h.Do(t.Context(), "a", []byte("1"))
			require.ErrorIs(t, err, ErrTimeout)
			require.Equal(t, time.Second, time.Since(start))
		})
	})
	t.Run("nobody accepts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newTestHTTP(t, newPipeNet(), HTTPConfig{})
			start := time.Now()
			_, err := h.Do(t.Context(), "a", []byte("1"))
			require.ErrorIs(t, err, ErrTimeout)
			require.Equal(t, 30*time.Second, time.Since(start))
		})
	})
	t.Run("nobody reads", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPipeNet()
			p.serveRaw(t, func(_ int, c net.Conn) { time.Sleep(time.Minute) })
			h := newTestHTTP(t, p, HTTPConfig{})
			_, err := h.Do(t.Context(), "a", []byte("1"))
			require.ErrorIs(t, err, ErrTimeout)
		})
	})
	t.Run("unlimited until the caller's context ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPipeNet()
			silent(t, p, "")
			h := newTestHTTP(t, p, HTTPConfig{Timeout: -1})
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			start := time.Now()
			_, err := h.Do(ctx, "a", []byte("1"))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, ErrTimeout)
			require.Equal(t, time.Hour, time.Since(start))
		})
	})
	t.Run("cancel", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPipeNet()
			silent(t, p, "")
			h := newTestHTTP(t, p, HTTPConfig{})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			_, err := h.Do(ctx, "a", []byte("1"))
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, time.Second, time.Since(start))
			_, err = h.Do(ctx, "a", []byte("1"))
			require.ErrorIs(t, err, context.Canceled, "a context that has ended sends nothing")
			require.Equal(t, 1, p.dialled())
		})
	})
}

// Close ends a running Do and those that wait; nothing is left running (the
// bubble sees to that).
func TestHTTPClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		p.serveRaw(t, func(_ int, c net.Conn) { io.Copy(io.Discard, c) })
		h := newTestHTTP(t, p, HTTPConfig{})
		errs := make(chan error)
		for range 3 {
			go func() {
				_, err := h.Do(context.Background(), "a", []byte("1"))
				errs <- err
			}()
		}
		synctest.Wait()
		start := time.Now()
		require.NoError(t, h.Close())
		for range 3 {
			require.ErrorIs(t, <-errs, ErrClosed)
		}
		require.Zero(t, time.Since(start))
		require.NoError(t, h.Close())
		_, err := h.Do(context.Background(), "a", []byte("1"))
		require.ErrorIs(t, err, ErrClosed)
		require.Equal(t, 1, p.dialled())
	})
}

// A dialler that hands over its connection after the context ended leaks nothing.
func TestHTTPLateDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var peer net.Conn
		h, err := NewHTTP(HTTPConfig{Timeout: time.Second, Dial: func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(2 * time.Second)
			var c net.Conn
			c, peer = net.Pipe()
			return c, nil
		}})
		require.NoError(t, err)
		_, err = h.Do(t.Context(), "a", []byte("1"))
		require.ErrorIs(t, err, ErrTimeout)
		_, err = peer.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "the connection was closed")
		require.NoError(t, h.Close())
	})
}

// Close waits for the goroutine that looks out for answers, however long the
// connection takes to notice that it was closed.
func TestHTTPCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		p.serveRaw(t, func(_ int, c net.Conn) {
			readRequest(t, bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			io.Copy(io.Discard, c)
		})
		h, err := NewHTTP(HTTPConfig{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := p.Dial(ctx, network, address)
			return &slowConn{c}, err
		}})
		require.NoError(t, err)
		_, err = h.Do(t.Context(), "a", []byte("1"))
		require.NoError(t, err)
		start := time.Now()
		require.NoError(t, h.Close())
		require.Equal(t, time.Second, time.Since(start))
	})
}

// slowConn takes a second to report an error.
type slowConn struct{ net.Conn }

func (c *slowConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		time.Sleep(time.Second)
	}
	return n, err
}

// An answer without an end is given up soon after the limit.
func TestHTTPEndlessBody(t *testing.T) {
	for _, head := range []string{
		"HTTP/1.0 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPipeNet()
			sent := 0
			p.serveRaw(t, func(_ int, c net.Conn) {
				readRequest(t, bufio.NewReader(c))
				io.WriteString(c, head)
				for sent < 1<<24 {
					n, err := io.WriteString(c, strings.Repeat("x", 1000))
					if sent += n; err != nil {
						return
					}
				}
			})
			h := newTestHTTP(t, p, HTTPConfig{MaxAnswer: 100})
			_, err := h.Do(t.Context(), "a", []byte("1"))
			require.ErrorIs(t, err, ErrBadAnswer)
			synctest.Wait()
			require.Less(t, sent, 16<<10)
		})
	}
}
