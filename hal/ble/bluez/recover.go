// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"context"
	"errors"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// A lost service is announced again after a pause, which doubles each time, and when
// bluetoothd or an adapter appears.
const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
	// settlePause gives a bluetoothd that starts the time to find its adapters.
	settlePause = 100 * time.Millisecond
)

// pauses are these times, or shorter ones in tests.
type pauses struct{ first, longest, settle time.Duration }

var (
	errLost     = errors.New("bluez: bluetoothd ended, or its adapter is gone")
	errBus      = errors.New("bluez: the message bus is gone")
	errStuck    = errors.New("bluez: the handler does not return, and too much waits for it; start the peripheral again")
	errOff      = errors.New("bluez: the adapter was switched off")
	errReleased = errors.New("bluez: bluetoothd ended the advertisement")
)

// recovery brings a lost service back. Its goroutine ends when the service is back or
// stopped.
type recovery struct {
	p    *Peripheral
	lost *service
	bus  *bluezbus.Conn // tells when bluetoothd or an adapter appears; or nil
	came chan struct{}
}

// bringBack begins to bring s back, which is lost.
func (s *service) bringBack() {
	r := &recovery{p: s.p, lost: s, came: make(chan struct{}, 1)}
	go r.run()
}

func (r *recovery) run() {
	s, over := r.lost, r.lost.over.Done()
	defer s.stopLoss()
	pause := r.p.pauses.first
	again := time.NewTimer(pause)
	defer again.Stop()
	r.watch()
	defer r.unwatch()
	for {
		var gone <-chan struct{}
		if r.bus != nil {
			gone = r.bus.Done()
		}
		select {
		case <-over:
			return
		case <-s.lossLasts():
			s.tellLost()
			continue
		case <-gone: // watched again after the next attempt
			r.unwatch()
			continue
		case <-r.came:
			select {
			case <-over:
				return
			case <-time.After(r.p.pauses.settle):
			}
		case <-again.C:
			pause = min(2*pause, r.p.pauses.longest)
		}
		err := r.attempt()
		if err == nil || s.over.Err() != nil {
			return
		}
		s.why = err
		s.log.Log(hal.LevelDebug, "the BLE service is not back yet", hal.Err(err))
		again.Reset(pause)
		if r.bus == nil {
			r.watch()
		}
	}
}

// watch asks to be told when bluetoothd or an adapter appears. Without a bus only the
// pauses remain.
func (r *recovery) watch() {
	ctx, cancel := context.WithTimeout(r.lost.over, r.p.cfg.Timeout)
	defer cancel()
	r.bus, _ = bluezbus.Watch(ctx, r.p.cfg.Bus, func() {
		select {
		case r.came <- struct{}{}:
		default:
		}
	})
}

func (r *recovery) unwatch() {
	if r.bus != nil {
		r.bus.Close()
		r.bus = nil
	}
}

// attempt announces the service again, unless it was stopped.
func (r *recovery) attempt() error {
	p, s := r.p, r.lost
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-s.over.Done():
		return s.over.Err()
	}
	n := newService(p, s.cfg, s.handler)
	n.former, n.count, n.off = s, s.count, s.off
	n.told, n.back = s.told, true
	ctx, cancel := context.WithTimeout(s.over, p.cfg.Timeout)
	defer cancel()
	if err := n.start(ctx); err != nil {
		p.abandon(n)
		return err
	}
	p.mu.Lock()
	p.service = n
	p.mu.Unlock()
	p.cfg.Logger.Log(hal.LevelInfo, "the BLE service is back")
	n.goLive()
	s.end()
	return nil
}

// The loss belongs to the goroutine that runs a service, then to the goroutine that
// brings it back.

// beginLoss notes that no client can reach the service, and why.
func (s *service) beginLoss(why error) {
	s.why = why
	if s.loss == nil {
		s.loss = time.NewTimer(s.p.cfg.LossTimeout)
	}
}

// lossLasts returns a channel that gets a value when the handler has to be told.
func (s *service) lossLasts() <-chan time.Time {
	if s.loss == nil {
		return nil
	}
	return s.loss.C
}

// tellLost tells the handler of a loss, once.
func (s *service) tellLost() {
	if s.told || s.over.Err() != nil {
		return
	}
	s.told = true
	s.log.Log(hal.LevelError, "the BLE service is out of reach", hal.Err(s.why))
	if h, wants := s.handler.(ble.OutageHandler); wants {
		h.Lost(s.why)
	}
}

// endLoss ends a loss, and tells the handler if it was told of the loss.
func (s *service) endLoss() {
	s.stopLoss()
	if !s.told || s.over.Err() != nil {
		return
	}
	s.told = false
	if h, wants := s.handler.(ble.OutageHandler); wants {
		h.Restored()
	}
}

func (s *service) stopLoss() {
	if s.loss != nil {
		s.loss.Stop()
		s.loss = nil
	}
}

// released is called when bluetoothd has ended the advertisement by itself. If that is
// because bluetoothd ends or the adapter goes, a signal follows.
func (s *service) released() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live && !s.ended {
		s.beginLoss(errReleased)
		s.advertiseAgain(s.p.pauses.first)
	}
}

// advertiseAgain registers the advertisement again after a pause, because the adapter
// was switched on or bluetoothd has ended it. Only one goroutine does so at a time. mu
// is held.
func (s *service) advertiseAgain(pause time.Duration) {
	s.again = true
	if !s.renewing {
		s.renewing = true
		go s.renew(pause)
	}
}

// renew registers the advertisement until it is done and nobody wants it again. If that
// is refused, the service is begun anew. While the adapter is off, renew does nothing.
func (s *service) renew(pause time.Duration) {
	select {
	case <-s.over.Done():
		return
	case <-s.bus.Done():
		return
	case <-time.After(pause):
	}
	ctx, cancel := context.WithTimeout(s.over, s.p.cfg.Timeout)
	defer cancel()
	s.mu.Lock()
	for s.again && !s.off {
		s.again = false
		s.mu.Unlock()
		// Releases differ in whether it is still registered.
		_ = s.bus.Do(ctx, s.adapter, bluezbus.AdvManager+".UnregisterAdvertisement", adPath)
		err := s.bus.Do(ctx, s.adapter, bluezbus.AdvManager+".RegisterAdvertisement", adPath, bluezbus.Props{})
		s.mu.Lock()
		switch {
		case s.over.Err() != nil || s.off:
		case err != nil:
			s.log.Log(hal.LevelWarn, "the device does not advertise; the service is begun anew", hal.Err(err))
			s.bus.Close()
		default:
			s.back = true
		}
	}
	s.renewing = false
	s.mu.Unlock()
	s.kick()
}
