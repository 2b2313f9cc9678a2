// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
)

// tapped is a BLE device with a tap between its host and its controller, and
// counters of what must not leak.
type tapped struct {
	*BLEDevice
	wire     *tap
	clock    *countingClock
	sessions *countingSecurity
}

// newTapped returns a device that serves and does not stop by itself.
func newTapped(t *testing.T, sec protocomm.Security, mtu int) *tapped {
	d := &tapped{BLEDevice: NewBLE(t, sim.AirConfig{}, att.Config{})}
	d.wire = &tap{t: d.Controller}
	d.clock = &countingClock{Clock: d.Air.Clock()}
	host, err := att.New(d.wire, att.Config{MTU: mtu, Clock: d.clock})
	require.NoError(t, err)
	d.Scheme.GATT = host
	d.sessions = &countingSecurity{Security: sec}
	cfg := d.BLEDevice.Config()
	cfg.Clock = d.clock
	require.NoError(t, d.Manager.Init(cfg))
	require.NoError(t, d.Manager.DisableAutoStop(0))
	require.NoError(t, d.Manager.StartProvisioning(d.sessions, "PROV_TEST", ""))
	synctest.Wait() // the station is up
	require.Zero(t, d.clock.pending.Load(), "starting leaves a timer")
	return d
}

// phone returns a client, which knows the secrets, with a tap of its own.
func (d *tapped) phone(t *testing.T, cfg blecentral.Config) (*client.Client, *tap) {
	controller, err := d.Air.NewController(sim.ControllerConfig{})
	require.NoError(t, err)
	wire := &tap{t: controller}
	central, err := blecentral.New(wire, cfg)
	require.NoError(t, err)
	transport, err := client.NewBLE(client.BLEConfig{Central: central})
	require.NoError(t, err)
	secrets := client.Config{PoP: PoP, Username: Username, Password: Password, PollInterval: time.Second}
	t.Cleanup(controller.Close)
	c, err := client.New(transport, secrets)
	require.NoError(t, err)
	return c, wire
}

// countingClock counts the timers that are pending.
type countingClock struct {
	hal.Clock
	pending atomic.Int32
}

type countedTimer struct {
	hal.Timer
	c *countingClock
}

func (c *countingClock) AfterFunc(d time.Duration, fn func()) hal.Timer {
	c.pending.Add(1)
	return countedTimer{c.Clock.AfterFunc(d, func() {
		c.pending.Add(-1)
		fn()
	}), c}
}

func (t countedTimer) Stop() bool {
	stopped := t.Timer.Stop()
	if stopped {
		t.c.pending.Add(-1)
	}
	return stopped
}

// countingSecurity counts the sessions that are open.
type countingSecurity struct {
	protocomm.Security
	open atomic.Int32
}

type countedSession struct {
	protocomm.Session
	s *countingSecurity
}

func (s *countingSecurity) NewSession() (protocomm.Session, error) {
	session, err := s.Security.NewSession()
	if err == nil {
		s.open.Add(1)
		session = countedSession{session, s}
	}
	return session, err
}

func (s countedSession) Close() {
	s.s.open.Add(-1)
	s.Session.Close()
}
