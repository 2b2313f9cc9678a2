// SPDX-License-Identifier: Apache-2.0

package chip

// Wire is a line on which nothing arrives, and a Bluetooth controller that answers
// each packet with that packet.
type Wire struct {
	receive func([]byte)
	packet  [300]byte
}

// Read implements io.Reader.
func (w *Wire) Read(p []byte) (int, error) { return copy(p, w.packet[:0]), nil }

// Write implements io.Writer.
func (w *Wire) Write(p []byte) (int, error) { return copy(w.packet[:], p), nil }

// Send implements att.Transport.
func (w *Wire) Send(packet []byte) error {
	copy(w.packet[:], packet)
	return nil
}

// SetReceiver implements att.Transport.
func (w *Wire) SetReceiver(fn func(packet []byte)) { w.receive = fn }

// Poll hands the last packet that was sent to the receiver.
func (w *Wire) Poll() {
	if w.receive != nil {
		w.receive(w.packet[:])
	}
}

// Random is no source of random numbers; it stands in for the chip's.
type Random uint32

// Read implements io.Reader.
func (r *Random) Read(p []byte) (int, error) {
	for i := range p {
		*r = *r*1664525 + 1013904223
		p[i] = byte(*r >> 24)
	}
	return len(p), nil
}

// Flash is an nvs.Flash as small as one can be.
type Flash [3 * 4096]byte

// Size implements nvs.Flash.
func (f *Flash) Size() int64 { return int64(len(f)) }

// ReadAt implements nvs.Flash.
func (f *Flash) ReadAt(p []byte, off int64) (int, error) { return copy(p, f[off:]), nil }

// WriteAt implements nvs.Flash.
func (f *Flash) WriteAt(p []byte, off int64) (int, error) { return copy(f[off:], p), nil }

// EraseBlockSize implements nvs.Flash.
func (f *Flash) EraseBlockSize() int64 { return 4096 }

// EraseBlocks implements nvs.Flash.
func (f *Flash) EraseBlocks(start, length int64) error {
	for i := start * 4096; i < (start+length)*4096; i++ {
		f[i] = 0xff
	}
	return nil
}
