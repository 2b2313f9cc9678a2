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
		require.Equal(t, valid[c], Frequency(uint8(c)) != 0, c)
		if valid[c] {
			require.EqualValues(t, c, ChannelOf(Frequency(uint8(c))))
		}
	}
}

func TestFrequency(t *testing.T) {
	for mhz, want := range map[int]uint8{
		2412: 1, 2437: 6, 2472: 13, 2484: 14, 5180: 36, 5320: 64, 5500: 100, 5720: 144, 5745: 149, 5885: 177,
		-1 << 31: 0, 0: 0, 2407: 0, 2413: 0, 2477: 0, 2483: 0, 2485: 0, 4920: 0, 5000: 0, 5060: 0, 5190: 0, 5955: 0, 58320: 0, 1<<31 - 1: 0,
	} {
		require.Equal(t, want, ChannelOf(mhz), "%d MHz", mhz)
		if want != 0 {
			require.Equal(t, mhz, Frequency(want))
		}
	}
}
