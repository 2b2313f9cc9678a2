// SPDX-License-Identifier: Apache-2.0

package wpa_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/wpa"
	"github.com/wifiprov/wifiprov/store"
)

// A box whose addresses another program gets. There is no message bus here; without
// Config.Bus it is the system's.
func Example() {
	d, err := wpa.New(wpa.Config{
		Interface: "wlan0",
		Store:     &store.Memory{}, // on a device: one that lasts
		Bus:       "unix:path=/nonexistent",
		Lease: func(ctx context.Context, iface string, told func(hal.IPConfig)) error {
			<-ctx.Done() // until then tell each address of iface
			return context.Cause(ctx)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	ctx := context.Background()
	if err := d.Save(ctx, hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"}); err != nil {
		fmt.Println(err)
		return
	}
	err = d.Take(ctx)
	fmt.Println(strings.Contains(err.Error(), "is dbus-daemon running"))
	// Output: true
}
