// SPDX-License-Identifier: Apache-2.0

package cyw43

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// wire is a chip that says what it is told to.
type wire struct {
	sent [][]uint32
	next []byte
}

func (w *wire) CmdWrite(_ uint32, buf []uint32) error {
	w.sent = append(w.sent, append([]uint32(nil), buf...))
	return nil
}

func (w *wire) CmdRead(_ uint32, buf []uint32) error {
	clear(buf)
	for i, v := range w.next[:min(len(w.next), 4*len(buf))] {
		buf[i/4] |= uint32(v) << (8 * (i % 4))
	}
	return nil
}

func (w *wire) LastStatus() uint32 { return 0 }

// read makes the driver read a packet.
func (w *wire) read(b *Bus, packet []byte) error {
	w.next = packet
	return b.CmdRead(cmdWLAN|uint32(len(packet)), make([]uint32, (len(packet)+3)/4))
}

// control is a control packet.
func control(command uint32, id uint16) []byte {
	p := make([]byte, headLen+controlLen)
	put16(p, uint16(len(p)))
	put16(p[2:], ^uint16(len(p)))
	p[atDataStart] = headLen
	put32(p[headLen+atCommand:], command)
	put16(p[headLen+atID:], id)
	return p
}

func words(p []byte) (w []uint32) {
	for len(p) > 0 {
		w = append(w, u32(p))
		p = p[4:]
	}
	return w
}

// An attempt is ended once the firmware has answered its command, not before: the driver
// would take that answer for one to its next command.
func TestJoinEndsAfterItsAnswer(t *testing.T) {
	w := &wire{}
	b := NewBus(w)
	b.stopJoin()
	b.beginJoin()
	require.Zero(t, b.LastStatus(), "that was before")
	b.stopJoin()
	p := control(commandJoin, 7)
	require.NoError(t, b.CmdWrite(cmdWLAN, words(p)))
	require.Zero(t, b.LastStatus())
	require.NoError(t, w.read(b, control(1, 6)))
	require.Zero(t, b.LastStatus(), "another's answer")
	broken := control(commandJoin, 7)
	broken[2]++
	require.NoError(t, w.read(b, broken))
	require.Zero(t, b.LastStatus(), "a packet that is broken")
	require.NoError(t, w.read(b, p))
	require.EqualValues(t, statusPacket, b.LastStatus())
	require.ErrorIs(t, w.read(b, p), errStopped)
	require.NoError(t, b.CmdRead(0, make([]uint32, 1)), "a register")
	require.Zero(t, b.endJoin())
	require.Zero(t, b.LastStatus())
}

// The bus does not show what went over it.
func TestBusHidesItself(t *testing.T) {
	b := NewBus(&wire{})
	d := New(nil, b)
	for _, v := range []any{b, d, *d} {
		require.NotContains(t, fmt.Sprintf("%v %+v %x %d", v, v, v, v), " 0 0 0 0")
	}
}

// Frames go by as they are, while a command waits to be sent.
func TestFramesGoBy(t *testing.T) {
	w := &wire{}
	b := NewBus(w)
	frame := control(0, 1)
	frame[atChannel] = 2
	require.ErrorIs(t, b.do(&order{command: 1}, func() error { return b.CmdWrite(cmdWLAN, words(frame)) }), errNotSent)
	require.Equal(t, [][]uint32{words(frame)}, w.sent)
}

// Whatever the chip sends, nothing breaks, and what is found keeps to the contracts.
func FuzzBus(f *testing.F) {
	f.Add(control(commandJoin, 7))
	event := append(make([]byte, headLen+bdcLen+atInfo+resultHead+apLen), 48, 4, 1, 0, 0, 0xff)
	put16(event, uint16(len(event)))
	put16(event[2:], ^uint16(len(event)))
	event[atChannel], event[atDataStart] = channelEvent, headLen
	e := event[headLen+bdcLen:]
	e[atEther], e[atEther+1], e[atOUI+1], e[atOUI+2] = 0x88, 0x6c, 0x10, 0x18
	e[atType+3], e[atStatus+3], e[atInfoLen+3] = evScan, statusPartial, resultHead+apLen+6
	ap := e[atInfo+resultHead:]
	ap[atSSIDLen], ap[atSSID], ap[atIEs], ap[atIEsLen] = 1, 'a', apLen, 6
	f.Add(event)
	long := append([]byte(nil), event...)
	long[headLen+bdcLen+atInfo+resultHead+atIEsLen+3] = 1
	f.Add(long)
	f.Fuzz(func(t *testing.T, packet []byte) {
		if len(packet) > cmdLength {
			return
		}
		w := &wire{}
		b := NewBus(w)
		b.beginJoin()
		b.beginScan()
		b.order = &order{data: make([]byte, 6), sent: true}
		require.NoError(t, w.read(b, packet))
		for _, ap := range b.endScan() {
			require.LessOrEqual(t, len(ap.SSID), hal.MaxSSID)
			require.False(t, ap.SSID.Hidden())
		}
	})
}
