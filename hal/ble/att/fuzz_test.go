// SPDX-License-Identifier: Apache-2.0

package att

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// wire takes all packets and keeps the frames that the host sent, put together.
type wire struct {
	frames   [][]byte // of the client with handle 1
	partial  map[int][]byte
	commands []int
	bad      string // what is no packet for a controller
}

func (*wire) SetReceiver(func([]byte)) {}

func (w *wire) Send(p []byte) error {
	switch {
	case len(p) >= 4 && p[0] == PacketCommand && int(p[3]) == len(p)-4:
		w.commands = append(w.commands, le.Uint16(p[1:]))
	case len(p) > 5 && p[0] == PacketACL && le.Uint16(p[3:]) == len(p)-5 && len(p)-5 <= fuzzACL:
		head := le.Uint16(p[1:])
		f := append(w.partial[head&0x0FFF], p[5:]...)
		if head&pbMask == pbStart && len(f) != len(p)-5 {
			w.bad = "a frame begins before the last one is complete"
		}
		if len(f) >= 4 && len(f) >= 4+le.Uint16(f) {
			if len(f) > 4+le.Uint16(f) {
				w.bad = "a frame is longer than it says"
			}
			if head&0x0FFF == 1 {
				w.frames = append(w.frames, f)
			}
			f = nil
		}
		w.partial[head&0x0FFF] = f
	default:
		w.bad = fmt.Sprintf("no packet: %x", p)
	}
	return nil
}

const (
	fuzzACL     = 27
	fuzzBuffers = 4
	fuzzMTU     = 64
)

// fuzzed is a host that was started without a controller, with a client.
func fuzzed(t testing.TB) (*Host, *values, *wire) {
	w := &wire{partial: map[int][]byte{}}
	h, err := New(w, Config{MTU: fuzzMTU, MaxConns: 2})
	require.NoError(t, err)
	v := &values{h: h, silent: true}
	h.gatt, h.handler = gattConfig(true), v
	h.table = newTable(&h.gatt)
	h.up, h.serving, h.advOn, h.era = true, true, true, 1
	h.aclLen, h.aclNum, h.aclFree = fuzzACL, fuzzBuffers, fuzzBuffers
	h.receive(fuzzConnect)
	return h, v, w
}

var fuzzConnect = []byte{PacketEvent, evLE, 19, subConnected, 0, 1, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xF4, 1, 0}

// pieces calls fn with each piece of data: a length and its bytes.
func pieces(data []byte, fn func([]byte)) {
	for len(data) > 0 {
		n := min(int(data[0]), len(data)-1)
		fn(bytes.Clone(data[1 : 1+n]))
		data = data[1+n:]
	}
}

// check looks for what must hold whatever was received, and then has the next
// client be served.
func (v *values) check(t *testing.T, h *Host, w *wire) {
	t.Helper()
	for _, value := range v.value {
		require.LessOrEqual(t, len(value), ble.MaxValue)
	}
	outstanding := 0
	for i := range h.conns {
		c := &h.conns[i]
		if c.used {
			outstanding += c.inFlight
			require.GreaterOrEqual(t, c.inFlight, 0)
			require.True(t, c.mtu >= MinMTU && c.mtu <= fuzzMTU)
			require.True(t, c.have <= headL2CAP+0xFFFF && c.want <= headL2CAP+0xFFFF)
		}
	}
	require.Equal(t, fuzzBuffers, h.aclFree+outstanding, "buffers of the controller are lost or made up")
	require.LessOrEqual(t, h.queued, len(h.queue))
	require.False(t, h.sending)
	require.Empty(t, w.bad)

	for i := range h.conns {
		if handle := h.conns[i].id.Handle(); h.conns[i].used {
			h.receive([]byte{PacketEvent, evDisconnected, 4, 0, byte(handle), byte(handle >> 8), 8})
		}
	}
	require.Equal(t, fuzzBuffers, h.aclFree)
	h.receive(fuzzConnect)
	w.partial, w.frames = map[int][]byte{}, nil
	h.receive([]byte{PacketACL, 1, 0x20, 7, 0, 3, 0, cidATT, 0, reqRead, handleLook, 0})
	require.Equal(t, "03000400"+"0b0000", hex.EncodeToString(bytes.Join(w.frames, nil)), "the next client")
}

// FuzzController feeds any packets, each a length and its bytes.
func FuzzController(f *testing.F) {
	f.Add([]byte{7, PacketEvent, evDisconnected, 4, 0, 1, 0, 0x13, 12, PacketACL, 1, 0x20, 7, 0, 3, 0, 4, 0, reqRead, 9, 0})
	f.Add([]byte{8, PacketEvent, evSentPackets, 5, 9, 1, 0, 255, 255})
	f.Add([]byte{12, PacketACL, 1, 0x20, 7, 0, 3, 0, 4, 0, reqRead, 9, 0, 8, PacketEvent, evSentPackets, 5, 1, 1, 0, 255, 255})
	f.Add([]byte{22, PacketEvent, evLE, 19, subConnected, 0, 2, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xF4, 1, 0})
	f.Add([]byte{4, PacketEvent, evHardwareError, 1, 7})
	f.Add([]byte{7, PacketEvent, evComplete, 4, 255, 0x0A, 0x20, 0x0C, 7, PacketEvent, evStatus, 4, 1, 0, 6, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, v, w := fuzzed(t)
		pieces(data, h.receive)
		v.check(t, h, w)
	})
}

// FuzzRequests feeds any ATT PDUs of a connected client, in fragments of any
// size, and gives the buffers back. A request is answered once, by its response
// or an error that names it; what is none is not answered; no answer is longer
// than the MTU; and a value is what was written last.
func FuzzRequests(f *testing.F) {
	f.Add([]byte{27, 3, reqRead, 9, 0, 7, reqReadByType, 1, 0, 255, 255, 3, 0x28})
	f.Add([]byte{3, 9, reqPrepare, 9, 0, 0, 0, 1, 2, 3, 4, 2, reqExecute, 1})
	f.Add([]byte{9, 3, reqMTU, 255, 255, 5, reqReadBlob, 10, 0, 3, 0})
	f.Add([]byte{27, 9, reqFindByValue, 1, 0, 255, 255, 0, 0x28, 0, 0x18, 7, reqReadByGroup, 1, 0, 255, 255, 1, 0x28, 2, 0x52, 9, 1, 0x1E})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		h, v, w := fuzzed(t)
		size := min(max(1, int(data[0])), 251)
		c := &h.conns[0]
		pieces(data[1:], func(pdu []byte) {
			if !c.used {
				return
			}
			mtu := c.mtu
			w.frames = nil
			frame := append([]byte{byte(len(pdu)), 0, cidATT, 0}, pdu...)
			for flags := byte(0x20); len(frame) > 0; flags = 0x10 {
				k := min(size, len(frame))
				h.receive(append([]byte{PacketACL, 1, flags, byte(k), 0}, frame[:k]...))
				frame = frame[k:]
			}
			for range 4 {
				h.receive([]byte{PacketEvent, evSentPackets, 5, 1, 1, 0, 4, 0})
			}
			require.True(t, c.idle(), "a request is never answered")
			if len(pdu) == 0 || pdu[0]&(flagCommand|1) != 0 || pdu[0] == confirmation {
				require.Empty(t, w.frames, "%x", pdu)
				return
			}
			require.Len(t, w.frames, 1, "%x", pdu)
			answer := w.frames[0][headL2CAP:]
			require.Equal(t, cidATT, le.Uint16(w.frames[0][2:]))
			require.LessOrEqual(t, len(answer), mtu, "%x", pdu)
			if answer[0] == rspError {
				require.Len(t, answer, 5)
				require.Equal(t, pdu[0], answer[1])
				require.NotZero(t, answer[4])
				return
			}
			require.LessOrEqual(t, len(pdu), mtu)
			require.Equal(t, pdu[0]+1, answer[0])
			if pdu[0] == reqWrite && (le.Uint16(pdu[1:]) == handleFirst+1 || le.Uint16(pdu[1:]) == handleFirst+5) {
				require.Equal(t, string(pdu[3:]), string(v.value[(le.Uint16(pdu[1:])-handleFirst)/4]))
			}
			if pdu[0] == reqPrepare {
				require.Equal(t, string(pdu[1:]), string(answer[1:]), "what is prepared is echoed")
			}
		})
		v.check(t, h, w)
	})
}

// FuzzReassembly feeds any fragments of L2CAP frames to a connected client and
// compares what is answered with a reassembly that is done another way: all
// fragments since a first one, joined.
func FuzzReassembly(f *testing.F) {
	read := "\x03\x00\x04\x00\x0a\x05\x00"
	f.Add([]byte("\x08\x20" + read))
	f.Add([]byte("\x02\x20\x03" + "\x04\x10\x00\x04\x00" + "\x04\x10\x0a\x05\x00"))
	f.Add([]byte("\x04\x20\x03\x00\x04" + "\x08\x00" + read + "\x08\x10" + read))
	f.Add([]byte("\x06\x20\x03\x00\x04\x00\x0a" + "\x04\x10\x05\x00\x00" + "\x03\x10\x05\x00"))
	f.Add([]byte("\x08\x20\xff\xff\x04\x00\x0a\x05\x00" + "\x08\x10" + read + "\x08\x20" + read))
	f.Add([]byte("\x09\x20" + read + "\x00" + "\x08\x30" + read + "\x08\x10" + read + "\x08\x20" + read))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, v, w := fuzzed(t)
		longest := len(h.conns[0].rx)
		var joined []byte // of the frame that is being received
		begun := false
		pieces(data, func(p []byte) {
			if len(p) == 0 {
				return
			}
			flags, part := p[0]&0x30, p[1:]
			w.frames = nil
			h.receive(append([]byte{PacketACL, 1, flags, byte(len(part)), 0}, part...))
			h.receive([]byte{PacketEvent, evSentPackets, 5, 1, 1, 0, 255, 0})
			var want []byte // a frame that is complete now
			switch {
			case len(part) == 0 || flags == 0x30: // nothing, or not for LE
			case flags == 0x10 && !begun:
			default:
				if flags != 0x10 {
					joined, begun = nil, true
				}
				joined = append(joined, part...)
				if len(joined) < headL2CAP {
					break
				}
				if n := headL2CAP + le.Uint16(joined); len(joined) >= n {
					begun = false
					if len(joined) == n && n <= longest {
						want = joined
					}
				}
			}
			if len(want) <= headL2CAP || le.Uint16(want[2:]) != cidATT {
				for _, frame := range w.frames { // of a signal, or of pairing
					require.NotEqual(t, cidATT, le.Uint16(frame[2:]))
				}
				return
			}
			pdu := want[headL2CAP:]
			if pdu[0]&(flagCommand|1) != 0 || pdu[0] == confirmation {
				require.Empty(t, w.frames)
				return
			}
			require.Len(t, w.frames, 1, "%x", pdu)
			if answer := w.frames[0][headL2CAP:]; answer[0] == rspError {
				require.Equal(t, pdu[0], answer[1])
			} else {
				require.Equal(t, pdu[0]+1, answer[0])
			}
		})
		v.check(t, h, w)
	})
}
