// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
	"github.com/wifiprov/wifiprov/internal/scanlist"
)

// ScanChannels implements hal.ChannelLister. On a chip with 5 GHz it returns the
// channels that band mode and country allow, on other chips nil, which means 1 to 13.
func (d *Device) ScanChannels() (channels []uint8) {
	bands := nativeScanBands()
	for c := uint8(1); c <= hal.MaxChannel && bands != 0; c++ {
		if c == 14 || !hal.ValidChannel(c) {
			continue
		}
		if bands&1 != 0 {
			channels = append(channels, c)
		}
		if c >= 13 { // one bit for 1 to 13, then one for each channel
			bands >>= 1
		}
	}
	return channels
}

// StartScan implements hal.Scanner.
func (d *Device) StartScan(cfg hal.ScanConfig) error {
	if cfg.Channel != 0 && !hal.ValidChannel(cfg.Channel) {
		return &argError{"there is no channel of that number"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.station
	if s.scanning {
		return explain.Error(hal.ErrBusy, "a scan is running")
	}
	if err := nativeScanStart(cfg); err != nil {
		return err
	}
	s.scanning = true
	s.scans++
	return nil
}

// StopScan implements hal.Scanner.
func (d *Device) StopScan() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.station
	if !s.scanning {
		return nil
	}
	if err := nativeScanStop(); err != nil {
		return err
	}
	s.scanning = false
	s.stopped = s.scans
	return nil
}

// ScanResults implements hal.Scanner. The driver sorts the results and leaves out
// hidden networks. It forgets the results, even if the call fails.
func (d *Device) ScanResults(dst []hal.AccessPoint) (int, error) {
	const most = 255 // more than any caller keeps; each takes memory of ESP-IDF
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.station.scanning {
		return 0, explain.Error(hal.ErrBusy, "a scan is running")
	}
	n, err := nativeScanResults(dst[:min(len(dst), most)])
	if err != nil {
		return 0, err
	}
	// For networks that hide their name behind zero bytes.
	n = copy(dst, scanlist.Merge(nil, dst[:n], n))
	clear(dst[n:])
	return n, nil
}
