// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/bluezcentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/bluez"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// linux is a machine with two adapters on one bluetoothd: a device is on hci0, a
// central uses hci1.
type linux struct {
	bus string
	d   *fakebluez.Daemon
}

func newLinux(t *testing.T, mtu int) *linux {
	t.Helper()
	m := &linux{bus: fakebluez.StartBus(t)}
	m.d = fakebluez.Start(t, m.bus, machine(mtu))
	return m
}

func machine(mtu int) fakebluez.Config {
	return fakebluez.Config{MTU: mtu, Adapters: []fakebluez.Adapter{
		{Name: "hci0", Address: "02:00:00:00:00:01"}, {Name: "hci1", Address: "02:00:00:00:00:02"},
	}}
}

// device returns a device that is initialised and stays up until it is stopped;
// its board's time is divided by scale.
func (m *linux) device(t *testing.T, scale float64) *Device {
	t.Helper()
	d := New(t, sim.AirConfig{TimeScale: scale})
	cfg := d.Config()
	cfg.Scheme = ble.New(ble.Config{GATT: bluez.New(bluez.Config{Bus: m.bus, Adapter: "hci0"})})
	require.NoError(t, d.Manager.Init(cfg))
	require.NoError(t, d.Manager.DisableAutoStop(0))
	return d
}

// phone returns a client on the other adapter.
func (m *linux) phone(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	transport, err := client.NewBLE(client.BLEConfig{Central: bluezcentral.New(bluezcentral.Config{Bus: m.bus, Adapter: "hci1"})})
	require.NoError(t, err)
	cfg.PollInterval = time.Millisecond
	c, err := client.New(transport, cfg)
	require.NoError(t, err)
	return c
}

// The whole story between two adapters: networks, custom data, missing network,
// wrong passphrase, reset, success; with every security, by long writes and
// reads and without.
func TestBlueZWholeStory(t *testing.T) {
	for _, mtu := range []int{23, 517} {
		m := newLinux(t, mtu)
		for version := range 3 {
			t.Run(fmt.Sprint("security ", version, ", MTU ", mtu), func(t *testing.T) {
				d := m.device(t, 50) // a scan is limited in time
				d.Home.Vanish()
				for i := range 20 {
					_, err := d.Air.AddAP(sim.APConfig{SSID: hal.SSID(fmt.Sprintf("a network with a long name %d", i))})
					require.NoError(t, err)
				}
				sec := security(t, version)
				require.NoError(t, d.Manager.CreateEndpoint("custom-data"))
				require.NoError(t, d.Manager.StartProvisioning(sec, "PROV_TEST", ""))
				require.NoError(t, d.Manager.RegisterEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
					return append([]byte("got "), req...), nil
				}))
				c := m.phone(t, client.Config{Security: client.Security0 + client.Security(version), PoP: PoP, Username: Username, Password: Password})
				ctx := t.Context()
				require.NoError(t, c.Connect(ctx))
				found, err := c.Scan(ctx, client.ScanOptions{})
				require.NoError(t, err)
				require.Len(t, found, 16)
				answer, err := c.Custom(ctx, "custom-data", []byte(strings.Repeat("x", 400)))
				require.NoError(t, err)
				require.Equal(t, "got "+strings.Repeat("x", 400), string(answer))

				_, err = c.Provision(ctx, Missing)
				require.ErrorIs(t, err, client.ErrNetworkNotFound)
				require.NoError(t, c.Reset(ctx))
				d.Home.Appear()
				_, err = c.Provision(ctx, Wrong)
				require.ErrorIs(t, err, client.ErrAuth)
				require.NoError(t, c.Reset(ctx))
				_, err = c.Provision(ctx, Right)
				require.NoError(t, err)
				d.Manager.StopProvisioning()
				d.Manager.Wait()
				d.Stop()
				m.d.Wait("the device ends the link", func(v fakebluez.View) bool { return v.Left() == "" })
				require.NoError(t, c.Close())
			})
		}
	}
}

// Strangers by turns; a session ends with its connection.
func TestBlueZSeveralPhones(t *testing.T) {
	m := newLinux(t, 517)
	d := m.device(t, 1000)
	d.StartOnly(true)
	for range 3 {
		stranger := m.phone(t, client.Config{PoP: "wrong"})
		require.ErrorIs(t, stranger.Connect(t.Context()), client.ErrPoP)
		require.NoError(t, stranger.Close())
	}
	c := m.phone(t, client.Config{PoP: PoP})
	_, err := c.Provision(t.Context(), Right)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	d.Stop()
	m.d.Wait("nothing is left", func(v fakebluez.View) bool { return v.Left() == "" && v.Peers() == 0 })
}

// The link breaks at each single call of D-Bus, of the client's and of the
// device's: the next client provisions the device, and nothing is left. The short
// form tries every seventh call.
func TestBlueZBrokenAtEveryCall(t *testing.T) {
	m := newLinux(t, 185)
	broken := true
	n := 0
	for ; broken; n += long.Stride(t, 7, 1) {
		d := m.device(t, 1000)
		d.StartOnly(true)
		connected, cut := false, false
		m.d.SetHookAt(n, func(call string) error {
			m.d.View(func(v fakebluez.View) { connected = v.Links() > 0 })
			cut = true
			m.d.Cut("Timeout")
			return nil
		})
		victim := m.phone(t, client.Config{PoP: PoP})
		_, err := victim.Provision(t.Context(), Right)
		require.NoError(t, victim.Close())
		m.d.SetHook(nil)
		require.True(t, err == nil || connected, "call %d: %v", n, err)
		broken = cut
		next := m.phone(t, client.Config{PoP: PoP})
		require.NoError(t, next.Connect(t.Context()), "call %d", n)
		require.NoError(t, resume(t, next), "call %d", n)
		require.NoError(t, next.Close())
		d.Stop()
		m.d.Wait("nothing is left", func(v fakebluez.View) bool { return v.Left() == "" && v.Peers() == 0 })
		require.Less(t, n, 1000)
	}
	t.Log(n, "calls")
	require.Greater(t, n, 40)
}

// bluetoothd ends in the middle of a provisioning and comes back: the device
// starts its service again and is provisioned.
func TestBlueZRestarts(t *testing.T) {
	m := newLinux(t, 517)
	d := m.device(t, 1000)
	d.StartOnly(true)
	c := m.phone(t, client.Config{PoP: PoP})
	require.NoError(t, c.Connect(t.Context()))
	m.d.Kill()
	_, err := c.Status(t.Context())
	require.ErrorIs(t, err, client.ErrSessionLost)
	require.NoError(t, c.Close())
	d.Manager.StopProvisioning()
	d.Manager.Wait()
	m.d = fakebluez.Start(t, m.bus, machine(0))
	require.NoError(t, d.Manager.DisableAutoStop(0))
	d.StartOnly(true)
	c = m.phone(t, client.Config{PoP: PoP})
	_, err = c.Provision(t.Context(), Right)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	d.Stop()
}

// bluetoothd dies at each call after a phone has established its session, and comes
// back. Nobody touches the device: it is on the air again, and the phone connects anew
// and provisions it. The short form tries every seventh call.
func TestBlueZDiesAtEveryCall(t *testing.T) {
	m := newLinux(t, 185)
	n := 0
	for died := true; died; n += long.Stride(t, 7, 1) {
		d := m.device(t, 1000)
		d.StartOnly(true)
		c := m.phone(t, client.Config{PoP: PoP, PollTimeout: time.Second}) // there is no daemon to come back to
		require.NoError(t, c.Connect(t.Context()))
		daemon := m.d
		daemon.SetHookAt(n, func(string) error {
			daemon.Crash()
			return fakebluez.ErrSilence
		})
		_, err := c.Provision(t.Context(), Right)
		daemon.View(func(v fakebluez.View) { died = v.Down() })
		require.True(t, died || err == nil, "call %d: %v", n, err)
		daemon.SetHook(nil)
		if died {
			daemon.Kill()
			m.d = fakebluez.Start(t, m.bus, machine(185))
		}
		m.d.Wait("the device advertises", func(v fakebluez.View) bool { return v.Advertisement("hci0") != nil })
		require.NoError(t, c.Close())
		next := m.phone(t, client.Config{PoP: PoP})
		require.NoError(t, next.Connect(t.Context()), "call %d", n)
		require.NoError(t, resume(t, next), "call %d", n)
		require.NoError(t, next.Close())
		d.Stop()
		m.d.Wait("nothing is left", func(v fakebluez.View) bool { return v.Left() == "" && v.Peers() == 0 })
		require.Less(t, n, 300)
	}
	require.Greater(t, n, 10)
}

// A loss that lasts reaches the application, and so does its end.
func TestBlueZLossReachesTheApplication(t *testing.T) {
	m := newLinux(t, 517)
	d := New(t, sim.AirConfig{TimeScale: 1000})
	cfg := d.Config()
	cfg.Scheme = ble.New(ble.Config{GATT: bluez.New(bluez.Config{Bus: m.bus, Adapter: "hci0", LossTimeout: 20 * time.Millisecond})})
	require.NoError(t, d.Manager.Init(cfg))
	require.NoError(t, d.Manager.DisableAutoStop(0))
	events := make(chan wifiprov.Event, 10)
	defer d.Manager.Subscribe(func(e wifiprov.Event) {
		if e.Kind == wifiprov.EventTransportLost || e.Kind == wifiprov.EventTransportRestored {
			events <- e
		}
	})()
	d.StartOnly(true)
	m.d.Kill()
	e := <-events
	require.Equal(t, "TRANSPORT_LOST", e.Kind.String())
	require.ErrorContains(t, e.Err, "bluetoothd")
	m.d = fakebluez.Start(t, m.bus, machine(0))
	e = <-events
	require.Equal(t, "TRANSPORT_RESTORED", e.Kind.String())
	require.NoError(t, e.Err)
	c := m.phone(t, client.Config{PoP: PoP})
	_, err := c.Provision(t.Context(), Right)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	d.Stop()
}
