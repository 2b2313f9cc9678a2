// SPDX-License-Identifier: Apache-2.0

package wpa_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/internal/test/fakewpa"
)

// A Radio on the Daemon keeps the contracts of package hal.
func TestConformance(t *testing.T) {
	haltest.Run(t, func(t *testing.T) haltest.Rig {
		r := newRig(t, fakewpa.Config{Interfaces: []string{"wlan0", "uap0"}})
		r.wpa.Add(homeAP)
		open := func() *radio.Radio {
			rd, err := radio.New(r.Daemon, radio.Config{Interface: "wlan0", APInterface: "uap0"})
			require.NoError(t, err)
			t.Cleanup(func() { _ = rd.Close() })
			return rd
		}
		rd := open()
		return haltest.Rig{
			WiFi: rd, SoftAP: rd, Network: home, Channel: 6,
			Missing: hal.StationConfig{SSID: "Nowhere", Passphrase: "correct horse"},
			Wrong:   hal.StationConfig{SSID: "HomeNet", Passphrase: "wrong horse"},
			Reboot: func() (hal.WiFi, error) {
				_ = rd.Close()
				r.Daemon = nil
				r.reboot()
				rd = open()
				return rd, nil
			},
			Probes: r.wpa.Probes, Timeout: 10 * time.Second, Quiet: 300 * time.Millisecond,
		}
	})
}
