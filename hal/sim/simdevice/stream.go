// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"bytes"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// answerTime is how long a late answer may take to be written.
const answerTime = 5 * time.Second

// maxHead is how much of a request is looked at for the name of its endpoint.
const maxHead = 1024

// framing says how requests and answers look on a stream.
type framing struct {
	// endpoint returns the endpoint of the request that begins with head; done is
	// false as long as more of it is needed.
	endpoint func(head []byte) (name string, done bool)
	// truncate returns an answer with the first n bytes of its body.
	truncate func(answer []byte, n int) []byte
	// hangUp says that a broken link is closed, as is one with a truncated answer.
	// Otherwise it goes on, and the request is lost on the way.
	hangUp bool
}

// httpFraming is that of HTTP: "POST /prov-scan HTTP/1.1".
var httpFraming = framing{
	hangUp: true,
	endpoint: func(head []byte) (string, bool) {
		line, _, done := bytes.Cut(head, []byte("\r\n"))
		fields := strings.Fields(string(line))
		if !done || len(fields) < 2 {
			return "", done
		}
		path, _, _ := strings.Cut(fields[1], "?")
		return strings.TrimPrefix(path, "/"), true
	},
	truncate: func(answer []byte, n int) []byte {
		head, body, found := bytes.Cut(answer, []byte("\r\n\r\n"))
		if !found {
			return answer[:min(n, len(answer))]
		}
		return answer[:len(head)+4+min(n, len(body))]
	},
}

// consoleFraming is that of a console: "prov-scan 0 0a00".
var consoleFraming = framing{
	endpoint: func(head []byte) (string, bool) {
		head = bytes.TrimLeft(head, "\r\n")
		end := bytes.IndexAny(head, "\r\n")
		if end < 0 {
			return "", false
		}
		fields := strings.Fields(string(head[:end]))
		if len(fields) < 2 {
			return "", true // an empty line, or help
		}
		return strings.Trim(fields[0], `"`), true
	},
	truncate: func(answer []byte, n int) []byte {
		for line := range bytes.Lines(answer) {
			digits := bytes.TrimRight(line, "\r\n")
			if _, err := hex.Decode(make([]byte, len(digits)/2), digits); len(digits) > 0 && err == nil {
				return bytes.Replace(answer, digits, digits[:min(2*n, len(digits))], 1)
			}
		}
		return answer
	},
}

// stream is a device's end of a connection, on which faults happen to requests. A
// request begins with the first Read, or the first one behind an answer; the answer
// is all that is written between the end of the request and the next Read.
type stream struct {
	io.ReadWriteCloser
	boot    *Boot
	framing framing

	// in Read and Write, which do not overlap while a request is handled
	head      []byte
	answering bool
	answered  bool
	verdict   verdict
	rest      []byte // for the next Read

	once sync.Once
	gone chan struct{} // closed with the stream
}

// stream wraps a connection that was just opened.
func (b *Boot) stream(rwc io.ReadWriteCloser, framing framing) *stream {
	s := &stream{ReadWriteCloser: rwc, boot: b, framing: framing, gone: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.off {
		_ = rwc.Close()
	} else {
		b.streams[s] = struct{}{}
	}
	return s
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if len(s.rest) > 0 {
		n := copy(p, s.rest)
		s.rest = s.rest[n:]
		return n, nil
	}
	n, err := s.ReadWriteCloser.Read(p)
	if s.answering && s.answered {
		s.answering, s.answered, s.head = false, false, s.head[:0]
	}
	if !s.answering && n > 0 && len(s.head) < maxHead {
		s.head = append(s.head, p[:min(n, maxHead-len(s.head))]...)
		if name, done := s.framing.endpoint(s.head); done {
			s.answering = true
			s.verdict = verdict{}
			if name != "" {
				s.verdict = s.boot.device.faults.request(name)
			}
			switch {
			case s.verdict.cut && s.framing.hangUp:
				s.abort()
				return 0, io.ErrClosedPipe
			case s.verdict.cut:
				// A part of the line is with the device already: make it one
				// that is no command, and drop what the device says to it.
				s.verdict.drop = true
				s.rest = []byte("?\n")
				return s.Read(p)
			}
		}
	}
	return n, err
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	if s.boot.isOff() {
		return 0, ErrOff
	}
	if !s.answering {
		return s.ReadWriteCloser.Write(p) // an echo
	}
	first := !s.answered
	s.answered = true
	v := s.verdict
	if v.drop {
		return len(p), nil
	}
	if v.delay > 0 && first {
		s.wait(v.delay)
		if s.boot.isOff() {
			return 0, ErrOff
		}
	}
	if !v.truncate {
		return s.ReadWriteCloser.Write(p)
	}
	if _, err := s.ReadWriteCloser.Write(s.framing.truncate(p, v.bytes)); err != nil {
		return 0, err
	}
	if s.framing.hangUp {
		_ = s.Close()
	}
	return len(p), nil
}

// wait waits for a time of the air, or until the stream is closed. A deadline for
// the answer begins behind it.
func (s *stream) wait(d time.Duration) {
	over := make(chan struct{})
	timer := s.boot.device.air.Clock().AfterFunc(d, func() { close(over) })
	select {
	case <-over:
	case <-s.gone:
		timer.Stop()
	}
	if c, ok := s.ReadWriteCloser.(net.Conn); ok {
		_ = c.SetWriteDeadline(time.Now().Add(answerTime))
	}
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.once.Do(func() { close(s.gone) })
	s.boot.mu.Lock()
	delete(s.boot.streams, s)
	s.boot.mu.Unlock()
	return s.ReadWriteCloser.Close()
}

// abort closes the connection without the goodbye of TCP.
func (s *stream) abort() {
	if tcp, ok := s.ReadWriteCloser.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = s.Close()
}

// listener makes streams of the connections of HTTP.
type listener struct {
	net.Listener
	boot *Boot
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn{l.boot.stream(c, httpFraming), c}, nil
}

// conn is a stream that is a net.Conn.
type conn struct {
	*stream
	net.Conn
}

func (c conn) Read(p []byte) (int, error)  { return c.stream.Read(p) }
func (c conn) Write(p []byte) (int, error) { return c.stream.Write(p) }
func (c conn) Close() error                { return c.stream.Close() }
