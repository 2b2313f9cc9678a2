// SPDX-License-Identifier: Apache-2.0

package att

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

const (
	ffUUID  = "b4df5a1c3f6bf4bfea4a820304901a02"
	uuid51  = "b4df5a1c3f6bf4bfea4a820351ff1a02"
	uuid53  = "b4df5a1c3f6bf4bfea4a820353ff1a02"
	session = "70726f762d73657373696f6e" // prov-session
	version = "70726f746f2d766572"       // proto-ver
)

// Discovery with the option of notifications: the service by UUID, all
// characteristics, all descriptors, with MTU 23 and 517. What the clients of
// Android, iOS and BlueZ ask is in internal/test/provtest.
func TestDiscovery(t *testing.T) {
	for _, mtu := range []int{23, 517} {
		r := up(t, Config{MTU: 517}, true)
		if mtu != 23 {
			require.Equal(t, "030502", r.ask(fmt.Sprintf("02%02x%02x", mtu&255, mtu>>8)))
		}
		require.Equal(t, "0707000f00", r.ask("060100ffff0028"+ffUUID))
		if mtu == 23 {
			require.Equal(t, "091508001a0900"+uuid51, r.ask("080700ffff0328"))
			require.Equal(t, "09150c001a0d00"+uuid53, r.ask("080900ffff0328"))
		} else {
			require.Equal(t, "091508001a0900"+uuid51+"0c001a0d00"+uuid53, r.ask("080700ffff0328"))
		}
		require.Equal(t, "01080d000a", r.ask("080d00ffff0328"))
		require.Equal(t, "05010a0002290b000129", r.ask("040a000b00"))
		require.Equal(t, "05010e0002290f000129", r.ask("040e00ffff"))
		require.Equal(t, "0b"+session, r.ask("0a0b00"))
		require.Equal(t, "0b"+version, r.ask("0a0f00"))
	}
}

// The notify option: property and descriptor 0x2902, which is the client's own,
// and nothing notifies.
func TestQT35_Notify(t *testing.T) {
	r := up(t, Config{}, true)
	require.Equal(t, "0b1a0900"+uuid51, r.ask("0a0800"), "the property")
	require.Equal(t, "0b0000", r.ask("0a0a00"))
	require.Equal(t, "13", r.ask("120a000100"))
	require.Equal(t, "0b0100", r.ask("0a0a00"))
	require.Equal(t, "0b0000", r.ask("0a0e00"), "the other characteristic's")
	require.Equal(t, "01120a0006", r.ask("120a000200"), "indications")
	require.Equal(t, "01120a000d", r.ask("120a0001"))
	require.Equal(t, "01160a0006", r.ask("160a0000000100"))
	require.Equal(t, "13", r.ask("12090001"))
	require.Empty(t, r.ctl.taken())
	r.disconnect(1, 0x13)
	r.connect(1)
	require.Equal(t, "0b0000", r.ask("0a0a00"), "another client's")
}

// Prepared writes: overlapping fragments count once (CVE-2026-25508), and those
// of a connection that ended are gone.
func TestQT14_OverlapAndDisconnect(t *testing.T) {
	r := up(t, Config{}, false)
	r.ask("16 0900 0000 01020304")
	r.ask("16 0900 0200 0506")
	r.ask("16 0900 0300 0708")
	require.Equal(t, "19", r.ask("1801"))
	require.Equal(t, []byte{1, 2, 5, 7, 8}, r.v.value[0])
	r.ask("16 0900 0000 ff")
	require.Equal(t, "19", r.ask("1800"))
	require.Equal(t, "19", r.ask("1801"))
	r.ask("16 0900 0000 ff")
	r.disconnect(1, 8)
	r.connect(1)
	require.Equal(t, "19", r.ask("1801"))
	require.Equal(t, []byte{1, 2, 5, 7, 8}, r.v.value[0])

	// The order of fragments does not matter, gaps do.
	r.ask("16 0900 0200 03")
	r.ask("16 0900 0000 0102")
	require.Equal(t, "19", r.ask("1801"))
	require.Equal(t, []byte{1, 2, 3}, r.v.value[0])
	r.ask("16 0900 0200 03")
	require.Equal(t, "0118090007", r.ask("1801"))
	require.Equal(t, "19", r.ask("1801"), "the queue is empty")
	require.Equal(t, []byte{1, 2, 3}, r.v.value[0])
}

// No fragment goes beyond the longest value; an attempt drops the queue.
func TestQT15_PreparedBounds(t *testing.T) {
	for bad, code := range map[string]string{"16 0900 0102 01": "07", "16 0900 ff01 0102": "0d", "16 0900 ffff 01": "07"} {
		r := up(t, Config{}, false)
		for offset := 0; offset < 512; offset += 16 {
			want := fmt.Sprintf("170900%02x%02x%s", offset&255, offset>>8, strings.Repeat("5a", 16))
			require.Equal(t, want, r.ask("16"+want[2:]))
		}
		require.Equal(t, "01160900"+code, r.ask(bad))
		require.Equal(t, "19", r.ask("1801"))
		require.Empty(t, r.v.value[0])
	}
	r := up(t, Config{}, false)
	for offset := 0; offset < 512; offset += 16 {
		r.ask(fmt.Sprintf("160900%02x%02x%s", offset&255, offset>>8, strings.Repeat("5a", 16)))
	}
	require.Equal(t, "19", r.ask("1801"))
	require.Len(t, r.v.value[0], 512)
}

// A queue belongs to one characteristic; a fragment for another is refused.
func TestQT36_TwoCharacteristics(t *testing.T) {
	r := up(t, Config{}, false)
	r.ask("16 0900 0000 01")
	require.Equal(t, "01160c000e", r.ask("16 0c00 0000 02"))
	require.Equal(t, "19", r.ask("1801"))
	require.Equal(t, []byte{1}, r.v.value[0])
	require.Empty(t, r.v.value[1])
	require.Equal(t, "170c00000002", r.ask("16 0c00 0000 02"))
}

// The handler's code reaches the client, and nothing is answered before it
// responds; late and repeated answers reach nobody.
func TestRespond(t *testing.T) {
	r := up(t, Config{}, false)
	r.v.code = ble.ATTInvalidPDU
	require.Equal(t, "0112090004", r.ask("12090001"))
	r.ask("16 0900 0000 01")
	require.Equal(t, "0118090004", r.ask("1801"))

	r.v.hold, r.v.code = true, 0
	require.Empty(t, r.ask("12090001"))
	require.Empty(t, r.ask("0a0900"), "a request before the answer is dropped")
	const id = 0x10001
	r.h.Respond(id+1, 0)
	r.h.Respond(id, 0)
	r.h.Respond(id, 0)
	require.Equal(t, []string{"4:13"}, r.ctl.taken())
	r.ask("12090001")
	r.disconnect(1, 0x13)
	r.connect(1)
	r.h.Respond(id, 0)
	require.Empty(t, r.ask("12090001"))
	r.h.Respond(id, 0)
	require.Empty(t, r.ctl.taken(), "the answer of the former connection")
	r.h.Respond(id+0x10000, 0)
	require.Equal(t, []string{"4:13"}, r.ctl.taken())
}

// Answers leave in fragments of the controller's buffers and no faster than it
// gives them back.
func TestFlowControl(t *testing.T) {
	r := newRig(t, Config{MTU: 517})
	r.ctl.aclLen, r.ctl.aclNum, r.ctl.noCredit = 27, 2, true
	require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
	r.connect(1)
	give := []byte{PacketEvent, evSentPackets, 5, 1, 1, 0, 1, 0}
	require.Equal(t, "030502", r.ask("020502"))
	r.ctl.deliver(give)
	r.v.value[0] = make([]byte, 100)
	require.Empty(t, r.ask("0a0900"))
	r.ctl.acl = nil
	for _, want := range []int{1, 2, 2, 2} { // 105 bytes in 27, 27, 27, 24
		r.ctl.deliver(give)
		require.LessOrEqual(t, len(r.ctl.acl), want)
	}
	frames := r.ctl.taken()
	require.Equal(t, []string{"4:0b" + strings.Repeat("00", 100)}, frames)
	// A connection that ends gives its buffers back, all of them here.
	r.ctl.deliver(give)
	require.Empty(t, r.ask("0a0900"))
	r.h.mu.Lock()
	require.Zero(t, r.h.aclFree)
	r.h.mu.Unlock()
	r.disconnect(1, 8)
	r.connect(2)
	r.ctl.taken()
	b, _ := hex.DecodeString("0a0500")
	r.frame(2, cidATT, b, 27)
	require.Equal(t, []string{"4:0b0000"}, r.ctl.taken())
}

// Pairing and L2CAP signals are refused; parameters are asked for on demand.
func TestSignals(t *testing.T) {
	r := up(t, Config{ConnParams: bluedroidParams}, false)
	require.Equal(t, []string{"5:1201080010002000000090" + "01"}, r.ctl.taken())
	r.frame(1, cidSecurity, []byte{1, 3, 0, 1, 16, 0, 0}, 27)
	require.Equal(t, []string{"6:0505"}, r.ctl.taken())
	r.frame(1, cidSignal, []byte{0x14, 7, 0, 0}, 27)
	require.Equal(t, []string{"5:010702000000"}, r.ctl.taken())
	r.frame(1, cidSignal, []byte{0x13, 1, 2, 0, 0, 0}, 27)
	r.frame(1, 0x40, []byte{1, 2, 3}, 27)
	require.Empty(t, r.ctl.taken())
	r.ctl.sent()
	r.ctl.deliver([]byte{PacketEvent, evLE, 13, subLTKRequest, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	require.Equal(t, []string{"201b 0100"}, r.ctl.sent())
}
