// SPDX-License-Identifier: Apache-2.0

package bluezcentral_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/bluezcentral"
)

// A program provisions devices with its machine's Bluetooth. The message bus is
// one that there is not; without Config.Bus it is the system's.
func Example() {
	central := bluezcentral.New(bluezcentral.Config{Forget: true, Bus: "unix:path=/nonexistent"})
	transport, err := client.NewBLE(client.BLEConfig{Central: central, Name: "PROV_A1B2C3"})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.New(transport, client.Config{PoP: "abcd1234"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, err = c.Provision(context.Background(), client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"})
	if err != nil {
		fmt.Println(strings.Contains(err.Error(), "is dbus-daemon running"))
	}
	// Output: true
}
