// SPDX-License-Identifier: Apache-2.0

package misspelt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/misspelt"
)

func TestIs(t *testing.T) {
	for word, name := range map[string]string{
		"PassPhrase": "passphrase", "pass_phrase": "passphrase", "Qr.": "qr", // other case and signs
		"pasphrase": "passphrase", "passphrasee": "passphrase", "pazzphrase": "passphrase", "pssphrse": "passphrase",
		"sid": "ssid", "adress": "address",
	} {
		require.True(t, misspelt.Is(word, name), "%s, %s", word, name)
	}
	for word, name := range map[string]string{
		"po": "pop", "max": "mac", "date": "name", "pazzphraze": "passphrase", "": "ssid",
		"passphrase" + strings.Repeat("-", 99) + strings.Repeat("e", 50): "passphrase",
	} {
		require.False(t, misspelt.Is(word, name), "%s, %s", word, name)
	}
}
