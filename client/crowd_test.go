// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
)

// slowDial ends with its context, as a dialer does for a host that is too busy.
func slowDial(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// deafDial reaches a device that never gets round to an answer.
func deafDial(ctx context.Context, _, _ string) (net.Conn, error) {
	var network simnet.Network
	if _, err := network.Listen(); err != nil {
		return nil, err
	}
	return network.DialContext(ctx)
}

// An error at a time limit says that very many clients are at work, whatever the client
// was waiting for; among few it does not.
func TestCrowd(t *testing.T) {
	const text = "operations of this program's clients were under way at once"
	transports := map[string]func(t *testing.T) client.Transport{
		"no connection": func(t *testing.T) client.Transport { return newHTTP(t, client.HTTPConfig{Dial: slowDial}) },
		"no answer":     func(t *testing.T) client.Transport { return newHTTP(t, client.HTTPConfig{Dial: deafDial}) },
		"not found": func(t *testing.T) client.Transport {
			return newBLE(t, client.BLEConfig{Name: "nobody"}, &fakeCentral{})
		},
	}
	many := 100 * runtime.GOMAXPROCS(0)
	for name, open := range transports {
		for _, limit := range []time.Duration{0, time.Second} { // the transport's and the caller's
			for n, least := range map[int]int{many - 1: 0, 2 * many: many} {
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						ctx := t.Context()
						if limit > 0 {
							var cancel context.CancelFunc
							ctx, cancel = context.WithTimeout(ctx, limit)
							defer cancel()
						}
						errs := make(chan error, n)
						for range n {
							c, err := client.New(open(t), client.Config{})
							require.NoError(t, err)
							go func() { errs <- c.Connect(ctx); c.Close() }()
						}
						got := 0
						for range n {
							err := <-errs
							if limit > 0 {
								require.ErrorIs(t, err, context.DeadlineExceeded)
							} else {
								require.ErrorIs(t, err, client.ErrTimeout)
							}
							require.ErrorContains(t, err, name)
							if strings.Contains(err.Error(), text) {
								got++
							}
						}
						require.GreaterOrEqual(t, got, least) // the first began, and the last ended, among few
						require.Equal(t, least > 0, got > 0)
					})
				})
			}
		}
	}
}

// A program without file descriptors is not a device out of reach.
func TestNoDescriptors(t *testing.T) {
	none := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
	}
	c, err := client.New(newHTTP(t, client.HTTPConfig{Dial: none}), client.Config{})
	require.NoError(t, err)
	err = c.Connect(t.Context())
	require.ErrorIs(t, err, client.ErrUnreachable)
	require.ErrorContains(t, err, "let fewer clients work at a time, or raise the limit (ulimit -n)")
	require.NotContains(t, err.Error(), "is the device on")
}

// A deadline that passes before an operation's turn says so.
func TestDeadlineInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := client.New(newHTTP(t, client.HTTPConfig{Dial: deafDial}), client.Config{})
		require.NoError(t, err)
		defer c.Close()
		go c.Connect(t.Context())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = c.Connect(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "an earlier operation was still under way")
	})
}

func newHTTP(t *testing.T, cfg client.HTTPConfig) client.Transport {
	t.Helper()
	h, err := client.NewHTTP(cfg)
	require.NoError(t, err)
	return h
}
