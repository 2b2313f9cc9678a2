// SPDX-License-Identifier: Apache-2.0

package cyw43test

import (
	"errors"
	"sync"

	"github.com/wifiprov/wifiprov/hal/pico/cyw43"
)

var (
	errTooLarge = errors.New("cyw43test: HCI packet too large")
	errNoRoom   = errors.New("cyw43test: no room for an HCI packet")
)

// Packets is a cyw43.Packets to a controller, for example one of hal/sim.
type Packets struct {
	send func(packet []byte) error

	mu    sync.Mutex
	queue [][]byte
}

var _ cyw43.Packets = (*Packets)(nil)

// NewPackets returns the packets of a controller.
func NewPackets(controller interface {
	Send(packet []byte) error
	SetReceiver(fn func(packet []byte))
}) *Packets {
	p := &Packets{send: controller.Send}
	controller.SetReceiver(func(packet []byte) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.queue = append(p.queue, append([]byte(nil), packet...))
	})
	return p
}

// BufferedHCI implements cyw43.Packets. It counts the header of the bus, as cyw43439
// does.
func (p *Packets) BufferedHCI() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return 0
	}
	return len(p.queue[0]) + 3
}

// ReadHCI implements cyw43.Packets.
func (p *Packets) ReadHCI(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	packet := p.queue[0]
	if len(b) < (len(packet)+3+3)/4*4 {
		return 0, errNoRoom
	}
	p.queue = p.queue[1:]
	return copy(b, packet), nil
}

// WriteHCI implements cyw43.Packets.
func (p *Packets) WriteHCI(b []byte) (int, error) {
	if len(b) > 252 {
		return 0, errTooLarge
	}
	if err := p.send(b); err != nil {
		return 0, err
	}
	return len(b), nil
}
