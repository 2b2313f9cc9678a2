// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
)

// handleCtrl answers prov-ctrl (endpoints.md 4).
func (in *instance) handleCtrl(dst []byte, session protocomm.SessionID, req []byte) ([]byte, error) {
	const op = "prov-ctrl"
	var cmd, resp pb.WiFiCtrlPayload
	if err := cmd.Unmarshal(req); err != nil {
		return nil, fail(op, protocomm.ErrDecode, "", err)
	}
	var err error
	switch cmd.Msg {
	case pb.WiFiCtrlMsgTypeCmdCtrlReset:
		resp.Msg = pb.WiFiCtrlMsgTypeRespCtrlReset
		resp.WhichPayload = pb.WiFiCtrlPayloadRespCtrlReset
		err = in.m.resetOnFailure(owner{session, true})
	case pb.WiFiCtrlMsgTypeCmdCtrlReprov:
		resp.Msg = pb.WiFiCtrlMsgTypeRespCtrlReprov
		resp.WhichPayload = pb.WiFiCtrlPayloadRespCtrlReprov
		err = in.m.ResetForReprovision()
	default:
		if !in.refuseThreadCtrl(&resp, cmd.Msg) {
			return nil, fail(op, ErrInvalidArg, cmd.Msg.String()+" is not a request", nil)
		}
	}
	if err != nil {
		resp.Status = pb.StatusInternalError
	}
	return resp.AppendTo(dst), nil
}
