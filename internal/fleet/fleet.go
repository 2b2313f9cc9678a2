// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"slices"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// Config describes a Fleet.
type Config struct {
	Air sim.AirConfig
	// Networks on the air; their names need not be unique.
	Networks []sim.APConfig
	// Changes of the air that are to come.
	Changes []Change
	// Devices; each has a name of its own. Air, OnEvent and OnExchange are the
	// fleet's to set.
	Devices []simdevice.Config
}

// Fleet is a number of devices on one air. Its methods may be called from any
// goroutine.
type Fleet struct {
	air     *sim.Air
	devices []*simdevice.Device
	byName  map[string]*simdevice.Device
	changes []Change
	told    broadcast

	mu       sync.Mutex
	networks []*sim.AP
	timers   []hal.Timer // of the changes to come
}

// New returns a fleet whose devices have no power. An error names the network or
// the device that is wrong.
func New(cfg Config) (*Fleet, error) {
	f := &Fleet{air: sim.NewAir(cfg.Air), byName: map[string]*simdevice.Device{}}
	for _, network := range cfg.Networks {
		if _, err := f.AddNetwork(network); err != nil {
			return nil, fmt.Errorf("network %q: %w", string(network.SSID), err)
		}
	}
	for _, c := range cfg.Changes {
		if err := c.Check(); err != nil {
			return nil, fmt.Errorf("change of %q: %w", c.Network.String(), err)
		}
	}
	f.changes = cfg.Changes
	for i, device := range cfg.Devices {
		name := device.Name
		switch {
		case name == "":
			return nil, fmt.Errorf("device %d has no name", i)
		case f.byName[name] != nil:
			return nil, fmt.Errorf("two devices are called %q", name)
		}
		device.Air = f.air
		device.OnEvent = func(e simdevice.Event) { f.told.tell(Event{Device: name, Event: e}) }
		if device.KeepExchanges > 0 {
			device.OnExchange = func(e simdevice.Exchange) { f.told.tell(Event{Device: name, Exchange: &e}) }
		}
		d, err := simdevice.New(device)
		if err != nil {
			return nil, fmt.Errorf("device %q: %w", name, err)
		}
		f.devices = append(f.devices, d)
		f.byName[name] = d
	}
	return f, nil
}

// Start powers all devices on, and counts the time of the changes from then on. If one
// does not boot, those before it stay on; Close ends them.
func (f *Fleet) Start() error {
	f.schedule(f.changes)
	for _, d := range f.devices {
		if err := d.PowerOn(); err != nil {
			return err
		}
	}
	return nil
}

// Close ends all devices, and waits until nothing of them is left.
func (f *Fleet) Close() {
	f.unschedule()
	for _, d := range f.devices {
		d.Close()
	}
}

// Devices returns all devices, in the order of the configuration.
func (f *Fleet) Devices() []*simdevice.Device { return f.devices }

// Device returns the device with a name; nil: there is none.
func (f *Fleet) Device(name string) *simdevice.Device { return f.byName[name] }

// Air returns the air.
func (f *Fleet) Air() *sim.Air { return f.air }

// Networks returns all networks, in the order in which they were added.
func (f *Fleet) Networks() []*sim.AP {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.networks)
}

// Network returns the first network with a name; nil: there is none.
func (f *Fleet) Network(ssid hal.SSID) *sim.AP {
	for _, network := range f.Networks() {
		if network.Config().SSID == ssid {
			return network
		}
	}
	return nil
}

// AddNetwork puts one more network on the air.
func (f *Fleet) AddNetwork(cfg sim.APConfig) (*sim.AP, error) {
	network, err := f.air.AddAP(cfg)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.networks = append(f.networks, network)
	return network, nil
}

// Event is something that happened to a device: an event, or an exchange with a
// client if Exchange is not nil. A change of the air is an event without a device.
type Event struct {
	Number uint64 // from 1, without gaps
	Device string // "": the air
	simdevice.Event
	Exchange *simdevice.Exchange
}

// Subscribe registers fn for what happens to all devices. It is called in the order
// of Event.Number, one call at a time, and must return soon: the device waits. The
// function returned ends the registration; a call under way may still finish.
func (f *Fleet) Subscribe(fn func(Event)) (cancel func()) { return f.told.subscribe(fn) }

// broadcast tells events to subscribers.
type broadcast struct {
	mu     sync.Mutex
	number uint64
	next   int
	fns    map[int]func(Event)
}

func (b *broadcast) subscribe(fn func(Event)) (cancel func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fns == nil {
		b.fns = map[int]func(Event){}
	}
	id := b.next
	b.next++
	b.fns[id] = fn
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.fns, id)
	}
}

func (b *broadcast) tell(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number++
	e.Number = b.number
	for _, fn := range b.fns {
		fn(e)
	}
}
