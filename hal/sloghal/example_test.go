// SPDX-License-Identifier: Apache-2.0

package sloghal_test

import (
	"log/slog"
	"os"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sloghal"
)

// Sends a package's log messages to log/slog.
func ExampleNew() {
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := sloghal.New(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: noTime})))
	logger.Log(hal.LevelInfo, "joined", hal.Attr{Key: "ssid", Value: "HomeNet"})
	// Output: level=INFO msg=joined ssid=HomeNet
}
