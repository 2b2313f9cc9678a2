package fsm

import "github.com/wifiprov/wifiprov/hal"

// Step returns the state after in, what is to be done, and the answer for the
// caller when in is an API call. An input that a state does not expect changes
// nothing.
func Step(s State, in Input) (State, Actions, Result) {
	switch in.Kind {
	case Start:
		return start(s)
	case StartDone:
		if s.Phase == Starting {
			s.Phase = Started
			return s, do(EmitStart), OK
		}
	case StartFailed:
		if s.Phase == Starting {
			s.Phase = Idle
		}
	case Stop, AutoStopDue, StatusSeen, CleanupDue, TearDownDone:
		return stop(s, in.Kind)
	case Configure, ConfigureDone:
		return configure(s, in.Kind)
	case StationUp, GotIP, Lost, ConnectDue, ConnectBusy, ConnectError:
		if s.Phase >= CredRecv && s.Phase <= Success {
			return station(s, in)
		}
	case Reset, ResetDone:
		return reset(s, in.Kind)
	case Reprovision, ReprovisionDone:
		return reprovision(s, in.Kind)
	}
	return s, Actions{}, OK
}

func start(s State) (State, Actions, Result) {
	if s.Phase != Idle {
		return s, Actions{}, InvalidState
	}
	// A new service begins without the memory of an earlier one.
	s = State{Phase: Starting, AutoStop: s.AutoStop}
	return s, do(BringUp), OK
}

func stop(s State, kind InputKind) (State, Actions, Result) {
	begin := false
	switch kind {
	case Stop:
		begin = s.Running()
	case AutoStopDue:
		// In FAIL too: the timer runs on when the link is lost again (Q-M20).
		begin = s.AutoStopArmed && s.Running()
	case StatusSeen:
		begin = s.AutoStop && s.Running()
	case CleanupDue:
		if s.Phase == Stopping {
			return s, do(TearDown), OK
		}
	case TearDownDone:
		if s.Phase == Stopping {
			s.Phase = Idle
			return s, do(EmitEnd), OK
		}
	}
	if !begin {
		return s, Actions{}, OK
	}
	s.Phase = Stopping
	s.AutoStopArmed = false
	return s, do(StopTimers, DropScan, Unsubscribe, ArmCleanup), OK
}

func configure(s State, kind InputKind) (State, Actions, Result) {
	switch {
	case s.Phase != Started:
		return s, Actions{}, Refused
	case kind == Configure:
		return s, do(ApplyConfig), OK
	}
	s.Phase = CredRecv
	s.Station = Connecting
	s.Refusals = 0
	return s, do(EndScan, ArmConnect, EmitCredRecv), OK
}

// station handles what happens while credentials are tried and after.
func station(s State, in Input) (State, Actions, Result) {
	switch in.Kind {
	case StationUp:
		s.Station = Connecting
	case GotIP:
		s.Phase = Success
		s.Station = Connected
		s.Refusals = 0
		if s.AutoStop && !s.AutoStopArmed {
			s.AutoStopArmed = true
			return s, do(ArmAutoStop, EmitCredSuccess), OK
		}
		return s, do(EmitCredSuccess), OK
	case Lost:
		reason, final := MapReason(in.Reason)
		if !final {
			s.Station = Connecting
			return s, do(ArmReconnect), OK
		}
		return failed(s, reason)
	case ConnectDue:
		if s.Station != Connected {
			return s, do(Connect), OK
		}
	case ConnectBusy:
		return s, do(ArmConnect), OK
	case ConnectError:
		if s.Refusals++; s.Refusals < MaxConnectRefusals {
			return s, do(ArmConnect), OK
		}
		s.Refusals = 0
		return failed(s, APNotFound)
	}
	return s, Actions{}, OK
}

func failed(s State, reason FailReason) (State, Actions, Result) {
	s.Phase = Fail
	s.Station = Disconnected
	s.Reason = reason
	return s, do(EmitCredFail), OK
}

// reset is reset_sm_state_on_failure (manager.md 4.17).
func reset(s State, kind InputKind) (State, Actions, Result) {
	switch {
	case s.Phase == Started:
		return s, Actions{}, OK // nothing to do (Q-E18)
	case s.Phase != Fail:
		return s, Actions{}, InvalidState
	case kind == Reset:
		return s, do(Blank), OK
	}
	return fresh(s), do(StopTimers), OK
}

// reprovision is reset_sm_state_for_reprovision (manager.md 10.2).
func reprovision(s State, kind InputKind) (State, Actions, Result) {
	switch {
	case s.AutoStop || !s.Running():
		return s, Actions{}, InvalidState
	case kind == Reprovision:
		return s, do(Forget), OK
	}
	return fresh(s), do(StopTimers, EmitStart), OK
}

// fresh is a running service that has not got credentials yet.
func fresh(s State) State {
	return State{Phase: Started, AutoStop: s.AutoStop}
}

// MapReason tells whether a disconnect for r is final for the credentials,
// and what to tell the client then (manager.md 7.2, the newest column). The
// driver's finer codes for "no access point fits", 210 to 212, count as not
// found; the C original retries them for ever.
func MapReason(r hal.Reason) (reason FailReason, final bool) {
	switch r {
	case hal.ReasonMICFailure, hal.Reason4WayHandshakeTimeout, hal.ReasonAuthFail, hal.ReasonHandshakeTimeout:
		return AuthError, true
	case hal.ReasonNoAPFound, hal.ReasonNoAPCompatibleSec, hal.ReasonNoAPAuthModeThreshold, hal.ReasonNoAPRSSIThreshold:
		return APNotFound, true
	}
	return AuthError, false
}
