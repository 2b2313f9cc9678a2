// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

var errScripted = errors.New("scripted")

// faulty returns a started board behind Faults.
func faulty(t testing.TB, cfg sim.AirConfig) (*sim.Faults, *sim.Board, *journal) {
	t.Helper()
	air := sim.NewAir(cfg)
	addAP(t, air, home)
	b, err := air.NewBoard(sim.BoardConfig{})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	require.NoError(t, b.Start())
	f := sim.NewFaults(b, air.Clock())
	return f, b, watch(f)
}

// everyCall calls each method of a HAL by its name.
func everyCall(w interface {
	hal.WiFi
	hal.SoftAP
	hal.JoinReporter
	Reboot() error
}) map[sim.Method]func() error {
	return map[sim.Method]func() error{
		sim.MethodSetMode:          func() error { return w.SetMode(hal.ModeSTA) },
		sim.MethodStart:            w.Start,
		sim.MethodSetStorage:       func() error { return w.SetStorage(hal.StorageFlash) },
		sim.MethodSetStationConfig: func() error { return w.SetStationConfig(homeSTA) },
		sim.MethodStationConfig:    func() error { _, err := w.StationConfig(); return err },
		sim.MethodRestore:          w.Restore,
		sim.MethodConnect:          w.Connect,
		sim.MethodDisconnect:       w.Disconnect,
		sim.MethodLink: func() error {
			if _, err := w.Link(); !errors.Is(err, hal.ErrNotConnected) {
				return err
			}
			return nil
		},
		sim.MethodStartScan:   func() error { return w.StartScan(hal.ScanConfig{}) },
		sim.MethodStopScan:    w.StopScan,
		sim.MethodScanResults: func() error { _, err := w.ScanResults(nil); return err },
		sim.MethodStartSoftAP: func() error { return w.StartSoftAP(hal.SoftAPConfig{SSID: "a"}) },
		sim.MethodStopSoftAP:  w.StopSoftAP,
		sim.MethodReboot:      w.Reboot,
		sim.MethodJoinInfo:    func() error { _, err := w.JoinInfo(); return err },
		sim.MethodIPConfig: func() error {
			if _, err := w.IPConfig(); !errors.Is(err, hal.ErrNotConnected) {
				return err
			}
			return nil
		},
	}
}

func TestFailNthCallOfEachMethod(t *testing.T) {
	f, b, _ := faulty(t, sim.AirConfig{})
	for m, call := range everyCall(f) {
		prepare := func() {
			require.NoError(t, errors.Join(b.Reboot(), b.Start(), b.SetStationConfig(homeSTA)))
		}
		for _, nth := range []int{1, 3} {
			before := f.Calls(m)
			f.Fail(m, nth, errScripted)
			for i := 1; i <= 4; i++ {
				prepare()
				if i == nth {
					require.ErrorIs(t, call(), errScripted, m)
				} else {
					require.NoError(t, call(), "%v %d", m, i)
				}
			}
			require.Equal(t, before+4, f.Calls(m))
		}
		f.Fail(m, 0, errScripted)
		for range 3 {
			require.ErrorIs(t, call(), errScripted, m)
		}
		f.Clear()
		prepare()
		require.NoError(t, call(), m)
	}
	require.Zero(t, f.Calls(99))
}

func TestFailedCallDoesNotReachTheHAL(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, b, j := faulty(t, sim.AirConfig{})
		require.NoError(t, f.SetStationConfig(homeSTA))
		f.Fail(sim.MethodSetStationConfig, 1, errScripted)
		require.ErrorIs(t, f.SetStationConfig(hal.StationConfig{SSID: "other"}), errScripted)
		cfg, err := b.StationConfig()
		require.NoError(t, err)
		require.Equal(t, homeSTA, cfg)
		f.Fail(sim.MethodConnect, 1, errScripted)
		require.ErrorIs(t, f.Connect(), errScripted)
		time.Sleep(time.Hour)
		require.Empty(t, j.take())
	})
}

func TestOnCall(t *testing.T) {
	f, b, _ := faulty(t, sim.AirConfig{})
	f.OnCall(func(m sim.Method, n int) error {
		if m == sim.MethodRestore && n == 2 {
			return errScripted
		}
		if m == sim.MethodStart {
			return b.Reboot() // may call anything
		}
		return nil
	})
	require.NoError(t, f.Restore())
	require.ErrorIs(t, f.Restore(), errScripted)
	require.NoError(t, f.Restore())
	require.NoError(t, f.Start())
	f.OnCall(nil)
	require.NoError(t, f.Restore())
}

func TestEventsLostAndReplaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, _, j := faulty(t, sim.AirConfig{})
		require.NoError(t, f.SetStationConfig(homeSTA))
		f.Replace(hal.EventGotIP, 2)
		f.Replace(hal.EventConnected, 1, hal.Event{Kind: hal.EventConnected}, hal.Event{Kind: hal.EventConnected})
		round := func() []string {
			require.NoError(t, f.Connect())
			time.Sleep(500 * time.Millisecond)
			lines := j.take()
			require.NoError(t, f.Disconnect())
			j.take()
			return lines
		}
		require.Equal(t, []string{"500ms Connected", "500ms Connected", "500ms GotIP 192.168.1.77"}, round())
		require.Equal(t, []string{"1s Connected"}, round())
		require.Equal(t, []string{"1.5s Connected", "1.5s GotIP 192.168.1.77"}, round())
		f.Replace(hal.EventGotIP, 0, hal.Event{Kind: hal.EventDisconnected, Reason: hal.ReasonBeaconTimeout})
		require.Equal(t, []string{"2s Connected", "2s Disconnected 200"}, round())
		require.Equal(t, []string{"2.5s Connected", "2.5s Disconnected 200"}, round())
	})
}

func TestDelay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, _, j := faulty(t, sim.AirConfig{TimeScale: 2})
		f.Delay(hal.EventScanDone, 10*time.Second)
		f.Delay(hal.EventConnected, time.Second)
		f.Delay(99, time.Second)
		require.NoError(t, f.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Minute)
		require.Equal(t, []string{"5.78s ScanDone"}, j.take())
		connect(t, f, homeSTA)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"1m0.25s GotIP 192.168.1.77", "1m0.75s Connected"}, j.take(), "others overtake")
	})
}

func TestDelayedEventsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, _, j := faulty(t, sim.AirConfig{})
		f.Delay(hal.EventScanDone, time.Hour)
		for range 100 {
			require.NoError(t, f.StartScan(hal.ScanConfig{Channel: 1}))
			time.Sleep(time.Second)
		}
		require.Len(t, j.take(), 100-64)
		time.Sleep(2 * time.Hour)
		require.Len(t, j.take(), 64)
	})
}

func TestFaultsReboot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, b, j := faulty(t, sim.AirConfig{})
		cancel := f.Subscribe(func(hal.Event) { t.Error("called after reboot") })
		f.Delay(hal.EventScanDone, time.Second)
		require.NoError(t, f.StartScan(hal.ScanConfig{Channel: 1}))
		time.Sleep(500 * time.Millisecond)
		require.NoError(t, f.Reboot())
		cancel()
		time.Sleep(time.Minute)
		require.Empty(t, j.take())
		j = watch(f)
		require.NoError(t, f.Start())
		require.Equal(t, []string{"0s StationStart"}, j.take())
		require.Equal(t, 3, f.Calls(sim.MethodSubscribe))
		_ = b
	})
}

// What waits for its delay is lost in a reboot: those who subscribe afterwards do
// not get an event of the time before, and theirs come as they should.
func TestDelayedEventsAreLostInAReboot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, _, _ := faulty(t, sim.AirConfig{})
		f.Delay(hal.EventScanDone, 10*time.Second)
		f.Delay(hal.EventStationStart, time.Second)
		require.NoError(t, f.StartScan(hal.ScanConfig{Channel: 1})) // done after 120 ms
		time.Sleep(time.Second)
		require.NoError(t, f.Reboot())
		j := watch(f)
		require.NoError(t, f.Start())
		time.Sleep(5 * time.Second)
		require.Equal(t, []string{"1s StationStart"}, j.take())
		require.NoError(t, f.StartScan(hal.ScanConfig{Channel: 1}))
		time.Sleep(time.Minute)
		require.Equal(t, []string{"15.12s ScanDone"}, j.take(), "the one of this time alone")

		// A rebooted device forgets its own, and takes as many as a new one when
		// those of before have run out.
		for range 2 {
			for range 64 {
				require.NoError(t, f.StartScan(hal.ScanConfig{Channel: 1}))
				time.Sleep(125 * time.Millisecond)
			}
			require.Empty(t, j.take(), "all wait")
			require.NoError(t, f.Reboot())
			time.Sleep(time.Minute)
			j = watch(f)
			require.NoError(t, f.Start())
			time.Sleep(time.Second)
			require.Len(t, j.take(), 1)
		}
	})
}

// A subscription of before a reboot that is cancelled after it does not end one of
// afterwards.
func TestCancelAfterReboot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, _, _ := faulty(t, sim.AirConfig{})
		cancel := f.Subscribe(func(hal.Event) {})
		old := watch(f)
		require.NoError(t, f.Reboot())
		j := watch(f)
		cancel()
		cancel()
		require.NoError(t, f.Start())
		require.Equal(t, []string{"0s StationStart"}, j.take())
		require.Empty(t, old.take(), "who subscribed before")
	})
}

// below is a HAL whose events a test makes, as they come from a thread that a
// reboot does not wait for.
type below struct {
	hal.WiFi
	fns []func(hal.Event)
}

func (b *below) Subscribe(fn func(hal.Event)) func() {
	b.fns = append(b.fns, fn)
	return func() {}
}
func (*below) Reboot() error { return nil }

// An event that is under way when the device reboots is of before.
func TestEventDuringReboot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &below{}
		f := sim.NewFaults(b, nil)
		f.Delay(hal.EventScanDone, time.Second)
		watch(f)
		require.NoError(t, f.Reboot())
		j := watch(f)
		require.Len(t, b.fns, 2)
		for _, e := range []hal.Event{{Kind: hal.EventScanDone}, {Kind: hal.EventConnected}} {
			b.fns[0](e)
		}
		time.Sleep(time.Minute)
		require.Empty(t, j.take())
		b.fns[1](hal.Event{Kind: hal.EventConnected})
		require.Equal(t, []string{"1m0s Connected"}, j.take())
	})
}

// wifiOnly hides everything but hal.WiFi.
type wifiOnly struct{ hal.WiFi }

func TestWrappersOverWiFiOnly(t *testing.T) {
	_, b, _ := faulty(t, sim.AirConfig{})
	f := sim.NewFaults(wifiOnly{b}, nil)
	require.ErrorContains(t, f.StartSoftAP(hal.SoftAPConfig{SSID: "a"}), "no SoftAP")
	require.ErrorContains(t, f.StopSoftAP(), "no SoftAP")
	require.ErrorContains(t, f.Reboot(), "cannot reboot")
	for _, w := range []interface {
		hal.ChannelLister
		hal.Claimer
		hal.Limited
	}{f, sim.NewRecorder(f)} {
		require.Nil(t, w.ScanChannels())
		_, err := w.Claim()
		require.ErrorIs(t, err, hal.ErrNotSupported)
		require.Zero(t, w.Limits())
	}
}

// limitedWiFi says what it cannot do.
type limitedWiFi struct{ hal.WiFi }

func (limitedWiFi) Limits() hal.Limits { return hal.LimitPassive }

// Wrappers pass the abilities of what they wrap on, unseen.
func TestWrappersPassAbilitiesOn(t *testing.T) {
	_, b, _ := faulty(t, sim.AirConfig{})
	r := sim.NewRecorder(sim.NewFaults(b, nil))
	require.Equal(t, b.ScanChannels(), r.ScanChannels())
	release, err := r.Claim()
	require.NoError(t, err)
	_, err = b.Claim()
	require.ErrorIs(t, err, hal.ErrInUse)
	release()
	_, err = b.Claim()
	require.NoError(t, err)
	require.Empty(t, r.Lines())
	require.Equal(t, hal.LimitPassive, sim.NewRecorder(sim.NewFaults(limitedWiFi{b}, nil)).Limits())
}

// TestFaultsLeaveTheHALAlone: without subscribers there is no subscription
// below.
func TestFaultsLeaveTheHALAlone(t *testing.T) {
	_, b, _ := faulty(t, sim.AirConfig{})
	below := sim.NewRecorder(b)
	f := sim.NewFaults(below, nil)
	for range 2 {
		one, two := f.Subscribe(func(hal.Event) {}), f.Subscribe(func(hal.Event) {})
		one()
		one()
		two()
	}
	require.Equal(t, "Subscribe()\ncancel()\nSubscribe()\ncancel()\n", below.String())
}
