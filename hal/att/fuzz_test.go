package att

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// fuzzed is a host that was started without a controller, with a client.
func fuzzed(t testing.TB) (*Host, *values) {
	h, err := New(discard{}, Config{MTU: 64, MaxConns: 2})
	require.NoError(t, err)
	v := &values{h: h, silent: true}
	h.gatt, h.handler = gattConfig(true), v
	h.table = newTable(&h.gatt)
	h.up, h.serving, h.advOn, h.era = true, true, true, 1
	h.aclLen, h.aclFree = 27, 4
	h.receive([]byte{PacketEvent, evLE, 19, subConnected, 0, 1, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xF4, 1, 0})
	return h, v
}

func (v *values) check(t *testing.T, h *Host) {
	t.Helper()
	for _, value := range v.value {
		require.LessOrEqual(t, len(value), hal.MaxGATTValue)
	}
	outstanding := 0
	for i := range h.conns {
		if h.conns[i].used {
			outstanding += h.conns[i].inFlight
			require.GreaterOrEqual(t, h.conns[i].inFlight, 0)
		}
	}
	require.Equal(t, 4, h.aclFree+outstanding, "buffers of the controller are lost or made up")
	require.LessOrEqual(t, h.queued, len(h.queue))
	require.False(t, h.sending)
}

// FuzzController feeds any packets, each a length and its bytes.
func FuzzController(f *testing.F) {
	f.Add([]byte{7, PacketEvent, evDisconnected, 4, 0, 1, 0, 0x13, 12, PacketACL, 1, 0x20, 7, 0, 3, 0, 4, 0, reqRead, 9, 0})
	f.Add([]byte{8, PacketEvent, evSentPackets, 5, 9, 1, 0, 255, 255})
	f.Add([]byte{12, PacketACL, 1, 0x20, 7, 0, 3, 0, 4, 0, reqRead, 9, 0, 8, PacketEvent, evSentPackets, 5, 1, 1, 0, 255, 255})
	f.Add([]byte{22, PacketEvent, evLE, 19, subConnected, 0, 2, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xF4, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, v := fuzzed(t)
		for len(data) > 0 {
			n := min(int(data[0]), len(data)-1)
			h.receive(bytes.Clone(data[1 : 1+n]))
			data = data[1+n:]
		}
		v.check(t, h)
	})
}

// FuzzRequests feeds any ATT PDUs of a connected client, in fragments of any
// size, and gives the buffers back.
func FuzzRequests(f *testing.F) {
	f.Add([]byte{27, 3, reqRead, 9, 0, 7, reqReadByType, 1, 0, 255, 255, 3, 0x28})
	f.Add([]byte{3, 9, reqPrepare, 9, 0, 0, 0, 1, 2, 3, 4, 2, reqExecute, 1})
	f.Add([]byte{9, 3, reqMTU, 255, 255, 5, reqReadBlob, 10, 0, 3, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		h, v := fuzzed(t)
		size := max(1, int(data[0]))
		for data = data[1:]; len(data) > 0; {
			n := min(int(data[0]), len(data)-1)
			frame := append([]byte{byte(n), 0, cidATT, 0}, data[1:1+n]...)
			data = data[1+n:]
			for flags := byte(0x20); len(frame) > 0; flags = 0x10 {
				k := min(size, len(frame))
				h.receive(append([]byte{PacketACL, 1, flags, byte(k), 0}, frame[:k]...))
				frame = frame[k:]
			}
			for range 4 {
				h.receive([]byte{PacketEvent, evSentPackets, 5, 1, 1, 0, 4, 0})
			}
		}
		v.check(t, h)
		require.True(t, h.conns[0].idle(), "a request is never answered")
	})
}
