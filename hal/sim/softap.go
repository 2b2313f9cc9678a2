// SPDX-License-Identifier: Apache-2.0

package sim

import "github.com/wifiprov/wifiprov/hal"

// Defaults of the driver for a SoftAP.
const (
	softAPChannel  = 1
	softAPStations = 4
	softAPOrder    = 1 << 30 // behind all access points of the air
)

// StartSoftAP implements hal.SoftAP. Other boards see the access point and can join it.
// The radio must be started. While the station has a link, the access point has the
// station's channel, also on 5 GHz. Otherwise channel 0 means 1. MaxStations 0 means 4.
func (b *Board) StartSoftAP(cfg hal.SoftAPConfig) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if err := b.acceptLocked(); err != nil {
		return err
	}
	if !b.started {
		return hal.ErrNotStarted
	}
	b.closeSoftAPLocked()
	b.setModeLocked(hal.ModeAPSTA)
	p := &AP{air: b.air, owner: b, order: softAPOrder + uint32(b.number), cfg: &APConfig{
		SSID:        cfg.SSID,
		BSSID:       b.cfg.MAC,
		Channel:     softAPChannel,
		RSSI:        b.cfg.RSSI,
		Passphrase:  cfg.Key,
		MaxStations: softAPStations,
		IP:          hal.IPv4{192, 168, 4, 2},
	}}
	p.cfg.BSSID[5]++
	if cfg.Key != "" {
		p.cfg.Auth = cfg.Auth
		if cfg.Auth == hal.AuthOpen {
			p.cfg.Auth = hal.AuthWPA2PSK
		}
	}
	if cfg.MaxStations != 0 {
		p.cfg.MaxStations = int(cfg.MaxStations)
	}
	switch {
	case b.link.ap != nil:
		p.cfg.Channel = b.link.ap.cfg.Channel
	case cfg.Channel != 0:
		p.cfg.Channel = cfg.Channel
	}
	b.softAP, b.softCfg = p, &cfg
	b.air.cells = append(b.air.cells, p)
	return nil
}

// StopSoftAP implements hal.SoftAP. Its stations lose their links with
// hal.ReasonAuthLeave.
func (b *Board) StopSoftAP() error {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.softAP != nil {
		b.setModeLocked(hal.ModeSTA)
	}
	return nil
}

// SoftAP returns the configuration of the open SoftAP; false: none is open.
func (b *Board) SoftAP() (hal.SoftAPConfig, bool) {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	if b.softAP == nil {
		return hal.SoftAPConfig{}, false
	}
	return *b.softCfg, true
}

// closeSoftAPLocked ends the links of the SoftAP's stations and closes it.
func (b *Board) closeSoftAPLocked() {
	if p := b.softAP; p != nil {
		p.eachStationLocked(func(s *Board) { s.dropLocked(hal.ReasonAuthLeave) })
		b.silenceLocked()
	}
}

// silenceLocked closes the SoftAP without telling its stations.
func (b *Board) silenceLocked() {
	if p := b.softAP; p != nil {
		p.setAbsentLocked(true)
		b.air.removeLocked(p)
		b.softAP, b.softCfg = nil, nil
	}
}
