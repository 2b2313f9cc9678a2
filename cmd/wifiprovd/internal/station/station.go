// SPDX-License-Identifier: Apache-2.0

// Package station keeps a box in its network while it is not being provisioned. Where a
// daemon of the box does that itself, as NetworkManager does, the Wi-Fi is given back to
// it. Otherwise a [Station] joins the stored network, and again after every loss.
package station

import (
	"errors"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// Times of a Config's zero fields.
const (
	DefaultMinPause = time.Second
	DefaultMaxPause = time.Minute
	DefaultJoin     = time.Minute
)

// Radio is the Wi-Fi of the box. Package hal/linux has it.
type Radio interface {
	hal.WiFi
	hal.SoftAP
	// Release gives the interface back to whom it belonged before: the stored
	// network is joined, or if there is none what was joined before.
	Release() error
	// Close frees the Wi-Fi. It does not imply Release.
	Close() error
}

// Config is what a Station needs. Zero times mean the defaults.
type Config struct {
	Radio Radio
	// Join: nobody else joins the stored network. Without it a daemon of the box does.
	Join bool
	// MinPause is the pause before the second attempt to join. Each further one is
	// twice as long, up to MaxPause.
	MinPause, MaxPause time.Duration
	// JoinTimeout is how long an attempt may take if it neither fails nor gets an
	// address.
	JoinTimeout time.Duration
	Logger      hal.Logger
}

// Station implements keeper.Station. New makes it. It begins with Resume.
type Station struct {
	cfg Config

	mu     sync.Mutex
	cancel func() // the subscription; nil: suspended
	round  int    // of Resume, so that late timers are known
	pause  time.Duration
	timer  *time.Timer // the next attempt, or the end of one without an outcome
}

// New returns a station that is suspended.
func New(cfg Config) *Station {
	if cfg.MinPause == 0 {
		cfg.MinPause = DefaultMinPause
	}
	if cfg.MaxPause == 0 {
		cfg.MaxPause = DefaultMaxPause
	}
	if cfg.JoinTimeout == 0 {
		cfg.JoinTimeout = DefaultJoin
	}
	return &Station{cfg: cfg}
}

// Provisioned implements keeper.Station. A configuration that cannot be read counts as
// stored, since a box may not lose its network for that.
func (s *Station) Provisioned() bool {
	cfg, err := s.cfg.Radio.StationConfig()
	return err != nil || cfg.SSID != ""
}

// Resume implements keeper.Station. Without stored credentials the Wi-Fi is given back:
// the box may be in a network that somebody else set up.
func (s *Station) Resume() {
	if !s.cfg.Join || !s.Provisioned() {
		if err := s.cfg.Radio.Release(); err != nil {
			s.cfg.Logger.Log(hal.LevelError, "the Wi-Fi could not be given back", hal.Err(err))
		}
		return
	}
	s.mu.Lock()
	s.round++
	round := s.round
	s.pause = s.cfg.MinPause
	s.cancel = s.cfg.Radio.Subscribe(func(e hal.Event) { s.event(round, e) })
	s.mu.Unlock()
	s.connect(round)
}

// Suspend implements keeper.Station.
func (s *Station) Suspend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
		s.round++
		s.stopTimer()
	}
}

// Erase implements keeper.Station, while the station is suspended.
func (s *Station) Erase() error {
	return errors.Join(s.cfg.Radio.Restore(), s.cfg.Radio.Disconnect())
}

// Leave gives the Wi-Fi back and closes it, at the end of the program. A network that is
// joined stays joined as far as the box's daemon can do that.
func (s *Station) Leave() error {
	s.Suspend()
	return errors.Join(s.cfg.Radio.Release(), s.cfg.Radio.Close())
}

func (s *Station) event(round int, e hal.Event) {
	switch e.Kind {
	case hal.EventGotIP:
		s.mu.Lock()
		defer s.mu.Unlock()
		if round == s.round {
			s.pause = s.cfg.MinPause
			s.stopTimer()
		}
	case hal.EventDisconnected:
		s.cfg.Logger.Log(hal.LevelInfo, "the box is not in its Wi-Fi network", hal.Attr{Key: "why", Value: e.Reason.String()})
		s.again(round)
	}
}

// again sets the timer for the next attempt.
func (s *Station) again(round int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.after(round, s.pause, func() { s.connect(round) }) {
		s.pause = min(2*s.pause, s.cfg.MaxPause)
	}
}

// after calls fn in d, in place of what is pending. It reports false in a later round.
// s.mu is locked.
func (s *Station) after(round int, d time.Duration, fn func()) bool {
	if round != s.round {
		return false
	}
	s.stopTimer()
	s.timer = time.AfterFunc(d, fn)
	return true
}

func (s *Station) stopTimer() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

// connect begins an attempt to join.
func (s *Station) connect(round int) {
	s.mu.Lock()
	if !s.after(round, s.cfg.JoinTimeout, func() { s.giveUp(round) }) {
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	radio := s.cfg.Radio
	err := errors.Join(radio.SetMode(hal.ModeSTA), radio.Start())
	if err == nil {
		err = radio.Connect()
	}
	switch {
	case err == nil:
	case errors.Is(err, hal.ErrBusy): // a scan, or an attempt that began before
		s.again(round)
	default:
		s.cfg.Logger.Log(hal.LevelWarn, "the stored network cannot be joined now", hal.Err(err))
		s.again(round)
	}
}

// giveUp ends an attempt that has no outcome. With a link there was none to wait for.
func (s *Station) giveUp(round int) {
	if _, err := s.cfg.Radio.Link(); err == nil {
		return
	}
	s.mu.Lock()
	now := s.after(round, s.pause, func() { s.connect(round) }) // if no event follows
	s.mu.Unlock()
	if !now {
		return
	}
	s.cfg.Logger.Log(hal.LevelWarn, "the stored network gives no address; trying again")
	if err := s.cfg.Radio.Disconnect(); err != nil {
		s.cfg.Logger.Log(hal.LevelWarn, "the network could not be left", hal.Err(err))
	}
}
