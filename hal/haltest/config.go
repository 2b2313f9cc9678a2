// SPDX-License-Identifier: Apache-2.0

package haltest

import (
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/hal"
)

// full uses every field of a configuration and bytes that are no text.
var full = hal.StationConfig{
	SSID:       "\x00\xff\x01 32 bytes, some are not text!",
	Passphrase: "63 bytes: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	ScanMethod: hal.ScanAllChannel,
	BSSID:      hal.BSSID{0x02, 0, 0xff, 0, 1, 2},
	BSSIDSet:   true,
	Channel:    11,
	MinAuth:    hal.AuthWPA2PSK,
}

// keyed has a pre-shared key, which fills the driver's field without a zero byte at its
// end.
var keyed = hal.StationConfig{SSID: "key", Passphrase: "0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789ABCDEF"}

// wantConfig fails unless the current configuration is cfg.
func (b *bench) wantConfig(when string, cfg hal.StationConfig) error {
	got, err := b.WiFi.StationConfig()
	if err != nil {
		return fmt.Errorf("StationConfig %s: %w", when, err)
	}
	if got != cfg {
		return fmt.Errorf("StationConfig %s: %s", when, difference(got, cfg))
	}
	return nil
}

// difference describes how a configuration differs from the wanted one. For passphrases,
// which do not print, it tells the place.
func difference(got, want hal.StationConfig) string {
	var d []string
	note := func(field string, got, want any) {
		if got != want {
			d = append(d, fmt.Sprintf("%s is %v, want %v", field, got, want))
		}
	}
	note("SSID", fmt.Sprintf("%q", string(got.SSID)), fmt.Sprintf("%q", string(want.SSID)))
	if g, w := string(got.Passphrase), string(want.Passphrase); g != w {
		same := 0
		for same < len(g) && same < len(w) && g[same] == w[same] {
			same++
		}
		d = append(d, fmt.Sprintf("Passphrase has %d bytes, want %d, and differs from byte %d on", len(g), len(w), same))
	}
	note("ScanMethod", got.ScanMethod, want.ScanMethod)
	note("BSSID", got.BSSID, want.BSSID)
	note("BSSIDSet", got.BSSIDSet, want.BSSIDSet)
	note("Channel", got.Channel, want.Channel)
	note("MinAuth", got.MinAuth, want.MinAuth)
	return strings.Join(d, "; ")
}

func (b *bench) set(s hal.Storage, cfg hal.StationConfig) error {
	if err := promptly("SetStorage", func() error { return b.WiFi.SetStorage(s) }); err != nil {
		return err
	}
	return promptly("SetStationConfig", func() error { return b.WiFi.SetStationConfig(cfg) })
}

// afterReboot fails unless cfg is the configuration after a reboot.
func (b *bench) afterReboot(cfg hal.StationConfig) error {
	if b.Reboot == nil {
		return nil
	}
	if err := b.reboot(); err != nil {
		return err
	}
	return b.wantConfig("after reboot", cfg)
}

// StationConfig: "after SetStationConfig the one given."
func checkConfigRoundTrip(r Rig) error {
	b := newBench(r)
	if err := b.wantConfig("of a new device", hal.StationConfig{}); err != nil {
		return err
	}
	for _, s := range []hal.Storage{hal.StorageFlash, hal.StorageRAM} {
		for _, cfg := range []hal.StationConfig{full, keyed, {SSID: "open"}, {}, b.Network} {
			if err := b.set(s, cfg); err != nil {
				return err
			}
			if err := b.wantConfig("after SetStationConfig in "+s.String(), cfg); err != nil {
				return err
			}
		}
	}
	return nil
}

// ConfigStore: "one in flash that a reboot loads into RAM"; Storage: "The zero
// value is what a driver starts with."
func checkFlash(r Rig) error {
	b := newBench(r)
	for _, cfg := range []hal.StationConfig{full, keyed, b.Network} {
		if err := promptly("SetStationConfig", func() error { return b.WiFi.SetStationConfig(cfg) }); err != nil {
			return err
		}
		if err := b.afterReboot(cfg); err != nil {
			return err
		}
	}
	return nil
}

// StorageRAM: "lost at reboot; what flash holds stays untouched."
func checkRAM(r Rig) error {
	b := newBench(r)
	if err := b.set(hal.StorageFlash, full); err != nil {
		return err
	}
	if err := b.set(hal.StorageRAM, b.Network); err != nil {
		return err
	}
	if err := b.afterReboot(full); err != nil {
		return err
	}
	// The storage is flash again.
	if err := b.WiFi.SetStationConfig(b.Network); err != nil {
		return err
	}
	return b.afterReboot(b.Network)
}

// SetStationConfig: "in StorageFlash it erases the stored credentials."
func checkErase(r Rig) error {
	b := newBench(r)
	if err := b.set(hal.StorageFlash, full); err != nil {
		return err
	}
	if err := b.set(hal.StorageFlash, hal.StationConfig{}); err != nil {
		return err
	}
	if err := b.wantConfig("after an empty one was set", hal.StationConfig{}); err != nil {
		return err
	}
	return b.afterReboot(hal.StationConfig{})
}

func checkEraseRAM(r Rig) error {
	b := newBench(r)
	if err := b.set(hal.StorageFlash, full); err != nil {
		return err
	}
	if err := b.set(hal.StorageRAM, hal.StationConfig{}); err != nil {
		return err
	}
	if err := b.wantConfig("after an empty one was set", hal.StationConfig{}); err != nil {
		return err
	}
	return b.afterReboot(full)
}

// SetStationConfig: "A present link is not touched."
func checkConfigKeepsLink(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if _, err := b.join(b.Network); err != nil {
		return err
	}
	before, err := b.WiFi.Link()
	if err != nil {
		return err
	}
	for _, s := range []hal.Storage{hal.StorageFlash, hal.StorageRAM} {
		for _, cfg := range []hal.StationConfig{b.Missing, {}} {
			if err := b.set(s, cfg); err != nil {
				return err
			}
		}
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

// Restore: "erases everything stored and returns the driver to factory
// settings: no credentials, StorageFlash."
func checkRestore(r Rig) error {
	b := newBench(r)
	if err := b.set(hal.StorageFlash, full); err != nil {
		return err
	}
	if err := b.set(hal.StorageRAM, b.Network); err != nil {
		return err
	}
	if err := promptly("Restore", b.WiFi.Restore); err != nil {
		return err
	}
	if err := b.wantConfig("after Restore", hal.StationConfig{}); err != nil {
		return err
	}
	if err := b.afterReboot(hal.StationConfig{}); err != nil {
		return err
	}
	if err := b.set(hal.StorageRAM, full); err != nil {
		return err
	}
	if err := promptly("Restore", b.WiFi.Restore); err != nil {
		return err
	}
	if err := b.WiFi.SetStationConfig(b.Network); err != nil {
		return err
	}
	return b.afterReboot(b.Network)
}
