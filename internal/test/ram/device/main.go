// SPDX-License-Identifier: Apache-2.0

// Device is a device with BLE that measures what memory a provisioning takes. Its
// Bluetooth controller is at the other end of its standard input and output, which
// carry H4 packets; its radio joins whatever it is told to. When it is provisioned, it
// writes its report to its standard error.
//
//	device 2 loop
//
// The first argument is the security. The second says what runs it: "loop" is one
// goroutine that does everything, "goroutines" are started as they are needed.
package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/loop"
	"github.com/wifiprov/wifiprov/internal/test/fit/chip"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// What the client needs to know. The verifier is that of user name "wifiprov" and
// password "abcd1234".
const (
	serviceName = "PROV_RAM"
	pop         = "abcd1234"
	salt        = "0102030405060708090a0b0c0d0e0f10"
	verifier    = "" +
		"4b4b35650b58ff84f9db7774fb4f4e52d252151912ec6be45f5e8ad7b80e6f38" +
		"8fb85d6c29c71ce3c7fd3ac4d367ca2c9016c5dc17e47b3552bbbffd9727f831" +
		"20aec73d13e42b0fe0f8c2f599e54752e4ac62553f0cbeabc1735e7e506fb97c" +
		"afb607d2f40eaf5d10b04e92921ee807e1cdd8559e35415b027d57c2e7085988" +
		"00c950a6f6abb962d8f93c651459a07c6074e0365842f6769ad6b5a73ceabc85" +
		"aead9a6750622571338d31746e2436b1c90f3cf7a3b78539aa75ac96763784d1" +
		"538b8229378824441dab044b717a45443373e18b10c5f6574838160dceb1fcdb" +
		"08b7ddb4adc36a23e134a158de6340644c9ad24782a6a897e50c6d85836f560f" +
		"d926c932a867f896ac3728ecf62c88a156ac3178d23a92c8a9a99790940f94ea" +
		"f5e3225e1ec20b157856fdea36d16dcd28137fc0f8ddc9dba0a493ff1f6a4db5" +
		"a6ad2d7d7e4bca4b29bbd30db7e909d9382b99ef953c6969e7a5ba958f1bcfa5" +
		"b9440134ea9111fd6e6de1cab5d8765eabffd261c69a175ff4cff9aaffa60e5d"
)

func main() {
	if len(os.Args) != 3 {
		fatal(errors.New("usage: device 1|2 goroutines|loop"))
	}
	m := newMeter()
	w := newWire(m, os.Args[2] == "loop")
	flash := new(chip.Flash)
	_ = flash.EraseBlocks(0, 3)
	err := m.measure(func() error {
		if w.loop {
			return looping(w, flash, os.Args[1])
		}
		return provision(w, flash, os.Args[1], platform{clock: m, spawn: m.spawn})
	})
	if err != nil {
		fatal(err)
	}
	if err := json.NewEncoder(os.Stderr).Encode(m.report); err != nil {
		fatal(err)
	}
}

func fatal(err error) {
	_, _ = os.Stderr.WriteString(err.Error() + "\n")
	os.Exit(1)
}

// platform is what runs the device.
type platform struct {
	clock hal.Clock
	spawn func(func())
	pump  func(time.Duration) // nil: goroutines block, as with the next one
	poll  func()
}

// looping is provision in one goroutine.
func looping(w *wire, flash *chip.Flash, security string) error {
	l := loop.New(loop.Config{Packets: w.poll})
	w.wake(l.Wake)
	return provision(w, flash, security, platform{l, l.Go, l.Pump, l.PollController})
}

// provision is the device's firmware: it serves a client until that has given it a
// network.
func provision(w *wire, flash *chip.Flash, security string, p platform) error {
	partition, err := nvs.Open(flash, nvs.Options{})
	if err != nil {
		return err
	}
	radio := &crowded{chip.Radio{Keep: chip.Kept{Store: partition}, Clock: p.clock}}
	sec, err := newSecurity(security)
	if err != nil {
		return err
	}
	host, err := att.New(w, att.Config{Clock: p.clock, PollController: p.poll})
	if err != nil {
		return err
	}
	manager := new(wifiprov.Manager)
	if err := manager.Init(wifiprov.Config{
		WiFi: radio, Clock: p.clock, Pump: p.pump,
		Scheme: ble.New(ble.Config{GATT: host, Server: gatt.Config{Go: p.spawn, Clock: p.clock}}),
	}); err != nil {
		return err
	}
	if err := manager.StartProvisioning(sec, serviceName, ""); err != nil {
		return err
	}
	manager.Wait()
	if provisioned, err := manager.IsProvisioned(); err != nil || !provisioned {
		return errors.Join(errors.New("not provisioned"), err)
	}
	return manager.Deinit()
}

func newSecurity(number string) (protocomm.Security, error) {
	if number == "1" {
		return sec1.New(sec1.Config{PoP: pop, Rand: new(chip.Random)})
	}
	s, _ := hex.DecodeString(salt)
	v, err := hex.DecodeString(verifier)
	if err != nil {
		return nil, err
	}
	return sec2.New(sec2.Config{Salt: s, Verifier: v, Rand: new(chip.Random)})
}

// crowded is a radio with more access points around it than a scan keeps.
type crowded struct{ chip.Radio }

// ScanResults implements hal.Scanner.
func (c *crowded) ScanResults(dst []hal.AccessPoint) (int, error) {
	name := hal.SSID(strings.Repeat("n", 31))
	for i := range min(len(dst), 40) {
		dst[i] = hal.AccessPoint{SSID: name + "!", BSSID: hal.BSSID{2, byte(i)}, Channel: 1 + uint8(i%13), RSSI: int8(-40 - i), Auth: hal.AuthWPA2PSK}
	}
	return min(len(dst), 40), nil
}
