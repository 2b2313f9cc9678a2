// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/status"
	"github.com/wifiprov/wifiprov/protocomm"
)

// prov-status is an endpoint of ours, on with Config.StatusEndpoint and
// described in docs/prov-status.md.
const (
	statusEndpoint   = "prov-status"
	statusCapability = "prov_status"
	statusVersion    = 1
)

// report is what prov-status knows beside the state machine, about the
// credentials applied last.
type report struct {
	reason  hal.Reason // of the last failed attempt
	problem status.Problem
	over    bool         // no attempt since the last one ended
	ended   hal.JoinInfo // how that was
	linked  bool         // associated, no address yet
}

// note changes the report.
func (in *instance) note(change func(*report)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	change(&in.report)
}

// noteLoss keeps what the driver knows about an attempt or a link that has just
// ended, before the driver begins another attempt.
func (in *instance) noteLoss(r hal.Reason) {
	if s := in.snapshot(); !s.News() || s.Attempt == 0 {
		return
	}
	info := in.joinInfo()
	if step := r.Step(); info.Step == hal.JoinUnknown {
		info.Step = step
	}
	in.note(func(p *report) {
		if p.linked && info.Step < hal.JoinDHCP {
			info.Step = hal.JoinDHCP
		}
		p.reason, p.over, p.ended, p.linked = r, true, info, false
	})
}

// joinInfo asks the driver for prov-status. The driver may not know.
func (in *instance) joinInfo() hal.JoinInfo {
	if r, ok := in.cfg.WiFi.(hal.JoinReporter); ok && in.cfg.StatusEndpoint {
		if info, err := r.JoinInfo(); err == nil {
			return info
		}
	}
	return hal.JoinInfo{}
}

// handleStatus answers prov-status.
func (in *instance) handleStatus(dst []byte, _ protocomm.SessionID, req []byte) ([]byte, error) {
	const op = statusEndpoint
	var cmd pb.CmdProvStatus
	if err := cmd.Unmarshal(req); err != nil {
		return nil, fail(op, protocomm.ErrDecode, "", err)
	}
	resp := pb.RespProvStatus{Version: statusVersion} // the lowest one, so every request gets it
	if in.m.instance() == in {
		in.fillStatus(&resp)
	} else {
		resp.Status = pb.StatusInternalError
	}
	return resp.AppendTo(dst), nil
}

// fillStatus says where provisioning stands.
func (in *instance) fillStatus(resp *pb.RespProvStatus) {
	in.mu.Lock()
	s, p := in.state, in.report
	in.mu.Unlock()
	state := clientState(s)
	resp.State = pb.ProvState(state)
	resp.Attempt = uint32(s.Attempt)
	resp.AttemptsAllowed = uint32(s.Attempts)
	if state != status.StateFailed { // attempts that are left are for other credentials
		resp.AttemptsLeft = uint32(s.Remaining())
	}
	resp.DisconnectReason = uint32(p.reason)
	resp.Problem = pb.ProvProblem(p.problem)

	info := p.ended
	if !p.over && s.Attempt > 0 && !s.Restored {
		info = in.joinInfo()
		if p.linked && info.Step < hal.JoinDHCP {
			info.Step = hal.JoinDHCP
		}
	}
	if s.Station == StationConnected {
		in.fillLink(resp, &info)
	}
	resp.Step = pb.ProvStep(info.Step)
	if ap := &info.AP; ap.Channel != 0 {
		resp.ApSSID = view(ap.SSID)
		resp.ApBSSID = ap.BSSID[:]
		resp.ApChannel = uint32(ap.Channel)
		resp.ApRSSI = int32(ap.RSSI)
		resp.ApAuthMode = pb.WiFiAuthMode(ap.Auth)
	}
}

// fillLink adds what is known about the link of a connected station.
func (in *instance) fillLink(resp *pb.RespProvStatus, info *hal.JoinInfo) {
	link, ok := in.presentLink()
	if !ok {
		return
	}
	info.Step, info.AP = hal.JoinDone, link.AP
	ip := hal.IPConfig{Address: link.IP}
	if r, ok := in.cfg.WiFi.(hal.JoinReporter); ok {
		if cfg, err := r.IPConfig(); err == nil {
			ip = cfg
		}
	}
	resp.IpAddress, resp.IpNetmask = address(ip.Address), address(ip.Netmask)
	resp.IpGateway, resp.IpDns = address(ip.Gateway), address(ip.DNS)
}

func address(ip hal.IPv4) []byte {
	if ip == (hal.IPv4{}) {
		return nil
	}
	return ip[:]
}

// clientState is what clients are told of a state.
func clientState(s fsm.State) status.State {
	switch s.Phase {
	case fsm.CredRecv:
		return status.StateConnecting
	case fsm.Fail:
		return status.StateFailed
	case fsm.Success:
		return status.StateConnected
	case fsm.Stopping, fsm.Idle:
		return status.StateStopping
	}
	if s.Station == StationDisconnected {
		return status.StateFailed // and reset since
	}
	return status.StateWaiting
}
