// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"slices"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/events"
)

// Faults wraps a HAL and misbehaves as ordered: calls fail, events are lost, changed
// or late. Without orders it changes nothing. It implements hal.WiFi and hal.SoftAP.
//
// A board below must be rebooted through the outermost wrapper.
type Faults struct {
	proxy
	clock  hal.Clock
	events events.Dispatcher

	mu     sync.Mutex
	calls  [methods]int // by Method, since made
	fails  []failure
	hook   func(m Method, n int) error
	swaps  []swap
	delays [hal.EventGotIP + 1]time.Duration
	late   int // delayed events
	subs   int // living subscribers
	cancel func()
	epoch  int // counts reboots
}

// order counts down to the call or event that it is for: n means the nth from now on,
// 0 all of them, -1 that it is carried out.
type order int

// strike counts one call or event, and reports whether the order is for it.
func (o *order) strike() bool {
	switch {
	case *o == 1:
		*o = -1
		return true
	case *o > 1:
		*o--
		return false
	}
	return *o == 0
}

// failure is an order to fail a call.
type failure struct {
	order
	method Method
	err    error
}

// swap is an order to replace an event.
type swap struct {
	order
	kind hal.EventKind
	with []hal.Event
}

var (
	_ hal.WiFi   = (*Faults)(nil)
	_ hal.SoftAP = (*Faults)(nil)

	_ hal.JoinReporter  = (*Faults)(nil)
	_ hal.ChannelLister = (*Faults)(nil)
	_ hal.Claimer       = (*Faults)(nil)
	_ hal.Limited       = (*Faults)(nil)
)

// NewFaults wraps a HAL. clock times the delivery of events; nil: hal.SystemClock. Use
// Air.Clock for boards of an air with a TimeScale.
func NewFaults(w hal.WiFi, clock hal.Clock) *Faults {
	if clock == nil {
		clock = hal.SystemClock{}
	}
	f := &Faults{clock: clock}
	f.proxy = proxy{w, f.call}
	f.events.Wake = func() hal.Timer { return clock.AfterFunc(0, f.events.Deliver) }
	return f
}

// Fail lets the nth call of m from now on fail with err, without reaching the HAL. 1 is
// the next call, 0 all calls. MethodSubscribe cannot fail. Orders add up.
func (f *Faults) Fail(m Method, nth int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails = append(f.fails, failure{order(nth), m, err})
}

// OnCall sets a function to call before each call but Subscribe, with the method and
// the number of its calls, this one included; nil: none. If fn returns an error, the
// call fails with it and does not reach the HAL. fn may call anything.
func (f *Faults) OnCall(fn func(m Method, n int) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = fn
}

// Replace delivers other events instead of the nth event of a kind from now on. 1 is
// the next event, 0 all events. Without other events the event is lost. If several
// orders are for one event, the oldest counts.
func (f *Faults) Replace(k hal.EventKind, nth int, with ...hal.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.swaps = append(f.swaps, swap{order(nth), k, slices.Clone(with)})
}

// Delay delivers all events of a kind late; other kinds overtake them. 0: no delay. At
// most 64 events wait at a time; further ones are not delayed.
func (f *Faults) Delay(k hal.EventKind, d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if int(k) < len(f.delays) {
		f.delays[k] = d
	}
}

// Clear takes all orders back. Events that are delayed already still come.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails, f.hook, f.swaps = nil, nil, nil
	clear(f.delays[:])
}

// Calls returns how many calls of m there were.
func (f *Faults) Calls(m Method) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if int(m) >= len(f.calls) {
		return 0
	}
	return f.calls[m]
}

// call makes a call unless an order or the hook fails it.
func (f *Faults) call(m Method, _ func() string, call func() error) error {
	f.mu.Lock()
	f.calls[m]++
	n, hook := f.calls[m], f.hook
	err := f.failureLocked(m)
	f.mu.Unlock()
	if err == nil && hook != nil {
		err = hook(m, n)
	}
	if err != nil {
		return err
	}
	return call()
}

// failureLocked carries out the orders for a call of m.
func (f *Faults) failureLocked(m Method) error {
	var err error
	for i := range f.fails {
		o := &f.fails[i]
		if o.method == m && o.strike() && err == nil {
			err = o.err
		}
	}
	f.fails = slices.DeleteFunc(f.fails, func(o failure) bool { return o.order < 0 })
	return err
}

// swapLocked carries out the orders for an event.
func (f *Faults) swapLocked(e hal.Event) []hal.Event {
	out, swapped := []hal.Event{e}, false
	for i := range f.swaps {
		o := &f.swaps[i]
		if o.kind == e.Kind && o.strike() && !swapped {
			out, swapped = o.with, true
		}
	}
	f.swaps = slices.DeleteFunc(f.swaps, func(o swap) bool { return o.order < 0 })
	return out
}

// event takes an event from the HAL, for a subscription of that epoch.
func (f *Faults) event(e hal.Event, epoch int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if epoch != f.epoch {
		return
	}
	for _, e := range f.swapLocked(e) {
		var d time.Duration
		if int(e.Kind) < len(f.delays) {
			d = f.delays[e.Kind]
		}
		if d <= 0 || f.late == events.MaxQueue {
			f.events.Emit(e)
			continue
		}
		f.late++
		f.clock.AfterFunc(d, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.late--
			if epoch == f.epoch {
				f.events.Emit(e)
			}
		})
	}
}

// Subscribe implements hal.Radio.
func (f *Faults) Subscribe(fn func(hal.Event)) (cancel func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[MethodSubscribe]++
	epoch, cancelled := f.epoch, false
	if f.subs == 0 {
		f.cancel = f.wifi.Subscribe(func(e hal.Event) { f.event(e, epoch) })
	}
	f.subs++
	leave := f.events.Subscribe(fn)
	return func() {
		leave()
		f.mu.Lock()
		defer f.mu.Unlock()
		if cancelled || epoch != f.epoch {
			return
		}
		cancelled = true
		if f.subs--; f.subs == 0 {
			f.cancel()
		}
	}
}

// Reboot reboots the wrapped HAL, see Board.Reboot. Orders stay; delayed events are
// lost.
func (f *Faults) Reboot() error {
	f.mu.Lock()
	f.epoch++
	f.subs, f.cancel = 0, nil
	f.events.Reset()
	f.mu.Unlock()
	return f.reboot()
}
