// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// H4 packets from a controller: a byte with the type, a header with the length,
// the rest. A data packet of LE has 251 bytes at most.
const (
	h4ACL   = 2
	h4SCO   = 3
	h4Event = 4

	maxH4 = 1 + 4 + 255
	// stale is how long the rest of a packet may take. The controller hands
	// over whole packets, so a rest that does not come by then is lost.
	stale = 100 * time.Millisecond
)

// VHCI is an att.Transport to the Bluetooth controller, over a Port that carries H4
// packets as a stream. Module chip of each binding has that Port. Make it with NewVHCI.
//
// A driver may cut a packet that does not fit into its buffer (espradio's has 2047
// bytes). VHCI then drops bytes until the next pause; the host recovers by its timeouts.
type VHCI struct {
	port   Port
	logger hal.Logger

	mu      sync.Mutex // guards what follows
	receive func(packet []byte)
	running bool
	closed  bool

	// These belong to the goroutine that reads.
	received [maxH4]byte
	have     int       // bytes of a packet
	last     time.Time // when some of them came
}

// NewVHCI returns the transport. A goroutine reads from the port, from SetReceiver on.
func NewVHCI(p Port, logger hal.Logger) *VHCI { return &VHCI{port: p, logger: logger} }

// NewPolledVHCI returns the transport without that goroutine, and so without its stack:
// Poll reads, for instance for loop.Loop.PollPackets.
func NewPolledVHCI(p Port, logger hal.Logger) *VHCI {
	return &VHCI{port: p, logger: logger, running: true}
}

// Send implements att.Transport.
func (v *VHCI) Send(packet []byte) error {
	n, err := v.port.Write(packet)
	if err == nil && n < len(packet) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return &driverError{"sending to the Bluetooth controller", err}
	}
	return nil
}

// SetReceiver implements att.Transport.
func (v *VHCI) SetReceiver(fn func(packet []byte)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.receive = fn
	if !v.running && !v.closed && fn != nil {
		v.running = true
		go v.read()
	}
}

// Close ends the reading. The controller stays as it is.
func (v *VHCI) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed, v.receive = true, nil
}

// receiver returns the function that gets the next packet, and whether to go on.
func (v *VHCI) receiver() (func([]byte), bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.receive, !v.closed
}

// read polls until Close.
func (v *VHCI) read() {
	for {
		if _, on := v.receiver(); !on {
			return
		}
		if !v.Poll() {
			time.Sleep(poll)
		}
	}
}

// Poll takes what the controller has sent, up to the end of a packet, which it hands to the
// receiver. It reports whether there was something, and does not wait. One goroutine may
// call it, every few milliseconds.
func (v *VHCI) Poll() bool {
	receive, on := v.receiver()
	n := v.port.Buffered()
	if !on || n == 0 {
		if v.have > 0 && time.Since(v.last) >= stale {
			v.lost()
		}
		return false
	}
	want := need(v.received[:v.have])
	if want == 0 {
		v.lost()
		v.skip()
		return true
	}
	n, err := v.port.Read(v.received[v.have:min(want, v.have+n)])
	if err != nil {
		v.logger.Log(hal.LevelError, "the Bluetooth controller cannot be read", hal.Err(err))
		return false
	}
	v.have += n
	v.last = time.Now()
	if want = need(v.received[:v.have]); want == v.have {
		v.have = 0
		if receive != nil {
			receive(v.received[:want])
		}
	}
	return true
}

// need returns how many bytes to read of a packet that begins with p: up to the end of
// the header, then up to the end of the packet. 0: p begins no packet.
func need(p []byte) int {
	if len(p) == 0 {
		return 1
	}
	header, size := 0, 0
	switch p[0] {
	case h4ACL:
		header = 5
	case h4SCO:
		header = 4
	case h4Event:
		header = 3
	default:
		return 0
	}
	if len(p) < header {
		return header
	}
	switch p[0] {
	case h4ACL:
		size = int(p[3]) | int(p[4])<<8
	case h4SCO:
		size = int(p[3])
	case h4Event:
		size = int(p[2])
	}
	if header+size > maxH4 {
		return 0
	}
	return header + size
}

// skip drops bytes until the next pause.
func (v *VHCI) skip() {
	for v.port.Buffered() > 0 {
		if _, err := v.port.Read(v.received[:min(v.port.Buffered(), maxH4)]); err != nil {
			return
		}
	}
}

// lost drops the beginning of a packet.
func (v *VHCI) lost() {
	v.logger.Log(hal.LevelWarn, "a packet of the Bluetooth controller came in part", hal.Attr{Key: "bytes", Value: strconv.Itoa(v.have)})
	v.have = 0
}
