// SPDX-License-Identifier: Apache-2.0

package haltest_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// broken is a HAL with one method or more replaced; nil ones are the board's.
type broken struct {
	*sim.Board
	setMode     func(hal.Mode) error
	start       func() error
	subscribe   func(func(hal.Event)) func()
	setStorage  func(hal.Storage) error
	setConfig   func(hal.StationConfig) error
	restore     func() error
	connect     func() error
	disconnect  func() error
	link        func() (hal.Link, error)
	startScan   func(hal.ScanConfig) error
	stopScan    func() error
	scanResults func([]hal.AccessPoint) (int, error)
	startSoftAP func(hal.SoftAPConfig) error
	stopSoftAP  func() error
	joinInfo    func() (hal.JoinInfo, error)
	ipConfig    func() (hal.IPConfig, error)
	channels    func() []uint8
	claim       func() (func(), error)
	limits      hal.Limits

	mu      sync.Mutex // guards what follows
	fns     []func(hal.Event)
	changes []func(*hal.StationConfig)
}

func or[F any](f F, isNil bool, otherwise F) F {
	if isNil {
		return otherwise
	}
	return f
}

func (b *broken) SetMode(m hal.Mode) error {
	return or(b.setMode, b.setMode == nil, b.Board.SetMode)(m)
}
func (b *broken) Start() error { return or(b.start, b.start == nil, b.Board.Start)() }
func (b *broken) Subscribe(fn func(hal.Event)) func() {
	b.mu.Lock()
	b.fns = append(b.fns, fn)
	b.mu.Unlock()
	return or(b.subscribe, b.subscribe == nil, b.Board.Subscribe)(fn)
}
func (b *broken) SetStorage(s hal.Storage) error {
	return or(b.setStorage, b.setStorage == nil, b.Board.SetStorage)(s)
}
func (b *broken) SetStationConfig(c hal.StationConfig) error {
	return or(b.setConfig, b.setConfig == nil, b.Board.SetStationConfig)(c)
}
func (b *broken) Restore() error { return or(b.restore, b.restore == nil, b.Board.Restore)() }
func (b *broken) Connect() error { return or(b.connect, b.connect == nil, b.Board.Connect)() }
func (b *broken) Disconnect() error {
	return or(b.disconnect, b.disconnect == nil, b.Board.Disconnect)()
}
func (b *broken) Link() (hal.Link, error) { return or(b.link, b.link == nil, b.Board.Link)() }
func (b *broken) StartScan(c hal.ScanConfig) error {
	return or(b.startScan, b.startScan == nil, b.Board.StartScan)(c)
}
func (b *broken) StopScan() error { return or(b.stopScan, b.stopScan == nil, b.Board.StopScan)() }
func (b *broken) ScanResults(dst []hal.AccessPoint) (int, error) {
	return or(b.scanResults, b.scanResults == nil, b.Board.ScanResults)(dst)
}
func (b *broken) StartSoftAP(c hal.SoftAPConfig) error {
	return or(b.startSoftAP, b.startSoftAP == nil, b.Board.StartSoftAP)(c)
}
func (b *broken) StopSoftAP() error {
	return or(b.stopSoftAP, b.stopSoftAP == nil, b.Board.StopSoftAP)()
}

func (b *broken) JoinInfo() (hal.JoinInfo, error) {
	return or(b.joinInfo, b.joinInfo == nil, b.Board.JoinInfo)()
}
func (b *broken) IPConfig() (hal.IPConfig, error) {
	return or(b.ipConfig, b.ipConfig == nil, b.Board.IPConfig)()
}

func (b *broken) ScanChannels() []uint8 {
	return or(b.channels, b.channels == nil, b.Board.ScanChannels)()
}
func (b *broken) Claim() (func(), error) { return or(b.claim, b.claim == nil, b.Board.Claim)() }
func (b *broken) Limits() hal.Limits     { return b.limits }

// tell tells all who subscribed.
func (b *broken) tell(e hal.Event) {
	b.mu.Lock()
	fns := slices.Clone(b.fns)
	b.mu.Unlock()
	go func() {
		for _, fn := range fns {
			fn(e)
		}
	}()
}

// more are the board's results behind one that is made up.
func (b *broken) more(dst []hal.AccessPoint, ap hal.AccessPoint) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	dst[0] = ap
	n, err := b.Board.ScanResults(dst[1:])
	return n + 1, err
}

// relabel reports other channels than those that were scanned.
func (b *broken) relabel(channels map[uint8]uint8) {
	b.scanResults = func(dst []hal.AccessPoint) (int, error) {
		n, err := b.Board.ScanResults(dst)
		for i := range dst[:n] {
			if c, ok := channels[dst[i].Channel]; ok {
				dst[i].Channel = c
			}
		}
		return n, err
	}
}

// joinWith keeps configurations, and joins with changed ones.
func (b *broken) joinWith(change func(*hal.StationConfig)) {
	b.changes = append(b.changes, change)
	b.connect = func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		storage := b.Board.Storage()
		cfg, err := b.Board.StationConfig()
		if err != nil {
			return err
		}
		changed := cfg
		for _, change := range b.changes {
			change(&changed)
		}
		return errors.Join(b.Board.SetStorage(hal.StorageRAM), b.Board.SetStationConfig(changed),
			b.Board.Connect(), b.Board.SetStationConfig(cfg), b.Board.SetStorage(storage))
	}
}

// events changes what each subscriber gets.
func (b *broken) events(change func(e hal.Event, fn func(hal.Event))) {
	b.subscribe = func(fn func(hal.Event)) func() {
		return b.Board.Subscribe(func(e hal.Event) { change(e, fn) })
	}
}

// run runs a check in a bubble on a board that mutate has changed.
func run(t *testing.T, c haltest.Check, mutate func(*broken)) (result error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		home, err := air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6})
		require.NoError(t, err)
		for _, cfg := range []sim.APConfig{
			{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -70, Channel: 6},
			{SSID: "Far", RSSI: -80, Channel: 11},
			{SSID: "Secret", Hidden: true, RSSI: -20, Channel: 11},
		} {
			_, err := air.AddAP(cfg)
			require.NoError(t, err)
		}
		board, e := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, e)
		defer board.Close()
		b := &broken{Board: board}
		mutate(b)
		result = c.Run(haltest.Rig{
			WiFi:    b,
			SoftAP:  b,
			Network: hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"},
			Channel: 6,
			Missing: hal.StationConfig{SSID: "Nowhere"},
			Wrong:   hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"},
			Reboot:  func() (hal.WiFi, error) { return b, board.Reboot() },
			Probes:  home.Probes,
		})
		time.Sleep(time.Hour) // methods that block return
	})
	return result
}

func TestBrokenHALsAreNoticed(t *testing.T) {
	checks := map[string]haltest.Check{}
	unused := map[string]bool{}
	for _, c := range haltest.Checks() {
		checks[c.Name], unused[c.Name] = c, true
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			for _, name := range m.red {
				c, ok := checks[name]
				require.True(t, ok, "no check %s", name)
				delete(unused, name)
				err := run(t, c, m.damage)
				require.Error(t, err, name)
				require.ErrorContains(t, err, m.says, name)
				require.NoError(t, run(t, c, func(*broken) {}), name)
			}
		})
	}
	require.Empty(t, unused, "checks that no broken HAL turns red")
}

// late is a HAL that uses all the freedom that the contracts leave to scans: one
// that was stopped ends a while later, and until then the radio is busy.
func late(b *broken) {
	var scanning, ending atomic.Bool
	busy := func(is *atomic.Bool) error {
		if is.Load() {
			return fmt.Errorf("%w: a scan", hal.ErrBusy)
		}
		return nil
	}
	b.events(func(e hal.Event, fn func(hal.Event)) {
		if e.Kind == hal.EventScanDone {
			scanning.Store(false)
			ending.Store(false)
		}
		fn(e)
	})
	b.startScan = func(c hal.ScanConfig) error {
		if err := busy(&ending); err != nil {
			return err
		}
		err := b.Board.StartScan(c)
		if err == nil {
			scanning.Store(true)
		}
		return err
	}
	b.stopScan = func() error {
		if scanning.Load() && ending.CompareAndSwap(false, true) {
			time.AfterFunc(300*time.Millisecond, func() { _ = b.Board.StopScan() })
		}
		return nil
	}
	b.scanResults = func(dst []hal.AccessPoint) (int, error) {
		if err := busy(&ending); err != nil {
			return 0, err
		}
		return b.Board.ScanResults(dst)
	}
	b.connect = func() error {
		if err := busy(&scanning); err != nil {
			return err
		}
		return b.Board.Connect()
	}
}

// limited is a HAL that can do what hal.Limits leaves to it, and says so.
func limited(b *broken) {
	b.limits = hal.LimitBSSID | hal.LimitMinAuth | hal.LimitPassive
	ignoreBSSID(b)
	ignoreMinAuth(b)
	ignorePassive(b)
}

// What the contracts allow is not taken for a fault.
func TestFreedomOfTheContracts(t *testing.T) {
	for name, mutate := range map[string]func(*broken){"late": late, "limited": limited} {
		for _, c := range haltest.Checks() {
			t.Run(name+"/"+c.Name, func(t *testing.T) { require.NoError(t, run(t, c, mutate)) })
		}
	}
}
