// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// layout is the specification's tables once more, one line per message or
// enum: a slip in a .proto file must not go unnoticed just because encoder
// and decoder share it.
const layout = `
protocomm.md 2.1
Status: SUCCESS 0, INVALID_SEC_SCHEME 1, INVALID_PROTO 2, TOO_MANY_SESSIONS 3, INVALID_ARGUMENT 4, INTERNAL_ERROR 5, CRYPTO_ERROR 6, INVALID_SESSION 7
protocomm.md 2.2
SecSchemeVersion: SEC_SCHEME0 0, SEC_SCHEME1 1, SEC_SCHEME2 2
SessionData: sec_ver 2 SecSchemeVersion, proto{sec0 10 Sec0Payload, sec1 11 Sec1Payload, sec2 12 Sec2Payload}
protocomm.md 2.3
Sec0MsgType: COMMAND 0, RESPONSE 1
S0SessionCmd:
S0SessionResp: status 1 Status
Sec0Payload: msg 1 Sec0MsgType, payload{sc 20 S0SessionCmd, sr 21 S0SessionResp}
protocomm.md 2.4
Sec1MsgType: COMMAND0 0, RESPONSE0 1, COMMAND1 2, RESPONSE1 3
SessionCmd0: client_pubkey 1 bytes
SessionResp0: status 1 Status, device_pubkey 2 bytes, device_random 3 bytes
SessionCmd1: client_verify_data 2 bytes
SessionResp1: status 1 Status, device_verify_data 3 bytes
Sec1Payload: msg 1 Sec1MsgType, payload{sc0 20 SessionCmd0, sr0 21 SessionResp0, sc1 22 SessionCmd1, sr1 23 SessionResp1}
protocomm.md 2.5
Sec2MsgType: COMMAND0 0, RESPONSE0 1, COMMAND1 2, RESPONSE1 3
S2SessionCmd0: client_username 1 bytes, client_pubkey 2 bytes
S2SessionResp0: status 1 Status, device_pubkey 2 bytes, device_salt 3 bytes
S2SessionCmd1: client_proof 1 bytes
S2SessionResp1: status 1 Status, device_proof 2 bytes, device_nonce 3 bytes
Sec2Payload: msg 1 Sec2MsgType, payload{sc0 20 S2SessionCmd0, sr0 21 S2SessionResp0, sc1 22 S2SessionCmd1, sr1 23 S2SessionResp1}
endpoints.md 1
WiFiStationState: CONNECTED 0, CONNECTING 1, DISCONNECTED 2, CONNECTION_FAILED 3
WiFiConnectFailedReason: AUTH_ERROR 0, NETWORK_NOT_FOUND 1
WiFiAuthMode: OPEN 0, WEP 1, WPA_PSK 2, WPA2_PSK 3, WPA_WPA2_PSK 4, WPA2_ENTERPRISE 5, WPA3_PSK 6, WPA2_WPA3_PSK 7
WiFiConnectedState: ip4_addr 1 string, auth_mode 2 WiFiAuthMode, ssid 3 bytes, bssid 4 bytes, channel 5 int32
WiFiAttemptFailed: attempts_remaining 1 uint32
endpoints.md 2
WiFiConfigMsgType: CMD_GET_STATUS 0, RESP_GET_STATUS 1, CMD_SET_CONFIG 2, RESP_SET_CONFIG 3, CMD_APPLY_CONFIG 4, RESP_APPLY_CONFIG 5, CMD_GET_THREAD_STATUS 6, RESP_GET_THREAD_STATUS 7, CMD_SET_THREAD_CONFIG 8, RESP_SET_THREAD_CONFIG 9, CMD_APPLY_THREAD_CONFIG 10, RESP_APPLY_THREAD_CONFIG 11
CmdGetStatus:
RespGetStatus: status 1 Status, sta_state 2 WiFiStationState, state{fail_reason 10 WiFiConnectFailedReason, connected 11 WiFiConnectedState, attempt_failed 12 WiFiAttemptFailed}
CmdSetConfig: ssid 1 bytes, passphrase 2 bytes, bssid 3 bytes, channel 4 int32
RespSetConfig: status 1 Status
CmdApplyConfig:
RespApplyConfig: status 1 Status
RespThread: status 1 Status
WiFiConfigPayload: msg 1 WiFiConfigMsgType, payload{cmd_get_status 10 CmdGetStatus, resp_get_status 11 RespGetStatus, cmd_set_config 12 CmdSetConfig, resp_set_config 13 RespSetConfig, cmd_apply_config 14 CmdApplyConfig, resp_apply_config 15 RespApplyConfig, resp_get_thread_status 17 RespThread, resp_set_thread_config 19 RespThread, resp_apply_thread_config 21 RespThread}
endpoints.md 3
WiFiScanMsgType: CMD_SCAN_START 0, RESP_SCAN_START 1, CMD_SCAN_STATUS 2, RESP_SCAN_STATUS 3, CMD_SCAN_RESULT 4, RESP_SCAN_RESULT 5, CMD_SCAN_THREAD_START 6, RESP_SCAN_THREAD_START 7, CMD_SCAN_THREAD_STATUS 8, RESP_SCAN_THREAD_STATUS 9
CmdScanStart: blocking 1 bool, passive 2 bool, group_channels 3 uint32, period_ms 4 uint32
RespScanStart:
CmdScanStatus:
RespScanStatus: scan_finished 1 bool, result_count 2 uint32
CmdScanResult: start_index 1 uint32, count 2 uint32
WiFiScanResult: ssid 1 bytes, channel 2 uint32, rssi 3 int32, bssid 4 bytes, auth 5 WiFiAuthMode
RespScanResult: entries 1 repeated WiFiScanResult
WiFiScanPayload: msg 1 WiFiScanMsgType, status 2 Status, payload{cmd_scan_start 10 CmdScanStart, resp_scan_start 11 RespScanStart, cmd_scan_status 12 CmdScanStatus, resp_scan_status 13 RespScanStatus, cmd_scan_result 14 CmdScanResult, resp_scan_result 15 RespScanResult, resp_scan_thread_start 17 RespScanStart, resp_scan_thread_status 19 RespScanStart}
endpoints.md 4
WiFiCtrlMsgType: RESERVED 0, CMD_CTRL_RESET 1, RESP_CTRL_RESET 2, CMD_CTRL_REPROV 3, RESP_CTRL_REPROV 4, CMD_CTRL_THREAD_RESET 5, RESP_CTRL_THREAD_RESET 6, CMD_CTRL_THREAD_REPROV 7, RESP_CTRL_THREAD_REPROV 8
CmdCtrlReset:
RespCtrlReset:
CmdCtrlReprov:
RespCtrlReprov:
RespCtrlThreadReset:
RespCtrlThreadReprov:
WiFiCtrlPayload: msg 1 WiFiCtrlMsgType, status 2 Status, payload{cmd_ctrl_reset 11 CmdCtrlReset, resp_ctrl_reset 12 RespCtrlReset, cmd_ctrl_reprov 13 CmdCtrlReprov, resp_ctrl_reprov 14 RespCtrlReprov, resp_ctrl_thread_reset 16 RespCtrlThreadReset, resp_ctrl_thread_reprov 18 RespCtrlThreadReprov}
docs/prov-status.md, ours
ProvState: UNKNOWN 0, WAITING 1, CONNECTING 2, FAILED 3, CONNECTED 4, STOPPING 5
ProvStep: UNKNOWN 0, SCAN 1, AUTH 2, ASSOC 3, HANDSHAKE 4, DHCP 5, DONE 6
ProvProblem: NONE 0, REFUSED 1, NOT_STORED 2
CmdProvStatus: version 1 uint32
RespProvStatus: status 1 Status, version 2 uint32, state 3 ProvState, attempt 4 uint32, attempts_allowed 5 uint32, attempts_left 6 uint32, step 7 ProvStep, disconnect_reason 8 uint32, problem 9 ProvProblem, ap_ssid 10 bytes, ap_bssid 11 bytes, ap_channel 12 uint32, ap_rssi 13 int32, ap_auth_mode 14 WiFiAuthMode, ip_address 15 bytes, ip_netmask 16 bytes, ip_gateway 17 bytes, ip_dns 18 bytes
`

func TestProtoFilesFollowTheSpecification(t *testing.T) {
	var want []string
	for line := range strings.Lines(layout) {
		if strings.Contains(line, ":") {
			want = append(want, strings.TrimSpace(line))
		}
	}
	files, err := compiled()
	require.NoError(t, err)
	var have []string
	for _, f := range files {
		for i := range f.Enums().Len() {
			have = append(have, enumLine(f.Enums().Get(i)))
		}
		for i := range f.Messages().Len() {
			have = append(have, messageLine(f.Messages().Get(i)))
		}
	}
	require.ElementsMatch(t, want, have)
}

func enumLine(d protoreflect.EnumDescriptor) string {
	var values []string
	for i := range d.Values().Len() {
		v := d.Values().Get(i)
		name := string(v.Name())
		// The type's name in front is a matter of Go names.
		for j := range name {
			if strings.EqualFold(strings.ReplaceAll(name[:j], "_", ""), string(d.Name())) {
				name = strings.TrimPrefix(name[j:], "_")
				break
			}
		}
		values = append(values, fmt.Sprintf("%s %d", name, v.Number()))
	}
	return fmt.Sprintf("%s: %s", d.Name(), strings.Join(values, ", "))
}

func messageLine(d protoreflect.MessageDescriptor) string {
	var fields, members []string
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		text := fmt.Sprintf("%s %d %s", fd.Name(), fd.Number(), typeName(fd))
		if fd.ContainingOneof() != nil {
			members = append(members, text)
		} else {
			fields = append(fields, text)
		}
	}
	if len(members) > 0 {
		fields = append(fields, fmt.Sprintf("%s{%s}", d.Oneofs().Get(0).Name(), strings.Join(members, ", ")))
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %s", d.Name(), strings.Join(fields, ", ")))
}

func typeName(fd protoreflect.FieldDescriptor) string {
	name := fd.Kind().String()
	if fd.Enum() != nil {
		name = string(fd.Enum().Name())
	}
	if fd.Message() != nil {
		name = string(fd.Message().Name())
	}
	if fd.IsList() {
		name = "repeated " + name
	}
	return name
}
