// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package store

import (
	"fmt"
	"io"
)

// Format hides the values from every verb of fmt.
func (m *Memory) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }

// Format hides the values from every verb of fmt.
func (Snapshot) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "store.Snapshot") }
