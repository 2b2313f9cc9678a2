// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// MaxPacket is the size of the longest packet in either direction, with the
	// byte that tells its type. No LE controller needs as much.
	MaxPacket = 4096
	// SendTimeout is how long a controller may take to accept a packet.
	SendTimeout = 5 * time.Second
)

// errStuck is why a transport has ended on which a packet was stuck.
var errStuck = fmt.Errorf("the controller has taken no packet for %v", SendTimeout)

// Transport carries packets between a host and one controller. It is an
// att.Transport. Methods may be called from any goroutine.
type Transport struct {
	name string
	rw   io.ReadWriteCloser
	done chan struct{}

	sending sync.Mutex // held by Send

	mu       sync.Mutex // guards what follows
	receiver func(packet []byte)
	ended    bool
	err      error // why the transport has ended; nil: by Close
}

// New returns a transport over rw, a stream of H4 packets that nobody else uses. Its
// name is for error messages. rw belongs to the transport, which reads from it in a
// goroutine of its own until the transport ends, writes each packet with one Write, and
// closes it. Closing rw must end a Read that waits.
func New(rw io.ReadWriteCloser, name string) *Transport {
	t := &Transport{name: name, rw: rw, done: make(chan struct{})}
	go t.read()
	return t
}

// SetReceiver sets the function that gets each packet from the controller; nil: none, and
// packets are dropped. Calls of fn come one at a time, in order, from the transport's
// goroutine, and reading waits for their return. packet is valid during the call. A call
// of the former fn may still be running when SetReceiver returns, and so it is with Close;
// none is running, and none will come, when Done is closed.
func (t *Transport) SetReceiver(fn func(packet []byte)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.receiver = fn
}

// Send hands one packet to the controller, the byte with its type first. It blocks until
// the packet is on its way, at most for SendTimeout; after that the controller is lost.
// Calls may overlap; one waits for the other. packet may be reused when Send has returned.
//
// Send refuses what is not one packet of at most MaxPacket bytes. Once the transport has
// ended it fails with what Err returns, or after Close with an error that matches
// net.ErrClosed.
func (t *Transport) Send(packet []byte) error {
	if !isPacket(packet) {
		return fmt.Errorf("hci: %d bytes from the host are not one packet", len(packet))
	}
	t.sending.Lock()
	defer t.sending.Unlock()
	if err := t.endedBy(); err != nil {
		return err
	}
	timer := time.AfterFunc(SendTimeout, func() { t.end(errStuck) })
	defer timer.Stop()
	for len(packet) > 0 {
		n, err := t.rw.Write(packet)
		if err != nil {
			t.end(err)
			return t.endedBy()
		}
		packet = packet[n:] // a serial line may take less
	}
	return nil
}

// Close ends the transport and lets go of the controller. It does not wait for the end of
// a call of the receiver, so it may be called from there; Done does. Closing twice is
// allowed.
func (t *Transport) Close() error { return t.end(nil) }

// Done is closed when the transport has ended, by Close or by loss, and nothing of it
// runs any more. After Close it is closed within a second, unless the receiver does not
// return.
func (t *Transport) Done() <-chan struct{} { return t.done }

// Err returns why the controller was lost. It is nil as long as it was not, and after
// Close.
func (t *Transport) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// end ends the transport, unless it has ended already; why is nil for Close.
func (t *Transport) end(why error) error {
	t.mu.Lock()
	ended := t.ended
	if t.ended = true; !ended && why != nil {
		t.err = fmt.Errorf("hci: %s: %w", t.name, why)
	}
	t.mu.Unlock()
	if ended {
		return nil
	}
	return t.rw.Close()
}

// endedBy returns the error of a Send after the end; nil: the transport has not ended.
func (t *Transport) endedBy() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !t.ended:
		return nil
	case t.err == nil:
		return fmt.Errorf("hci: %s: %w", t.name, net.ErrClosed)
	}
	return t.err
}

// read hands packets to the receiver until the transport ends.
func (t *Transport) read() {
	defer close(t.done)
	r := bufio.NewReaderSize(t.rw, MaxPacket)
	for {
		packet, err := nextPacket(r)
		if err != nil {
			t.lost(err)
			return
		}
		t.deliver(packet, false)
		_, _ = r.Discard(len(packet))
	}
}

// lost ends the transport and tells the host, unless Close was first.
func (t *Transport) lost(why error) {
	if errors.Is(why, io.EOF) {
		why = errGone
	}
	_ = t.end(why)
	if t.Err() != nil {
		const hardwareError, code = 0x10, 0
		t.deliver([]byte{typeEvent, hardwareError, 1, code}, true)
	}
}

// deliver calls the receiver. After the end only the last packet is delivered.
func (t *Transport) deliver(packet []byte, last bool) {
	t.mu.Lock()
	fn := t.receiver
	if t.ended && !last {
		fn = nil
	}
	t.mu.Unlock()
	if fn != nil {
		fn(packet)
	}
}
