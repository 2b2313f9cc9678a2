// SPDX-License-Identifier: Apache-2.0

//go:build baremetal && !qemu

package main

import (
	"crypto/rand"
	"io"
	"machine"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
)

// line is the serial port, or the USB port that stands in for it.
type line struct{}

// Read waits until there is something.
func (line) Read(p []byte) (n int, err error) {
	for machine.Serial.Buffered() == 0 {
		time.Sleep(time.Millisecond)
	}
	for n < len(p) && machine.Serial.Buffered() > 0 {
		if p[n], err = machine.Serial.ReadByte(); err != nil {
			break
		}
		n++
	}
	return n, nil
}

func (line) Write(p []byte) (int, error) { return machine.Serial.Write(p) }

func newClock() hal.Clock  { return hal.SystemClock{} }
func newRandom() io.Reader { return rand.Reader }

func wait(_ hal.Clock, m *wifiprov.Manager) { m.Wait() }
