// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/explain"
)

// handshakeTries is how often the four-way handshake is tried.
const handshakeTries = 4

// link is the state of a board's station:
//
//	idle    -- Connect --------> joining
//	joining -- JoinTime -------> linked or, with a reason, idle
//	linked  -- DHCP -----------> online
//	any     -- dropLocked -----> idle
//
// In state joining the field joining is set, in linked ap is set, in online ip too. The
// alarm is for the join, for DHCP, or for missing beacons.
type link struct {
	joining bool
	ap      *AP
	ip      hal.IPv4
	online  bool
	alarm   alarm
}

// Connect implements hal.Station.
func (b *Board) Connect() error {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if err := b.stationLocked(); err != nil {
		return err
	}
	switch {
	case b.link.joining:
		return explain.Error(hal.ErrBusy, "the station is joining a network")
	case b.link.ap != nil:
		return nil
	case b.config.SSID == "":
		return errNoNetwork
	}
	b.breakScanLocked()
	cfg := *b.config
	p, reason := b.chooseLocked(cfg)
	d := b.air.cfg.JoinTime
	if p != nil && p.cfg.JoinTime != 0 {
		d = p.cfg.JoinTime
	}
	b.link.joining = true
	b.join, b.joinAP = hal.JoinScan, p
	if p != nil {
		b.join = hal.JoinAuth
	}
	b.link.alarm.set(b.air, d, func() {
		if p != nil {
			if reason = b.refuse.strike(); reason == 0 {
				reason = p.associateLocked()
			}
		}
		switch {
		case reason != 0:
			b.join = max(b.join, reason.Step())
			b.dropLocked(reason)
		case !p.opensLocked(cfg.Passphrase):
			b.failHandshakeLocked(p)
		default:
			b.linkLocked(p)
		}
	})
	return nil
}

// associateLocked decides about a station's attempt to associate; 0: it may.
func (p *AP) associateLocked() hal.Reason {
	if p.cfg.Absent {
		return hal.ReasonAuthExpire
	}
	p.joins++
	if p.cfg.Refuse != 0 && (p.cfg.RefuseFirst <= 0 || p.joins <= p.cfg.RefuseFirst) {
		return p.cfg.Refuse
	}
	if p.cfg.MaxStations > 0 && p.stations >= p.cfg.MaxStations {
		return hal.ReasonAssocTooMany
	}
	return 0
}

// failHandshakeLocked lets the handshake fail, after its tries.
func (b *Board) failHandshakeLocked(p *AP) {
	b.join = hal.JoinHandshake
	reason := p.cfg.WrongPassphrase
	if reason == 0 {
		reason = b.air.cfg.WrongPassphrase
	}
	if b.air.cfg.HandshakeTry <= 0 {
		b.dropLocked(reason)
		return
	}
	b.link.alarm.set(b.air, handshakeTries*b.air.cfg.HandshakeTry, func() { b.dropLocked(reason) })
}

// linkLocked makes the station a member of the network.
func (b *Board) linkLocked(p *AP) {
	b.link.joining, b.link.ap = false, p
	b.join = hal.JoinDHCP
	p.stations++
	if b.softAP != nil {
		b.softAP.cfg.Channel = p.cfg.Channel // one radio, one channel
	}
	b.events.Emit(hal.Event{Kind: hal.EventConnected})
	b.askAddressLocked()
}

// askAddressLocked waits for an address, if the access point is on the air.
func (b *Board) askAddressLocked() {
	cfg := b.link.ap.cfg
	silent := b.noDHCP || cfg.NoDHCP || cfg.DHCPTimeout > 0 && cfg.DHCPTimeout <= cfg.DHCPDelay
	switch {
	case silent && cfg.DHCPTimeout > 0:
		b.link.alarm.set(b.air, cfg.DHCPTimeout, func() { b.dropLocked(hal.ReasonConnectionFail) })
	case silent:
	case cfg.DHCPDelay <= 0:
		b.onlineLocked(cfg.IP)
	default:
		b.link.alarm.set(b.air, cfg.DHCPDelay, func() { b.onlineLocked(cfg.IP) })
	}
}

func (b *Board) onlineLocked(ip hal.IPv4) {
	b.link.ip, b.link.online = ip, true
	b.join = hal.JoinDone
	b.events.Emit(hal.Event{Kind: hal.EventGotIP, IP: ip})
}

// missBeaconsLocked begins to wait for an access point that has vanished.
func (b *Board) missBeaconsLocked() {
	b.link.alarm.set(b.air, b.cfg.BeaconTimeout, func() { b.dropLocked(hal.ReasonBeaconTimeout) })
}

// hearBeaconsLocked goes on when the access point is back.
func (b *Board) hearBeaconsLocked() {
	b.link.alarm.stop()
	if !b.link.online {
		b.askAddressLocked()
	}
}

// leaveLocked ends a link or an attempt to join, and reports whether there was one.
func (b *Board) leaveLocked() bool {
	was := b.link.joining || b.link.ap != nil
	b.link.alarm.stop()
	if b.link.ap != nil {
		b.link.ap.stations--
	}
	b.link.joining, b.link.ap, b.link.online, b.link.ip = false, nil, false, hal.IPv4{}
	return was
}

// dropLocked is leaveLocked with the event.
func (b *Board) dropLocked(reason hal.Reason) {
	if b.leaveLocked() {
		b.events.Emit(hal.Event{Kind: hal.EventDisconnected, Reason: reason})
	}
}

// Disconnect implements hal.Station.
func (b *Board) Disconnect() error {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if !b.link.joining && b.link.ap == nil {
		return nil
	}
	if err := b.acceptLocked(); err != nil {
		return err
	}
	b.dropLocked(hal.ReasonAssocLeave)
	return nil
}

// Link implements hal.Station. The RSSI is without drift.
func (b *Board) Link() (hal.Link, error) {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if !b.link.online {
		return hal.Link{}, hal.ErrNotConnected
	}
	return hal.Link{AP: b.link.ap.infoLocked(), IP: b.link.ip}, nil
}

// JoinInfo implements hal.JoinReporter. The access point is chosen when Connect is
// called; JoinTime counts as authentication.
func (b *Board) JoinInfo() (hal.JoinInfo, error) {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.closed {
		return hal.JoinInfo{}, ErrClosed
	}
	info := hal.JoinInfo{Step: b.join}
	if b.joinAP != nil {
		info.AP = b.joinAP.infoLocked()
	}
	return info, nil
}

// IPConfig implements hal.JoinReporter: a /24 network in which .1 is the gateway and
// the name server.
func (b *Board) IPConfig() (hal.IPConfig, error) {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if !b.link.online {
		return hal.IPConfig{}, hal.ErrNotConnected
	}
	ip := b.link.ip
	gateway := hal.IPv4{ip[0], ip[1], ip[2], 1}
	return hal.IPConfig{Address: ip, Netmask: hal.IPv4{255, 255, 255, 0}, Gateway: gateway, DNS: gateway}, nil
}
