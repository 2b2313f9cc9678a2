// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"strconv"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// longestWait bounds what Pump waits at a time.
const longestWait = time.Hour

// pollWait is how long PollController waits.
const pollWait = 100 * time.Millisecond

// burst is how many entries of a kind are run before the others have their
// turn.
const burst = 16

// work is a kind of entries. One does not run inside of another of its kind.
type work uint8

const (
	workTimers work = 1 << iota // may run inside of themselves
	workPackets
	workEvents
	workRequests
	allWork = workTimers | workPackets | workEvents | workRequests
)

// pump belongs to the task that pumps.
type pump struct {
	native
	running work // kinds that are being run, further up the stack
	resync  bool // events were lost, and nobody was told yet
	answer  httpserver.Answer
	request httpserver.Request
}

// Pump handles what has come in: timers that are due, packets, events,
// requests. If there is nothing it waits for something, at most maxWait, and
// handles that; it may return early. With maxWait ≤ 0 it does not wait. It fits
// wifiprov.Config.Pump.
//
// Only one task may call it, the application's. A handler may call it too: work
// of the handler's own kind waits then, other work is done.
func (d *Device) Pump(maxWait time.Duration) {
	if !d.run(allWork, burst) && maxWait > 0 {
		d.wait(min(maxWait, longestWait))
		d.run(allWork, burst)
	}
}

// PollController is for att.Config.PollController. It runs timers and one
// packet of the Bluetooth controller; if there are none it waits for one, at
// most 100 ms. Wi-Fi events and requests stay where they are, so that nothing
// else begins while the manager starts a service. For the same reason a
// function that the application arms with AfterFunc must not call the Manager;
// it hands such calls to Go.
func (d *Device) PollController() {
	const kinds = workTimers | workPackets
	if !d.run(kinds, 1) {
		d.wait(pollWait)
		d.run(kinds, 1)
	}
}

// Wake ends the wait of a Pump. Any task may call it.
func (d *Device) Wake() { nativeWake() }

// wait blocks until an entry comes, at most until the first timer is due.
func (d *Device) wait(limit time.Duration) {
	d.timers.mu.Lock()
	if t := d.timers.first; t != nil {
		limit = min(limit, time.Duration(t.at-nativeTime())*time.Microsecond)
	}
	d.timers.mu.Unlock()
	if limit > 0 {
		nativeWait(int32((limit + time.Millisecond - 1) / time.Millisecond))
	}
}

// run runs entries of these kinds, up to limit of each, and reports whether
// there was one.
func (d *Device) run(kinds work, limit int) bool {
	ran := d.noteLosses()
	for range limit {
		fn, _ := d.timers.due(0)
		if fn == nil {
			break
		}
		ran = true
		fn()
	}
	ran = d.runKind(kinds&workPackets, limit, d.bt.next) || ran
	ran = d.runKind(kinds&workEvents, limit, d.nextEvent) || ran
	return d.runKind(kinds&workRequests, limit, d.nextRequest) || ran
}

// runKind runs up to limit entries of one kind by calling next until there is
// none.
func (d *Device) runKind(kind work, limit int, next func() bool) (ran bool) {
	if kind == 0 || d.pump.running&kind != 0 {
		return false
	}
	d.pump.running |= kind
	defer func() { d.pump.running &^= kind }()
	for range limit {
		if !next() {
			break
		}
		ran = true
	}
	return ran
}

// noteLosses tells of entries that found no room. Events are made up for where
// events are run.
func (d *Device) noteLosses() bool {
	events, packets := nativeLost()
	if events == 0 && packets == 0 {
		return false
	}
	d.lost.Add(uint32(events + packets))
	d.cfg.Logger.Log(hal.LevelError, "the application was too slow for ESP-IDF; entries are lost",
		hal.Attr{Key: "events", Value: strconv.Itoa(events)}, hal.Attr{Key: "packets", Value: strconv.Itoa(packets)})
	d.pump.resync = d.pump.resync || events > 0
	return true
}
