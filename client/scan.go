// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// Defaults and bounds of a scan.
const (
	defaultScanPeriod  = 120 * time.Millisecond // that of genuine clients
	defaultScanTimeout = 30 * time.Second
	maxNetworks        = 1024 // devices keep 16
	defaultPageSize    = 100
	scanPollInterval   = 500 * time.Millisecond
)

// ScanOptions describes a scan. The zero value is what the phone apps use.
type ScanOptions struct {
	// Passive makes the device listen for beacons without sending probe
	// requests.
	Passive bool
	// GroupChannels n > 0 makes the device scan channel by channel and pause
	// before each channel number divisible by n, so that its own access point
	// stays reachable; esp_prov uses 5 over SoftAP. 0: all channels at once.
	// At most 255.
	GroupChannels int
	// Period is the time per channel, in whole milliseconds. 0: 120 ms;
	// negative: the device's own default. Devices with Bluetooth ignore it.
	Period time.Duration
	// Timeout bounds the wait for a device that answers before its scan is
	// over. 0: 30 s; negative: no limit.
	Timeout time.Duration
}

// Network is an access point that the device sees.
type Network struct {
	SSID    hal.SSID // empty: hidden
	BSSID   hal.BSSID
	Channel int // primary channel
	RSSI    int // dBm
	Auth    hal.AuthMode
}

// String describes the network in one line.
func (n Network) String() string {
	return fmt.Sprintf("%v (%v, channel %d, %d dBm, %v)", n.SSID, n.BSSID, n.Channel, n.RSSI, n.Auth)
}

// Scan lets the device scan, and returns one entry for each access point that it
// found, in the device's order, strongest first. [MergeNetworks] reduces the list
// to one entry for each name. Scan needs a session.
//
// A device usually answers when its scan is over. If it answers earlier, Scan asks
// every 0.5 s whether the scan is over. If another client starts a scan while Scan
// reads the list, the list may become shorter.
func (c *Client) Scan(ctx context.Context, opt ScanOptions) ([]Network, error) {
	var list []Network
	err := c.do(ctx, "scan", func() (err error) {
		list, err = c.scan(ctx, opt)
		return err
	})
	return list, err
}

// scan is Scan in its turn.
func (c *Client) scan(ctx context.Context, opt ScanOptions) ([]Network, error) {
	if opt.GroupChannels < 0 || opt.GroupChannels > 255 {
		return nil, fmt.Errorf("ScanOptions.GroupChannels is %d, want 0 to 255", opt.GroupChannels)
	}
	ms := max(0, cmp.Or(opt.Period, defaultScanPeriod).Milliseconds())
	if ms > 1<<32-1 {
		return nil, fmt.Errorf("ScanOptions.Period %v is too long", opt.Period)
	}

	if opt.GroupChannels == 0 {
		c.report(StepScan, "all channels")
	} else {
		c.report(StepScan, fmt.Sprintf("in groups of %d channels", opt.GroupChannels))
	}
	m := pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanStart, WhichPayload: pb.WiFiScanPayloadCmdScanStart}
	m.CmdScanStart = pb.CmdScanStart{
		Blocking: true, Passive: opt.Passive, GroupChannels: uint32(opt.GroupChannels), PeriodMs: uint32(ms),
	}
	status, err := c.scanRequest(ctx, &m, pb.WiFiScanPayloadRespScanStart)
	if err == nil {
		err = opError("scan", endpointScan, checkStatus(status))
	}
	if err != nil {
		return nil, err
	}
	count, err := c.awaitScan(ctx, opt.Timeout)
	if err != nil {
		return nil, err
	}
	return c.scanResults(ctx, count)
}

// awaitScan waits until the scan is over and returns the number of results.
func (c *Client) awaitScan(ctx context.Context, timeout time.Duration) (int, error) {
	timeout = cmp.Or(timeout, defaultScanTimeout)
	start := time.Now()
	for {
		m := pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanStatus}
		status, err := c.scanRequest(ctx, &m, pb.WiFiScanPayloadRespScanStatus)
		if err == nil {
			err = opError("scan", endpointScan, checkStatus(status))
		}
		if err != nil {
			return 0, err
		}
		if m.RespScanStatus.ScanFinished {
			return int(min(m.RespScanStatus.ResultCount, maxNetworks)), nil
		}
		if timeout >= 0 && time.Since(start)+scanPollInterval > timeout {
			return 0, &Error{Op: "scan", Endpoint: endpointScan,
				Err: fmt.Errorf("%w: the scan is still running after %v", ErrTimeout, timeout)}
		}
		if err := c.sleep(ctx, scanPollInterval); err != nil {
			return 0, opError("scan", "", err)
		}
	}
}

// scanResults fetches the list page by page.
func (c *Client) scanResults(ctx context.Context, count int) ([]Network, error) {
	page := defaultPageSize
	if p, ok := c.transport.(PageSizer); ok {
		page = max(p.ScanPageSize(), 1)
	}
	list := make([]Network, 0, count)
	for len(list) < count {
		want := min(page, count-len(list))
		c.report(StepResults, fmt.Sprintf("%d of %d", len(list), count))
		m := pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanResult, WhichPayload: pb.WiFiScanPayloadCmdScanResult}
		m.CmdScanResult = pb.CmdScanResult{StartIndex: uint32(len(list)), Count: uint32(want)}
		var entries []Network
		status, err := c.scanRequest(ctx, &m, pb.WiFiScanPayloadRespScanResult, func() (err error) {
			entries, err = networks(m.RespScanResult.Entries, want)
			return err
		})
		if err != nil {
			return nil, err
		}
		list = append(list, entries...)
		// InternalError with or after some entries means that the list has
		// become shorter (endpoints.md 3.5).
		if err := checkStatus(status); err != nil && (status != pb.StatusInternalError || len(list) == 0) {
			return nil, opError("scan", endpointScan, err)
		}
		if status != pb.StatusSuccess || len(entries) < want {
			break
		}
	}
	c.report(StepResults, fmt.Sprintf("%d networks", len(list)))
	return list, nil
}

// scanRequest sends m, receives the answer in m and checks that the answer is of
// the right kind. Each check sees the answer while its bytes are valid.
func (c *Client) scanRequest(ctx context.Context, m *pb.WiFiScanPayload, want pb.WiFiScanPayloadCase,
	checks ...func() error) (pb.Status, error) {
	msg := m.Msg + 1
	err := c.request(ctx, "scan", endpointScan, m.AppendTo(nil), func(b []byte) error {
		if err := m.Unmarshal(b); err != nil {
			return fmt.Errorf("%w: %w", ErrBadAnswer, err)
		}
		if m.Msg != msg || m.Status == pb.StatusSuccess && m.WhichPayload != want {
			return badAnswer("message %v instead of %v", m.Msg, msg)
		}
		for _, check := range checks {
			if err := check(); err != nil {
				return err
			}
		}
		return nil
	})
	return m.Status, err
}

// networks copies a page of results.
func networks(entries []pb.WiFiScanResult, want int) ([]Network, error) {
	if len(entries) > want {
		return nil, badAnswer("%d networks instead of %d", len(entries), want)
	}
	list := make([]Network, 0, len(entries))
	for _, e := range entries {
		n := Network{SSID: hal.SSID(e.SSID), RSSI: int(e.RSSI), Auth: authMode(e.Auth)}
		switch {
		case len(e.SSID) > hal.MaxSSID:
			return nil, badAnswer("SSID of %d bytes", len(e.SSID))
		case len(e.BSSID) != 0 && len(e.BSSID) != len(n.BSSID):
			return nil, badAnswer("BSSID of %d bytes", len(e.BSSID))
		}
		copy(n.BSSID[:], e.BSSID)
		n.Channel = int(min(e.Channel, 1<<15))
		list = append(list, n)
	}
	return list, nil
}

// authMode returns the device's number, or 255 for one that no driver can have.
func authMode(a pb.WiFiAuthMode) hal.AuthMode {
	if a < 0 || a > 255 {
		return 255
	}
	return hal.AuthMode(a)
}

// MergeNetworks returns the list from which a user chooses: for each SSID its
// strongest access point, strongest first, without hidden networks. It does not
// change its argument.
func MergeNetworks(list []Network) []Network {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Network) int { return cmp.Compare(b.RSSI, a.RSSI) })
	seen := make(map[hal.SSID]bool, len(sorted))
	return slices.DeleteFunc(sorted, func(n Network) bool {
		drop := n.SSID == "" || seen[n.SSID]
		seen[n.SSID] = true
		return drop
	})
}

// sleep waits for d, or until ctx ends or Close is called.
func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.turns.closed.Done():
		return ErrClosed
	}
}
