// SPDX-License-Identifier: Apache-2.0

package fsm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/status"
)

// table is manager.md 7 with the corrections of quirks.md: a row for each input,
// a column for each phase. A cell is
//
//   - nothing changes, nothing is done
//     !        INVALID_STATE
//     x        FAIL of the C original, refused
//     a+b      the actions, the phase unchanged
//     P:a+b    the same with the next phase
//
// Every machine in the table is one with auto-stop enabled, as after Init,
// but for the rows marked with words:
//
//	armed    the auto-stop timer runs     manual   auto-stop is disabled
//	refused  refused twice by the driver  v40      the oldest map of reasons
//	limit    3 attempts, none has failed  last     3 attempts, two have
//	verify   credentials are verified     trial    verify, and not done so yet
//	restored verify, and the former are back
//	reconnect the former network is joined again
//	retry    new credentials are taken after a failure
//	leaving  the station was told to leave a network
//	nolink   the link is gone already
//	lately   connected, whatever the phase
//	timeout  an attempt may not take for ever
//	joining  timeout, and the join timer runs
//	correct  credentials can be corrected while they are tried
//	owner    correct, by the client that applied them
const table = `
input            | IDLE             | STARTING      | STARTED    | CRED_RECV | FAIL | SUCCESS | STOPPING
Start            | STARTING:up      | !             | !          | !         | !    | !       | !
StartDone        | -                | STARTED:START | -          | -         | -    | -       | -
StartFailed      | -                | IDLE:         | -          | -         | -    | -       | -
Stop             | -                | -             | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | -
Stop verify      | -                | -             | STOPPING:timers+drop+unsub+restore+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | -
Stop verify reconnect | -           | -             | STOPPING:timers+drop+unsub+restore+connect+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | -
Stop trial       | -                | -             | STOPPING:timers+drop+unsub+restore+cleanup | STOPPING:timers+drop+unsub+restore+cleanup | STOPPING:timers+drop+unsub+restore+cleanup | STOPPING:timers+drop+unsub+restore+cleanup | -
Stop trial reconnect | -            | -             | STOPPING:timers+drop+unsub+restore+connect+cleanup | STOPPING:timers+drop+unsub+restore+connect+cleanup | STOPPING:timers+drop+unsub+restore+connect+cleanup | STOPPING:timers+drop+unsub+restore+connect+cleanup | -
Stop restored reconnect | -         | -             | STOPPING:timers+drop+unsub+restore+connect+cleanup | STOPPING:timers+drop+unsub+connect+cleanup | STOPPING:timers+drop+unsub+connect+cleanup | STOPPING:timers+drop+unsub+connect+cleanup | -
Offer            | x                | x             | -          | x         | x    | x       | x
Offer retry      | x                | x             | -          | x         | -    | x       | x
Offer owner      | x                | x             | -          | -         | x    | x       | x
Scan             | !                | !             | scan       | !         | !    | !       | !
Configure        | x                | x             | apply      | x         | x    | x       | x
Configure verify | x                | x             | try        | x         | x    | x       | x
Configure owner verify | x          | x             | try        | try       | x    | x       | x
ConfigureDone    | x                | x             | CRED_RECV:clear+endscan+delay+CRED_RECV | x | x | x | x
Configure retry  | x                | x             | apply      | x         | apply | x      | x
ConfigureDone retry | x             | x             | CRED_RECV:clear+endscan+delay+CRED_RECV | x | CRED_RECV:clear+leave+endscan+delay+CRED_RECV | x | x
StationUp        | -                | -             | -          | -         | -    | -       | -
GotIP            | -                | -             | -          | SUCCESS:autostop+CRED_SUCCESS | SUCCESS:autostop+CRED_SUCCESS | autostop+CRED_SUCCESS | -
GotIP armed      | -                | -             | -          | SUCCESS:CRED_SUCCESS | SUCCESS:CRED_SUCCESS | CRED_SUCCESS | -
GotIP manual     | -                | -             | -          | SUCCESS:CRED_SUCCESS | SUCCESS:CRED_SUCCESS | CRED_SUCCESS | -
Lost 15          | -                | -             | -          | FAIL:CRED_FAIL | CRED_FAIL | FAIL:CRED_FAIL | -
Lost 201         | -                | -             | -          | FAIL:CRED_FAIL | CRED_FAIL | FAIL:CRED_FAIL | -
Lost 200         | -                | -             | -          | pause     | pause | pause  | -
Lost 2           | -                | -             | -          | pause     | pause | pause  | -
Lost 2 v40       | -                | -             | -          | FAIL:CRED_FAIL | CRED_FAIL | FAIL:CRED_FAIL | -
Lost 15 limit    | -                | -             | -          | pause     | pause | pause  | -
Lost 200 limit   | -                | -             | -          | pause     | pause | pause  | -
Lost 15 last     | -                | -             | -          | FAIL:CRED_FAIL | CRED_FAIL | FAIL:CRED_FAIL | -
Lost 200 last    | -                | -             | -          | FAIL:CRED_FAIL | CRED_FAIL | FAIL:CRED_FAIL | -
Lost 8 leaving   | -                | -             | -          | -         | -    | -       | -
Lost 15 trial    | -                | -             | -          | FAIL:restore+CRED_FAIL | restore+CRED_FAIL | FAIL:restore+CRED_FAIL | -
Lost 15 trial reconnect | -         | -             | -          | FAIL:restore+CRED_FAIL+delay | restore+CRED_FAIL+delay | FAIL:restore+CRED_FAIL+delay | -
Lost 15 trial limit | -             | -             | -          | pause     | pause | pause  | -
Lost 15 trial last | -              | -             | -          | FAIL:restore+CRED_FAIL | restore+CRED_FAIL | FAIL:restore+CRED_FAIL | -
Lost 200 trial   | -                | -             | -          | pause     | pause | pause  | -
Lost 15 restored | -                | -             | -          | -         | -    | -       | -
Lost 15 restored reconnect | -      | -             | -          | delay     | delay | delay  | -
GotIP trial      | -                | -             | -          | commit    | commit | commit | -
GotIP restored   | -                | -             | -          | -         | -    | -       | -
GotIP leaving    | -                | -             | -          | SUCCESS:autostop+CRED_SUCCESS | SUCCESS:autostop+CRED_SUCCESS | autostop+CRED_SUCCESS | -
Committed        | -                | -             | -          | -         | -    | -       | -
Committed trial  | -                | -             | -          | SUCCESS:autostop+CRED_SUCCESS | SUCCESS:autostop+CRED_SUCCESS | autostop+CRED_SUCCESS | -
CommitFailed     | -                | -             | -          | -         | -    | -       | -
CommitFailed trial | -              | -             | -          | FAIL:restore+CRED_FAIL | restore+CRED_FAIL | FAIL:restore+CRED_FAIL | -
StationUp restored | -              | -             | -          | -         | -    | -       | -
ConnectDue       | -                | -             | -          | connect   | connect | -    | -
ConnectDue lately | -               | -             | -          | -         | -    | -       | -
ConnectDue restored reconnect | -   | -             | -          | connect   | connect | connect | -
ConnectDue leaving | -              | -             | -          | connect   | connect | -    | -
ConnectDue timeout | -              | -             | -          | join+connect | join+connect | - | -
ConnectDue joining | -              | -             | -          | connect   | connect | -    | -
ConnectDue lately timeout | -       | -             | -          | -         | -    | -       | -
ConnectDue timeout restored reconnect | - | -       | -          | connect   | connect | connect | -
ConnectBegun     | -                | -             | -          | -         | -    | -       | -
ConnectBegun joining | -            | -             | -          | join      | join | join    | -
ConnectBegun timeout restored | -   | -             | -          | -         | -    | -       | -
ConnectBusy joining | -             | -             | -          | delay     | delay | delay  | -
ConnectError joining | -            | -             | -          | disarm+delay | disarm+delay | disarm+delay | -
ConnectError refused joining | -    | -             | -          | FAIL:disarm+CRED_FAIL | disarm+CRED_FAIL | FAIL:disarm+CRED_FAIL | -
JoinDue          | -                | -             | -          | -         | -    | -       | -
JoinDue timeout  | -                | -             | -          | -         | -    | -       | -
JoinDue joining  | -                | -             | -          | FAIL:leave+CRED_FAIL | leave+CRED_FAIL | FAIL:leave+CRED_FAIL | -
JoinDue joining limit | -           | -             | -          | leave+delay | leave+delay | leave+delay | -
JoinDue joining last | -            | -             | -          | FAIL:leave+CRED_FAIL | leave+CRED_FAIL | FAIL:leave+CRED_FAIL | -
JoinDue joining trial | -           | -             | -          | FAIL:restore+CRED_FAIL | restore+CRED_FAIL | FAIL:restore+CRED_FAIL | -
JoinDue joining trial limit | -     | -             | -          | leave+delay | leave+delay | leave+delay | -
JoinDue joining trial last reconnect | - | -        | -          | FAIL:restore+CRED_FAIL+delay | restore+CRED_FAIL+delay | FAIL:restore+CRED_FAIL+delay | -
GotIP leaving nolink | -            | -             | -          | -         | -    | -       | -
GotIP nolink     | -                | -             | -          | SUCCESS:autostop+CRED_SUCCESS | SUCCESS:autostop+CRED_SUCCESS | autostop+CRED_SUCCESS | -
GotIP joining    | -                | -             | -          | SUCCESS:disarm+autostop+CRED_SUCCESS | SUCCESS:disarm+autostop+CRED_SUCCESS | disarm+autostop+CRED_SUCCESS | -
GotIP joining trial | -             | -             | -          | commit    | commit | commit | -
Committed joining trial | -         | -             | -          | SUCCESS:disarm+autostop+CRED_SUCCESS | SUCCESS:disarm+autostop+CRED_SUCCESS | disarm+autostop+CRED_SUCCESS | -
CommitFailed joining trial | -      | -             | -          | FAIL:disarm+restore+CRED_FAIL | disarm+restore+CRED_FAIL | FAIL:disarm+restore+CRED_FAIL | -
Lost 15 joining  | -                | -             | -          | FAIL:disarm+CRED_FAIL | disarm+CRED_FAIL | FAIL:disarm+CRED_FAIL | -
Lost 15 joining trial reconnect | - | -             | -          | FAIL:disarm+restore+CRED_FAIL+delay | disarm+restore+CRED_FAIL+delay | FAIL:disarm+restore+CRED_FAIL+delay | -
Lost 200 joining | -                | -             | -          | disarm+pause | disarm+pause | disarm+pause | -
Lost 15 joining limit | -           | -             | -          | disarm+pause | disarm+pause | disarm+pause | -
Lost 8 joining leaving | -          | -             | -          | -         | -    | -       | -
Stop joining     | -                | -             | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | -
Configure correct | x               | x             | apply      | x         | x    | x       | x
Configure owner  | x                | x             | apply      | apply     | x    | x       | x
ConfigureDone correct | x           | x             | CRED_RECV:clear+endscan+delay+CRED_RECV | x | x | x | x
ConfigureDone owner | x             | x             | CRED_RECV:clear+endscan+delay+CRED_RECV | clear+leave+endscan+delay+CRED_RECV | x | x | x
ConfigureDone owner joining | x     | x             | CRED_RECV:clear+disarm+endscan+delay+CRED_RECV | clear+leave+disarm+endscan+delay+CRED_RECV | x | x | x
ConfigureDone retry joining | x     | x             | CRED_RECV:clear+disarm+endscan+delay+CRED_RECV | x | CRED_RECV:clear+leave+disarm+endscan+delay+CRED_RECV | x | x
Reset correct    | !                | !             | -          | !         | blank | !      | !
Reset owner      | !                | !             | -          | blank     | blank | !      | !
Reset owner verify | !              | !             | -          | forget    | forget | !     | !
ResetDone owner  | !                | !             | -          | STARTED:timers+leave+clear | STARTED:timers | ! | !
ResetDone owner verify | !          | !             | -          | STARTED:timers+clear | STARTED:timers | ! | !
ConnectBusy      | -                | -             | -          | delay     | delay | delay  | -
ConnectError     | -                | -             | -          | delay     | delay | delay  | -
ConnectError refused | -            | -             | -          | FAIL:CRED_FAIL | CRED_FAIL | FAIL:CRED_FAIL | -
ConnectError refused trial | -      | -             | -          | FAIL:restore+CRED_FAIL | restore+CRED_FAIL | FAIL:restore+CRED_FAIL | -
ConnectError refused restored | -   | -             | -          | -         | -    | -       | -
AutoStopDue      | -                | -             | -          | -         | -    | -       | -
AutoStopDue armed | -               | -             | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | -
StatusSeen       | -                | -             | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | -
StatusSeen manual | -               | -             | -          | -         | -    | -       | -
CleanupDue       | -                | -             | -          | -         | -    | -       | teardown
TearDownDone     | -                | -             | -          | -         | -    | -       | IDLE:END
Reset            | !                | !             | -          | !         | blank | !      | !
Reset verify     | !                | !             | -          | !         | forget | !     | !
ResetDone        | !                | !             | -          | !         | STARTED:timers | ! | !
Reprovision      | !                | !             | !          | !         | !    | !       | !
Reprovision manual | !              | !             | forget     | forget    | forget | forget | !
ReprovisionDone manual | !          | !             | timers+START+clear | STARTED:timers+START+clear | STARTED:timers+START | STARTED:timers+START+clear | !
`

var inputNames = map[string]InputKind{
	"Start": Start, "Offer": Offer, "Scan": Scan, "StartDone": StartDone, "StartFailed": StartFailed, "Stop": Stop,
	"Configure": Configure, "ConfigureDone": ConfigureDone, "StationUp": StationUp, "GotIP": GotIP,
	"Lost": Lost, "ConnectDue": ConnectDue, "ConnectBusy": ConnectBusy, "ConnectError": ConnectError,
	"ConnectBegun": ConnectBegun, "JoinDue": JoinDue,
	"AutoStopDue": AutoStopDue, "StatusSeen": StatusSeen, "CleanupDue": CleanupDue,
	"TearDownDone": TearDownDone, "Reset": Reset, "ResetDone": ResetDone,
	"Committed": Committed, "CommitFailed": CommitFailed, "Reprovision": Reprovision, "ReprovisionDone": ReprovisionDone,
}

var actionNames = map[Action]string{
	BringUp: "up", ApplyConfig: "apply", TryConfig: "try", BeginScan: "scan", ClearReport: "clear", ArmConnect: "delay", ArmReconnect: "pause", Connect: "connect",
	ArmAutoStop: "autostop", StopTimers: "timers", EndScan: "endscan", DropScan: "drop",
	Unsubscribe: "unsub", ArmCleanup: "cleanup", TearDown: "teardown", Blank: "blank", Forget: "forget",
	EmitStart: "START", EmitCredRecv: "CRED_RECV", EmitCredFail: "CRED_FAIL",
	EmitCredSuccess: "CRED_SUCCESS", EmitEnd: "END", Commit: "commit", Restore: "restore",
	ArmJoin: "join", DisarmJoin: "disarm", Leave: "leave",
}

// stationIn is the station state that goes with a phase.
func stationIn(p Phase) status.StationState {
	switch p {
	case Fail:
		return status.StationDisconnected
	case Success:
		return status.StationConnected
	}
	return status.StationConnecting
}

// automatic are the options after Init.
var automatic = Options{AutoStop: true}

// prepare makes what one word of a row says.
func prepare(t *testing.T, s *State, in *Input, word string) {
	switch word {
	case "armed":
		s.AutoStopArmed = true
	case "manual":
		s.AutoStop = false
	case "refused":
		s.Refusals = MaxConnectRefusals - 1
	case "v40":
		s.Reasons = ReasonsV40
	case "limit":
		s.Attempts = 3
	case "last":
		s.Attempts, s.Completed = 3, 2
	case "verify":
		s.Verify = true
	case "trial":
		s.Verify, s.Trial = true, true
	case "restored":
		s.Verify, s.Restored = true, true
		s.Station = status.StationDisconnected
	case "reconnect":
		s.Reconnect = true
	case "retry":
		s.Retry = true
	case "leaving":
		s.Leaving = true
	case "nolink":
		in.NoLink = true
	case "lately":
		s.Station = status.StationConnected
	case "timeout":
		s.Timeout = true
	case "joining":
		s.Timeout, s.Joining = true, true
	case "correct":
		s.Correct = true
	case "owner":
		s.Correct, in.Owner = true, true
	default:
		_, err := fmt.Sscan(word, &in.Reason)
		require.NoError(t, err)
	}
}

func cell(from, to State, actions Actions, result Result) string {
	switch result {
	case InvalidState:
		return "!"
	case Refused:
		return "x"
	}
	var names []string
	for _, a := range actions.List() {
		names = append(names, actionNames[a])
	}
	out := strings.Join(names, "+")
	if to.Phase != from.Phase {
		return to.Phase.String() + ":" + out
	}
	if out == "" {
		return "-"
	}
	return out
}

// Every cell of the state table (manager.md 7).
func TestEveryCell(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(table), "\n")
	columns := strings.Split(lines[0], "|")[1:]
	require.Len(t, columns, Phases)
	seen := map[InputKind]bool{}
	for _, line := range lines[1:] {
		cells := strings.Split(line, "|")
		require.Len(t, cells, Phases+1, "row %q", line)
		words := strings.Fields(cells[0])
		kind, known := inputNames[words[0]]
		require.True(t, known, "input %q", words[0])
		seen[kind] = true
		for p := Idle; p < Phases; p++ {
			require.Equal(t, p.String(), strings.TrimSpace(columns[p]))
			from := State{Phase: p, Station: stationIn(p), Options: automatic}
			in := Input{Kind: kind}
			for _, w := range words[1:] {
				prepare(t, &from, &in, w)
			}
			t.Run(strings.TrimSpace(cells[0])+" in "+p.String(), func(t *testing.T) {
				to, actions, result := Step(from, in)
				require.Equal(t, strings.TrimSpace(cells[p+1]), cell(from, to, actions, result))
				if c := strings.TrimSpace(cells[p+1]); c == "!" || c == "x" {
					require.Equal(t, from, to, "a refused input changed the state")
					require.Empty(t, actions.List())
				}
			})
		}
	}
	require.Len(t, seen, InputKinds, "an input has no row")
}

// What the client is told beside the phase.
func TestStationAndReason(t *testing.T) {
	at := func(p Phase) State { return State{Phase: p, Station: stationIn(p), Options: automatic} }
	failure := func(p Phase) State {
		return State{Phase: p, Station: status.StationDisconnected, Reason: status.ReasonAPNotFound}
	}
	tests := []struct {
		name   string
		from   State
		in     Input
		want   status.StationState
		reason status.FailReason
	}{
		{"applied credentials are being tried", State{Phase: Started, Station: status.StationDisconnected}, Input{Kind: ConfigureDone}, status.StationConnecting, 0},
		{"an address", at(CredRecv), Input{Kind: GotIP}, status.StationConnected, 0},
		{"an address after a failure", at(Fail), Input{Kind: GotIP}, status.StationConnected, 0},
		{"a wrong passphrase", at(CredRecv), Input{Kind: Lost, Reason: 15}, status.StationDisconnected, status.ReasonAuthError},
		{"a missing network", at(CredRecv), Input{Kind: Lost, Reason: 201}, status.StationDisconnected, status.ReasonAPNotFound},
		{"a link lost after success", at(Success), Input{Kind: Lost, Reason: 201}, status.StationDisconnected, status.ReasonAPNotFound},
		{"an unmapped reason", at(Success), Input{Kind: Lost, Reason: 8}, status.StationConnecting, 0},
		{"the station restarted", at(Fail), Input{Kind: StationUp}, status.StationConnecting, 0},
		{"a driver that refuses to connect", State{Phase: CredRecv, Refusals: MaxConnectRefusals - 1}, Input{Kind: ConnectError}, status.StationDisconnected, status.ReasonAPNotFound},
		{"reset (Q-M17)", failure(Fail), Input{Kind: ResetDone}, status.StationDisconnected, status.ReasonAPNotFound},
		{"a second reset", failure(Started), Input{Kind: Reset}, status.StationDisconnected, status.ReasonAPNotFound},
		{"the station restarted after the reset", failure(Started), Input{Kind: StationUp}, status.StationDisconnected, status.ReasonAPNotFound},
		{"a loss after the reset", failure(Started), Input{Kind: Lost, Reason: 15}, status.StationDisconnected, status.ReasonAPNotFound},
		{"credentials that are about to be applied", failure(Started), Input{Kind: Configure}, status.StationDisconnected, status.ReasonAPNotFound},
		{"new credentials after the reset", failure(Started), Input{Kind: ConfigureDone}, status.StationConnecting, 0},
		{"a reset while another attempt runs", State{Phase: Fail, Reason: status.ReasonAPNotFound}, Input{Kind: ResetDone}, status.StationConnecting, 0},
		{"reprovision after a failure", failure(Fail), Input{Kind: ReprovisionDone}, status.StationDisconnected, status.ReasonAPNotFound},
		{"reprovision after the reset", failure(Started), Input{Kind: ReprovisionDone}, status.StationDisconnected, status.ReasonAPNotFound},
		{"reprovision of a connected station", State{Phase: Success, Station: status.StationConnected}, Input{Kind: ReprovisionDone}, status.StationConnecting, 0},
		{"reprovision between two attempts", State{Phase: CredRecv, Station: status.StationAttemptFailed}, Input{Kind: ReprovisionDone}, status.StationConnecting, 0},
		{"a new start", State{Phase: Idle, Station: status.StationConnected, Reason: status.ReasonAPNotFound}, Input{Kind: Start}, status.StationConnecting, 0},
		{"an attempt of three", State{Phase: CredRecv, Options: Options{Attempts: 3}}, Input{Kind: Lost, Reason: 201}, status.StationAttemptFailed, 0},
		{"the last of three (Q-M4)", State{Phase: CredRecv, Options: Options{Attempts: 3}, Completed: 2}, Input{Kind: Lost, Reason: 201}, status.StationDisconnected, status.ReasonAPNotFound},
		{"the last of three, unmapped", State{Phase: CredRecv, Options: Options{Attempts: 3}, Completed: 2}, Input{Kind: Lost, Reason: 200}, status.StationDisconnected, status.ReasonAuthError},
		{"the former network's address", State{Phase: Fail, Station: status.StationDisconnected, Restored: true, Reason: status.ReasonAPNotFound}, Input{Kind: GotIP}, status.StationDisconnected, status.ReasonAPNotFound},
		{"the former network lost", State{Phase: Fail, Station: status.StationDisconnected, Restored: true, Reason: status.ReasonAPNotFound}, Input{Kind: Lost, Reason: 15}, status.StationDisconnected, status.ReasonAPNotFound},
		{"credentials that cannot be stored", State{Phase: CredRecv, Trial: true}, Input{Kind: CommitFailed}, status.StationDisconnected, status.ReasonAuthError},
		{"new credentials after a failure", State{Phase: Fail, Station: status.StationDisconnected, Reason: status.ReasonAPNotFound, Options: Options{Retry: true}}, Input{Kind: ConfigureDone}, status.StationConnecting, 0},
		{"stopping keeps the answer", at(Success), Input{Kind: Stop}, status.StationConnected, 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			to, _, _ := Step(tc.from, tc.in)
			require.Equal(t, tc.want, to.Station)
			require.Equal(t, tc.reason, to.Reason)
		})
	}
}

// Every column of manager.md 7.2, with 210 to 212 counting as not found in
// each.
func TestMapReason(t *testing.T) {
	always := map[hal.Reason]status.FailReason{
		15: status.ReasonAuthError, 202: status.ReasonAuthError, 204: status.ReasonAuthError,
		201: status.ReasonAPNotFound, 210: status.ReasonAPNotFound, 211: status.ReasonAPNotFound, 212: status.ReasonAPNotFound,
	}
	columns := [ReasonMaps][]hal.Reason{
		ReasonsNewest: {14}, ReasonsV444: {2, 14}, ReasonsV431: {2, 4, 14}, ReasonsV40: {2, 4},
	}
	for m, more := range columns {
		for r := range 256 {
			want, wantFinal := always[hal.Reason(r)]
			if slices.Contains(more, hal.Reason(r)) {
				want, wantFinal = status.ReasonAuthError, true
			}
			reason, isFinal := ReasonMap(m).Map(hal.Reason(r))
			require.Equal(t, wantFinal, isFinal, "map %d, reason %d", m, r)
			if isFinal {
				require.Equal(t, want, reason, "map %d, reason %d", m, r)
			}
		}
	}
}

// The counter of attempts goes up to the limit and no further, and starts anew
// with new credentials, a reset and a success (Q-M5).
func TestQM5_CounterOfAttempts(t *testing.T) {
	s := State{Phase: CredRecv, Options: Options{Attempts: 3, Retry: true}}
	step := func(k InputKind) { s, _, _ = Step(s, Input{Kind: k, Reason: 15}) }
	exhaust := func() {
		for want := range uint16(3) {
			require.Equal(t, 3-want, s.Remaining())
			require.NotEqual(t, Fail, s.Phase)
			step(Lost)
		}
		require.Equal(t, Fail, s.Phase)
		step(Lost) // the application reconnected by itself
		require.Zero(t, s.Remaining())
	}
	exhaust()
	step(ResetDone)
	require.Equal(t, uint16(3), s.Remaining())
	step(ConfigureDone)
	exhaust()
	step(ConfigureDone) // without a reset
	step(ConnectDue)
	exhaust()
	step(GotIP)
	exhaust()
	require.Zero(t, State{}.Remaining(), "without a limit")
}

// Attempts are counted when they have begun.
func TestAttemptNumber(t *testing.T) {
	s := State{Phase: CredRecv, Options: automatic}
	step := func(k InputKind, want uint16) {
		t.Helper()
		s, _, _ = Step(s, Input{Kind: k, Reason: 200})
		require.Equal(t, want, s.Attempt)
	}
	step(ConnectDue, 0)
	step(ConnectBusy, 0)
	step(ConnectDue, 0)
	step(ConnectBegun, 1)
	step(Lost, 1)
	step(ConnectDue, 1)
	step(ConnectError, 1)
	step(ConnectBegun, 2)
	s.Restored = true // the former network's are none of them
	step(ConnectBegun, 2)
	s.Phase = Started
	step(ConfigureDone, 0)
	s.Attempt = 1<<16 - 1 // no wrap after a night of attempts
	step(ConnectBegun, 1<<16-1)
}

// Refusals count in a row only: a success, an attempt that begins, and a failure
// that they led to start the count anew.
func TestRefusalsStartAnew(t *testing.T) {
	s := State{Phase: CredRecv, Options: automatic}
	step := func(k InputKind) []Action {
		var a Actions
		s, a, _ = Step(s, Input{Kind: k})
		return a.List()
	}
	refuse := func() {
		t.Helper()
		for range MaxConnectRefusals - 1 {
			require.Equal(t, []Action{ArmConnect}, step(ConnectError))
		}
	}
	refuse()
	step(GotIP)
	s.Phase, s.Station = CredRecv, status.StationConnecting
	refuse()
	step(ConnectBegun)
	refuse()
	require.Equal(t, CredRecv, s.Phase)
	require.Equal(t, []Action{EmitCredFail}, step(ConnectError))
	require.Equal(t, Fail, s.Phase)
	refuse() // an application that went on by itself
	require.Equal(t, []Action{EmitCredFail}, step(ConnectError))
}

// An attempt that is over, however it went, has no time left that could run out.
func TestNoAttemptNoTimer(t *testing.T) {
	for _, k := range []InputKind{GotIP, Lost, ConnectError, JoinDue, ConfigureDone, ResetDone, ReprovisionDone, Stop} {
		s := State{Phase: CredRecv, Joining: true, Options: Options{Timeout: true, Correct: true}}
		s, _, _ = Step(s, Input{Kind: k, Reason: 200, Owner: true})
		require.False(t, s.Joining, "input %d", k)
		_, a, _ := Step(s, Input{Kind: JoinDue})
		require.Empty(t, a.List(), "input %d", k)
	}
}

// What an attempt that took too long leaves behind: its loss is no news, the one
// after it is.
func TestLateAttempt(t *testing.T) {
	s := State{Phase: CredRecv, Joining: true, Options: Options{Timeout: true, Attempts: 3}}
	step := func(k InputKind) { s, _, _ = Step(s, Input{Kind: k, Reason: 8}) }
	step(JoinDue)
	require.Equal(t, status.StationAttemptFailed, s.Station)
	require.Equal(t, uint16(2), s.Remaining())
	step(Lost)
	require.Equal(t, uint16(2), s.Remaining(), "the loss of an attempt that was counted")
	step(ConnectDue)
	step(ConnectBegun)
	step(Lost)
	require.Equal(t, uint16(1), s.Remaining())
	step(ConnectDue)
	step(JoinDue)
	require.Equal(t, Fail, s.Phase)
	require.Equal(t, status.StationDisconnected, s.Station)
	require.Zero(t, s.Remaining())
	step(Lost)
	require.Equal(t, status.StationDisconnected, s.Station)
	require.False(t, s.Leaving)
	step(ResetDone)
	require.Equal(t, Started, s.Phase)

	// Credentials that were reset while they were tried: so is theirs.
	s = State{Phase: CredRecv, Joining: true, Options: Options{Timeout: true, Correct: true}}
	s, _, _ = Step(s, Input{Kind: ResetDone, Owner: true})
	step(ConfigureDone)
	step(Lost)
	require.Equal(t, status.StationConnecting, s.Station)
	require.True(t, s.Leaving)

	s = State{Phase: Fail, Leaving: true} // a loss that has not come yet
	step(ResetDone)
	step(ConfigureDone)
	step(Lost)
	require.Equal(t, CredRecv, s.Phase)
	require.True(t, s.Leaving)
}

func TestStepAllocatesNothing(t *testing.T) {
	s := State{Phase: CredRecv, Options: automatic}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, actions, _ := Step(s, Input{Kind: GotIP})
		if len(actions.List()) != 2 {
			t.Fatal("wrong actions")
		}
	}))
}
