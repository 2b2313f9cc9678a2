// SPDX-License-Identifier: Apache-2.0

package sim

import "github.com/wifiprov/wifiprov/hal"

// chooseLocked looks for the access point to join, by SSID, by BSSID if one is set, and
// by security. If there is none it returns the reason: 201 if none has that name, 211 if
// all are below cfg.MinAuth, else 210, since none has compatible security.
func (b *Board) chooseLocked(cfg hal.StationConfig) (*AP, hal.Reason) {
	var best *AP
	reason := hal.ReasonNoAPFound
	for _, p := range b.air.cells {
		if p.owner == b || p.cfg.Absent || p.cfg.SSID != cfg.SSID ||
			cfg.BSSIDSet && p.cfg.BSSID != cfg.BSSID ||
			!b.finds(p.cfg.Channel, cfg.Channel) {
			continue
		}
		if r := compatible(cfg, p.cfg.Auth); r != 0 {
			if reason != hal.ReasonNoAPCompatibleSec {
				reason = r
			}
			continue
		}
		if best == nil || prefer(cfg, p, best) {
			best = p
		}
	}
	if best != nil {
		return best, 0
	}
	return nil, reason
}

// finds reports whether a scan of the channel asked (0: all) finds access points on
// channel. Only a scan of channel 14 finds those on 14.
func (b *Board) finds(channel, asked uint8) bool {
	return channel < 14 || channel > 14 && b.cfg.FiveGHz || channel == 14 && asked == 14
}

// prefer reports whether p is a better choice than q: found earlier in a fast scan, or
// stronger in a scan of all channels.
func prefer(cfg hal.StationConfig, p, q *AP) bool {
	if cfg.ScanMethod == hal.ScanFast {
		if c, d := turn(cfg, p), turn(cfg, q); c != d {
			return c < d
		}
	} else if p.cfg.RSSI != q.cfg.RSSI {
		return p.cfg.RSSI > q.cfg.RSSI
	}
	return p.order < q.order
}

// turn is when a fast scan gets to p's channel.
func turn(cfg hal.StationConfig, p *AP) uint8 {
	if p.cfg.Channel == cfg.Channel {
		return 0
	}
	return p.cfg.Channel
}

// compatible returns 0 if a station with this configuration can try to join a
// network with that authentication, otherwise the reason. Strength is compared
// by number, as the driver does.
func compatible(cfg hal.StationConfig, auth hal.AuthMode) hal.Reason {
	if auth < cfg.MinAuth {
		return hal.ReasonNoAPAuthModeThreshold
	}
	switch {
	case auth == hal.AuthOpen, auth == hal.AuthOWE:
		return 0
	case enterprise(auth), cfg.Passphrase == "":
		return hal.ReasonNoAPCompatibleSec
	}
	return 0
}

// enterprise reports whether a network needs credentials other than a passphrase
// (wifi-nvs.md 5).
func enterprise(auth hal.AuthMode) bool {
	return auth == hal.AuthWPA2Enterprise || auth == hal.AuthWPA3Ent192 || auth >= 13
}
