// SPDX-License-Identifier: Apache-2.0

package sloghal_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sloghal"
)

func TestLevelsAndAttributes(t *testing.T) {
	var out bytes.Buffer
	log := sloghal.New(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		Level: slog.LevelInfo,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	log.Log(hal.LevelDebug, "not written")
	log.Log(hal.LevelInfo, "started")
	log.Log(hal.LevelWarn, "slow", hal.Attr{Key: "endpoint", Value: "prov-scan"})
	log.Log(hal.LevelError, "failed", hal.Err(errors.New("no luck")))
	require.Equal(t, `level=INFO msg=started
level=WARN msg=slow endpoint=prov-scan
level=ERROR msg=failed error="no luck"
`, out.String())
}

func TestNilIsSilent(t *testing.T) {
	log := sloghal.New(nil)
	require.Nil(t, log)
	log.Log(hal.LevelError, "nothing happens")
}
