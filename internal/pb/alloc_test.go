// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// typical has a message of every kind that travels, filled as usual, and the
// number of allocations its decoding may take.
var typical = []struct {
	name   string
	m      message
	decode float64
}{
	{"session", &SessionData{SecVer: SecScheme2, WhichProto: SessionDataSec2, Sec2: Sec2Payload{
		WhichPayload: Sec2PayloadSc0, Sc0: S2SessionCmd0{ClientUsername: []byte("wifiprov"), ClientPubkey: make([]byte, 384)},
	}}, 0},
	{"set config", &WiFiConfigPayload{
		Msg: WiFiConfigMsgTypeCmdSetConfig, WhichPayload: WiFiConfigPayloadCmdSetConfig,
		CmdSetConfig: CmdSetConfig{SSID: []byte("MyNetwork"), Passphrase: []byte("correct horse"), BSSID: make([]byte, 6), Channel: 6},
	}, 0},
	{"status", &WiFiConfigPayload{
		Msg: WiFiConfigMsgTypeRespGetStatus, WhichPayload: WiFiConfigPayloadRespGetStatus,
		RespGetStatus: RespGetStatus{WhichState: RespGetStatusConnected, Connected: WiFiConnectedState{
			IP4Addr: "192.168.1.23", AuthMode: WiFiAuthModeWPA2PSK, SSID: []byte("MyNetwork"), BSSID: make([]byte, 6), Channel: 6,
		}},
	}, 1}, // the IP address is a string, hence a copy
	{"scan result", &WiFiScanPayload{
		Msg: WiFiScanMsgTypeRespScanResult, WhichPayload: WiFiScanPayloadRespScanResult,
		RespScanResult: RespScanResult{Entries: []WiFiScanResult{
			{SSID: []byte("MyNetwork"), Channel: 6, RSSI: -47, BSSID: make([]byte, 6), Auth: WiFiAuthModeWPA2PSK},
			{SSID: []byte("Other"), Channel: 11, RSSI: -80, BSSID: make([]byte, 6)},
		}},
	}, 0},
	{"control", &WiFiCtrlPayload{
		Msg: WiFiCtrlMsgTypeCmdCtrlReset, WhichPayload: WiFiCtrlPayloadCmdCtrlReset,
	}, 0},
}

func TestAllocations(t *testing.T) {
	for _, test := range typical {
		t.Run(test.name, func(t *testing.T) {
			dst := make([]byte, 0, test.m.Size())
			require.Zero(t, testing.AllocsPerRun(100, func() { dst = test.m.AppendTo(dst[:0]) }), "allocations of AppendTo")
			require.Len(t, dst, test.m.Size())

			into := newLike(test.m)
			var err error
			require.Equal(t, test.decode, testing.AllocsPerRun(100, func() { err = into.Unmarshal(dst) }), "allocations of Unmarshal")
			require.NoError(t, err)
			require.Equal(t, test.m, into)
		})
	}
}

func BenchmarkAppendTo(b *testing.B) {
	for _, test := range typical {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			dst := make([]byte, 0, test.m.Size())
			for b.Loop() {
				dst = test.m.AppendTo(dst[:0])
			}
		})
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	for _, test := range typical {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			input := test.m.AppendTo(nil)
			into := newLike(test.m)
			for b.Loop() {
				if err := into.Unmarshal(input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
