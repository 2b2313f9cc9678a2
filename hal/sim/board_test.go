// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

func TestNewBoardLoadsItsStore(t *testing.T) {
	flash := new(store.Memory)
	require.NoError(t, wifistore.Save(flash, homeSTA))
	air := sim.NewAir(sim.AirConfig{})
	b, err := air.NewBoard(sim.BoardConfig{Store: flash})
	require.NoError(t, err)
	defer b.Close()
	cfg, err := b.StationConfig()
	require.NoError(t, err)
	require.Equal(t, homeSTA, cfg)
	require.Equal(t, hal.ModeSTA, b.Mode())
	require.Equal(t, hal.StorageFlash, b.Storage())
}

// TestConfigIsCommitted: what SetStationConfig wrote survives a power cut.
func TestConfigIsCommitted(t *testing.T) {
	flash := new(store.Memory)
	air := sim.NewAir(sim.AirConfig{})
	b, err := air.NewBoard(sim.BoardConfig{Store: flash})
	require.NoError(t, err)
	defer b.Close()
	for _, want := range []hal.StationConfig{homeSTA, {}, homeSTA} {
		require.NoError(t, b.SetStationConfig(want))
		flash.Restore(flash.Snapshot()) // power cut
		require.NoError(t, b.Reboot())
		cfg, err := b.StationConfig()
		require.NoError(t, err)
		require.Equal(t, want, cfg)
	}
	require.NoError(t, b.Restore())
	flash.Restore(flash.Snapshot())
	for e := range flash.Entries("") {
		t.Errorf("left after Restore: %v", e)
	}
}

func TestRebootLosesRAM(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		ap := addAP(t, air, home)
		b, j := started(t, air, sim.BoardConfig{})
		require.NoError(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "PROV"}))
		connect(t, b, homeSTA)
		time.Sleep(time.Second)
		require.Len(t, j.take(), 2)
		require.NoError(t, b.StartScan(hal.ScanConfig{}))

		require.NoError(t, b.Reboot())
		time.Sleep(time.Hour)
		require.Empty(t, j.take(), "subscribers are gone")
		require.Zero(t, ap.Stations())
		require.Equal(t, hal.ModeSTA, b.Mode())
		_, open := b.SoftAP()
		require.False(t, open)
		require.ErrorIs(t, b.Connect(), hal.ErrNotStarted)
		require.Empty(t, results(t, b))

		j = watch(b)
		require.NoError(t, b.Start())
		require.NoError(t, b.Connect())
		time.Sleep(time.Second)
		require.Equal(t, []string{"0s StationStart", "500ms Connected", "500ms GotIP 192.168.1.77"}, j.take())
	})
}

func TestRebootInsideHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, home)
		b, j := started(t, air, sim.BoardConfig{})
		calls := 0
		b.Subscribe(func(hal.Event) {
			calls++
			require.NoError(t, b.Reboot())
		})
		connect(t, b, homeSTA)
		time.Sleep(time.Hour)
		// Connected and GotIP happen together; the reboot loses the second.
		require.Equal(t, []string{"500ms Connected"}, j.take())
		require.Equal(t, 1, calls)
	})
}

// failing is a store that fails when told to.
type failing struct {
	store.Memory
	set, get error
}

func (f *failing) Set(ns, key string, typ store.Type, v []byte) error {
	if f.set != nil {
		return f.set
	}
	return f.Memory.Set(ns, key, typ, v)
}

func (f *failing) Get(dst []byte, ns, key string, typ store.Type) ([]byte, error) {
	if f.get != nil {
		return dst, f.get
	}
	return f.Memory.Get(dst, ns, key, typ)
}

func TestStoreFailures(t *testing.T) {
	broken := errors.New("flash is broken")
	flash := &failing{}
	air := sim.NewAir(sim.AirConfig{})
	b, err := air.NewBoard(sim.BoardConfig{Store: flash})
	require.NoError(t, err)
	defer b.Close()
	require.NoError(t, b.SetStationConfig(homeSTA))

	flash.set = broken
	require.ErrorIs(t, b.SetStationConfig(hal.StationConfig{SSID: "Other"}), broken)
	cfg, err := b.StationConfig()
	require.NoError(t, err)
	require.Equal(t, homeSTA, cfg, "RAM is as it was")
	require.NoError(t, b.SetStorage(hal.StorageRAM))
	require.NoError(t, b.SetStationConfig(hal.StationConfig{SSID: "Other"}), "RAM needs no flash")

	flash.set, flash.get = nil, broken
	require.ErrorIs(t, b.Reboot(), broken)
	_, err = b.StationConfig()
	require.ErrorIs(t, err, broken)
	_, err = air.NewBoard(sim.BoardConfig{Store: flash})
	require.ErrorIs(t, err, broken)

	flash.get = nil
	require.NoError(t, b.Reboot())
	cfg, err = b.StationConfig()
	require.NoError(t, err)
	require.Equal(t, homeSTA, cfg, "flash is as it was")
}

func TestConfigRanges(t *testing.T) {
	air := sim.NewAir(sim.AirConfig{})
	b, err := air.NewBoard(sim.BoardConfig{})
	require.NoError(t, err)
	defer b.Close()
	for _, cfg := range []hal.StationConfig{
		{SSID: "123456789012345678901234567890123"},
		{SSID: "a", Passphrase: hal.Secret(make([]byte, 65))},
		{SSID: "a", Channel: 15},
		{SSID: "a", ScanMethod: 2},
	} {
		require.Error(t, b.SetStationConfig(cfg))
	}
	require.Error(t, b.SetStorage(2))
	require.Error(t, b.SetMode(4))
	_, err = air.AddAP(sim.APConfig{SSID: "123456789012345678901234567890123"})
	require.Error(t, err)
	_, err = air.AddAP(sim.APConfig{Channel: 15})
	require.Error(t, err)
}

func TestClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		ap := addAP(t, air, home)
		b, j := started(t, air, sim.BoardConfig{})
		connect(t, b, homeSTA)
		time.Sleep(time.Second)
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		j.take()
		b.Close()
		b.Close()
		time.Sleep(time.Hour)
		require.Empty(t, j.take())
		require.Zero(t, ap.Stations())
		for name, err := range map[string]error{
			"SetMode": b.SetMode(hal.ModeSTA), "Start": b.Start(), "SetStorage": b.SetStorage(hal.StorageRAM),
			"SetStationConfig": b.SetStationConfig(homeSTA), "Restore": b.Restore(), "Connect": b.Connect(),
			"StartScan": b.StartScan(hal.ScanConfig{}), "StartSoftAP": b.StartSoftAP(hal.SoftAPConfig{SSID: "a"}),
			"Reboot": b.Reboot(),
		} {
			require.ErrorIs(t, err, sim.ErrClosed, name)
		}
		_, err := b.StationConfig()
		require.ErrorIs(t, err, sim.ErrClosed)
		_, err = b.ScanResults(nil)
		require.ErrorIs(t, err, sim.ErrClosed)
		_, err = b.Link()
		require.ErrorIs(t, err, hal.ErrNotConnected)
		require.NoError(t, errors.Join(b.Disconnect(), b.StopScan(), b.StopSoftAP()))
		b.Subscribe(func(hal.Event) {})()
	})
}

// manual is a clock that fires when told to and counts pending timers.
type manual struct{ pending map[*manualTimer]func() }

type manualTimer struct{ clock *manual }

func (m *manual) AfterFunc(_ time.Duration, fn func()) hal.Timer {
	timer := &manualTimer{m}
	m.pending[timer] = fn
	return timer
}

func (t *manualTimer) Stop() bool {
	_, ok := t.clock.pending[t]
	delete(t.clock.pending, t)
	return ok
}

func (m *manual) fire() {
	for len(m.pending) > 0 {
		for timer, fn := range m.pending {
			delete(m.pending, timer)
			fn()
			break
		}
	}
}

func TestNoTimerIsLeft(t *testing.T) {
	clock := &manual{map[*manualTimer]func(){}}
	air := sim.NewAir(sim.AirConfig{Clock: clock})
	addAP(t, air, home)
	b, err := air.NewBoard(sim.BoardConfig{})
	require.NoError(t, err)
	require.Empty(t, clock.pending, "an idle board has none")
	for name, end := range map[string]func(){"Reboot": func() { _ = b.Reboot() }, "Close": b.Close} {
		b.Subscribe(func(hal.Event) {})
		require.NoError(t, b.Start())
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		require.NotEmpty(t, clock.pending)
		end()
		require.Empty(t, clock.pending, name)
		if name == "Close" {
			if b, err = air.NewBoard(sim.BoardConfig{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	log := ""
	b.Subscribe(func(e hal.Event) { log += e.Kind.String() + " " })
	require.NoError(t, b.Start())
	connect(t, b, homeSTA)
	require.Empty(t, log, "nothing happens inside methods")
	clock.fire()
	require.Equal(t, "StationStart Connected GotIP ", log)
	require.Empty(t, clock.pending)
}

func TestNegativeOrNoTimeScaleIsOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, scale := range []float64{0, -1, 1} {
			var fired atomic.Bool
			sim.NewAir(sim.AirConfig{TimeScale: scale}).Clock().AfterFunc(time.Second, func() { fired.Store(true) })
			time.Sleep(time.Second - 1)
			require.False(t, fired.Load())
			time.Sleep(1)
			synctest.Wait()
			require.True(t, fired.Load())
		}
		never := sim.NewAir(sim.AirConfig{TimeScale: 1e-300}).Clock().AfterFunc(time.Second, func() { t.Error("too early") })
		defer never.Stop()
		timer := sim.NewAir(sim.AirConfig{TimeScale: 0.5}).Clock().AfterFunc(time.Second, func() { t.Error("too early") })
		time.Sleep(2*time.Second - 1)
		require.True(t, timer.Stop())
		require.False(t, timer.Stop())
	})
}

func TestDefaults(t *testing.T) {
	air := sim.NewAir(sim.AirConfig{})
	for i := range 300 {
		ap := addAP(t, air, sim.APConfig{SSID: "x"})
		n := i + 1
		require.Equal(t, hal.AccessPoint{
			SSID: "x", BSSID: hal.BSSID{0x02, 0x11, 0x22, 0x33, 0x44 + byte(n>>8), byte(n)}, Channel: 1, RSSI: sim.DefaultRSSI,
		}, ap.Info())
	}
	own := hal.BSSID{1, 2, 3, 4, 5, 6}
	ap := addAP(t, air, sim.APConfig{BSSID: own})
	require.Equal(t, own, ap.Info().BSSID)

	// Configure keeps the BSSID unless it gets one, and changes nothing on
	// an error.
	require.NoError(t, ap.Configure(sim.APConfig{SSID: "new", Channel: 3, Absent: true}))
	require.Equal(t, hal.AccessPoint{SSID: "new", BSSID: own, Channel: 3, RSSI: sim.DefaultRSSI}, ap.Info())
	before := ap.Config()
	require.True(t, before.Absent)
	require.Error(t, ap.Configure(sim.APConfig{Channel: 99}))
	require.Equal(t, before, ap.Config())
	ap.Appear()
	require.False(t, ap.Config().Absent)
}

// TestCancelDuringTheSameEvent: who is cancelled by the first handler of an
// event is not called for it any more.
func TestCancelDuringTheSameEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		defer b.Close()
		calls := 0
		var cancels [2]func()
		for i := range cancels {
			cancels[i] = b.Subscribe(func(hal.Event) {
				calls++
				cancels[1-i]()
			})
		}
		require.NoError(t, b.Start())
		synctest.Wait()
		require.Equal(t, 1, calls)
	})
}

// TestSubscribersSeeOnlyWhatComes: an event that happened before Subscribe is
// not delivered, even if others still wait for it.
func TestSubscribersSeeOnlyWhatComes(t *testing.T) {
	clock := &manual{map[*manualTimer]func(){}}
	b, err := sim.NewAir(sim.AirConfig{Clock: clock}).NewBoard(sim.BoardConfig{})
	require.NoError(t, err)
	defer b.Close()
	log := ""
	b.Subscribe(func(hal.Event) { log += "first " })
	require.NoError(t, b.Start())
	b.Subscribe(func(hal.Event) { log += "second " })
	clock.fire()
	require.Equal(t, "first ", log)
	require.NoError(t, b.StartScan(hal.ScanConfig{}))
	require.NoError(t, b.StopScan())
	clock.fire()
	require.Equal(t, "first first second ", log)
}
