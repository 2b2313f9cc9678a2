// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && scheduler.none

package loop

import "time"

// runtime panics: there is nothing here that could wait.
func runtime() (now func() time.Duration, wait func(time.Duration), wake func()) {
	panic("loop: this runtime has no scheduler; set Config.Now, Wait and Wake")
}
