// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package nvs

import (
	"fmt"
	"io"
)

// Format hides the keys from every verb of fmt.
func (Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// Format hides buffered content from every verb of fmt.
func (*Partition) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "nvs.Partition") }
