// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Close ends a running Do, whatever it waits for, and leaves nothing.
func TestConsoleClose(t *testing.T) {
	silent := func(t *testing.T) (*Console, net.Conn) {
		near, far := net.Pipe()
		c, err := NewConsole(near, ConsoleConfig{})
		require.NoError(t, err)
		return c, far
	}
	for name, listen := range map[string]func(net.Conn){
		"write": func(net.Conn) {},
		"read":  func(far net.Conn) { _, _ = io.Copy(io.Discard, far) },
	} {
		synctest.Test(t, func(t *testing.T) {
			c, far := silent(t)
			go listen(far)
			done := make(chan error, 2)
			for range 2 { // one has its turn, one waits for it
				go func() {
					_, err := c.Do(context.Background(), "proto-ver", []byte("x"))
					done <- err
				}()
			}
			synctest.Wait()
			require.NoError(t, c.Close())
			require.NoError(t, c.Close())
			require.ErrorIs(t, <-done, ErrClosed, name)
			require.ErrorIs(t, <-done, ErrClosed, name)
			_, err := c.Do(context.Background(), "proto-ver", []byte("x"))
			require.ErrorIs(t, err, ErrClosed)
			far.Close()
		})
		synctest.Test(t, func(t *testing.T) { // a context ends; the write stays until Close
			c, far := silent(t)
			go listen(far)
			for range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				began := time.Now()
				_, err := c.Do(ctx, "proto-ver", []byte("x"))
				require.ErrorIs(t, err, context.DeadlineExceeded, name)
				require.Equal(t, time.Second, time.Since(began))
				cancel()
			}
			require.NoError(t, c.Close())
			far.Close()
		})
	}
	synctest.Test(t, func(t *testing.T) { // never used
		c, far := silent(t)
		require.NoError(t, c.Close())
		far.Close()
	})
	synctest.Test(t, func(t *testing.T) { // Close waits for what is under way
		near, far := net.Pipe()
		defer far.Close()
		c, err := NewConsole(lingering{near}, ConsoleConfig{})
		require.NoError(t, err)
		go c.Do(context.Background(), "proto-ver", []byte("x"))
		synctest.Wait()
		began := time.Now()
		require.NoError(t, c.Close())
		require.Equal(t, time.Second, time.Since(began))
	})
	near, _ := net.Pipe()
	c, err := NewConsole(unclosable{near}, ConsoleConfig{})
	require.NoError(t, err)
	require.ErrorContains(t, c.Close(), "stuck", "what Close of the stream says")
}

type unclosable struct{ net.Conn }

func (u unclosable) Close() error { u.Conn.Close(); return errors.New("stuck") }

// lingering is a stream whose Read takes its time to return.
type lingering struct{ net.Conn }

func (l lingering) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if err != nil {
		time.Sleep(time.Second)
	}
	return n, err
}
