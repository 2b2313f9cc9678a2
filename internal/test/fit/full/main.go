// SPDX-License-Identifier: Apache-2.0

// Full is a device with everything: securities 0, 1 and 2, console and BLE, and
// a configuration in an NVS partition.
package main

import (
	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/test/fit/chip"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
	"github.com/wifiprov/wifiprov/store/nvs"
)

func main() {
	if err := run(); err != nil {
		println(err.Error())
	}
}

func run() error {
	partition, err := nvs.Open(new(chip.Flash), nvs.Options{})
	if err != nil {
		return err
	}
	hci := new(chip.Wire)
	host, err := att.New(hci, att.Config{})
	if err != nil {
		return err
	}
	one, err := sec1.New(sec1.Config{PoP: "abcd1234", Rand: new(chip.Random)})
	if err != nil {
		return err
	}
	two, err := sec2.New(sec2.Config{Salt: make([]byte, 16), Verifier: []byte{2}, Rand: new(chip.Random)})
	if err != nil {
		return err
	}
	radio := &chip.Radio{Keep: chip.Kept{Store: partition}}
	for _, s := range []scheme.Scheme{console.New(console.Config{Stream: hci}), ble.New(ble.Config{GATT: host})} {
		for _, sec := range []protocomm.Security{sec0.New(), one, two} {
			var m wifiprov.Manager
			if err := m.Init(wifiprov.Config{WiFi: radio, Scheme: s, StatusEndpoint: true}); err != nil {
				return err
			}
			if err := m.StartProvisioning(sec, "PROV_1", ""); err != nil {
				return err
			}
			hci.Poll()
			m.Wait()
			if err := m.Deinit(); err != nil {
				return err
			}
		}
	}
	return nil
}
