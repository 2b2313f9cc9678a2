package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// Defaults of [BLEConfig], those of the genuine clients (client.md 2).
const (
	defaultPrefix         = "PROV_"
	defaultFindTimeout    = 6 * time.Second
	defaultConnectTimeout = 20 * time.Second
)

// Central is this machine's Bluetooth, as far as a client needs it. Calls do
// not overlap.
type Central interface {
	// Scan calls found for what advertises, again when more is known of it,
	// until found returns false, ctx ends or scanning fails. It returns nil
	// in the first case and ctx's error, as it is, in the second; an error
	// that says more means that ctx ended before scanning began.
	Scan(ctx context.Context, found func(Advertisement) bool) error

	// Connect connects to a device and negotiates the largest MTU.
	Connect(ctx context.Context, device Advertisement) (BLELink, error)
}

// Advertisement is what a device tells everybody, advertising data and scan
// response together.
type Advertisement struct {
	// Address of the device as the Central knows it; opaque.
	Address string
	// Name is the complete local name; empty: not known yet.
	Name string
	// Services are the advertised 128-bit services.
	Services []ble.UUID
	// ManufacturerData with its company identifier; nil: none.
	ManufacturerData []byte
	// RSSI in dBm.
	RSSI int
}

// BLELink is a connection to a device. Calls do not overlap, except Close. A
// refusal by the device is a ble.ATTError and leaves the link usable; after any
// other error it is of no use. Every call returns promptly when its context
// ends.
type BLELink interface {
	// Discover returns the characteristics of a service and their user
	// descriptions; the zero UUID means the first service with a 128-bit
	// UUID.
	Discover(ctx context.Context, service ble.UUID) ([]BLECharacteristic, error)

	// Write writes a value with response, by prepared writes when it is
	// longer than the MTU allows. value is not kept.
	Write(ctx context.Context, c BLECharacteristic, value []byte) error

	// Read reads a whole value.
	Read(ctx context.Context, c BLECharacteristic) ([]byte, error)

	// Close ends the connection and leaves nothing running. Closing twice is
	// allowed.
	Close() error
}

// BLECharacteristic is a characteristic that was discovered.
type BLECharacteristic struct {
	UUID   ble.UUID
	Handle uint16 // of the value
	Name   string // user description, descriptor 0x2901; empty: none
}

// BLEConfig is how to find a device over BLE.
type BLEConfig struct {
	// Central is this machine's Bluetooth; required.
	Central Central

	// Name is the device's name. Empty: the first device that Prefix and
	// Service describe.
	Name string

	// Prefix of the names to look for. Empty: PROV_, or with Service any name
	// of a device that advertises it.
	Prefix string

	// Service to use; zero: the first that the device advertises, else the
	// first that it has. Without Name, devices that advertise others are
	// passed over.
	Service ble.UUID

	// FindTimeout, ConnectTimeout and Timeout bound looking for the device,
	// connecting with discovery, and each request. 0: 6 s, 20 s and 30 s;
	// negative: no limit but the caller's context.
	FindTimeout, ConnectTimeout, Timeout time.Duration
}

// BLE is the [Transport] of devices that are BLE peripherals
// (spec/transports.md 2). It looks for the device at the first request, and again
// when the link is lost, then for the same one by its address or name. Calls of
// Do from several goroutines wait for each other.
type BLE struct {
	cfg BLEConfig

	turns *turns

	// What follows belongs to the request that runs.

	link      BLELink       // nil: none
	device    Advertisement // to which there was a link; no Address: to none yet
	endpoints []BLECharacteristic
}

var (
	_ Transport = (*BLE)(nil)
	_ PageSizer = (*BLE)(nil)
)

// ErrNoDevice: no such device was found. It matches ErrUnreachable.
var ErrNoDevice error = &kindError{"no such device in range", []error{ErrUnreachable}}

// NewBLE returns a transport. It sends nothing yet; an error is about cfg.
func NewBLE(cfg BLEConfig) (*BLE, error) {
	if cfg.Central == nil {
		return nil, errors.New("client: BLEConfig.Central is nil")
	}
	cfg.FindTimeout = cmp.Or(cfg.FindTimeout, defaultFindTimeout)
	cfg.ConnectTimeout = cmp.Or(cfg.ConnectTimeout, defaultConnectTimeout)
	cfg.Timeout = cmp.Or(cfg.Timeout, requestTimeout)
	return &BLE{cfg: cfg, turns: newTurns()}, nil
}

// ScanPageSize implements [PageSizer], with the number of genuine clients.
func (*BLE) ScanPageSize() int { return 4 }

// Do implements [Transport]: write, then read. Endpoints are found by their user
// descriptions, whatever the case of the letters.
func (b *BLE) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	if len(body) == 0 {
		return nil, ErrEmptyBody // the device takes it for nothing
	}
	return b.turns.do(ctx, 0, func(ctx context.Context) ([]byte, error) { return b.exchange(ctx, endpoint, body) })
}

// exchange is Do in its turn.
func (b *BLE) exchange(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	if b.link == nil {
		if err := b.connect(ctx); err != nil {
			return nil, err
		}
	}
	for _, c := range b.endpoints {
		if !strings.EqualFold(c.Name, endpoint) {
			continue
		}
		var answer []byte
		err := within(ctx, b.cfg.Timeout, "no answer", func(ctx context.Context) error {
			if err := b.link.Write(ctx, c, body); err != nil {
				return err
			}
			var err error
			answer, err = b.link.Read(ctx, c)
			return err
		})
		var refused ble.ATTError
		switch {
		case err == nil:
			return answer, nil
		case errors.As(err, &refused):
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		b.drop()
		if ctx.Err() == nil && !errors.Is(err, ErrTimeout) && !errors.Is(err, ErrNoAnswer) {
			err = fmt.Errorf("%w: %w", ErrNoAnswer, err)
		}
		return nil, err
	}
	return nil, ErrNoEndpoint
}

// connect finds the device and its endpoints.
func (b *BLE) connect(ctx context.Context) error {
	var device Advertisement
	scanning := false
	err := within(ctx, b.cfg.FindTimeout, "not found", func(ctx context.Context) error {
		err := b.cfg.Central.Scan(ctx, func(a Advertisement) bool {
			device = a
			return !b.wanted(a)
		})
		scanning = err == ctx.Err() // to the end, as far as the Central says
		return err
	})
	if errors.Is(err, ErrTimeout) && scanning {
		return fmt.Errorf("%w: %w", ErrNoDevice, err)
	}
	if err != nil {
		return err
	}
	service := b.cfg.Service
	if service == (ble.UUID{}) && len(device.Services) > 0 {
		service = device.Services[0]
	}
	reached := false
	err = within(ctx, b.cfg.ConnectTimeout, "no connection", func(ctx context.Context) error {
		link, err := b.cfg.Central.Connect(ctx, device)
		if err != nil {
			return err
		}
		reached = true
		b.link, b.device = link, device
		if b.endpoints, err = link.Discover(ctx, service); err != nil {
			b.drop()
		}
		return err
	})
	if err != nil && !reached && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return err
}

// wanted reports whether a device is the one, as far as it is known yet.
func (b *BLE) wanted(a Advertisement) bool {
	named := a.Name != ""
	switch {
	case b.device.Address != "":
		return a.Address == b.device.Address || named && a.Name == b.device.Name
	case b.cfg.Name != "":
		return a.Name == b.cfg.Name
	case b.cfg.Service != (ble.UUID{}) && len(a.Services) > 0:
		return slices.Contains(a.Services, b.cfg.Service) && strings.HasPrefix(a.Name, b.cfg.Prefix)
	case b.cfg.Prefix == "":
		return strings.HasPrefix(a.Name, defaultPrefix)
	}
	return strings.HasPrefix(a.Name, b.cfg.Prefix)
}

// within runs fn with a limit of its own.
func within(ctx context.Context, limit time.Duration, what string, fn func(context.Context) error) error {
	own := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		own, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	err := fn(own)
	switch {
	case err == nil || own.Err() == nil || ctx.Err() != nil:
		return err
	case err != own.Err(): // it says more
		return fmt.Errorf("%w: %s within %v: %v", ErrTimeout, what, limit, err)
	}
	return fmt.Errorf("%w: %s within %v", ErrTimeout, what, limit)
}

// drop gives the link up.
func (b *BLE) drop() {
	if b.link != nil {
		_ = b.link.Close()
		b.link, b.endpoints = nil, nil
	}
}

// Close implements [Transport].
func (b *BLE) Close() error {
	b.turns.close(b.drop)
	return nil
}
