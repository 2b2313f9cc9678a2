// SPDX-License-Identifier: Apache-2.0

package haltest

import (
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/hal"
)

// nobodyHas is an address that no access point has.
var nobodyHas = hal.BSSID{0x02, 0xde, 0xad, 0xbe, 0xef, 0x00}

// StationConfig: "BSSID to join, when BSSIDSet."
func checkPinned(r Rig) error {
	b, err := station(r)
	if err != nil || b.limited(hal.LimitBSSID) {
		return err
	}
	list, err := b.scan(hal.ScanConfig{})
	if err != nil {
		return err
	}
	cfg := b.Network
	cfg.BSSIDSet = true
	for _, ap := range list {
		if ap.SSID != b.Network.SSID || ap.BSSID == (hal.BSSID{}) {
			continue
		}
		cfg.BSSID = ap.BSSID
		if _, err := b.join(cfg); err != nil {
			return fmt.Errorf("pinned to %v: %w", cfg.BSSID, err)
		}
		link, err := b.WiFi.Link()
		if err != nil {
			return err
		}
		if link.AP.BSSID != cfg.BSSID {
			return fmt.Errorf("pinned to %v, the station is at %v", cfg.BSSID, link.AP.BSSID)
		}
		if err := errors.Join(b.WiFi.Disconnect(), b.left()); err != nil {
			return err
		}
	}
	cfg.BSSID = nobodyHas
	return b.notChosen("pinned to a BSSID that nobody has", cfg)
}

// StationConfig: "MinAuth is the weakest authentication to accept."
func checkMinAuth(r Rig) error {
	b, err := station(r)
	if err != nil || b.limited(hal.LimitMinAuth) {
		return err
	}
	if _, err := b.join(b.Network); err != nil {
		return err
	}
	link, err := b.WiFi.Link()
	if err != nil {
		return err
	}
	if err := errors.Join(b.WiFi.Disconnect(), b.left()); err != nil {
		return err
	}
	cfg := b.Network
	cfg.MinAuth = link.AP.Auth
	if _, err := b.join(cfg); err != nil {
		return fmt.Errorf("MinAuth %v, as the network has: %w", cfg.MinAuth, err)
	}
	if err := errors.Join(b.WiFi.Disconnect(), b.left()); err != nil {
		return err
	}
	for _, stronger := range []hal.AuthMode{hal.AuthWPA2PSK, hal.AuthWPA3PSK} {
		if stronger > link.AP.Auth {
			cfg.MinAuth = stronger
			return b.notChosen(fmt.Sprintf("MinAuth %v, the network has %v", stronger, link.AP.Auth), cfg)
		}
	}
	return nil // nothing is stronger
}

// notChosen fails unless the station finds no network for a configuration.
func (b *bench) notChosen(what string, cfg hal.StationConfig) error {
	reason, err := b.refused(cfg)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if reason.Step() != hal.JoinScan {
		return fmt.Errorf("%s: reason is %v, want one of those for no access point", what, reason)
	}
	if err := b.quiet(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return b.wantNoLink()
}
