// SPDX-License-Identifier: Apache-2.0

package wifiprov

import "github.com/wifiprov/wifiprov/internal/pb"

// network_provisioning built for Wi-Fi knows the Thread messages and refuses them
// with InvalidArgument (endpoints.md 2.5, 3.6, 4); only ScanThreadResult fails the
// handler. The older Wi-Fi manager does not know these messages. Each function
// reports whether it made an answer.

func (in *instance) refuseThreadConfig(resp *pb.WiFiConfigPayload, msg pb.WiFiConfigMsgType) bool {
	refusal := pb.RespThread{Status: pb.StatusInvalidArgument}
	switch msg {
	case pb.WiFiConfigMsgTypeCmdGetThreadStatus:
		resp.WhichPayload, resp.RespGetThreadStatus = pb.WiFiConfigPayloadRespGetThreadStatus, refusal
	case pb.WiFiConfigMsgTypeCmdSetThreadConfig:
		resp.WhichPayload, resp.RespSetThreadConfig = pb.WiFiConfigPayloadRespSetThreadConfig, refusal
	case pb.WiFiConfigMsgTypeCmdApplyThreadConfig:
		resp.WhichPayload, resp.RespApplyThreadConfig = pb.WiFiConfigPayloadRespApplyThreadConfig, refusal
	default:
		return false
	}
	resp.Msg = msg + 1
	return in.cfg.Version == VersionNetProv
}

func (in *instance) refuseThreadScan(resp *pb.WiFiScanPayload, msg pb.WiFiScanMsgType) bool {
	switch msg {
	case pb.WiFiScanMsgTypeCmdScanThreadStart:
		resp.WhichPayload = pb.WiFiScanPayloadRespScanThreadStart
	case pb.WiFiScanMsgTypeCmdScanThreadStatus:
		resp.WhichPayload = pb.WiFiScanPayloadRespScanThreadStatus
	default:
		return false
	}
	resp.Msg, resp.Status = msg+1, pb.StatusInvalidArgument
	return in.cfg.Version == VersionNetProv
}

func (in *instance) refuseThreadCtrl(resp *pb.WiFiCtrlPayload, msg pb.WiFiCtrlMsgType) bool {
	switch msg {
	case pb.WiFiCtrlMsgTypeCmdCtrlThreadReset:
		resp.WhichPayload = pb.WiFiCtrlPayloadRespCtrlThreadReset
	case pb.WiFiCtrlMsgTypeCmdCtrlThreadReprov:
		resp.WhichPayload = pb.WiFiCtrlPayloadRespCtrlThreadReprov
	default:
		return false
	}
	resp.Msg, resp.Status = msg+1, pb.StatusInvalidArgument
	return in.cfg.Version == VersionNetProv
}
