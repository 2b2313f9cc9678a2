// SPDX-License-Identifier: Apache-2.0

package simdevice_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/protocomm"
)

// happened returns when faults happened, in seconds since the first power-on.
func happened(device *simdevice.Device) (list []float64) {
	events := device.Events()
	for _, e := range events {
		if e.Kind == simdevice.Happened {
			list = append(list, e.Time.Sub(events[0].Time).Seconds())
		}
	}
	return list
}

// Faults of the configuration count from the first power-on, not from New.
func TestFaultsOfTheConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, err := simdevice.New(simdevice.Config{Faults: []simdevice.Fault{
			{Kind: simdevice.StaleSession, After: time.Minute},
			{Kind: simdevice.PowerCut, After: 2 * time.Minute, For: time.Minute},
			{Kind: simdevice.LoseNetwork, After: 150 * time.Second}, // while there is no power: nothing to lose
			{Kind: simdevice.Reboot, After: 4 * time.Minute},
		}})
		require.NoError(t, err)
		defer device.Close()
		time.Sleep(time.Hour)
		require.NoError(t, device.PowerOn())
		time.Sleep(time.Hour)
		require.Equal(t, []float64{60, 120, 240}, happened(device))
		var power []string
		for _, e := range device.Events() {
			if e.Kind == simdevice.PowerOn || e.Kind == simdevice.PowerOff {
				power = append(power, e.String())
			}
		}
		require.Equal(t, []string{"POWER_ON", "POWER_OFF power cut", "POWER_ON", "POWER_OFF reboot", "POWER_ON"}, power)
	})
	_, err := simdevice.New(simdevice.Config{Faults: []simdevice.Fault{{Kind: simdevice.Reboot}, {Kind: "flood"}}})
	require.ErrorContains(t, err, `Config.Faults[1]: there is no fault "flood"; take one of refuse-join,`)
	_, err = simdevice.New(simdevice.Config{Faults: []simdevice.Fault{{Kind: simdevice.SmallMTU}}})
	require.ErrorContains(t, err, "Config.Faults[0]: small-mtu is for devices with BLE")
}

// A fault is for the requests that it names: from the Request-th for its endpoint on,
// Times of them.
func TestWhichRequests(t *testing.T) {
	for _, tc := range []struct {
		fault simdevice.Fault
		late  []int // requests to prov-ctrl, from 1
	}{
		{simdevice.Fault{}, []int{1}},
		{simdevice.Fault{Request: 3}, []int{3}},
		{simdevice.Fault{Request: 2, Times: 3}, []int{2, 3, 4}},
		{simdevice.Fault{Times: -1, Request: 5}, []int{5, 6}},
		{simdevice.Fault{Endpoint: "prov-ctrl", Request: 2}, []int{2}},
		{simdevice.Fault{Endpoint: "prov-scan"}, nil},
		{simdevice.Fault{After: 3500 * time.Millisecond}, []int{5}}, // one a second
		{simdevice.Fault{After: 1500 * time.Millisecond, Request: 2}, []int{4}},
	} {
		synctest.Test(t, func(t *testing.T) {
			device := simdevice.Test(t, simdevice.Config{})
			phone := device.Phone(client.Config{})
			require.NoError(t, phone.Connect(t.Context()))
			tc.fault.Kind, tc.fault.Delay = simdevice.DelayAnswer, time.Millisecond
			require.NoError(t, device.Inject(tc.fault))
			var late []int
			for i := range 6 {
				began := time.Now()
				require.NoError(t, phone.Reset(t.Context()))
				if took := time.Since(began); took > 0 {
					require.Equal(t, time.Millisecond, took)
					late = append(late, i+1)
				}
				time.Sleep(time.Until(began.Add(time.Second)))
			}
			require.Equal(t, tc.late, late, "%+v", tc.fault)
		})
	}
}

// ClearFaults ends what is in force and what is to come, also what boots would bring
// back.
func TestClearFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{Transport: simdevice.BLE})
		for _, fault := range []simdevice.Fault{
			{Kind: simdevice.RefuseJoin, Times: -1}, {Kind: simdevice.NoAddress}, {Kind: simdevice.SlowScan, Delay: time.Hour},
			{Kind: simdevice.SmallMTU}, {Kind: simdevice.PowerCut, After: time.Minute}, {Kind: simdevice.Reboot, Request: 2},
			{Kind: simdevice.PowerCutInFlash}, {Kind: simdevice.DropAnswer, Times: -1},
		} {
			require.NoError(t, device.Inject(fault))
		}
		faults := len(happened(device.Device))
		device.ClearFaults()
		for range 2 {
			require.NoError(t, story(t, device.Device, quick))
			time.Sleep(time.Hour)
			require.NoError(t, device.FactoryReset())
		}
		require.Len(t, happened(device.Device), faults)
	})
}

// A refused join and a network without addresses stay over boots.
func TestFaultsStayOverBoots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{})
		require.NoError(t, device.Inject(simdevice.Fault{Kind: simdevice.RefuseJoin, Times: -1}))
		require.NoError(t, device.Reboot())
		require.ErrorIs(t, story(t, device.Device, quick), client.ErrAuth)
		device.ClearFaults()
		require.NoError(t, device.Inject(simdevice.Fault{Kind: simdevice.NoAddress, For: time.Hour}))
		require.NoError(t, device.FactoryReset())
		require.ErrorIs(t, story(t, device.Device, quick), client.ErrTimeout)
		time.Sleep(time.Hour)
		_, err := device.Await(t.Context(), simdevice.Named("GOT_IP"))
		require.NoError(t, err)
	})
}

// FactoryReset forgets the network, and the pairings of a device that bonds.
func TestFactoryReset(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg simdevice.Config) {
		device := simdevice.Test(t, cfg)
		mac := device.MAC()
		require.NoError(t, story(t, device.Device, quick))
		require.True(t, device.Provisioned())
		require.NoError(t, device.Reboot())
		require.True(t, device.Provisioned())
		device.PowerCut()
		require.False(t, device.Provisioned(), "without power")
		require.NoError(t, device.FactoryReset())
		require.False(t, device.On())
		require.NoError(t, device.PowerOn())
		require.False(t, device.Provisioned())
		require.Equal(t, mac, device.MAC())
		require.NoError(t, story(t, device.Device, quick))
	})
}

// Await looks at every event once, those of before the call included, ends with its
// context, and lets Events alone.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{})
		start := device.Until(simdevice.Is(wifiprov.EventStart))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		_, err := device.Await(ctx, simdevice.Is(wifiprov.EventInit)) // it was before START
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(began))
		require.Contains(t, device.Events(), start)

		time.AfterFunc(time.Hour, func() { _ = device.Reboot() })
		require.Equal(t, time.Hour+time.Minute, device.Until(simdevice.Named("POWER_OFF")).Time.Sub(began))
		device.Until(simdevice.Is(wifiprov.EventInit))
	})
}

// A device remembers as many events as it is to, and Await goes on with the oldest.
func TestKeepEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, keep := range []int{-1, 5, 0} {
			told := 0
			device := simdevice.Test(t, simdevice.Config{KeepEvents: keep, OnEvent: func(simdevice.Event) { told++ }})
			for range 100 {
				require.NoError(t, device.Reboot())
			}
			synctest.Wait()
			require.Greater(t, told, 300)
			switch events := device.Events(); keep {
			case -1:
				require.Empty(t, events)
			case 5:
				require.LessOrEqual(t, len(events), 5)
				require.NotEmpty(t, events)
				anyEvent := func(simdevice.Event) bool { return true }
				require.Equal(t, events[0], device.Until(anyEvent))
				for range 10 {
					require.NoError(t, device.Reboot())
				}
				synctest.Wait()
				require.Equal(t, device.Events()[0], device.Until(anyEvent))
			default:
				require.LessOrEqual(t, len(events), simdevice.DefaultKeep)
				require.Greater(t, len(events), simdevice.DefaultKeep*3/4)
			}
		}
	})
}

// OnEvent is told of events in the order of Events, one at a time.
func TestEventsInOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg simdevice.Config) {
		var told []simdevice.Event
		var inside atomic.Int32
		cfg.OnEvent = func(e simdevice.Event) {
			if inside.Add(1) != 1 {
				t.Error("two at a time")
			}
			runtime.Gosched()
			told = append(told, e)
			inside.Add(-1)
		}
		device := simdevice.Test(t, cfg)
		require.NoError(t, story(t, device.Device, quick))
		device.Until(simdevice.Is(wifiprov.EventEnd))
		device.PowerCut()
		time.Sleep(time.Second)
		require.Equal(t, device.Events(), told)
		for i, e := range told[1:] {
			require.False(t, e.Time.Before(told[i].Time), "%v after %v", e, told[i])
		}
	})
}

// A broken link and a reboot take the request with them: it has no effect.
func TestRequestsThatAreLost(t *testing.T) {
	for _, kind := range []simdevice.FaultKind{simdevice.CutLink, simdevice.Reboot} {
		everywhere(t, func(t *testing.T, cfg simdevice.Config) {
			device := simdevice.Test(t, cfg)
			phone := device.Phone(quick)
			require.NoError(t, phone.Connect(t.Context()))
			require.NoError(t, phone.Configure(t.Context(), simdevice.Right))
			require.NoError(t, device.Inject(simdevice.Fault{Kind: kind, Endpoint: "prov-config"}))
			require.Error(t, phone.Apply(t.Context()))
			time.Sleep(time.Minute)
			for _, e := range device.Events() {
				require.False(t, simdevice.Is(wifiprov.EventCredRecv)(e))
			}
		})
	}
}

// A reboot keeps the keys of pairings, FactoryReset forgets them.
func TestFactoryResetForgetsPairings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, lines["BLE encrypted"])
		transport, err := device.DialBLE(blecentral.Config{Pairing: &blecentral.Pairing{Bonding: true}}, client.BLEConfig{})
		require.NoError(t, err)
		phone, err := client.New(transport, client.Config{PoP: simdevice.DefaultPoP})
		require.NoError(t, err)
		defer phone.Close()
		require.NoError(t, phone.Connect(t.Context()))
		connect := func(restart func() error) error {
			require.NoError(t, restart())
			time.Sleep(10 * time.Second)
			if err := phone.Connect(t.Context()); !errors.Is(err, blecentral.ErrLinkLost) { // it finds out only now
				return err
			}
			return phone.Connect(t.Context())
		}
		require.NoError(t, connect(device.Reboot))
		require.ErrorIs(t, connect(device.FactoryReset), blecentral.ErrKeyMissing)
	})
}

// Close waits for a handler that is running; a power cut does not.
func TestCloseWaits(t *testing.T) {
	for _, cut := range []bool{false, true} {
		everywhere(t, func(t *testing.T, cfg simdevice.Config) {
			running := make(chan struct{})
			cfg.Endpoints = []simdevice.Endpoint{{Name: "slow", Handler: func(protocomm.SessionID, []byte) ([]byte, error) {
				close(running)
				time.Sleep(20 * time.Second)
				return nil, nil
			}}}
			device := simdevice.Test(t, cfg)
			phone := device.Phone(quick)
			require.NoError(t, phone.Connect(t.Context()))
			go phone.Custom(t.Context(), "slow", []byte("x"))
			<-running
			began := time.Now()
			if cut {
				device.PowerCut()
				require.Equal(t, began, time.Now())
			}
			device.Close()
			require.Equal(t, 20*time.Second, time.Since(began))
		})
	}
}
