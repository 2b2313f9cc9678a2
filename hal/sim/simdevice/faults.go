// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"slices"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// faults are those of one device. Some outlast a boot.
type faults struct {
	device *Device

	mu      sync.Mutex
	closed  bool
	waiting []Fault
	armed   []*armed
	timers  map[*faultTimer]struct{}

	// in force, also after a reboot
	refuse  *Fault
	silent  bool
	slow    time.Duration
	tinyMTU bool
	turns   map[FaultKind]int // how often a kind came into force
}

// armed is a fault that waits for a request.
type armed struct {
	Fault
	left int // requests until it strikes
	more int // requests for which it strikes then; negative: all
}

type faultTimer struct{ timer hal.Timer }

// Inject makes a fault happen. It fails if the fault is not valid, and with ErrClosed.
func (d *Device) Inject(f Fault) error {
	if err := d.check(f); err != nil {
		return err
	}
	d.mu.Lock()
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return ErrClosed
	}
	d.faults.start(f)
	return nil
}

// check returns what is wrong with a fault of this device.
func (d *Device) check(f Fault) error {
	if err := f.Check(); err != nil {
		return err
	}
	if f.Kind == SmallMTU && d.cfg.Transport != BLE {
		return errNoBLE
	}
	return nil
}

// ClearFaults ends all faults and those that are still to come. What has happened
// stays.
func (d *Device) ClearFaults() {
	f := &d.faults
	f.mu.Lock()
	f.waiting, f.armed = nil, nil
	f.refuse, f.silent, f.slow, f.tinyMTU = nil, false, 0, false
	f.stopTimersLocked()
	f.mu.Unlock()
	if b := d.Boot(); b != nil {
		if b.flash != nil {
			b.flash.disarm()
		}
		f.powerOn(b)
	}
}

// add takes a fault of the configuration.
func (f *faults) add(fault Fault) { f.waiting = append(f.waiting, fault) }

func (f *faults) smallMTU() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.waiting {
		if fault.Kind == SmallMTU && fault.After == 0 && !fault.byRequest() {
			return true
		}
	}
	return f.tinyMTU
}

// powerOn lets what is in force happen to a new boot.
func (f *faults) powerOn(b *Boot) {
	f.mu.Lock()
	refuse, silent, slow := f.refuse, f.silent, f.slow
	waiting := f.waiting
	f.waiting = nil
	f.mu.Unlock()
	b.Board.RefuseJoins(0, 0)
	if refuse != nil {
		b.Board.RefuseJoins(refuse.reason(), 0)
	}
	b.Board.SilenceDHCP(silent)
	b.Driver.Delay(hal.EventScanDone, slow)
	for _, fault := range waiting {
		f.start(fault)
	}
}

// start lets a fault happen in its time.
func (f *faults) start(fault Fault) {
	if fault.After > 0 {
		after := fault.After
		fault.After = 0
		f.later(after, func() { f.start(fault) })
		return
	}
	if !fault.byRequest() {
		f.happen(fault)
		return
	}
	a := &armed{Fault: fault, left: max(fault.Request, 1), more: 1}
	if fault.Kind.ofAnswers() && fault.Times != 0 {
		a.more = fault.Times
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = append(f.armed, a)
}

// later calls fn after a time of the air.
func (f *faults) later(d time.Duration, fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	t := &faultTimer{}
	t.timer = f.device.air.Clock().AfterFunc(d, func() {
		f.mu.Lock()
		_, pending := f.timers[t]
		delete(f.timers, t)
		f.mu.Unlock()
		if pending {
			fn()
		}
	})
	if f.timers == nil {
		f.timers = map[*faultTimer]struct{}{}
	}
	f.timers[t] = struct{}{}
}

func (f *faults) stopTimersLocked() {
	for t := range f.timers {
		t.timer.Stop()
	}
	clear(f.timers)
}

func (f *faults) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.stopTimersLocked()
}

// happen lets a fault happen now.
func (f *faults) happen(fault Fault) {
	d := f.device
	b := d.Boot()
	if b == nil && (fault.Kind == LoseNetwork || fault.Kind == Reboot || fault.Kind == PowerCut || fault.Kind == StaleSession) {
		return // nothing is there that could be lost
	}
	d.journal.add(Event{Kind: Happened, Text: fault.String()})
	switch fault.Kind {
	case RefuseJoin:
		times := max(fault.Times, 1)
		if fault.Times < 0 {
			times = 0 // all
			f.force(fault, func() { f.refuse = &fault }, nil)
		}
		if b != nil {
			b.Board.RefuseJoins(fault.reason(), times)
		}
	case LoseNetwork:
		b.Board.Kick(fault.reason())
	case NoAddress:
		f.force(fault, func() { f.silent = true }, func() { f.silent = false })
	case SlowScan:
		f.force(fault, func() { f.slow = fault.Delay }, func() { f.slow = 0 })
	case SmallMTU:
		f.force(fault, func() { f.tinyMTU = true }, nil)
	case StaleSession:
		b.forgetSessions()
	case Reboot:
		f.later(0, func() { f.report(d.Reboot()) })
	case PowerCut:
		f.later(0, func() {
			d.PowerCut()
			f.powerAgain(fault.For)
		})
	case PowerCutInFlash:
		if b != nil && b.flash != nil {
			b.flash.arm(max(fault.Operation, 1)-1, func() { f.powerAgain(fault.For) })
		}
	}
}

// force brings a fault into force, and ends it when its time is over.
func (f *faults) force(fault Fault, begin, end func()) {
	f.mu.Lock()
	begin()
	if f.turns == nil {
		f.turns = map[FaultKind]int{}
	}
	f.turns[fault.Kind]++
	turn := f.turns[fault.Kind]
	f.mu.Unlock()
	f.apply()
	if fault.For == 0 {
		return
	}
	f.later(fault.For, func() {
		f.mu.Lock()
		if turn == f.turns[fault.Kind] {
			end()
		}
		f.mu.Unlock()
		f.apply()
	})
}

// apply lets the faults in force happen to the present boot.
func (f *faults) apply() {
	if b := f.device.Boot(); b != nil {
		f.mu.Lock()
		silent, slow := f.silent, f.slow
		f.mu.Unlock()
		b.Board.SilenceDHCP(silent)
		b.Driver.Delay(hal.EventScanDone, slow)
	}
}

// powerAgain gives the power back after a time; 0: never.
func (f *faults) powerAgain(after time.Duration) {
	if after > 0 {
		f.later(after, func() { f.report(f.device.PowerOn()) })
	}
}

func (f *faults) report(err error) {
	if err != nil {
		f.device.journal.add(Event{Kind: Trouble, Text: err.Error()})
	}
}

// verdict is what happens to a request and its answer.
type verdict struct {
	cut      bool          // the link breaks, and the request is not handled
	drop     bool          // the answer does not come
	delay    time.Duration // the answer comes so late
	truncate bool          // the answer has bytes bytes only
	bytes    int
}

// request counts a request for an endpoint, lets the faults that wait for it happen,
// and returns what is to happen to it.
func (f *faults) request(endpoint string) (v verdict) {
	f.mu.Lock()
	var struck []Fault
	for _, a := range f.armed {
		if a.Endpoint != "" && a.Endpoint != endpoint {
			continue
		}
		if a.left > 1 {
			a.left--
			continue
		}
		if a.more > 0 {
			a.more--
		}
		struck = append(struck, a.Fault)
	}
	f.armed = slices.DeleteFunc(f.armed, func(a *armed) bool {
		return a.more == 0
	})
	f.mu.Unlock()
	for _, fault := range struck {
		switch fault.Kind {
		case DropAnswer:
			v.drop = true
		case DelayAnswer:
			v.delay += fault.Delay
		case TruncateAnswer:
			v.truncate, v.bytes = true, fault.Bytes
		case CutLink:
			v.cut = true
		case Reboot, PowerCut:
			v.cut = true
			f.happen(fault)
			continue
		default:
			f.happen(fault)
			continue
		}
		f.device.journal.add(Event{Kind: Happened, Text: fault.String()})
	}
	return v
}
