// SPDX-License-Identifier: Apache-2.0

package flash_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// A bit that is 0 becomes 1 by an erase only.
func ExampleMemory() {
	m := flash.NewMemory(4096)
	_, err := m.WriteAt([]byte{0xfe, 0xff, 0xff, 0xff}, 32)
	fmt.Println(err)
	_, err = m.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, 32)
	fmt.Println(err)
	// Output:
	// <nil>
	// flash: write of 4 bytes at 0x20: byte 0x20 holds 0xfe, and 0xff would set bits: erase the sector first
}

// The power goes off when two of the second write's four bytes are there.
func ExamplePowerCut() {
	mem := flash.NewMemory(4096)
	cut := flash.NewPowerCut(mem)
	cut.Inside(1, flash.First(2))
	for off := range int64(3) {
		_, err := cut.WriteAt([]byte("code"), 4*off)
		fmt.Println(err)
	}
	fmt.Printf("%q\n", mem.Bytes()[:12])
	// Output:
	// <nil>
	// flash: power cut
	// flash: power cut
	// "codeco\xff\xff\xff\xff\xff\xff"
}

// Every state that a power cut can leave, one after the other.
func ExampleReplay() {
	base := flash.NewMemory(4096).Bytes()
	// In a test: the Ops of a Recorder.
	ops := []flash.Op{flash.Write(0, []byte("name")), flash.Write(4, []byte("word"))}
	replay := flash.NewReplay(base, ops)
	var parts []flash.Part
	for n := range replay.Len() {
		fmt.Printf("%q\n", replay.At(n, flash.Part{}).Bytes()[:8]) // before operation n
		parts = flash.Points(parts[:0], replay.Op(n))
		for _, part := range parts {
			fmt.Printf("%q\n", replay.At(n, part).Bytes()[:8]) // inside of it
		}
	}
	fmt.Printf("%q\n", replay.At(replay.Len(), flash.Part{}).Bytes()[:8])
	// Output:
	// "\xff\xff\xff\xff\xff\xff\xff\xff"
	// "n\xff\xff\xff\xff\xff\xff\xff"
	// "na\xff\xff\xff\xff\xff\xff"
	// "nam\xff\xff\xff\xff\xff"
	// "name\xff\xff\xff\xff"
	// "namew\xff\xff\xff"
	// "namewo\xff\xff"
	// "namewor\xff"
	// "nameword"
}
