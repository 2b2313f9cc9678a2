// SPDX-License-Identifier: Apache-2.0

package pbtext

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
)

var setConfig = (&pb.WiFiConfigPayload{
	Msg: pb.WiFiConfigMsgTypeCmdSetConfig, WhichPayload: 12,
	CmdSetConfig: pb.CmdSetConfig{SSID: []byte("Home\x01Net"), Passphrase: []byte("correct horse"), BSSID: []byte{2, 0x11, 0x22, 0x33, 0x44, 0x55}, Channel: -1},
}).AppendTo(nil)

func TestSecretsAreHidden(t *testing.T) {
	require.Equal(t, `msg: CMD_SET_CONFIG
cmd_set_config:
  ssid: Home\x01Net
  passphrase: [hidden]
  bssid: 02:11:22:33:44:55
  channel: -1
`, Decode("prov-config", Request, setConfig, false).String())
	require.Contains(t, Decode("prov-config", Request, setConfig, true).String(), "correct horse")
	thread := append([]byte{0x08, 0x08, 0x92, 0x01, 0x06}, "secret"...) // SetThreadConfig, which nobody here knows
	require.Equal(t, "msg: CMD_SET_THREAD_CONFIG\nunknown_18: [hidden], 7 bytes\n", Decode("prov-config", Request, thread, false).String())
	require.Equal(t, "msg: CMD_SET_THREAD_CONFIG\nunknown_18: 06736563726574\n", Decode("prov-config", Request, thread, true).String())
	for n := range setConfig {
		for _, text := range []string{Decode("prov-config", Request, setConfig[:n], false).String()} {
			require.NotContains(t, text, "correct")
			require.NotContains(t, text, hex.EncodeToString([]byte("correct")))
		}
	}
}

// The bytes that are hidden are where Secrets says: without them, nothing of a secret
// is left, and everything else reads as before.
func TestWhereSecretsAre(t *testing.T) {
	mask := func(data []byte) []byte {
		data = bytes.Clone(data)
		for _, r := range Secrets("prov-config", Request, data) {
			copy(data[r[0]:r[0]+r[1]], bytes.Repeat([]byte{'*'}, r[1]))
		}
		return data
	}
	masked := mask(setConfig)
	require.Equal(t, bytes.Replace(setConfig, []byte("correct horse"), []byte("*************"), 1), masked)
	require.Equal(t, "\x08\x08\x92\x01*******", string(mask([]byte("\x08\x08\x92\x01\x06secret"))))
	twice := append(bytes.Clone(setConfig[:2]), bytes.Repeat(setConfig[2:], 2)...)
	require.NotContains(t, string(mask(twice)), "horse")
	long := append(bytes.Repeat([]byte{0x08, 0x02}, maxFields), setConfig[2:]...)
	require.NotContains(t, string(mask(long)), "horse")
	for n := range setConfig { // cut anywhere
		require.NotContains(t, string(mask(setConfig[:n])), "correct h")
	}
	require.Empty(t, Secrets("prov-config", Answer, []byte{8, 3, 0x6a, 0}))
	require.Empty(t, Secrets("mine", Request, []byte("hello")))
}

// An answer says what it leaves out.
func TestAbsentEnums(t *testing.T) {
	connected := (&pb.WiFiConfigPayload{
		Msg: pb.WiFiConfigMsgTypeRespGetStatus, WhichPayload: 11,
		RespGetStatus: pb.RespGetStatus{WhichState: 11, Connected: pb.WiFiConnectedState{IP4Addr: "192.168.1.77"}},
	}).AppendTo(nil)
	require.Equal(t, `msg: RESP_GET_STATUS
resp_get_status:
  status: SUCCESS
  sta_state: CONNECTED
  connected:
    ip4_addr: 192.168.1.77
    auth_mode: OPEN
`, Decode("prov-config", Answer, connected, false).String())
	require.Equal(t, "status: SUCCESS\nstate: CONNECTED\nstep: UNKNOWN\nproblem: NONE\nip_address: 10.0.0.1\n",
		Decode("prov-status", Answer, (&pb.RespProvStatus{State: pb.ProvStateConnected, IpAddress: []byte{10, 0, 0, 1}}).AppendTo(nil), false).String())
}

func TestJSON(t *testing.T) {
	scan := (&pb.WiFiScanPayload{
		Msg: pb.WiFiScanMsgTypeRespScanResult, WhichPayload: 15,
		RespScanResult: pb.RespScanResult{Entries: []pb.WiFiScanResult{{SSID: []byte("<b>"), RSSI: -40, Auth: 3}}},
	}).AppendTo(nil)
	text, err := json.Marshal(Decode("prov-scan", Answer, append(scan, 0xd8, 0x3f, 1, 0xd8, 0x3f, 2), false))
	require.NoError(t, err)
	require.JSONEq(t, `{"msg":"RESP_SCAN_RESULT","status":"SUCCESS","resp_scan_result":{"entries":[{"ssid":"<b>","rssi":-40,"auth":"WPA2_PSK"}]},
		"unknown_1019":["01","02"]}`, string(text))
	text, err = json.Marshal(Decode("prov-ctrl", Request, nil, false))
	require.NoError(t, err)
	require.JSONEq(t, `{"msg":"RESERVED","status":"SUCCESS"}`, string(text))
	text, err = json.Marshal(Decode("mine", Request, []byte{1, 2}, false))
	require.NoError(t, err)
	require.JSONEq(t, `{"bytes":"0102"}`, string(text))
	text, err = json.Marshal(Decode("mine", Request, []byte("hello"), false))
	require.NoError(t, err)
	require.JSONEq(t, `{"text":"hello"}`, string(text))
	text, err = json.Marshal(Decode("mine", Request, nil, false))
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(text))
}

// All that the specification has recorded is understood.
func TestVectors(t *testing.T) {
	var file struct {
		WiFi []struct{ Name, Endpoint, Request, Response string }
	}
	spectest.ReadJSON(t, &file, "vectors", "endpoints.json")
	require.NotEmpty(t, file.WiFi)
	for _, v := range file.WiFi {
		for direction, digits := range map[Direction]string{Request: v.Request, Answer: v.Response} {
			data, err := hex.DecodeString(digits)
			require.NoError(t, err)
			text := Decode(v.Endpoint, direction, data, true).String()
			if v.Name == "undecodable bytes" {
				require.Equal(t, direction == Request, strings.Contains(text, "malformed"))
				continue
			}
			require.NotContains(t, text, "malformed", v.Name)
			require.NotContains(t, text, "unknown_", v.Name)
		}
	}
}

// The schema is what a real compiler made of the .proto files.
func TestSchema(t *testing.T) {
	raw, err := os.ReadFile("../pb/testdata/descriptors.binpb")
	require.NoError(t, err)
	var files descriptorpb.FileDescriptorSet
	require.NoError(t, proto.Unmarshal(raw, &files))
	s := load()
	messages, enums := 0, 0
	for _, file := range files.File {
		for _, e := range file.EnumType {
			enums++
			require.Len(t, s.enums[e.GetName()], len(e.Value), e.GetName())
			for _, v := range e.Value {
				short := s.enums[e.GetName()][v.GetNumber()]
				require.NotEmpty(t, short)
				require.True(t, strings.HasSuffix(v.GetName(), "_"+short), "%s: %s", v.GetName(), short)
			}
		}
		for _, m := range file.MessageType {
			messages++
			fields := s.messages[m.GetName()]
			require.Len(t, fields, len(m.Field), m.GetName())
			for i, f := range m.Field {
				typ := strings.ToLower(strings.TrimPrefix(f.GetType().String(), "TYPE_"))
				if f.TypeName != nil {
					typ = f.GetTypeName()[strings.LastIndex(f.GetTypeName(), ".")+1:]
				}
				require.Equal(t, field{
					number: uint64(f.GetNumber()), name: f.GetName(), typ: typ, member: f.OneofIndex != nil,
					repeated: f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED,
				}, fields[i], m.GetName())
			}
		}
	}
	require.Len(t, s.messages, messages)
	require.Len(t, s.enums, enums)
	require.Greater(t, messages, 30)
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(1), false, setConfig)
	f.Add(uint8(0), true, []byte{0x10, 1, 0x5a, 4, 8, 1, 0xaa, 1})
	f.Add(uint8(2), true, []byte{0x0b, 0x0c})
	f.Fuzz(func(t *testing.T, endpoint uint8, answer bool, data []byte) {
		names := []string{"prov-session", "prov-config", "prov-scan", "prov-ctrl", "prov-status", "custom"}
		m := Decode(names[int(endpoint)%len(names)], Direction(answer), data, false)
		text, err := json.Marshal(m)
		require.NoError(t, err)
		require.True(t, json.Valid(text))
		require.Less(t, len(m.String()), 1000+40*len(data))
	})
}

// What a peer sends without end is not shown without end.
func TestBound(t *testing.T) {
	text := Decode("prov-scan", Request, []byte(strings.Repeat("\xd8\x3f\x01", 1<<20)), false).String()
	require.Equal(t, maxFields+2+1, strings.Count(text, "\n")) // msg and status too, and how much is not shown
	require.Contains(t, text, "not_shown: 3139728 bytes\n")
}
