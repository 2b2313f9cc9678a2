// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// APConfig describes an access point and what happens to stations that join it.
// The zero value of each field means its default.
type APConfig struct {
	// SSID is up to 32 arbitrary bytes.
	SSID hal.SSID
	// BSSID; zero: 02:11:22:33:44:NN, where NN counts the access points of
	// the air from 1.
	BSSID hal.BSSID
	// Channel of 2.4 GHz, 1 to 14, or of 5 GHz, 36 to 177 (hal.ValidChannel);
	// 0: 1. On channel 14 only scans of that channel find it, on 5 GHz only
	// boards with BoardConfig.FiveGHz.
	Channel uint8
	// RSSI in dBm; 0: DefaultRSSI.
	RSSI int8
	// Drift is how far in dB the RSSI moves up or down from scan to scan.
	Drift uint8
	// Auth is the authentication; the zero value is an open network.
	Auth hal.AuthMode
	// Passphrase of the network, or its key in 64 hexadecimal digits. A station
	// joins with either of the two; a WPA3 network requires the one that is
	// given here. An open network ignores it. Except for WEP, stations cannot
	// join with a passphrase that is shorter than 8 bytes, or longer than 63
	// and not a key.
	Passphrase hal.Secret
	// Hidden networks do not appear in scans; stations that know the SSID can
	// join. Networks whose SSID is empty or all zero bytes do not appear either.
	Hidden bool
	// Absent keeps it off the air until Appear is called.
	Absent bool

	// JoinTime from Connect to its outcome; 0: that of the air.
	JoinTime time.Duration
	// WrongPassphrase is the reason for a wrong passphrase; 0: that of the air.
	WrongPassphrase hal.Reason
	// Refuse is a reason with which all joins fail, also with the right
	// passphrase; 0: none.
	Refuse hal.Reason
	// RefuseFirst limits Refuse to that number of joins of all boards together;
	// 0: no limit.
	RefuseFirst int
	// MaxStations may be associated at the same time; further ones fail with
	// hal.ReasonAssocTooMany (5). 0: no limit.
	MaxStations int

	// DHCPDelay is the time from association to the address; 0: none.
	DHCPDelay time.Duration
	// NoDHCP keeps stations without an address forever.
	NoDHCP bool
	// DHCPTimeout is how long after association a station without an address
	// gives up its link with hal.ReasonConnectionFail (205); 0: never, as
	// ESP-IDF does.
	DHCPTimeout time.Duration
	// IP is the address for every station; zero: 192.168.1.77.
	IP hal.IPv4
}

// AP is an access point on an Air.
type AP struct {
	air   *Air
	order uint32 // in a scan, among equally strong ones
	owner *Board // of a SoftAP

	// guarded by air.mu
	cfg      *APConfig   // a pointer, so that fmt does not print secrets
	derived  *derivation // the last key derived; or nil
	joins    int         // since configured
	stations int
	probes   int
}

// Info returns the access point as a scan finds it, without drift, and with the SSID
// even if it is hidden.
func (p *AP) Info() hal.AccessPoint {
	p.air.mu.Lock()
	defer p.air.mu.Unlock()
	return p.infoLocked()
}

func (p *AP) infoLocked() hal.AccessPoint {
	return hal.AccessPoint{SSID: p.cfg.SSID, BSSID: p.cfg.BSSID, Channel: p.cfg.Channel, RSSI: p.cfg.RSSI, Auth: p.cfg.Auth}
}

// Config returns the present configuration, defaults filled in.
func (p *AP) Config() APConfig {
	p.air.mu.Lock()
	defer p.air.mu.Unlock()
	return *p.cfg
}

// Configure replaces the configuration; a zero BSSID keeps the present one.
// Connected stations stay, unless it is Absent. RefuseFirst counts anew. On an error
// nothing changes.
func (p *AP) Configure(cfg APConfig) error {
	p.air.mu.Lock()
	defer p.air.mu.Unlock()
	return p.configureLocked(cfg)
}

func (p *AP) configureLocked(cfg APConfig) error {
	if len(cfg.SSID) > hal.MaxSSID {
		return errSSID
	}
	if cfg.Channel == 0 {
		cfg.Channel = 1
	}
	if !hal.ValidChannel(cfg.Channel) {
		return errChannel
	}
	if cfg.BSSID == (hal.BSSID{}) {
		cfg.BSSID = p.cfg.BSSID
	}
	if cfg.RSSI == 0 {
		cfg.RSSI = DefaultRSSI
	}
	if cfg.IP == (hal.IPv4{}) {
		cfg.IP = hal.IPv4{192, 168, 1, 77}
	}
	absent := cfg.Absent
	cfg.Absent = p.cfg.Absent
	p.cfg, p.derived, p.joins = &cfg, nil, 0
	p.setAbsentLocked(absent)
	return nil
}

// Vanish takes the access point off the air. Stations lose their link with
// hal.ReasonBeaconTimeout (200) after their beacon timeout, unless it appears again
// before.
func (p *AP) Vanish() { p.setAbsent(true) }

// Appear puts the access point on the air again.
func (p *AP) Appear() { p.setAbsent(false) }

func (p *AP) setAbsent(absent bool) {
	p.air.mu.Lock()
	defer p.air.mu.Unlock()
	p.setAbsentLocked(absent)
}

func (p *AP) setAbsentLocked(absent bool) {
	if p.cfg.Absent == absent {
		return
	}
	p.cfg.Absent = absent
	p.eachStationLocked(func(b *Board) {
		if absent {
			b.missBeaconsLocked()
		} else {
			b.hearBeaconsLocked()
		}
	})
}

// Kick ends the links of all stations with a reason at once, and returns how
// many there were.
func (p *AP) Kick(reason hal.Reason) int {
	p.air.mu.Lock()
	defer p.air.mu.Unlock()
	n := 0
	p.eachStationLocked(func(b *Board) {
		b.dropLocked(reason)
		n++
	})
	return n
}

// Stations returns how many stations are associated.
func (p *AP) Stations() int {
	p.air.mu.Lock()
	defer p.air.mu.Unlock()
	return p.stations
}

// Probes returns how many probe requests the access point has got: one from each
// scan of its channel that was not passive.
func (p *AP) Probes() int {
	p.air.mu.Lock()
	defer p.air.mu.Unlock()
	return p.probes
}

// eachStationLocked calls fn for each associated board, in their order of
// adding.
func (p *AP) eachStationLocked(fn func(*Board)) {
	if p.stations == 0 {
		return
	}
	for _, b := range p.air.boards {
		if b.link.ap == p {
			fn(b)
		}
	}
}
