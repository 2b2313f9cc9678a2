// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package flash

import (
	"fmt"
	"io"
)

// Format hides the contents from every verb of fmt.
func (m *Memory) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }

// Format hides the contents from every verb of fmt.
func (s *Sparse) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }
