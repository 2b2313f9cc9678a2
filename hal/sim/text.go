// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
)

// configText describes a station's configuration without its secrets:
// "HomeNet", passphrase, all channels.
func configText(cfg hal.StationConfig) string {
	if cfg == (hal.StationConfig{}) {
		return "none"
	}
	s := strconv.Quote(string(cfg.SSID))
	if cfg.Passphrase != "" {
		s += ", passphrase"
	}
	if cfg.ScanMethod == hal.ScanAllChannel {
		s += ", all channels"
	}
	if cfg.BSSIDSet {
		s += ", BSSID " + cfg.BSSID.String()
	}
	if cfg.Channel != 0 {
		s += ", channel " + strconv.Itoa(int(cfg.Channel))
	}
	if cfg.MinAuth != 0 {
		s += ", at least " + cfg.MinAuth.String()
	}
	return s
}

// scanText describes a scan: channel 6, passive, 100 ms.
func scanText(cfg hal.ScanConfig) string {
	s := "all channels"
	if cfg.Channel != 0 {
		s = "channel " + strconv.Itoa(int(cfg.Channel))
	}
	if cfg.Passive {
		s += ", passive"
	}
	if cfg.PeriodMillis != 0 {
		s += ", " + strconv.FormatUint(uint64(cfg.PeriodMillis), 10) + " ms"
	}
	return s
}

// softAPText describes an access point: "PROV_123", key, WPA2, channel 6.
func softAPText(cfg hal.SoftAPConfig) string {
	s := strconv.Quote(string(cfg.SSID))
	if cfg.Key != "" {
		s += ", key"
	}
	s += ", " + cfg.Auth.String()
	if cfg.Channel != 0 {
		s += ", channel " + strconv.Itoa(int(cfg.Channel))
	}
	if cfg.MaxStations != 0 {
		s += ", " + strconv.Itoa(int(cfg.MaxStations)) + " stations"
	}
	return s
}

// eventText describes an event: Disconnected beacon lost (200).
func eventText(e hal.Event) string {
	s := e.Kind.String()
	switch e.Kind {
	case hal.EventDisconnected:
		s += " " + e.Reason.String()
	case hal.EventGotIP:
		s += " " + e.IP.String()
	case hal.EventScanDone:
		if e.ScanFailed {
			s += " failed"
		}
	}
	return s
}
