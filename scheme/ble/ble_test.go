// SPDX-License-Identifier: Apache-2.0

package ble

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/test/fakegatt"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/security/sec0"
)

func instance(t *testing.T) *protocomm.Protocomm {
	pc := protocomm.New(protocomm.Config{})
	require.NoError(t, pc.SetSecurity("prov-session", sec0.New()))
	return pc
}

func service(t *testing.T, cfg Config, name string) *Service {
	t.Helper()
	s, err := New(cfg).NewService()
	require.NoError(t, err)
	require.NoError(t, s.SetService(name, ""))
	require.NoError(t, s.SetEndpoint("prov-session", 0xFF51))
	return s.(*Service)
}

// started returns what the peripheral is started with.
func started(t *testing.T, cfg Config, name string) ble.Config {
	t.Helper()
	p := &fakegatt.Peripheral{}
	cfg.GATT = p
	s := service(t, cfg, name)
	require.NoError(t, s.Start(instance(t)))
	got, up := p.Config()
	require.True(t, up)
	s.Close()
	return got
}

func TestConfigChecks(t *testing.T) {
	p := &fakegatt.Peripheral{}
	for _, cfg := range []Config{
		{}, {GATT: p, ManufacturerData: []byte{1}}, {GATT: p, RandomAddress: [6]byte{0x80}},
		{GATT: p, Free: FreeBLE}, {GATT: p, Free: 9},
	} {
		_, err := New(cfg).NewService()
		require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	}
	require.Equal(t, hal.ModeSTA, New(Config{}).WiFiMode())
	s, err := New(Config{GATT: p}).NewService()
	require.NoError(t, err)
	require.ErrorIs(t, s.Start(instance(t)), protocomm.ErrInvalidState, "no name")
}

// The default service, and the application's, of which the characteristics'
// UUIDs are made.
func TestService(t *testing.T) {
	cfg := started(t, Config{}, "PROV_1")
	require.Equal(t, "1775244d-6b43-439b-877c-060f2d9bed07", cfg.Service.String())
	require.Equal(t, "1775ff51-6b43-439b-877c-060f2d9bed07", cfg.Characteristics[0].UUID.String())
	own, err := ble.ParseUUID("021a9004-0382-4aea-bff4-6b3f1c5adfb4")
	require.NoError(t, err)
	cfg = started(t, Config{Service: own}, "PROV_1")
	require.Equal(t, own, cfg.Service)
	require.Equal(t, "021aff51-0382-4aea-bff4-6b3f1c5adfb4", cfg.Characteristics[0].UUID.String())
}

// Device names of up to 29 bytes are taken as they are, longer ones cut.
func TestQT31_NameLength(t *testing.T) {
	for _, n := range []int{1, 28, 29, 30, 300} {
		cfg := started(t, Config{}, strings.Repeat("n", n))
		require.Equal(t, strings.Repeat("n", min(n, 29)), cfg.DeviceName)
	}
}

// Manufacturer data is cut to 29 − (name + 2) bytes and dropped below 2.
func TestQT7_ManufacturerDataLength(t *testing.T) {
	for _, tc := range []struct{ name, data, want int }{
		{29, 2, 0}, {29, 29, 0}, {28, 2, 0}, {27, 2, 0}, {26, 2, 0}, {25, 2, 2}, {25, 3, 2},
		{10, 2, 2}, {10, 17, 17}, {10, 18, 17}, {10, 29, 17}, {10, 200, 17}, {1, 29, 26}, {10, 0, 0},
	} {
		data := bytes.Repeat([]byte{0xAB}, tc.data)
		cfg := started(t, Config{ManufacturerData: data}, strings.Repeat("n", tc.name))
		require.Len(t, cfg.ManufacturerData, tc.want, "%+v", tc)
		require.True(t, tc.want == 0 || 2+tc.name+2+tc.want <= 31)
	}
}

// The scheme has its own copy of the manufacturer data, in every start.
func TestQT6_QT29_StartAgain(t *testing.T) {
	p := &fakegatt.Peripheral{}
	data := []byte{1, 2, 3}
	s := service(t, Config{GATT: p, ManufacturerData: data}, "PROV_1")
	data[0] = 9
	for range 3 {
		require.NoError(t, s.Start(instance(t)))
		cfg, _ := p.Config()
		require.Equal(t, []byte{1, 2, 3}, cfg.ManufacturerData)
		require.NoError(t, s.Stop())
	}
}

// Options reach the stack; encryption is off by default (Q-T22).
func TestQT22_Options(t *testing.T) {
	cfg := started(t, Config{}, "PROV_1")
	require.False(t, cfg.Encrypt || cfg.Bonding || cfg.Notify)
	require.True(t, cfg.SecureConnections)
	address := [6]byte{0xC0, 1, 2, 3, 4, 5}
	cfg = started(t, Config{Encrypt: true, Bonding: true, Notify: true, LegacyPairing: true, RandomAddress: address}, "PROV_1")
	require.True(t, cfg.Encrypt && cfg.Bonding && cfg.Notify)
	require.False(t, cfg.SecureConnections)
	require.Equal(t, address, cfg.RandomAddress)
}

// Keeping BLE on can be switched on and off, in the configuration and by the
// manager, before the start.
func TestQT30_KeepBLEOn(t *testing.T) {
	p := &fakegatt.Peripheral{}
	s := service(t, Config{GATT: p, KeepConnections: true}, "PROV_1")
	pc := instance(t)
	for _, keep := range []bool{false, true, false} {
		require.NoError(t, s.KeepBLEOn(keep))
		require.NoError(t, s.Start(pc))
		require.ErrorIs(t, s.KeepBLEOn(!keep), protocomm.ErrInvalidState)
		require.NoError(t, s.Stop())
		stops := p.Stops()
		require.Equal(t, ble.StopOptions{KeepOn: keep, KeepConnections: true}, stops[len(stops)-1])
	}
}

// memory records what is released.
type memory struct {
	released []ble.Part
	err      error
}

func (m *memory) ReleaseMemory(parts ble.Part) error {
	m.released = append(m.released, parts)
	return m.err
}

// The original's scheme event handlers (manager.md 13).
func TestFree(t *testing.T) {
	const all = ble.Classic | ble.LE
	for _, tc := range []struct {
		free        Free
		keep        bool
		init, close []ble.Part
	}{
		{FreeNone, false, nil, nil},
		{FreeBTDM, false, []ble.Part{ble.Classic}, []ble.Part{all}},
		{FreeBTDM, true, []ble.Part{ble.Classic}, nil},
		{FreeBLE, false, nil, []ble.Part{ble.LE}},
		{FreeBLE, true, nil, nil},
		{FreeBT, false, []ble.Part{ble.Classic}, nil},
	} {
		for _, err := range []error{nil, errors.New("in use")} {
			m := &memory{err: err}
			s := service(t, Config{GATT: &fakegatt.Peripheral{}, Free: tc.free, Memory: m}, "PROV_1")
			require.Equal(t, tc.init, m.released)
			m.released = nil
			require.NoError(t, s.KeepBLEOn(tc.keep))
			require.NoError(t, s.Start(instance(t)))
			s.Close()
			s.Close()
			require.Equal(t, tc.close, m.released)
		}
	}
}

// The manager is told of clients.
func TestReportTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fakegatt.Peripheral{}
		s := service(t, Config{GATT: p}, "PROV_1")
		var got []scheme.TransportEvent
		s.ReportTransport(func(e scheme.TransportEvent) {
			got = append(got, e)
			_ = s.Stop() // it may call everything
		})
		require.NoError(t, s.Start(instance(t)))
		_, err := p.Connect()
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, []scheme.TransportEvent{{Connected: true, Conn: 1}, {Conn: 1, Reason: 0x16}}, got)
		s.Close()
	})
}

// The manager is told of outages, in order with the clients, and of none after a stop.
func TestReportOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fakegatt.Peripheral{}
		s := service(t, Config{GATT: p}, "PROV_1")
		var got []scheme.TransportEvent
		s.ReportTransport(func(e scheme.TransportEvent) {
			got = append(got, e)
			if e.Restored {
				_ = s.Stop() // it may call everything
			}
		})
		require.NoError(t, s.Start(instance(t)))
		h := p.Handler().(ble.OutageHandler)
		c, err := p.Connect()
		require.NoError(t, err)
		p.HangUp(c, ble.ReasonLocalHost)
		h.Lost(hal.ErrBusy)
		h.Restored()
		synctest.Wait()
		h.Lost(hal.ErrBusy)
		synctest.Wait()
		require.Equal(t, []scheme.TransportEvent{
			{Connected: true, Conn: 1}, {Conn: 1, Reason: 0x16}, {Lost: true, Err: hal.ErrBusy}, {Restored: true},
		}, got)
		s.Close()
	})
}

// Config.Go says where that, and requests, are run.
func TestGo(t *testing.T) {
	p := &fakegatt.Peripheral{}
	var waiting []func()
	s := service(t, Config{GATT: p, Server: gatt.Config{Go: func(fn func()) { waiting = append(waiting, fn) }}}, "PROV_1")
	told := 0
	s.ReportTransport(func(scheme.TransportEvent) { told++ })
	require.NoError(t, s.Start(instance(t)))
	_, err := p.Connect()
	require.NoError(t, err)
	require.Zero(t, told)
	require.Len(t, waiting, 1)
	waiting[0]()
	require.Equal(t, 1, told)
	s.Close()
}
