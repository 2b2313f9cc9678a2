// SPDX-License-Identifier: Apache-2.0

package hal

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHiddenSSID(t *testing.T) {
	for ssid, want := range map[SSID]bool{"": true, "\x00": true, SSID(make([]byte, MaxSSID)): true, "a": false, "\x00a": false, "a\x00": false, " ": false} {
		require.Equal(t, want, ssid.Hidden(), "%q", string(ssid))
	}
}

func TestValidChannel(t *testing.T) {
	valid := map[int]bool{}
	for c := 1; c <= 14; c++ {
		valid[c] = true
	}
	for _, c := range []int{36, 40, 44, 48, 52, 56, 60, 64, 100, 104, 108, 112, 116, 120, 124, 128, 132, 136, 140, 144, 149, 153, 157, 161, 165, 169, 173, 177} {
		valid[c] = true
	}
	for c := range 256 {
		require.Equal(t, valid[c], ValidChannel(uint8(c)), c)
	}
}
