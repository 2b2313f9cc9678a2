// SPDX-License-Identifier: Apache-2.0

// Package sloghal gives a [hal.Logger] that writes to a [slog.Logger].
package sloghal

import (
	"context"
	"log/slog"

	"github.com/wifiprov/wifiprov/hal"
)

// New returns a Logger that writes to l; nil, which is silent, for nil. Levels
// keep their numbers, attributes become strings.
func New(l *slog.Logger) hal.Logger {
	if l == nil {
		return nil
	}
	return func(level hal.Level, msg string, attrs ...hal.Attr) {
		ctx := context.Background()
		if !l.Enabled(ctx, slog.Level(level)) {
			return
		}
		list := make([]slog.Attr, len(attrs))
		for i, a := range attrs {
			list[i] = slog.String(a.Key, a.Value)
		}
		l.LogAttrs(ctx, slog.Level(level), msg, list...)
	}
}
