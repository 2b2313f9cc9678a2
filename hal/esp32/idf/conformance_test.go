// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf_test

import (
	"testing"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
	"github.com/wifiprov/wifiprov/hal/haltest"
)

// The binding keeps all contracts of package hal.
func TestDeviceKeepsContracts(t *testing.T) { keepsContracts(t, false) }

// On a chip with 5 GHz, too.
func TestDeviceWithFiveGHzKeepsContracts(t *testing.T) { keepsContracts(t, true) }

func keepsContracts(t *testing.T, fiveGHz bool) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		air, home := newAirAndHome(t)
		chip := idftest.New(t, idftest.Config{Air: air, FiveGHz: fiveGHz})
		p := pumped(t, idf.Config{})
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
				p.open(idf.Config{})
				return p.Device, nil
			},
		}
	})
}
