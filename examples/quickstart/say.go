// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// speaker is the mark in front of a line: who says it, or how it went.
type speaker struct{ name, colour string }

var (
	board = speaker{"device", "36"} // cyan
	app   = speaker{"phone ", "33"} // yellow
	good  = speaker{"✔     ", "32"} // green
	bad   = speaker{"✘     ", "31"} // red
)

var (
	began    = time.Now()
	sayLock  sync.Mutex
	coloured = isTerminal() && os.Getenv("NO_COLOR") == ""
)

// say prints one line, in colour when somebody looks at it.
func say(who speaker, text string) {
	sayLock.Lock()
	defer sayLock.Unlock()
	at := time.Since(began).Seconds()
	if coloured {
		fmt.Printf("\x1b[2m%5.2fs\x1b[0m  \x1b[%sm%s  %s\x1b[0m\n", at, who.colour, who.name, text)
		return
	}
	fmt.Printf("%5.2fs  %s  %s\n", at, who.name, text)
}

func isTerminal() bool {
	info, err := os.Stdout.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
