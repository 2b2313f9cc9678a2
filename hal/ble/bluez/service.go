// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// maxQueue is how many messages wait for a handler that does not return.
const maxQueue = 4096

// service is what a Peripheral has from StartGATT to StopGATT.
type service struct {
	p       *Peripheral
	cfg     ble.Config
	handler ble.Handler
	objects []object // the application's, then the advertisement
	log     hal.Logger

	bus     *bluezbus.Bus // set by start, like those below
	adapter dbus.ObjectPath
	lit     bool // the adapter was switched on
	alias   *string
	pairing bool // Pairable was set
	added   bool // application and advertisement were announced

	wake chan struct{} // something is in a queue, or the state changed

	over   context.Context // until end
	cancel context.CancelFunc
	former *service // the lost service that this one replaces; or nil

	// Owned by the goroutine that runs the service.
	loss *time.Timer // until the handler is told of a loss; nil: there is none
	why  error       // of the loss
	told bool        // the handler was told of the loss

	mu      sync.Mutex // guards what follows; not held over calls out
	calls   []bluezbus.Message
	events  []bluezbus.Message // signals and accesses, in the order of what happened
	tooMany bool               // events did not fit
	live    bool               // events are handled
	ended   bool               // no method of the handler is called any more
	gone    bool               // bluetoothd or the adapter is gone
	back    bool               // a loss has ended
	off     bool               // somebody else has switched the adapter off

	again, renewing bool // the advertisement has to be registered; is being registered
	devices         map[dbus.ObjectPath]*device
	count           uint16 // of all connections so far; upper half of ble.Conn
}

func newService(p *Peripheral, cfg ble.Config, h ble.Handler) *service {
	cfg.Characteristics = append([]ble.Characteristic(nil), cfg.Characteristics...)
	cfg.ManufacturerData = append([]byte(nil), cfg.ManufacturerData...)
	s := &service{
		p: p, cfg: cfg, handler: h, log: p.cfg.Logger,
		wake:    make(chan struct{}, 1),
		devices: map[dbus.ObjectPath]*device{},
	}
	s.over, s.cancel = context.WithCancel(context.Background())
	s.objects = append(application(&s.cfg), advertisement(&s.cfg))
	return s
}

// start announces everything. After an error takeDown undoes it.
func (s *service) start(ctx context.Context) error {
	bus, objects, err := bluezbus.Open(ctx, s.p.cfg.Bus, s.receive)
	if err != nil {
		return err
	}
	s.bus = bus
	if s.adapter, err = objects.FindAdapter(s.p.cfg.Adapter, bluezbus.GattManager, bluezbus.AdvManager); err != nil {
		return err
	}
	if f := s.former; f != nil && f.adapter == s.adapter { // takeDown has to undo these too
		s.lit, s.alias, s.pairing = f.lit, f.alias, f.pairing
	}
	for path, interfaces := range objects {
		if props, is := interfaces[bluezbus.Device]; is && s.ours(path) {
			d := s.device(path)
			d.connected = bluezbus.Get[bool](props, "Connected")
			d.classic = bluezbus.Get[uint32](props, "Class") != 0
		}
	}
	go s.run()
	if err := s.prepare(ctx, objects[s.adapter][bluezbus.Adapter]); err != nil {
		return err
	}
	s.added = true
	none := bluezbus.Props{}
	if err := bus.Do(ctx, s.adapter, bluezbus.GattManager+".RegisterApplication", appPath, none); err != nil {
		return err
	}
	return bus.Do(ctx, s.adapter, bluezbus.AdvManager+".RegisterAdvertisement", adPath, none)
}

// prepare brings the adapter into the state that the service needs.
func (s *service) prepare(ctx context.Context, props bluezbus.Props) error {
	set := func(name string, value any) error {
		return s.bus.Set(ctx, s.adapter, bluezbus.Adapter, name, value)
	}
	switch on := bluezbus.Get[bool](props, "Powered"); {
	case on:
		s.setOff(false)
	case s.off: // somebody switched it off before the service was lost
		return errOff
	default:
		if err := set("Powered", true); err != nil {
			return err
		}
		s.lit = true
	}
	if former := bluezbus.Get[string](props, "Alias"); !s.p.cfg.KeepAlias && former != s.cfg.DeviceName {
		if former == bluezbus.Get[string](props, "Name") {
			former = "" // there was no alias
		}
		if err := set("Alias", s.cfg.DeviceName); err != nil {
			return err
		}
		s.alias = &former
	}
	if n := len(s.cfg.ManufacturerData); n > roomInAdvertising {
		s.log.Log(hal.LevelInfo, "the manufacturer data is in the scan response, which needs BlueZ 5.80, perhaps with -E")
	}
	if !s.cfg.Encrypt {
		return nil
	}
	if !bluezbus.Get[bool](props, "Pairable") {
		if err := set("Pairable", true); err != nil {
			return err
		}
		s.pairing = true
	}
	if err := s.bus.Do(ctx, bluezbus.Root, bluezbus.AgentManager+".RegisterAgent", agentPath, "NoInputNoOutput"); err != nil {
		return err
	}
	return s.bus.Do(ctx, bluezbus.Root, bluezbus.AgentManager+".RequestDefaultAgent", agentPath)
}

func (s *service) setOff(off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = off
}

// goLive lets events be handled, queued ones first.
func (s *service) goLive() {
	s.mu.Lock()
	s.live = true
	s.mu.Unlock()
	s.kick()
}

// end stops calls of the handler and the recovery of a lost service. Writes that wait
// for an answer fail.
func (s *service) end() {
	s.cancel()
	s.mu.Lock()
	s.ended = true
	var waiting []bluezbus.Message
	for _, d := range s.devices {
		if c := d.client; c != nil && c.write != nil {
			waiting = append(waiting, *c.write)
			c.write = nil
		}
	}
	s.mu.Unlock()
	for _, m := range waiting {
		s.refuse(m, ble.ATTUnlikely)
	}
}

// takeDown undoes what start did, after end. Failures are only logged for what ends
// with the connection to the bus anyway. After an error takeDown may be repeated.
func (s *service) takeDown(ctx context.Context, how ble.StopOptions) error {
	if s.bus == nil {
		return nil
	}
	if s.isGone() {
		s.bus.Close()
		return nil
	}
	try := func(err error) {
		if err != nil && !bluezbus.Is(err, "DoesNotExist") {
			s.log.Log(hal.LevelWarn, "bluetoothd did not end a part of the service", hal.Err(err))
		}
	}
	if s.added {
		try(s.bus.Do(ctx, s.adapter, bluezbus.AdvManager+".UnregisterAdvertisement", adPath))
		try(s.bus.Do(ctx, s.adapter, bluezbus.GattManager+".UnregisterApplication", appPath))
		s.added = false
	}
	if s.alias != nil {
		try(s.bus.Set(ctx, s.adapter, bluezbus.Adapter, "Alias", *s.alias))
		s.alias = nil
	}
	if s.pairing {
		try(s.bus.Set(ctx, s.adapter, bluezbus.Adapter, "Pairable", false))
		s.pairing = false
	}
	var errs []error
	if !how.KeepOn || !how.KeepConnections {
		errs = append(errs, s.hangUpAll(ctx))
	}
	if s.lit && !how.KeepOn {
		err := s.bus.Set(ctx, s.adapter, bluezbus.Adapter, "Powered", false)
		if err != nil {
			err = fmt.Errorf("%s stays on: %w", s.adapter, err)
		} else {
			s.lit = false
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil && !bluezbus.Gone(err) {
		return err
	}
	s.bus.Close()
	return nil
}

func (s *service) isGone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

// hangUpAll disconnects all clients and waits until bluetoothd has done so.
func (s *service) hangUpAll(ctx context.Context) error {
	s.mu.Lock()
	var paths []dbus.ObjectPath
	for path, d := range s.devices {
		if d.connected && d.client != nil {
			paths = append(paths, path)
		}
	}
	s.mu.Unlock()
	var errs []error
	for _, path := range paths {
		err := s.bus.Do(ctx, path, bluezbus.Device+".Disconnect")
		if err != nil && !bluezbus.Is(err, "NotConnected") && !bluezbus.Is(err, "UnknownObject") && !bluezbus.Is(err, "UnknownMethod") {
			errs = append(errs, fmt.Errorf("a client stays connected: %w", err))
		}
	}
	return errors.Join(errs...)
}

// hangUp disconnects one client.
func (s *service) hangUp(conn ble.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.find(conn)
	if d == nil || s.ended || d.client.leaving {
		return
	}
	c := d.client
	c.leaving = true
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.p.cfg.Timeout)
		defer cancel()
		if err := s.bus.Do(ctx, d.path, bluezbus.Device+".Disconnect"); err != nil && !bluezbus.Is(err, "NotConnected") {
			s.log.Log(hal.LevelWarn, "a client was not disconnected", hal.Err(err))
			s.mu.Lock()
			c.leaving = false
			s.mu.Unlock()
		}
	}()
}
