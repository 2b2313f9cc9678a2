// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
	"github.com/wifiprov/wifiprov/internal/scanlist"
)

const (
	maxResults = 256         // access points that are kept
	scanTries  = 10          // while the Daemon itself scans
	scanPause  = time.Second // between two tries
)

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
	cfg     hal.ScanConfig
	cancel  context.CancelFunc // scanRunning
	results []hal.AccessPoint  // of the last scan
	seen    []hal.AccessPoint  // by the last scan of each channel, strongest first; replaced, never changed
}

// ScanChannels implements hal.ChannelLister. They are not known without a Phy, or if it
// fails.
func (r *Radio) ScanChannels() []uint8 {
	if r.cfg.Phy == nil {
		return nil
	}
	channels, err := r.cfg.Phy.Channels(r.cfg.Interface)
	r.trouble("channels", err)
	return slices.DeleteFunc(channels, func(c uint8) bool { return !hal.ValidChannel(c) })
}

// StartScan implements hal.Scanner. While station and access point take turns and one is
// open, the results are those from before it opened.
func (r *Radio) StartScan(cfg hal.ScanConfig) error {
	if cfg.Channel != 0 {
		channels := r.ScanChannels()
		if !hal.ValidChannel(cfg.Channel) || len(channels) > 0 && !slices.Contains(channels, cfg.Channel) {
			return fmt.Errorf("radio: %s has no channel %d", r.cfg.Interface, cfg.Channel)
		}
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
	r.scan.phase, r.scan.cfg, r.scan.results = scanAsked, cfg, nil
	r.kick()
	return nil
}

// StopScan implements hal.Scanner.
func (r *Radio) StopScan() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.scan
	if err := r.acceptLocked(); err != nil && (r.closed || s.phase != scanIdle) {
		return err
	}
	if s.phase == scanRunning {
		s.cancel() // its event follows when the Daemon has stopped
		return nil
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
	if s.phase == scanRunning {
		s.cancel()
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

// look makes the Daemon scan, on the worker, and returns what it heard. It waits for
// the Daemon's own scans. What it was told to stop is no error.
func (r *Radio) look(ctx context.Context, cfg hal.ScanConfig) ([]hal.AccessPoint, error) {
	ctx, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	for try := 1; ; try++ {
		heard, err := r.daemon.Scan(ctx, cfg)
		if errors.Is(err, hal.ErrBusy) && try < scanTries && sleep(ctx, scanPause) {
			continue
		}
		if err != nil && ctx.Err() == nil {
			return nil, fmt.Errorf("radio: scanning on %s: %w", r.cfg.Interface, err)
		}
		whole := err == nil && ctx.Err() == nil
		r.mu.Lock()
		defer r.mu.Unlock()
		known := slices.DeleteFunc(slices.Clone(r.scan.seen), func(ap hal.AccessPoint) bool {
			return whole && (cfg.Channel == 0 || cfg.Channel == ap.Channel)
		})
		r.scan.seen = scanlist.Merge(known, heard, maxResults)
		return heard, nil
	}
}

// sleep waits, and reports whether it could until the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// runScan carries out a scan, on the worker.
func (r *Radio) runScan() {
	s := &r.scan
	r.mu.Lock()
	if s.phase != scanAsked {
		r.mu.Unlock()
		return
	}
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	s.phase, s.cancel = scanRunning, cancel
	turn, cfg := s.turn, s.cfg
	known := r.ap != nil && r.worker.beside == 0
	results := on(cfg.Channel, s.seen)
	r.mu.Unlock()
	var err error
	if !known {
		results, err = r.look(ctx, cfg)
		r.trouble("scan", err)
		results = scanlist.Merge(nil, results, maxResults)
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
	s.phase, s.results = scanIdle, results
	r.events.Emit(hal.Event{Kind: hal.EventScanDone})
}

// on returns the access points of a channel, 0: of all.
func on(channel uint8, seen []hal.AccessPoint) []hal.AccessPoint {
	var found []hal.AccessPoint
	for _, ap := range seen {
		if channel == 0 || ap.Channel == channel {
			found = append(found, ap)
		}
	}
	return found
}
