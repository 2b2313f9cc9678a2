// SPDX-License-Identifier: Apache-2.0

package status

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/pb"
)

// In JSON the enumerations are words, and can be read back.
func TestText(t *testing.T) {
	type report struct {
		State   State
		Reason  FailReason
		Problem Problem
	}
	want := report{StateFailed, ReasonAPNotFound, ProblemNotStored}
	text, err := json.Marshal(want)
	require.NoError(t, err)
	require.JSONEq(t, `{"State":"failed","Reason":"access point not found",
		"Problem":"the credentials are right, but could not be stored"}`, string(text))
	var got report
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, want, got)
	require.NoError(t, json.Unmarshal([]byte(`{"State":"state 0","Reason":"unknown reason","Problem":"problem 200"}`), &got))
	require.Equal(t, report{Problem: 200}, got)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"State":"asleep"}`), &got), `unknown name "asleep"`)
}

// Numbers that go over the air as they are.
func TestWireNumbers(t *testing.T) {
	for wire, s := range map[pb.ProvState]State{
		pb.ProvStateWaiting: StateWaiting, pb.ProvStateConnecting: StateConnecting, pb.ProvStateFailed: StateFailed,
		pb.ProvStateConnected: StateConnected, pb.ProvStateStopping: StateStopping,
	} {
		require.Equal(t, wire, pb.ProvState(s))
	}
	require.Equal(t, pb.ProvProblemRefused, pb.ProvProblem(ProblemRefused))
	require.Equal(t, pb.ProvProblemNotStored, pb.ProvProblem(ProblemNotStored))
	require.Equal(t, pb.WiFiConnectFailedReasonAuthError, pb.WiFiConnectFailedReason(ReasonAuthError-1))
	require.Equal(t, pb.WiFiConnectFailedReasonNetworkNotFound, pb.WiFiConnectFailedReason(ReasonAPNotFound-1))
}

func TestWords(t *testing.T) {
	require.Equal(t, "attempt failed, state 9", StationAttemptFailed.String()+", "+StationState(9).String())
	require.Equal(t, "no problem", Problem(0).String())
	for s := StationState(0); s <= StationAttemptFailed; s++ {
		require.NotContains(t, s.String(), "state ")
	}
	for s := StateWaiting; s <= StateDisconnected; s++ {
		require.NotContains(t, s.String(), "state ")
	}
}
