// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// A partition on a flash in RAM; with package fileflash it is a file, which can
// be flashed to a device.
func Example() {
	chip := flash.NewMemory(24 << 10)
	p, err := nvs.Open(chip, nvs.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = store.SetText(p, "app", "name", "kitchen")
	_ = store.SetInt(p, "app", "boots", uint32(7))
	_ = p.Close()

	p, err = nvs.Open(chip, nvs.Options{ReadOnly: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for e := range p.Entries("app") {
		fmt.Println(e.Key, e.Type)
	}
	boots, _ := store.Int[uint32](p, "app", "boots")
	fmt.Println(boots, p.Stats().Used, "entries used")
	// Output:
	// name string
	// boots u32
	// 7 4 entries used
}

// Keys of an encrypted partition come from a key file, as ESP-IDF's generator
// makes it, or are derived as chips with an HMAC unit do.
func ExampleDeriveKeys() {
	keys := nvs.DeriveKeys([]byte("the 32 bytes in the eFuse block."))
	chip := flash.NewMemory(24 << 10)
	p, err := nvs.Open(chip, nvs.Options{Keys: keys})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = store.SetText(p, "app", "name", "kitchen")
	_ = p.Close()
	_, err = nvs.Open(chip, nvs.Options{})
	fmt.Println(err)
	// Output:
	// store: open: no entry can be read: the partition is encrypted with other keys, or keys were given for a plain one
}
