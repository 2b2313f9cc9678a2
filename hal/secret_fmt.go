// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package hal

import (
	"fmt"
	"io"
)

// Format hides the secret from every verb of fmt. It is left out under TinyGo, since fmt
// is too large there.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }
