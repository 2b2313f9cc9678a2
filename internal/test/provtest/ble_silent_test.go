// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/bluez"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// The attack: a stranger takes the one place and does nothing, or looks around without
// end, or asks for the version each 30 s. Meanwhile the device does not advertise. A
// phone finds it after a minute, or after five, and provisions it.
func TestStrangerKeepsNoPlace(t *testing.T) {
	look := func(l *blecentral.Link, t *testing.T) error {
		_, err := l.Request(t.Context(), 0x10, 1, 0, 0xFF, 0xFF, 0, 0x28)
		return err
	}
	version := func(l *blecentral.Link, t *testing.T) error {
		list, err := l.Discover(t.Context(), ble.DefaultService())
		if err != nil {
			return err
		}
		return l.Write(t.Context(), list[len(list)-1], []byte("v"))
	}
	for name, tc := range map[string]struct {
		ask  func(*blecentral.Link, *testing.T) error
		free time.Duration
	}{
		"nothing": {nil, time.Minute}, "looks around": {look, time.Minute}, "the version": {version, 5 * time.Minute},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", secure ", secure), func(t *testing.T) {
				bleBubble(t, att.Config{}, func(t *testing.T, d *BLEDevice) {
					d.Start(secure)
					c, err := d.Air.NewController(sim.ControllerConfig{})
					require.NoError(t, err)
					stranger, err := blecentral.New(c, blecentral.Config{})
					require.NoError(t, err)
					var device client.Advertisement
					require.NoError(t, stranger.Scan(t.Context(), func(a client.Advertisement) bool {
						device = a
						return a.Name == ""
					}))
					l := connect(t, stranger, device)
					began, done := time.Now(), make(chan struct{})
					go func() {
						defer close(done)
						for tc.ask != nil && tc.ask(l, t) == nil {
							time.Sleep(30 * time.Second)
						}
					}()
					mode := client.SecurityAuto
					if !secure {
						mode = client.Security0
					}
					phone, _ := d.Phone(client.Config{Security: mode}, blecentral.Config{})
					for range 100 { // each looks for a device for 6 s
						if err = phone.Connect(t.Context()); err == nil {
							break
						}
					}
					require.NoError(t, err)
					require.InDelta(t, tc.free, time.Since(began), float64(3*time.Second))
					_, err = phone.Provision(t.Context(), Right)
					require.NoError(t, err)
					require.NoError(t, phone.Close())
					<-done
					require.NoError(t, l.Close())
				})
			})
		}
	}
}

// The same through bluetoothd, with a time that a test can wait for: the stranger is
// disconnected, and a phone that has a session is not.
func TestBlueZStrangerKeepsNoPlace(t *testing.T) {
	m := newLinux(t, 517)
	d := New(t, sim.AirConfig{TimeScale: 1000})
	cfg := d.Config()
	cfg.Scheme = ble.New(ble.Config{GATT: bluez.New(bluez.Config{Bus: m.bus, Adapter: "hci0"}), Server: gatt.Config{IdleTimeout: 500 * time.Millisecond}})
	require.NoError(t, d.Manager.Init(cfg))
	require.NoError(t, d.Manager.DisableAutoStop(0))
	d.StartOnly(true)
	c := m.phone(t, client.Config{PoP: PoP})
	require.NoError(t, c.Connect(t.Context()))
	stranger, err := m.d.Connect("hci0", "AA:00:00:00:00:01")
	require.NoError(t, err)
	<-stranger.Gone()
	m.d.Wait("the phone is there", func(v fakebluez.View) bool { return v.Links() == 1 })
	_, err = c.Provision(t.Context(), Right)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	d.Stop()
	m.d.Wait("nothing is left", func(v fakebluez.View) bool { return v.Left() == "" && v.Peers() == 0 })
}
