// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package fileflash

import (
	"fmt"
	"io"
)

// Format hides buffered content from every verb of fmt.
func (*File) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "fileflash.File") }
