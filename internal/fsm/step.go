// SPDX-License-Identifier: Apache-2.0

package fsm

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/status"
)

// Step returns the state after in, what is to be done, and the answer to the
// caller if in is an API call. An input that a state does not expect changes
// nothing.
func Step(s State, in Input) (State, Actions, Result) {
	var a Actions
	result := s.step(in, &a)
	return s, a, result
}

func (s *State) step(in Input, a *Actions) Result {
	switch in.Kind {
	case Start:
		return s.start(a)
	case StartDone:
		if s.Phase == Starting {
			s.Phase = Started
			a.add(EmitStart)
		}
	case StartFailed:
		if s.Phase == Starting {
			s.Phase = Idle
		}
	case Stop, AutoStopDue, StatusSeen, CleanupDue, TearDownDone:
		s.stop(in.Kind, a)
	case Offer, Configure, ConfigureDone:
		return s.configure(in, a)
	case Scan:
		// Once credentials were taken a scan would disturb the station (Q-E3).
		if s.Phase != Started {
			return InvalidState
		}
		a.add(BeginScan)
	case Reset, ResetDone:
		return s.reset(in, a)
	case Reprovision, ReprovisionDone:
		return s.reprovision(in.Kind, a)
	default:
		if s.Phase >= CredRecv && s.Phase <= Success {
			s.station(in, a)
		}
	}
	return OK
}

func (s *State) start(a *Actions) Result {
	if s.Phase != Idle {
		return InvalidState
	}
	// A new service begins without the memory of an earlier one.
	*s = State{Phase: Starting, Options: s.Options}
	a.add(BringUp)
	return OK
}

func (s *State) stop(kind InputKind, a *Actions) {
	begin := false
	switch kind {
	case Stop:
		begin = s.Running()
	case AutoStopDue:
		// In Fail too: the timer runs on when the link is lost again (Q-M20).
		begin = s.AutoStopArmed && s.Running()
	case StatusSeen:
		begin = s.AutoStop && s.Running()
	case CleanupDue:
		if s.Phase == Stopping {
			a.add(TearDown)
		}
	case TearDownDone:
		if s.Phase == Stopping {
			s.Phase = Idle
			a.add(EmitEnd)
		}
	}
	if !begin {
		return
	}
	blank := s.Verify && (s.Phase == Started || s.Trial)
	connect := s.Reconnect && (blank || s.Restored)
	s.Phase = Stopping
	s.AutoStopArmed, s.Trial, s.Joining = false, false, false
	a.add(StopTimers, DropScan, Unsubscribe)
	if blank {
		a.add(Restore)
	}
	if connect { // at once: StopTimers has cancelled what was pending
		a.add(Connect)
	}
	a.add(ArmCleanup)
}

func (s *State) configure(in Input, a *Actions) Result {
	again := s.Phase == Fail && s.Retry || s.correctable(in)
	switch {
	case s.Phase != Started && !again:
		return Refused
	case in.Kind == Offer:
		return OK
	case in.Kind == Configure && s.Verify:
		a.add(TryConfig)
		return OK
	case in.Kind == Configure:
		a.add(ApplyConfig)
		return OK
	}
	a.add(ClearReport)
	if again { // whatever the station does, it does for other credentials
		a.add(Leave)
	}
	s.settle(a)
	*s = State{Phase: CredRecv, Options: s.Options, Trial: s.Verify, Leaving: s.Leaving || again}
	a.add(EndScan, ArmConnect, EmitCredRecv)
	return OK
}

// correctable reports whether the sender of in may replace or reset credentials
// that are being tried.
func (s *State) correctable(in Input) bool { return s.Phase == CredRecv && s.Correct && in.Owner }

// station handles what happens while credentials are tried and after.
func (s *State) station(in Input, a *Actions) {
	switch in.Kind {
	case StationUp:
		if !s.Restored {
			s.Station = status.StationConnecting
		}
	case GotIP:
		switch {
		case s.Restored: // the address is the former network's
		case s.Leaving && in.NoLink: // it was that of the network just left
		case s.Trial:
			a.add(Commit)
		default:
			s.succeed(a)
		}
	case Committed:
		if s.Trial {
			s.Trial = false
			s.succeed(a)
		}
	case CommitFailed:
		if s.Trial {
			s.fail(status.ReasonAuthError, a)
		}
	case Lost:
		s.lose(in.Reason, a)
	case ConnectDue:
		s.Leaving = false
		if s.Station == status.StationConnected {
			return
		}
		if s.Timeout && !s.Restored && !s.Joining {
			s.Joining = true
			a.add(ArmJoin)
		}
		a.add(Connect)
	case ConnectBegun:
		s.begin(a)
	case ConnectBusy:
		a.add(ArmConnect)
	case ConnectError:
		s.refuse(a)
	case JoinDue:
		if s.Joining {
			s.late(a)
		}
	}
}

// begin counts an attempt. Its time starts now, however long the driver was busy
// before.
func (s *State) begin(a *Actions) {
	s.Refusals = 0
	if !s.Restored && s.Attempt+1 != 0 {
		s.Attempt++
	}
	if s.Joining {
		a.add(ArmJoin)
	}
}

// settle ends the present attempt, whatever came of it.
func (s *State) settle(a *Actions) {
	if s.Joining {
		s.Joining = false
		a.add(DisarmJoin)
	}
}

func (s *State) succeed(a *Actions) {
	s.settle(a)
	s.Phase = Success
	s.Station = status.StationConnected
	s.Refusals, s.Completed, s.Leaving = 0, 0, false
	if s.AutoStop && !s.AutoStopArmed {
		s.AutoStopArmed = true
		a.add(ArmAutoStop)
	}
	a.add(EmitCredSuccess)
}

// lose is manager.md 7.1. Without a limit of attempts the reason decides whether
// the credentials failed; with a limit the number of attempts does.
func (s *State) lose(r hal.Reason, a *Actions) {
	switch {
	case s.Leaving:
		// In Fail no attempt of ours follows that would end Leaving.
		s.Leaving = s.Phase != Fail
		return
	case s.Restored:
		if s.Reconnect {
			a.add(ArmConnect)
		}
		return
	}
	reason, final := s.Reasons.Map(r)
	limited := s.Attempts > 0
	switch {
	case s.another():
		s.Station = status.StationAttemptFailed
	case final:
		s.fail(reason, a)
		return
	case limited:
		s.fail(0, a)
		return
	default:
		s.Station = status.StationConnecting
	}
	s.settle(a)
	a.add(ArmReconnect)
}

// late ends an attempt that took too long. The loss that follows is no news.
// Without a limit of attempts there is no other attempt.
func (s *State) late(a *Actions) {
	s.Joining, s.Leaving = false, true
	more := s.another()
	if more || !s.Trial { // else Restore leaves
		a.add(Leave)
	}
	if !more {
		s.fail(0, a)
		return
	}
	s.Station = status.StationAttemptFailed
	a.add(ArmConnect)
}

// another counts a failed attempt, and reports whether another follows.
func (s *State) another() bool {
	if s.Completed < s.Attempts {
		s.Completed++
	}
	return s.Completed < s.Attempts
}

// refuse counts attempts that the driver refused to begin (Q-M23).
func (s *State) refuse(a *Actions) {
	if s.Refusals++; s.Refusals < MaxConnectRefusals {
		s.settle(a)
		a.add(ArmConnect)
		return
	}
	s.Refusals = 0
	if !s.Restored {
		s.fail(status.ReasonAPNotFound, a)
	}
}

// fail ends the credentials. A failure without a reason repeats the last one, or
// is an authentication error, as the protocol has no other word.
func (s *State) fail(reason status.FailReason, a *Actions) {
	s.settle(a)
	s.Phase = Fail
	s.Station = status.StationDisconnected
	switch {
	case reason != 0:
		s.Reason = reason
	case s.Reason == 0:
		s.Reason = status.ReasonAuthError
	}
	if !s.Trial {
		a.add(EmitCredFail)
		return
	}
	s.Trial, s.Restored = false, true
	a.add(Restore, EmitCredFail)
	if s.Reconnect {
		a.add(ArmConnect)
	}
}

// reset is reset_sm_state_on_failure (manager.md 4.17).
func (s *State) reset(in Input, a *Actions) Result {
	early := s.correctable(in)
	switch {
	case s.Phase == Started:
		return OK // nothing to do (Q-E18)
	case s.Phase != Fail && !early:
		return InvalidState
	case in.Kind == Reset && s.Verify:
		a.add(Forget) // the flash holds what is still good
		return OK
	case in.Kind == Reset:
		a.add(Blank)
		return OK
	}
	a.add(StopTimers)
	if early && !s.Verify { // else Forget has left
		a.add(Leave)
	}
	s.renew(early || s.Verify, a)
	return OK
}

// reprovision is reset_sm_state_for_reprovision (manager.md 10.2).
func (s *State) reprovision(kind InputKind, a *Actions) Result {
	switch {
	case s.AutoStop || !s.Running():
		return InvalidState
	case kind == Reprovision:
		a.add(Forget)
		return OK
	}
	a.add(StopTimers, EmitStart)
	s.renew(true, a)
	return OK
}

// renew makes the service wait for credentials. Clients are told of a failure
// until others are applied: an application may reset in its handler of CRED_FAIL,
// long before they ask (Q-M17).
func (s *State) renew(leaving bool, a *Actions) {
	next := State{Phase: Started, Options: s.Options, Leaving: leaving || s.Leaving}
	if s.Station == status.StationDisconnected {
		next.Station, next.Reason, next.Attempt = s.Station, s.Reason, s.Attempt
	} else {
		a.add(ClearReport)
	}
	*s = next
}
