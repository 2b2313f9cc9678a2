// SPDX-License-Identifier: Apache-2.0

package fileflash_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/wifiprov/wifiprov/store/nvs/fileflash"
)

func Example() {
	dir, err := os.MkdirTemp("", "fileflash")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "nvs.bin")

	f, err := fileflash.Open(path, 24<<10) // ESP-IDF's usual NVS partition
	if err != nil {
		panic(err)
	}
	_, err = f.WriteAt([]byte{0xfe, 0xff, 0xff, 0xff}, 0)
	fmt.Println(f.Size(), err, f.Close())

	image, err := os.ReadFile(path)
	fmt.Printf("%d bytes, %x… %v\n", len(image), image[:6], err)
	// Output:
	// 24576 <nil> <nil>
	// 24576 bytes, feffffffffff… <nil>
}
