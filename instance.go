package wifiprov

import (
	"errors"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/protover"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
)

// instance is what a Manager is from Init to Deinit. Its methods run as jobs
// of the manager's serial queue, unless they say otherwise.
type instance struct {
	m   *Manager
	cfg Config
	svc scheme.Service

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
	scan        scan

	// A start whose EventStationStart was not told yet.
	unseen   bool  // there is one
	held     bool  // its EventStart is held back
	patience timer // ends that

	// Credentials with Config.VerifyCredentials; nil: none.
	former *hal.StationConfig // known to be good
	trial  *hal.StationConfig // being tried

	// adjusting: Config.AdjustStation is running.
	adjusting bool
	// freeing: Deinit waits for the tear-down, and the context goes with it.
	freeing bool
	// tornDown is closed when a tear-down is complete.
	tornDown chan struct{}
	stopErr  error
	// gone is closed when DEINIT was delivered.
	gone chan struct{}

	mu       sync.Mutex // guards what requests and getters read:
	state    fsm.State
	link     *hal.Link        // of the last address; nil: not known
	accepted []acceptedConfig // by SetConfig, one a session
	owner    owner            // of the present credentials
	report   *report          // for prov-status
}

// snapshot returns the present state, from any goroutine.
func (in *instance) snapshot() fsm.State {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.state
}

// step feeds the state machine and carries out what it says.
func (in *instance) step(input fsm.Input) fsm.Result {
	in.mu.Lock()
	next, actions, result := fsm.Step(in.state, input)
	in.state = next
	in.mu.Unlock()
	for _, a := range actions.List() {
		in.act(a)
	}
	return result
}

// act carries out one action. BringUp, ApplyConfig, Blank and Forget belong to
// the API function that asked, because their outcome is its answer.
func (in *instance) act(a fsm.Action) {
	switch a {
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
	case fsm.Commit:
		in.commitTrial()
	case fsm.Restore:
		in.restoreFormer()
	case fsm.EndScan:
		in.endScan(nil)
	case fsm.DropScan:
		in.dropScan()
	case fsm.Unsubscribe:
		in.unsubscribe()
	case fsm.ArmCleanup:
		in.arm(&in.cleaning, max(in.cleanup, minCleanup), fsm.CleanupDue)
	case fsm.TearDown:
		in.tearDown()
	case fsm.EmitStart:
		in.announce()
	case fsm.EmitCredRecv:
		cfg, _ := in.cfg.WiFi.StationConfig()
		in.emit(Event{Kind: EventCredRecv, Station: cfg}, nil)
	case fsm.EmitCredFail:
		in.emit(Event{Kind: EventCredFail, Reason: FailReason(in.snapshot().Reason)}, nil)
	case fsm.EmitCredSuccess:
		in.emit(Event{Kind: EventCredSuccess}, nil)
	case fsm.EmitEnd:
		in.emit(Event{Kind: EventEnd}, in.m.runningSince())
	}
}

// emit queues an event; it is delivered when the job is over.
func (in *instance) emit(e Event, after chan struct{}) {
	in.tellStart() // comes first
	in.m.events.add(&delivery{event: &e, scheme: in.cfg.SchemeHandler, app: in.cfg.EventHandler, after: after})
}

// startConnecting begins to join, and reports what the driver refuses.
func (in *instance) startConnecting() {
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
		in.note(func(p *report) { p.problem = pb.ProvProblemRefused })
		in.step(fsm.Input{Kind: fsm.ConnectError})
	}
}

// leave makes the station leave its network, or what it is about to join.
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
		in.scanDone(e)
	case hal.EventGotIP:
		link, err := in.cfg.WiFi.Link()
		if err != nil && in.snapshot().Leaving {
			return // of the network that it was just told to leave
		}
		in.rememberLink(link, err)
		in.step(fsm.Input{Kind: fsm.GotIP})
	}
}

// rememberLink keeps what a client will be told, should the link be gone when
// it asks (Q-E19).
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
	in.m.events.tell(Event{Kind: kind, Session: id})
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
	in.m.events.tell(Event{Kind: kind, Conn: e.Conn, ConnReason: e.Reason, Err: e.Err})
}

func (in *instance) log(level hal.Level, msg string, err error) {
	if err == nil {
		in.cfg.Logger.Log(level, msg)
		return
	}
	in.cfg.Logger.Log(level, msg, hal.Err(err))
}

// timer is one pending input. armed again or stopped, what was pending does
// not happen even when its callback has begun.
type timer struct {
	t   hal.Timer
	gen uint
}

func (t *timer) stop() {
	t.gen++
	if t.t != nil {
		t.t.Stop()
		t.t = nil
	}
}

// after replaces what is pending in t by fn, as a job, in d.
func (in *instance) after(t *timer, d time.Duration, fn func()) {
	t.stop()
	gen := t.gen
	t.t = in.cfg.Clock.AfterFunc(d, func() {
		in.m.post(func() {
			if t.gen == gen {
				t.t = nil
				fn()
			}
		})
	})
}

func (in *instance) arm(t *timer, d time.Duration, kind fsm.InputKind) {
	in.after(t, d, func() { in.step(fsm.Input{Kind: kind}) })
}
