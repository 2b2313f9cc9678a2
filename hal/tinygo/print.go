// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package tinygo

import (
	"fmt"
	"io"
)

// Format hides the configuration from every verb of fmt.
func (*Radio) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "tinygo.Radio") }
