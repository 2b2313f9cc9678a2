//go:build espidf && !tinygo

package esp32_test

import (
	"testing"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32"
	"github.com/wifiprov/wifiprov/hal/esp32/double"
	"github.com/wifiprov/wifiprov/hal/haltest"
)

// The binding keeps all contracts of package hal.
func TestDeviceKeepsContracts(t *testing.T) { keepsContracts(t, false) }

// On a chip with 5 GHz, too.
func TestDeviceWithFiveGHzKeepsContracts(t *testing.T) { keepsContracts(t, true) }

func keepsContracts(t *testing.T, fiveGHz bool) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		air, home := newAirAndHome(t)
		chip := double.New(t, double.Config{Air: air, FiveGHz: fiveGHz})
		p := pumped(t, esp32.Config{})
		return haltest.Rig{
			WiFi:    p.Device,
			SoftAP:  p.Device,
			Network: hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"},
			Channel: 6,
			Missing: hal.StationConfig{SSID: "Nowhere", Passphrase: "whatever1"},
			Probes:  func() int { return home[0].Probes() + home[1].Probes() },
			Wrong:   hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"},
			Reboot: func() (hal.WiFi, error) {
				p.close()
				if err := chip.Reset(); err != nil {
					return nil, err
				}
				p.open(esp32.Config{})
				return p.Device, nil
			},
		}
	})
}
