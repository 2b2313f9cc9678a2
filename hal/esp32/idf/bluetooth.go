// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

import (
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// maxPacket is the longest packet that a controller sends.
const maxPacket = 1026

// sendTimeout is how long a controller may take to accept a packet.
const sendTimeout = 2 * time.Second

// Bluetooth is the chip's controller, for package att. The first packet that is sent
// to it switches it on, so that memory of classic Bluetooth can be released before.
// Close, ReleaseMemory and Device.Close switch it off.
type Bluetooth struct {
	d   *Device
	buf []byte // owned by the task that pumps

	mu       sync.Mutex // guards what follows
	receiver func([]byte)
	released ble.Part
}

var _ att.Transport = (*Bluetooth)(nil)

// Bluetooth returns the controller.
func (d *Device) Bluetooth() *Bluetooth { return &d.bt }

// Send implements att.Transport; it blocks while the controller is busy, at
// most 2 s. It must not be called after ReleaseMemory of ble.LE.
func (b *Bluetooth) Send(packet []byte) error {
	if !nativeBTIsOpen() {
		if err := nativeBTOpen(); err != nil {
			return err
		}
	}
	return nativeBTSend(packet, int32(sendTimeout/time.Millisecond))
}

// SetReceiver implements att.Transport. fn runs inside of Pump and PollController.
func (b *Bluetooth) SetReceiver(fn func(packet []byte)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.receiver = fn
}

// Close switches the controller off, if Send has switched it on.
func (b *Bluetooth) Close() error { return nativeBTClose() }

// next hands on a packet.
func (b *Bluetooth) next() bool {
	n := nativeBTNext(b.buf)
	if n == 0 {
		return false
	}
	b.mu.Lock()
	fn := b.receiver
	b.mu.Unlock()
	if fn != nil {
		fn(b.buf[:n])
	}
	return true
}

// ReleaseMemory implements ble.Memory. With ble.LE it switches the controller off
// first. With ble.Classic it does nothing on chips without classic Bluetooth.
func (d *Device) ReleaseMemory(parts ble.Part) error {
	b := &d.bt
	b.mu.Lock()
	defer b.mu.Unlock()
	parts &^= b.released
	if parts == 0 {
		return nil
	}
	if parts&ble.LE != 0 {
		if err := nativeBTClose(); err != nil {
			return err
		}
	}
	release := parts
	if all := b.released | parts; all == ble.Classic|ble.LE {
		// Memory that both parts need is released with the second of them.
		release = all
	}
	if err := nativeBTRelease(int(release)); err != nil {
		return err
	}
	b.released |= parts
	return nil
}
