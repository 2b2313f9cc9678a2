// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"slices"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/claim"
	"github.com/wifiprov/wifiprov/internal/events"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// DefaultFlash is the size of a board's NVS partition in bytes: that of
// ESP-IDF's usual partition tables.
const DefaultFlash = 24 << 10

// BoardConfig describes a Board. The zero value means the defaults.
type BoardConfig struct {
	// Flash is the board's NVS partition. The board keeps its configuration in
	// it in the keys of package wifistore, as a device does, so the image of a
	// real device may be given. The partition is opened at every boot and
	// belongs to the board. nil: an erased one of DefaultFlash bytes.
	Flash nvs.Flash
	// Keys decrypt the partition; nil: it is plain.
	Keys *nvs.Keys
	// Store is used instead of Flash, unless it is nil. It is called with the
	// configuration locked and must not call the board.
	Store store.Store
	// MAC of the station; that of the SoftAP is one higher. Zero:
	// 02:77:66:HH:LL:00, where HHLL counts the boards of the air from 1.
	MAC hal.BSSID
	// FiveGHz adds the channels of 5 GHz, which an ESP32-C5 has, to those of
	// 2.4 GHz.
	FiveGHz bool
	// RSSI of the board's SoftAP in dBm; 0: DefaultRSSI.
	RSSI int8
	// BeaconTimeout is how long the station keeps a link without hearing its
	// access point; 0: DefaultBeaconTimeout.
	BeaconTimeout time.Duration
}

// Board is the Wi-Fi of one simulated device: a station, and an access point
// of its own. It implements hal.WiFi and hal.SoftAP.
//
// A new board is in ModeSTA and not started. A scan is refused while the station
// joins; Connect ends a running scan, which then reports failure. A scan keeps the
// strongest MaxResults; equally strong ones are in the order in which the access
// points were added. Reading the results deletes them. Methods return hal.ErrBusy
// while more than 64 events wait for slow subscribers.
type Board struct {
	air    *Air
	cfg    BoardConfig
	number int // from 1
	events events.Dispatcher
	claim  claim.Claim

	// flash serializes calls of store. It is locked before air.mu.
	flash sync.Mutex
	store store.Store // nil: the partition does not open

	// guarded by air.mu
	closed  bool
	started bool
	mode    hal.Mode
	storage hal.Storage
	join    hal.JoinStep // of the last attempt to join
	refuse  refusal      // outlives a reboot, as does noDHCP
	noDHCP  bool
	config  *hal.StationConfig // a pointer, so that fmt does not print secrets
	loadErr error              // not nil: config is unknown
	link    link
	joinAP  *AP // of the last attempt; nil: none was found
	scan    scan
	scans   uint64            // started since the board was made
	softAP  *AP               // nil: closed
	softCfg *hal.SoftAPConfig // nil with softAP
}

var (
	_ hal.WiFi   = (*Board)(nil)
	_ hal.SoftAP = (*Board)(nil)

	_ hal.JoinReporter  = (*Board)(nil)
	_ hal.ChannelLister = (*Board)(nil)
	_ hal.Claimer       = (*Board)(nil)
)

// NewBoard puts a board on the air and boots it. It fails when the store
// fails and beyond MaxBoards.
func (a *Air) NewBoard(cfg BoardConfig) (*Board, error) {
	if cfg.Store == nil && cfg.Flash == nil {
		cfg.Flash = flash.NewSparse(DefaultFlash)
	}
	if cfg.RSSI == 0 {
		cfg.RSSI = DefaultRSSI
	}
	if cfg.BeaconTimeout == 0 {
		cfg.BeaconTimeout = DefaultBeaconTimeout
	}
	b := &Board{air: a, cfg: cfg, mode: hal.ModeSTA}
	b.events.Wake = func() hal.Timer { return a.cfg.Clock.AfterFunc(0, b.events.Deliver) }
	stored, err := b.openStore()
	if err != nil {
		return nil, err
	}
	b.config = &stored
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.boards) == MaxBoards {
		return nil, errTooManyBoards
	}
	a.number++
	b.number = a.number
	if b.cfg.MAC == (hal.BSSID{}) {
		b.cfg.MAC = hal.BSSID{0x02, 0x77, 0x66, byte(b.number >> 8), byte(b.number), 0}
	}
	a.boards = append(a.boards, b)
	return b, nil
}

// Reboot restarts the device. Everything in RAM is lost, subscribers included, and
// the configuration is loaded from the store. The link's access point and the
// SoftAP's stations are not told. If the store fails, the board runs, but
// StationConfig returns the error.
func (b *Board) Reboot() error {
	b.flash.Lock()
	defer b.flash.Unlock()
	if err := b.restart(); err != nil {
		return err
	}
	cfg, err := b.openStore()
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	b.config, b.loadErr = &cfg, err
	return err
}

// openStore opens the flash as a booting device does, and loads the
// configuration.
func (b *Board) openStore() (hal.StationConfig, error) {
	b.store = b.cfg.Store
	if b.store == nil {
		p, err := nvs.Open(b.cfg.Flash, nvs.Options{Keys: b.cfg.Keys})
		if err != nil {
			return hal.StationConfig{}, err
		}
		b.store = p
	}
	if err := wifistore.Recover(b.store); err != nil {
		return hal.StationConfig{}, err
	}
	return wifistore.Load(b.store)
}

// closeStore closes the partition, if the board has one.
func (b *Board) closeStore() {
	b.flash.Lock()
	defer b.flash.Unlock()
	if p, ok := b.store.(*nvs.Partition); ok && b.cfg.Store == nil {
		_ = p.Close() // everything saved is committed
	}
}

// restart loses everything in RAM.
func (b *Board) restart() error {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	b.powerOffLocked()
	b.mode, b.storage = hal.ModeSTA, hal.StorageFlash
	b.config, b.loadErr = new(hal.StationConfig), errBooting
	return nil
}

// Close takes the board off the air, stops its timers and closes its partition.
// Subscribers get no more events. Disconnect, StopScan and StopSoftAP succeed, other
// methods return ErrClosed. Closing twice is allowed.
func (b *Board) Close() {
	defer b.closeStore()
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.closed {
		return
	}
	b.powerOffLocked()
	b.closed = true
	if i := slices.Index(b.air.boards, b); i >= 0 {
		b.air.boards = slices.Delete(b.air.boards, i, i+1)
	}
}

// powerOffLocked ends everything that is under way, without events.
func (b *Board) powerOffLocked() {
	b.events.Reset()
	b.claim.Drop()
	b.started = false
	b.leaveLocked()
	b.join, b.joinAP = hal.JoinUnknown, nil
	b.scan.end()
	b.scan.results = nil
	b.silenceLocked()
}

// MAC returns the station's address.
func (b *Board) MAC() hal.BSSID { return b.cfg.MAC }

// Mode returns the radio's present mode.
func (b *Board) Mode() hal.Mode {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	return b.mode
}

// Storage returns where a configuration would be kept now.
func (b *Board) Storage() hal.Storage {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	return b.storage
}

// Kick ends the board's link with a reason, as its access point or a lost signal
// would, and reports whether there was a link.
func (b *Board) Kick(reason hal.Reason) bool {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.link.ap == nil {
		return false
	}
	b.dropLocked(reason)
	return true
}

// refusal says that a board's next joins fail.
type refusal struct {
	reason hal.Reason // 0: they do not
	times  int        // how many; 0: all
}

// strike counts a join, and returns the reason why it fails; 0: it does not.
func (r *refusal) strike() hal.Reason {
	reason := r.reason
	if r.times--; r.times == 0 {
		*r = refusal{}
	}
	r.times = max(r.times, 0)
	return reason
}

// RefuseJoins lets the next joins of this board fail with a reason, whatever the
// network and also with the right passphrase; times 0: all of them. Reason 0 ends
// it.
func (b *Board) RefuseJoins(reason hal.Reason, times int) {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	b.refuse = refusal{reason, max(times, 0)}
}

// SilenceDHCP keeps this board without an address, whatever the network; false ends
// that, and a board with a link asks for its address again.
func (b *Board) SilenceDHCP(silent bool) {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	b.noDHCP = silent
	if !silent && b.link.ap != nil && !b.link.online && !b.link.ap.cfg.Absent {
		b.link.alarm.stop()
		b.askAddressLocked()
	}
}

// SetMode implements hal.Radio. If a started radio gets a station,
// EventStationStart follows. If it loses its station, a link or an attempt to join
// ends with hal.ReasonAssocLeave, and a scan ends. If it loses its access point, the
// SoftAP is closed.
func (b *Board) SetMode(m hal.Mode) error {
	if m > hal.ModeAPSTA {
		return errMode
	}
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if err := b.acceptLocked(); err != nil {
		return err
	}
	b.setModeLocked(m)
	return nil
}

func (b *Board) setModeLocked(m hal.Mode) {
	had := b.mode&hal.ModeSTA != 0
	b.mode = m
	if m&hal.ModeAP == 0 {
		b.closeSoftAPLocked()
	}
	switch has := m&hal.ModeSTA != 0; {
	case had && !has:
		b.breakScanLocked()
		b.dropLocked(hal.ReasonAssocLeave)
	case !had && has && b.started:
		b.events.Emit(hal.Event{Kind: hal.EventStationStart})
	}
}

// Start implements hal.Radio.
func (b *Board) Start() error {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if err := b.acceptLocked(); err != nil {
		return err
	}
	if b.started {
		return nil
	}
	b.started = true
	if b.mode&hal.ModeSTA != 0 {
		b.events.Emit(hal.Event{Kind: hal.EventStationStart})
	}
	return nil
}

// Subscribe implements hal.Radio.
func (b *Board) Subscribe(fn func(hal.Event)) (cancel func()) {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.closed || fn == nil {
		return func() {}
	}
	return b.events.Subscribe(fn)
}

// Claim implements hal.Claimer.
func (b *Board) Claim() (release func(), err error) { return b.claim.Take() }

// acceptLocked refuses calls if the board is closed or too many events wait.
func (b *Board) acceptLocked() error {
	if b.closed {
		return ErrClosed
	}
	return b.events.Accept()
}

// stationLocked fails without a running station.
func (b *Board) stationLocked() error {
	if err := b.acceptLocked(); err != nil {
		return err
	}
	if !b.started {
		return hal.ErrNotStarted
	}
	if b.mode&hal.ModeSTA == 0 {
		return errNoStation
	}
	return nil
}

// alarm is a timer of a board, guarded by air.mu. The zero value is stopped.
type alarm struct {
	timer hal.Timer
	armed uint64 // changes with every set and stop
}

// set arms the alarm. fn is called with air.mu held, unless the alarm is set or
// stopped again before.
func (a *alarm) set(air *Air, d time.Duration, fn func()) {
	a.stop()
	armed := a.armed
	a.timer = air.after(d, func() {
		air.mu.Lock()
		defer air.mu.Unlock()
		if a.armed == armed {
			a.stop()
			fn()
		}
	})
}

func (a *alarm) stop() {
	a.armed++
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}
