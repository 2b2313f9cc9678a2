package wifiprov

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/pb"
)

const (
	lastScanChannel = 13 // channel by channel, 14 is never scanned
	// maxScanPeriod bounds what a client may ask for, so that a blocking
	// scan ends before the clients' time-out of 30 s.
	maxScanPeriod = 1500
	// scanGuard ends a scan of the driver that never reports its end.
	scanGuard = 30 * time.Second
)

// scanParams is what a client asked for.
type scanParams struct {
	passive bool
	group   uint8 // channels between two pauses; 0: all channels at once
	period  uint32
}

func newScanParams(cmd *pb.CmdScanStart) scanParams {
	return scanParams{
		passive: cmd.Passive,
		group:   uint8(min(cmd.GroupChannels, lastScanChannel+1)), // not cut to 8 bits (Q-E20)
		period:  min(cmd.PeriodMs, maxScanPeriod),
	}
}

// scanEnd is what blocking requests wait for.
type scanEnd struct {
	c   chan struct{} // closed at the end of the scan
	err error         // set before, when the service stops
}

// scan is the running scan and what the last ones found. in.mu guards running
// and found; the rest belongs to the jobs.
type scan struct {
	running bool
	found   []hal.AccessPoint // strongest first; replaced, never changed

	params  scanParams
	channel uint8 // of a scan in groups
	onAir   bool  // the driver scans; false in a pause between groups
	// stale counts the driver's scans that were given up before their
	// EventScanDone, one of which follows each.
	stale int
	end   *scanEnd
	pause timer
	guard timer
}

// scanned returns whether a scan runs and what was found, from any goroutine.
func (in *instance) scanned() (running bool, found []hal.AccessPoint) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.scan.running, in.scan.found
}

func (in *instance) setScan(running bool, found []hal.AccessPoint) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.scan.running, in.scan.found = running, found
}

// startScan begins a scan; a running one goes on with its own parameters and
// is waited for by the new client, too (Q-E6). Once credentials were taken a
// scan would disturb the station and is refused (Q-E3).
func (in *instance) startScan(p scanParams) (*scanEnd, error) {
	const op = "scan"
	s := &in.scan
	switch phase := in.snapshot().Phase; {
	case phase != fsm.Started:
		return nil, fail(op, ErrInvalidState, "no scan while the service is "+phase.String(), nil)
	case s.running:
		return s.end, nil
	}
	s.params, s.channel = p, 0
	if p.group > 0 {
		s.channel = 1
	}
	s.end = &scanEnd{c: make(chan struct{})}
	in.setScan(true, nil)
	if err := in.scanChannel(); err != nil {
		in.endScan(nil)
		return nil, err
	}
	return s.end, nil
}

// scanChannel makes the driver scan the present channel, or all.
func (in *instance) scanChannel() error {
	s := &in.scan
	err := in.cfg.WiFi.StartScan(hal.ScanConfig{
		Channel: s.channel, Passive: s.params.passive, PeriodMillis: s.params.period,
	})
	if err != nil {
		return fail("scan", nil, "the Wi-Fi driver refused", err)
	}
	s.onAir = true
	in.after(&s.guard, scanGuard, func() {
		in.log(hal.LevelError, "the Wi-Fi driver did not end its scan", nil)
		in.endScan(nil)
		s.stale = 0 // an event that was lost must not cost the next scan its own
	})
	return nil
}

// scanDone takes the driver's results and goes on with the next channel.
func (in *instance) scanDone(e hal.Event) {
	s := &in.scan
	if s.stale > 0 {
		s.stale--
		return
	}
	if !s.running || !s.onAir {
		return
	}
	s.guard.stop()
	s.onAir = false
	batch := make([]hal.AccessPoint, in.cfg.ScanEntries)
	n, err := in.cfg.WiFi.ScanResults(batch)
	if err != nil || e.ScanFailed {
		in.log(hal.LevelWarn, "the scan broke off", err)
		in.endScan(nil)
		return
	}
	in.setScan(true, mergeScan(s.found, batch[:n], in.cfg.ScanEntries))
	if s.channel == 0 || s.channel == lastScanChannel {
		in.endScan(nil)
		return
	}
	s.channel++
	if s.channel%s.params.group == 0 {
		// The access point gets the radio back for a moment. A timer, for
		// others must not wait meanwhile (Q-E10).
		in.after(&s.pause, groupPause, in.nextChannel)
		return
	}
	in.nextChannel()
}

func (in *instance) nextChannel() {
	if err := in.scanChannel(); err != nil {
		in.log(hal.LevelWarn, "the scan broke off", err)
		in.endScan(nil)
	}
}

// endScan ends a running scan with what it found. err is for those who wait
// for it.
func (in *instance) endScan(err error) {
	s := &in.scan
	if !s.running {
		return
	}
	s.pause.stop()
	s.guard.stop()
	in.setScan(false, s.found)
	if s.onAir {
		s.onAir = false
		s.stale++
		if stopErr := in.cfg.WiFi.StopScan(); stopErr != nil {
			in.log(hal.LevelWarn, "the Wi-Fi driver could not end its scan", stopErr)
		}
	}
	s.end.err = err
	close(s.end.c)
	s.end = nil
}

// dropScan forgets scan and results when the service stops.
func (in *instance) dropScan() {
	in.endScan(fail("scan", ErrInvalidState, "the service stops", nil))
	in.setScan(false, nil)
	in.scan.stale = 0 // their events are not subscribed to any more
}

// mergeScan merges a batch into the list, both strongest first, and keeps the
// strongest of all (Q-E7). Of equal ones the newer comes first.
func mergeScan(list, batch []hal.AccessPoint, limit int) []hal.AccessPoint {
	merged := make([]hal.AccessPoint, 0, min(len(list)+len(batch), limit))
	for len(merged) < limit && (len(list) > 0 || len(batch) > 0) {
		if len(list) == 0 || len(batch) > 0 && batch[0].RSSI >= list[0].RSSI {
			merged = append(merged, batch[0])
			batch = batch[1:]
		} else {
			merged = append(merged, list[0])
			list = list[1:]
		}
	}
	return merged
}
