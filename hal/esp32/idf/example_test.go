// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf_test

import (
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// Provisioning over Bluetooth in the application's task.
func Example() {
	dev, err := idf.Open(idf.Config{Logger: idf.Log()})
	if err != nil {
		return
	}
	host, err := att.New(dev.Bluetooth(), att.Config{Clock: dev, PollController: dev.PollController})
	if err != nil {
		return
	}
	var m wifiprov.Manager
	err = m.Init(wifiprov.Config{
		WiFi: dev, Clock: dev, Pump: dev.Pump,
		Scheme: ble.New(ble.Config{GATT: host, Memory: dev, Server: gatt.Config{Go: dev.Go, Clock: dev}}),
	})
	// … m.StartProvisioning
	for err == nil {
		dev.Pump(time.Second)
	}
}
