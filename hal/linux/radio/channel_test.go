// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package radio

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// Where an access point may be tried: nowhere that stations only listen, or where radar
// has to be looked for.
func TestMayOpen(t *testing.T) {
	var may []int
	for c := range 256 {
		if mayOpen(uint8(c)) && hal.ValidChannel(uint8(c)) {
			may = append(may, c)
		}
	}
	require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 36, 40, 44, 48, 149, 153, 157, 161, 165}, may)
}

// The name of the access point's interface is one that Linux takes.
func TestAPName(t *testing.T) {
	for iface, want := range map[string]string{"wlan0": "ap-wlan0", "wlp0s20f3u1": "ap-wlp0s20f3u1", "wlx0123456789ab": "ap-0123456789ab"} {
		require.Equal(t, want, apName(iface))
		require.LessOrEqual(t, len(want), maxIfName)
	}
}
