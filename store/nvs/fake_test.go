// SPDX-License-Identifier: Apache-2.0

package nvs_test

import "github.com/wifiprov/wifiprov/internal/nvsfmt"

// fakeEntry is what an item of the first namespace looks like. As the data of
// another item it must never be taken for one.
func fakeEntry() []byte {
	var e nvsfmt.Entry
	e.New(1, nvsfmt.TypeU8, 1, nvsfmt.NoChunk, nvsfmt.NameOf("fake"))
	e.Value()[0] = 7
	e.Seal()
	return e[:]
}
