// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"strconv"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/loop"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// pump belongs to the task that pumps.
type pump struct {
	native
	resync  bool // events were lost, and nobody was told yet
	answer  httpserver.Answer
	request httpserver.Request
}

// newLoop returns the loop with ESP-IDF's microseconds since boot, whose timers need
// none of ESP-IDF's, whose creation can fail.
func (d *Device) newLoop() *loop.Loop {
	return loop.New(loop.Config{
		Packets:  func() bool { return d.noteLosses() || d.bt.next() },
		Events:   func() bool { return d.noteLosses() || d.nextEvent() },
		Requests: d.nextRequest,
		Now:      func() time.Duration { return time.Duration(nativeTime()) * time.Microsecond },
		Wait:     func(d time.Duration) { nativeWait(int32((d + time.Millisecond - 1) / time.Millisecond)) },
		Wake:     nativeWake,
	})
}

// Pump handles what has come in: timers that are due, packets, events,
// requests. If there is nothing it waits for something, at most maxWait, and
// handles that; it may return early. With maxWait ≤ 0 it does not wait. It fits
// wifiprov.Config.Pump.
//
// Only one task may call it, the application's. A handler may call it too: work
// of the handler's own kind waits then, other work is done.
func (d *Device) Pump(maxWait time.Duration) { d.loop.Pump(maxWait) }

// PollController is for att.Config.PollController. It does what
// [loop.Loop.PollController] does.
func (d *Device) PollController() { d.loop.PollController() }

// Wake ends the wait of a Pump. Any task may call it.
func (d *Device) Wake() { d.loop.Wake() }

// AfterFunc implements hal.Clock. fn runs inside of Pump.
func (d *Device) AfterFunc(delay time.Duration, fn func()) hal.Timer {
	return d.loop.AfterFunc(delay, fn)
}

// Go queues fn; Pump runs it like a client's request, one at a time. It fits
// ble.Config.Go. Any task may call it.
func (d *Device) Go(fn func()) { d.loop.Go(fn) }

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
