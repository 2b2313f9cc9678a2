// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"io"

	"github.com/wifiprov/wifiprov/hal"
)

// Random returns the chip's random number generator, which has its full
// entropy while the radio runs. Its Read does not fail.
func Random() io.Reader { return random{} }

type random struct{}

func (random) Read(p []byte) (int, error) {
	if len(p) > 0 {
		nativeRandom(p)
	}
	return len(p), nil
}

// Log returns a logger that writes to ESP-IDF's log under the tag "wifiprov",
// one line of at most 255 bytes for each message: the text, then each detail
// as key=value.
func Log() hal.Logger { return writeLog }

func writeLog(level hal.Level, msg string, attrs ...hal.Attr) {
	var room [255]byte
	line := append(room[:0], msg[:min(len(msg), len(room))]...)
	for _, a := range attrs {
		for _, s := range [...]string{" ", a.Key, "=", a.Value} {
			line = append(line, s[:min(len(s), len(room)-len(line))]...)
		}
	}
	if len(line) > 0 {
		nativeLog(idfLevel(level), line)
	}
}

// idfLevel returns ESP-IDF's number of a level.
func idfLevel(l hal.Level) int32 {
	switch {
	case l >= hal.LevelError:
		return 1
	case l >= hal.LevelWarn:
		return 2
	case l >= hal.LevelInfo:
		return 3
	}
	return 4
}
