// SPDX-License-Identifier: Apache-2.0

package ble

import (
	"strings"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/scheme"
)

// DefaultService returns the UUID of the service unless Config has one:
// 1775244d-6b43-439b-877c-060f2d9bed07.
func DefaultService() ble.UUID {
	return ble.UUID{0x07, 0xed, 0x9b, 0x2d, 0x0f, 0x06, 0x7c, 0x87, 0x9b, 0x43, 0x43, 0x6b, 0x4d, 0x24, 0x75, 0x17}
}

// Free says which memory of Bluetooth is released, and when: the original's
// scheme event handlers.
type Free uint8

// Memory to release. That of BLE is kept when BLE stays on.
const (
	FreeNone Free = iota
	FreeBTDM      // classic Bluetooth's at Init, all of Bluetooth's at Deinit
	FreeBLE       // BLE's at Deinit
	FreeBT        // classic Bluetooth's at Init
)

// Config holds the settings of a Scheme.
type Config struct {
	// GATT is the BLE peripheral; required.
	GATT ble.Peripheral

	// Service is the service's UUID; zero: DefaultService.
	Service ble.UUID

	// ManufacturerData goes into the scan response: company identifier, low byte
	// first, and data. It is cut to the room that the device name leaves, and left out
	// when that is less than 2 bytes. New copies it. Empty: none.
	ManufacturerData []byte

	// RandomAddress is a static random address to appear under, most
	// significant byte first; zero: the public one.
	RandomAddress [6]byte

	// Notify gives the characteristics the property NOTIFY; nothing ever
	// notifies. Default off, CONFIG_WIFI_PROV_BLE_NOTIFY.
	Notify bool

	// Encrypt lets only paired clients read and write; phones ask their users
	// whether to pair. It needs a stack that can pair, as package att with package
	// smp. Pairing is Just Works, which proves nobody's identity, so the security of
	// the manager is needed all the same. Default off,
	// CONFIG_WIFI_PROV_BLE_FORCE_ENCRYPTION.
	Encrypt bool

	// Bonding keeps the keys of a pairing, so that a phone that comes back
	// need not pair again. If the device forgets them, users have to make the
	// phone forget the device. Default off, CONFIG_WIFI_PROV_BLE_BONDING.
	Bonding bool

	// LegacyPairing does without LE Secure Connections, which takes some tenths of
	// a second on a chip and protects from somebody who hears the pairing. Default
	// off, the opposite of CONFIG_WIFI_PROV_BLE_SEC_CONN.
	LegacyPairing bool

	// KeepBLEOn leaves the stack up when the service ends. Default off,
	// CONFIG_WIFI_PROV_KEEP_BLE_ON_AFTER_PROV; Manager.KeepBLEOn changes it.
	KeepBLEOn bool

	// KeepConnections leaves the client connected when the service ends. Default
	// off, the opposite of CONFIG_WIFI_PROV_DISCONNECT_AFTER_PROV.
	KeepConnections bool

	// Free is what Memory is told to release, and when; FreeNone: nothing.
	Free   Free
	Memory ble.Memory

	// Server holds the settings of the GATT server. The zero value will do where there
	// is a scheduler.
	Server gatt.Config
}

// Scheme is the BLE scheme. New makes it.
type Scheme struct {
	cfg Config
}

var _ scheme.Scheme = (*Scheme)(nil)

// New returns the scheme with these settings, which are copied and checked by
// NewService.
func New(cfg Config) *Scheme {
	cfg.ManufacturerData = append([]byte(nil), cfg.ManufacturerData...)
	if cfg.Service == (ble.UUID{}) {
		cfg.Service = DefaultService()
	}
	return &Scheme{cfg: cfg}
}

// WiFiMode implements scheme.Scheme: ModeSTA.
func (*Scheme) WiFiMode() hal.Mode { return hal.ModeSTA }

// NewService implements scheme.Scheme; the service is a *Service. It fails
// with protocomm.ErrInvalidArg for a configuration that cannot be used.
func (s *Scheme) NewService() (scheme.Service, error) {
	const op = "ble: new service"
	cfg := s.cfg
	switch {
	case cfg.GATT == nil:
		return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "Config.GATT is nil; give it the driver's ble.Peripheral", nil)
	case len(cfg.ManufacturerData) == 1:
		return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "Config.ManufacturerData has 1 byte; it begins with a company identifier of 2", nil)
	case cfg.RandomAddress != [6]byte{} && cfg.RandomAddress[0]>>6 != 3:
		return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "the first two bits of Config.RandomAddress must be set", nil)
	case cfg.Free > FreeBT || cfg.Free != FreeNone && cfg.Memory == nil:
		return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "Config.Free needs Config.Memory", nil)
	}
	v := &Service{cfg: cfg, server: gatt.New(cfg.GATT, cfg.Server), keepOn: cfg.KeepBLEOn}
	if cfg.Free == FreeBTDM || cfg.Free == FreeBT {
		v.release(ble.Classic)
	}
	return v, nil
}

// Service is the BLE transport of one manager. It implements scheme.BLEKeeper
// and scheme.TransportReporter.
type Service struct {
	cfg    Config
	server *gatt.Server

	mu        sync.Mutex // guards what follows
	closed    bool
	keepOn    bool
	name      string
	endpoints []gatt.Endpoint
	pc        *protocomm.Protocomm // that is being served, or nil
	tell      func(scheme.TransportEvent)
}

var (
	_ scheme.Service           = (*Service)(nil)
	_ scheme.BLEKeeper         = (*Service)(nil)
	_ scheme.TransportReporter = (*Service)(nil)
)

// SetEndpoint implements scheme.Service. A name or an id that is there already
// is refused.
func (s *Service) SetEndpoint(name string, id uint16) error {
	const op = "ble: set endpoint"
	if name == "" || len(name) > ble.MaxValue {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "the name is empty or longer than 512 bytes", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.endpoints {
		if e.Name == name || e.ID == id {
			return protocomm.Fail(op, protocomm.ErrInvalidArg, name+" has the name or the id of "+e.Name, nil)
		}
	}
	s.endpoints = append(s.endpoints, gatt.Endpoint{Name: strings.Clone(name), ID: id})
	return nil
}

// SetService implements scheme.Service: the name is the device
// name, cut to 29 bytes; the key is ignored.
func (s *Service) SetService(name, _ string) error {
	if name == "" {
		return protocomm.Fail("ble: set service", protocomm.ErrInvalidArg, "the service name is empty; it is the name of the BLE device", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name = strings.Clone(name[:min(len(name), ble.MaxDeviceName)])
	return nil
}

// KeepBLEOn implements scheme.BLEKeeper.
func (s *Service) KeepBLEOn(keep bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pc != nil {
		return protocomm.Fail("ble: keep BLE on", protocomm.ErrInvalidState, "the service runs; say so before the start", nil)
	}
	s.keepOn = keep
	return nil
}

// ReportTransport implements scheme.TransportReporter.
func (s *Service) ReportTransport(fn func(scheme.TransportEvent)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell = fn
}

// report passes on that a client came or went.
func (s *Service) report(e gatt.Event) {
	s.pass(scheme.TransportEvent{Connected: e.Connected, Conn: e.Conn, Reason: uint16(e.Reason)})
}

// outage passes on that the stack is out of reach, or back.
func (s *Service) outage(why error) {
	s.pass(scheme.TransportEvent{Lost: why != nil, Restored: why == nil, Err: why})
}

func (s *Service) pass(e scheme.TransportEvent) {
	s.mu.Lock()
	tell := s.tell
	s.mu.Unlock()
	if tell != nil {
		tell(e)
	}
}

// Start implements scheme.Service.
//
// Errors: protocomm.ErrInvalidArg for nil and for an endpoint of the instance
// that was not set, ErrInvalidState without a service name, after Close, and
// when this instance is being served already, ErrNotSupported when another one
// is; the stack's.
func (s *Service) Start(pc *protocomm.Protocomm) error {
	const op = "ble: start"
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return protocomm.Fail(op, protocomm.ErrInvalidState, "the service is closed", nil)
	case s.name == "":
		return protocomm.Fail(op, protocomm.ErrInvalidState, "no service name is set; call SetService", nil)
	}
	cfg := s.cfg
	err := s.server.Start(pc, gatt.Settings{
		Config: ble.Config{
			DeviceName:        s.name,
			Service:           cfg.Service,
			ManufacturerData:  manufacturerData(s.name, cfg.ManufacturerData),
			Notify:            cfg.Notify,
			Encrypt:           cfg.Encrypt,
			Bonding:           cfg.Bonding,
			SecureConnections: !cfg.LegacyPairing,
			RandomAddress:     cfg.RandomAddress,
		},
		Endpoints: s.endpoints,
		AtStop:    ble.StopOptions{KeepOn: s.keepOn, KeepConnections: cfg.KeepConnections},
		Report:    s.report,
		Outage:    s.outage,
	})
	if err != nil {
		return protocomm.Fail(op, nil, "the BLE service did not start", err)
	}
	s.pc = pc
	return nil
}

// manufacturerData cuts data to the room that a scan response has beside the name
// (transports.md 2.3, Q-T7); nil if a company identifier does not fit.
func manufacturerData(name string, data []byte) []byte {
	const room = 29
	data = data[:min(len(data), max(0, room-(len(name)+2)))]
	if len(data) < 2 {
		return nil
	}
	return data
}

// Stop implements scheme.Service. If the stack does not stop, Stop may be
// repeated.
func (s *Service) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop()
}

func (s *Service) stop() error {
	if s.pc == nil {
		return nil
	}
	if err := s.server.Stop(s.pc); err != nil {
		return protocomm.Fail("ble: stop", nil, "the BLE service did not stop", err)
	}
	s.pc = nil
	return nil
}

// Close implements scheme.Service. A service that runs is stopped, and memory
// is released as Config.Free says.
func (s *Service) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if err := s.stop(); err != nil {
		s.cfg.Server.Logger.Log(hal.LevelError, "a service was closed and did not stop", hal.Err(err))
	}
	s.closed = true
	switch {
	case s.keepOn:
	case s.cfg.Free == FreeBTDM:
		s.release(ble.Classic | ble.LE)
	case s.cfg.Free == FreeBLE:
		s.release(ble.LE)
	}
}

// Wait blocks until the service is stopped and no request is running any more.
// A handler must not call it.
func (s *Service) Wait() { s.server.Wait() }

func (s *Service) release(parts ble.Part) {
	if err := s.cfg.Memory.ReleaseMemory(parts); err != nil {
		s.cfg.Server.Logger.Log(hal.LevelError, "memory of Bluetooth was not released", hal.Err(err))
	}
}
