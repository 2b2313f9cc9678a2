package fsm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
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
// but for the rows marked: "armed" has the auto-stop timer running, "manual"
// has auto-stop disabled, "refused" was refused twice by the driver.
const table = `
input            | IDLE             | STARTING      | STARTED    | CRED_RECV | FAIL | SUCCESS | STOPPING
Start            | STARTING:up      | !             | !          | !         | !    | !       | !
StartDone        | -                | STARTED:START | -          | -         | -    | -       | -
StartFailed      | -                | IDLE:         | -          | -         | -    | -       | -
Stop             | -                | -             | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | -
Configure        | x                | x             | apply      | x         | x    | x       | x
ConfigureDone    | x                | x             | CRED_RECV:endscan+delay+CRED_RECV | x | x | x | x
StationUp        | -                | -             | -          | -         | -    | -       | -
GotIP            | -                | -             | -          | SUCCESS:autostop+CRED_SUCCESS | SUCCESS:autostop+CRED_SUCCESS | autostop+CRED_SUCCESS | -
GotIP armed      | -                | -             | -          | SUCCESS:CRED_SUCCESS | SUCCESS:CRED_SUCCESS | CRED_SUCCESS | -
GotIP manual     | -                | -             | -          | SUCCESS:CRED_SUCCESS | SUCCESS:CRED_SUCCESS | CRED_SUCCESS | -
Lost 15          | -                | -             | -          | FAIL:CRED_FAIL | CRED_FAIL | FAIL:CRED_FAIL | -
Lost 201         | -                | -             | -          | FAIL:CRED_FAIL | CRED_FAIL | FAIL:CRED_FAIL | -
Lost 200         | -                | -             | -          | pause     | pause | pause  | -
ConnectDue       | -                | -             | -          | connect   | connect | -    | -
ConnectBusy      | -                | -             | -          | delay     | delay | delay  | -
ConnectError     | -                | -             | -          | delay     | delay | delay  | -
ConnectError refused | -            | -             | -          | FAIL:CRED_FAIL | CRED_FAIL | FAIL:CRED_FAIL | -
AutoStopDue      | -                | -             | -          | -         | -    | -       | -
AutoStopDue armed | -               | -             | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | -
StatusSeen       | -                | -             | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | STOPPING:timers+drop+unsub+cleanup | -
StatusSeen manual | -               | -             | -          | -         | -    | -       | -
CleanupDue       | -                | -             | -          | -         | -    | -       | teardown
TearDownDone     | -                | -             | -          | -         | -    | -       | IDLE:END
Reset            | !                | !             | -          | !         | blank | !      | !
ResetDone        | !                | !             | -          | !         | STARTED:timers | ! | !
Reprovision      | !                | !             | !          | !         | !    | !       | !
Reprovision manual | !              | !             | forget     | forget    | forget | forget | !
ReprovisionDone manual | !          | !             | timers+START | STARTED:timers+START | STARTED:timers+START | STARTED:timers+START | !
`

var inputNames = map[string]InputKind{
	"Start": Start, "StartDone": StartDone, "StartFailed": StartFailed, "Stop": Stop,
	"Configure": Configure, "ConfigureDone": ConfigureDone, "StationUp": StationUp, "GotIP": GotIP,
	"Lost": Lost, "ConnectDue": ConnectDue, "ConnectBusy": ConnectBusy, "ConnectError": ConnectError,
	"AutoStopDue": AutoStopDue, "StatusSeen": StatusSeen, "CleanupDue": CleanupDue,
	"TearDownDone": TearDownDone, "Reset": Reset, "ResetDone": ResetDone,
	"Reprovision": Reprovision, "ReprovisionDone": ReprovisionDone,
}

var actionNames = map[Action]string{
	BringUp: "up", ApplyConfig: "apply", ArmConnect: "delay", ArmReconnect: "pause", Connect: "connect",
	ArmAutoStop: "autostop", StopTimers: "timers", EndScan: "endscan", DropScan: "drop",
	Unsubscribe: "unsub", ArmCleanup: "cleanup", TearDown: "teardown", Blank: "blank", Forget: "forget",
	EmitStart: "START", EmitCredRecv: "CRED_RECV", EmitCredFail: "CRED_FAIL",
	EmitCredSuccess: "CRED_SUCCESS", EmitEnd: "END",
}

// stationIn is the station state that goes with a phase.
func stationIn(p Phase) Station {
	switch p {
	case Fail:
		return Disconnected
	case Success:
		return Connected
	}
	return Connecting
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
			from := State{Phase: p, Station: stationIn(p), AutoStop: true}
			in := Input{Kind: kind}
			for _, w := range words[1:] {
				switch w {
				case "armed":
					from.AutoStopArmed = true
				case "manual":
					from.AutoStop = false
				case "refused":
					from.Refusals = MaxConnectRefusals - 1
				default:
					_, err := fmt.Sscan(w, &in.Reason)
					require.NoError(t, err)
				}
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
	at := func(p Phase) State { return State{Phase: p, Station: stationIn(p), AutoStop: true} }
	tests := []struct {
		name   string
		from   State
		in     Input
		want   Station
		reason FailReason
	}{
		{"applied credentials are being tried", State{Phase: Started, Station: Disconnected}, Input{Kind: ConfigureDone}, Connecting, AuthError},
		{"an address", at(CredRecv), Input{Kind: GotIP}, Connected, AuthError},
		{"an address after a failure", at(Fail), Input{Kind: GotIP}, Connected, AuthError},
		{"a wrong passphrase", at(CredRecv), Input{Kind: Lost, Reason: 15}, Disconnected, AuthError},
		{"a missing network", at(CredRecv), Input{Kind: Lost, Reason: 201}, Disconnected, APNotFound},
		{"a link lost after success", at(Success), Input{Kind: Lost, Reason: 201}, Disconnected, APNotFound},
		{"an unmapped reason", at(Success), Input{Kind: Lost, Reason: 8}, Connecting, AuthError},
		{"the station restarted", at(Fail), Input{Kind: StationUp}, Connecting, AuthError},
		{"a driver that refuses to connect", State{Phase: CredRecv, Refusals: MaxConnectRefusals - 1}, Input{Kind: ConnectError}, Disconnected, APNotFound},
		{"reset (Q-M17)", State{Phase: Fail, Station: Disconnected, Reason: APNotFound}, Input{Kind: ResetDone}, Connecting, AuthError},
		{"reprovision", State{Phase: Fail, Station: Disconnected, Reason: APNotFound}, Input{Kind: ReprovisionDone}, Connecting, AuthError},
		{"a new start", State{Phase: Idle, Station: Connected, Reason: APNotFound}, Input{Kind: Start}, Connecting, AuthError},
		{"stopping keeps the answer", at(Success), Input{Kind: Stop}, Connected, AuthError},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			to, _, _ := Step(tc.from, tc.in)
			require.Equal(t, tc.want, to.Station)
			require.Equal(t, tc.reason, to.Reason)
		})
	}
}

// manager.md 7.2, the newest column, with 210 to 212 counting as not found.
func TestMapReason(t *testing.T) {
	final := map[hal.Reason]FailReason{
		14: AuthError, 15: AuthError, 202: AuthError, 204: AuthError,
		201: APNotFound, 210: APNotFound, 211: APNotFound, 212: APNotFound,
	}
	for r := range 256 {
		reason, isFinal := MapReason(hal.Reason(r))
		want, wantFinal := final[hal.Reason(r)]
		require.Equal(t, wantFinal, isFinal, "reason %d", r)
		if isFinal {
			require.Equal(t, want, reason, "reason %d", r)
		}
	}
}

// Refusals count in a row only.
func TestRefusalsStartAnew(t *testing.T) {
	s := State{Phase: CredRecv, AutoStop: true}
	step := func(k InputKind) {
		s, _, _ = Step(s, Input{Kind: k})
	}
	for range MaxConnectRefusals - 1 {
		step(ConnectError)
	}
	require.Equal(t, CredRecv, s.Phase)
	step(GotIP)
	s.Phase = CredRecv
	for range MaxConnectRefusals - 1 {
		step(ConnectError)
	}
	require.Equal(t, CredRecv, s.Phase)
	step(ConnectError)
	require.Equal(t, Fail, s.Phase)
}

func TestStepAllocatesNothing(t *testing.T) {
	s := State{Phase: CredRecv, AutoStop: true}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, actions, _ := Step(s, Input{Kind: GotIP})
		if len(actions.List()) != 2 {
			t.Fatal("wrong actions")
		}
	}))
}
