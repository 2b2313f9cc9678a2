// SPDX-License-Identifier: Apache-2.0

package bluez_test

import (
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal/ble/bluez"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// A Linux box is a device over BLE. Its Wi-Fi is simulated here, and its message
// bus is one that there is not; without Config.Bus it is the system's.
func Example() {
	peripheral := bluez.New(bluez.Config{Adapter: "hci0", Bus: "unix:path=/nonexistent"})
	board, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer board.Close()
	var m wifiprov.Manager
	err = m.Init(wifiprov.Config{WiFi: board, Scheme: ble.New(ble.Config{GATT: peripheral})})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Deinit()
	sec, err := sec1.New(sec1.Config{PoP: "abcd1234"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err = m.StartProvisioning(sec, "PROV_A1B2C3", ""); err != nil {
		fmt.Println(strings.Contains(err.Error(), "is dbus-daemon running"))
	}
	// Output: true
}
