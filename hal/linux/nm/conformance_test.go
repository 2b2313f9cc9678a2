// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
	"github.com/wifiprov/wifiprov/internal/test/fakenm"
)

// phy is a radio that is a station or an access point.
type phy struct{}

func (phy) Beside(string) (int, error)       { return 0, nil }
func (phy) AddAP(string, string) error       { return nil }
func (phy) RemoveAP(string) error            { return nil }
func (phy) Channels(string) ([]uint8, error) { return []uint8{1, 6, 11, 36}, nil }
func (phy) Channel(string) (uint8, error)    { return 0, nil }

// The contracts of hal, by a Radio on this Daemon.
func TestContract(t *testing.T) {
	haltest.Run(t, func(t *testing.T) haltest.Rig {
		address := fakebluez.StartBus(t)
		f := fakenm.Start(t, address, fakenm.Config{}, home, cafe)
		var wifi *radio.Radio
		boot := func() {
			d, err := New(Config{Interface: "wlan0", Bus: address})
			require.NoError(t, err)
			wifi, err = radio.New(d, radio.Config{Interface: "wlan0", Phy: phy{}})
			require.NoError(t, err)
		}
		boot()
		t.Cleanup(func() { require.NoError(t, wifi.Close()) })
		return haltest.Rig{
			WiFi: wifi, SoftAP: wifi, Network: homeCfg, Channel: 6,
			Missing: hal.StationConfig{SSID: "Nowhere"},
			Wrong:   hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"},
			Probes:  func() int { return f.Probes("HomeNet") },
			OneMode: true, Timeout: 20 * time.Second, Quiet: 300 * time.Millisecond,
			Reboot: func() (hal.WiFi, error) {
				err := wifi.Close()
				f.Reboot()
				boot()
				return wifi, err
			},
		}
	})
}
