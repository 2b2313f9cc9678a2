// SPDX-License-Identifier: Apache-2.0

// Console is a whole device on a bare chip, or in an emulator. Clients provision it
// over the serial line that println writes to. Its radio is simulated (package
// hal/sim); in its neighbourhood is the network HomeNet, passphrase "correct
// horse". On a chip with a radio, put that radio's driver in its place.
//
//	tinygo flash -target=xiao-esp32c3 -stack-size=8kb ./examples/boards/console
//	tinygo build -target=riscv-qemu -stack-size=8kb -o console.elf ./examples/boards/console
//	qemu-system-riscv32 -machine virt,aclint=on -smp 4 -nographic -bios none \
//	    -device virtio-rng-device -kernel console.elf
//	go run ./examples/boards/console
//
// Type "proto-ver 0 455350", or give the line to a client: examples/console says
// how. The device has security 1 with the proof of possession "abcd1234". With
// -ldflags="-X main.mode=2" it has security 2 with user name "wifiprov" and
// password "abcd1234", with mode=0 none.
//
// It takes 48 KB of RAM. An emulator has no random numbers: there the securities
// protect nothing.
package main

import (
	"errors"
	"io"
	"sync"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// mode is the security.
var mode = "1"

// salt and verifier are what a device keeps of user name and password. espprov or
// sec2.Generate makes them.
const (
	salt     = "0102030405060708090a0b0c0d0e0f10"
	verifier = "" +
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
	link, err := run(line{}, mode)
	switch {
	case errors.Is(err, hal.ErrNotConnected):
		println("console: not provisioned")
		return
	case err != nil:
		println("console: " + err.Error())
		panic("the device does not work")
	}
	println("provisioned for " + link.AP.SSID.String() + ", address " + link.IP.String())
}

// run is the life of the device: until its service or the line ends. The error is
// hal.ErrNotConnected when the device was not provisioned.
func run(stream io.ReadWriter, mode string) (hal.Link, error) {
	clock := newClock()
	air := sim.NewAir(sim.AirConfig{Clock: clock})
	_, err := air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "correct horse", Channel: 6, RSSI: -47, Auth: hal.AuthWPA2PSK})
	if err != nil {
		return hal.Link{}, err
	}
	board, err := air.NewBoard(sim.BoardConfig{})
	if err != nil {
		return hal.Link{}, err
	}
	sec, err := newSecurity(mode)
	if err != nil {
		return hal.Link{}, err
	}
	var m wifiprov.Manager
	near := &user{ReadWriter: stream, leave: m.StopProvisioning}
	err = m.Init(wifiprov.Config{
		WiFi: board, Clock: clock, Scheme: console.New(console.Config{Stream: near}), EventHandler: near.event,
	})
	if err != nil {
		return hal.Link{}, err
	}
	if err := m.StartProvisioning(sec, "PROV_CONSOLE", ""); err != nil {
		return hal.Link{}, err
	}
	wait(clock, &m)
	if err := m.Deinit(); err != nil {
		return hal.Link{}, err
	}
	return board.Link()
}

// user is the line with the user at it. When the line ends and no credentials are
// being tried, it calls leave.
type user struct {
	io.ReadWriter
	leave func()

	mu     sync.Mutex // guards what follows
	gone   bool
	trying bool
}

func (u *user) Read(p []byte) (int, error) {
	n, err := u.ReadWriter.Read(p)
	if err != nil {
		u.note(func() { u.gone = true })
	}
	return n, err
}

func (u *user) event(e wifiprov.Event) {
	switch e.Kind {
	case wifiprov.EventCredRecv:
		u.note(func() { u.trying = true })
	case wifiprov.EventCredFail, wifiprov.EventCredSuccess:
		u.note(func() { u.trying = false })
	}
}

func (u *user) note(change func()) {
	u.mu.Lock()
	change()
	left := u.gone && !u.trying
	u.mu.Unlock()
	if left {
		u.leave()
	}
}

func newSecurity(mode string) (protocomm.Security, error) {
	switch mode {
	case "0":
		return sec0.New(), nil
	case "2":
		return sec2.New(sec2.Config{Salt: unhex(salt), Verifier: unhex(verifier), Rand: newRandom()})
	}
	return sec1.New(sec1.Config{PoP: "abcd1234", Rand: newRandom()})
}

// unhex decodes hexadecimal digits; package encoding/hex would bring fmt.
func unhex(s string) []byte {
	out := make([]byte, len(s)/2)
	for i := range s {
		d := s[i] - '0'
		if d > 9 {
			d = s[i] - 'a' + 10
		}
		out[i/2] = out[i/2]<<4 | d
	}
	return out
}
