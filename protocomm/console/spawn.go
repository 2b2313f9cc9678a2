// SPDX-License-Identifier: Apache-2.0

//go:build !scheduler.none

package console

// scheduled: there are goroutines.
const scheduled = true

// spawn runs fn in a goroutine.
func spawn(fn func()) { go fn() }
