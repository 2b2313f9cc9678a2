// SPDX-License-Identifier: Apache-2.0

package tinygo

import (
	"io"
	"sync/atomic"
	"time"
)

// Port is a stream of bytes as TinyGo's drivers offer it: a UART, the USB serial port
// of package machine, or a Bluetooth controller. Buffered returns how many bytes
// can be read without waiting.
type Port interface {
	Buffered() int
	Read(p []byte) (n int, err error)
	Write(p []byte) (n int, err error)
}

// ByteReader is a serial line that is read byte by byte, such as machine.Serial over USB.
type ByteReader interface {
	Buffered() int
	ReadByte() (byte, error)
	Write(p []byte) (n int, err error)
}

// NewBytePort returns the Port of such a line.
func NewBytePort(r ByteReader) Port { return bytePort{r} }

type bytePort struct{ ByteReader }

// Read implements Port.
func (b bytePort) Read(p []byte) (n int, err error) {
	for n < len(p) && b.Buffered() > 0 {
		if p[n], err = b.ReadByte(); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// poll is how often a silent port is asked. A UART fills a buffer of 128 bytes
// in 11 ms at 115200 baud.
const poll = 2 * time.Millisecond

// Line is a serial line on a Port, for a console; its Read waits for bytes. Make it
// with NewLine. Read and Write may overlap; Close ends a Read.
type Line struct {
	port   Port
	closed atomic.Bool
}

var _ io.ReadWriteCloser = (*Line)(nil)

// NewLine returns a line. Closing it leaves the port usable for the next.
func NewLine(p Port) *Line { return &Line{port: p} }

// Read implements io.Reader; io.EOF after Close.
func (l *Line) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if l.closed.Load() {
			return 0, io.EOF
		}
		if n := l.port.Buffered(); n > 0 {
			n, err := l.port.Read(p[:min(n, len(p))])
			if n > 0 || err != nil {
				return n, err
			}
		}
		time.Sleep(poll)
	}
}

// Write implements io.Writer; io.ErrClosedPipe after Close.
func (l *Line) Write(p []byte) (int, error) {
	if l.closed.Load() {
		return 0, io.ErrClosedPipe
	}
	return l.port.Write(p)
}

// Close implements io.Closer. A waiting Read returns soon.
func (l *Line) Close() error {
	l.closed.Store(true)
	return nil
}
