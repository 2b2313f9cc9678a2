// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// The whole of it over HTTP, for both securities: order, times, progress, and
// no secret anywhere.
func TestProvisionOverHTTP(t *testing.T) {
	for _, security := range []Security{Security0, Security1} {
		t.Run(security.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := sec0Device()
				if security == Security1 {
					d = sec1Device(t, "abcd1234")
				}
				d.networks = airOf(16)
				d.statuses = []pb.RespGetStatus{connecting, attemptsLeft(2), connected}
				p := newPipeNet()
				p.serveHTTP(t, d)
				var steps []string
				cfg := Config{PoP: "abcd1234", Progress: func(p Progress) { steps = append(steps, p.String()) }}
				if security == Security0 {
					cfg.PoP = ""
				}
				c := newClient(t, newTestHTTP(t, p, HTTPConfig{}), cfg)
				ctx := t.Context()
				require.NoError(t, c.Connect(ctx))
				list, err := c.Scan(ctx, ScanOptions{GroupChannels: 5})
				require.NoError(t, err)
				require.Len(t, list, 16)
				answer, err := c.Custom(ctx, "custom-data", []byte("hello"))
				require.NoError(t, err)
				require.Equal(t, "echo:hello", string(answer))
				conn, err := c.Provision(ctx, Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
				require.NoError(t, err)
				require.Equal(t, hal.SSID("HomeNet"), conn.SSID)
				require.NoError(t, c.Close())

				with := "security: security 0"
				if security == Security1 {
					with = "security: security 1 with proof of possession"
				}
				require.Equal(t, []string{
					"version", with, "handshake", "session: " + security.String(),
					"scan: in groups of 5 channels", "results: 0 of 16", "results: 16 networks",
					"custom: custom-data",
					"configure: network HomeNet", "apply", "status: connecting", "status: attempt failed, 2 left",
					"connected: connected to HomeNet as 192.168.1.77",
				}, steps)
				require.Equal(t, 1, p.dialled())
				require.Equal(t, []time.Duration{0, 5 * time.Second, 10 * time.Second}, d.pollTimes(3))

				log := d.requests()
				require.Equal(t, "proto-ver 455350", log[0])
				require.Equal(t, []string{
					"prov-scan 5206080118052078", "prov-scan 0802", "prov-scan 080472021010",
					"custom-data 68656c6c6f",
					"prov-config 080262150a07486f6d654e6574120a73656372657470617373", "prov-config 0804",
					"prov-config 5200", "prov-config 5200", "prov-config 5200",
				}, log[len(log)-9:])
			})
		})
	}
}

// A wrong passphrase, Reset, the right one.
func TestProvisionAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sec1Device(t, "pop")
		d.statuses = []pb.RespGetStatus{authError, connected}
		c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
		defer c.Close()
		_, err := c.Provision(t.Context(), Credentials{SSID: "HomeNet", Passphrase: "wrongpass"})
		require.ErrorIs(t, err, ErrAuth)
		_, err = c.Provision(t.Context(), Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
		var status *StatusError
		require.ErrorAs(t, err, &status)
		require.NoError(t, c.Reset(t.Context()))
		d.applied = 0
		_, err = c.Provision(t.Context(), Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
		require.NoError(t, err)
		require.Equal(t, 2, count(d.requests(), "prov-session"), "one handshake for all")
	})
}

func TestProvisionFailsAtEachStep(t *testing.T) {
	for n := range 5 {
		d := sec1Device(t, "pop")
		i := 0
		d.raw = func(_ string, body []byte) ([]byte, error) {
			i++
			if i-1 == n || n == 2 && isProof(body) {
				return nil, errHangUp
			}
			return nil, errPass
		}
		d.statuses = []pb.RespGetStatus{connected}
		c := newClient(t, newWire(d), Config{PoP: "pop"})
		_, err := c.Provision(context.Background(), Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
		require.ErrorIs(t, err, ErrRefused)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []string{"connect proto-ver", "connect prov-session", "connect prov-session",
			"configure prov-config", "apply prov-config"}[n], e.Op+" "+e.Endpoint)
		require.Equal(t, n >= 3, e.SessionLost)
		sent := n + 1
		if n == 2 {
			sent += 2 // a second handshake
		}
		require.Len(t, d.requests(), sent, "nothing follows a failure")
		require.NotContains(t, err.Error(), "secretpass")
		if n == 4 {
			require.ErrorContains(t, err, "the device may join the network all the same")
		}
		c.Close()
	}
}

// Two clients' Provision do not mix their credentials.
func TestProvisionConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sec0Device()
		d.statuses = []pb.RespGetStatus{connected}
		w := newWire(d)
		c := dialTransport(t, w, Config{})
		w.delay = time.Second
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range 2 {
			wg.Go(func() {
				_, errs[i] = c.Provision(t.Context(), Credentials{SSID: hal.SSID(fmt.Sprint("net", i))})
			})
		}
		wg.Wait()
		require.True(t, (errs[0] == nil) != (errs[1] == nil), "%v, %v: the second Apply is refused", errs[0], errs[1])
		apply := 0
		for i, l := range d.requests() {
			if l == "prov-config 0804" {
				apply++
				require.Contains(t, d.requests()[i-1], "prov-config 0802", "its own SetConfig comes before each Apply")
			}
		}
		require.Equal(t, 2, apply)
	})
}

// A session goes on over a connection that the device closed, and is lost
// when it closes instead of answering.
func TestHTTPConnectionLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sec1Device(t, "pop")
		p := newPipeNet()
		hangUp := false
		p.serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			if hangUp {
				io.ReadAll(r.Body)
				panic(http.ErrAbortHandler)
			}
			d.ServeHTTP(w, r)
		}))
		c := newClient(t, newTestHTTP(t, p, HTTPConfig{}), Config{Security: Security1, PoP: "pop"})
		defer c.Close()
		require.NoError(t, c.Connect(t.Context()))
		for range 3 {
			_, err := c.Status(t.Context())
			require.NoError(t, err)
		}
		require.Equal(t, 5, p.dialled())
		hangUp = true
		_, err := c.Status(t.Context())
		require.ErrorIs(t, err, ErrSessionLost)
		require.Equal(t, "client: status: prov-config: device refused the request: connection closed without an answer "+
			"(call Connect to start over)", err.Error())
		require.Equal(t, 6, p.dialled(), "not tried again")
	})
}

// With a wrong PoP the device closes the connection: over HTTP that is what the
// client goes by.
func TestHTTPWrongPoP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sec1Device(t, "abcd1234")
		p := newPipeNet()
		p.serveHTTP(t, d)
		h := newTestHTTP(t, p, HTTPConfig{})
		err := newClient(t, h, Config{PoP: "wrongpop"}).Connect(t.Context())
		require.ErrorIs(t, err, ErrPoP)
		require.Equal(t, "client: connect: prov-session: device refused the proof of possession "+
			"(check the PoP; if right, another client may have pushed this one out: try again)", err.Error())
		require.NoError(t, newClient(t, h, Config{PoP: "abcd1234"}).Connect(t.Context()))
		_, err = newClient(t, h, Config{Security: Security1}).Custom(t.Context(), "custom-data", nil)
		require.ErrorIs(t, err, ErrNotConnected)
	})
}

// Nothing that can be printed shows a secret.
func TestSecretsHidden(t *testing.T) {
	var out bytes.Buffer
	cfg := Config{PoP: "abcd1234", Security: Security1, Progress: func(p Progress) { fmt.Fprintf(&out, "%v %+v %#v\n", p, p, p) }}
	cr := Credentials{SSID: "HomeNet", Passphrase: "secretpass"}
	fmt.Fprintf(&out, "%v %+v %#v %v %+v %#v\n", cfg, cfg, cfg, cr, cr, cr)
	for _, d := range []*device{sec1Device(t, "abcd1234"), sec1Device(t, "other"), sec0Device()} {
		d.statuses = []pb.RespGetStatus{authError}
		c := newClient(t, newWire(d), cfg)
		_, err := c.Provision(t.Context(), cr)
		require.Error(t, err)
		fmt.Fprintf(&out, "%v %+v %#v\n", err, err, err)
		c.Close()
	}
	require.NotContains(t, out.String(), "abcd1234")
	require.NotContains(t, out.String(), "secretpass")
}
