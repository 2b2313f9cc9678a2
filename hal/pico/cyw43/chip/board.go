// SPDX-License-Identifier: Apache-2.0

package chip

import (
	"sync"
	"time"

	"github.com/soypat/cyw43439"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/pico/cyw43"
	"github.com/wifiprov/wifiprov/hal/tinygo"
)

// Config describes a Board. The zero value is one.
type Config struct {
	// Hostname to ask for an address with; empty: "pico".
	Hostname string

	// Auth is how to join a network with a passphrase; 0: WPA2. A network that has
	// WPA3 alone needs cyw43439.JoinAuthWPA3.
	Auth cyw43439.JoinAuth
}

// Board is a Pico W. Open makes it.
type Board struct {
	cfg Config
	dev *cyw43439.Device
	bus *cyw43.Bus
	net network

	mu sync.Mutex
	on bool
}

var (
	_ cyw43.Board   = (*Board)(nil)
	_ cyw43.Packets = (*cyw43439.Device)(nil)
)

// newBoard returns a board whose chip is at the end of wire; power and chip select are
// pins.
func newBoard(cfg Config, power, chipSelect func(high bool), wire cyw43.Wire) *Board {
	bus := cyw43.NewBus(wire)
	b := &Board{cfg: cfg, bus: bus, dev: cyw43439.New(power, chipSelect, bus)}
	if b.cfg.Hostname == "" {
		b.cfg.Hostname = "pico"
	}
	b.net.dev = b.dev
	return b
}

// Driver returns the Wi-Fi, for tinygo.New. Call it once.
func (b *Board) Driver() *cyw43.Driver { return cyw43.New(b, b.bus) }

// Bluetooth returns the way to the controller, for att.New. It enables the chip if that
// was not done. Call it once.
func (b *Board) Bluetooth(logger hal.Logger) (*tinygo.VHCI, error) {
	if err := b.enable(); err != nil {
		return nil, err
	}
	return tinygo.NewVHCI(cyw43.NewHCI(b.dev), logger), nil
}

// Enable implements cyw43.Board: it loads the firmware for Wi-Fi and Bluetooth, which
// takes seconds.
func (b *Board) Enable() error {
	b.mu.Lock()
	on := b.on
	b.mu.Unlock()
	if on {
		return tinygo.ErrEnabled
	}
	return b.enable()
}

func (b *Board) enable() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.on {
		return nil
	}
	if err := b.dev.Init(cyw43439.DefaultWifiBluetoothConfig()); err != nil {
		return err
	}
	b.dev.RecvEthHandle(b.net.receive)
	b.on = true
	go b.run()
	return nil
}

// Times of the goroutine that moves packets.
const (
	polls = 4 // of the chip, one after the other
	pause = 5 * time.Millisecond
)

// run moves packets between the chip and the IP stack, and makes the driver read events.
func (b *Board) run() {
	for {
		for range polls {
			_, _ = b.dev.PollOne()
		}
		if !b.net.move() {
			time.Sleep(pause)
		}
	}
}

// Join implements cyw43.Board.
func (b *Board) Join(ssid hal.SSID, passphrase hal.Secret) error {
	options := cyw43439.JoinOptions{Passphrase: string(passphrase)}
	if passphrase != "" {
		options.Auth = b.cfg.Auth
	}
	return b.dev.Join(string(ssid), options)
}

// Joined implements cyw43.Board. IsLinkUp of the driver looks without its lock.
func (b *Board) Joined() bool {
	const running = 1 << 5 // net.FlagRunning
	return b.dev.NetFlags()&running != 0
}

// Carry implements cyw43.Board: what would set a pin is 44 bytes long.
func (b *Board) Carry() error { return b.dev.GPIOSet(0, false) }

// Address implements cyw43.Board.
func (b *Board) Address() (hal.IPConfig, error) { return b.net.join(b.cfg.Hostname) }

// Leave implements cyw43.Board.
func (b *Board) Leave() { b.net.leave() }
