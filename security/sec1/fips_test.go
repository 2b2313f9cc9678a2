// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package sec1

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// In a program that is to use FIPS 140 only, a handshake is an error and no panic.
func TestFIPSOnly(t *testing.T) {
	if os.Getenv("GODEBUG") != "fips140=only" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFIPSOnly$")
		cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	_, err := newKey(new(zeroes))
	require.ErrorIs(t, err, protocomm.ErrFail)
	require.ErrorContains(t, err, "X25519 is not allowed")
}

// zeroes is an io.Reader.
type zeroes struct{}

func (*zeroes) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
