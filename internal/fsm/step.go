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
	case StationUp, GotIP, Committed, CommitFailed, Lost, ConnectDue, ConnectBusy, ConnectError:
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
	s = State{Phase: Starting, Options: s.Options}
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
	blank := s.Verify && (s.Phase == Started || s.Trial)
	connect := s.Reconnect && (blank || s.Restored)
	s.Phase = Stopping
	s.AutoStopArmed, s.Trial = false, false
	switch {
	case blank && connect:
		return s, do(StopTimers, DropScan, Unsubscribe, Restore, Connect, ArmCleanup), OK
	case blank:
		return s, do(StopTimers, DropScan, Unsubscribe, Restore, ArmCleanup), OK
	case connect: // once more, for what was pending is cancelled
		return s, do(StopTimers, DropScan, Unsubscribe, Connect, ArmCleanup), OK
	}
	return s, do(StopTimers, DropScan, Unsubscribe, ArmCleanup), OK
}

func configure(s State, kind InputKind) (State, Actions, Result) {
	again := s.Phase == Fail && s.Retry
	switch {
	case s.Phase != Started && !again:
		return s, Actions{}, Refused
	case kind == Configure:
		return s, do(ApplyConfig), OK
	}
	s = State{Phase: CredRecv, Options: s.Options, Trial: s.Verify, Leaving: s.Leaving || again}
	return s, do(EndScan, ArmConnect, EmitCredRecv), OK
}

// station handles what happens while credentials are tried and after.
func station(s State, in Input) (State, Actions, Result) {
	switch in.Kind {
	case StationUp:
		if !s.Restored {
			s.Station = Connecting
		}
	case GotIP:
		switch {
		case s.Restored: // the former network's
		case s.Trial:
			return s, do(Commit), OK
		default:
			return succeeded(s)
		}
	case Committed:
		if s.Trial {
			s.Trial = false
			return succeeded(s)
		}
	case CommitFailed:
		if s.Trial {
			return failed(s, AuthError)
		}
	case Lost:
		return lost(s, in.Reason)
	case ConnectDue:
		s.Leaving = false
		if s.Station != Connected {
			if !s.Restored && s.Attempt+1 != 0 {
				s.Attempt++
			}
			return s, do(Connect), OK
		}
	case ConnectBusy:
		return notBegun(s), do(ArmConnect), OK
	case ConnectError:
		return refused(s)
	}
	return s, Actions{}, OK
}

func succeeded(s State) (State, Actions, Result) {
	s.Phase = Success
	s.Station = Connected
	s.Refusals, s.Completed, s.Leaving = 0, 0, false
	if s.AutoStop && !s.AutoStopArmed {
		s.AutoStopArmed = true
		return s, do(ArmAutoStop, EmitCredSuccess), OK
	}
	return s, do(EmitCredSuccess), OK
}

// lost is manager.md 7.1. Without a limit the reason decides whether the
// credentials failed; with one their number does.
func lost(s State, r hal.Reason) (State, Actions, Result) {
	switch {
	case s.Leaving:
		return s, Actions{}, OK
	case s.Restored && s.Reconnect:
		return s, do(ArmConnect), OK
	case s.Restored:
		return s, Actions{}, OK
	}
	reason, final := s.Reasons.Map(r)
	if s.Attempts > 0 {
		if s.Completed < s.Attempts {
			s.Completed++
		}
		if s.Completed < s.Attempts {
			s.Station = AttemptFailed
			return s, do(ArmReconnect), OK
		}
		if !final {
			reason = s.Reason
		}
		return failed(s, reason)
	}
	if !final {
		s.Station = Connecting
		return s, do(ArmReconnect), OK
	}
	return failed(s, reason)
}

// notBegun takes back that an attempt was counted.
func notBegun(s State) State {
	if !s.Restored && s.Attempt > 0 {
		s.Attempt--
	}
	return s
}

// refused counts what the driver refused to begin (Q-M23).
func refused(s State) (State, Actions, Result) {
	s = notBegun(s)
	if s.Refusals++; s.Refusals < MaxConnectRefusals {
		return s, do(ArmConnect), OK
	}
	s.Refusals = 0
	if s.Restored {
		return s, Actions{}, OK
	}
	return failed(s, APNotFound)
}

func failed(s State, reason FailReason) (State, Actions, Result) {
	s.Phase = Fail
	s.Station = Disconnected
	s.Reason = reason
	if !s.Trial {
		return s, do(EmitCredFail), OK
	}
	s.Trial, s.Restored = false, true
	if s.Reconnect {
		return s, do(Restore, EmitCredFail, ArmConnect), OK
	}
	return s, do(Restore, EmitCredFail), OK
}

// reset is reset_sm_state_on_failure (manager.md 4.17).
func reset(s State, kind InputKind) (State, Actions, Result) {
	switch {
	case s.Phase == Started:
		return s, Actions{}, OK // nothing to do (Q-E18)
	case s.Phase != Fail:
		return s, Actions{}, InvalidState
	case kind == Reset && s.Verify:
		return s, do(Forget), OK // the flash holds what is still good
	case kind == Reset:
		return s, do(Blank), OK
	}
	return fresh(s, s.Verify), do(StopTimers), OK
}

// reprovision is reset_sm_state_for_reprovision (manager.md 10.2).
func reprovision(s State, kind InputKind) (State, Actions, Result) {
	switch {
	case s.AutoStop || !s.Running():
		return s, Actions{}, InvalidState
	case kind == Reprovision:
		return s, do(Forget), OK
	}
	return fresh(s, true), do(StopTimers, EmitStart), OK
}

// fresh is a running service that waits for credentials. Clients are told of a
// failure until others are applied: an application may reset in its handler of
// CRED_FAIL, long before they ask (Q-M17).
func fresh(s State, leaving bool) State {
	next := State{Phase: Started, Options: s.Options, Leaving: leaving}
	if s.Station == Disconnected {
		next.Station, next.Reason, next.Attempt = Disconnected, s.Reason, s.Attempt
	}
	return next
}
