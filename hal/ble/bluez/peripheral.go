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

// Times of a zero Config.
const (
	DefaultTimeout     = 5 * time.Second // of a start and a stop
	DefaultLossTimeout = 10 * time.Second
)

// Config holds the settings of a Peripheral. The zero value is usable.
type Config struct {
	// Adapter is the adapter's name, "hci0"; empty: the first that can be a
	// peripheral.
	Adapter string
	// Bus is the address of the message bus, "unix:path=…"; empty: the system
	// bus.
	Bus string
	// Timeout bounds StartGATT and StopGATT; 0: DefaultTimeout.
	Timeout time.Duration
	// LossTimeout is how long the service may be out of reach before a handler
	// that is a ble.OutageHandler is told; 0: DefaultLossTimeout.
	LossTimeout time.Duration
	// KeepAlias leaves the adapter's alias, and so the GAP device name, as it
	// is. The name in the scan response is not affected.
	KeepAlias bool
	// Logger is told of trouble; nil is silent.
	Logger hal.Logger
}

// Peripheral implements ble.Peripheral on an adapter of this machine. New makes it.
type Peripheral struct {
	cfg    Config
	pauses pauses

	turn chan struct{} // holds a token while StartGATT or StopGATT runs

	mu      sync.Mutex // guards what follows
	service *service   // started, or stopping; nil: stopped
	lit     string     // adapter that was switched on and kept on; or empty
}

var _ ble.Peripheral = (*Peripheral)(nil)

// New returns a peripheral that is stopped. Nothing is checked before StartGATT.
func New(cfg Config) *Peripheral {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.LossTimeout <= 0 {
		cfg.LossTimeout = DefaultLossTimeout
	}
	return &Peripheral{cfg: cfg, pauses: pauses{firstPause, longestPause, settlePause}, turn: make(chan struct{}, 1)}
}

// StartGATT implements ble.Peripheral.
func (p *Peripheral) StartGATT(cfg ble.Config, h ble.Handler) error {
	if err := checkConfig(&cfg, h); err != nil {
		return err
	}
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	if s := p.current(); s != nil && s.isGone() {
		s.end() // lost: it is being brought back, or its stop failed
		p.forget(s)
	} else if s != nil {
		return fmt.Errorf("bluez: the peripheral runs already, or its stop failed; stop it first: %w", hal.ErrBusy)
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.cfg.Timeout)
	defer cancel()
	s := newService(p, cfg, h)
	if err := s.start(ctx); err != nil {
		p.abandon(s)
		if errors.Is(err, bluezbus.ErrUnable) {
			return fmt.Errorf("bluez: %w: %w", hal.ErrNotSupported, err)
		}
		return fmt.Errorf("bluez: %w", err)
	}
	p.mu.Lock()
	p.service = s
	if p.lit == string(s.adapter) {
		s.lit, p.lit = true, "" // a former stop with KeepOn left it on
	}
	p.mu.Unlock()
	s.goLive()
	return nil
}

// abandon undoes a start that failed.
func (p *Peripheral) abandon(s *service) {
	s.end()
	ctx, cancel := context.WithTimeout(context.Background(), p.cfg.Timeout)
	defer cancel()
	if err := s.takeDown(ctx, ble.StopOptions{}); err != nil {
		p.cfg.Logger.Log(hal.LevelWarn, "a failed start could not be undone completely", hal.Err(err))
		s.bus.Close()
	}
}

// StopGATT implements ble.Peripheral. An error means that clients are still connected,
// or the adapter still on.
func (p *Peripheral) StopGATT(how ble.StopOptions) error {
	if s := p.current(); s != nil {
		s.end() // at once; the rest waits for its turn
	}
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	ctx, cancel := context.WithTimeout(context.Background(), p.cfg.Timeout)
	defer cancel()
	s := p.current()
	if s == nil {
		return p.switchOff(ctx, how)
	}
	s.end()
	if err := s.takeDown(ctx, how); err != nil {
		return fmt.Errorf("bluez: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.service == s {
		p.service = nil
		if how.KeepOn && s.lit {
			p.lit = string(s.adapter)
		}
	}
	return nil
}

// switchOff switches off the adapter that a stop with KeepOn left on.
func (p *Peripheral) switchOff(ctx context.Context, how ble.StopOptions) error {
	p.mu.Lock()
	adapter := dbus.ObjectPath(p.lit)
	p.mu.Unlock()
	if adapter == "" || how.KeepOn {
		return nil
	}
	bus, objects, err := bluezbus.Open(ctx, p.cfg.Bus, func(bluezbus.Message) {})
	if err == nil {
		defer bus.Close()
		if objects[adapter] != nil {
			err = bus.Set(ctx, adapter, bluezbus.Adapter, "Powered", false)
		}
	}
	if err != nil && !bluezbus.Gone(err) {
		return fmt.Errorf("bluez: %s stays on: %w", adapter, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lit = ""
	return nil
}

func (p *Peripheral) current() *service {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.service
}

// forget drops a lost service.
func (p *Peripheral) forget(s *service) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.service == s {
		p.service = nil
	}
}

// Respond implements ble.Peripheral.
func (p *Peripheral) Respond(c ble.Conn, code ble.ATTError) {
	if s := p.current(); s != nil {
		s.respond(c, code)
	}
}

// Disconnect implements ble.Peripheral. The client always sees BlueZ's reason,
// ReasonRemoteUser. A refusal by bluetoothd is logged.
func (p *Peripheral) Disconnect(c ble.Conn, _ ble.HCIReason) error {
	if s := p.current(); s != nil {
		s.hangUp(c)
	}
	return nil
}

// maxScanResponse is how much fits into a scan response.
const maxScanResponse = 31

// checkConfig refuses services that cannot be offered.
func checkConfig(cfg *ble.Config, h ble.Handler) error {
	n, m := len(cfg.DeviceName), len(cfg.ManufacturerData)
	switch {
	case h == nil:
		return errors.New("bluez: the handler is nil")
	case n == 0 || n > ble.MaxDeviceName:
		return fmt.Errorf("bluez: the device name has %d bytes, want 1 to %d", n, ble.MaxDeviceName)
	case m == 1 || m > 0 && n+2+m+2 > maxScanResponse:
		return fmt.Errorf("bluez: %d bytes of manufacturer data do not fit beside a name of %d", m, n)
	case cfg.RandomAddress != [6]byte{}:
		return fmt.Errorf("bluez: BlueZ chooses the address; leave RandomAddress empty: %w", hal.ErrNotSupported)
	}
	for _, c := range cfg.Characteristics {
		if len(c.Name) > ble.MaxValue {
			return fmt.Errorf("bluez: the name of characteristic %v is longer than %d bytes", c.UUID, ble.MaxValue)
		}
	}
	return nil
}
