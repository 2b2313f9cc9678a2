// SPDX-License-Identifier: Apache-2.0

package ble_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// The worked examples of transports.md 2.1.
func TestUUID(t *testing.T) {
	const text = "021a9004-0382-4aea-bff4-6b3f1c5adfb4"
	u, err := ble.ParseUUID(text)
	require.NoError(t, err)
	require.Equal(t, ble.UUID{0xb4, 0xdf, 0x5a, 0x1c, 0x3f, 0x6b, 0xf4, 0xbf, 0xea, 0x4a, 0x82, 0x03, 0x04, 0x90, 0x1a, 0x02}, u)
	require.Equal(t, text, u.String())
	require.Equal(t, "021aff51-0382-4aea-bff4-6b3f1c5adfb4", u.With16(0xFF51).String())
	require.Equal(t, text, u.String(), "With16 changes a copy")
	require.Equal(t, "00002901-0000-1000-8000-00805f9b34fb", ble.UUID16(0x2901).String())

	u, err = ble.ParseUUID("1775244D-6B43-439B-877C-060F2D9BED07")
	require.NoError(t, err)
	require.Equal(t, "1775ff51-6b43-439b-877c-060f2d9bed07", u.With16(0xFF51).String())

	for _, bad := range []string{
		"", "2901", text[1:], text + "0", "021a9004_0382-4aea-bff4-6b3f1c5adfb4",
		"021a9004-0382-4aea-bff4-6b3f1c5adfbg", "021a9004-0382-4aea-bff46-b3f1c5adfb4",
	} {
		_, err := ble.ParseUUID(bad)
		require.Error(t, err, "%q", bad)
	}
}

func TestATTTexts(t *testing.T) {
	require.Equal(t, "ATT: invalid offset", ble.ATTInvalidOffset.Error())
	require.Equal(t, "ATT error 133", ble.ATTError(0x85).String())
	require.Equal(t, "remote user terminated (19)", ble.ReasonRemoteUser.String())
	require.Equal(t, "reason 62", ble.HCIReason(62).String())
	seen := map[string]bool{}
	for e := range ble.ATTError(0x20) {
		require.False(t, seen[e.String()], "%v twice", e)
		seen[e.String()] = true
	}
}
