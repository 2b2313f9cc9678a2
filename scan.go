package wifiprov

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/scanlist"
)

const (
	// maxScanPeriod and maxScanTime, in milliseconds, bound what a client may
	// ask for: per channel, and with the pauses for all of them, 21 s. So a
	// blocking scan ends before the clients' time-out of 30 s, with what drivers
	// need beside it, also on a radio with the 5 GHz band.
	maxScanPeriod = 1500
	maxScanTime   = 13 * (maxScanPeriod + pauseMillis)
	pauseMillis   = uint32(groupPause / time.Millisecond)
	// scanGuard ends a scan that takes longer, because the driver never reports
	// its end or is slow, while clients still wait.
	scanGuard = 28 * time.Second
	// maxScanChannels is more than 2.4 and 5 GHz have.
	maxScanChannels = 64
	// scanSpare is how many more results are asked for than are kept: a driver
	// that reports hidden networks, or an access point twice, does not push
	// others out with them.
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

// scan is the running scan and what the last ones found. in.mu guards running
// and found; the rest belongs to the jobs.
type scan struct {
	running bool
	found   []hal.AccessPoint // strongest first; replaced, never changed

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
	channels := in.scanChannels()
	p.bound(uint32(len(channels)))
	s.params, s.channels, s.done = p, nil, 0
	if p.group > 0 {
		s.channels = channels
	}
	s.end = &scanEnd{c: make(chan struct{})}
	in.setScan(true, nil)
	in.after(&s.guard, scanGuard, func() {
		in.log(hal.LevelError, "the Wi-Fi driver did not end its scan in time", nil)
		in.endScan(nil)
		s.stale = 0 // an event that was lost must not cost the next scan its own
	})
	if err := in.scanChannel(); err != nil {
		in.endScan(nil)
		return nil, err
	}
	return s.end, nil
}

// scanChannels returns the channels that a scan covers.
func (in *instance) scanChannels() []uint8 {
	if w, ok := in.cfg.WiFi.(hal.ChannelLister); ok {
		if channels := w.ScanChannels(); len(channels) > 0 {
			return channels[:min(len(channels), maxScanChannels)]
		}
	}
	return usualChannels
}

// scanChannel makes the driver scan the present channel, or all.
func (in *instance) scanChannel() error {
	s := &in.scan
	cfg := hal.ScanConfig{Passive: s.params.passive, PeriodMillis: s.params.period}
	if len(s.channels) > 0 {
		cfg.Channel = s.channels[0]
	}
	if err := in.cfg.WiFi.StartScan(cfg); err != nil {
		return fail("scan", nil, "the Wi-Fi driver refused", err)
	}
	s.onAir = true
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
	s.onAir = false
	batch := make([]hal.AccessPoint, in.cfg.ScanEntries+scanSpare)
	n, err := in.cfg.WiFi.ScanResults(batch)
	if err != nil || e.ScanFailed {
		in.log(hal.LevelWarn, "the scan broke off", err)
		in.endScan(nil)
		return
	}
	in.setScan(true, scanlist.Merge(s.found, batch[:n], in.cfg.ScanEntries))
	if len(s.channels) <= 1 {
		in.endScan(nil)
		return
	}
	s.channels = s.channels[1:]
	s.done++
	if s.params.pauses(s.done + 1) {
		// A timer, for others must not wait meanwhile (Q-E10).
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
