// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"bytes"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// airLog writes down the L2CAP frames of a controller's link.
type airLog struct {
	mu     sync.Mutex
	part   [2][]byte
	frames []airFrame
}

type airFrame struct {
	sent, encrypted bool
	channel         int
	pdu             []byte
}

func listen(c *sim.Controller) *airLog {
	l := &airLog{}
	c.SetSniffer(func(p sim.LinkPacket) {
		l.mu.Lock()
		defer l.mu.Unlock()
		side := 0
		if p.Sent {
			side = 1
		}
		b := append(l.part[side], p.Data...)
		for len(b) >= 4 && len(b) >= 4+int(b[0])+int(b[1])<<8 {
			n := 4 + int(b[0]) + int(b[1])<<8
			l.frames = append(l.frames, airFrame{p.Sent, p.Encrypted, int(b[2]), bytes.Clone(b[4:n])})
			b = b[n:]
		}
		l.part[side] = b
	})
	return l
}

// taken returns the frames so far.
func (l *airLog) taken() []airFrame {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.frames
	l.frames, l.part = nil, [2][]byte{}
	return f
}

// checkEncrypted fails if a value crossed the air in the clear, other than in
// the request that was refused and made the phone encrypt. It returns how many
// values crossed it encrypted.
func checkEncrypted(t *testing.T, frames []airFrame, refusal ble.ATTError) (values int) {
	t.Helper()
	const write, prepare, execute, read, blob = 0x12, 0x16, 0x18, 0x0A, 0x0C
	refused := 0
	var handle int
	for _, f := range frames {
		if f.channel != 4 {
			continue
		}
		switch op := f.pdu[0]; op {
		case write, prepare, read, blob:
			handle = int(f.pdu[1])
			isValue := handle > 7 && (handle-8)%3 == 1
			if isValue && f.encrypted {
				values++
			} else if isValue {
				refused++
			}
		case write + 1, prepare + 1, execute, execute + 1:
			require.True(t, f.encrypted, "%x is answered in the clear", op)
		case read + 1, blob + 1:
			require.True(t, f.encrypted || (handle-8)%3 == 2, "handle %d is read in the clear", handle)
		case 0x01:
			if !f.encrypted && f.pdu[4] != byte(ble.ATTAttributeNotFound) {
				require.Equal(t, byte(refusal), f.pdu[4])
				refused--
			}
		}
	}
	require.Zero(t, refused, "a request for a value in the clear was not refused")
	return values
}
