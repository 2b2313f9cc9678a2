// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// The encoding rules of docs/spec/protocomm.md 2.6, one by one.
func TestEncodingRules(t *testing.T) {
	tests := []struct {
		name string
		m    message
		want string
	}{
		{"nothing is an empty message", &WiFiConfigPayload{}, ""},
		{"fields ascend", &CmdSetConfig{Channel: 6, BSSID: []byte{9}, Passphrase: []byte("p"), SSID: []byte("s")}, "0a01731201701a01092006"},
		{"zero scalars and empty bytes are left out", &CmdSetConfig{SSID: []byte{}, Passphrase: nil, Channel: 0}, ""},
		{
			"a chosen empty message is written",
			&Sec0Payload{Msg: Sec0MsgTypeResponse, WhichPayload: Sec0PayloadSr}, "0801aa0100",
		},
		{
			"a chosen message without fields is written",
			&WiFiCtrlPayload{Msg: WiFiCtrlMsgTypeRespCtrlReset, WhichPayload: WiFiCtrlPayloadRespCtrlReset}, "08026200",
		},
		{
			"a chosen zero scalar is written",
			&RespGetStatus{StaState: WiFiStationStateConnectionFailed, WhichState: RespGetStatusFailReason}, "10035000",
		},
		{
			"a member that is not chosen is left out",
			&RespGetStatus{FailReason: WiFiConnectFailedReasonNetworkNotFound, AttemptFailed: WiFiAttemptFailed{AttemptsRemaining: 3}}, "",
		},
		{
			"a discriminator that names no member writes none",
			&RespGetStatus{WhichState: 99, AttemptFailed: WiFiAttemptFailed{AttemptsRemaining: 3}}, "",
		},
		{"a negative int32 takes ten bytes", &WiFiScanResult{RSSI: -47}, "18d1ffffffffffffffff01"},
		{"a negative enum takes ten bytes", &RespSetConfig{Status: -1}, "08ffffffffffffffffff01"},
		{"a large uint32 takes five bytes", &CmdScanResult{Count: 1<<32 - 1}, "10ffffffff0f"},
		{"true is 1", &CmdScanStart{Blocking: true, Passive: true}, "08011001"},
		{
			"repeated entries are written even when empty",
			&RespScanResult{Entries: []WiFiScanResult{{}, {Channel: 1}, {}}}, "0a000a0210010a00",
		},
		{"tags of security 0", &SessionData{WhichProto: SessionDataSec0, Sec0: Sec0Payload{WhichPayload: Sec0PayloadSc}}, "5203a20100"},
		{"field number 23", &Sec1Payload{WhichPayload: Sec1PayloadSr1}, "ba0100"},
		{"sc1 of security 1 uses field 2", &SessionCmd1{ClientVerifyData: []byte{7}}, "120107"},
		{"sr1 of security 1 uses field 3", &SessionResp1{DeviceVerifyData: []byte{7}}, "1a0107"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, hex.EncodeToString(test.m.AppendTo(nil)))
			require.Equal(t, len(test.want)/2, test.m.Size(), "Size")
		})
	}
}

// How a decoder treats what an encoder here would not write.
func TestDecodingRules(t *testing.T) {
	tests := []struct {
		name, input string
		want        message
	}{
		{"nothing", "", &WiFiConfigPayload{}},
		{"last of two scalars wins", "080208042005", &RespSetConfig{Status: StatusInvalidArgument}},
		{"last of two bytes wins, also when empty", "0a01610a00", &CmdSetConfig{}},
		{"any order", "1003" + "0801", &RespGetStatus{Status: 1, StaState: WiFiStationStateConnectionFailed}},
		{
			"a message that comes twice is merged", "62060a016112017862030a0162",
			&WiFiConfigPayload{WhichPayload: WiFiConfigPayloadCmdSetConfig, CmdSetConfig: CmdSetConfig{SSID: []byte("b"), Passphrase: []byte("x")}},
		},
		{
			"but not after another member", "62060a016112017872006203" + "0a0162",
			&WiFiConfigPayload{WhichPayload: WiFiConfigPayloadCmdSetConfig, CmdSetConfig: CmdSetConfig{SSID: []byte("b")}},
		},
		{
			"a scalar replaces a message", "5a02280650016a00",
			&RespGetStatus{WhichState: RespGetStatusFailReason, FailReason: WiFiConnectFailedReasonNetworkNotFound},
		},
		{"a message replaces a scalar", "50015a00", &RespGetStatus{WhichState: RespGetStatusConnected}},
		{
			"an empty list is a member too", "52020801" + "7a00",
			&WiFiScanPayload{WhichPayload: WiFiScanPayloadRespScanResult},
		},
		{
			"lists of a message that comes twice are joined", "7a040a021001" + "7a040a021002",
			&WiFiScanPayload{WhichPayload: WiFiScanPayloadRespScanResult, RespScanResult: RespScanResult{Entries: []WiFiScanResult{{Channel: 1}, {Channel: 2}}}},
		},
		{"a varint is cut to 32 bits", "08ffffffff1f" + "1081808080f0ffffffff01", &CmdScanResult{StartIndex: 1<<32 - 1, Count: 1}},
		{"an int32 is the low 32 bits", "20ffffffff0f", &CmdSetConfig{Channel: -1}},
		{"any varint but 0 is true", "0880808080802010818000", &CmdScanStart{Blocking: true, Passive: true}},
		{"unknown enum value", "0863", &RespSetConfig{Status: 99}},
		{"unknown fields", "f80105" + "2a0161" + "3501020304" + "3901020304050607ff" + "0801", &RespSetConfig{Status: 1}},
		{"group within a group", "3b43080544" + "3c" + "0801", &RespSetConfig{Status: 1}},
		{"known field as group", "0b" + "0c" + "0801", &RespSetConfig{Status: 1}},
		{"known scalar as bytes", "0a0107", &RespSetConfig{}},
		{"known message as varint", "6005", &WiFiConfigPayload{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newLike(test.want)
			require.NoError(t, m.Unmarshal(unhex(t, test.input)))
			require.Equal(t, test.want, m)
		})
	}
}

func TestMalformedInput(t *testing.T) {
	tests := []struct {
		name, input string
		m           message
	}{
		{"cut off in a tag", "8a", &CmdSetConfig{}},
		{"cut off in a varint", "20ff", &CmdSetConfig{}},
		{"varint of eleven bytes", "20ffffffffffffffffffff01", &CmdSetConfig{}},
		{"varint above 64 bits", "20ffffffffffffffffff02", &CmdSetConfig{}},
		{"length beyond the end", "0a0561", &CmdSetConfig{}},
		{"field number 0", "0000", &CmdSetConfig{}},
		{"field number too large", "8080808010" + "00", &CmdSetConfig{}},
		{"wire type 6", "0e", &CmdSetConfig{}},
		{"wire type 7", "0f", &CmdSetConfig{}},
		{"end of a group that is not open", "0c", &CmdSetConfig{}},
		{"group not closed", "3b", &CmdSetConfig{}},
		{"group closed by another number", "3b44", &CmdSetConfig{}},
		{"groups closed in the wrong order", "3b433c44", &CmdSetConfig{}},
		{"bad field in a group", "3b0e3c", &CmdSetConfig{}},
		{"unknown fixed32 cut off", "35010203", &CmdSetConfig{}},
		{"unknown fixed64 cut off", "3901020304050607", &CmdSetConfig{}},
		{"in a message without fields", "520108", &WiFiConfigPayload{}},
		{"in a message within", "620220ff0801", &WiFiConfigPayload{}},
		{"in a list entry", "0a0120", &RespScanResult{}},
		{"string that is not UTF-8", "0a02c328", &WiFiConnectedState{}},
		{"string that is not UTF-8, within", "5a040a02c328", &RespGetStatus{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.ErrorIs(t, test.m.Unmarshal(unhex(t, test.input)), ErrMalformed)
			require.True(t, isZero(reflect.ValueOf(test.m).Elem()), "message after the error: %+v", test.m)
		})
	}
}

func TestErrorTextsNameThePackage(t *testing.T) {
	for _, err := range []error{ErrMalformed, ErrTooMany} {
		require.True(t, strings.HasPrefix(err.Error(), "pb: "), "text %q", err)
	}
}

func TestRepeatedEntriesAreBounded(t *testing.T) {
	full := RespScanResult{Entries: make([]WiFiScanResult, MaxRepeated)}
	b := full.AppendTo(nil)
	var m RespScanResult
	require.NoError(t, m.Unmarshal(b))
	require.Len(t, m.Entries, MaxRepeated)

	b = append(b, 0x0a, 0)
	require.ErrorIs(t, m.Unmarshal(b), ErrTooMany)
	require.Empty(t, m.Entries, "entries after the error")

	// Two halves of a merged message count together.
	half := RespScanResult{Entries: make([]WiFiScanResult, MaxRepeated/2+1)}
	member := protowire.AppendBytes(protowire.AppendTag(nil, 15, protowire.BytesType), half.AppendTo(nil))
	var p WiFiScanPayload
	require.NoError(t, p.Unmarshal(member))
	require.ErrorIs(t, p.Unmarshal(bytes.Repeat(member, 2)), ErrTooMany)
}

func TestGroupDepthIsBounded(t *testing.T) {
	nested := func(depth int) []byte {
		return append(bytes.Repeat([]byte{0x3b}, depth), bytes.Repeat([]byte{0x3c}, depth)...)
	}
	var m CmdSetConfig
	require.NoError(t, m.Unmarshal(nested(MaxGroupDepth)))
	require.ErrorIs(t, m.Unmarshal(nested(MaxGroupDepth+1)), ErrTooMany)
	require.ErrorIs(t, m.Unmarshal(bytes.Repeat([]byte{0x3b}, 100_000)), ErrTooMany)
	require.NoError(t, m.Unmarshal(bytes.Repeat(nested(MaxGroupDepth), 3)), "groups one after another")
}

func TestBytesPointIntoTheInput(t *testing.T) {
	input := (&CmdSetConfig{SSID: []byte("home"), Passphrase: []byte("secret")}).AppendTo(nil)
	var m CmdSetConfig
	require.NoError(t, m.Unmarshal(input))
	input[2] = 'H'
	require.Equal(t, "Home", string(m.SSID), "SSID after a change of the input")

	_ = append(m.SSID, "XXXXXXXX"...)
	require.Equal(t, "secret", string(m.Passphrase), "passphrase after an append to the SSID")
}

func TestStringsAreCopies(t *testing.T) {
	input := (&WiFiConnectedState{IP4Addr: "10.0.0.1"}).AppendTo(nil)
	var m WiFiConnectedState
	require.NoError(t, m.Unmarshal(input))
	input[2] = '9'
	require.Equal(t, "10.0.0.1", m.IP4Addr)
}

func TestUnmarshalReplacesWhatWasThere(t *testing.T) {
	m := WiFiScanPayload{
		Msg: WiFiScanMsgTypeRespScanResult, Status: StatusCryptoError, WhichPayload: WiFiScanPayloadCmdScanResult,
		CmdScanStart:  CmdScanStart{Blocking: true, PeriodMs: 3}, // not the member set
		CmdScanResult: CmdScanResult{Count: 4}, RespScanResult: RespScanResult{Entries: []WiFiScanResult{{Channel: 4}}},
	}
	require.NoError(t, m.Unmarshal([]byte{0x52, 0}))
	m.RespScanResult.Entries = nil // its array may stay
	require.Equal(t, WiFiScanPayload{WhichPayload: WiFiScanPayloadCmdScanStart}, m)
}

func TestUnmarshalUsesTheArrayAgain(t *testing.T) {
	secret := []byte("from the first input")
	three := RespScanResult{Entries: []WiFiScanResult{{SSID: secret}, {SSID: secret}, {SSID: secret}}}
	b := three.AppendTo(nil)
	var m RespScanResult
	require.NoError(t, m.Unmarshal(b))
	first := &m.Entries[0]
	require.NoError(t, m.Unmarshal([]byte{0x0a, 0}))
	require.Len(t, m.Entries, 1)
	require.Same(t, first, &m.Entries[0])
	require.Equal(t, make([]WiFiScanResult, 3), m.Entries[:3], "entries keep the first input alive")
}

func TestEnumStrings(t *testing.T) {
	require.Equal(t, "InvalidArgument", StatusInvalidArgument.String())
	require.Equal(t, "SecScheme2", SecScheme2.String())
	require.Equal(t, "Response1", Sec1MsgTypeResponse1.String())
	require.Equal(t, "WPA2WPA3PSK", WiFiAuthModeWPA2WPA3PSK.String())
	require.Equal(t, "NetworkNotFound", WiFiConnectFailedReasonNetworkNotFound.String())
	require.Equal(t, "99", Status(99).String())
	require.Equal(t, "-1", WiFiAuthMode(-1).String())
}
