//go:build !tinygo

package filestore

import (
	"fmt"
	"io"
)

// Format hides the values from every verb of fmt.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }
