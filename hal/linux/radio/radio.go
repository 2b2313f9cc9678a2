// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/claim"
	"github.com/wifiprov/wifiprov/internal/events"
)

// Defaults of Config.
const (
	DefaultPresence = 20 * time.Second
	DefaultLease    = 30 * time.Second
)

// DefaultAPAddress is the address of the box in its access point's network, which is
// that of an ESP32.
var DefaultAPAddress = netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, 4, 1}), 24)

// How long a call of the Daemon may take.
const (
	callTime = 10 * time.Second // of Release, CloseAP, Load and Save
	takeTime = 20 * time.Second // of Take, which may have to switch the radio on
	openTime = 30 * time.Second // of OpenAP
	scanTime = 30 * time.Second // of Scan
)

// Config describes a Radio. Zero fields mean the defaults named with them.
type Config struct {
	// Interface is the station's, for example wlan0. Required.
	Interface string

	// Phy is the kernel's view of the radio. nil: the channels are not known, and
	// station and access point take turns.
	Phy Phy

	// APInterface is where the access point opens if another radio is there for
	// it. Empty: on the radio of Interface.
	APInterface string

	// APAddress is the address of this box in the access point's network, IPv4;
	// zero: DefaultAPAddress.
	APAddress netip.Prefix

	// Presence is how long an access point that had to close for an attempt to
	// join stays when it is back, before another attempt closes it, so that its
	// clients can come back too; 0: DefaultPresence.
	Presence time.Duration

	// Lease is how long a station waits for its address while a closed access
	// point waits for the radio. Then the attempt fails with
	// hal.ReasonConnectionFail. 0: DefaultLease.
	Lease time.Duration

	// Logger is told of failed calls of the Daemon and the Phy; nil is silent.
	Logger hal.Logger
}

// Radio is a hal.WiFi and hal.SoftAP on a Daemon. New makes it. Its methods may be
// called from any goroutine and from event handlers.
//
// A new Radio is in ModeSTA and not started. A scan is refused while the station joins,
// and Connect during a scan. Methods return hal.ErrBusy while more than 64 events wait
// for slow subscribers. Start, StartSoftAP, Release and Close wait for the Daemon, as do
// SetStationConfig and Restore for its storage.
type Radio struct {
	cfg    Config
	daemon Daemon
	events events.Dispatcher
	claim  claim.Claim
	ready  chan struct{} // has a value if there are events to deliver
	wake   chan struct{} // has a value if there may be work for the worker
	ended  chan struct{} // closed when the worker has ended
	endErr error         // of the worker's end

	// ctx is that of the worker's calls; Close ends it.
	ctx    context.Context
	cancel context.CancelFunc

	// flash serializes Save. It is locked before mu.
	flash sync.Mutex

	mu      sync.Mutex // guards what follows
	closed  bool
	keep    bool // closed: the network stays joined
	started bool
	mode    hal.Mode
	storage hal.Storage
	config  *hal.StationConfig // never changed in place, as stored; pointers, so that fmt does not print secrets
	stored  *hal.StationConfig
	loadErr error // not nil: config and stored are unknown
	station station
	scan    scan
	foreign bool              // the interface may be in a network that no Join is in
	depart  bool              // the worker has to leave it
	ap      *hal.SoftAPConfig // open, or to be opened; nil: none
	jobs    []job             // of waiting callers

	worker worker // owned by the worker's goroutine
}

// job is work for the worker; its caller waits.
type job struct {
	fn   func() error
	done chan error
}

var (
	_ hal.WiFi          = (*Radio)(nil)
	_ hal.SoftAP        = (*Radio)(nil)
	_ hal.ChannelLister = (*Radio)(nil)
	_ hal.JoinReporter  = (*Radio)(nil)
	_ hal.Claimer       = (*Radio)(nil)
	_ hal.Limited       = (*Radio)(nil)
)

// New returns a Radio with the configuration that d has stored, to which d belongs from
// then on. It takes nothing over yet. If d cannot load, the Radio works, but
// StationConfig returns the error until a configuration is set or Start could load it.
func New(d Daemon, cfg Config) (*Radio, error) {
	if cfg.APAddress == (netip.Prefix{}) {
		cfg.APAddress = DefaultAPAddress
	}
	switch {
	case d == nil:
		return nil, errDaemon
	case cfg.Interface == "":
		return nil, errInterface
	case cfg.APInterface == cfg.Interface:
		return nil, errSameIface
	case !cfg.APAddress.Addr().Is4() || cfg.APAddress.Bits() > 30:
		return nil, errAddress
	case cfg.Presence < 0 || cfg.Lease < 0:
		return nil, errTimes
	}
	if cfg.Presence == 0 {
		cfg.Presence = DefaultPresence
	}
	if cfg.Lease == 0 {
		cfg.Lease = DefaultLease
	}
	r := &Radio{
		cfg: cfg, daemon: d, mode: hal.ModeSTA, config: new(hal.StationConfig), stored: new(hal.StationConfig),
		ready: make(chan struct{}, 1), wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.events.Wake = func() hal.Timer {
		r.ready <- struct{}{}
		return nil
	}
	r.load()
	go func() {
		for range r.ready {
			r.events.Deliver()
		}
	}()
	go r.work()
	return r, nil
}

// Close gives the interface back as Release does, and ends the Radio and its Daemon. It
// waits for that. Subscribers get no more events, and methods return ErrClosed. Closing
// twice is allowed.
func (r *Radio) Close() error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		r.events.Reset() // from now on nobody subscribes, so nothing wakes
		close(r.ready)
		r.keep = r.stopLocked()
		r.cancel()
		r.kick()
	}
	r.mu.Unlock()
	<-r.ended
	return r.endErr
}

// Release gives the interface back. A network stays joined if its configuration is the
// stored one. Otherwise the interface does again what it did before Start, with the
// stored configuration. An access point closes. Then the Radio is as a new one: not
// started, in ModeSTA.
//
// The end of a link that does not stay is an event as after Disconnect.
func (r *Radio) Release() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return ErrClosed
	}
	keep := r.stopLocked()
	r.mu.Unlock()
	return r.wait(func() error {
		r.mu.Lock()
		keep = r.stopLocked() || keep // what a Start before this one began
		r.mu.Unlock()
		return r.giveBack(keep)
	})
}

// stopLocked ends everything that is under way, and reports whether the network is to
// stay joined.
func (r *Radio) stopLocked() (keep bool) {
	s := &r.station
	keep = (s.phase == leasing || s.phase == online) && *s.target == *r.stored
	r.started, r.mode, r.ap = false, hal.ModeSTA, nil
	r.foreign, r.depart = false, false
	r.endScanLocked(true)
	if keep {
		s.endLocked(ErrKeep)
	} else {
		r.dropLocked(hal.ReasonAssocLeave)
	}
	return keep
}

// Claim implements hal.Claimer.
func (r *Radio) Claim() (release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	return r.claim.Take()
}

// Limits implements hal.Limited. They are those of the Daemon, which may be a
// hal.Limited.
func (r *Radio) Limits() hal.Limits {
	if l, ok := r.daemon.(hal.Limited); ok {
		return l.Limits()
	}
	return 0
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

// Start implements hal.Radio. It takes the interface over from those who had it, and
// waits for that, 20 s at most.
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

// start is Start, on the worker.
func (r *Radio) start() error {
	r.mu.Lock()
	started, broken := r.started, r.loadErr != nil
	r.mu.Unlock()
	if started {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.ctx, takeTime)
	defer cancel()
	if err := r.daemon.Take(ctx); err != nil {
		return fmt.Errorf("radio: taking %s over: %w", r.cfg.Interface, err)
	}
	r.worker.taken = true
	if r.cfg.Phy != nil && r.cfg.APInterface == "" {
		r.trouble("interface that a dead process left", r.cfg.Phy.RemoveAP(apName(r.cfg.Interface)))
	}
	if broken {
		r.load()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	r.started, r.foreign = true, true
	if r.mode&hal.ModeSTA != 0 {
		r.events.Emit(hal.Event{Kind: hal.EventStationStart})
	}
	return nil
}

// SetMode implements hal.Radio. EventStationStart also follows when a started radio
// gets its station by it. Leaving a mode with a station ends its link or attempt to join
// with hal.ReasonAssocLeave and breaks off its scan; leaving one with an access point
// closes the SoftAP. In ModeOff the interface stays taken over.
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
	had, has := r.mode&hal.ModeSTA != 0, m&hal.ModeSTA != 0
	r.mode = m
	switch {
	case had && !has:
		r.endScanLocked(true)
		r.dropLocked(hal.ReasonAssocLeave)
		r.depart = r.foreign
		r.kick()
	case !had && has && r.started:
		r.events.Emit(hal.Event{Kind: hal.EventStationStart})
	}
	if m&hal.ModeAP == 0 {
		r.closeSoftAPLocked()
	}
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

// trouble logs that a call failed which nobody waits for.
func (r *Radio) trouble(what string, err error) {
	if err != nil {
		r.cfg.Logger.Log(hal.LevelWarn, "the radio failed", hal.Attr{Key: "interface", Value: r.cfg.Interface},
			hal.Attr{Key: "call", Value: what}, hal.Err(err))
	}
}
