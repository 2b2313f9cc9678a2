// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package chip

import (
	"errors"
	"machine"

	"github.com/wifiprov/wifiprov/hal"
	radio "github.com/wifiprov/wifiprov/hal/esp32/espradio"
	"github.com/wifiprov/wifiprov/store/nvs"
	"tinygo.org/x/espradio"
)

// OpenStore opens the last 24 KiB of the chip's flash as an NVS partition. An
// erased one is empty.
func OpenStore() (*nvs.Partition, error) {
	region, err := radio.LastRegion(machine.Flash, radio.DefaultRegion)
	if err != nil {
		return nil, err
	}
	return nvs.Open(region, nvs.Options{})
}

// Bluetooth starts the controller, beside Wi-Fi, and returns the way to it for
// att.New. It enables the radio if that was not done. Call it once.
func Bluetooth(logger hal.Logger) (*radio.VHCI, error) {
	if err := Enable(); err != nil && !errors.Is(err, radio.ErrEnabled) {
		return nil, err
	}
	if err := espradio.BLEInit(); err != nil {
		return nil, err
	}
	return radio.NewVHCI(espradio.VHCITransport{}, logger), nil
}

// Console returns the board's serial line, for example for Open of
// scheme/console. Nothing else may read from it meanwhile; what the firmware
// prints goes over the same line.
func Console() *radio.Line { return radio.NewLine(serial{}) }

// serial is the board's serial line as a radio.Port. Over USB it can be read
// byte by byte only.
type serial struct{}

func (serial) Buffered() int { return machine.Serial.Buffered() }

func (serial) Read(p []byte) (n int, err error) {
	for n < len(p) && machine.Serial.Buffered() > 0 {
		if p[n], err = machine.Serial.ReadByte(); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (serial) Write(p []byte) (int, error) { return machine.Serial.Write(p) }

// Log is a hal.Logger that prints to the serial line.
func Log(level hal.Level, msg string, attrs ...hal.Attr) {
	if level < hal.LevelInfo {
		return
	}
	print(msg)
	for _, a := range attrs {
		print(" ", a.Key, "=", a.Value)
	}
	println()
}
