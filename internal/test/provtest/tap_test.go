// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"encoding/hex"
	"strings"
	"sync"

	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// tap is an HCI transport that writes down the ATT PDUs that pass, and may do
// something at a packet, of whatever kind and direction.
type tap struct {
	t att.Transport

	mu      sync.Mutex // guards what follows
	packets int        // until after is called
	after   func()     // or nil
	pdus    []string   // "> 0a0900" from this side, "< 0b" to it
	frames  [2][]byte  // being put together
}

var _ att.Transport = (*tap)(nil)

func (p *tap) Send(packet []byte) error {
	p.note(0, "> ", packet)
	err := p.t.Send(packet)
	p.passed()
	return err
}

func (p *tap) SetReceiver(fn func([]byte)) {
	p.t.SetReceiver(func(packet []byte) {
		p.note(1, "< ", packet)
		fn(packet)
		p.passed()
	})
}

// passed counts a packet.
func (p *tap) passed() {
	p.mu.Lock()
	p.packets--
	after := p.after
	if p.packets > 0 {
		after = nil
	}
	if after != nil {
		p.after = nil
	}
	p.mu.Unlock()
	if after != nil {
		after()
	}
}

// call has fn called once when n more packets have passed; nil: not any more.
func (p *tap) call(n int, fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packets, p.after = n, fn
}

// note puts L2CAP frames together.
func (p *tap) note(side int, arrow string, packet []byte) {
	const head, l2cap = 5, 4
	if packet[0] != att.PacketACL || len(packet) < head {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &p.frames[side]
	if packet[2]&0x30 != 0x10 {
		*f = (*f)[:0]
	}
	*f = append(*f, packet[head:]...)
	if len(*f) >= l2cap && len(*f) == l2cap+(int((*f)[0])|int((*f)[1])<<8) && (*f)[2] == 4 {
		p.pdus = append(p.pdus, arrow+hex.EncodeToString((*f)[l2cap:]))
	}
}

// taken returns the PDUs since the last call.
func (p *tap) taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	pdus := p.pdus
	p.pdus = nil
	return pdus
}

// count returns how many PDUs begin so.
func count(pdus []string, prefix string) (n int) {
	for _, p := range pdus {
		if strings.HasPrefix(p, prefix) {
			n++
		}
	}
	return n
}
