// SPDX-License-Identifier: Apache-2.0

package ownhost_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/ownhost"
)

func TestIs(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:8080": true, "[::1]:80": true, "[::1]": true, "LocalHost:1": true, "printer.local": true,
		"": false, ":80": false, "example.com": false, "127.0.0.1.example.com": false, "localhost.example.com:80": false,
		"[::1": false, "local": false, "[example.local]:80": true,
	} {
		require.Equal(t, want, ownhost.Is(host), host)
	}
}
