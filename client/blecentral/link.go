// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// Link is a connection. It implements client.BLELink.
type Link struct {
	c       *Central
	handle  int
	mtu     int
	answers chan []byte
	// of pairing
	device   [7]byte       // type and address, least significant byte first
	security chan []byte   // PDUs
	changed  chan byte     // status of encryption
	gone     chan struct{} // closed when the link has ended
	once     sync.Once

	// guarded by c.mu
	reason    ble.HCIReason // why the link has ended
	frame     []byte        // L2CAP frame that is being received
	more      bool          // frame is not complete
	inFlight  int
	encrypted bool
}

var _ client.BLELink = (*Link)(nil)

func newLink(c *Central, handle int, device [7]byte) *Link {
	return &Link{
		c: c, handle: handle, mtu: att.MinMTU, answers: make(chan []byte, 1), gone: make(chan struct{}),
		device: device, security: make(chan []byte, 8), changed: make(chan byte, 2),
	}
}

// MTU returns the MTU that was agreed on.
func (l *Link) MTU() int { return l.mtu }

// Close implements client.BLELink. It ends the connection and waits for its end, at
// most a little longer than the supervision time-out. A controller that does not end
// the connection is reset before its next use.
func (l *Link) Close() error {
	l.once.Do(func() {
		select {
		case <-l.gone:
			return
		default:
		}
		err := l.c.finish(0x0406, byte(l.handle), byte(l.handle>>8), byte(ble.ReasonRemoteUser))
		if err == nil {
			select {
			case <-l.gone:
				return
			case <-time.After(l.c.cfg.SupervisionTimeout + commandTimeout):
			}
		}
		select {
		case <-l.gone: // the link ended before the command arrived
		default:
			l.c.giveUp(l)
		}
	})
	return nil
}

// Request sends an ATT request and returns the answer. An Error Response gives a
// ble.ATTError. If the device refuses the request because the link is not encrypted,
// and Config.Pairing is set, Request encrypts the link and repeats the request.
func (l *Link) Request(ctx context.Context, pdu ...byte) ([]byte, error) {
	p, err := l.request(ctx, pdu)
	if err != nil && l.refusedInClear(err) {
		if err := l.secure(ctx); err != nil {
			return nil, err
		}
		return l.request(ctx, pdu)
	}
	return p, err
}

func (l *Link) request(ctx context.Context, pdu []byte) ([]byte, error) {
	select {
	case <-l.answers: // to an abandoned request
	default:
	}
	if err := l.send(ctx, 4, pdu); err != nil {
		return nil, err
	}
	select {
	case p := <-l.answers:
		switch {
		case len(p) == 5 && p[0] == 0x01 && p[1] == pdu[0]:
			return nil, ble.ATTError(p[4])
		case len(p) == 0 || p[0] != pdu[0]+1:
			return nil, fmt.Errorf("blecentral: request %02x is answered % x", pdu[0], p)
		}
		return p, nil
	case <-l.gone:
		return nil, l.lost()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lost is the error of a request during which the link ended.
func (l *Link) lost() error {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	switch l.reason {
	case ble.ReasonRemoteUser, 0x14, 0x15: // also: low resources, power off
		return fmt.Errorf("%w: %w", ErrLinkLost, client.ErrHungUp)
	}
	return ErrLinkLost
}

// send sends an L2CAP frame on the channel of ATT or of the security manager.
func (l *Link) send(ctx context.Context, channel byte, pdu []byte) error {
	frame := append([]byte{byte(len(pdu)), byte(len(pdu) >> 8), channel, 0}, pdu...)
	for flags := 0; len(frame) > 0; flags = 0x1000 {
		l.c.mu.Lock()
		for l.c.aclFree == 0 {
			room := l.c.room
			l.c.mu.Unlock()
			select {
			case <-room:
			case <-l.gone:
				return ErrLinkLost
			case <-ctx.Done():
				return ctx.Err()
			}
			l.c.mu.Lock()
		}
		if l.c.link != l {
			l.c.mu.Unlock()
			return ErrLinkLost
		}
		l.c.aclFree--
		l.inFlight++
		n := min(len(frame), l.c.aclLen)
		l.c.mu.Unlock()
		head := l.handle | flags
		packet := append([]byte{att.PacketACL, byte(head), byte(head >> 8), byte(n), byte(n >> 8)}, frame[:n]...)
		if err := l.c.t.Send(packet); err != nil {
			return err
		}
		frame = frame[n:]
	}
	return nil
}

func (l *Link) exchangeMTU(ctx context.Context) error {
	want := l.c.cfg.MTU
	if want == att.MinMTU {
		return nil
	}
	p, err := l.Request(ctx, 0x02, byte(want), byte(want>>8))
	if err != nil {
		return err
	}
	if len(p) == 3 {
		l.mtu = max(att.MinMTU, min(want, le.Uint16(p[1:])))
	}
	return nil
}

// Write implements client.BLELink.
func (l *Link) Write(ctx context.Context, c client.BLECharacteristic, value []byte) error {
	lo, hi := byte(c.Handle), byte(c.Handle>>8)
	if len(value) <= l.mtu-3 {
		_, err := l.Request(ctx, append([]byte{0x12, lo, hi}, value...)...)
		return err
	}
	for offset := 0; offset < len(value); {
		n := min(len(value)-offset, l.mtu-5)
		part := append([]byte{0x16, lo, hi, byte(offset), byte(offset >> 8)}, value[offset:offset+n]...)
		if _, err := l.Request(ctx, part...); err != nil {
			_, _ = l.Request(ctx, 0x18, 0)
			return err
		}
		offset += n
	}
	_, err := l.Request(ctx, 0x18, 1)
	return err
}

// Read implements client.BLELink.
func (l *Link) Read(ctx context.Context, c client.BLECharacteristic) ([]byte, error) {
	return l.readHandle(ctx, int(c.Handle))
}

func (l *Link) readHandle(ctx context.Context, handle int) ([]byte, error) {
	lo, hi := byte(handle), byte(handle>>8)
	p, err := l.Request(ctx, 0x0A, lo, hi)
	if err != nil {
		return nil, err
	}
	value := p[1:]
	for len(p) == l.mtu && len(value) < ble.MaxValue {
		if p, err = l.Request(ctx, 0x0C, lo, hi, byte(len(value)), byte(len(value)>>8)); err != nil {
			return nil, err
		}
		value = append(value, p[1:]...)
	}
	return value, nil
}
