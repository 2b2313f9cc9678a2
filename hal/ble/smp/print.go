// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package smp

import (
	"fmt"
	"io"
)

// Format hides the key from every verb of fmt, which programs for TinyGo do without.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// Format hides the keys from every verb of fmt.
func (m *Memory) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }
