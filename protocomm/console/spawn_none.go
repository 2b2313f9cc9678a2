// SPDX-License-Identifier: Apache-2.0

//go:build scheduler.none

package console

// scheduled: there are goroutines, of which a server needs one.
const scheduled = false

func spawn(func()) {}
