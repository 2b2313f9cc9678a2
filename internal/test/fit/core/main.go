// SPDX-License-Identifier: Apache-2.0

// Core is the smallest device: manager, console and security 1.
package main

import (
	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/internal/test/fit/chip"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/security/sec1"
)

func main() {
	var m wifiprov.Manager
	err := m.Init(wifiprov.Config{
		WiFi:   &chip.Radio{},
		Scheme: console.New(console.Config{Stream: &chip.Wire{}}),
	})
	sec, err2 := sec1.New(sec1.Config{PoP: "abcd1234", Rand: new(chip.Random)})
	if err != nil || err2 != nil || m.StartProvisioning(sec, "PROV_1", "") != nil {
		println("no service")
		return
	}
	m.Wait()
}
