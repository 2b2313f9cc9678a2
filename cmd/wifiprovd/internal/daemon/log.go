// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// Log returns a logger that writes a line for each message, with the detail error behind
// a colon and others in brackets. For the journal a line begins with its priority.
func Log(w io.Writer, journal, debug bool) hal.Logger {
	var mu sync.Mutex
	return func(level hal.Level, msg string, attrs ...hal.Attr) {
		if level < hal.LevelInfo && !debug {
			return
		}
		var line strings.Builder
		if journal {
			line.WriteString(priority(level))
		}
		line.WriteString(msg)
		var others []string
		var why string
		for _, a := range attrs {
			if a.Key == "error" || a.Key == "why" {
				why += ": " + a.Value
			} else {
				others = append(others, a.Key+" "+a.Value)
			}
		}
		if len(others) > 0 {
			line.WriteString(" (" + strings.Join(others, ", ") + ")")
		}
		line.WriteString(why)
		text := strings.ReplaceAll(line.String(), "\n", " ") + "\n"
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.WriteString(w, text) // there is nobody to tell
	}
}

// priority is what sd-daemon(3) puts before a line.
func priority(level hal.Level) string {
	number := 7
	switch {
	case level >= hal.LevelError:
		number = 3
	case level >= hal.LevelWarn:
		number = 4
	case level >= hal.LevelInfo:
		number = 6
	}
	return fmt.Sprintf("<%d>", number)
}
