// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// scanPages are the pages that were asked for, as "start+count".
func scanPages(d *device) (pages []string) {
	for _, l := range d.requests() {
		endpoint, body, _ := strings.Cut(l, " ")
		var m pb.WiFiScanPayload
		if endpoint == "prov-scan" && m.Unmarshal(unhex(body)) == nil && m.Msg == pb.WiFiScanMsgTypeCmdScanResult {
			pages = append(pages, fmt.Sprintf("%d+%d", m.CmdScanResult.StartIndex, m.CmdScanResult.Count))
		}
	}
	return pages
}

func TestScanPages(t *testing.T) {
	tests := []struct {
		n, page int
		want    []string
	}{
		{n: 0},
		{n: 1, want: []string{"0+1"}},
		{n: 16, want: []string{"0+16"}},
		{n: 100, want: []string{"0+100"}},
		{n: 101, want: []string{"0+100", "100+1"}},
		{n: 0, page: 4},
		{n: 4, page: 4, want: []string{"0+4"}},
		{n: 5, page: 4, want: []string{"0+4", "4+1"}},
		{n: 16, page: 4, want: []string{"0+4", "4+4", "8+4", "12+4"}},
		{n: 2, page: -1, want: []string{"0+1", "1+1"}}, // a transport that says nonsense
	}
	for _, tc := range tests {
		d := sec0Device()
		d.networks = airOf(tc.n)
		var tr Transport = newWire(d)
		if tc.page != 0 {
			tr = bleWire{&wire{d: d, page: tc.page, closed: make(chan struct{})}}
		}
		c := dialTransport(t, tr, Config{})
		list, err := c.Scan(t.Context(), ScanOptions{})
		require.NoError(t, err)
		require.NotNil(t, list, "an empty list is a list")
		require.Len(t, list, tc.n)
		require.Equal(t, tc.want, scanPages(d))
		for i, n := range list {
			require.Equal(t, Network{SSID: hal.SSID(fmt.Sprintf("net%02d", i)), BSSID: hal.BSSID{2, 0, 0, 0, 0, byte(i)},
				Channel: 1 + i%13, RSSI: -30 - i, Auth: hal.AuthMode(i % 11)}, n)
		}
	}
}

func TestScanOptions(t *testing.T) {
	tests := []struct {
		opt  ScanOptions
		want string
	}{
		{ScanOptions{}, "520408012078"},
		{ScanOptions{GroupChannels: 5}, "5206080118052078"},
		{ScanOptions{Passive: true}, "5206080110012078"},
		{ScanOptions{Period: 300*time.Millisecond + 900*time.Microsecond}, "5205080120ac02"},
		{ScanOptions{Period: -1}, "52020801"},
	}
	for _, tc := range tests {
		d := sec0Device()
		_, err := dialWire(t, d, Config{}).Scan(t.Context(), tc.opt)
		require.NoError(t, err)
		require.Equal(t, "prov-scan "+tc.want, d.requests()[1])
	}
	for _, opt := range []ScanOptions{{GroupChannels: -1}, {GroupChannels: 256}, {Period: 1 << 62}} {
		d := sec0Device()
		c := dialWire(t, d, Config{})
		_, err := c.Scan(t.Context(), opt)
		require.ErrorContains(t, err, "client: scan: ScanOptions.")
		require.Len(t, d.requests(), 1, "nothing was sent")
		require.NotErrorIs(t, err, ErrSessionLost)
	}
}

// A device that answers before the scan is over is asked every 0.5 s.
func TestScanWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sec0Device()
		d.networks, d.running = airOf(2), 3
		c := dialWire(t, d, Config{})
		start := time.Now()
		list, err := c.Scan(t.Context(), ScanOptions{})
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, 1500*time.Millisecond, time.Since(start))
	})
	for _, tc := range []struct{ timeout, want time.Duration }{
		{0, 30 * time.Second}, {time.Second, time.Second}, {1200 * time.Millisecond, time.Second}, {1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := sec0Device()
			d.running = 1 << 30
			c := dialWire(t, d, Config{})
			start := time.Now()
			_, err := c.Scan(t.Context(), ScanOptions{Timeout: tc.timeout})
			require.ErrorIs(t, err, ErrTimeout)
			require.NotErrorIs(t, err, ErrSessionLost)
			require.Equal(t, tc.want, time.Since(start))
		})
	}
	synctest.Test(t, func(t *testing.T) {
		d := sec0Device()
		d.running = 1 << 30
		c := dialWire(t, d, Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour+time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := c.Scan(ctx, ScanOptions{Timeout: -1})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, ErrSessionLost, "it ended between two questions")
		require.Equal(t, time.Hour+time.Millisecond, time.Since(start))
	})
}

// scanDevice answers the messages of prov-scan with what f makes of the right
// answer.
func scanDevice(n int, f func(r *pb.WiFiScanPayload)) *device {
	d := sec0Device()
	d.networks = airOf(n)
	d.hook = func(endpoint string, plain []byte) ([]byte, error) {
		if endpoint != "prov-scan" {
			return nil, errPass
		}
		var m, r pb.WiFiScanPayload
		if err := m.Unmarshal(plain); err != nil {
			return nil, errHangUp
		}
		b, err := d.handleScan(&m)
		if err != nil {
			return nil, err
		}
		if err := r.Unmarshal(b); err != nil {
			return nil, errHangUp
		}
		f(&r)
		return r.AppendTo(nil), nil
	}
	return d
}

func TestScanAnswers(t *testing.T) {
	result := func(f func(r *pb.WiFiScanPayload)) *device {
		return scanDevice(8, func(r *pb.WiFiScanPayload) {
			if r.Msg == pb.WiFiScanMsgTypeRespScanResult {
				f(r)
			}
		})
	}
	entry := func(f func(e *pb.WiFiScanResult)) *device {
		return result(func(r *pb.WiFiScanPayload) { f(&r.RespScanResult.Entries[0]) })
	}
	page := 0
	tests := []struct {
		name   string
		device *device
		n      int
		err    error
		lost   bool
	}{
		{name: "start refused", device: scanDevice(8, func(r *pb.WiFiScanPayload) { r.Status = pb.StatusInternalError }),
			err: &StatusError{StatusInternalError}},
		{name: "start of the wrong type", device: scanDevice(8, func(r *pb.WiFiScanPayload) { r.Msg = 3 }), err: ErrBadAnswer, lost: true},
		{name: "answer without payload", device: scanDevice(8, func(r *pb.WiFiScanPayload) { r.WhichPayload = 0 }), err: ErrBadAnswer, lost: true},
		{name: "answer is the request", device: scanDevice(8, func(r *pb.WiFiScanPayload) { r.Msg--; r.WhichPayload-- }), err: ErrBadAnswer, lost: true},
		{name: "status refused", device: scanDevice(8, func(r *pb.WiFiScanPayload) {
			if r.Msg == pb.WiFiScanMsgTypeRespScanStatus {
				r.Status = pb.StatusInvalidSession
			}
		}), err: &StatusError{StatusInvalidSession}},
		{name: "refusal without payload", device: scanDevice(8, func(r *pb.WiFiScanPayload) { r.Status, r.WhichPayload = 4, 0 }),
			err: &StatusError{StatusInvalidArgument}},
		{name: "more than asked for", device: result(func(r *pb.WiFiScanPayload) {
			r.RespScanResult.Entries = append(r.RespScanResult.Entries, pb.WiFiScanResult{})
		}), err: ErrBadAnswer, lost: true},
		{name: "SSID of 33 bytes", device: entry(func(e *pb.WiFiScanResult) { e.SSID = make([]byte, 33) }), err: ErrBadAnswer, lost: true},
		{name: "BSSID of 5 bytes", device: entry(func(e *pb.WiFiScanResult) { e.BSSID = e.BSSID[:5] }), err: ErrBadAnswer, lost: true},
		{name: "odd values", device: entry(func(e *pb.WiFiScanResult) {
			*e = pb.WiFiScanResult{RSSI: -1 << 31, Channel: 1<<32 - 1, Auth: -1}
		}), n: 8},
		{name: "empty page", device: result(func(r *pb.WiFiScanPayload) { r.RespScanResult.Entries = nil }), n: 0},
		{name: "short page", device: result(func(r *pb.WiFiScanPayload) { r.RespScanResult.Entries = r.RespScanResult.Entries[:3] }), n: 3},
		{name: "Q-E4 InternalError with what exists", device: result(func(r *pb.WiFiScanPayload) {
			r.Status, r.RespScanResult.Entries = pb.StatusInternalError, r.RespScanResult.Entries[:3]
		}), n: 3},
		{name: "InternalError with all", device: result(func(r *pb.WiFiScanPayload) { r.Status = pb.StatusInternalError }), n: 4},
		{name: "InternalError with nothing", device: result(func(r *pb.WiFiScanPayload) {
			r.Status, r.RespScanResult.Entries = pb.StatusInternalError, nil
		}), err: &StatusError{StatusInternalError}},
		{name: "InvalidArgument", device: result(func(r *pb.WiFiScanPayload) { r.Status = pb.StatusInvalidArgument }),
			err: &StatusError{StatusInvalidArgument}},
		{name: "Q-E24 list shrinks between two pages", device: result(func(r *pb.WiFiScanPayload) {
			if page++; page == 2 {
				r.RespScanResult.Entries = r.RespScanResult.Entries[:1]
			}
		}), n: 5},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c := dialTransport(t, bleWire{&wire{d: tc.device, page: 4, closed: make(chan struct{})}}, Config{})
			list, err := c.Scan(t.Context(), ScanOptions{})
			if tc.err == nil {
				require.NoError(t, err)
				want := min(tc.n, 8)
				require.Len(t, list, want)
				return
			}
			if want, ok := tc.err.(*StatusError); ok {
				var got *StatusError
				require.ErrorAs(t, err, &got)
				require.Equal(t, want, got)
			} else {
				require.ErrorIs(t, err, tc.err)
			}
			require.Nil(t, list)
			if tc.lost {
				require.ErrorIs(t, err, ErrSessionLost)
			} else {
				require.NotErrorIs(t, err, ErrSessionLost)
			}
		})
	}
}

// A device that announces four thousand million results gets a bounded number
// of requests.
func TestScanBounded(t *testing.T) {
	d := sec0Device()
	d.hook = func(endpoint string, plain []byte) ([]byte, error) {
		var m pb.WiFiScanPayload
		if endpoint != "prov-scan" || m.Unmarshal(plain) != nil {
			return nil, errPass
		}
		r := pb.WiFiScanPayload{Msg: m.Msg + 1, WhichPayload: m.WhichPayload + 1}
		switch m.Msg {
		case pb.WiFiScanMsgTypeCmdScanStatus:
			r.WhichPayload = pb.WiFiScanPayloadRespScanStatus
			r.RespScanStatus = pb.RespScanStatus{ScanFinished: true, ResultCount: 1<<32 - 1}
		case pb.WiFiScanMsgTypeCmdScanResult:
			r.RespScanResult.Entries = make([]pb.WiFiScanResult, m.CmdScanResult.Count)
		}
		return r.AppendTo(nil), nil
	}
	c := dialTransport(t, bleWire{&wire{d: d, page: 4, closed: make(chan struct{})}}, Config{})
	list, err := c.Scan(t.Context(), ScanOptions{})
	require.NoError(t, err)
	require.Len(t, list, maxNetworks)
	require.Len(t, scanPages(d), maxNetworks/4)
}

func TestScanWithoutEndpoint(t *testing.T) {
	d := sec0Device()
	d.hook = func(endpoint string, _ []byte) ([]byte, error) {
		if endpoint == "prov-scan" {
			return nil, errNoEndpoint
		}
		return nil, errPass
	}
	_, err := dialWire(t, d, Config{}).Scan(t.Context(), ScanOptions{})
	require.Equal(t, "client: scan: prov-scan: device has no such endpoint (the device cannot scan: give the network's name)", err.Error())
}

func TestMergeNetworks(t *testing.T) {
	list := []Network{
		{SSID: "b", RSSI: -60, Channel: 1}, {SSID: "", RSSI: -10}, {SSID: "a", RSSI: -50},
		{SSID: "b", RSSI: -40, Channel: 6}, {SSID: "c", RSSI: -50}, {SSID: "a", RSSI: -50, Channel: 9},
	}
	before := append([]Network{}, list...)
	require.Equal(t, []Network{{SSID: "b", RSSI: -40, Channel: 6}, {SSID: "a", RSSI: -50}, {SSID: "c", RSSI: -50}}, MergeNetworks(list))
	require.Equal(t, before, list)
	require.Empty(t, MergeNetworks(nil))
}

func TestNetworkString(t *testing.T) {
	n := Network{SSID: "a\x1b[2J", BSSID: hal.BSSID{2, 0x11, 0x22, 0x33, 0x44, 1}, Channel: 6, RSSI: -40, Auth: 3}
	require.Equal(t, `a\x1b[2J (02:11:22:33:44:01, channel 6, -40 dBm, WPA2)`, n.String())
}
