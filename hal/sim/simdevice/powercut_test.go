// SPDX-License-Identifier: Apache-2.0

package simdevice_test

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/test/leak"
	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// lines are the ways to a device, in memory.
var lines = map[string]simdevice.Config{
	"HTTP":          {},
	"BLE":           {Transport: simdevice.BLE},
	"BLE encrypted": {Transport: simdevice.BLE, BLE: ble.Config{Encrypt: true, Bonding: true}},
	"console":       {Transport: simdevice.Console},
}

// story is what a phone does that wants all: scan, then provision.
func story(t *testing.T, device *simdevice.Device, cfg client.Config) error {
	phone, err := device.Client(cfg)
	if err != nil {
		return err
	}
	defer phone.Close()
	if err := phone.Connect(t.Context()); err != nil {
		return err
	}
	if _, err := phone.Scan(t.Context(), client.ScanOptions{GroupChannels: 5}); err != nil {
		return err
	}
	_, err = phone.Provision(t.Context(), simdevice.Right)
	return err
}

// recovers expects that a device without power boots, and is provisioned or can be.
func recovers(t *testing.T, device *simdevice.Device) {
	t.Helper()
	require.NoError(t, device.PowerOn())
	if !device.Provisioned() {
		_, err := device.Await(t.Context(), simdevice.Named("POWER_OFF"))
		require.NoError(t, err)
		_, err = device.Await(t.Context(), simdevice.Is(wifiprov.EventStart))
		require.NoError(t, err)
		require.NoError(t, story(t, device, quick))
	}
	_, err := device.Await(t.Context(), simdevice.Named("GOT_IP"))
	require.NoError(t, err)
}

// The power goes at any moment of a provisioning, and at any request. The device boots
// and can be provisioned, or has been. Nothing is left in the bubble.
func TestPowerCutAtAnyMoment(t *testing.T) {
	const whole = 5 * time.Second // of the story
	for name, cfg := range lines {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(len(name))))
			cuts := map[bool]int{}
			for i := range long.Count(t, 50, 500) {
				moment, request := time.Duration(random.Int64N(int64(whole))), 1+random.IntN(20)
				synctest.Test(t, func(t *testing.T) {
					device := simdevice.Test(t, cfg)
					fault := simdevice.Fault{Kind: simdevice.PowerCut, After: moment}
					if i%2 == 0 {
						fault = simdevice.Fault{Kind: simdevice.PowerCut, Request: request}
					}
					require.NoError(t, device.Inject(fault))
					err := story(t, device.Device, quick)
					cuts[err != nil]++
					time.Sleep(whole) // a fault after the story has its time too
					device.PowerCut()
					recovers(t, device.Device)
				})
			}
			require.Greater(t, cuts[true], 20, "the power did not go in the story")
			require.NotZero(t, cuts[false])
		})
	}
}

// The device is closed at any moment while a phone is with it: nothing is left.
func TestCloseAtAnyMoment(t *testing.T) {
	for name, cfg := range lines {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(2, uint64(len(name))))
			for range long.Count(t, 50, 500) {
				synctest.Test(t, func(t *testing.T) {
					device := simdevice.Test(t, cfg)
					done := make(chan error, 1)
					go func() { done <- story(t, device.Device, quick) }()
					time.Sleep(time.Duration(random.Int64N(int64(5 * time.Second))))
					before := time.Now()
					device.Close()
					require.Equal(t, before, time.Now())
					<-done
				})
			}
		})
	}
}

// The same on loopback in real time, 20 times as fast.
func TestPowerCutOnLoopback(t *testing.T) {
	before := runtime.NumGoroutine()
	hasty := client.Config{PollInterval: 20 * time.Millisecond, PollTimeout: time.Second}
	for range long.Count(t, 4, 50) {
		air := sim.NewAir(sim.AirConfig{TimeScale: 20})
		_, err := air.AddAP(simdevice.Home)
		require.NoError(t, err)
		device, err := simdevice.Start(simdevice.Config{Air: air, Listen: simnet.Loopback, App: simdevice.App{NoAutoStop: true}})
		require.NoError(t, err)
		_, err = device.Await(t.Context(), simdevice.Is(wifiprov.EventStart))
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() { done <- story(t, device, hasty) }()
		time.Sleep(rand.N(800 * time.Millisecond))
		device.PowerCut()
		<-done
		recovers(t, device)
		device.Close()
	}
	leak.Goroutines(t, before)
}

// The device reboots again and again while a phone polls: the phone is told that the
// session is lost, and can begin anew.
func TestRebootWhilePolling(t *testing.T) {
	for name, cfg := range lines {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device := simdevice.Test(t, cfg)
				device.Until(simdevice.Is(wifiprov.EventStart))
				require.NoError(t, device.Inject(simdevice.Fault{Kind: simdevice.NoAddress}))
				for range 5 {
					phone := device.Phone(quick)
					done := make(chan error, 1)
					go func() {
						_, err := phone.Provision(t.Context(), simdevice.Right)
						done <- err
					}()
					device.Until(simdevice.Named("STA_CONNECTED"))
					time.Sleep(10 * time.Second) // the phone polls: there is no address
					require.NoError(t, device.Reboot())
					require.ErrorIs(t, <-done, client.ErrSessionLost)
					require.NoError(t, phone.Close())
					require.NoError(t, device.FactoryReset())
					device.Until(simdevice.Named("POWER_ON"))
					device.Until(simdevice.Named("POWER_ON"))
				}
				device.ClearFaults()
				require.NoError(t, story(t, device.Device, quick))
			})
		})
	}
}
