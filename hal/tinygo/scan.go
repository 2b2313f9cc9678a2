// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
	"github.com/wifiprov/wifiprov/internal/scanlist"
)

// fresh is how long results of the driver's last scan, which covers all channels, may
// be used for scans of single channels.
const fresh = 10 * time.Second

type scanPhase uint8

const (
	scanIdle scanPhase = iota
	scanAsked
	scanRunning
)

// scan is the running scan, and the results of the last ones.
type scan struct {
	phase   scanPhase
	turn    uint64 // changes when a scan is given up
	channel uint8
	results []hal.AccessPoint // of the last scan
	seen    []hal.AccessPoint // in the driver's last scan, strongest first
	at      time.Time         // of the driver's last scan
}

// StartScan implements hal.Scanner. The driver always scans all channels, actively, and
// takes up to 4 s. A scan of one channel returns the access points that the driver
// found on it. Access points of unknown channel are returned for channel 1, so that a
// scan channel by channel returns each once. While a SoftAP is open the radio cannot
// scan; the results are those from before it opened.
func (r *Radio) StartScan(cfg hal.ScanConfig) error {
	if cfg.Channel != 0 && !hal.ValidChannel(cfg.Channel) {
		return errChannel
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.stationLocked(); err != nil {
		return err
	}
	switch p := r.station.phase; {
	case r.scan.phase != scanIdle:
		return explain.Error(hal.ErrBusy, "a scan is running")
	case p == asked || p == joining || p == leasing:
		return explain.Error(hal.ErrBusy, "the station is joining a network")
	}
	r.scan.phase, r.scan.channel, r.scan.results = scanAsked, cfg.Channel, nil
	r.kick()
	return nil
}

// StopScan implements hal.Scanner. A stopped scan has no results.
func (r *Radio) StopScan() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.scan.phase == scanIdle {
		return nil
	}
	if err := r.acceptLocked(); err != nil {
		return err
	}
	r.endScanLocked(false)
	return nil
}

// endScanLocked ends a scan without results, if one runs.
func (r *Radio) endScanLocked(failed bool) {
	s := &r.scan
	if s.phase == scanIdle {
		return
	}
	s.phase, s.results = scanIdle, nil
	s.turn++
	r.events.Emit(hal.Event{Kind: hal.EventScanDone, ScanFailed: failed})
}

// ScanResults implements hal.Scanner. It forgets the results.
func (r *Radio) ScanResults(dst []hal.AccessPoint) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return 0, ErrClosed
	case r.scan.phase != scanIdle:
		return 0, explain.Error(hal.ErrBusy, "a scan is running")
	}
	n := copy(dst, r.scan.results)
	r.scan.results = nil
	return n, nil
}

// look makes the driver scan, on the worker, and keeps the results.
func (r *Radio) look() error {
	if err := r.beStation(); err != nil {
		return err
	}
	seen, err := r.cfg.Driver.Scan()
	if err != nil {
		return &driverError{"scan", err}
	}
	for i := range seen {
		if seen[i].Auth == AuthUnknown {
			seen[i].Auth = r.cfg.UnknownAuth
		}
	}
	seen = scanlist.Merge(nil, seen, len(seen))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scan.seen, r.scan.at = seen, time.Now()
	return nil
}

// runScan carries out a scan, on the worker.
func (r *Radio) runScan() {
	s := &r.scan
	r.mu.Lock()
	if s.phase != scanAsked {
		r.mu.Unlock()
		return
	}
	s.phase = scanRunning
	turn := s.turn
	known := r.ap != nil || s.channel > 1 && time.Since(s.at) < fresh
	r.mu.Unlock()
	var err error
	if !known {
		err = r.look()
		r.trouble("scan", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.turn != turn {
		return
	}
	if err != nil {
		r.endScanLocked(true)
		return
	}
	s.phase, s.results = scanIdle, on(s.channel, s.seen)
	r.events.Emit(hal.Event{Kind: hal.EventScanDone})
}

// on returns the access points of a channel, 0: of all.
func on(channel uint8, seen []hal.AccessPoint) []hal.AccessPoint {
	if channel == 0 {
		return seen
	}
	var found []hal.AccessPoint
	for _, ap := range seen {
		if ap.Channel == channel || ap.Channel == 0 && channel == 1 {
			found = append(found, ap)
		}
	}
	return found
}
