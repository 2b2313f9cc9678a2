// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"strings"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
)

// handleConfig answers prov-config (endpoints.md 2).
func (in *instance) handleConfig(dst []byte, session protocomm.SessionID, req []byte) ([]byte, error) {
	const op = "prov-config"
	var cmd, resp pb.WiFiConfigPayload
	if err := cmd.Unmarshal(req); err != nil {
		return nil, fail(op, protocomm.ErrDecode, "", err)
	}
	switch cmd.Msg {
	case pb.WiFiConfigMsgTypeCmdGetStatus:
		resp.Msg = pb.WiFiConfigMsgTypeRespGetStatus
		resp.WhichPayload = pb.WiFiConfigPayloadRespGetStatus
		seen := in.status(&resp.RespGetStatus)
		answer := resp.AppendTo(dst)
		if seen {
			in.postStatusSeen()
		}
		return answer, nil
	case pb.WiFiConfigMsgTypeCmdSetConfig:
		if cmd.WhichPayload != pb.WiFiConfigPayloadCmdSetConfig {
			return nil, fail(op, ErrInvalidArg, "SetConfig comes without its payload", nil)
		}
		resp.Msg = pb.WiFiConfigMsgTypeRespSetConfig
		resp.WhichPayload = pb.WiFiConfigPayloadRespSetConfig
		resp.RespSetConfig.Status = in.accept(session, &cmd.CmdSetConfig)
	case pb.WiFiConfigMsgTypeCmdApplyConfig:
		resp.Msg = pb.WiFiConfigMsgTypeRespApplyConfig
		resp.WhichPayload = pb.WiFiConfigPayloadRespApplyConfig
		resp.RespApplyConfig.Status = in.apply(session)
	default:
		if !in.refuseThreadConfig(&resp, cmd.Msg) {
			return nil, fail(op, ErrInvalidArg, cmd.Msg.String()+" is not a request", nil)
		}
	}
	return resp.AppendTo(dst), nil
}

// postStatusSeen lets the service end. If the closure were in handleConfig, TinyGo
// would put the variables of every request on the heap.
func (in *instance) postStatusSeen() {
	in.m.post(func() { in.step(fsm.Input{Kind: fsm.StatusSeen}) })
}

// status fills in what the station does, and reports whether the client was
// told that it is connected.
func (in *instance) status(resp *pb.RespGetStatus) (connected bool) {
	if in.m.instance() != in {
		// Not "Connected", as the C original's defaults say (Q-E1).
		resp.Status = pb.StatusInternalError
		resp.StaState = pb.WiFiStationStateDisconnected
		return false
	}
	state := in.snapshot()
	switch state.Station {
	case StationConnected:
		link, ok := in.presentLink()
		if !ok {
			resp.StaState = pb.WiFiStationStateConnecting
			return false
		}
		resp.StaState = pb.WiFiStationStateConnected
		resp.WhichState = pb.RespGetStatusConnected
		resp.Connected = pb.WiFiConnectedState{
			IP4Addr:  link.IP.String(),
			AuthMode: pb.WiFiAuthMode(link.AP.Auth),
			SSID:     view(link.AP.SSID),
			BSSID:    link.AP.BSSID[:],
			Channel:  int32(link.AP.Channel),
		}
		return true
	case StationDisconnected:
		resp.StaState = pb.WiFiStationStateConnectionFailed
		resp.WhichState = pb.RespGetStatusFailReason
		resp.FailReason = pb.WiFiConnectFailedReason(state.Reason - 1)
	case StationAttemptFailed:
		resp.StaState = pb.WiFiStationStateConnecting
		resp.WhichState = pb.RespGetStatusAttemptFailed
		resp.AttemptFailed.AttemptsRemaining = uint32(state.Remaining())
	default:
		resp.StaState = pb.WiFiStationStateConnecting
	}
	return false
}

// presentLink returns the station's link, or the last known one if it was lost in
// between (Q-E19).
func (in *instance) presentLink() (hal.Link, bool) {
	if link, err := in.cfg.WiFi.Link(); err == nil {
		return link, true
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.link == nil {
		return hal.Link{}, false
	}
	return *in.link, true
}

// accept checks the credentials and keeps them for ApplyConfig. BSSID and
// channel are checked but not used, as in the C original (Q-E12).
func (in *instance) accept(session protocomm.SessionID, cmd *pb.CmdSetConfig) pb.Status {
	passphrase := string(cmd.Passphrase)
	if n := len(cmd.BSSID); n != 0 && n != len(hal.BSSID{}) ||
		len(cmd.SSID) > hal.MaxSSID || !hal.ValidPassphrase(hal.Secret(passphrase)) {
		return pb.StatusInvalidArgument
	}
	passphrase, _, _ = strings.Cut(passphrase, "\x00")
	in.accepted.put(session, hal.StationConfig{SSID: hal.SSID(cmd.SSID), Passphrase: hal.Secret(passphrase)})
	return pb.StatusSuccess
}

// apply hands over the credentials that the same session set, once.
func (in *instance) apply(session protocomm.SessionID) pb.Status {
	station, ok := in.accepted.take(session)
	if !ok || in.m.instance() != in {
		return pb.StatusInternalError
	}
	if err := in.m.configureStation(station, owner{session, true}); err != nil {
		in.log(hal.LevelWarn, "credentials from a client could not be applied", err)
		return pb.StatusInternalError
	}
	return pb.StatusSuccess
}

// sessionClosed forgets what belongs to a session, because another client may get
// its number next.
func (in *instance) sessionClosed(session protocomm.SessionID) {
	in.accepted.take(session)
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.owner == (owner{session, true}) {
		in.owner = owner{}
	}
}
