// SPDX-License-Identifier: Apache-2.0

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

// Central is what a client needs of this machine's Bluetooth. Calls do not
// overlap.
type Central interface {
	// Scan calls found for each device that advertises, and again when more is
	// known of the device. It returns nil when found returns false. When ctx
	// ends during the scan, it returns ctx.Err() itself; any other error means
	// that scanning failed or had not begun when ctx ended.
	Scan(ctx context.Context, found func(Advertisement) bool) error

	// Connect connects to a device and negotiates the largest MTU.
	Connect(ctx context.Context, device Advertisement) (BLELink, error)
}

// Advertisement is what a device announces in its advertising data and its scan
// response.
type Advertisement struct {
	// Address of the device as the Central knows it; opaque.
	Address string
	// Name is the device's local name; empty: not known yet.
	Name string
	// Services are the advertised 128-bit services.
	Services []ble.UUID
	// ManufacturerData begins with the company identifier; nil: none.
	ManufacturerData []byte
	// RSSI in dBm.
	RSSI int
}

// BLELink is a connection to a device. Calls do not overlap, except that Close may
// come at any time. If the device refuses a request, the error is a ble.ATTError
// and the link stays usable; after any other error the link is of no use. A
// request that the device answered by ending the link fails with an error that
// matches [ErrHungUp]. Every call returns promptly when its context ends.
type BLELink interface {
	// Discover returns the characteristics of a service, with their user
	// descriptions. The zero UUID stands for the first service that has a
	// 128-bit UUID.
	Discover(ctx context.Context, service ble.UUID) ([]BLECharacteristic, error)

	// Write writes a value with response. It uses prepared writes if the value
	// is longer than the MTU allows. It does not keep value.
	Write(ctx context.Context, c BLECharacteristic, value []byte) error

	// Read reads a whole value.
	Read(ctx context.Context, c BLECharacteristic) ([]byte, error)

	// Close ends the connection. When it returns, nothing runs any more.
	// Closing twice is allowed.
	Close() error
}

// BLECharacteristic is a discovered characteristic.
type BLECharacteristic struct {
	UUID   ble.UUID
	Handle uint16 // of the value
	Name   string // user description, descriptor 0x2901; empty: none
}

// BLEConfig says how to find a device over BLE.
type BLEConfig struct {
	// Central is this machine's Bluetooth; required.
	Central Central

	// Name is the device's name. Empty: the first device that fits Prefix and
	// Service.
	Name string

	// Prefix of the names to look for. Empty: PROV_, or, if the device
	// advertises Service, any name.
	Prefix string

	// Service to use. Zero: the first one that the device advertises, else the
	// first one that it has. Without Name, devices that advertise only other
	// services are passed over.
	Service ble.UUID

	// FindTimeout, ConnectTimeout and Timeout bound looking for the device,
	// connecting with discovery, and each request. 0: 6 s, 20 s and 30 s;
	// negative: no limit but the caller's context.
	FindTimeout, ConnectTimeout, Timeout time.Duration
}

// BLE is the [Transport] to a device that is a BLE peripheral. It looks for the
// device at the first request. After a lost link it looks for the same device
// again, by address or name. Calls of Do from several goroutines wait for each
// other.
type BLE struct {
	cfg BLEConfig

	turns *turns

	// The running request alone uses the following fields.

	link      BLELink       // nil: none
	device    Advertisement // of the present or last link; no Address: there was none
	endpoints []BLECharacteristic
}

var (
	_ Transport = (*BLE)(nil)
	_ PageSizer = (*BLE)(nil)
)

// ErrNoDevice: no device was found that fits the configuration. It matches
// ErrUnreachable.
var ErrNoDevice error = &kindError{"no such device in range", []error{ErrUnreachable}}

// NewBLE returns a transport. It sends nothing yet. It fails if cfg is wrong.
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

// Do implements [Transport]: it writes the request to the endpoint's
// characteristic, and reads the answer from it. The user description of a
// characteristic names the endpoint, in upper or lower case.
func (b *BLE) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	if len(body) == 0 {
		return nil, ErrEmptyBody // a device ignores an empty write
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

// connect finds and connects to the device, and finds its endpoints.
func (b *BLE) connect(ctx context.Context) error {
	var device Advertisement
	scanning := false
	err := within(ctx, b.cfg.FindTimeout, "not found", func(ctx context.Context) error {
		err := b.cfg.Central.Scan(ctx, func(a Advertisement) bool {
			device = a
			return !b.wanted(a)
		})
		scanning = err == ctx.Err() // the Central was scanning until the end
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

// wanted reports whether a is the device to connect to, by what is known so far.
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

// within runs fn with a time limit, if that is positive. what names the failure.
func within(ctx context.Context, limit time.Duration, what string, fn func(context.Context) error) error {
	own := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		own, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	err := fn(own)
	switch {
	case err == nil || own.Err() == nil:
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %s", ctx.Err(), what)
	case err != own.Err(): // err says more
		return fmt.Errorf("%w: %s within %v: %v", ErrTimeout, what, limit, err)
	}
	return fmt.Errorf("%w: %s within %v", ErrTimeout, what, limit)
}

// drop closes the link.
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
