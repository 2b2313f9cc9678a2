package sim

import (
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// Times on a channel when the scan asks for none, as ESP-IDF has them.
const (
	ActiveDwell  = 120 * time.Millisecond
	PassiveDwell = 360 * time.Millisecond
)

// MaxResults is the number of access points that a scan keeps.
const MaxResults = 256

// lastChannel is the last one of a scan over all.
const lastChannel = 13

// scan is a board's scan, running or finished.
type scan struct {
	running bool
	channel uint8 // being listened to
	last    uint8
	dwell   time.Duration
	alarm   alarm
	results []found // strongest first
}

// found is a result with the access point's order of adding.
type found struct {
	hal.AccessPoint
	order uint32
}

// StartScan implements hal.Scanner. A scan of all channels takes 13 times the
// time per channel; an access point is found if it is on the air when the
// time on its channel ends.
func (b *Board) StartScan(cfg hal.ScanConfig) error {
	if cfg.Channel > 14 {
		return errChannel
	}
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if err := b.stationLocked(); err != nil {
		return err
	}
	switch {
	case b.scan.running:
		return &stateError{hal.ErrBusy, "a scan is running"}
	case b.link.joining:
		return &stateError{hal.ErrBusy, "the station is joining a network"}
	}
	s := &b.scan
	s.running, s.results = true, nil
	s.channel, s.last = 1, lastChannel
	if cfg.Channel != 0 {
		s.channel, s.last = cfg.Channel, cfg.Channel
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

// channelDoneLocked notes what was heard and goes to the next channel.
func (b *Board) channelDoneLocked() {
	s := &b.scan
	for _, p := range b.air.cells {
		if p.owner != b && !p.cfg.Absent && p.cfg.Channel == s.channel {
			s.add(b.heardLocked(p))
		}
	}
	if s.channel == s.last {
		b.finishScanLocked(false)
		return
	}
	s.channel++
	s.alarm.set(b.air, s.dwell, b.channelDoneLocked)
}

func (b *Board) heardLocked(p *AP) found {
	f := found{p.infoLocked(), p.order}
	f.RSSI = b.air.rssi(p, b)
	if p.cfg.Hidden {
		f.SSID = ""
	}
	return f
}

// add puts a result in its place.
func (s *scan) add(f found) {
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

// breakScanLocked ends a scan that may be running, without results.
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
		return 0, &stateError{hal.ErrBusy, "a scan is running"}
	}
	n := min(len(dst), len(b.scan.results))
	for i := range n {
		dst[i] = b.scan.results[i].AccessPoint
	}
	b.scan.results = nil
	return n, nil
}
