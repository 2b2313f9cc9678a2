// SPDX-License-Identifier: Apache-2.0

package keeper

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Grace is how much longer a window stays open at its end if credentials are being tried.
const Grace = time.Minute

// ErrStopped is what requests get when Run has returned.
var ErrStopped = errors.New("wifiprovd is about to end")

// Service opens windows.
type Service interface {
	// Open lets clients come. It blocks until they can. After an error nothing is
	// left of the attempt, and the station may be in no network. ctx ends with the
	// keeper.
	Open(ctx context.Context) (Window, error)
}

// Window is the time in which clients can provision the box. Methods may be called from
// any goroutine.
type Window interface {
	// Close begins to end the window, and returns at once.
	Close()
	// Done is closed when the window has ended, by itself or by Close.
	Done() <-chan struct{}
	// Progress tells how far clients have come.
	Progress() Progress
}

// Progress is how far clients have come.
type Progress struct {
	Used   bool // a client has given credentials
	Trying bool // they are being tried
	Joined bool // they led to a network, and are stored
}

// Station keeps the box in its network while no window is open. Its methods are called
// one at a time.
type Station interface {
	// Resume joins the network that is stored, and stays in it. It does not wait for
	// that, but may wait for the program that owns the Wi-Fi, some seconds.
	Resume()
	// Suspend leaves joining to the window that is about to open.
	Suspend()
	// Provisioned reports whether a network is stored.
	Provisioned() bool
	// Erase forgets the network that is stored, and leaves it.
	Erase() error
}

// Config is what a Keeper needs.
type Config struct {
	Service Service
	Station Station
	// NoNetwork is how long there has to be no network before a window opens, and
	// Unprovisioned the same for a box without stored credentials; 0: no window opens
	// for that.
	NoNetwork, Unprovisioned time.Duration
	// Window is how long a window is open at most; 0: without end.
	Window time.Duration
	// Tell gets every event. It is called from the goroutine of Run, and must not
	// call the Keeper. nil: nobody is told.
	Tell func(Event)
}

// Keeper is made by New, and works while Run runs. All other methods may be called from
// any goroutine; they wait for Run to take their request.
type Keeper struct {
	cfg  Config
	jobs chan func()
	gone chan struct{} // closed when Run is over

	mu     sync.Mutex
	status Status

	// Of the goroutine of Run:
	ctx     context.Context
	online  bool
	since   time.Time // no network and no window since then
	window  Window    // nil: none
	trigger Trigger   // of the window
	graced  bool      // it had its grace
	closing bool      // it is about to end
	timer   *time.Timer
}

// New returns a keeper of a box that has no network yet.
func New(cfg Config) *Keeper {
	if cfg.Tell == nil {
		cfg.Tell = func(Event) {}
	}
	return &Keeper{cfg: cfg, jobs: make(chan func()), gone: make(chan struct{})}
}

// Run works until ctx ends, and then ends an open window. It may be called once.
func (k *Keeper) Run(ctx context.Context) {
	defer close(k.gone)
	k.ctx = ctx
	k.timer = time.NewTimer(0)
	k.timer.Stop()
	k.since = time.Now()
	k.cfg.Station.Resume()
	k.arm()
	for ctx.Err() == nil {
		var ended <-chan struct{}
		if k.window != nil {
			ended = k.window.Done()
		}
		select {
		case job := <-k.jobs:
			job()
		case <-ended:
			k.closed()
		case <-k.timer.C:
			k.late()
		case <-ctx.Done():
		}
	}
	k.end()
	k.timer.Stop()
}

// do has Run call fn, and returns its error.
func (k *Keeper) do(fn func() error) error {
	answer := make(chan error, 1)
	select {
	case k.jobs <- func() { answer <- fn() }:
		return <-answer
	case <-k.gone:
		return ErrStopped
	}
}

// Network tells that the network is there, or is not any more.
func (k *Keeper) Network(up bool) {
	_ = k.do(func() error { // when Run is over it does not matter
		k.network(up)
		return nil
	})
}

// Start opens a window, and returns when clients can come. If there is a window it
// stays open for the time of a new one, whether or not the network comes back. One that has
// led to a network, and so is about to end, is ended first.
func (k *Keeper) Start(why Trigger) error {
	return k.do(func() error { return k.open(why) })
}

// Stop closes the window, and returns before that is done. Without a window it does
// nothing.
func (k *Keeper) Stop() error {
	return k.do(func() error {
		if k.window != nil {
			k.close()
		}
		return nil
	})
}

// Reset erases the stored credentials, and opens a window.
func (k *Keeper) Reset() error {
	return k.do(func() error {
		k.end()
		k.cfg.Station.Suspend()
		err := k.cfg.Station.Erase()
		k.cfg.Tell(Event{Kind: WasReset, Err: err})
		if err != nil {
			k.cfg.Station.Resume()
			return err
		}
		return k.open(AfterReset)
	})
}

// Status returns what the keeper does now. It does not wait for Run.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.status
}

func (k *Keeper) network(up bool) {
	if up == k.online {
		return
	}
	k.online = up
	if up {
		k.cfg.Tell(Event{Kind: Online})
		if k.window != nil && k.trigger == NoNetwork && !k.window.Progress().Used {
			k.close()
		}
	} else {
		k.since = time.Now()
		k.cfg.Tell(Event{Kind: Offline})
	}
	if k.window == nil {
		k.arm()
	}
}

// open opens a window or prolongs the one that is open, unless that is about to end.
func (k *Keeper) open(why Trigger) error {
	if k.closing || k.window != nil && k.window.Progress().Joined {
		k.end() // it would end soon by itself
	}
	if k.window == nil {
		k.timer.Stop()
		k.cfg.Station.Suspend()
		window, err := k.cfg.Service.Open(k.ctx)
		if err != nil {
			k.since = time.Now()
			k.cfg.Tell(Event{Kind: OpenFailed, Trigger: why, Err: err})
			k.cfg.Station.Resume()
			k.arm()
			return err
		}
		k.window = window
		k.cfg.Tell(Event{Kind: Opened, Trigger: why, For: k.cfg.Window})
	}
	k.trigger, k.graced = why, false
	k.arm()
	return nil
}

// close begins to end the window.
func (k *Keeper) close() {
	k.closing = true
	k.window.Close()
}

// end ends the window, if there is one, and waits for that.
func (k *Keeper) end() {
	if k.window != nil {
		k.close()
		<-k.window.Done()
		k.closed()
	}
}

// closed is called when the window has ended.
func (k *Keeper) closed() {
	joined := k.window.Progress().Joined
	k.window, k.closing = nil, false
	k.since = time.Now()
	k.cfg.Tell(Event{Kind: Closed, Joined: joined})
	k.cfg.Station.Resume()
	k.arm()
}

// late is called when the timer has expired.
func (k *Keeper) late() {
	switch {
	case k.window == nil:
		_ = k.open(NoNetwork) // Tell has its error
	case !k.graced && k.window.Progress().Trying:
		k.graced = true
		k.armAt(time.Now().Add(Grace))
	default:
		k.close()
	}
}

// arm sets the timer for the end of the window, or for the next one to open.
func (k *Keeper) arm() {
	wait, from := k.cfg.Window, time.Now()
	if k.window == nil {
		from = k.since
		wait = k.cfg.NoNetwork
		if !k.cfg.Station.Provisioned() {
			wait = k.cfg.Unprovisioned
		}
	}
	if wait == 0 || k.window == nil && k.online {
		k.timer.Stop()
		k.armed(time.Time{})
		return
	}
	k.armAt(from.Add(wait))
}

func (k *Keeper) armAt(due time.Time) {
	k.timer.Reset(time.Until(due))
	k.armed(due)
}

// armed tells Status what is going on.
func (k *Keeper) armed(due time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status = Status{Online: k.online, Open: k.window != nil, Until: due}
	if k.window != nil {
		k.status.Trigger = k.trigger
	}
}
