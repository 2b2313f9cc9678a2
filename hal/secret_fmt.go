//go:build !tinygo

package hal

import (
	"fmt"
	"io"
)

// Format hides the secret from every verb of fmt. Programs for TinyGo do
// without it, as fmt is too large for them.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }
