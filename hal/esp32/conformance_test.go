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
func TestDeviceKeepsContracts(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		chip := double.New(t, double.Config{Air: newAir(t)})
		p := pumped(t, esp32.Config{})
		return haltest.Rig{
			WiFi:    p.Device,
			SoftAP:  p.Device,
			Network: hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"},
			Channel: 6,
			Missing: hal.StationConfig{SSID: "Nowhere", Passphrase: "whatever1"},
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
