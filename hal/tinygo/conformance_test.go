// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package tinygo_test

import (
	"context"
	"testing"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
	"github.com/wifiprov/wifiprov/hal/loop"
)

// reportsHidden makes the driver report networks that hide their name.
func reportsHidden(b *bench) {
	b.driver.Extra = []hal.AccessPoint{{RSSI: -10, Channel: 6}, {SSID: "\x00\x00", RSSI: -11, Channel: 6}}
}

// The contracts of hal, but for ScanOneChannel and StopSoftAPKeepsLink, which
// this radio cannot keep, and for what Radio.Limits says.
func TestContract(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig { return newBench(t, reportsHidden).rig() })
}

// A loop that tells subscribers is as good as a goroutine.
func TestContractInLoop(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		return newBench(t, reportsHidden, func(b *bench) {
			l := loop.New(loop.Config{})
			ctx, cancel := context.WithCancel(context.Background())
			t.Cleanup(func() {
				cancel()
				l.Wake()
			})
			go func() {
				for ctx.Err() == nil {
					l.Pump(time.Hour)
				}
			}()
			b.cfg.Tell = l.Tell
		}).rig()
	})
}

// A driver that tells details keeps more of them, and one that cannot be
// stopped all the same.
func TestContractOfOtherDrivers(t *testing.T) {
	haltest.RunInBubble(t, func(t *testing.T) haltest.Rig {
		r := newBench(t, func(b *bench) { b.driver.Details, b.driver.CannotStop = true, true }, reportsHidden).rig()
		r.SparseScan, r.Channel = false, 6
		return r
	})
}
