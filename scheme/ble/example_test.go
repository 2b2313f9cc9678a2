// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package ble_test

import (
	"context"
	"fmt"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// A device is on the air, and a phone asks it for its version. A Manager makes the
// device's calls for the application.
func Example() {
	air := sim.NewAir(sim.AirConfig{})
	controller, _ := air.NewController(sim.ControllerConfig{}) // or the chip's
	host, err := att.New(controller, att.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	service, err := ble.New(ble.Config{GATT: host}).NewService()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer service.Close()
	service.SetService("PROV_1A2B3C", "")
	service.SetEndpoint("proto-ver", 0xFF53)
	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	pc.SetVersion("proto-ver", "v1.1")
	if err := service.Start(pc); err != nil {
		fmt.Println(err)
		return
	}

	phone, _ := air.NewController(sim.ControllerConfig{})
	defer phone.Close()
	central, err := blecentral.New(phone, blecentral.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	transport, err := client.NewBLE(client.BLEConfig{Central: central})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer transport.Close()
	answer, err := transport.Do(context.Background(), "proto-ver", []byte("x"))
	fmt.Println(string(answer), err)
	// Output: v1.1 <nil>
}
