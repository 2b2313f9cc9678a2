// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

func TestAirIsBounded(t *testing.T) {
	air := sim.NewAir(sim.AirConfig{})
	for range sim.MaxAPs {
		addAP(t, air, sim.APConfig{})
	}
	_, err := air.AddAP(sim.APConfig{})
	require.Error(t, err)
}

// TestQueueIsBounded: a subscriber that does not return stops the driver from
// making more events.
func TestQueueIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		b, err := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		defer b.Close()
		require.NoError(t, b.SetStationConfig(homeSTA))
		release := make(chan struct{})
		var once sync.Once
		open := func() { once.Do(func() { close(release) }) }
		defer open()
		got := 0
		b.Subscribe(func(hal.Event) {
			<-release
			got++
		})
		require.NoError(t, b.Start())
		time.Sleep(time.Millisecond) // the subscriber holds the first event
		made := 1
		for err = nil; err == nil; {
			if err = b.Connect(); err == nil {
				if err = b.Disconnect(); err == nil {
					made++
				}
			}
		}
		require.ErrorIs(t, err, hal.ErrBusy)
		require.Less(t, made, 70)
		require.ErrorIs(t, b.StartScan(hal.ScanConfig{}), hal.ErrBusy)
		open()
		synctest.Wait()
		require.Equal(t, made, got)
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
	})
}

// TestFullQueueRefusesToEndThings: what ends something makes an event too.
func TestFullQueueRefusesToEndThings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, with(func(c *sim.APConfig) { c.DHCPDelay = time.Second }))
		b, _ := started(t, air, sim.BoardConfig{})
		release := make(chan struct{})
		defer close(release)
		b.Subscribe(func(hal.Event) { <-release })
		connect(t, b, homeSTA)
		time.Sleep(time.Second) // Connected
		for range 63 {
			require.NoError(t, b.StartScan(hal.ScanConfig{}))
			require.NoError(t, b.StopScan())
		}
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Second) // GotIP fills the queue
		require.ErrorIs(t, b.StopScan(), hal.ErrBusy)
		require.ErrorIs(t, b.Disconnect(), hal.ErrBusy)
		require.ErrorIs(t, b.SetMode(hal.ModeOff), hal.ErrBusy)
		_, err := b.Link()
		require.NoError(t, err)
	})
}
