// SPDX-License-Identifier: Apache-2.0

package fakelinux

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// Call names a method of radio.Daemon or radio.Phy.
type Call string

// The methods.
const (
	Take     Call = "Take"
	Release  Call = "Release"
	Join     Call = "Join"
	Leave    Call = "Leave"
	Scan     Call = "Scan"
	OpenAP   Call = "OpenAP"
	CloseAP  Call = "CloseAP"
	Load     Call = "Load"
	Save     Call = "Save"
	Close    Call = "Close"
	Beside   Call = "Beside"
	AddAP    Call = "AddAP"
	RemoveAP Call = "RemoveAP"
	Channels Call = "Channels"
	Channel  Call = "Channel"
)

// Calls are all methods.
var Calls = []Call{Take, Release, Join, Leave, Scan, OpenAP, CloseAP, Load, Save, Close, Beside, AddAP, RemoveAP, Channels, Channel}

var (
	errClosed = errors.New("fakelinux: the daemon is closed")
	errListen = errors.New("fakelinux: nobody may send on this channel first")
)

// Daemon is the radio.Daemon of one process.
type Daemon struct {
	box *Box

	mu       sync.Mutex
	closed   bool
	join     bool // runs
	attempt  bool // of the join, which has no link yet
	scan     bool // runs
	shutdown context.Context
	end      context.CancelFunc
}

var (
	_ radio.Daemon  = (*Daemon)(nil)
	_ radio.APWatch = (*Daemon)(nil)
)

// Daemon returns the daemon as a new process finds it.
func (b *Box) Daemon() *Daemon {
	d := &Daemon{box: b}
	d.shutdown, d.end = context.WithCancel(context.Background())
	return d
}

// begin begins each call, which takes some time.
func (d *Daemon) begin(ctx context.Context, c Call, takes time.Duration) error {
	b := d.box
	d.mu.Lock()
	closed := d.closed
	d.mu.Unlock()
	b.mu.Lock()
	taken := b.taken
	b.mu.Unlock()
	switch {
	case closed:
		b.note("call of " + string(c) + " after Close")
		return errClosed
	case !taken && c != Take && c != Release && c != Load && c != Save:
		b.note("call of " + string(c) + " before Take")
	}
	if err := b.fault(c); err != nil {
		return err
	}
	return d.sleep(ctx, takes)
}

func (d *Daemon) sleep(ctx context.Context, takes time.Duration) error {
	if takes == 0 {
		return nil
	}
	timer := time.NewTimer(takes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-d.shutdown.Done():
		return errClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Take implements radio.Daemon.
func (d *Daemon) Take(ctx context.Context) error {
	if err := d.begin(ctx, Take, TakeTime); err != nil {
		return err
	}
	b := d.box
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = true
	return nil
}

// Release implements radio.Daemon.
func (d *Daemon) Release(ctx context.Context, keep bool) error {
	d.mu.Lock()
	if d.join || d.scan {
		d.box.note("Release during a join or a scan")
	}
	d.mu.Unlock()
	if err := d.begin(ctx, Release, ReleaseTime); err != nil {
		return err
	}
	b := d.box
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = false
	if !keep {
		_ = b.board.Disconnect()
		b.formerLocked()
	}
	return nil
}

// Leave implements radio.Daemon.
func (d *Daemon) Leave(ctx context.Context) error {
	b := d.box
	if err := d.begin(ctx, Leave, LeaveTime); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.join {
		b.note("Leave during a join")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.joined = nil
	return b.board.Disconnect()
}

// Join implements radio.Daemon.
func (d *Daemon) Join(ctx context.Context, cfg hal.StationConfig, w radio.Watcher) hal.Reason {
	b := d.box
	if err := d.begin(ctx, Join, 0); err != nil {
		return hal.ReasonConnectionFail
	}
	d.mu.Lock()
	if d.join || d.scan {
		b.note("two joins, or a join during a scan")
	}
	d.join, d.attempt = true, true
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.join, d.attempt = false, false
	}()

	events := make(chan hal.Event, 64)
	cancel := b.board.Subscribe(func(e hal.Event) { events <- e })
	defer cancel()
	b.mu.Lock()
	kept := b.joined != nil && *b.joined == cfg
	b.joined = &cfg
	b.mu.Unlock()
	link, err := b.board.Link()
	if !kept || err != nil {
		_ = b.board.Disconnect()
		if err := errors.Join(b.board.SetStorage(hal.StorageRAM), b.board.SetStationConfig(cfg), b.board.Connect()); err != nil {
			b.note("joining: " + err.Error())
			return hal.ReasonConnectionFail
		}
	} else {
		events <- hal.Event{Kind: hal.EventConnected}
		events <- hal.Event{Kind: hal.EventGotIP, IP: link.IP}
	}
	info, _ := b.board.JoinInfo()
	w.Step(hal.JoinInfo{Step: hal.JoinScan})
	if info.AP.Channel != 0 {
		w.Step(info)
		if d.stuck(ctx, info.AP) {
			_ = b.board.Disconnect()
			return hal.ReasonConnectionFail
		}
	}
	for {
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), radio.ErrKeep) {
				return hal.ReasonAssocLeave
			}
			_ = b.board.Disconnect()
			time.Sleep(LeaveTime)
			return hal.ReasonAssocLeave
		case <-d.shutdown.Done():
			return hal.ReasonUnspecified
		case e := <-events:
			info, _ = b.board.JoinInfo()
			switch e.Kind {
			case hal.EventConnected:
				d.mu.Lock()
				d.attempt = false
				d.mu.Unlock()
				w.Connected(info.AP)
			case hal.EventGotIP:
				ip, _ := b.board.IPConfig()
				w.Address(ip)
			case hal.EventDisconnected:
				if e.Reason == hal.ReasonAssocLeave { // of the link before
					continue
				}
				w.Step(info)
				return e.Reason
			}
		}
	}
}

// stuck reports whether an access point keeps the station from another channel. It
// takes the time that a genuine daemon tries.
func (d *Daemon) stuck(ctx context.Context, target hal.AccessPoint) bool {
	b := d.box
	ap, open := b.AP()
	switch {
	case !open || ap.Interface == Second || b.cfg.Beside > 1:
		return false
	case b.cfg.Beside == 0:
		b.note("a join while the access point has the radio")
	case ap.Channel == target.Channel:
		return false
	}
	b.note(fmt.Sprintf("a join on channel %d with the access point on %d", target.Channel, ap.Channel))
	_ = d.sleep(ctx, StuckTime)
	return true
}

// Scan implements radio.Daemon.
func (d *Daemon) Scan(ctx context.Context, cfg hal.ScanConfig) ([]hal.AccessPoint, error) {
	if err := d.begin(ctx, Scan, 0); err != nil {
		return nil, err
	}
	b := d.box
	if ap, open := b.AP(); open && ap.Interface == Station {
		b.note("a scan while the access point has the radio")
	}
	d.mu.Lock()
	if d.scan || d.attempt {
		b.note("two scans, or a scan during an attempt to join")
	}
	d.scan = true
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.scan = false
	}()
	done := make(chan struct{}, 1)
	cancel := b.board.Subscribe(func(e hal.Event) {
		if e.Kind == hal.EventScanDone {
			done <- struct{}{}
		}
	})
	defer cancel()
	if err := b.board.StartScan(cfg); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		_ = b.board.StopScan()
		<-done
		time.Sleep(LeaveTime)
	case <-d.shutdown.Done():
		_ = b.board.StopScan()
		return nil, errClosed
	case <-done:
	}
	list := make([]hal.AccessPoint, sim.MaxResults)
	n, err := b.board.ScanResults(list)
	own := b.cell.Info().BSSID
	list = slices.DeleteFunc(list[:n], func(ap hal.AccessPoint) bool { return ap.BSSID == own })
	slices.Reverse(list) // in no order in particular
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ap := range b.extra {
		if cfg.Channel == 0 || cfg.Channel == ap.Channel {
			list = append(list, ap)
		}
	}
	return list, err
}

// OpenAP implements radio.Daemon.
func (d *Daemon) OpenAP(ctx context.Context, ap radio.AP) error {
	b := d.box
	d.mu.Lock()
	joins := d.join
	d.mu.Unlock()
	if err := d.begin(ctx, OpenAP, OpenTime); err != nil {
		return err
	}
	link := b.linkChannel()
	switch {
	case ap.Channel == 0 || ap.SSID == "" || !ap.Address.IsValid():
		b.note(fmt.Sprintf("an incomplete access point %+v", ap))
	case ap.Interface == Second:
	case ap.Interface == Station && joins:
		b.note("an access point takes the radio of a station")
	case ap.Interface != Station && !slices.Contains(b.Virtual(), ap.Interface):
		b.note("an access point on " + ap.Interface)
	case b.cfg.Beside == 1 && link != 0 && link != ap.Channel:
		b.note(fmt.Sprintf("an access point on channel %d with a link on %d", ap.Channel, link))
	}
	if slices.Contains(b.cfg.Listen, ap.Channel) {
		return errListen
	}
	auth := hal.AuthOpen
	if ap.Key != "" {
		auth = hal.AuthWPA2PSK
	}
	b.cell.Kick(hal.ReasonAuthLeave)
	if err := b.cell.Configure(sim.APConfig{SSID: ap.SSID, Channel: ap.Channel, Auth: auth, Passphrase: ap.Key,
		MaxStations: int(ap.MaxStations), IP: hal.IPv4{192, 168, 4, 2}}); err != nil {
		return err
	}
	b.mu.Lock()
	was := b.ap
	b.ap = &ap
	if was != nil {
		b.moves++
	}
	b.mu.Unlock()
	if was == nil && b.cfg.OnAP != nil {
		b.cfg.OnAP(true)
	}
	return nil
}

// CloseAP implements radio.Daemon.
func (d *Daemon) CloseAP(ctx context.Context) error {
	if err := d.begin(ctx, CloseAP, CloseTime); err != nil {
		return err
	}
	b := d.box
	b.cell.Kick(hal.ReasonAuthLeave)
	b.cell.Vanish()
	b.mu.Lock()
	was := b.ap
	b.ap = nil
	b.mu.Unlock()
	if was != nil && b.cfg.OnAP != nil {
		b.cfg.OnAP(false)
	}
	return nil
}

// APLost implements radio.APWatch.
func (d *Daemon) APLost() <-chan struct{} { return d.box.lost }

// Load implements radio.Daemon.
func (d *Daemon) Load(ctx context.Context) (hal.StationConfig, error) {
	if err := d.begin(ctx, Load, 0); err != nil {
		return hal.StationConfig{}, err
	}
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	return d.box.stored, nil
}

// Save implements radio.Daemon.
func (d *Daemon) Save(ctx context.Context, cfg hal.StationConfig) error {
	if err := d.begin(ctx, Save, StoreTime); err != nil {
		return err
	}
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	d.box.stored = cfg
	return nil
}

// Close implements radio.Daemon.
func (d *Daemon) Close() error {
	err := d.box.fault(Close)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.end()
	return err
}
