// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package sim

import (
	"fmt"
	"io"
)

// Format hides the passphrase from every verb of fmt.
func (*AP) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sim.AP") }

// Format hides the configuration from every verb of fmt.
func (*Board) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sim.Board") }
