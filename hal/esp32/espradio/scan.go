package espradio

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/scanlist"
)

// fresh is for how long the driver's last look at all channels answers a scan
// of another single one.
const fresh = 10 * time.Second

type scanPhase uint8

const (
	scanIdle scanPhase = iota
	scanAsked
	scanRunning
)

// scan is the scan under way, and what the last ones found.
type scan struct {
	phase   scanPhase
	turn    uint64 // changes whenever a scan is given up
	channel uint8
	results []hal.AccessPoint // of the last scan
	seen    []hal.AccessPoint // by the driver's last look, strongest first
	at      time.Time         // when that was
}

// StartScan implements hal.Scanner. The driver looks on all channels, actively
// and for a time of its own, whatever cfg says, up to 4 s. A scan of one channel
// finds what the driver says to be there; an access point whose channel it does
// not tell is found on channel 1, so that who scans channel by channel finds
// each once. While a SoftAP is open the radio cannot look: results are what was
// there before it opened.
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
		return &stateError{hal.ErrBusy, "a scan is running"}
	case p == asked || p == joining || p == leasing:
		return &stateError{hal.ErrBusy, "the station is joining a network"}
	}
	r.scan.phase, r.scan.channel, r.scan.results = scanAsked, cfg.Channel, nil
	r.kick()
	return nil
}

// StopScan implements hal.Scanner. What the driver was looking for is lost: no
// results.
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

// endScanLocked ends a scan that may be under way, without results.
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
		return 0, &stateError{hal.ErrBusy, "a scan is running"}
	}
	n := copy(dst, r.scan.results)
	r.scan.results = nil
	return n, nil
}

// look makes the driver scan, on the worker, and keeps what it found.
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

// runScan is a scan, on the worker.
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
