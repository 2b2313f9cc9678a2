// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"errors"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/claim"
	"github.com/wifiprov/wifiprov/internal/events"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// Defaults of Config.
const (
	DefaultProbe    = 5 * time.Second
	DefaultPresence = 20 * time.Second
	DefaultLease    = 30 * time.Second
)

const (
	retryLease  = time.Second // between two tries to get an address
	retryOpen   = time.Second // between two tries to open the access point again
	maxTimeSpan = time.Hour   // nothing is due
)

// Config describes a Radio. Zero fields mean the defaults named with them.
type Config struct {
	// Driver is the radio. Required; it belongs to the Radio.
	Driver Driver

	// Store keeps the station's configuration in the keys of package
	// wifistore. Required: an nvs.Partition on the flash, which the
	// application may use too.
	Store store.Store

	// UnknownAuth is reported for access points whose authentication the driver
	// does not know; zero: hal.AuthWPA2PSK, so that phone apps ask for a
	// passphrase.
	UnknownAuth hal.AuthMode

	// Probe is how often the link is checked, and so how long a loss may go
	// unnoticed; 0: DefaultProbe.
	Probe time.Duration

	// Presence is how long the SoftAP stays after it came back, before the next
	// attempt to join closes it, so that clients can come back too; 0:
	// DefaultPresence.
	Presence time.Duration

	// Lease is how long a station waits for its address while a SoftAP waits
	// for the radio. Then the attempt fails with hal.ReasonConnectionFail.
	// Without a SoftAP the station waits forever. 0: DefaultLease.
	Lease time.Duration

	// Tell runs fn, which calls subscribers, and returns without waiting for it; one fn
	// at a time is given to it. That of a loop.Loop will do. nil: there is a goroutine for
	// it, with a stack of its own.
	Tell func(fn func())

	// Logger is told of failed calls of the driver; nil is silent.
	Logger hal.Logger
}

// Radio is a hal.WiFi and hal.SoftAP on a Driver. New makes it. Its methods may
// be called from any goroutine and from event handlers.
//
// A new Radio is in ModeSTA and not started. A scan is refused while the station joins,
// and Connect during a scan. Methods return hal.ErrBusy while more than 64 events wait
// for slow subscribers.
type Radio struct {
	cfg    Config
	events events.Dispatcher
	claim  claim.Claim
	ready  chan struct{} // has a value if there are events to deliver; nil: Config.Tell does it
	wake   chan struct{} // has a value if there may be work for the worker

	// flash serializes calls of the store. It is locked before mu.
	flash sync.Mutex

	mu      sync.Mutex // guards what follows
	closed  bool
	started bool
	mode    hal.Mode
	storage hal.Storage
	config  *hal.StationConfig // a pointer, so that fmt does not print secrets
	loadErr error              // not nil: config is unknown
	station station
	scan    scan
	ap      *AP   // open, or to be opened; nil: none
	jobs    []job // of waiting callers
	// announce says that EventStationStart is due when the radio is a station.
	announce bool
	// aborting counts calls of Driver.Disconnect that have to end another call.
	aborting int

	worker worker // owned by the worker's goroutine
}

// job is work for the worker; its caller waits.
type job struct {
	fn   func() error
	done chan error
}

var (
	_ hal.WiFi   = (*Radio)(nil)
	_ hal.SoftAP = (*Radio)(nil)

	_ hal.Claimer = (*Radio)(nil)
	_ hal.Limited = (*Radio)(nil)
)

// New returns a Radio with the stored configuration. It does not call the driver yet.
// If the store cannot be read, the Radio works, but StationConfig returns the error
// until a configuration is set.
func New(cfg Config) (*Radio, error) {
	switch {
	case cfg.Driver == nil:
		return nil, errDriver
	case cfg.Store == nil:
		return nil, errStore
	case cfg.Probe < 0 || cfg.Presence < 0 || cfg.Lease < 0:
		return nil, errTimes
	}
	if cfg.UnknownAuth == hal.AuthOpen {
		cfg.UnknownAuth = hal.AuthWPA2PSK
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&cfg.Probe, DefaultProbe}, {&cfg.Presence, DefaultPresence}, {&cfg.Lease, DefaultLease}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	r := &Radio{cfg: cfg, mode: hal.ModeSTA, config: new(hal.StationConfig), wake: make(chan struct{}, 1)}
	if r.loadErr = wifistore.Recover(cfg.Store); r.loadErr == nil {
		*r.config, r.loadErr = wifistore.Load(cfg.Store)
	}
	r.startTelling()
	go r.work()
	return r, nil
}

// startTelling makes somebody call subscribers.
func (r *Radio) startTelling() {
	if tell := r.cfg.Tell; tell != nil {
		r.events.Wake = func() hal.Timer {
			tell(r.events.Deliver)
			return nil
		}
		return
	}
	r.ready = make(chan struct{}, 1)
	r.events.Wake = func() hal.Timer {
		r.ready <- struct{}{}
		return nil
	}
	go func() {
		for range r.ready {
			r.events.Deliver()
		}
	}()
}

// Close ends the goroutines of the Radio, as soon as a running call of the driver
// returns. The radio stays as it is. Subscribers get no more events. Disconnect,
// StopScan and StopSoftAP succeed, other methods return ErrClosed. Closing twice is
// allowed.
func (r *Radio) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	r.events.Reset() // from now on nobody subscribes, so nothing wakes
	if r.ready != nil {
		close(r.ready)
	}
	r.station = station{turn: r.station.turn + 1}
	r.scan = scan{turn: r.scan.turn + 1}
	r.ap = nil
	r.kick()
}

// Claim implements hal.Claimer.
func (r *Radio) Claim() (release func(), err error) { return r.claim.Take() }

// Limits implements hal.Limited: the driver joins by SSID and passphrase only, and
// scans actively.
func (*Radio) Limits() hal.Limits { return hal.LimitBSSID | hal.LimitMinAuth | hal.LimitPassive }

// kick makes the worker look for work.
func (r *Radio) kick() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Subscribe implements hal.Radio.
func (r *Radio) Subscribe(fn func(hal.Event)) (cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return func() {}
	}
	return r.events.Subscribe(fn)
}

// Start implements hal.Radio. It waits for the radio, and for the call of the
// driver before. When the radio cannot be enabled, only a reset of the chip
// helps.
func (r *Radio) Start() error {
	r.mu.Lock()
	err := r.acceptLocked()
	started := r.started
	r.mu.Unlock()
	if err != nil || started {
		return err
	}
	return r.wait(r.start)
}

// wait runs fn on the worker.
func (r *Radio) wait(fn func() error) error {
	j := job{fn, make(chan error, 1)}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return ErrClosed
	}
	r.jobs = append(r.jobs, j)
	r.mu.Unlock()
	r.kick()
	return <-j.done
}

// SetMode implements hal.Radio. EventStationStart also follows when a started
// radio gets its station by it. Leaving a mode with a station ends its link or
// attempt to join with hal.ReasonAssocLeave and breaks off its scan; leaving one
// with an access point closes the SoftAP. ModeAPSTA is both by turns.
func (r *Radio) SetMode(m hal.Mode) error {
	if m > hal.ModeAPSTA {
		return errMode
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.acceptLocked(); err != nil {
		return err
	}
	r.setModeLocked(m)
	return nil
}

func (r *Radio) setModeLocked(m hal.Mode) {
	had := r.mode&hal.ModeSTA != 0
	r.mode = m
	if m&hal.ModeAP == 0 {
		r.closeSoftAPLocked()
	}
	switch has := m&hal.ModeSTA != 0; {
	case had && !has:
		r.announce = false
		r.endScanLocked(true)
		r.dropLocked(hal.ReasonAssocLeave)
	case !had && has && r.started:
		r.announce = true
	}
	r.kick()
}

// acceptLocked refuses calls if the Radio is closed or too many events wait.
func (r *Radio) acceptLocked() error {
	if r.closed {
		return ErrClosed
	}
	return r.events.Accept()
}

// stationLocked fails without a running station.
func (r *Radio) stationLocked() error {
	if err := r.acceptLocked(); err != nil {
		return err
	}
	if !r.started {
		return hal.ErrNotStarted
	}
	if r.mode&hal.ModeSTA == 0 {
		return errNoStation
	}
	return nil
}

// trouble logs that a call of the driver failed.
func (r *Radio) trouble(what string, err error) {
	if err != nil && !errors.Is(err, hal.ErrNotSupported) {
		r.cfg.Logger.Log(hal.LevelWarn, "the radio failed", hal.Attr{Key: "call", Value: what}, hal.Err(err))
	}
}
