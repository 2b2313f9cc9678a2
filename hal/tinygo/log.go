// SPDX-License-Identifier: Apache-2.0

package tinygo

import "github.com/wifiprov/wifiprov/hal"

// Log is a hal.Logger that prints to where print does, a board's serial line, from
// hal.LevelInfo on.
func Log(level hal.Level, msg string, attrs ...hal.Attr) {
	if level < hal.LevelInfo {
		return
	}
	print(msg)
	for _, a := range attrs {
		print(" ", a.Key, "=", a.Value)
	}
	println()
}
