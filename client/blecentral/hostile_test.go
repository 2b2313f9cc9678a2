// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// peer is a controller with a device behind it, both as a test wants them. It
// delivers inside Send, which a Central bears.
type peer struct {
	buffers []byte                      // of LE Read Buffer Size; nil: 8 of 251 bytes
	shared  []byte                      // of Read Buffer Size
	mute    map[int]bool                // commands that are not answered
	answer  func(pdu []byte) [][]byte   // of the device; nil: none
	end     func(pdu []byte) (end bool) // the link ends instead; may be nil

	frame []byte // being received

	mu       sync.Mutex // guards what follows
	fn       func([]byte)
	commands []int
	longest  int // PDU of the central
	requests int
}

const peerHandle = 0x40

func (p *peer) SetReceiver(fn func([]byte)) {
	if p.fn = fn; p.buffers == nil {
		p.buffers = []byte{251, 0, 8}
	}
}

func (p *peer) event(code byte, params ...byte) {
	p.fn(append([]byte{att.PacketEvent, code, byte(len(params))}, params...))
}

func (p *peer) Send(packet []byte) error {
	if packet[0] == att.PacketCommand {
		op := le.Uint16(packet[1:])
		p.mu.Lock()
		p.commands = append(p.commands, op)
		p.mu.Unlock()
		if p.mute[op] {
			return nil
		}
		switch lo, hi := packet[1], packet[2]; op {
		case 0x1005:
			p.event(0x0E, append([]byte{1, lo, hi, 0}, p.shared...)...)
		case 0x2002:
			p.event(0x0E, append([]byte{1, lo, hi, 0}, p.buffers...)...)
		case 0x200D:
			p.event(0x0F, 0, 1, lo, hi)
			if !p.mute[-op] {
				p.event(0x3E, append([]byte{1, 0, peerHandle, 0, 0}, make([]byte, 14)...)...)
			}
		case 0x200E:
			p.event(0x0E, 1, lo, hi, 0)
			p.event(0x3E, append([]byte{1, 2}, make([]byte, 17)...)...)
		case 0x0406:
			p.event(0x0F, 0, 1, lo, hi)
			p.event(0x05, 0, peerHandle, 0, 0x16)
		default:
			p.event(0x0E, 1, lo, hi, 0)
		}
		return nil
	}
	if packet[2]&0x30 == 0 {
		p.frame = nil
	}
	p.frame = append(p.frame, packet[5:]...)
	if len(p.frame) < 4+le.Uint16(p.frame) {
		p.event(0x13, 1, peerHandle, 0, 1, 0)
		return nil
	}
	pdu := p.frame[4:]
	p.mu.Lock()
	p.requests++
	p.longest = max(p.longest, len(pdu))
	p.mu.Unlock()
	if p.end != nil && p.end(pdu) { // and keeps the buffer
		p.event(0x05, 0, peerHandle, 0, 8)
		return nil
	}
	p.event(0x13, 1, peerHandle, 0, 1, 0)
	if p.answer != nil {
		for _, a := range p.answer(pdu) {
			p.data(a)
		}
	}
	return nil
}

// data sends a PDU of the device.
func (p *peer) data(pdu []byte) {
	n := len(pdu)
	p.fn(append([]byte{att.PacketACL, peerHandle, 0x20, byte(n + 4), byte((n + 4) >> 8), byte(n), byte(n >> 8), 4, 0}, pdu...))
}

func (p *peer) taken() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.commands
	p.commands = nil
	return c
}

func pdus(list ...string) (out [][]byte) {
	for _, s := range list {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			panic(err)
		}
		out = append(out, b)
	}
	return out
}

var someDevice = client.Advertisement{Address: "00010203040506"}

func connectTo(t *testing.T, p *peer) (*Central, *Link) {
	c, err := New(p, Config{MTU: att.MinMTU})
	require.NoError(t, err)
	l, err := c.Connect(t.Context(), someDevice)
	require.NoError(t, err)
	return c, l.(*Link)
}

// A device's answers that are cut off, or go backwards, or stand still, end a
// discovery.
func TestNonsenseEndsDiscovery(t *testing.T) {
	const service = "11 14 0100 ffff 000102030405060708090a0b0c0d0e0f"
	const char = "09 15 0200 02 0300 000102030405060708090a0b0c0d0e0f"
	for _, answers := range [][]string{
		{"11"}, {"11 14"}, {"11 05 0100 05"}, {"11 14 0100 ffff 00"}, {"11 06 0100 0000 0018"},
		{service, "09"}, {service, "09 15"}, {service, "09 06 0200 02 0300 00"}, {service, "09 15 0200 02 0300 00"},
		{service, char, "09 15 0200 02 0300 000102030405060708090a0b0c0d0e0f"},
		{service, char, "01 08 0300 0a", "05"}, {service, char, "01 08 0300 0a", "05 01"}, {service, char, "01 08 0300 0a", "05 01 0400 01"},
		{service, char, "01 08 0300 0a", "05 02 0400 0102"}, {service, char, "01 08 0300 0a", "05 02 0400 000102030405060708090a0b0c0d0e"},
		{service, char, "01 08 0300 0a", "05 01 0300 0129"}, {service, char, "01 08 0300 0a", "05 01 0400 0229", "05 01 0400 0229"},
	} {
		rest := pdus(answers...)
		p := &peer{answer: func([]byte) (a [][]byte) {
			if len(rest) > 0 {
				a, rest = rest[:1], rest[1:]
			} else {
				t.Error("the discovery goes on after nonsense")
			}
			return a
		}}
		_, l := connectTo(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := l.Discover(ctx, ble.UUID{})
		require.Equal(t, errShort, err, "%q", answers)
		require.Equal(t, len(answers), p.requests)
		cancel()
		require.NoError(t, l.Close())
	}
}

// What a device sends on its own, and on other channels, is no answer.
func TestOnlyAnswersAreAnswers(t *testing.T) {
	p := &peer{answer: func(pdu []byte) [][]byte {
		return pdus("1b 0900 77", "1d 0900 77", "23 0900 0100 77", "08 0100 ffff 0028", "02 1700", "52 0100 00", "0b aabb", "0b cc")
	}}
	_, l := connectTo(t, p)
	p.fn(pdus("02 4010 0500 01 00 04 00 0b")[0]) // a fragment without a beginning
	require.Empty(t, l.answers)
	for range 2 {
		value, err := l.Read(t.Context(), client.BLECharacteristic{Handle: 9})
		require.NoError(t, err)
		require.Equal(t, []byte{0xaa, 0xbb}, value)
	}
	// Fragments without a beginning, of other links, and longer than any PDU.
	for _, packet := range []string{
		"02 4010 0500 01 00 04 00 0b", "02 4120 0500 01 00 04 00 0b", "02 4020 0500 01 00 06 00 0b",
		"02 4020 0500 ff ff 04 00 0b", "02 4010 0500 01 00 04 00 0b", "02 4020 0600 01 00 04 00 0b 0b", "02 4020 0400 00 00 04 00",
	} {
		p.fn(pdus(packet)[0])
	}
	require.Empty(t, l.answers)
	require.LessOrEqual(t, cap(l.frame), 2*att.MaxMTU)
	require.NoError(t, l.Close())
}

// Buffers of the controller: of its own, shared with classic Bluetooth, none,
// and answers that are cut off.
func TestControllersBuffers(t *testing.T) {
	for _, tc := range []struct {
		le, shared string
		length, n  int
	}{
		{"1b00 01", "", 27, 1}, {"fb00 08", "", 251, 8}, {"0000 00", "fd03 40 0900 0800", 1021, 9}, {"fb00 00", "1b00 00 0100 0000", 27, 1},
		{"1a00 08", "", 0, 0}, {"0000 00", "0000 00 0000 0000", 0, 0}, {"fb", "fd03 40", 0, 0}, {"fb", "fd03 40 09", 0, 0}, {"", "", 0, 0},
	} {
		p := &peer{buffers: append([]byte{}, pdus(tc.le)[0]...), shared: pdus(tc.shared)[0]}
		c, err := New(p, Config{MTU: att.MinMTU})
		require.NoError(t, err)
		l, err := c.Connect(t.Context(), someDevice)
		if tc.n == 0 {
			require.ErrorContains(t, err, "no buffers", "%+v", tc)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, []int{tc.length, tc.n}, []int{c.aclLen, c.aclFree})
		require.NoError(t, l.Close())
	}
}

// A connection that nobody asked for is none.
func TestUnaskedConnection(t *testing.T) {
	p := &peer{answer: func([]byte) [][]byte { return pdus("0b") }}
	c, l := connectTo(t, p)
	require.NoError(t, l.Close())
	p.event(0x3E, append([]byte{1, 0, peerHandle, 0, 0}, make([]byte, 14)...)...)
	again, err := c.Connect(t.Context(), someDevice)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

// A scan tells so many devices apart and no more.
func TestManyDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		c, err := New(p, Config{})
		require.NoError(t, err)
		seen := map[string]bool{}
		ended := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			ended <- c.Scan(ctx, func(a client.Advertisement) bool {
				seen[a.Address] = true
				return true
			})
		}()
		synctest.Wait()
		for i := range 3 * maxDevices {
			p.event(0x3E, 2, 1, 0, 0, byte(i), byte(i>>8), 3, 4, 5, 6, 0, 0xC4)
			if i%32 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.Len(t, seen, maxDevices)
	})
}

// A controller that falls silent holds nobody up for longer than it may, and is
// reset before its next use.
func TestSilentController(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{mute: map[int]bool{}}
		c, err := New(p, Config{})
		require.NoError(t, err)
		works := func() {
			t.Helper()
			clear(p.mute)
			p.taken()
			p.answer = func([]byte) [][]byte { return pdus("03 1700") }
			l, err := c.Connect(t.Context(), someDevice)
			require.NoError(t, err)
			require.Equal(t, 0x0C03, p.taken()[0], "no reset")
			require.NoError(t, l.Close())
		}
		within := func(limit time.Duration, fn func(ctx context.Context) error) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			require.ErrorIs(t, fn(ctx), context.DeadlineExceeded)
			require.Equal(t, time.Second+limit, time.Since(began))
		}
		scan := func(ctx context.Context) error {
			return c.Scan(ctx, func(client.Advertisement) bool { return true })
		}
		connect := func(ctx context.Context) error {
			_, err := c.Connect(ctx, someDevice)
			return err
		}
		p.mute[0x0C03] = true
		within(0, scan)
		works()

		p.mute[0x200C] = true
		within(commandTimeout, scan) // it began perhaps, and does not end
		works()

		p.mute[0x200D], p.mute[0x200E] = true, true
		within(2*commandTimeout, connect)
		works()

		p.mute[0x200D] = true // cancelled, which ends it
		within(0, connect)
		clear(p.mute)
		p.mute[-0x200D], p.mute[0x200E] = true, true // nobody is there
		within(2*commandTimeout, connect)
		works()

		l, err := c.Connect(t.Context(), someDevice)
		require.NoError(t, err)
		p.mute[0x0406] = true
		began := time.Now()
		require.NoError(t, l.Close())
		require.Equal(t, commandTimeout, time.Since(began))
		require.ErrorIs(t, l.Write(t.Context(), client.BLECharacteristic{}, nil), ErrLinkLost)
		works()
	})
}

// FuzzDevice lets a device answer anything, each answer a length and its bytes;
// 255 ends the link. Discovery, reading and writing end, with requests that are
// no longer than the MTU, and the next device is served.
func FuzzDevice(f *testing.F) {
	f.Add([]byte("\x03\x03\x05\x02" + "\x16\x11\x14\x01\x00\xff\xff0123456789abcdef" + "\x17\x09\x15\x02\x00\x02\x03\x000123456789abcdef" + "\x05\x01\x08\x03\x00\x0a" + "\x06\x05\x02\x04\x00\x01\x29"))
	f.Add([]byte("\x03\x03\x17\x00" + "\x16\x11\x14\x01\x00\xff\xff0123456789abcdef" + "\x17\x09\x15\x02\x00\x02\x03\x000123456789abcdef" + "\x05\x01\x08\x03\x00\x0a" + "\x06\x05\x01\x04\x00\x01\x29" + "\x05\x0bname" + "\x01\x13\x02\x0b\x01"))
	f.Add([]byte("\x05\x01\x02\x00\x00\x06\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &peer{}
		p.end = func([]byte) bool { return len(data) == 0 || data[0] == 255 }
		p.answer = func([]byte) [][]byte {
			n := min(int(data[0]), len(data)-1)
			a := bytes.Clone(data[1 : 1+n])
			data = data[1+n:]
			if !isAnswer(a) || n > att.MaxMTU {
				return [][]byte{a, {0x01, 0, 0, 0, 0x0E}} // so that the request ends
			}
			return [][]byte{a}
		}
		c, err := New(p, Config{})
		require.NoError(t, err)
		began := len(data)
		if link, err := c.Connect(t.Context(), someDevice); err == nil {
			l := link.(*Link)
			list, err := l.Discover(t.Context(), ble.UUID{})
			if err == nil && len(list) > 0 {
				require.LessOrEqual(t, len(list), 65536)
				value, err := l.Read(t.Context(), list[0])
				if err == nil {
					require.Less(t, len(value), ble.MaxValue+l.mtu)
				}
				_ = l.Write(t.Context(), list[0], make([]byte, ble.MaxValue))
			}
			require.LessOrEqual(t, p.longest, l.mtu)
			require.GreaterOrEqual(t, l.mtu, att.MinMTU)
			require.NoError(t, l.Close())
		}
		require.LessOrEqual(t, p.requests, began+1, "requests that are not answered")
		c.mu.Lock()
		require.Nil(t, c.link)
		require.Equal(t, 8, c.aclFree, "buffers of the controller are lost or made up")
		c.mu.Unlock()

		p.end, p.answer = nil, func([]byte) [][]byte { return pdus("03 1700") }
		l, err := c.Connect(t.Context(), someDevice)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	})
}
