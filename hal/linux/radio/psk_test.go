// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// The first two examples of IEEE 802.11, annex J.4.2, and a key that is given as it is.
func TestPSK(t *testing.T) {
	const given = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F"
	for _, example := range []struct {
		ssid       hal.SSID
		passphrase hal.Secret
		want       string
	}{
		{"IEEE", "password", "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"},
		{"ThisIsASSID", "ThisIsAPassword", "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af"},
		{"IEEE", given, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},
	} {
		key, err := PSK(example.ssid, example.passphrase)
		require.NoError(t, err)
		require.Equal(t, example.want, hex.EncodeToString(key))
	}
}
