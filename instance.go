// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"errors"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/protover"
	"github.com/wifiprov/wifiprov/internal/status"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
)

// instance is what a Manager is from Init to Deinit. Its methods run as jobs
// of the manager's serial queue, unless they say otherwise.
type instance struct {
	m     *Manager
	cfg   Config
	svc   scheme.Service
	clock clock

	// Settings made in IDLE.
	apps    []protover.App
	created []string // names of the application's endpoints, in id order
	cleanup time.Duration

	// The running service.
	pc          *protocomm.Protocomm
	unsubscribe func()
	release     func() // gives the claim on the driver back
	connect     timer
	join        timer
	autoStop    timer
	cleaning    timer
	scan        scanner

	// A start whose EventStationStart was not told yet.
	unseen   bool    // there is one
	held     bool    // its EventStart is held back
	early    []Event // of clients, meanwhile
	patience timer   // ends that

	// Credentials with Config.VerifyCredentials; nil: none.
	former *hal.StationConfig // known to be good
	trial  *hal.StationConfig // being tried

	// adjusting: Config.AdjustStation is running.
	adjusting bool
	// freeing: Deinit waits for the tear-down, after which the instance ends.
	freeing bool
	// tornDown is closed when a tear-down is complete.
	tornDown chan struct{}
	stopErr  error
	// gone is closed when EventDeinit was delivered.
	gone chan struct{}

	accepted accepted // by SetConfig

	mu     sync.Mutex // guards what requests and getters read:
	state  fsm.State
	link   *hal.Link // of the last address; nil: not known
	owner  owner     // of the present credentials
	report report    // for prov-status
}

// snapshot returns the present state, from any goroutine.
func (in *instance) snapshot() fsm.State {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.state
}

// call is what the caller of an API function gives to the action that the state
// machine orders for it, and what the action gives back.
type call struct {
	op    string
	done  fsm.InputKind // reports the success of the action
	from  owner         // the client that calls
	owned bool          // the present credentials are from that client

	sec       protocomm.Security // for BringUp
	name, key string
	station   hal.StationConfig // for ApplyConfig and TryConfig
	scan      scanParams        // for BeginScan

	scanEnd *scanEnd // of BeginScan
	err     error
}

// step feeds the state machine and carries out what it says.
func (in *instance) step(input fsm.Input) fsm.Result { return in.stepFor(nil, input) }

// request is step for a caller of the API.
func (in *instance) request(c *call, kind fsm.InputKind) fsm.Result {
	c.owned = in.owns(c.from)
	return in.stepFor(c, fsm.Input{Kind: kind, Owner: c.owned})
}

// finish keeps how the action for a caller went, and reports a success.
func (in *instance) finish(c *call, err error) {
	if c.err = err; err == nil {
		in.stepFor(c, fsm.Input{Kind: c.done, Owner: c.owned})
	}
}

func (in *instance) stepFor(c *call, input fsm.Input) fsm.Result {
	in.mu.Lock()
	next, actions, result := fsm.Step(in.state, input)
	in.state = next
	in.mu.Unlock()
	for _, a := range actions.List() {
		in.act(a, c)
	}
	return result
}

// act carries out one action. c is the call that asked for it; nil for what no
// call asks for.
func (in *instance) act(a fsm.Action, c *call) {
	switch a {
	case fsm.BringUp:
		in.bringUp(c)
	case fsm.ApplyConfig:
		in.finish(c, in.applyConfig(c, hal.StorageFlash))
	case fsm.TryConfig:
		in.tryConfig(c)
	case fsm.ArmConnect:
		in.arm(&in.connect, connectDelay, fsm.ConnectDue)
	case fsm.ArmReconnect:
		in.arm(&in.connect, reconnectPause, fsm.ConnectDue)
	case fsm.Connect:
		in.startConnecting()
	case fsm.ArmJoin:
		in.after(&in.join, in.cfg.JoinTimeout, func() {
			in.noteLoss(0)
			in.step(fsm.Input{Kind: fsm.JoinDue})
		})
	case fsm.DisarmJoin:
		in.join.stop()
	case fsm.Leave:
		in.leave()
	case fsm.ArmAutoStop:
		in.arm(&in.autoStop, in.cfg.AutoStop, fsm.AutoStopDue)
	case fsm.StopTimers:
		in.connect.stop()
		in.join.stop()
		in.autoStop.stop()
	case fsm.BeginScan:
		c.scanEnd, c.err = in.scan.begin(c.scan)
	case fsm.EndScan:
		in.scan.stop(nil)
	case fsm.DropScan:
		in.scan.drop()
	case fsm.Unsubscribe:
		in.unsubscribe()
	case fsm.ArmCleanup:
		in.arm(&in.cleaning, max(in.cleanup, minCleanup), fsm.CleanupDue)
	case fsm.TearDown:
		in.tearDown()
	case fsm.Blank:
		in.finish(c, in.blank(c.op))
	case fsm.Forget:
		in.finish(c, in.forget(c.op))
	case fsm.Commit:
		in.commitTrial()
	case fsm.Restore:
		in.restoreFormer()
	case fsm.ClearReport:
		in.note(func(p *report) { *p = report{} })
	case fsm.EmitStart:
		in.announce()
	case fsm.EmitCredRecv:
		cfg, _ := in.cfg.WiFi.StationConfig()
		in.emit(Event{Kind: EventCredRecv, Station: cfg}, nil)
	case fsm.EmitCredFail:
		in.emit(Event{Kind: EventCredFail, Reason: in.snapshot().Reason}, nil)
	case fsm.EmitCredSuccess:
		in.emit(Event{Kind: EventCredSuccess}, nil)
	case fsm.EmitEnd:
		in.emit(Event{Kind: EventEnd}, in.m.runningSince())
	}
}

// arm reports kind in d, instead of what is pending in t.
func (in *instance) arm(t *timer, d time.Duration, kind fsm.InputKind) {
	in.after(t, d, func() { in.step(fsm.Input{Kind: kind}) })
}

// emit queues an event. The event is delivered when the job is over, and after is
// closed when its handlers have returned.
func (in *instance) emit(e Event, after chan struct{}) {
	in.tellStart() // comes first
	in.m.events.add(&delivery{event: &e, app: in.cfg.EventHandler, after: after})
}

// startConnecting begins to join, and reports how that went.
func (in *instance) startConnecting() {
	if s := in.snapshot(); (s.Restored || s.Phase == fsm.Stopping) && in.formerConfig().SSID == "" {
		return // the former network is meant, and there is none
	}
	err := in.cfg.WiFi.Connect()
	switch {
	case err == nil:
		if !in.snapshot().Restored {
			in.note(func(p *report) { p.over, p.linked, p.problem = false, false, 0 })
		}
		in.step(fsm.Input{Kind: fsm.ConnectBegun})
	case errors.Is(err, hal.ErrBusy):
		in.step(fsm.Input{Kind: fsm.ConnectBusy})
	default:
		in.log(hal.LevelWarn, "the Wi-Fi driver refused to connect", err)
		in.note(func(p *report) { p.problem = status.ProblemRefused })
		in.step(fsm.Input{Kind: fsm.ConnectError})
	}
}

// leave makes the station leave its network, or end its attempt to join one.
func (in *instance) leave() {
	if err := in.cfg.WiFi.Disconnect(); err != nil {
		in.log(hal.LevelWarn, "the station could not be disconnected", err)
	}
}

// wifiEvent takes an event of the driver.
func (in *instance) wifiEvent(e hal.Event) {
	switch e.Kind {
	case hal.EventStationStart:
		in.tellStart()
		in.step(fsm.Input{Kind: fsm.StationUp})
	case hal.EventConnected:
		in.note(func(p *report) { p.linked = true })
	case hal.EventDisconnected:
		in.noteLoss(e.Reason)
		in.step(fsm.Input{Kind: fsm.Lost, Reason: e.Reason})
	case hal.EventScanDone:
		in.scan.finished(e)
	case hal.EventGotIP:
		link, err := in.cfg.WiFi.Link()
		in.rememberLink(link, err)
		in.step(fsm.Input{Kind: fsm.GotIP, NoLink: err != nil})
	}
}

// rememberLink keeps the link, for a client that asks after the link was lost
// (Q-E19).
func (in *instance) rememberLink(link hal.Link, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.link = nil
	if err == nil {
		in.link = &link
	}
}

// sessionEvent passes on how a handshake went.
func (in *instance) sessionEvent(id protocomm.SessionID, e protocomm.SessionEvent) {
	kind := EventSessionSetupOK + EventKind(e-protocomm.SessionSetupOK)
	in.tell(Event{Kind: kind, Session: id})
}

// transportEvent passes on that a client came or went, or the transport itself.
func (in *instance) transportEvent(e scheme.TransportEvent) {
	kind := EventTransportDisconnected
	switch {
	case e.Lost:
		kind = EventTransportLost
	case e.Restored:
		kind = EventTransportRestored
	case e.Connected:
		kind = EventTransportConnected
	}
	in.tell(Event{Kind: kind, Conn: e.Conn, ConnReason: e.Reason, Err: e.Err})
}

// tell tells subscribers of a client. A client that comes before EventStart was told
// is told after it.
func (in *instance) tell(e Event) {
	in.m.post(func() {
		switch {
		case !in.held:
			in.m.events.tell(e)
		case len(in.early) < maxPendingEvents-1:
			in.early = append(in.early, e)
		}
	})
}

func (in *instance) log(level hal.Level, msg string, err error) {
	if err == nil {
		in.cfg.Logger.Log(level, msg)
		return
	}
	in.cfg.Logger.Log(level, msg, hal.Err(err))
}

// after runs fn as a job in d, instead of what is pending in t.
func (in *instance) after(t *timer, d time.Duration, fn func()) { in.clock.after(t, d, fn) }
