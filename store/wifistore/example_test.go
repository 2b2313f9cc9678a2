// SPDX-License-Identifier: Apache-2.0

package wifistore_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// Stores a network where the ESP32's Wi-Fi driver finds it.
func ExampleSave() {
	partition := &store.Memory{} // on a device: an nvs.Partition
	err := wifistore.Save(partition, hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg, err := wifistore.Load(partition)
	fmt.Println(cfg.SSID, cfg.Passphrase, err)
	// Output: HomeNet [hidden] <nil>
}
