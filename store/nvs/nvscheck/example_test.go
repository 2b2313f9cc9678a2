// SPDX-License-Identifier: Apache-2.0

package nvscheck_test

import (
	"bytes"
	"fmt"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// Power goes while a device sets a value: its mark never reaches the flash.
func ExampleCheck() {
	f := flash.NewMemory(3 * nvs.SectorSize)
	p, err := nvs.Open(f, nvs.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.SetInt(p, "app", "limit", int32(-40)))
	marks := bytes.Clone(f.Bytes()[32:64])
	fmt.Println(store.SetInt(p, "app", "count", uint32(1)))
	copy(f.Bytes()[32:64], marks)

	r := nvscheck.Check(f.Bytes(), nil)
	for _, finding := range r.Findings {
		fmt.Printf("entry %d, %v: %s\n", finding.Entry, finding.Severity, finding.Text)
	}
	for _, it := range r.Items {
		fmt.Printf("%s/%s is a %v\n", it.Namespace, it.Key, it.Type)
	}
	// Output:
	// <nil>
	// <nil>
	// entry 2, warning: u32 app/count was written, but its mark in the bitmap was not: power was cut between the two. It does not count; opening marks it erased, and the key's older value counts, if it has one
	// app/limit is a i32
}
