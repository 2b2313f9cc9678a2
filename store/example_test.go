// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/store"
)

func Example() {
	var s store.Memory
	_ = store.SetText(&s, "app", "name", "kitchen")
	_ = store.SetInt(&s, "app", "boots", uint32(7))
	_ = s.Commit()
	_ = store.SetInt(&s, "app", "boots", uint32(8)) // not committed

	s.Restore(s.Snapshot()) // a power cut

	for e := range s.Entries("app") {
		fmt.Println(e.Key, e.Type)
	}
	boots, err := store.Int[uint32](&s, "app", "boots")
	fmt.Println(boots, err)
	_, err = store.Text(&s, "app", "boots")
	fmt.Println(err)
	// Output:
	// boots u32
	// name string
	// 7 <nil>
	// store: get app/boots: not found: it is a u32, not a string
}
