// Package fsm is the provisioning manager's state machine (manager.md 7),
// without clock, goroutine or input and output: Step takes a state and an
// input and returns the next state and what is to be done. The driver in the
// root package carries the actions out, and reports the outcome of those that
// can fail as a further input.
//
//	       Start            Started           Configured
//	IDLE ────────▶ STARTING ───────▶ STARTED ────────────▶ CRED_RECV
//	 ▲  ▲   StartFailed │              ▲  ▲                  │    │
//	 │  └───────────────┘   ResetDone  │  │  Disconnected    │    │ GotIP
//	 │                   ┌─────────────┘  │  (mapped reason) ▼    ▼
//	 │                 FAIL ◀─────────────┼──────────────── FAIL SUCCESS
//	 │  TornDown                          │ Reprovisioned         │
//	 └────────── STOPPING ◀── Stop in STARTED … SUCCESS ◀─────────┘
//
// Options add arrows. With a limit of attempts CRED_RECV is left for FAIL only
// when all are used up. With Timeout, JoinDue leads to FAIL as Disconnected does.
// With Retry, Configured leads from FAIL to CRED_RECV as well; with Correct, from
// CRED_RECV to itself, and ResetDone to STARTED. With Verify, GotIP leads to
// SUCCESS by way of Commit, and whoever leaves CRED_RECV otherwise restores the
// former credentials.
package fsm

import "github.com/wifiprov/wifiprov/hal"

// Phase is where provisioning stands, with the numbers of manager.md 2.1.
type Phase uint8

// Phases.
const (
	Idle     Phase = iota // the service is not running
	Starting              // a start is in progress
	Started               // running, no credentials accepted yet
	CredRecv              // credentials accepted, first attempt pending or running
	Fail                  // an attempt was reported as failed
	Success               // the station got an address
	Stopping              // the service is being taken down
)

// Phases is their number.
const Phases = 7

// String returns the name that manager.md uses.
func (p Phase) String() string {
	switch p {
	case Idle:
		return "IDLE"
	case Starting:
		return "STARTING"
	case Started:
		return "STARTED"
	case CredRecv:
		return "CRED_RECV"
	case Fail:
		return "FAIL"
	case Success:
		return "SUCCESS"
	case Stopping:
		return "STOPPING"
	}
	return "unknown phase"
}

// Station is the state of the station as clients are told (manager.md 2.2).
type Station uint8

// Station states.
const (
	Connecting Station = iota // also: nothing applied yet
	Connected
	Disconnected  // the credentials failed, until others are applied
	AttemptFailed // another attempt follows (v5.4.1)
)

// FailReason is why credentials failed (manager.md 2.3).
type FailReason uint8

// Fail reasons.
const (
	AuthError FailReason = iota
	APNotFound
)

// MaxConnectRefusals is how often the driver may refuse to begin connecting
// before the credentials count as failed (Q-M23).
const MaxConnectRefusals = 3

// Options are settings that hold from Init to Deinit.
type Options struct {
	// Attempts is how many attempts to connect may fail before the
	// credentials do; 0: no limit, and the reason decides.
	Attempts uint16
	// AutoStop ends the service by itself after success.
	AutoStop bool
	// Reasons maps the driver's reasons.
	Reasons ReasonMap
	// Verify keeps credentials out of the flash until there is an address.
	Verify bool
	// Reconnect joins the former network again when credentials failed under
	// Verify.
	Reconnect bool
	// Retry takes new credentials after a failure without a reset.
	Retry bool
	// Timeout ends an attempt that is neither lost nor gets an address.
	Timeout bool
	// Correct takes a reset or new credentials while the present ones are
	// being tried, from the client that applied these.
	Correct bool
}

// State is everything the machine remembers. The zero value is a manager just
// initialised, apart from its Options.
type State struct {
	Options
	Phase   Phase
	Station Station
	Reason  FailReason // of the last failure
	// AutoStopArmed: the timer runs; a second address does not restart it.
	AutoStopArmed bool
	// Refusals counts attempts that the driver refused to begin, in a row.
	Refusals uint8
	// Attempt counts the attempts begun with the credentials applied last, as
	// far as it can.
	Attempt uint16
	// Completed counts those that failed, up to Options.Attempts.
	Completed uint16
	// Trial: the credentials are in RAM only and wait for an address.
	Trial bool
	// Restored: the trial failed and the station has its former
	// configuration again, so that what it does is no news about the
	// client's credentials.
	Restored bool
	// Leaving: the station was told to leave what it did before the present
	// credentials, or an attempt that took too long, so that a loss is no news.
	// It ends with the next attempt.
	Leaving bool
	// Joining: the join timer runs. An attempt is under way, or due and the
	// driver is busy.
	Joining bool
}

// Remaining is how many attempts are left; 0 without a limit.
func (s State) Remaining() uint16 { return s.Attempts - min(s.Completed, s.Attempts) }

// Running reports whether the service is up and not being taken down.
func (s State) Running() bool { return s.Phase >= Started && s.Phase <= Success }

// InputKind names an input.
type InputKind uint8

// Inputs. Those ending in a participle report how an action went.
const (
	Start InputKind = iota
	StartDone
	StartFailed
	Stop
	Configure
	ConfigureDone
	StationUp
	GotIP
	Committed    // the verified credentials are in the flash
	CommitFailed // they could not be written
	Lost         // station disconnected, for Input.Reason
	ConnectDue   // the connect timer fired
	ConnectBegun // the driver has begun to connect
	ConnectBusy  // an attempt or a scan is already under way
	ConnectError // the driver refused to begin connecting
	JoinDue      // the join timer fired
	AutoStopDue  // the auto-stop timer fired
	StatusSeen   // a client was told "connected"
	CleanupDue   // the cleanup delay is over
	TearDownDone
	Reset // reset_sm_state_on_failure
	ResetDone
	Reprovision // reset_sm_state_for_reprovision
	ReprovisionDone
)

// InputKinds is their number.
const InputKinds = 24

// Input is one thing that happened.
type Input struct {
	Kind   InputKind
	Reason hal.Reason // of Lost
	// Owner: it comes from the client that applied the present credentials;
	// of Configure, ConfigureDone, Reset and ResetDone.
	Owner bool
}

// Action is one thing to do.
type Action uint8

// Actions, carried out in the order returned.
const (
	None         Action = iota
	BringUp             // start the service; then StartDone or StartFailed
	ApplyConfig         // hand the credentials to the driver; then ConfigureDone
	ArmConnect          // connect after the connect delay
	ArmReconnect        // connect after the short pause
	Connect             // connect now; then ConnectBegun, ConnectBusy or ConnectError
	ArmJoin             // JoinDue after the time that an attempt may take
	DisarmJoin
	Leave // drop the link, or end the attempt
	ArmAutoStop
	StopTimers  // connect, join and auto-stop
	EndScan     // end a running scan, keep its results
	DropScan    // end a running scan, forget its results
	Unsubscribe // from the driver's events
	ArmCleanup
	TearDown // take the transport down; then TearDownDone
	Blank    // empty the station's configuration; then ResetDone
	Forget   // empty it in RAM, drop the link; then ReprovisionDone or ResetDone
	Commit   // write the verified credentials; then Committed or CommitFailed
	Restore  // give the station its former configuration back, drop the link
	EmitStart
	EmitCredRecv
	EmitCredFail // with State.Reason
	EmitCredSuccess
	EmitEnd
)

// Actions is a short list, by value so that a step allocates nothing.
type Actions struct {
	list [6]Action
	n    uint8
}

// List returns the actions in order.
func (a *Actions) List() []Action { return a.list[:a.n] }

func (a *Actions) add(actions ...Action) { a.n += uint8(copy(a.list[a.n:], actions)) }

// Result is the answer to the caller of an API function.
type Result uint8

// Results.
const (
	OK Result = iota
	InvalidState
	Refused // FAIL of the C original
)
