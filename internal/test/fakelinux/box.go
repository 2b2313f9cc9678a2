// SPDX-License-Identifier: Apache-2.0

// Package fakelinux has a radio.Daemon and a radio.Phy on a simulated air. They keep
// their contracts, take time as genuine ones do, and note when a Radio breaks its part of
// the contract or asks for what such a radio cannot do.
package fakelinux

import (
	"slices"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/store"
)

// Interfaces of a Box.
const (
	Station = "wlan0"
	Second  = "wlan1" // of another radio
)

// Config describes a Box.
type Config struct {
	// Beside is what Phy.Beside tells.
	Beside int
	// FiveGHz adds the channels of 5 GHz.
	FiveGHz bool
	// Listen are channels on which an access point does not open.
	Listen []uint8
	// Former is the network that somebody else joins while the interface is not
	// taken and nothing is stored; zero: none.
	Former hal.StationConfig
	// Fault is called before each call. When it returns an error, the call returns
	// that and has no effect. nil: no faults.
	Fault func(Call) error
	// OnAP is called when the access point opens and closes, unless it is nil.
	OnAP func(open bool)
}

// Box is a Linux box: what outlives a process. It is a radio.Phy.
type Box struct {
	cfg   Config
	board *sim.Board // of the station
	cell  *sim.AP    // the access point; absent: closed

	mu      sync.Mutex
	stored  hal.StationConfig
	joined  *hal.StationConfig // of the link; nil: unknown or none
	virtual []string
	ap      *radio.AP // nil: closed
	moves   int
	extra   []hal.AccessPoint
	taken   bool
	misuse  string
	lost    chan struct{} // of the Daemon
}

var _ radio.Phy = (*Box)(nil)

// New returns a box. Its clock must be package time's.
func New(air *sim.Air, cfg Config) (*Box, error) {
	board, err := air.NewBoard(sim.BoardConfig{Store: new(store.Memory), FiveGHz: cfg.FiveGHz})
	if err != nil {
		return nil, err
	}
	b := &Box{cfg: cfg, board: board, lost: make(chan struct{}, 1)}
	if b.cell, err = air.AddAP(sim.APConfig{Absent: true}); err == nil {
		err = board.Start()
	}
	b.formerLocked()
	return b, err
}

// Board is the station on the air.
func (b *Box) Board() *sim.Board { return b.board }

// AP returns the open access point; false: it is closed.
func (b *Box) AP() (radio.AP, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ap == nil {
		return radio.AP{}, false
	}
	return *b.ap, true
}

// Moves returns how often an open access point was opened in another place.
func (b *Box) Moves() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.moves
}

// Virtual returns the interfaces that were made.
func (b *Box) Virtual() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.virtual)
}

// SetExtra says what each scan reports beside what is on the air.
func (b *Box) SetExtra(aps ...hal.AccessPoint) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.extra = aps
}

// Misuse says how the Radio broke the contract, or what it left behind when it was
// closed; empty: neither.
func (b *Box) Misuse() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.misuse != "":
		return b.misuse
	case b.taken:
		return "the interface is taken"
	case b.ap != nil:
		return "the access point is open"
	case len(b.virtual) > 0:
		return "the interface " + b.virtual[0] + " is left"
	}
	return ""
}

// LoseAP closes the access point as a restart of the daemon does.
func (b *Box) LoseAP() {
	b.cell.Kick(hal.ReasonAuthLeave)
	b.cell.Vanish()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ap = nil
	b.lost <- struct{}{}
}

// Forgive forgets what was left behind.
func (b *Box) Forgive() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken, b.ap, b.virtual = false, nil, nil
}

func (b *Box) note(misuse string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.misuse == "" {
		b.misuse = misuse
	}
}

// fault is called before each call.
func (b *Box) fault(c Call) error {
	if b.cfg.Fault == nil {
		return nil
	}
	return b.cfg.Fault(c)
}

// formerLocked lets others join their network.
func (b *Box) formerLocked() {
	cfg := b.stored
	if cfg.SSID == "" {
		cfg = b.cfg.Former
	}
	_ = b.board.SetStationConfig(cfg)
	_ = b.board.Connect()
	b.joined = &cfg
}

// Beside implements radio.Phy.
func (b *Box) Beside(iface string) (int, error) {
	if iface != Station {
		b.note("Beside of " + iface)
	}
	return b.cfg.Beside, b.fault(Beside)
}

// AddAP implements radio.Phy.
func (b *Box) AddAP(iface, name string) error {
	if iface != Station || len(name) > 15 {
		b.note("AddAP of " + name + " beside " + iface)
	}
	if err := b.fault(AddAP); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.virtual, name) {
		b.virtual = append(b.virtual, name)
	}
	return nil
}

// RemoveAP implements radio.Phy.
func (b *Box) RemoveAP(name string) error {
	if err := b.fault(RemoveAP); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.virtual = slices.DeleteFunc(b.virtual, func(v string) bool { return v == name })
	return nil
}

// Channels implements radio.Phy.
func (b *Box) Channels(string) ([]uint8, error) { return b.board.ScanChannels(), b.fault(Channels) }

// Channel implements radio.Phy.
func (b *Box) Channel(string) (uint8, error) {
	if err := b.fault(Channel); err != nil {
		return 0, err
	}
	return b.linkChannel(), nil
}

// linkChannel returns the channel of the station's link; 0: none.
func (b *Box) linkChannel() uint8 {
	if link, err := b.board.Link(); err == nil {
		return link.AP.Channel
	}
	info, err := b.board.JoinInfo()
	if err != nil || info.Step != hal.JoinDHCP {
		return 0
	}
	return info.AP.Channel
}

// Times of a Daemon.
const (
	TakeTime    = 100 * time.Millisecond
	ReleaseTime = 100 * time.Millisecond
	OpenTime    = 200 * time.Millisecond
	CloseTime   = 50 * time.Millisecond
	StoreTime   = 10 * time.Millisecond // of Save
	LeaveTime   = 50 * time.Millisecond // until Join has left or Scan has stopped
	StuckTime   = 8 * time.Second       // of a Join on another channel than the access point's
)
