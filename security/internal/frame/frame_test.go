// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
)

// answer is Response1 of security 2 with a status.
func answer(status pb.Status) []byte {
	m := pb.SessionData{SecVer: pb.SecScheme2, WhichProto: pb.SessionDataSec2}
	m.Sec2.Msg, m.Sec2.WhichPayload = pb.Sec2MsgTypeResponse1, pb.Sec2PayloadSr1
	m.Sec2.Sr1.Status = status
	return m.AppendTo(nil)
}

func TestAnswer(t *testing.T) {
	var m pb.SessionData
	require.NoError(t, Scheme(2).Answer(&m, "x", answer(pb.StatusSuccess), 3))
	require.ErrorIs(t, Scheme(2).Answer(&m, "x", answer(pb.StatusSuccess), 1), security.ErrResponse)
	require.ErrorIs(t, Scheme(1).Answer(&m, "x", answer(pb.StatusSuccess), 3), security.ErrResponse)
	for _, status := range []pb.Status{pb.StatusCryptoError, -1} {
		require.ErrorIs(t, Scheme(2).Answer(&m, "x", answer(status), 3), security.ErrResponse)
	}
}

func TestRequest(t *testing.T) {
	var m pb.SessionData
	require.NoError(t, Scheme(2).Request(&m, answer(0)))
	require.ErrorIs(t, Scheme(1).Request(&m, answer(0)), protocomm.ErrInvalidArg)
	require.NoError(t, Scheme(0).Request(&m, nil))
	bare := pb.SessionData{SecVer: pb.SecScheme1}
	require.ErrorContains(t, Scheme(1).Request(&m, bare.AppendTo(nil)), "has no security 1 payload")
	require.ErrorContains(t, Scheme(1).Request(&m, []byte{0xff}), "sec1: handshake: not a session message")
}
