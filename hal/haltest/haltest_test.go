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

func TestPromptlyReportsErrors(t *testing.T) {
	cause := errors.New("cause")
	require.ErrorIs(t, promptly("call", func() error { return cause }), cause)
}
