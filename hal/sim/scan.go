// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
)

// Default times on a channel, as ESP-IDF has them.
const (
	ActiveDwell  = 120 * time.Millisecond
	PassiveDwell = 360 * time.Millisecond
)

// MaxResults is the number of access points that a scan keeps.
const MaxResults = 256

// scan is a board's scan, running or finished.
type scan struct {
	running  bool
	channels []uint8 // the present one, and those to come
	dwell    time.Duration
	passive  bool
	alarm    alarm
	results  []found // strongest first
}

// found is a result with the access point's order of adding.
type found struct {
	hal.AccessPoint
	order uint32
}

// ScanChannels implements hal.ChannelLister: 1 to 13, and all of 5 GHz if the
// board has it.
func (b *Board) ScanChannels() []uint8 {
	channels := make([]uint8, 0, 41)
	for c := uint8(1); c < 14 || b.cfg.FiveGHz && c <= hal.MaxChannel; c++ {
		if c != 14 && hal.ValidChannel(c) {
			channels = append(channels, c)
		}
	}
	return channels
}

// checkChannel refuses to scan a channel that the board does not have; 0 is all.
func (b *Board) checkChannel(c uint8) error {
	switch {
	case c != 0 && !hal.ValidChannel(c):
		return errChannel
	case c > 14 && !b.cfg.FiveGHz:
		return errNoFiveGHz
	}
	return nil
}

// StartScan implements hal.Scanner. A scan of all channels listens on each of
// ScanChannels in turn. An access point is found if it is on the air when the time on
// its channel ends.
func (b *Board) StartScan(cfg hal.ScanConfig) error {
	if err := b.checkChannel(cfg.Channel); err != nil {
		return err
	}
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if err := b.stationLocked(); err != nil {
		return err
	}
	switch {
	case b.scan.running:
		return explain.Error(hal.ErrBusy, "a scan is running")
	case b.link.joining:
		return explain.Error(hal.ErrBusy, "the station is joining a network")
	}
	s := &b.scan
	s.running, s.passive, s.results = true, cfg.Passive, nil
	s.channels = b.ScanChannels()
	if cfg.Channel != 0 {
		s.channels = []uint8{cfg.Channel}
	}
	switch {
	case cfg.PeriodMillis != 0:
		s.dwell = time.Duration(cfg.PeriodMillis) * time.Millisecond
	case cfg.Passive:
		s.dwell = PassiveDwell
	default:
		s.dwell = ActiveDwell
	}
	b.scans++
	s.alarm.set(b.air, s.dwell, b.channelDoneLocked)
	return nil
}

// channelDoneLocked adds the access points on the channel to the results and goes to
// the next channel.
func (b *Board) channelDoneLocked() {
	s := &b.scan
	for _, p := range b.air.cells {
		if p.owner == b || p.cfg.Absent || p.cfg.Channel != s.channels[0] {
			continue
		}
		if !s.passive {
			p.probes++
		}
		if !p.cfg.Hidden && !p.cfg.SSID.Hidden() {
			s.add(b.heardLocked(p))
		}
	}
	if s.channels = s.channels[1:]; len(s.channels) == 0 {
		b.finishScanLocked(false)
		return
	}
	s.alarm.set(b.air, s.dwell, b.channelDoneLocked)
}

func (b *Board) heardLocked(p *AP) found {
	f := found{p.infoLocked(), p.order}
	f.RSSI = b.air.rssi(p, b)
	return f
}

// add inserts a result. If an access point moves to a later channel it is found twice;
// the stronger result counts.
func (s *scan) add(f found) {
	twin := slices.IndexFunc(s.results, func(g found) bool { return g.BSSID == f.BSSID })
	if twin >= 0 {
		if s.results[twin].RSSI >= f.RSSI {
			return
		}
		s.results = slices.Delete(s.results, twin, twin+1)
	}
	i, _ := slices.BinarySearchFunc(s.results, f, func(a, b found) int {
		if a.RSSI != b.RSSI {
			return int(b.RSSI) - int(a.RSSI)
		}
		return int(a.order) - int(b.order)
	})
	if i == MaxResults {
		return
	}
	if len(s.results) == MaxResults {
		s.results = s.results[:MaxResults-1]
	}
	s.results = slices.Insert(s.results, i, f)
}

// finishScanLocked ends a running scan with an event.
func (b *Board) finishScanLocked(failed bool) {
	b.scan.end()
	if failed {
		b.scan.results = nil
	}
	b.events.Emit(hal.Event{Kind: hal.EventScanDone, ScanFailed: failed})
}

// breakScanLocked ends a scan without results, if one runs.
func (b *Board) breakScanLocked() {
	if b.scan.running {
		b.finishScanLocked(true)
	}
}

// end stops listening.
func (s *scan) end() {
	s.running = false
	s.alarm.stop()
}

// StopScan implements hal.Scanner.
func (b *Board) StopScan() error {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if !b.scan.running {
		return nil
	}
	if err := b.acceptLocked(); err != nil {
		return err
	}
	b.finishScanLocked(false)
	return nil
}

// ScanResults implements hal.Scanner. It forgets the results.
func (b *Board) ScanResults(dst []hal.AccessPoint) (int, error) {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.closed {
		return 0, ErrClosed
	}
	if b.scan.running {
		return 0, explain.Error(hal.ErrBusy, "a scan is running")
	}
	n := min(len(dst), len(b.scan.results))
	for i := range n {
		dst[i] = b.scan.results[i].AccessPoint
	}
	b.scan.results = nil
	return n, nil
}
