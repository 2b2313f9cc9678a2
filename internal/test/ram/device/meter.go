// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// A meter counts what the device's heap holds at most. It looks whenever a packet of
// the controller is about to be handled. What lived then and all that is allocated
// until the next packet counts as alive at the same time. So the figure is one that no
// collector of garbage can exceed, and it does not depend on when one runs.
type meter struct {
	looks  chan chan struct{}
	report report
	most   int           // bytes of report.Heap
	first  map[stack]use // when the device began
	last   map[stack]use // at the last look

	running, atOnce atomic.Int32 // functions that have a goroutine of their own
}

type stack [32]uintptr

// use is what one call stack has allocated.
type use struct{ alive, all int }

// report is what is told of a provisioning.
type report struct {
	// Heap is in bytes, by owner, when the sum is greatest.
	Heap map[string]int
	// Goroutines is how many there are at a time, without a loop.
	Goroutines int
	// Started is how many were started in all; -1: the runtime does not tell.
	Started int
	// Depth is how many bytes of its stack the main goroutine takes.
	Depth int
}

func init() { runtime.MemProfileRate = 1 }

// newMeter returns a meter, and stops the collection of garbage but for its own.
func newMeter() *meter {
	debug.SetGCPercent(-1)
	m := &meter{looks: make(chan chan struct{})}
	go func() { // so that it takes none of the device's stack
		for done := range m.looks {
			m.count()
			close(done)
		}
	}()
	return m
}

// measure runs fn, which is the device.
func (m *meter) measure(fn func() error) (err error) {
	m.first = snapshot()
	m.last = m.first
	before := started()
	m.report.Depth = depth(func() { err = fn() })
	m.report.Started = -1
	if before >= 0 {
		m.report.Started = started() - before
	}
	m.report.Goroutines = int(m.atOnce.Load()) + 2 // main, and the one that reads
	m.look()
	return err
}

// look counts what was allocated since the last look.
func (m *meter) look() {
	done := make(chan struct{})
	m.looks <- done
	<-done
}

func (m *meter) count() {
	now := snapshot()
	heap, sum := map[string]int{}, 0
	for s, u := range now {
		n := m.last[s].alive - m.first[s].alive + u.all - m.last[s].all
		if who := owner(s); n > 0 && who != "" {
			heap[who] += n
			sum += n
		}
	}
	if sum > m.most {
		m.most, m.report.Heap = sum, heap
	}
	m.last = now
}

// snapshot returns what every call stack has allocated. The profile is that of the last
// but one collection.
func snapshot() map[stack]use {
	runtime.GC()
	runtime.GC()
	records := make([]runtime.MemProfileRecord, 1024)
	n, ok := runtime.MemProfile(records, true)
	for !ok {
		records = make([]runtime.MemProfileRecord, 2*n)
		n, ok = runtime.MemProfile(records, true)
	}
	uses := map[stack]use{}
	for _, r := range records[:n] {
		u := uses[r.Stack0]
		uses[r.Stack0] = use{u.alive + int(r.InUseBytes()), u.all + int(r.AllocBytes)}
	}
	return uses
}

const module = "github.com/wifiprov/wifiprov"

// firmware is what belongs to the device in this program. The rest measures, or stands
// for the hardware.
var firmware = []string{"main.provision", "main.looping", "main.newSecurity"}

// hardware is the package of the radio and the flash.
const hardware = "/internal/test/fit/chip."

// owner returns whose code has allocated; "" for what does not belong to the device.
func owner(s stack) string {
	n := 0
	for n < len(s) && s[n] != 0 {
		n++
	}
	frames := runtime.CallersFrames(s[:n])
	for more := n > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		rest, ours := strings.CutPrefix(f.Function, module)
		switch {
		case slices.Contains(firmware, f.Function):
			return "application"
		case strings.HasPrefix(f.Function, "main.") || strings.HasPrefix(rest, hardware):
			return ""
		case ours:
			return part(rest)
		}
	}
	return ""
}

// part returns what a function of the module belongs to.
func part(function string) string {
	slash := strings.LastIndexByte(function, '/') + 1
	pkg := strings.Trim(function[:slash+strings.IndexByte(function[slash:], '.')], "/")
	switch {
	case strings.Contains(function, ".(*box)"), strings.Contains(function, "cipher"):
		return "cipher"
	case strings.Contains(function, ".(*scanner)"), pkg == "internal/scanlist":
		return "scan list"
	case strings.Contains(function, ".(*events)"), pkg == "internal/events":
		return "events"
	case pkg == "":
		return "manager"
	}
	return pkg
}

// spawn runs fn in a goroutine, as package gatt does by itself.
func (m *meter) spawn(fn func()) { go m.counted(fn) }

// AfterFunc implements hal.Clock by that of the runtime.
func (m *meter) AfterFunc(d time.Duration, fn func()) hal.Timer {
	return hal.SystemClock{}.AfterFunc(d, func() { m.counted(fn) })
}

// counted runs fn as one of the goroutines.
func (m *meter) counted(fn func()) {
	n := m.running.Add(1)
	m.atOnce.Store(max(m.atOnce.Load(), n))
	defer m.running.Add(-1)
	fn()
}

// started returns how many goroutines were started so far; -1: not known.
func started() int {
	sample := []metrics.Sample{{Name: "/sched/goroutines-created:goroutines"}} // since Go 1.26
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return -1
	}
	return int(sample[0].Value.Uint64())
}
