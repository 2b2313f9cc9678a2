// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A context that ends in mid-request loses the session; one that ended before,
// or ends while waiting for the turn, does not.
func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sec0Device()
		w := newWire(d)
		c := dialTransport(t, w, Config{})
		w.delay = 10 * time.Second

		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := c.Status(ended)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, ErrSessionLost)

		go c.Status(context.Background())
		synctest.Wait()
		short, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		_, err = c.Custom(short, "custom-data", []byte("x"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, ErrSessionLost)
		require.Equal(t, time.Second, time.Since(start))
		time.Sleep(time.Minute)
		require.Equal(t, 1, count(d.requests(), "prov-config"))

		short, cancel = context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err = c.Status(short)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, ErrSessionLost)
	})
	t.Run("ends just before a request", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		d := sec0Device()
		c := dialWire(t, d, Config{Progress: func(p Progress) {
			if p.Step == StepConfigure {
				cancel()
			}
		}})
		err := c.Configure(ctx, Credentials{SSID: "x"})
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, ErrSessionLost)
		require.Zero(t, count(d.requests(), "prov-config"))
	})
}

// Operations of several goroutines take turns.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sec1Device(t, "pop")
		w := newWire(d)
		c := newClient(t, w, Config{Security: Security1, PoP: "pop"})
		defer c.Close()
		require.NoError(t, c.Connect(t.Context()))
		w.delay = time.Second
		done := make(chan error)
		start := time.Now()
		for i := range 10 {
			go func() {
				data := fmt.Sprint("request ", i)
				answer, err := c.Custom(t.Context(), "custom-data", []byte(data))
				if err == nil && string(answer) != "echo:"+data {
					err = fmt.Errorf("got %q", answer)
				}
				done <- err
			}()
		}
		for range 10 {
			require.NoError(t, <-done)
		}
		require.Equal(t, 10*time.Second, time.Since(start))
	})
}

func TestClose(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		d := sec0Device()
		w := newWire(d)
		c := dialTransport(t, w, Config{})
		session := c.session
		_, err := session.Encrypt(nil, []byte("x"))
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.NoError(t, c.Close())
		_, err = session.Encrypt(nil, []byte("x"))
		require.Error(t, err, "the session's keys were wiped")
		select {
		case <-w.closed:
		default:
			t.Error("the transport was not closed")
		}
		require.Nil(t, c.session)
		require.ErrorIs(t, c.Connect(t.Context()), ErrClosed)
		_, err = c.Version(t.Context())
		require.ErrorIs(t, err, ErrClosed)
	})
	t.Run("during a request, with others waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWire(sec0Device())
			c := dialTransport(t, w, Config{})
			w.delay = time.Hour
			errs := make(chan error)
			for range 3 {
				go func() { _, err := c.Status(context.Background()); errs <- err }()
			}
			synctest.Wait()
			require.NoError(t, c.Close())
			for range 3 {
				require.ErrorIs(t, <-errs, ErrClosed)
			}
			require.Nil(t, c.session)
		})
	})
	t.Run("between two polls", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := dialWire(t, sec0Device(), Config{})
			time.AfterFunc(7*time.Second, func() { c.Close() })
			start := time.Now()
			_, err := c.WaitConnected(context.Background())
			require.ErrorIs(t, err, ErrClosed)
			require.Equal(t, 7*time.Second, time.Since(start))
		})
	})
	t.Run("from a progress report", func(t *testing.T) {
		var c *Client
		d := sec0Device()
		c = newClient(t, newWire(d), Config{Security: Security0, Progress: func(p Progress) {
			if p.Step == StepSession {
				c.Close()
			}
		}})
		_, err := c.Provision(t.Context(), Credentials{SSID: "x"})
		require.ErrorIs(t, err, ErrClosed)
		require.Nil(t, c.session)
		require.Zero(t, count(d.requests(), "prov-config"), "nothing is sent after Close")
	})
}
