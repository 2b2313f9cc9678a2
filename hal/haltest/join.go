// SPDX-License-Identifier: Apache-2.0

package haltest

import (
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/hal"
)

// reporter returns the optional hal.JoinReporter; nil: the HAL has none.
func (r Rig) reporter() hal.JoinReporter {
	j, ok := r.WiFi.(hal.JoinReporter)
	if !ok {
		return nil
	}
	if _, err := j.JoinInfo(); errors.Is(err, hal.ErrNotSupported) {
		return nil
	}
	return j
}

// info is JoinInfo, which must have got to a step within bounds.
func info(j hal.JoinReporter, when string, low, high hal.JoinStep) (hal.JoinInfo, error) {
	i, err := j.JoinInfo()
	if err == nil && (i.Step < low || i.Step > high) {
		err = fmt.Errorf("step is %v, want %v to %v", i.Step, low, high)
	}
	if err != nil {
		return i, fmt.Errorf("JoinInfo %s: %w", when, err)
	}
	return i, nil
}

// JoinInfo: "Before the first attempt it is zero"; "with a link that is the
// attempt that led to it."
func checkJoinInfo(r Rig) error {
	j := r.reporter()
	if j == nil {
		return nil
	}
	b, err := station(r)
	if err != nil {
		return err
	}
	if i, err := j.JoinInfo(); err != nil || i != (hal.JoinInfo{}) {
		return fmt.Errorf("JoinInfo before the first attempt: %+v, error %v", i, err)
	}
	if err := b.WiFi.SetStationConfig(b.Network); err != nil {
		return err
	}
	if err := promptly("Connect", b.WiFi.Connect); err != nil {
		return err
	}
	if _, err := info(j, "after Connect", hal.JoinScan, hal.JoinDone); err != nil {
		return err
	}
	for _, kind := range []hal.EventKind{hal.EventConnected, hal.EventGotIP} {
		if _, err := b.wait(kind); err != nil {
			return err
		}
	}
	i, err := info(j, "with an address", hal.JoinDone, hal.JoinDone)
	if err != nil {
		return err
	}
	link, err := b.WiFi.Link()
	if err != nil {
		return err
	}
	if i.AP.SSID != link.AP.SSID || i.AP.BSSID != link.AP.BSSID || i.AP.Channel != link.AP.Channel || i.AP.RSSI >= 0 {
		return fmt.Errorf("JoinInfo says %+v, Link %+v", i.AP, link.AP)
	}
	if err := b.WiFi.Disconnect(); err != nil {
		return err
	}
	if err := b.left(); err != nil {
		return err
	}
	_, err = info(j, "after Disconnect", hal.JoinDone, hal.JoinDone)
	return err
}

// JoinInfo: "describes the attempt under way or, without one, the last"; AP:
// "its Channel is 0 when none was" chosen.
func checkJoinFailure(r Rig) error {
	j := r.reporter()
	if j == nil {
		return nil
	}
	b, err := station(r)
	if err != nil {
		return err
	}
	if b.Wrong != (hal.StationConfig{}) {
		if _, err := b.refused(b.Wrong); err != nil {
			return err
		}
		i, err := info(j, "after a wrong passphrase", hal.JoinAuth, hal.JoinHandshake)
		if err != nil {
			return err
		}
		if i.AP.SSID != b.Wrong.SSID || i.AP.Channel == 0 || b.Channel != 0 && i.AP.Channel != b.Channel {
			return fmt.Errorf("JoinInfo after a wrong passphrase: access point %+v", i.AP)
		}
	}
	if _, err := b.refused(b.Missing); err != nil {
		return err
	}
	i, err := info(j, "without a network", hal.JoinScan, hal.JoinScan)
	if err == nil && i.AP.Channel != 0 {
		err = fmt.Errorf("JoinInfo without a network: access point %+v", i.AP)
	}
	return err
}

// IPConfig: "returns the configuration of the present link; ErrNotConnected
// without an address."
func checkIPConfig(r Rig) error {
	j := r.reporter()
	if j == nil {
		return nil
	}
	b, err := station(r)
	if err != nil {
		return err
	}
	if _, err := j.IPConfig(); !errors.Is(err, hal.ErrNotConnected) {
		return fmt.Errorf("IPConfig without a link: error is %v, want ErrNotConnected", err)
	}
	got, err := b.join(b.Network)
	if err != nil {
		return err
	}
	cfg, err := j.IPConfig()
	if err != nil {
		return fmt.Errorf("IPConfig: %w", err)
	}
	if cfg.Address != got.IP {
		return fmt.Errorf("IPConfig.Address is %v; the event says %v", cfg.Address, got.IP)
	}
	if err := b.WiFi.Disconnect(); err != nil {
		return err
	}
	if err := b.left(); err != nil {
		return err
	}
	if _, err := j.IPConfig(); !errors.Is(err, hal.ErrNotConnected) {
		return fmt.Errorf("IPConfig after Disconnect: error is %v, want ErrNotConnected", err)
	}
	return nil
}
