// SPDX-License-Identifier: Apache-2.0

package att

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// A request that is longer than the MTU is answered with Invalid PDU (Bluetooth
// Core, Vol 3 Part F 3.4.1.1), whichever it is, at every MTU, however much longer
// it is, and however it is cut; nothing of it reaches the handler, and the client is
// served on. What wants no answer is dropped, a Write Command for instance.
func TestRequestsLongerThanTheMTU(t *testing.T) {
	for _, mtu := range []int{MinMTU, 24, 64, 65, 66, DefaultMTU, MaxMTU} {
		for _, ours := range []int{mtu, MaxMTU} {
			r := up(t, Config{MTU: ours}, true)
			require.Equal(t, fmt.Sprintf("03%02x%02x", byte(ours), ours>>8), r.ask(fmt.Sprintf("02%02x%02x", byte(mtu), mtu>>8)))
			r.v.taken()
			for op := range 256 {
				for _, n := range []int{mtu + 1, mtu + 2, mtu + 300} {
					pdu := make([]byte, n)
					pdu[0], pdu[1] = byte(op), 9
					for _, size := range []int{27, 251, 1021} {
						r.frame(1, cidATT, pdu, size)
						want := []string{fmt.Sprintf("4:01%02x000004", op)}
						if op&flagCommand != 0 || op&1 != 0 || op == confirmation {
							want = nil
						}
						require.Equal(t, want, r.ctl.taken(), "MTU %d of %d, opcode %#x, %d bytes by %d", mtu, ours, op, n, size)
						if op%16 != 2 {
							break // one way of cutting will do
						}
					}
				}
			}
			require.Empty(t, r.v.taken())
			require.Equal(t, "0b0000", r.ask("0a0500"))
			longest := make([]byte, min(mtu, 3+ble.MaxValue))
			longest[0], longest[1] = reqWrite, 9
			require.Equal(t, "13", r.ask(hex.EncodeToString(longest)))
			require.Len(t, r.v.taken(), 1)
		}
	}
}

// The longest frame that there can be; one that ends early, and one that has more
// than it says: those are no frames, and the next one is looked at as ever.
func TestFramesOfOtherLengths(t *testing.T) {
	r := up(t, Config{}, false)
	pdu := make([]byte, 65535)
	pdu[0] = reqWrite
	r.frame(1, cidATT, pdu, 251)
	require.Equal(t, []string{"4:0112000004"}, r.ctl.taken())
	begins := []byte{PacketACL, 1, pbAuto >> 8, 7, 0, 0, 2, cidATT, 0, reqWrite, 9, 0}
	more := []byte{PacketACL, 1, pbAuto >> 8, 8, 0, 3, 0, cidATT, 0, reqRead, 9, 0, 0}
	rest := []byte{PacketACL, 1, pbContinue >> 8, 3, 0, 1, 2, 3}
	for _, p := range [][]byte{begins, rest, more, rest} {
		r.ctl.deliver(p)
		r.ctl.giveBack()
		require.Empty(t, r.ctl.taken())
	}
	require.Equal(t, "0b0000", r.ask("0a0500"))
}

// An exchange of MTUs counts from its answer on: until it is there a client that
// keeps to the protocol sends nothing, and afterwards a request of the new length
// is taken. One that the client makes smaller again counts too.
func TestMTUChanges(t *testing.T) {
	r := up(t, Config{MTU: 100}, false)
	long := make([]byte, 100)
	long[0], long[1] = reqWrite, 9
	ask := func() string { return r.ask(hex.EncodeToString(long)) }
	require.Equal(t, "0112000004", ask())
	require.Equal(t, "036400", r.ask("026400"))
	require.Equal(t, "13", ask())
	require.Equal(t, "036400", r.ask("021700"))
	require.Equal(t, "0112000004", ask())
	// In one go with the request for the MTU, before the answer is out.
	r.ctl.noCredit = true
	for range 8 { // the controller's buffers are full
		r.ask("0a0500")
	}
	r.frame(1, cidATT, []byte{reqMTU, 100, 0}, 27)
	r.frame(1, cidATT, long, 27)
	r.ctl.noCredit = false
	r.ctl.giveBack()
	require.Equal(t, []string{"4:036400"}, r.ctl.taken())
	require.Equal(t, "13", ask())
}

// The other channels: a signal that is too long is refused with the size that is
// possible (Bluetooth Core, Vol 3 Part A 4.1), and a PDU of the security manager is
// refused like every other, so that no client waits 30 s.
func TestLongFramesOnOtherChannels(t *testing.T) {
	r := up(t, Config{}, false)
	for _, n := range []int{MinMTU + 1, DefaultMTU + 1, 1000} {
		signal, pairing := make([]byte, n), make([]byte, n)
		signal[0], signal[1] = 0x08, 7
		r.frame(1, cidSignal, signal, 27)
		require.Equal(t, []string{"5:0107040001001700"}, r.ctl.taken(), "%d bytes", n)
		signal[0] = sigReject
		r.frame(1, cidSignal, signal, 27)
		require.Empty(t, r.ctl.taken(), "%d bytes", n)
		pairing[0] = 0x01
		r.frame(1, cidSecurity, pairing, 27)
		require.Equal(t, []string{"6:0505"}, r.ctl.taken(), "%d bytes", n)
	}
	require.Equal(t, "0b0000", r.ask("0a0500"))
}
