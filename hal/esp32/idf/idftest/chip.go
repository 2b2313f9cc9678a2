// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idftest

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// Codes of ESP-IDF that the double uses.
const (
	Fail              = -1
	ErrNoMem          = 0x101
	ErrInvalidArg     = 0x102
	ErrInvalidState   = 0x103
	ErrNotFound       = 0x105
	errWiFiNotInit    = 0x3001
	errWiFiNotStarted = 0x3002
	errWiFiMode       = 0x3005
	errWiFiState      = 0x3006
	errWiFiConn       = 0x3007
	errWiFiNVS        = 0x3008
	errWiFiSSID       = 0x300a
	errWiFiPassword   = 0x300b
	errWiFiNotConnect = 0x300f
	errHTTPTask       = 0xb008
	errNVSNoFreePages = 0x110d
	firstSocket       = 54 // as LwIP numbers them
	receiveTimeout    = 5 * time.Second
)

// Config describes a Chip. Air is required.
type Config struct {
	Air *sim.Air
	// FiveGHz makes it a chip with 5 GHz, like the ESP32-C5. CountryMask are the
	// channels allowed there, as in ESP-IDF's wifi_5g_channel_bit_t.
	FiveGHz     bool
	CountryMask uint32
	// Flash is the NVS partition; nil: an erased one.
	Flash nvs.Flash
	// Network has the HTTP server's listener, for every port; nil: a new one.
	Network *simnet.Network
}

// Chip is the ESP32. There is one at a time in a process.
type Chip struct {
	Board      *sim.Board
	Controller *sim.Controller
	Network    *simnet.Network

	cfg    Config
	tb     testing.TB
	booted time.Time

	mu      sync.Mutex // guards what follows; not held over calls of the board
	faults  map[string][]fault
	calls   map[string]int
	heap    int
	sems    map[uintptr]chan struct{}
	sem     uintptr // last number
	logs    []string
	secrets []string
	loop    bool

	wifi wifi
	bt   bluetooth
	http server
}

var _ idf.Chip = (*Chip)(nil)

// fault is an order to fail a call; nth 0: all of them.
type fault struct {
	nth  int
	code int32
}

// New makes a chip that was just reset. At the end of the test the chip is removed, and
// everything taken from it must have been given back.
func New(tb testing.TB, cfg Config) *Chip {
	tb.Helper()
	c := &Chip{
		cfg: cfg, tb: tb, booted: time.Now(), Network: cfg.Network,
		faults: map[string][]fault{}, calls: map[string]int{}, sems: map[uintptr]chan struct{}{},
	}
	if c.Network == nil {
		c.Network = &simnet.Network{}
	}
	var err error
	if c.Board, err = cfg.Air.NewBoard(sim.BoardConfig{Flash: cfg.Flash, FiveGHz: cfg.FiveGHz}); err != nil {
		tb.Fatal(err)
	}
	if c.Controller, err = cfg.Air.NewController(sim.ControllerConfig{}); err != nil {
		tb.Fatal(err)
	}
	idf.SetChip(c)
	tb.Cleanup(func() {
		if left := c.Left(); left != "" {
			tb.Error("not given back: ", left)
		}
		c.Board.Close()
		c.Controller.Close()
		idf.SetChip(nil)
	})
	return c
}

// Reset resets the chip: everything but the flash is lost.
func (c *Chip) Reset() error {
	c.mu.Lock()
	c.wifi = wifi{}
	c.loop, c.bt = false, bluetooth{}
	c.booted = time.Now()
	c.mu.Unlock()
	idf.SetChip(c)
	return c.Board.Reboot()
}

// Fail makes the nth call of that name from now on fail. 1 is the next call, 0 all
// calls. Calls that return a pointer then return NULL. "malloc" includes calloc.
func (c *Chip) Fail(call string, nth int, code int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults[call] = append(c.faults[call], fault{nth, code})
}

// Heal takes all orders back.
func (c *Chip) Heal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.faults)
}

// Calls returns how often a call was made.
func (c *Chip) Calls(call string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[call]
}

// Called returns the names of all calls that were made.
func (c *Chip) Called() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for name := range c.calls {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Left describes what was taken and not given back; empty: nothing.
func (c *Chip) Left() string {
	handlers, netifs := idf.Registered()
	c.mu.Lock()
	defer c.mu.Unlock()
	var left []string
	note := func(n int, what string) {
		if n != 0 {
			left = append(left, fmt.Sprint(n, " ", what))
		}
	}
	note(handlers, "event handlers")
	note(netifs, "network interfaces")
	note(c.heap, "pieces of memory")
	note(len(c.sems), "semaphores")
	note(c.bt.status, "steps of the Bluetooth controller")
	if c.wifi.init {
		left = append(left, "the Wi-Fi driver")
	}
	if c.http.listener != nil {
		left = append(left, "the HTTP server")
	}
	return strings.Join(left, ", ")
}

// Logs returns what was written to ESP-IDF's log.
func (c *Chip) Logs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.logs...)
}

// Enter implements idf.Chip.
func (c *Chip) Enter(call string) int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[call]++
	orders := c.faults[call]
	for i := range orders {
		switch o := &orders[i]; {
		case o.nth == 0:
			return o.code
		case o.nth == 1:
			o.nth = -1
			return o.code
		case o.nth > 1:
			o.nth--
		}
	}
	return 0
}

// Memory implements idf.Chip.
func (c *Chip) Memory(change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heap += change
}

// Watch makes it an error to give memory back with these bytes in it.
func (c *Chip) Watch(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets = append(c.secrets, secret)
}

// Freed implements idf.Chip.
func (c *Chip) Freed(content []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, secret := range c.secrets {
		if bytes.Contains(content, []byte(secret)) {
			c.tb.Errorf("memory is given back with %q in it", secret)
		}
	}
}

// Log implements idf.Chip.
func (c *Chip) Log(_ int, line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logs = append(c.logs, line)
}

// Random implements idf.Chip: the same bytes in every run.
func (c *Chip) Random(buf []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range buf {
		c.calls["random byte"]++
		x := uint32(c.calls["random byte"]) * 2654435761
		buf[i] = byte(x >> 24)
	}
}

// Time implements idf.Chip.
func (c *Chip) Time() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.booted)
}

// NVSInit implements idf.Chip.
func (c *Chip) NVSInit() int32 {
	if _, err := c.Board.StationConfig(); err != nil {
		return errNVSNoFreePages
	}
	return 0
}

// LoopCreate implements idf.Chip.
func (c *Chip) LoopCreate() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loop {
		return ErrInvalidState
	}
	c.loop = true
	return 0
}

// SemCreate implements idf.Chip.
func (c *Chip) SemCreate() uintptr {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sem++
	c.sems[c.sem] = make(chan struct{}, 1)
	return c.sem
}

// semLocked returns a semaphore, which must not have been deleted.
func (c *Chip) semLocked(s uintptr) chan struct{} {
	if c.sems[s] == nil {
		c.tb.Errorf("semaphore %d is used after it was deleted", s)
	}
	return c.sems[s]
}

// SemTake implements idf.Chip.
func (c *Chip) SemTake(s uintptr, timeout time.Duration) bool {
	c.mu.Lock()
	sem := c.semLocked(s)
	c.mu.Unlock()
	select {
	case <-sem:
		return true
	default:
	}
	if timeout == 0 {
		return false
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-sem:
		return true
	case <-timer.C:
		return false
	}
}

// SemGive implements idf.Chip.
func (c *Chip) SemGive(s uintptr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.semLocked(s) <- struct{}{}:
		return true
	default:
		return false
	}
}

// SemDelete implements idf.Chip.
func (c *Chip) SemDelete(s uintptr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sems, s)
}

// code returns ESP-IDF's code for an error of the board.
func code(err error, other int32) int32 {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, hal.ErrNotStarted):
		return errWiFiNotStarted
	case errors.Is(err, hal.ErrBusy):
		return errWiFiState
	}
	return other
}
