// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

const patience = 20 * time.Second

// handler is a device above ble.Peripheral: characteristics keep what is written. What
// happens is told in a channel, in order.
type handler struct {
	p      *Peripheral
	events chan string

	mu      sync.Mutex
	inside  int
	overlap bool
	values  map[int][]byte
	hold    bool          // writes are not answered
	last    ble.Conn      // connected last
	block   chan struct{} // Connected waits for it; nil: it does not
	onWrite func(c ble.Conn)
}

func newHandler(p *Peripheral) *handler {
	return &handler{p: p, events: make(chan string, 1000), values: map[int][]byte{}}
}

// enter notes that a call runs; they must not overlap.
func (h *handler) enter(format string, args ...any) func() {
	h.mu.Lock()
	h.inside++
	h.overlap = h.overlap || h.inside > 1
	h.mu.Unlock()
	h.events <- fmt.Sprintf(format, args...)
	return func() {
		h.mu.Lock()
		h.inside--
		h.mu.Unlock()
	}
}

func (h *handler) Connected(c ble.Conn) {
	h.mu.Lock()
	h.last = c
	block := h.block
	h.mu.Unlock()
	defer h.enter("connected %d", c.Handle())()
	if block != nil {
		<-block
	}
}

func (h *handler) Disconnected(c ble.Conn, reason ble.HCIReason) {
	defer h.enter("disconnected %d %d", c.Handle(), reason)()
}

func (h *handler) MTU(c ble.Conn, mtu int) { defer h.enter("mtu %d %d", c.Handle(), mtu)() }

func (h *handler) Read(_ ble.Conn, char, offset int, dst []byte) (int, ble.ATTError) {
	defer h.enter("read %d %d", char, offset)()
	h.mu.Lock()
	defer h.mu.Unlock()
	if offset > len(h.values[char]) {
		return 0, ble.ATTInvalidOffset
	}
	return copy(dst, h.values[char][offset:]), ble.ATTSuccess
}

// Write keeps the value. One of a single byte is refused with that code.
func (h *handler) Write(c ble.Conn, char int, value []byte) {
	defer h.enter("write %d %d", char, len(value))()
	h.mu.Lock()
	hold, fn := h.hold, h.onWrite
	if len(value) != 1 {
		h.values[char] = bytes.Clone(value)
	}
	h.mu.Unlock()
	switch {
	case fn != nil:
		fn(c)
	case hold:
	case len(value) == 1:
		h.p.Respond(c, ble.ATTError(value[0]))
	default:
		h.p.Respond(c, ble.ATTSuccess)
	}
	clear(value)
}

// conn returns the connection that was made last.
func (h *handler) conn() ble.Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

func (h *handler) set(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fn()
}

// expect takes the next events.
func (h *handler) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-h.events:
			require.Equal(t, w, got)
		case <-time.After(patience):
			require.Fail(t, "no event", "%s", w)
		}
	}
}

// quiet reports what nobody expected.
func (h *handler) quiet(t *testing.T) {
	t.Helper()
	require.Empty(t, h.events)
	h.mu.Lock()
	defer h.mu.Unlock()
	require.False(t, h.overlap, "calls of the handler overlapped")
}

// logger collects messages.
type logger struct {
	mu   sync.Mutex
	text []string
	more chan struct{}
}

func newLogger() *logger { return &logger{more: make(chan struct{}, 1000)} }

func (l *logger) log(level hal.Level, msg string, attrs ...hal.Attr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range attrs {
		msg += " " + a.Value
	}
	l.text = append(l.text, fmt.Sprint(level, " ", msg))
	select {
	case l.more <- struct{}{}:
	default: // nobody waits
	}
}

// wait waits for a message that contains text.
func (l *logger) wait(t *testing.T, text string) {
	t.Helper()
	late := time.After(patience)
	for {
		l.mu.Lock()
		all := strings.Join(l.text, "\n")
		l.mu.Unlock()
		if strings.Contains(all, text) {
			return
		}
		select {
		case <-l.more:
		case <-late:
			require.Fail(t, "not logged", "%q in\n%s", text, all)
		}
	}
}

// never reports a message that contains text.
func (l *logger) never(t *testing.T, text string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.text {
		require.NotContains(t, line, text)
	}
}

type rig struct {
	bus string
	d   *fakebluez.Daemon
	p   *Peripheral
	h   *handler
	log *logger
}

var serviceUUID = ble.UUID{15: 0x17, 14: 0x75, 0: 7}

func char(i int) ble.UUID { return serviceUUID.With16(uint16(0xFF50 + i)) }

func settings() ble.Config {
	cfg := ble.Config{DeviceName: "PROV_A1B2C3", Service: serviceUUID}
	for i := range 12 {
		cfg.Characteristics = append(cfg.Characteristics, ble.Characteristic{UUID: char(i), Name: fmt.Sprintf("endpoint-%d", i)})
	}
	return cfg
}

func setUp(t *testing.T, machine fakebluez.Config, cfg Config) *rig {
	t.Helper()
	noGoroutines(t)
	r := &rig{bus: fakebluez.StartBus(t), log: newLogger()}
	r.d = fakebluez.Start(t, r.bus, machine)
	cfg.Bus, cfg.Logger = r.bus, r.log.log
	r.p = New(cfg)
	r.h = newHandler(r.p)
	return r
}

func (r *rig) start(t *testing.T, cfg ble.Config) {
	t.Helper()
	require.NoError(t, r.p.StartGATT(cfg, r.h))
}

// stop stops, and nothing is left.
func (r *rig) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
	r.clean(t)
}

func (r *rig) clean(t *testing.T) {
	t.Helper()
	r.d.Wait("everything is unregistered, and the bus left", func(v fakebluez.View) bool {
		return v.Left() == "" && v.Peers() == 0
	})
	r.h.quiet(t)
}

func (r *rig) connect(t *testing.T, adapter, address string) *fakebluez.Phone {
	t.Helper()
	phone, err := r.d.Connect(adapter, address)
	require.NoError(t, err)
	return phone
}

func noGoroutines(t *testing.T) { fakebluez.NoGoroutines(t, "/hal/ble/bluez.(*") }
