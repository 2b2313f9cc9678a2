// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// MaxRecord is the number of lines that a Recorder keeps. It only counts later ones.
const MaxRecord = 4096

// Recorder wraps a HAL and writes down, a line each, the calls that pass it
// and the events that come back, for golden tests:
//
//	SetMode(STA)
//	Connect() = hal: Wi-Fi is not started
//	event Disconnected no access point found (201)
//
// A call is written when it begins, before the events that it causes; its error is
// added when it returns. Passphrases are never written. A Recorder implements hal.WiFi
// and hal.SoftAP.
//
// Events come from timers, and the caller's next call may come first. A test that
// compares records lets events arrive before, for example by synctest.Wait.
type Recorder struct {
	proxy

	mu    sync.Mutex
	lines []string
	first int          // number of lines[0]; grows with Reset
	more  int          // number of lines not kept
	subs  []*hal.Event // one for each subscriber; only the oldest one's events are written
}

var (
	_ hal.WiFi   = (*Recorder)(nil)
	_ hal.SoftAP = (*Recorder)(nil)
)

// NewRecorder wraps a HAL.
func NewRecorder(w hal.WiFi) *Recorder {
	r := &Recorder{}
	r.proxy = proxy{w, r.call}
	return r
}

func (r *Recorder) call(m Method, args func() string, call func() error) error {
	line := m.String() + "("
	if args != nil {
		line += args()
	}
	place := r.write(line + ")")
	err := call()
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if i := place - r.first; i >= 0 && i < len(r.lines) {
			r.lines[i] += " = " + err.Error()
		}
	}
	return err
}

// Note adds a line, for example to mark a step of a test.
func (r *Recorder) Note(line string) { r.write(line) }

// write adds a line and returns its number.
func (r *Recorder) write(line string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.writeLocked(line)
}

func (r *Recorder) writeLocked(line string) int {
	place := r.first + len(r.lines) + r.more
	if len(r.lines) == MaxRecord {
		r.more++
	} else {
		r.lines = append(r.lines, line)
	}
	return place
}

// Subscribe implements hal.Radio.
func (r *Recorder) Subscribe(fn func(hal.Event)) (cancel func()) {
	me := new(hal.Event)
	r.mu.Lock()
	r.subs = append(r.subs, me)
	r.mu.Unlock()
	leave := r.wifi.Subscribe(func(e hal.Event) {
		r.mu.Lock()
		if len(r.subs) > 0 && r.subs[0] == me {
			r.writeLocked("event " + eventText(e))
		}
		r.mu.Unlock()
		fn(e)
	})
	r.write("Subscribe()")
	return func() {
		leave()
		r.mu.Lock()
		defer r.mu.Unlock()
		if i := slices.Index(r.subs, me); i >= 0 {
			r.subs = slices.Delete(r.subs, i, i+1)
			r.writeLocked("cancel()")
		}
	}
}

// Reboot reboots the wrapped HAL, see Board.Reboot.
func (r *Recorder) Reboot() error {
	err := r.reboot()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subs = nil
	return err
}

// Lines returns the record so far.
func (r *Recorder) Lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := slices.Clone(r.lines)
	if r.more > 0 {
		lines = append(lines, "and "+strconv.Itoa(r.more)+" more lines")
	}
	return lines
}

// String returns the record as text, a line end after each line.
func (r *Recorder) String() string {
	var s strings.Builder
	for _, line := range r.Lines() {
		s.WriteString(line)
		s.WriteByte('\n')
	}
	return s.String()
}

// Reset begins a new record.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first += len(r.lines) + r.more
	r.lines, r.more = nil, 0
}
