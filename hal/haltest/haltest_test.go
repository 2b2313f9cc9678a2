// SPDX-License-Identifier: Apache-2.0

package haltest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

func TestFullConfigUsesAllLimits(t *testing.T) {
	require.Len(t, string(full.SSID), hal.MaxSSID)
	require.Len(t, string(full.Passphrase), hal.MaxPassphrase)
	require.Len(t, string(lockedAP.SSID), hal.MaxSSID)
}

func TestCheckNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Checks() {
		require.False(t, seen[c.Name], c.Name)
		seen[c.Name] = true
	}
}

// Each field that differs is told, a secret by where it does.
func TestDifference(t *testing.T) {
	cfg := full
	cfg.Passphrase = "63 bytes: other"
	require.Equal(t, "Passphrase has 15 bytes, want 63, and differs from byte 10 on", difference(cfg, full))
	require.Equal(t, `SSID is "", want "\x00\xff\x01 32 bytes, some are not text!"; `+
		"Passphrase has 0 bytes, want 63, and differs from byte 0 on; ScanMethod is 0, want 1; "+
		"BSSID is 00:00:00:00:00:00, want 02:00:ff:00:01:02; BSSIDSet is false, want true; Channel is 0, want 11; "+
		"MinAuth is open, want WPA2", difference(hal.StationConfig{}, full))
}

func TestPromptlyReportsErrors(t *testing.T) {
	cause := errors.New("cause")
	require.ErrorIs(t, promptly("call", func() error { return cause }), cause)
}
