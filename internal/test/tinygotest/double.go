// SPDX-License-Identifier: Apache-2.0

// Package tinygotest has a tinygo.Driver on a simulated air. It behaves as that of
// espradio does: it has one mode at a time, scans without details, blocks in each
// attempt to join for 15 s at most, and does not report later losses.
package tinygotest

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/store"
)

// Times of espradio.
const (
	ScanTime    = 250*time.Millisecond + 13*300*time.Millisecond
	ConnectTime = 15 * time.Second // limit
	AddressTime = 9 * time.Second  // limit: three tries of 3 s
	startTime   = 5 * time.Millisecond
)

var (
	errMode  = errors.New("tinygotest: not in this mode")
	errState = errors.New("tinygotest: it tries still")
	errTime  = errors.New("tinygotest: no outcome in time")
)

// Call names a method of tinygo.Driver.
type Call string

// The methods.
const (
	Enable       Call = "Enable"
	StartStation Call = "StartStation"
	StartAP      Call = "StartAP"
	Stop         Call = "Stop"
	Scan         Call = "Scan"
	Connect      Call = "Connect"
	Disconnect   Call = "Disconnect"
	Address      Call = "Address"
	Link         Call = "Link"
)

// Calls are all methods.
var Calls = []Call{Enable, StartStation, StartAP, Stop, Scan, Connect, Disconnect, Address, Link}

// Driver is a radio on a simulated air. New makes it. It belongs to one
// tinygo.Radio at a time, and its clock must be package time's.
type Driver struct {
	// Fault is called before each call. When it returns an error, the call returns
	// that and has no effect. nil: no faults. Set it before the first call.
	Fault func(Call) error
	// CannotStop makes Stop fail with hal.ErrNotSupported, as with the
	// drivers that do not have it.
	CannotStop bool
	// OnAP is called when the access point opens and closes, unless it is nil. It
	// must not call the Driver.
	OnAP func(open bool)
	// Extra is reported by each Scan beside what is on the air.
	Extra []hal.AccessPoint
	// Details makes Scan return BSSID, channel and authentication.
	Details bool

	board   *sim.Board
	outcome chan hal.Event // of the board's station
	scanned chan struct{}

	mu      sync.Mutex
	enabled bool
	mode    hal.Mode
	linked  bool
	ip      hal.IPv4
	busy    Call // "" or the call under way
	misuse  string
}

var _ tinygo.Driver = (*Driver)(nil)

// New returns the radio of a new device. Close ends it.
func New(air *sim.Air) (*Driver, error) {
	board, err := air.NewBoard(sim.BoardConfig{Store: new(store.Memory)})
	if err != nil {
		return nil, err
	}
	d := &Driver{board: board}
	return d, d.boot()
}

// boot makes the state after a reset of the chip.
func (d *Driver) boot() error {
	d.mu.Lock()
	d.enabled, d.mode, d.linked, d.busy = false, hal.ModeOff, false, ""
	d.outcome, d.scanned = make(chan hal.Event, 64), make(chan struct{}, 64)
	d.mu.Unlock()
	d.board.Subscribe(d.event)
	return d.board.SetStorage(hal.StorageRAM)
}

// Reset resets the chip.
func (d *Driver) Reset() error {
	if err := d.board.Reboot(); err != nil {
		return err
	}
	return d.boot()
}

// Close takes the radio off the air.
func (d *Driver) Close() { d.board.Close() }

// Board returns the radio's station and access point on the air.
func (d *Driver) Board() *sim.Board { return d.board }

// Misuse says how the contract of tinygo.Driver was broken; empty: it was not.
func (d *Driver) Misuse() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.misuse
}

// event takes the board's events. It passes on none of later losses.
func (d *Driver) event(e hal.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Kind {
	case hal.EventConnected:
		d.linked = true
	case hal.EventGotIP:
		d.ip = e.IP
	case hal.EventDisconnected:
		d.linked, d.ip = false, hal.IPv4{}
	case hal.EventScanDone:
		d.scanned <- struct{}{}
		return
	default:
		return
	}
	select {
	case d.outcome <- e:
	default:
	}
}

// begin begins each call.
func (d *Driver) begin(c Call) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	abort := c == Disconnect && (d.busy == Connect || d.busy == Address || d.busy == Link)
	switch {
	case d.busy != "" && !abort:
		d.note("call of " + string(c) + " during " + string(d.busy))
	case !d.enabled && c != Enable:
		d.note("call of " + string(c) + " before Enable")
	}
	if d.Fault != nil {
		if err := d.Fault(c); err != nil {
			return err
		}
	}
	if !abort {
		d.busy = c
	}
	return nil
}

func (d *Driver) note(misuse string) {
	if d.misuse == "" {
		d.misuse = misuse
	}
}

func (d *Driver) end(c Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy == c {
		d.busy = ""
	}
}

// Enable implements tinygo.Driver.
func (d *Driver) Enable() error {
	if err := d.begin(Enable); err != nil {
		return err
	}
	defer d.end(Enable)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.enabled {
		return tinygo.ErrEnabled
	}
	d.enabled = true
	return nil
}

// StartStation implements tinygo.Driver.
func (d *Driver) StartStation() error {
	if err := d.begin(StartStation); err != nil {
		return err
	}
	defer d.end(StartStation)
	time.Sleep(startTime)
	if err := d.board.StopSoftAP(); err != nil {
		return err
	}
	if err := d.board.SetMode(hal.ModeSTA); err != nil {
		return err
	}
	d.setMode(hal.ModeSTA)
	return d.board.Start()
}

// StartAP implements tinygo.Driver.
func (d *Driver) StartAP(ap tinygo.AP) error {
	if err := d.begin(StartAP); err != nil {
		return err
	}
	defer d.end(StartAP)
	time.Sleep(startTime)
	if err := d.board.SetMode(hal.ModeAP); err != nil { // the station's link is lost
		return err
	}
	if err := d.board.Start(); err != nil {
		return err
	}
	d.setMode(hal.ModeAP)
	return d.board.StartSoftAP(hal.SoftAPConfig{SSID: ap.SSID, Key: ap.Key, Channel: ap.Channel})
}

// Stop implements tinygo.Driver.
func (d *Driver) Stop() error {
	if err := d.begin(Stop); err != nil {
		return err
	}
	defer d.end(Stop)
	if d.CannotStop {
		return hal.ErrNotSupported
	}
	d.setMode(hal.ModeOff)
	return d.board.SetMode(hal.ModeOff)
}

func (d *Driver) setMode(m hal.Mode) {
	d.mu.Lock()
	was := d.mode
	d.mode = m
	d.mu.Unlock()
	if d.OnAP != nil && (was == hal.ModeAP) != (m == hal.ModeAP) {
		d.OnAP(m == hal.ModeAP)
	}
}

// inStation returns an error in access point mode.
func (d *Driver) inStation() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mode != hal.ModeSTA {
		return errMode
	}
	return nil
}

// Scan implements tinygo.Driver.
func (d *Driver) Scan() ([]hal.AccessPoint, error) {
	if err := d.begin(Scan); err != nil {
		return nil, err
	}
	defer d.end(Scan)
	if err := d.inStation(); err != nil {
		return nil, err
	}
	period := uint32(ScanTime / 13 / time.Millisecond)
	if err := d.board.StartScan(hal.ScanConfig{PeriodMillis: period}); err != nil {
		return nil, err
	}
	<-d.scanned
	list := make([]hal.AccessPoint, sim.MaxResults)
	n, err := d.board.ScanResults(list)
	if err != nil || d.Details {
		return append(list[:n], d.Extra...), err
	}
	found := slices.Clone(d.Extra)
	for i := n; i > 0; i-- { // in no order in particular
		found = append(found, hal.AccessPoint{SSID: list[i-1].SSID, RSSI: list[i-1].RSSI, Auth: tinygo.AuthUnknown})
	}
	return found, nil
}

// Connect implements tinygo.Driver.
func (d *Driver) Connect(ssid hal.SSID, passphrase hal.Secret) error {
	if err := d.begin(Connect); err != nil {
		return err
	}
	defer d.end(Connect)
	if err := d.inStation(); err != nil {
		return err
	}
	d.drain()
	if err := d.board.SetStationConfig(hal.StationConfig{SSID: ssid, Passphrase: passphrase}); err != nil {
		return err
	}
	if err := d.board.Connect(); err != nil {
		return errState
	}
	limit := time.NewTimer(ConnectTime)
	defer limit.Stop()
	select {
	case e := <-d.outcome:
		if e.Kind == hal.EventDisconnected {
			return tinygo.JoinError(e.Reason)
		}
		return nil
	case <-limit.C:
		return errTime
	}
}

// drain forgets outcomes of earlier attempts.
func (d *Driver) drain() {
	for {
		select {
		case <-d.outcome:
		default:
			return
		}
	}
}

// Disconnect implements tinygo.Driver.
func (d *Driver) Disconnect() error {
	if err := d.begin(Disconnect); err != nil {
		return err
	}
	defer d.end(Disconnect)
	err := d.board.Disconnect()
	time.Sleep(startTime) // until it has happened
	return err
}

// errNoAddress is the error when DHCP gives no address in time.
type errNoAddress time.Duration

func (e errNoAddress) Error() string {
	return "tinygotest: no address in " + strconv.Itoa(int(time.Duration(e)/time.Second)) + " s"
}

// Address implements tinygo.Driver.
func (d *Driver) Address() (hal.IPConfig, error) {
	if err := d.begin(Address); err != nil {
		return hal.IPConfig{}, err
	}
	defer d.end(Address)
	limit := time.NewTimer(AddressTime)
	defer limit.Stop()
	for {
		d.mu.Lock()
		linked := d.linked
		d.mu.Unlock()
		if cfg, err := d.board.IPConfig(); err == nil {
			return cfg, nil
		}
		if !linked {
			return hal.IPConfig{}, hal.ErrNotConnected
		}
		select {
		case <-d.outcome:
		case <-limit.C:
			return hal.IPConfig{}, errNoAddress(AddressTime)
		}
	}
}

// Link implements tinygo.Driver. Before there is an address it knows the access
// point all the same.
func (d *Driver) Link() (hal.AccessPoint, error) {
	if err := d.begin(Link); err != nil {
		return hal.AccessPoint{}, err
	}
	defer d.end(Link)
	d.mu.Lock()
	linked := d.linked
	d.mu.Unlock()
	if !linked {
		return hal.AccessPoint{}, hal.ErrNotConnected
	}
	info, err := d.board.JoinInfo()
	return info.AP, err
}
