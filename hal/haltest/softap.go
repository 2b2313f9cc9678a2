// SPDX-License-Identifier: Apache-2.0

package haltest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

var (
	openAP   = hal.SoftAPConfig{SSID: "PROV_TEST"}
	lockedAP = hal.SoftAPConfig{SSID: "PROV_TEST_WITH_A_NAME_OF_32_BYTE", Key: "12345678", Auth: hal.AuthWPA2PSK, Channel: 6, MaxStations: 2}
)

func checkSoftAP(r Rig) error { return cycleSoftAP(r, []hal.SoftAPConfig{openAP}) }

// StartSoftAP: "replacing one that is open."
func checkSoftAPTwice(r Rig) error { return cycleSoftAP(r, []hal.SoftAPConfig{openAP, lockedAP}) }

// StopSoftAP: "Without an open one it succeeds."
func cycleSoftAP(r Rig, configs []hal.SoftAPConfig) error {
	if r.SoftAP == nil {
		return nil
	}
	b, err := station(r)
	if err != nil {
		return err
	}
	for range 2 {
		for _, cfg := range configs {
			if err := promptly("StartSoftAP", func() error { return b.SoftAP.StartSoftAP(cfg) }); err != nil {
				return err
			}
		}
		for range 2 {
			if err := promptly("StopSoftAP", b.SoftAP.StopSoftAP); err != nil {
				return err
			}
		}
	}
	return b.quiet()
}

// StartSoftAP: "switches the radio to ModeAPSTA"; StopSoftAP: "leaves the
// station alone."
func checkSoftAPKeepsLink(r Rig) error {
	if r.SoftAP == nil || r.OneMode {
		return nil
	}
	b, err := station(r)
	if err != nil {
		return err
	}
	if err := b.SoftAP.StartSoftAP(openAP); err != nil {
		return err
	}
	if _, err := b.join(b.Network); err != nil {
		return fmt.Errorf("station beside the access point: %w", err)
	}
	before, err := b.WiFi.Link()
	if err != nil {
		return err
	}
	if err := b.SoftAP.StopSoftAP(); err != nil {
		return err
	}
	if err := b.quiet(); err != nil {
		return err
	}
	after, err := b.WiFi.Link()
	if err != nil {
		return fmt.Errorf("link is lost: %w", err)
	}
	if before.AP.BSSID != after.AP.BSSID || before.IP != after.IP {
		return fmt.Errorf("link was %+v, is %+v", before, after)
	}
	return nil
}

// Package hal: "Calls may come from any goroutine and may overlap."
func checkOverlap(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	w := b.WiFi
	calls := []func(){
		func() { _ = w.SetMode(hal.ModeSTA) },
		func() { _ = w.Start() },
		func() { w.Subscribe(func(hal.Event) {})() },
		func() { _ = w.SetStorage(hal.StorageRAM) },
		func() { _ = w.SetStationConfig(b.Network) },
		func() { _, _ = w.StationConfig() },
		func() { _ = w.Connect() },
		func() { _ = w.Disconnect() },
		func() { _, _ = w.Link() },
		func() { _ = w.StartScan(hal.ScanConfig{}) },
		func() { _ = w.StopScan() },
		func() { _, _ = w.ScanResults(make([]hal.AccessPoint, 4)) },
	}
	var wg sync.WaitGroup
	for _, call := range calls {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 20 {
				call()
			}
		}()
	}
	if err := promptly("overlapping calls", func() error { wg.Wait(); return nil }); err != nil {
		return err
	}
	// It must be as good as new afterwards.
	if err := errors.Join(named("StopScan", w.StopScan()), named("Disconnect", w.Disconnect())); err != nil {
		return fmt.Errorf("after overlapping calls: %w", err)
	}
	for drained := false; !drained; {
		drained = b.quiet() == nil
	}
	if _, err := b.join(b.Network); err != nil {
		return fmt.Errorf("after overlapping calls: %w", err)
	}
	return nil
}
