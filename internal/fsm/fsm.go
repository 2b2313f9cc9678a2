// SPDX-License-Identifier: Apache-2.0

// Package fsm is the provisioning manager's state machine (manager.md 7). It
// has no clock, goroutine, input or output: Step takes a state and an input and
// returns the next state and what is to be done. The driver in the root package
// carries out every action, and reports the outcome of those that can fail as a
// further input.
//
//	      Start            StartDone         ConfigureDone
//	Idle ──────▶ Starting ──────────▶ Started ────────────▶ CredRecv
//	 ▲ ▲             │                 ▲   ▲                  │   │
//	 │ └─StartFailed─┘                 │   │            Lost  │   │ GotIP
//	 │                      ResetDone  │   │                  ▼   ▼
//	 │                                 └───┼────────────── Fail   Success
//	 │                                     │ ReprovisionDone
//	 │ TearDownDone            Stop        │
//	 └───────────── Stopping ◀────── Started … Success
//
// Lost leads to Fail only when its reason is final for the credentials. GotIP and
// Lost also lead from Fail to Success and back. Options add arrows:
//
//   - With a limit of attempts, Lost leads to Fail only when all are used up.
//   - With Timeout, JoinDue leads to Fail as Lost does.
//   - With Retry, ConfigureDone leads from Fail to CredRecv as well.
//   - With Correct, ConfigureDone leads from CredRecv to itself, and ResetDone
//     from CredRecv to Started.
//   - With Verify, GotIP leads to Commit, and Committed to Success. All other ways
//     out of CredRecv restore the former credentials.
package fsm

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/status"
)

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

// Phases is the number of phases.
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
	// Reasons says which of the driver's reasons are final.
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
	Station status.StationState
	Reason  status.FailReason // of the last failure; zero: none
	// AutoStopArmed: the timer runs; a second address does not restart it.
	AutoStopArmed bool
	// Refusals counts attempts that the driver refused to begin, in a row.
	Refusals uint8
	// Attempt counts the attempts begun with the credentials applied last. It
	// stops at its highest value.
	Attempt uint16
	// Completed counts the failed attempts, up to Options.Attempts.
	Completed uint16
	// Trial: the credentials are in RAM only and wait for an address.
	Trial bool
	// Restored: the trial failed and the station has its former
	// configuration again. What the station does then is no news about the
	// client's credentials.
	Restored bool
	// Leaving: the station was told to leave a network, or an attempt that took
	// too long. The loss that follows is no news. Leaving ends with the next
	// attempt.
	Leaving bool
	// Joining: the join timer runs. An attempt is under way, or due while the
	// driver is busy.
	Joining bool
}

// Remaining is how many attempts are left; 0 without a limit.
func (s State) Remaining() uint16 { return s.Attempts - min(s.Completed, s.Attempts) }

// Running reports whether the service is up and not being taken down.
func (s State) Running() bool { return s.Phase >= Started && s.Phase <= Success }

// News reports whether the loss of a link says something about the client's
// credentials.
func (s State) News() bool {
	return s.Phase >= CredRecv && s.Phase <= Success && !s.Leaving && !s.Restored
}

// InputKind names an input.
type InputKind uint8

// Inputs.
const (
	Start InputKind = iota
	StartDone
	StartFailed
	Stop
	Offer     // asks whether Configure would be taken, and changes nothing
	Configure // wifi_prov_mgr_configure_sta
	ConfigureDone
	Scan // a client asks for a scan
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

// InputKinds is the number of kinds.
const InputKinds = 26

// Input is one thing that happened.
type Input struct {
	Kind   InputKind
	Reason hal.Reason // of Lost
	// NoLink: the link of GotIP is gone already.
	NoLink bool
	// Owner: the input comes from the client that applied the present
	// credentials; of Offer, Configure, ConfigureDone, Reset and ResetDone.
	Owner bool
}

// Action is one thing to do.
type Action uint8

// Actions, carried out in the order returned.
const (
	BringUp      Action = iota + 1 // start the service; then StartDone or StartFailed
	ApplyConfig                    // give the driver the credentials to keep; then ConfigureDone
	TryConfig                      // give the driver the credentials in RAM only; then ConfigureDone
	ArmConnect                     // connect after the connect delay
	ArmReconnect                   // connect after the short pause
	Connect                        // connect now; then ConnectBegun, ConnectBusy or ConnectError
	ArmJoin                        // JoinDue after the time that an attempt may take
	DisarmJoin                     // no JoinDue
	Leave                          // drop the link, or end the attempt
	ArmAutoStop                    // AutoStopDue after the auto-stop time
	StopTimers                     // connect, join and auto-stop
	BeginScan                      // start a scan, or join the running one
	EndScan                        // end a running scan, keep its results
	DropScan                       // end a running scan, forget its results
	Unsubscribe                    // from the driver's events
	ArmCleanup                     // CleanupDue after the cleanup delay
	TearDown                       // take the transport down; then TearDownDone
	Blank                          // erase the station's configuration; then ResetDone
	Forget                         // empty it in RAM, drop the link; then ResetDone or ReprovisionDone
	Commit                         // write the verified credentials; then Committed or CommitFailed
	Restore                        // give the station its former configuration back, drop the link
	ClearReport                    // forget what prov-status tells of the last attempt
	EmitStart
	EmitCredRecv
	EmitCredFail // with State.Reason
	EmitCredSuccess
	EmitEnd
)

// LastAction is the highest action.
const LastAction = EmitEnd

// Actions is a short list. It is an array, so a step allocates nothing.
type Actions struct {
	list [6]Action
	n    uint8
}

// List returns the actions in order.
func (a *Actions) List() []Action { return a.list[:a.n] }

func (a *Actions) add(actions ...Action) {
	for _, action := range actions {
		a.list[a.n] = action
		a.n++
	}
}

// Result is the answer to the caller of an API function.
type Result uint8

// Results.
const (
	OK Result = iota
	InvalidState
	Refused // FAIL of the C original
)
