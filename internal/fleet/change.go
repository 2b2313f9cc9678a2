// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// ChangeKind is what happens to a network, in the word that files use.
type ChangeKind string

// Kinds of changes.
const (
	Appear    ChangeKind = "appear"    // the network is on the air again
	Vanish    ChangeKind = "vanish"    // it is gone; stations notice after their beacon timeout
	Kick      ChangeKind = "kick"      // the links of all its stations end with Change.Reason
	Configure ChangeKind = "configure" // it has Change.Config from now on
	Add       ChangeKind = "add"       // a new one with Change.Config is on the air
)

// ChangeKinds returns all kinds.
func ChangeKinds() []ChangeKind { return []ChangeKind{Appear, Vanish, Kick, Configure, Add} }

// Change is a change of the air.
type Change struct {
	// At is when it happens, from Fleet.Start on, in the time of the air.
	At time.Duration
	Do ChangeKind
	// Network is the name. Appear, Vanish and Kick are for all networks with that
	// name, Configure is for the first one.
	Network hal.SSID
	Reason  hal.Reason   // Kick; 0: hal.ReasonAuthLeave
	Config  sim.APConfig // Configure, Add
}

// String returns the change for a log: "vanish HomeNet".
func (c Change) String() string { return string(c.Do) + " " + c.Network.String() }

// Check returns what is wrong with the change, apart from its Network.
func (c Change) Check() error {
	switch c.Do {
	case Appear, Vanish, Kick:
	case Configure, Add:
		if _, err := sim.NewAir(sim.AirConfig{}).AddAP(c.Config); err != nil {
			return err
		}
	default:
		return fmt.Errorf("there is no change %q", string(c.Do))
	}
	switch {
	case c.At < 0:
		return fmt.Errorf("%s: the time is %s; it must not be negative", c, c.At)
	case c.Reason != 0 && c.Do != Kick:
		return fmt.Errorf("%s has no reason; leave it out", c.Do)
	}
	return nil
}

// Apply makes a change now, whatever its At, and tells it as an event without a
// device. It fails if there is no such network, or the change is wrong.
func (f *Fleet) Apply(c Change) error {
	if err := c.Check(); err != nil {
		return err
	}
	var networks []*sim.AP
	for _, network := range f.Networks() {
		if network.Config().SSID == c.Network {
			networks = append(networks, network)
		}
	}
	if len(networks) == 0 && c.Do != Add {
		return fmt.Errorf("there is no network %q", c.Network.String())
	}
	f.told.tell(Event{Event: simdevice.Event{Time: time.Now(), Kind: simdevice.Happened, Text: c.String()}})
	switch c.Do {
	case Add:
		_, err := f.AddNetwork(c.Config)
		return err
	case Configure:
		return networks[0].Configure(c.Config)
	}
	for _, network := range networks {
		switch c.Do {
		case Appear:
			network.Appear()
		case Vanish:
			network.Vanish()
		case Kick:
			reason := c.Reason
			if reason == 0 {
				reason = hal.ReasonAuthLeave
			}
			network.Kick(reason)
		}
	}
	return nil
}

// schedule arms the timers of the changes to come.
func (f *Fleet) schedule(changes []Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		f.timers = append(f.timers, f.air.Clock().AfterFunc(c.At, func() {
			if err := f.Apply(c); err != nil {
				f.told.tell(Event{Event: simdevice.Event{Time: time.Now(), Kind: simdevice.Trouble, Text: err.Error()}})
			}
		}))
	}
}

// unschedule stops them.
func (f *Fleet) unschedule() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.timers {
		t.Stop()
	}
	f.timers = nil
}
