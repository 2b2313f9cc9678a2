package haltest_test

import (
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

// events changes what each subscriber gets.
func (b *broken) events(change func(e hal.Event, fn func(hal.Event))) {
	b.subscribe = func(fn func(hal.Event)) func() {
		return b.Board.Subscribe(func(e hal.Event) { change(e, fn) })
	}
}

// run runs a check in a bubble on a board that mutate has changed.
func run(t *testing.T, c haltest.Check, mutate func(*broken)) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		for _, cfg := range []sim.APConfig{
			{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6},
			{SSID: "Far", RSSI: -80, Channel: 11},
		} {
			_, err := air.AddAP(cfg)
			require.NoError(t, err)
		}
		board, e := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, e)
		defer board.Close()
		b := &broken{Board: board}
		mutate(b)
		err = c.Run(haltest.Rig{
			WiFi:    b,
			SoftAP:  b,
			Network: hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"},
			Channel: 6,
			Missing: hal.StationConfig{SSID: "Nowhere"},
			Wrong:   hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"},
			Reboot:  func() (hal.WiFi, error) { return b, board.Reboot() },
		})
		time.Sleep(time.Hour) // methods that block return
	})
	return err
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
				require.Error(t, run(t, c, m.damage), name)
				require.NoError(t, run(t, c, func(*broken) {}), name)
			}
		})
	}
	require.Empty(t, unused, "checks that no broken HAL turns red")
}
