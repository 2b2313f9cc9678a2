// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package cyw43_test

import (
	"testing"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
)

// The contracts of hal, but for those of a SoftAP, and for what Radio.Limits says.
func TestContract(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		return newBench(t, func(b *bench) {
			b.board.Extra = []hal.AccessPoint{{RSSI: -10, Channel: 6}, {SSID: "\x00\x00", RSSI: -11, Channel: 6, BSSID: hal.BSSID{9}}}
		}).rig()
	})
}
