// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/security/sec0"
)

var errDriver = errors.New("driver says no")

// fakeWiFi is a driver that only remembers: a test says what happens next.
type fakeWiFi struct {
	mu      sync.Mutex
	calls   []string         // what the manager called, in order
	failing map[string]error // method → error of its next calls
	ram     hal.StationConfig
	flash   hal.StationConfig
	storage hal.Storage
	mode    hal.Mode
	link    hal.Link
	linkErr error
	found   []hal.AccessPoint
	subs    []*func(hal.Event)
	onScan  func(hal.ScanConfig)
	// onConfig, unless nil, gives SetStationConfig's error after it has done
	// its work.
	onConfig func(hal.StationConfig) error
}

func (w *fakeWiFi) call(method string, args ...any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, strings.TrimSpace(method+" "+fmt.Sprintln(args...)))
	return w.failing[method]
}

// failNext makes a method fail until it is given nil.
func (w *fakeWiFi) failNext(method string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failing == nil {
		w.failing = map[string]error{}
	}
	w.failing[method] = err
}

func (w *fakeWiFi) takeCalls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

func (w *fakeWiFi) SetMode(m hal.Mode) error {
	w.mode = m // by the manager's jobs only
	return w.call("SetMode", m)
}

func (w *fakeWiFi) Start() error { return w.call("Start") }
func (w *fakeWiFi) SetStorage(s hal.Storage) error {
	if err := w.call("SetStorage", s); err != nil {
		return err
	}
	w.storage = s
	return nil
}

func (w *fakeWiFi) SetStationConfig(c hal.StationConfig) error {
	if err := w.call("SetStationConfig", c.SSID); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ram = c
	if w.storage == hal.StorageFlash {
		w.flash = c
	}
	if w.onConfig != nil {
		return w.onConfig(c)
	}
	return nil
}

func (w *fakeWiFi) StationConfig() (hal.StationConfig, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ram, w.failing["StationConfig"]
}

func (w *fakeWiFi) Restore() error {
	if err := w.call("Restore"); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ram, w.flash = hal.StationConfig{}, hal.StationConfig{}
	return nil
}

func (w *fakeWiFi) Connect() error    { return w.call("Connect") }
func (w *fakeWiFi) Disconnect() error { return w.call("Disconnect") }

func (w *fakeWiFi) Link() (hal.Link, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.link, w.linkErr
}

func (w *fakeWiFi) StartScan(c hal.ScanConfig) error {
	err := w.call("StartScan", c.Channel, c.Passive, c.PeriodMillis)
	if err == nil && w.onScan != nil {
		w.onScan(c)
	}
	return err
}
func (w *fakeWiFi) StopScan() error { return w.call("StopScan") }

func (w *fakeWiFi) ScanResults(dst []hal.AccessPoint) (int, error) {
	if err := w.call("ScanResults", len(dst)); err != nil {
		return 0, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return copy(dst, w.found), nil
}

func (w *fakeWiFi) Subscribe(fn func(hal.Event)) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	sub := &fn
	w.subs = append(w.subs, sub)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i, s := range w.subs {
			if s == sub {
				w.subs = append(w.subs[:i:i], w.subs[i+1:]...)
				return
			}
		}
	}
}

func (w *fakeWiFi) subscribers() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.subs)
}

// emit reports an event as the driver's own thread would.
func (w *fakeWiFi) emit(e hal.Event) {
	w.mu.Lock()
	subs := append([]*func(hal.Event){}, w.subs...)
	w.mu.Unlock()
	for _, fn := range subs {
		(*fn)(e)
	}
}

func (w *fakeWiFi) lost(r hal.Reason) { w.emit(hal.Event{Kind: hal.EventDisconnected, Reason: r}) }
func (w *fakeWiFi) gotIP()            { w.emit(hal.Event{Kind: hal.EventGotIP}) }

// fakeScheme carries requests by function call.
type fakeScheme struct {
	calls   []string
	failing map[string]error
	pc      *protocomm.Protocomm
	onStop  func()
}

func (s *fakeScheme) call(method string, args ...any) error {
	s.calls = append(s.calls, strings.TrimSpace(method+" "+fmt.Sprintln(args...)))
	return s.failing[method]
}

func (s *fakeScheme) NewService() (scheme.Service, error) {
	if err := s.call("NewService"); err != nil {
		return nil, err
	}
	return s, nil
}
func (s *fakeScheme) WiFiMode() hal.Mode { return hal.ModeAPSTA }
func (s *fakeScheme) SetEndpoint(name string, id uint16) error {
	return s.call("SetEndpoint", name, fmt.Sprintf("%04X", id))
}
func (s *fakeScheme) SetService(name, key string) error { return s.call("SetService", name, key) }
func (s *fakeScheme) Start(pc *protocomm.Protocomm) error {
	if err := s.call("Start"); err != nil {
		return err
	}
	s.pc = pc
	return nil
}

func (s *fakeScheme) Stop() error {
	if s.onStop != nil {
		s.onStop()
	}
	return s.call("Stop")
}
func (s *fakeScheme) Close() { _ = s.call("Close") }

// countingClock is the system's clock, and knows how many timers are pending.
type countingClock struct {
	pending atomic.Int64
	// stubborn timers fire although they were stopped, as a timer does whose
	// callback was just about to run.
	stubborn bool
}

type countedTimer struct {
	clock   *countingClock
	timer   *time.Timer
	settled sync.Once
}

func (c *countingClock) AfterFunc(d time.Duration, fn func()) hal.Timer {
	c.pending.Add(1)
	t := &countedTimer{clock: c}
	t.timer = time.AfterFunc(d, func() {
		t.settle()
		fn()
	})
	return t
}

func (t *countedTimer) settle() { t.settled.Do(func() { t.clock.pending.Add(-1) }) }

func (t *countedTimer) Stop() bool {
	t.settle()
	return !t.clock.stubborn && t.timer.Stop()
}

// rig is a manager between a fake driver and a fake scheme.
type rig struct {
	t      testing.TB
	m      wifiprov.Manager
	wifi   *fakeWiFi
	scheme *fakeScheme
	cfg    wifiprov.Config
	clock  countingClock

	mu      sync.Mutex
	events  []string
	onEvent func(wifiprov.Event)

	unsubscribe []func() // the application's subscriptions to driver events
}

func newRig(t testing.TB) *rig {
	r := &rig{t: t, wifi: &fakeWiFi{}, scheme: &fakeScheme{failing: map[string]error{}}}
	r.wifi.ram = hal.StationConfig{SSID: "Former", Passphrase: "former-secret"}
	r.wifi.flash = r.wifi.ram
	r.wifi.link = hal.Link{
		IP: hal.IPv4{192, 168, 1, 23},
		AP: hal.AccessPoint{SSID: "MyNetwork", BSSID: hal.BSSID{0xa0, 0xb1, 0xc2, 0xd3, 0xe4, 0xf5}, Channel: 6, RSSI: -47, Auth: hal.AuthWPA2PSK},
	}
	r.cfg = wifiprov.Config{WiFi: r.wifi, Scheme: r.scheme, EventHandler: r.handle, Clock: &r.clock}
	return r
}

// handle records an event.
func (r *rig) handle(e wifiprov.Event) {
	r.mu.Lock()
	r.events = append(r.events, e.String())
	fn := r.onEvent
	r.mu.Unlock()
	if fn != nil {
		fn(e)
	}
}

// at runs fn in the handler of the first event of a kind.
func (r *rig) at(kind wifiprov.EventKind, fn func()) {
	once := false
	r.onEvent = func(e wifiprov.Event) {
		if e.Kind == kind && !once {
			once = true
			fn()
		}
	}
}

func (r *rig) takeEvents() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

func (r *rig) init() {
	r.t.Helper()
	require.NoError(r.t, r.m.Init(r.cfg))
}

// start brings the service up with security 0 and forgets how.
func (r *rig) start() {
	r.t.Helper()
	r.init()
	r.startOnly()
	r.takeEvents()
	r.wifi.takeCalls()
}

func (r *rig) startOnly() {
	r.t.Helper()
	require.NoError(r.t, r.m.StartProvisioning(sec0.New(), "PROV_TEST", ""))
}

// apply takes the manager to CRED_RECV.
func (r *rig) apply() {
	r.t.Helper()
	require.NoError(r.t, r.m.ConfigureStation(hal.StationConfig{SSID: "MyNetwork", Passphrase: "passphrase"}))
}

// request sends hex bytes to an endpoint and returns the answer in hex.
func (r *rig) request(endpoint, body string) (string, error) { return r.requestAs(1, endpoint, body) }

func (r *rig) requestAs(id protocomm.SessionID, endpoint, body string) (string, error) {
	req, err := hex.DecodeString(body)
	require.NoError(r.t, err)
	resp, err := r.scheme.pc.Handle(nil, endpoint, id, req)
	return hex.EncodeToString(resp), err
}

// answer is request for one that must succeed.
func (r *rig) answer(endpoint, body string) string {
	r.t.Helper()
	resp, err := r.request(endpoint, body)
	require.NoError(r.t, err)
	return resp
}

// bubble runs a test in a synctest bubble: time is exact, and a goroutine or
// timer that is left at its end is an error. Whatever runs is taken down first.
func bubble(t *testing.T, fn func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		fn(t, r)
		r.mu.Lock()
		r.onEvent = nil
		r.mu.Unlock()
		require.NoError(t, r.m.Deinit())
		synctest.Wait()
		for _, cancel := range r.unsubscribe {
			cancel()
		}
		require.Zero(t, r.wifi.subscribers(), "a subscription to driver events was left")
		require.Zero(t, r.clock.pending.Load(), "a timer was left")
	})
}

// elapsed returns how long fn took.
func elapsed(fn func()) time.Duration {
	began := time.Now()
	fn()
	return time.Since(began)
}
