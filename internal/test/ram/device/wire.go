// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"io"
	"os"
	"sync"
)

// wire is the way to the controller. It has goroutines of its own, so that reading and
// writing files takes none of the device's stack.
type wire struct {
	meter *meter
	loop  bool // poll hands packets over, not the goroutine that reads
	came  chan []byte
	sent  chan []byte

	mu      sync.Mutex
	receive func([]byte)
	notify  func()
}

func newWire(m *meter, loop bool) *wire {
	w := &wire{meter: m, loop: loop, came: make(chan []byte, 64), sent: make(chan []byte, 64), notify: func() {}}
	go w.write()
	go w.read()
	return w
}

// Send implements att.Transport.
func (w *wire) Send(packet []byte) error {
	w.sent <- append([]byte(nil), packet...)
	return nil
}

// SetReceiver implements att.Transport.
func (w *wire) SetReceiver(fn func([]byte)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.receive = fn
}

// wake sets what is called when a packet has come.
func (w *wire) wake(fn func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notify = fn
}

// poll hands a packet to the device.
func (w *wire) poll() bool {
	select {
	case packet := <-w.came:
		w.hand(packet)
		return true
	default:
		return false
	}
}

func (w *wire) hand(packet []byte) {
	w.mu.Lock()
	fn := w.receive
	w.mu.Unlock()
	w.meter.look()
	if fn != nil {
		fn(packet)
	}
}

func (w *wire) write() {
	for p := range w.sent {
		if _, err := os.Stdout.Write(p); err != nil {
			fatal(err)
		}
	}
}

// read takes the controller's packets. Without a loop it is the goroutine that a
// transport has.
func (w *wire) read() {
	in := bufio.NewReader(os.Stdin)
	for {
		packet, err := next(in)
		if err != nil {
			fatal(err)
		}
		if !w.loop {
			w.hand(packet)
			continue
		}
		w.came <- packet
		w.mu.Lock()
		notify := w.notify
		w.mu.Unlock()
		notify()
	}
}

// next takes the next packet, an event or data.
func next(in *bufio.Reader) ([]byte, error) {
	head := 3
	kind, err := in.Peek(1)
	if err != nil {
		return nil, err
	}
	if kind[0] == 2 {
		head = 5
	}
	p, err := in.Peek(head)
	if err != nil {
		return nil, err
	}
	n := int(p[2])
	if kind[0] == 2 {
		n = int(p[3]) | int(p[4])<<8
	}
	packet := make([]byte, head+n)
	_, err = io.ReadFull(in, packet)
	return packet, err
}
