// SPDX-License-Identifier: Apache-2.0

package simdevice_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

func TestRefuseJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{Faults: []simdevice.Fault{{Kind: simdevice.RefuseJoin}}})
		phone := device.Phone(quick)
		_, err := phone.Provision(t.Context(), simdevice.Right)
		require.ErrorIs(t, err, client.ErrAuth)
		require.NoError(t, phone.Reset(t.Context()))
		_, err = phone.Provision(t.Context(), simdevice.Right)
		require.NoError(t, err)
	})
}

// Answers that do not come, come late or in part, and links that break.
func TestAnswers(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg simdevice.Config) {
		device := simdevice.Test(t, cfg)
		phone := device.Phone(quick)
		require.NoError(t, phone.Connect(t.Context()))
		for _, fault := range []simdevice.Fault{
			{Kind: simdevice.DropAnswer}, {Kind: simdevice.TruncateAnswer}, {Kind: simdevice.CutLink}, {Kind: simdevice.PowerCut, Endpoint: "prov-ctrl", For: time.Second},
		} {
			require.NoError(t, device.Inject(fault))
			require.Error(t, phone.Reset(t.Context()), fault)
			require.NoError(t, phone.Close())
			time.Sleep(10 * time.Second)
			phone = device.Phone(quick)
			require.NoError(t, phone.Connect(t.Context()), fault)
		}
		require.NoError(t, device.Inject(simdevice.Fault{Kind: simdevice.DelayAnswer, Delay: 20 * time.Second, Endpoint: "prov-ctrl"}))
		_, err := phone.Scan(t.Context(), client.ScanOptions{})
		require.NoError(t, err)
		before := time.Now()
		require.NoError(t, phone.Reset(t.Context()))
		require.InDelta(t, 20, time.Since(before).Seconds(), 1)
	})
}

func TestStaleSession(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg simdevice.Config) {
		if cfg.Security.Mode() == 0 {
			return
		}
		device := simdevice.Test(t, cfg)
		phone := device.Phone(quick)
		require.NoError(t, phone.Connect(t.Context()))
		require.NoError(t, device.Inject(simdevice.Fault{Kind: simdevice.StaleSession}))
		require.Error(t, phone.Reset(t.Context()))
		require.NoError(t, phone.Connect(t.Context()))
		require.NoError(t, phone.Reset(t.Context()))
	})
}

func TestPowerCutInFlash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{})
		require.NoError(t, device.Inject(simdevice.Fault{Kind: simdevice.PowerCutInFlash, Operation: 3, For: time.Minute}))
		_, err := device.Phone(quick).Provision(t.Context(), simdevice.Right)
		require.Error(t, err)
		device.Until(simdevice.Named("POWER_OFF"))
		device.Until(simdevice.Is(wifiprov.EventStart))
		_, err = device.Phone(quick).Provision(t.Context(), simdevice.Right)
		require.NoError(t, err)
	})
}

func TestNoAddressAndLostNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{})
		require.NoError(t, device.Inject(simdevice.Fault{Kind: simdevice.NoAddress, For: time.Minute}))
		before := time.Now()
		_, err := device.Phone(quick).Provision(t.Context(), simdevice.Right)
		require.NoError(t, err)
		require.InDelta(t, 60, time.Since(before).Seconds(), 1)
		device.Until(simdevice.Is(wifiprov.EventEnd))
		require.NoError(t, device.Inject(simdevice.Fault{Kind: simdevice.LoseNetwork, Reason: hal.ReasonAuthExpire, After: time.Hour}))
		device.Until(simdevice.Named("STA_DISCONNECTED"))
		require.InDelta(t, 3660, time.Since(before).Seconds(), 5)
		device.Until(simdevice.Named("GOT_IP"))
	})
}

func TestBadFaults(t *testing.T) {
	device, err := simdevice.New(simdevice.Config{})
	require.NoError(t, err)
	for _, fault := range []simdevice.Fault{
		{}, {Kind: "x"}, {Kind: simdevice.Reboot, Delay: 1}, {Kind: simdevice.DelayAnswer}, {Kind: simdevice.DropAnswer, After: -1},
		{Kind: simdevice.SmallMTU}, {Kind: simdevice.LoseNetwork, Times: 2}, {Kind: simdevice.CutLink, Bytes: 1},
		{Kind: simdevice.CutLink, Reason: 1}, {Kind: simdevice.CutLink, For: 1}, {Kind: simdevice.CutLink, Operation: 1},
	} {
		require.Error(t, device.Inject(fault), "%+v", fault)
	}
}
