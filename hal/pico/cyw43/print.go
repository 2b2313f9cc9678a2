// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package cyw43

import (
	"fmt"
	"io"
)

// Format hides the packets, which may have a passphrase, from every verb of fmt.
func (*Bus) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "cyw43.Bus") }
