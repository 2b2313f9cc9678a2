// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package httpd

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

func TestPlatformAndMux(t *testing.T) {
	r, _ := onPlatform(t, func(cfg *Config) { cfg.Mux = http.NewServeMux() })
	require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidArg)
}
