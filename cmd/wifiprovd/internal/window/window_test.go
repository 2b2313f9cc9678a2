// SPDX-License-Identifier: Apache-2.0

package window_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/keeper"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/window"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// closer counts how often it is closed.
type closer struct{ closed int }

func (c *closer) Close() error { c.closed++; return nil }

// rig is a board with what a window needs.
type rig struct {
	cfg     window.Config
	board   *sim.Board
	network simnet.Network
	closer  closer
}

func bubble(t *testing.T, test func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		_, err := air.AddAP(sim.APConfig{SSID: "HomeNet", Auth: hal.AuthWPA2PSK, Passphrase: "correct horse"})
		require.NoError(t, err)
		r := &rig{}
		r.board, err = air.NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		defer r.board.Close()
		r.cfg = window.Config{
			WiFi: r.board, Name: "PROV_1", Attempts: 1, ProofDelay: 5 * time.Second,
			Scheme: func(context.Context) (scheme.Scheme, io.Closer, error) {
				return softap.New(softap.Config{AP: r.board, Server: httpd.Config{Listen: r.network.Listen}}), &r.closer, nil
			},
			Security: func() (protocomm.Security, error) { return sec1.New(sec1.Config{PoP: "abcd1234"}) },
		}
		test(t, r)
	})
}

// Progress tells how far a client has come, and everything is freed at the end.
func TestProgress(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		w, err := window.New(r.cfg).Open(t.Context())
		require.NoError(t, err)
		require.Zero(t, w.Progress())
		transport, err := client.NewHTTP(client.HTTPConfig{Dial: r.network.Dial})
		require.NoError(t, err)
		c, err := client.New(transport, client.Config{PoP: "abcd1234"})
		require.NoError(t, err)
		require.NoError(t, c.Connect(t.Context()))
		for i, passphrase := range []hal.Secret{"wrong horse", "correct horse"} {
			require.NoError(t, c.Configure(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: passphrase}))
			require.NoError(t, c.Apply(t.Context()))
			synctest.Wait()
			require.Equal(t, keeper.Progress{Used: true, Trying: true}, w.Progress())
			time.Sleep(10 * time.Second)
			require.Equal(t, keeper.Progress{Used: true, Joined: i == 1}, w.Progress())
		}
		<-w.Done() // by itself
		require.Equal(t, 1, r.closer.closed)
		require.NoError(t, c.Close())
	})
}

// Close ends a window, and another one can follow.
func TestClose(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		o := window.New(r.cfg)
		for range 3 {
			w, err := o.Open(t.Context())
			require.NoError(t, err)
			w.Close()
			w.Close()
			<-w.Done()
			_, open := r.board.SoftAP()
			require.False(t, open)
		}
		require.Equal(t, 3, r.closer.closed)
	})
}

// What cannot be opened leaves nothing behind.
func TestOpenFails(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cfg := r.cfg
		cfg.Key = "short"
		_, err := window.New(cfg).Open(t.Context())
		require.Error(t, err)
		require.Equal(t, 1, r.closer.closed)
		broken := errors.New("broken")
		cfg.Scheme = func(context.Context) (scheme.Scheme, io.Closer, error) { return nil, nil, broken }
		_, err = window.New(cfg).Open(t.Context())
		require.ErrorIs(t, err, broken)
		cfg.Security = func() (protocomm.Security, error) { return nil, broken }
		_, err = window.New(cfg).Open(t.Context())
		require.ErrorIs(t, err, broken)
		w, err := window.New(r.cfg).Open(t.Context())
		require.NoError(t, err)
		w.Close()
		<-w.Done()
	})
}
