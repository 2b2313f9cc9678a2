// SPDX-License-Identifier: Apache-2.0

package gatt_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
)

// A service of one endpoint. Package scheme/ble sets the rest for a Manager.
func Example() {
	controller, _ := sim.NewAir(sim.AirConfig{}).NewController(sim.ControllerConfig{}) // or the chip's
	host, err := att.New(controller, att.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	pc.SetVersion("proto-ver", "v1.1")

	server := gatt.New(host, gatt.Config{})
	service, _ := ble.ParseUUID("1775244d-6b43-439b-877c-060f2d9bed07")
	err = server.Start(pc, gatt.Settings{
		Config:    ble.Config{DeviceName: "PROV_1A2B3C", Service: service},
		Endpoints: []gatt.Endpoint{{Name: "proto-ver", ID: 0xFF53}},
	})
	_, _, advertising := controller.Advertising()
	fmt.Println(advertising, err)
	server.Stop(pc)
	server.Wait()
	// Output: true <nil>
}
