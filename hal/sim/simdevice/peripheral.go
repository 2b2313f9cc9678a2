// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"sync"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// peripheral is a Bluetooth stack on which faults happen to requests.
type peripheral struct {
	*att.Host
	boot *Boot

	mu       sync.Mutex
	verdicts map[ble.Conn]verdict // of the last request
	names    []string             // of the endpoints
}

// StartGATT implements ble.Peripheral.
func (p *peripheral) StartGATT(cfg ble.Config, h ble.Handler) error {
	p.mu.Lock()
	p.verdicts = map[ble.Conn]verdict{}
	p.names = p.names[:0]
	for _, c := range cfg.Characteristics {
		p.names = append(p.names, c.Name)
	}
	p.mu.Unlock()
	return p.Host.StartGATT(cfg, central{h, p})
}

func (p *peripheral) verdict(c ble.Conn) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.verdicts[c]
}

// Respond implements ble.Peripheral.
func (p *peripheral) Respond(c ble.Conn, code ble.ATTError) {
	v := p.verdict(c)
	switch {
	case v.drop, p.boot.isOff():
	case v.delay > 0:
		p.boot.clock.AfterFunc(v.delay, func() { p.Host.Respond(c, code) })
	default:
		p.Host.Respond(c, code)
	}
}

// cut breaks the link of a client.
func (p *peripheral) cut(c ble.Conn) {
	if p.boot.Controller != nil {
		p.boot.Controller.CutAfter(0)
		return
	}
	p.Disconnect(c, ble.ReasonSupervisionTimeout)
}

// central is what the stack tells about clients.
type central struct {
	ble.Handler
	p *peripheral
}

// Write implements ble.Handler.
func (h central) Write(c ble.Conn, char int, value []byte) {
	v := h.p.boot.device.faults.request(h.p.names[char])
	h.p.mu.Lock()
	h.p.verdicts[c] = v
	h.p.mu.Unlock()
	if v.cut {
		h.p.cut(c)
		return
	}
	h.Handler.Write(c, char, value)
}

// Read implements ble.Handler.
func (h central) Read(c ble.Conn, char, offset int, dst []byte) (int, ble.ATTError) {
	if v := h.p.verdict(c); v.truncate {
		if offset > v.bytes {
			return 0, ble.ATTInvalidOffset
		}
		dst = dst[:min(len(dst), v.bytes-offset)]
	}
	return h.Handler.Read(c, char, offset, dst)
}

// Disconnected implements ble.Handler.
func (h central) Disconnected(c ble.Conn, reason ble.HCIReason) {
	h.p.mu.Lock()
	delete(h.p.verdicts, c)
	h.p.mu.Unlock()
	h.Handler.Disconnected(c, reason)
}
