// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package chip

import (
	"errors"
	"machine"

	"github.com/wifiprov/wifiprov/hal"
	radio "github.com/wifiprov/wifiprov/hal/tinygo"
	"tinygo.org/x/espradio"
)

// Bluetooth starts the controller, beside Wi-Fi, and returns the way to it for
// att.New. It enables the radio if that was not done. Call it once.
func Bluetooth(logger hal.Logger) (*radio.VHCI, error) {
	return bluetooth(radio.NewVHCI, logger)
}

// PolledBluetooth is Bluetooth without the goroutine that reads: VHCI.Poll does.
func PolledBluetooth(logger hal.Logger) (*radio.VHCI, error) {
	return bluetooth(radio.NewPolledVHCI, logger)
}

func bluetooth(transport func(radio.Port, hal.Logger) *radio.VHCI, logger hal.Logger) (*radio.VHCI, error) {
	if err := Enable(); err != nil && !errors.Is(err, radio.ErrEnabled) {
		return nil, err
	}
	if err := espradio.BLEInit(); err != nil {
		return nil, err
	}
	return transport(espradio.VHCITransport{}, logger), nil
}

// Console returns the board's serial line, for example for Open of
// scheme/console. Nothing else may read from it meanwhile; what the firmware
// prints goes over the same line.
func Console() *radio.Line { return radio.NewLine(radio.NewBytePort(machine.Serial)) }
