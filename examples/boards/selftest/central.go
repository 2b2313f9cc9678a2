// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// central is a phone's Bluetooth over HCI, with just enough to find a device by its
// name and use its attributes.
type central struct {
	t    att.Transport
	wait func(func() bool) error // steps the clock

	reply   []byte   // to a command: status and more
	found   [7]byte  // type and address of the device
	isFound bool     // its name was seen
	handle  int      // of the link
	linked  bool     // the link is there
	frame   []byte   // being received
	answer  []byte   // attribute PDU that was received
	values  []handle // of the service
}

// handle is a characteristic.
type handle struct {
	name  string
	value int
}

var errGone = errors.New("the link is lost")

func newCentral(t att.Transport, wait func(func() bool) error) *central {
	c := &central{t: t, wait: wait}
	t.SetReceiver(c.receive)
	return c
}

// receive takes a packet from the controller.
func (c *central) receive(p []byte) {
	switch {
	case p[0] == att.PacketACL:
		c.data(p[1:])
	case p[1] == 0x0E: // command complete
		c.reply = append(c.reply[:0], p[6:]...)
	case p[1] == 0x0F: // command status
		c.reply = append(c.reply[:0], p[3])
	case p[1] == 0x05: // disconnected
		c.linked = false
	case p[1] == 0x3E && p[3] == 0x01: // connected
		c.linked, c.handle = p[4] == 0, le.Uint16(p[5:])
	case p[1] == 0x3E && p[3] == 0x02: // advertising report
		if bytes.Contains(p[13:], []byte(deviceName)) {
			c.found, c.isFound = [7]byte(p[6:13]), true
		}
	}
}

// data takes a fragment of a frame.
func (c *central) data(p []byte) {
	if le.Uint16(p)&0x3000 != 0x1000 {
		c.frame = c.frame[:0]
	}
	c.frame = append(c.frame, p[4:]...)
	if len(c.frame) >= 4 && len(c.frame) == 4+le.Uint16(c.frame) && le.Uint16(c.frame[2:]) == 4 {
		c.answer = bytes.Clone(c.frame[4:])
	}
}

// command sends one to the controller and waits for its reply.
func (c *central) command(op int, params ...byte) error {
	c.reply = nil
	packet := append([]byte{att.PacketCommand, byte(op), byte(op >> 8), byte(len(params))}, params...)
	if err := c.t.Send(packet); err != nil {
		return err
	}
	if err := c.wait(func() bool { return c.reply != nil }); err != nil {
		return err
	}
	if c.reply[0] != 0 {
		return errors.New("the controller refuses command " + strconv.Itoa(op) + " with " + strconv.Itoa(int(c.reply[0])))
	}
	return nil
}

// connect looks for the device and connects.
func (c *central) connect() error {
	for _, cmd := range [][]byte{
		{0x03, 0x0C}, // reset
		{0x01, 0x0C, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0x00, 0x20}, // events
		{0x01, 0x20, 0x1F, 0, 0, 0, 0, 0, 0, 0},                      // LE events
		{0x0B, 0x20, 1, 0x60, 0, 0x60, 0, 0, 0},                      // active scan
		{0x0C, 0x20, 1, 0},                                           // begin
	} {
		if err := c.command(le.Uint16(cmd), cmd[2:]...); err != nil {
			return err
		}
	}
	if err := c.wait(func() bool { return c.isFound }); err != nil {
		return errors.New("no device: " + err.Error())
	}
	if err := c.command(0x200C, 0, 0); err != nil {
		return err
	}
	p := append([]byte{0x60, 0, 0x60, 0, 0}, c.found[:]...)
	p = append(p, 0, 24, 0, 24, 0, 0, 0, 0x90, 1, 0, 0, 0, 0) // 30 ms, 4 s
	if err := c.command(0x200D, p...); err != nil {
		return err
	}
	return c.wait(func() bool { return c.linked })
}

// hangUp ends the link.
func (c *central) hangUp() error {
	if err := c.command(0x0406, byte(c.handle), byte(c.handle>>8), byte(ble.ReasonRemoteUser)); err != nil {
		return err
	}
	return c.wait(func() bool { return !c.linked })
}

// request sends an attribute PDU and returns the answer; a refusal is a
// ble.ATTError.
func (c *central) request(pdu ...byte) ([]byte, error) {
	c.answer = nil
	frame := append([]byte{byte(len(pdu)), byte(len(pdu) >> 8), 4, 0}, pdu...)
	for flags := 0; len(frame) > 0; flags = 0x1000 {
		n := min(len(frame), 27)
		head := c.handle | flags
		packet := append([]byte{att.PacketACL, byte(head), byte(head >> 8), byte(n), 0}, frame[:n]...)
		if err := c.t.Send(packet); err != nil {
			return nil, err
		}
		frame = frame[n:]
	}
	if err := c.wait(func() bool { return c.answer != nil || !c.linked }); err != nil {
		return nil, err
	}
	switch a := c.answer; {
	case a == nil:
		return nil, errGone
	case len(a) == 5 && a[0] == 0x01 && a[1] == pdu[0]:
		return nil, ble.ATTError(a[4])
	case a[0] != pdu[0]+1:
		return nil, errors.New("a request is answered " + hexOf(a))
	default:
		return a, nil
	}
}

// discover finds the characteristics of a service and their names.
func (c *central) discover(service ble.UUID) error {
	p, err := c.request(append([]byte{0x06, 1, 0, 0xFF, 0xFF, 0x00, 0x28}, service[:]...)...)
	if err != nil {
		return err
	}
	from, last := le.Uint16(p[1:]), le.Uint16(p[3:])
	for from <= last {
		p, err := c.request(0x08, byte(from), byte(from>>8), byte(last), byte(last>>8), 0x03, 0x28)
		if err == ble.ATTAttributeNotFound {
			break
		}
		if err != nil {
			return err
		}
		for size, e := int(p[1]), p[2:]; len(e) >= size; e = e[size:] {
			value := le.Uint16(e[3:])
			name, err := c.read(value + 1) // its user description comes next
			if err != nil {
				return err
			}
			c.values = append(c.values, handle{string(name), value})
			from = value + 1
		}
	}
	return nil
}

// partSize is what a Read Response or a Prepare Write Request carries when
// nobody asks for more than 23 bytes.
const partSize = 18

// read reads a whole value.
func (c *central) read(handle int) (value []byte, err error) {
	p, err := c.request(0x0A, byte(handle), byte(handle>>8))
	for ; err == nil; p, err = c.request(0x0C, byte(handle), byte(handle>>8), byte(len(value)), byte(len(value)>>8)) {
		value = append(value, p[1:]...)
		if len(p) <= partSize {
			return value, nil
		}
	}
	return nil, err
}

// write writes a whole value in parts.
func (c *central) write(handle int, value []byte) error {
	for at := 0; at < len(value); at += partSize {
		part := value[at:min(at+partSize, len(value))]
		_, err := c.request(append([]byte{0x16, byte(handle), byte(handle >> 8), byte(at), byte(at >> 8)}, part...)...)
		if err != nil {
			return err
		}
	}
	_, err := c.request(0x18, 1)
	return err
}

// exchange implements wire.
func (c *central) exchange(endpoint string, request []byte) ([]byte, error) {
	for _, v := range c.values {
		if v.name == endpoint {
			if err := c.write(v.value, request); err != nil {
				return nil, err
			}
			return c.read(v.value)
		}
	}
	return nil, errors.New("there is no characteristic for " + endpoint)
}
