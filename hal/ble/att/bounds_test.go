// SPDX-License-Identifier: Apache-2.0

package att

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// buffers returns how many buffers of the controller are free, and how many
// packets it has.
func (r *rig) buffers() (free, inFlight int) {
	r.h.mu.Lock()
	defer r.h.mu.Unlock()
	r.h.eachConn(func(c *conn) { inFlight += c.inFlight })
	return r.h.aclFree, inFlight
}

// Number Of Completed Packets with more than was sent, for handles that there
// are not, for none, cut off, and with a count of entries that are not there:
// the controller never has more buffers than it said.
func TestCompletedPacketsNonsense(t *testing.T) {
	for _, p := range [][]byte{
		{1, 1, 0, 255, 255}, {1, 1, 0, 0, 0}, {1, 2, 0, 9, 0}, {0}, {}, {1}, {1, 1}, {1, 1, 0, 1},
		{255, 1, 0, 9, 0}, {2, 9, 0, 9, 0, 1, 0, 9, 0}, {1, 1, 0x20, 1, 0},
	} {
		r := newRig(t, Config{})
		r.ctl.aclNum, r.ctl.noCredit = 3, true
		require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
		r.connect(1)
		event := append([]byte{PacketEvent, evSentPackets, byte(len(p))}, p...)
		r.ctl.deliver(event) // nothing was sent
		for n := range 3 {
			require.Equal(t, "0b0000", r.ask("0a0500"), "%x, request %d", p, n)
		}
		free, inFlight := r.buffers()
		require.Equal(t, []int{0, 3}, []int{free, inFlight})
		r.ctl.deliver(event)
		free, inFlight = r.buffers()
		require.Equal(t, 3, free+inFlight, "%x", p)
		require.GreaterOrEqual(t, inFlight, 0)
	}
}

// A client that takes no packets, as its link layer may do for ever, leaves buffers
// of the controller to the others.
func TestBuffersAreShared(t *testing.T) {
	for _, conns := range []int{2, 3} {
		r := newRig(t, Config{MaxConns: conns, MTU: 517})
		r.ctl.aclLen, r.ctl.aclNum, r.ctl.noCredit = 27, 6, true
		require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
		r.v.value[0] = make([]byte, 512)
		for handle := range conns - 1 {
			r.connect(byte(2 + handle))
			synced(r)
			r.askAs(byte(2+handle), "020502")
			r.askAs(byte(2+handle), "0a0900")
		}
		r.connect(1)
		require.Equal(t, "0b0000", r.ask("0a0500"), fmt.Sprint(conns))
		free, inFlight := r.buffers()
		require.Equal(t, 6, free+inFlight)
	}
	// If there are not enough for that, they are not kept for nobody.
	r := newRig(t, Config{MaxConns: 8})
	r.ctl.aclNum = 2
	require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
	r.connect(1)
	require.Equal(t, "0b0000", r.ask("0a0500"))
}

// Buffers that never come back: the client that waits for an answer is not
// answered, whatever it sends, and nothing piles up. When it is gone, the next
// one is served.
func TestBuffersNeverComeBack(t *testing.T) {
	r := newRig(t, Config{MTU: 517, ConnParams: bluedroidParams})
	r.ctl.aclNum, r.ctl.noCredit = 2, true
	require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
	for range 3 {
		r.connect(1)
		require.Equal(t, "0b0000", r.ask("0a0500"), "the second buffer")
		require.Zero(t, testing.AllocsPerRun(100, func() {
			r.h.receive([]byte{PacketACL, 1, 0x20, 7, 0, 3, 0, cidATT, 0, reqRead, 9, 0})
			r.h.receive([]byte{PacketACL, 1, 0x20, 8, 0, 4, 0, cidSignal, 0, 0x14, 1, 0, 0})
		}))
		free, inFlight := r.buffers()
		require.Equal(t, []int{0, 2}, []int{free, inFlight})
		r.disconnect(1, 8)
		free, _ = r.buffers()
		require.Equal(t, 2, free)
	}
}

// L2CAP signals: every code that is no answer is refused with Command Reject
// (not understood) and the identifier; answers, signals without an identifier
// or a head, and signals while a refusal waits for a buffer, are dropped.
func TestEverySignal(t *testing.T) {
	r := up(t, Config{}, false)
	answers := []byte{0x01, 0x03, 0x05, 0x07, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x13, 0x15, 0x16, 0x18, 0x1A}
	for code := range 256 {
		r.frame(1, cidSignal, []byte{byte(code), 7, 0, 0}, 27)
		if bytes.IndexByte(answers, byte(code)) >= 0 {
			require.Empty(t, r.ctl.taken(), "%02x", code)
		} else {
			require.Equal(t, []string{"5:010702000000"}, r.ctl.taken(), "%02x", code)
		}
	}
	for _, p := range [][]byte{{}, {0x14}, {0x14, 1, 0}, {0x14, 0, 0, 0}} {
		r.frame(1, cidSignal, p, 27)
		require.Empty(t, r.ctl.taken(), "%x", p)
	}
	r = newRig(t, Config{})
	r.ctl.aclNum, r.ctl.noCredit = 1, true
	require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
	r.connect(1)
	for _, id := range []byte{1, 2, 3} {
		r.frame(1, cidSignal, []byte{0x14, id, 0, 0}, 27)
	}
	r.ctl.giveBack()
	require.Equal(t, []string{"5:010102000000", "5:010202000000"}, r.ctl.taken())
}

// Frames on channels that there are not, of every length, and data for
// connections that there are not, are dropped; the client is served on.
func TestUnknownChannelsAndHandles(t *testing.T) {
	r := up(t, Config{}, false)
	for _, cid := range []int{0, 1, 2, 3, 7, 0x40, 0x7F, 0xFFFF} {
		for _, n := range []int{0, 1, 23, 256, 257, 1000, 65535} {
			r.frame(1, cid, make([]byte, n), 251)
			require.Empty(t, r.ctl.taken(), "channel %d, %d bytes", cid, n)
		}
		require.Equal(t, "0b0000", r.ask("0a0500"))
	}
	for _, handle := range []byte{0, 2, 255} {
		require.Empty(t, r.askAs(handle, "0a0500"))
		r.disconnect(handle, 8)
	}
	require.Equal(t, []string{"connected 10001"}, r.v.taken())
	require.Equal(t, "0b0000", r.ask("0a0500"))
}

// Connections with impossible parameters are none.
func TestImpossibleConnections(t *testing.T) {
	r := newRig(t, Config{})
	require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
	for _, p := range [][]byte{
		{subConnected}, {subConnected, 0, 1, 0}, {},
		{subConnected, 0, 0, 0x0F, 1, 0, 0, 0}, // a handle over 0x0EFF
		{subConnected, 0, 1, 0, 0, 0, 0, 0},    // as the central
		{0x7F, 0, 1, 0, 1},
	} {
		r.ctl.deliver(append([]byte{PacketEvent, evLE, byte(len(p))}, p...))
	}
	require.Empty(t, r.v.taken())
	r.connect(1)
	require.Equal(t, "0b0000", r.ask("0a0500"))
	// The end of it is lost, and there is a new one with its handle.
	r.connect(1)
	require.Equal(t, []string{"connected 10001", "disconnected 10001 8", "connected 20001"}, r.v.taken())
}

// With room for one, a second client is disconnected at once and nobody hears
// of it; with room for two, each has its own MTU, queue, descriptors, and
// answers, fragments may take turns, and a third is one too many.
func TestTwoClients(t *testing.T) {
	r := up(t, Config{}, true)
	r.v.taken()
	r.connect(2)
	require.Equal(t, []string{"0406 020013"}, r.ctl.sent())
	require.Empty(t, r.askAs(2, "0a0500"))
	require.Equal(t, "0b0000", r.ask("0a0500"))
	require.Empty(t, r.v.taken())

	r = up(t, Config{MaxConns: 2}, true)
	synced(r)
	r.connect(2)
	require.Empty(t, r.ctl.sent(), "there is no room to advertise for")
	r.connect(3)
	require.Equal(t, []string{"0406 030013"}, r.ctl.sent())
	require.Equal(t, []string{"connected 10001", "connected 20002"}, r.v.taken())
	require.Equal(t, "030001", r.askAs(2, "024000"))
	require.Equal(t, "13", r.askAs(2, "120a000100"))
	require.Equal(t, "0b0000", r.ask("0a0a00"))
	require.Equal(t, "1709000000010203", r.ask("16 0900 0000 010203"))
	require.Equal(t, "19", r.askAs(2, "1801"), "the other one's queue")
	require.Equal(t, "170900000005", r.askAs(2, "16 0900 0000 05"))
	require.Equal(t, "19", r.ask("1801"))
	require.Equal(t, []byte{1, 2, 3}, r.v.value[0])
	r.v.value[0] = make([]byte, 100)
	require.Len(t, r.ask("0a0900"), 2*23)
	require.Len(t, r.askAs(2, "0a0900"), 2*64)
	r.v.taken()

	// A write of each, its fragments by turns; the one that came first is
	// answered last.
	r.v.hold = true
	for i, part := range []string{"0e 00 04 00 12 09 00 01 02 03", "04 05 06 07 08 09 0a 0b"} {
		for _, handle := range []byte{1, 2} {
			var b []byte
			for _, s := range strings.Fields(part) {
				var v byte
				_, _ = fmt.Sscanf(s, "%x", &v)
				b = append(b, v)
			}
			r.ctl.deliver(append([]byte{PacketACL, handle, byte(0x20 - 0x10*i), byte(len(b)), 0}, b...))
		}
	}
	require.Equal(t, []string{"write 10001 0 0102030405060708090a0b", "write 20002 0 0102030405060708090a0b"}, r.v.taken())
	r.ctl.taken()
	r.h.Respond(0x20002, ble.ATTSuccess)
	require.Equal(t, []string{"4:13"}, r.ctl.taken())
	require.Equal(t, "02000400", hexHead(r.ctl.acl), "to the second one")
	r.h.Respond(0x10001, ble.ATTUnlikely)
	require.Equal(t, []string{"4:011209000e"}, r.ctl.taken())
	r.disconnect(1, 8)
	r.v.hold = false
	require.Equal(t, "0b0100", r.askAs(2, "0a0a00"), "one goes, the other stays")
}

// hexHead is the handle, and the channel, of the last packet.
func hexHead(acl [][]byte) string {
	p := acl[len(acl)-1]
	return fmt.Sprintf("%02x%02x%02x%02x", p[1], p[2], p[7], p[8])
}

// A controller that does not advertise again is asked at the next occasion.
func TestAdvertisingRefused(t *testing.T) {
	r := up(t, Config{MaxConns: 2}, false)
	r.connect(2)
	synced(r)
	r.ctl.sent()
	r.ctl.mute = map[int]bool{opLEAdvEnable: true}
	r.disconnect(2, 8)
	require.Equal(t, []string{"200a 01"}, r.ctl.sent())
	r.ctl.deliver([]byte{PacketEvent, evComplete, 4, 1, 0x0A, 0x20, 0x0C})
	r.disconnect(1, 8)
	require.Equal(t, []string{"200a 01"}, r.ctl.sent())
}

// A link that the controller does not end, for the reason is none of its, can be
// ended with another.
func TestDisconnectRefused(t *testing.T) {
	r := up(t, Config{}, false)
	r.ctl.mute = map[int]bool{opDisconnect: true}
	require.NoError(t, r.h.Disconnect(0x10001, 0x77))
	require.NoError(t, r.h.Disconnect(0x10001, 0x77))
	require.Equal(t, []string{"0406 010077"}, r.ctl.sent(), "one order at a time")
	r.ctl.deliver([]byte{PacketEvent, evStatus, 4, 0x12, 1, 0x06, 0x04})
	require.NoError(t, r.h.Disconnect(0x10001, ble.ReasonRemoteUser))
	require.Equal(t, []string{"0406 010013"}, r.ctl.sent())
}

// A data packet that the transport loses ends the link, which could only wait
// for it; the buffer is not lost.
func TestDataIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{MTU: 517})
		r.ctl.aclLen, r.ctl.aclNum = 27, 4
		require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
		r.connect(1)
		require.Equal(t, "030502", r.ask("020502"))
		r.v.value[0] = make([]byte, 100)
		r.ctl.dataErr = errors.New("UART is gone")
		synctest.Wait()
		r.ctl.sent()
		require.Empty(t, r.ask("0a0900"))
		require.Equal(t, "0406 010013", r.ctl.sent()[0])
		synctest.Wait()
		require.Equal(t, "disconnected 10001 22", r.v.taken()[2])
		free, _ := r.buffers()
		require.Equal(t, 4, free)
		r.ctl.lock.Lock()
		r.ctl.dataErr = nil
		r.ctl.lock.Unlock()
		r.connect(1)
		require.Equal(t, "0b0000", r.ask("0a0500"))

		// The order to end the link is lost, too: it can be given again.
		r.ctl.lock.Lock()
		r.ctl.sendErr = errors.New("UART is gone")
		r.ctl.lock.Unlock()
		require.Empty(t, r.ask("0a0500"))
		free, inFlight := r.buffers()
		require.Equal(t, []int{4, 0}, []int{free, inFlight})
		r.ctl.lock.Lock()
		r.ctl.sendErr = nil
		r.ctl.lock.Unlock()
		require.Equal(t, "0b0000", r.ask("0a0500"))
		synctest.Wait()
		r.ctl.sent()
		require.NoError(t, r.h.Disconnect(0x20001, ble.ReasonRemoteUser))
		require.Equal(t, "0406 010013", r.ctl.sent()[0])
	})
}

// Nothing of what a client sent or was sent is left when it is gone.
func TestNothingStays(t *testing.T) {
	r := up(t, Config{}, false)
	secret := "736563726574"
	require.Equal(t, "13", r.ask("12 0900"+secret))
	require.Equal(t, "0b"+secret, r.ask("0a0900"))
	r.ask("16 0900 0000" + secret)
	c := &r.h.conns[0]
	for _, b := range [][]byte{c.rx, c.tx, c.queue.value} {
		require.Contains(t, string(b), "secret")
	}
	r.disconnect(1, 8)
	for _, b := range [][]byte{c.rx, c.tx, c.queue.value} {
		require.Equal(t, make([]byte, len(b)), b)
	}
}
