// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/scanlist"
)

const (
	// maxScanPeriod and maxScanTime, in milliseconds, bound what a client may
	// ask for: the time per channel, and the time for all channels with the
	// pauses, 21 s. So a blocking scan ends before the clients' time-out of
	// 30 s, even on a radio with the 5 GHz band and a slow driver.
	maxScanPeriod = 1500
	maxScanTime   = 13 * (maxScanPeriod + pauseMillis)
	pauseMillis   = uint32(groupPause / time.Millisecond)
	// scanGuard ends a scan that takes longer, because the driver is slow or
	// never reports its end. Clients still wait by then.
	scanGuard = 28 * time.Second
	// maxScanChannels is more than 2.4 and 5 GHz have.
	maxScanChannels = 64
	// scanSpare is how many more results are asked for than are kept. Hidden
	// networks, and access points that a driver reports twice, then push no
	// others out.
	scanSpare = 48
)

// usualChannels are those of the C original's scans in groups, and of drivers
// that do not know theirs.
var usualChannels = []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}

// scanParams is what a client asked for.
type scanParams struct {
	passive bool
	group   uint32 // channels between two pauses; 0: all channels at once
	period  uint32
}

func newScanParams(cmd *pb.CmdScanStart) scanParams {
	return scanParams{
		passive: cmd.Passive,
		group:   cmd.GroupChannels, // not cut to 8 bits (Q-E20)
		period:  cmd.PeriodMs,
	}
}

// bound makes the scan of so many channels end in time.
func (p *scanParams) bound(channels uint32) {
	left := uint32(maxScanTime)
	if p.group > 0 {
		left -= channels / p.group * pauseMillis
	}
	p.period = min(p.period, maxScanPeriod, left/channels)
}

// pauses reports whether the access point gets the radio back for a moment
// before the nth channel, counted from 1: before each that is divisible by the
// size of a group, as the C original does it.
func (p *scanParams) pauses(n int) bool { return uint32(n)%p.group == 0 }

// scanEnd is what blocking requests wait for.
type scanEnd struct {
	c   chan struct{} // closed at the end of the scan
	err error         // set before, when the service stops
}

// scanner runs the scans of the clients, and keeps what the last one found. Its
// methods are called by jobs, unless they say otherwise.
type scanner struct {
	wifi    hal.WiFi
	clock   clock
	log     func(hal.Level, string, error)
	entries int // that are kept

	params   scanParams
	channels []uint8 // of a scan in groups, the present one first; nil: all at once
	done     int     // channels of it that are done
	onAir    bool    // the driver scans; false in a pause between groups
	// stale counts the driver's scans that were given up before their
	// EventScanDone, one of which follows each.
	stale int
	end   *scanEnd
	pause timer
	guard timer

	mu      sync.Mutex // guards what requests read:
	running bool
	found   []hal.AccessPoint // strongest first; replaced, never changed
}

// results returns whether a scan runs and what was found, from any goroutine.
func (s *scanner) results() (running bool, found []hal.AccessPoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.found
}

func (s *scanner) set(running bool, found []hal.AccessPoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.found = running, found
}

// begin starts a scan. A running scan goes on with its own parameters, and the
// new client waits for it, too (Q-E6).
func (s *scanner) begin(p scanParams) (*scanEnd, error) {
	if s.running {
		return s.end, nil
	}
	channels := s.allChannels()
	p.bound(uint32(len(channels)))
	s.params, s.channels, s.done = p, nil, 0
	if p.group > 0 {
		s.channels = channels
	}
	s.end = &scanEnd{c: make(chan struct{})}
	s.set(true, nil)
	s.clock.after(&s.guard, scanGuard, func() {
		s.log(hal.LevelError, "the Wi-Fi driver did not end its scan in time", nil)
		s.stop(nil)
		s.stale = 0 // an event that was lost must not cost the next scan its own
	})
	end := s.end
	if err := s.scan(); err != nil {
		s.stop(nil)
		return nil, err
	}
	return end, nil
}

// allChannels returns the channels that a scan covers.
func (s *scanner) allChannels() []uint8 {
	if w, ok := s.wifi.(hal.ChannelLister); ok {
		if channels := w.ScanChannels(); len(channels) > 0 {
			return channels[:min(len(channels), maxScanChannels)]
		}
	}
	return usualChannels
}

// scan makes the driver scan the present channel, or all.
func (s *scanner) scan() error {
	cfg := hal.ScanConfig{Passive: s.params.passive, PeriodMillis: s.params.period}
	if len(s.channels) > 0 {
		cfg.Channel = s.channels[0]
	}
	if err := s.wifi.StartScan(cfg); err != nil {
		return fail("scan", nil, "the Wi-Fi driver refused", err)
	}
	s.onAir = true
	return nil
}

// finished takes the driver's results and goes on with the next channel.
func (s *scanner) finished(e hal.Event) {
	if s.stale > 0 {
		s.stale--
		return
	}
	if !s.running || !s.onAir {
		return
	}
	s.onAir = false
	batch := make([]hal.AccessPoint, s.entries+scanSpare)
	n, err := s.wifi.ScanResults(batch)
	if err != nil || e.ScanFailed {
		s.breakOff(err)
		return
	}
	s.set(true, scanlist.Merge(s.found, batch[:n], s.entries))
	if len(s.channels) <= 1 {
		s.stop(nil)
		return
	}
	s.channels = s.channels[1:]
	s.done++
	if s.params.pauses(s.done + 1) {
		// A timer, for others must not wait meanwhile (Q-E10).
		s.clock.after(&s.pause, groupPause, s.next)
		return
	}
	s.next()
}

func (s *scanner) next() {
	if err := s.scan(); err != nil {
		s.breakOff(err)
	}
}

func (s *scanner) breakOff(err error) {
	s.log(hal.LevelWarn, "the scan broke off", err)
	s.stop(nil)
}

// stop ends a running scan and keeps what it found. Those who wait for the scan
// get err.
func (s *scanner) stop(err error) {
	if !s.running {
		return
	}
	s.pause.stop()
	s.guard.stop()
	s.set(false, s.found)
	if s.onAir {
		s.onAir = false
		s.stale++
		if stopErr := s.wifi.StopScan(); stopErr != nil {
			s.log(hal.LevelWarn, "the Wi-Fi driver could not end its scan", stopErr)
		}
	}
	s.end.err = err
	close(s.end.c)
	s.end = nil
}

// drop forgets scan and results when the service stops.
func (s *scanner) drop() {
	s.stop(fail("scan", ErrInvalidState, "the service stops", nil))
	s.set(false, nil)
	s.stale = 0 // their events are not subscribed to any more
}
