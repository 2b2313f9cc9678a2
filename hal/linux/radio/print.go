// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"fmt"
	"io"
)

// Format hides the configuration from every verb of fmt.
func (r *Radio) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "radio.Radio("+r.cfg.Interface+")")
}
