// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"unsafe"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
)

// handleScan answers prov-scan (endpoints.md 3).
func (in *instance) handleScan(dst []byte, _ protocomm.SessionID, req []byte) ([]byte, error) {
	const op = "prov-scan"
	var cmd, resp pb.WiFiScanPayload
	if err := cmd.Unmarshal(req); err != nil {
		return nil, fail(op, protocomm.ErrDecode, "", err)
	}
	switch cmd.Msg {
	case pb.WiFiScanMsgTypeCmdScanStart:
		if cmd.WhichPayload != pb.WiFiScanPayloadCmdScanStart {
			return nil, fail(op, ErrInvalidArg, "ScanStart comes without its payload", nil)
		}
		resp.Msg = pb.WiFiScanMsgTypeRespScanStart
		resp.WhichPayload = pb.WiFiScanPayloadRespScanStart
		status, err := in.serveScanStart(&cmd.CmdScanStart)
		if err != nil {
			return nil, err
		}
		resp.Status = status
	case pb.WiFiScanMsgTypeCmdScanStatus:
		running, found := in.scan.results()
		resp.Msg = pb.WiFiScanMsgTypeRespScanStatus
		resp.WhichPayload = pb.WiFiScanPayloadRespScanStatus
		resp.RespScanStatus = pb.RespScanStatus{ScanFinished: !running, ResultCount: uint32(len(found))}
	case pb.WiFiScanMsgTypeCmdScanResult:
		if cmd.WhichPayload != pb.WiFiScanPayloadCmdScanResult {
			return nil, fail(op, ErrInvalidArg, "ScanResult comes without its payload", nil)
		}
		from, count := cmd.CmdScanResult.StartIndex, cmd.CmdScanResult.Count
		if limit := uint64(in.cfg.ScanEntries); uint64(from) >= limit || uint64(from)+uint64(count) > limit {
			return nil, fail(op, ErrInvalidArg, "the window of ScanResult ends beyond what a scan can keep", nil)
		}
		var page [scanPageSize]pb.WiFiScanResult
		resp.Msg = pb.WiFiScanMsgTypeRespScanResult
		resp.WhichPayload = pb.WiFiScanPayloadRespScanResult
		resp.Status, resp.RespScanResult.Entries = in.scanPage(page[:0], int(from), int(count))
	default:
		if !in.refuseThreadScan(&resp, cmd.Msg) {
			return nil, fail(op, ErrInvalidArg, cmd.Msg.String()+" is not a request", nil)
		}
	}
	return resp.AppendTo(dst), nil
}

// serveScanStart starts a scan, or joins the running one, and waits for its end
// if the client asks for that.
func (in *instance) serveScanStart(cmd *pb.CmdScanStart) (pb.Status, error) {
	c := call{scan: newScanParams(cmd)}
	in.m.do(func() {
		if in.request(&c, fsm.Scan) != fsm.OK {
			c.err = fail("scan", ErrInvalidState, "no scan while the service is "+in.snapshot().Phase.String(), nil)
		}
	})
	if c.err != nil {
		in.log(hal.LevelWarn, "a scan could not be started", c.err)
		return pb.StatusInternalError, nil
	}
	if !cmd.Blocking {
		return pb.StatusSuccess, nil
	}
	await(c.scanEnd.c, in.cfg.Pump)
	return pb.StatusSuccess, c.scanEnd.err
}

// scanPageSize is how many results the genuine clients ask for at a time
// (client.md 3). A request for more costs an allocation.
const scanPageSize = 4

// scanPage appends entries of the last scan to dst. For a window past the end of
// the list the status is InternalError, with what there is (Q-E4).
func (in *instance) scanPage(dst []pb.WiFiScanResult, from, count int) (pb.Status, []pb.WiFiScanResult) {
	_, found := in.scan.results()
	status := pb.StatusSuccess
	end := from + count
	if end > len(found) {
		end = len(found)
		if count > 0 {
			status = pb.StatusInternalError
		}
	}
	for i := from; i < end; i++ {
		ap := &found[i]
		dst = append(dst, pb.WiFiScanResult{
			SSID:    view(ap.SSID),
			Channel: uint32(ap.Channel),
			RSSI:    int32(ap.RSSI),
			BSSID:   ap.BSSID[:],
			Auth:    pb.WiFiAuthMode(ap.Auth),
		})
	}
	return status, dst
}

// view returns the bytes of an SSID without a copy, for a message that is encoded
// at once. The bytes must not be changed.
func view(s hal.SSID) []byte { return unsafe.Slice(unsafe.StringData(string(s)), len(s)) }
