// SPDX-License-Identifier: Apache-2.0

package tinygotest

import (
	"io"
	"net"
	"sync"

	"github.com/wifiprov/wifiprov/hal/tinygo"
)

// ringSize is how many bytes of a controller's packets a board keeps; espradio does.
const ringSize = 2047

// Ring is a tinygo.Port to a Bluetooth controller, as espradio.VHCITransport is
// one. Packets become a stream of bytes; bytes that do not fit are lost.
type Ring struct {
	send func(packet []byte) error
	bytes
}

var _ tinygo.Port = (*Ring)(nil)

// NewRing returns a port to a controller, for example one of hal/sim.
func NewRing(controller interface {
	Send(packet []byte) error
	SetReceiver(fn func(packet []byte))
}) *Ring {
	r := &Ring{send: controller.Send}
	controller.SetReceiver(func(packet []byte) { r.put(packet, ringSize) })
	return r
}

// Write implements tinygo.Port; p is one packet.
func (r *Ring) Write(p []byte) (int, error) {
	if err := r.send(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// UART is a tinygo.Port to a serial line.
type UART struct {
	line io.Writer
	bytes
}

var _ tinygo.Port = (*UART)(nil)

// NewUART returns a port and the other end of its line. Closing that ends the
// goroutine that reads it.
func NewUART() (*UART, net.Conn) {
	near, far := net.Pipe()
	u := &UART{line: near}
	go func() {
		buf := make([]byte, 512)
		for {
			n, err := near.Read(buf)
			u.put(buf[:n], 0)
			if err != nil {
				return
			}
		}
	}()
	return u, far
}

// Write implements tinygo.Port.
func (u *UART) Write(p []byte) (int, error) { return u.line.Write(p) }

// bytes is a queue of bytes to read.
type bytes struct {
	mu    sync.Mutex
	queue []byte
}

// put adds what fits into room bytes; 0: everything fits.
func (b *bytes) put(p []byte, room int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if room > 0 {
		p = p[:min(len(p), room-len(b.queue))]
	}
	b.queue = append(b.queue, p...)
}

// Buffered implements tinygo.Port.
func (b *bytes) Buffered() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue)
}

// Read implements tinygo.Port, without waiting.
func (b *bytes) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := copy(p, b.queue)
	b.queue = append(b.queue[:0], b.queue[n:]...)
	return n, nil
}
