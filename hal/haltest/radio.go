// SPDX-License-Identifier: Apache-2.0

package haltest

import (
	"errors"
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// SetMode: "Allowed before and after Start."
func checkMode(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	for _, m := range []hal.Mode{hal.ModeSTA, hal.ModeOff, hal.ModeSTA} {
		if err := promptly("SetMode("+m.String()+") after Start", func() error { return b.WiFi.SetMode(m) }); err != nil {
			return err
		}
	}
	return nil
}

// Start: "In a mode with a station EventStationStart follows."
func checkStart(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	return b.quiet()
}

// Start: "Starting a started radio succeeds and does nothing."
func checkStartTwice(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if _, err := b.join(b.Network); err != nil {
		return err
	}
	if err := promptly("second Start", b.WiFi.Start); err != nil {
		return err
	}
	if err := b.quiet(); err != nil {
		return fmt.Errorf("after the second Start: %w", err)
	}
	_, err = b.WiFi.Link()
	return err
}

// SetMode: "Leaving a mode with a station in it drops the station's link."
func checkLeaveStation(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if _, err := b.join(b.Network); err != nil {
		return err
	}
	if err := b.WiFi.SetMode(hal.ModeOff); err != nil {
		return err
	}
	return b.noLinkSoon()
}

// noLinkSoon waits until the station has no link.
func (b *bench) noLinkSoon() error {
	for end := time.Now().Add(b.Timeout); ; {
		_, err := b.WiFi.Link()
		if errors.Is(err, hal.ErrNotConnected) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("Link: error is %v, want ErrNotConnected", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// ErrNotStarted: "the radio was not started."
func checkNotStarted(r Rig) error {
	b := newBench(r)
	if err := b.WiFi.SetMode(hal.ModeSTA); err != nil {
		return err
	}
	if err := b.WiFi.SetStationConfig(b.Network); err != nil {
		return err
	}
	if err := b.WiFi.Connect(); !errors.Is(err, hal.ErrNotStarted) {
		return fmt.Errorf("Connect: error is %v, want ErrNotStarted", err)
	}
	if err := b.WiFi.StartScan(hal.ScanConfig{}); !errors.Is(err, hal.ErrNotStarted) {
		return fmt.Errorf("StartScan: error is %v, want ErrNotStarted", err)
	}
	return b.quiet()
}

// Subscribe: "each gets every event, in the order they happened."
func checkSubscribers(r Rig) error {
	b := newBench(r)
	const more = 3
	logs := [more]chan hal.Event{}
	for i := range logs {
		log := make(chan hal.Event, 16)
		logs[i] = log
		b.WiFi.Subscribe(func(e hal.Event) { log <- e })
	}
	if err := b.start(); err != nil {
		return err
	}
	ip, err := b.join(b.Network)
	if err != nil {
		return err
	}
	if err := b.WiFi.Disconnect(); err != nil {
		return err
	}
	last, err := b.wait(hal.EventDisconnected)
	if err != nil {
		return err
	}
	want := []hal.Event{{Kind: hal.EventStationStart}, {Kind: hal.EventConnected}, ip, last}
	for i, log := range logs {
		other := &bench{Rig: b.Rig, events: log}
		for _, w := range want {
			e, err := other.wait(w.Kind)
			if err == nil && e != w {
				err = fmt.Errorf("event is %+v, want %+v", e, w)
			}
			if err != nil {
				return fmt.Errorf("subscriber %d: %w", i+2, err)
			}
		}
		if err := other.quiet(); err != nil {
			return fmt.Errorf("subscriber %d: %w", i+2, err)
		}
	}
	return nil
}

// Subscribe: "one call at a time."
func checkOneCall(r Rig) error {
	b := newBench(r)
	busy := make(chan struct{}, 1)
	overlap := make(chan struct{}, 1)
	done := make(chan struct{}, 16)
	b.WiFi.Subscribe(func(hal.Event) {
		select {
		case busy <- struct{}{}:
		default:
			select {
			case overlap <- struct{}{}:
			default:
			}
		}
		time.Sleep(20 * time.Millisecond)
		select {
		case <-busy:
		default:
		}
		done <- struct{}{}
	})
	if err := b.start(); err != nil {
		return err
	}
	if _, err := b.join(b.Network); err != nil {
		return err
	}
	timer := time.NewTimer(b.Timeout)
	defer timer.Stop()
	for range 3 { // StationStart, Connected, GotIP
		select {
		case <-done:
		case <-timer.C:
			return errors.New("an event is missing")
		}
	}
	select {
	case <-overlap:
		return errors.New("calls of a subscriber overlap")
	default:
		return nil
	}
}

// Subscribe: "fn is never called from inside a method of the HAL, and never
// with a lock of the HAL held."
func checkNoCallInside(r Rig) error {
	b := newBench(r)
	if err := b.WiFi.SetStationConfig(b.Network); err != nil {
		return err
	}
	inside := make(chan struct{}, 1) // held during methods and by the handler
	b.WiFi.Subscribe(func(hal.Event) {
		inside <- struct{}{}
		<-inside
	})
	for _, m := range []struct {
		name string
		call func() error
		then hal.EventKind
	}{
		{"SetMode", func() error { return b.WiFi.SetMode(hal.ModeSTA) }, 0},
		{"Start", b.WiFi.Start, hal.EventStationStart},
		{"StartScan", func() error { return b.WiFi.StartScan(hal.ScanConfig{}) }, 0},
		{"StopScan", b.WiFi.StopScan, hal.EventScanDone},
		{"Connect", b.WiFi.Connect, hal.EventConnected},
		{"Link", func() error { b.WiFi.Link(); return nil }, hal.EventGotIP},
		{"Disconnect", b.WiFi.Disconnect, hal.EventDisconnected},
	} {
		inside <- struct{}{}
		err := promptly(m.name, m.call)
		<-inside
		if err == nil && m.then != 0 {
			_, err = b.wait(m.then)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Subscribe: "it may call any method." Connect may still be refused because of
// the scan that StopScan ends.
func checkReentry(r Rig) error {
	b := newBench(r)
	done := make(chan error, 1)
	first := make(chan struct{}, 1)
	first <- struct{}{}
	b.WiFi.Subscribe(func(hal.Event) {
		select {
		case <-first:
		default:
			return
		}
		w := b.WiFi
		w.Subscribe(func(hal.Event) {})()
		buf := make([]hal.AccessPoint, 4)
		_, _ = w.ScanResults(buf)
		_, _ = w.Link()
		done <- errors.Join(
			named("SetMode", w.SetMode(hal.ModeSTA)),
			named("Start", w.Start()),
			named("SetStorage", w.SetStorage(hal.StorageRAM)),
			named("SetStationConfig", w.SetStationConfig(b.Network)),
			named("StationConfig", func() error { _, err := w.StationConfig(); return err }()),
			named("StartScan", w.StartScan(hal.ScanConfig{})),
			named("StopScan", w.StopScan()),
			named("Connect", unlessBusy(w.Connect())),
			named("Disconnect", w.Disconnect()),
			named("Restore", w.Restore()))
	})
	if err := b.start(); err != nil {
		return err
	}
	return promptly("a handler that calls all methods", func() error { return <-done })
}

// Subscribe: "Cancelling returns without waiting; … later ones do not
// happen. Cancelling twice is allowed."
func checkCancel(r Rig) error {
	b := newBench(r)
	enter, leave := make(chan struct{}, 16), make(chan struct{})
	cancel := b.WiFi.Subscribe(func(hal.Event) {
		enter <- struct{}{}
		<-leave
	})
	if err := b.WiFi.SetMode(hal.ModeSTA); err != nil {
		return err
	}
	if err := b.WiFi.Start(); err != nil {
		return err
	}
	if err := promptly("a handler", func() error { <-enter; return nil }); err != nil {
		return err
	}
	err := promptly("cancel during a call", func() error { cancel(); cancel(); return nil })
	close(leave)
	if err != nil {
		return err
	}
	if _, err := b.wait(hal.EventStationStart); err != nil {
		return err
	}
	if _, err := b.join(b.Network); err != nil {
		return err
	}
	select {
	case <-enter:
		return errors.New("a call happens after cancelling")
	default:
		return nil
	}
}

func checkCancelInside(r Rig) error {
	b := newBench(r)
	calls := make(chan struct{}, 16)
	var cancel func()
	cancel = b.WiFi.Subscribe(func(hal.Event) {
		calls <- struct{}{}
		cancel()
	})
	if err := b.start(); err != nil {
		return err
	}
	if _, err := b.join(b.Network); err != nil {
		return err
	}
	if n := len(calls); n != 1 {
		return fmt.Errorf("%d calls of a handler that cancels itself in the first", n)
	}
	return nil
}
