// SPDX-License-Identifier: Apache-2.0

//go:build rp2040 || rp2350

package chip

import (
	"crypto/rand"
	"machine"

	pio "github.com/tinygo-org/pio/rp2-pio"
	"github.com/tinygo-org/pio/rp2-pio/piolib"
	"github.com/wifiprov/wifiprov/hal/tinygo"
)

// Pins of the Wi-Fi chip, the same on a Pico W and a Pico 2 W.
const (
	pinPower  = machine.GPIO23
	pinData   = machine.GPIO24
	pinSelect = machine.GPIO25
	pinClock  = machine.GPIO29
)

const busHertz = 25_000_000 - 1

// Open returns the board. It does not touch the Wi-Fi chip yet. Where TinyGo has no
// random numbers for crypto/rand, which a security needs, Open makes some, so call it
// before a security is made.
func Open(cfg Config) (*Board, error) {
	if rand.Reader == nil {
		rand.Reader = &random{source: machine.GetRNG}
	}
	pinPower.Configure(machine.PinConfig{Mode: machine.PinOutput})
	pinSelect.Configure(machine.PinConfig{Mode: machine.PinOutput})
	pinSelect.High()
	machine0, err := pio.PIO0.ClaimStateMachine()
	if err != nil {
		return nil, err
	}
	wire, err := piolib.NewSPI3w(machine0, pinData, pinClock, busHertz)
	if err != nil {
		return nil, err
	}
	wire.EnableStatus(true)
	if err := wire.EnableDMA(true); err != nil {
		return nil, err
	}
	return newBoard(cfg, pinPower.Set, pinSelect.Set, wire), nil
}

// Console returns the board's serial line, for example for Open of scheme/console.
// Nothing else may read from it meanwhile; what the firmware prints goes over the same
// line.
func Console() *tinygo.Line { return tinygo.NewLine(tinygo.NewBytePort(machine.Serial)) }
