// SPDX-License-Identifier: Apache-2.0

package console

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
)

const (
	prompt  = "\n>> "
	newline = "\r\n"
	digits  = "0123456789abcdef"
)

// pollInterval is the pause after a Read that had nothing, as long as the
// original's.
const pollInterval = 10 * time.Millisecond

// errStopped ends the work on a chunk of input when its service was stopped.
var errStopped = errors.New("the server is stopped")

// lineState is what a line's goroutine does.
//
//	idle → reading ⇄ handling → writing → reading → idle
type lineState uint8

const (
	lineIdle     lineState = iota // there is no goroutine
	lineReading                   // in Read, echoing, or prompting
	lineHandling                  // a handler runs
	lineWriting                   // the answer is being written
)

// line is a stream and the goroutine that reads it.
type line struct {
	srv    *Server
	stream io.ReadWriter
	closer io.Closer // nil: the stream is the application's

	// Server.mu guards these.
	svc     *service // to be served, or nil
	state   lineState
	bounded bool      // deadlines are set
	timer   hal.Timer // that closes the stream; real time

	closed sync.Once

	// The rest is the goroutine's.
	served   *service // the present one
	text     []byte   // buffer for a line
	n        int      // length of the line so far
	overlong bool     // the line did not fit
	afterCR  bool     // the last character was CR, so that a LF belongs to it
	name     string   // of the endpoint asked last
	answer   []byte
	in, out  [256]byte
	pending  int // bytes in out
}

func newLine(srv *Server, stream io.ReadWriter, closer io.Closer) *line {
	return &line{srv: srv, stream: stream, closer: closer, text: make([]byte, srv.cfg.MaxLine)}
}

// loop is the goroutine. If a handler ends it, as t.FailNow does, the line goes on
// in another one with what comes next.
func (l *line) loop() {
	over := false // then the line may be another goroutine's already
	defer func() {
		if !over {
			clear(l.text)
			l.n, l.overlong = 0, false
			l.settle()
			_ = l.prompt() // fails when the stream has ended, and so will Read
			spawn(l.loop)
		}
	}()
	l.serve()
	over = true
}

// serve serves the line until no service is left or the stream ends.
func (l *line) serve() {
	for l.attend() {
		n, err := l.stream.Read(l.in[:])
		if n > 0 {
			if !l.attend() {
				return
			}
			err := l.take(l.in[:n])
			clear(l.in[:n])
			if err != nil {
				if !l.isStopped() {
					l.end("a console's stream cannot be written", err)
					return
				}
				continue
			}
		}
		switch {
		case err == nil && n > 0:
		case err == nil, isTimeout(err):
			if !l.attend() {
				return
			}
			time.Sleep(pollInterval)
		case !l.isStopped():
			l.end("a console's stream ended", err)
			return
		}
	}
}

// isTimeout recognizes errors after which a stream can be read again. It does
// what errors.As would, without reflection, of which a chip has no other use.
func isTimeout(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if t, ok := err.(interface{ Timeout() bool }); ok {
			return t.Timeout()
		}
	}
	return false
}

// attend turns to the service that is to be served and greets its client, if it is
// another one than before. false: there is none, and the goroutine is over.
func (l *line) attend() bool {
	for {
		l.srv.mu.Lock()
		svc := l.svc
		if svc == nil {
			l.finish()
			return false
		}
		if svc == l.served {
			l.srv.mu.Unlock()
			return true
		}
		l.bound(time.Time{})
		l.srv.mu.Unlock()
		l.served = svc
		clear(l.text)
		l.n, l.overlong, l.afterCR, l.pending = 0, false, false, 0
		if err := l.prompt(); err != nil && !l.isStopped() {
			l.end("a console's stream cannot be written", err)
			return false
		}
	}
}

// isStopped reports whether the present service was stopped.
func (l *line) isStopped() bool {
	l.srv.mu.Lock()
	defer l.srv.mu.Unlock()
	return l.served.stopped
}

// end closes the session and ends the goroutine, after the stream failed.
func (l *line) end(why string, err error) {
	level := hal.LevelWarn
	if err == io.EOF { // the peer is done
		level = hal.LevelInfo
	}
	l.srv.cfg.Logger.Log(level, why, hal.Err(err))
	l.srv.mu.Lock()
	peer := l.served.takePeer()
	l.srv.mu.Unlock()
	end(peer)
	l.srv.mu.Lock()
	l.finish()
}

// finish ends the goroutine. Server.mu is held, and released.
func (l *line) finish() {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.state, l.served = lineIdle, nil
	l.srv.mu.Unlock()
	l.close()
	l.srv.mu.Lock()
	l.srv.live--
	l.srv.gone.Broadcast()
	l.srv.mu.Unlock()
}

// close closes the stream if that is ours to do.
func (l *line) close() {
	if l.closer != nil {
		l.closed.Do(func() { _ = l.closer.Close() })
	}
}

// stop breaks off what the goroutine does for svc; an answer may still be written. It
// returns what remains to be done without the lock. Server.mu is held.
func (l *line) stop(svc *service) (rest func()) {
	var peer *protocomm.Peer
	switch l.state {
	case lineIdle, lineHandling: // over, or settled after the answer
	case lineWriting:
		l.bound(time.Now().Add(stopTimeout))
	case lineReading:
		peer = svc.takePeer()
		if l.closer == nil {
			l.bound(time.Unix(1, 0))
			break
		}
		return func() {
			l.close()
			end(peer)
		}
	}
	return func() { end(peer) }
}

// bound sets when calls of the stream end; the zero time: never. Server.mu is
// held.
func (l *line) bound(t time.Time) {
	if l.closer != nil {
		if !t.IsZero() {
			l.timer = hal.SystemClock{}.AfterFunc(time.Until(t), l.close)
		}
		return
	}
	if t.IsZero() && !l.bounded {
		return
	}
	if d, ok := l.stream.(interface{ SetDeadline(time.Time) error }); ok {
		l.bounded = d.SetDeadline(t) == nil && !t.IsZero()
	}
}

// take works through a chunk of input. It fails with errStopped when the
// service was stopped, or with the stream's error.
func (l *line) take(chunk []byte) error {
	for _, c := range chunk {
		ofCR := c == '\n' && l.afterCR
		l.afterCR = c == '\r'
		if ofCR {
			continue
		}
		if err := l.echo(c); err != nil {
			return err
		}
		if c == '\r' || c == '\n' {
			if err := l.enterKey(); err != nil {
				return err
			}
			continue
		}
		if l.n == len(l.text) {
			l.overlong = true // to its end (Q-T10)
			continue
		}
		l.text[l.n] = c
		l.n++
	}
	return l.flush()
}

// enterKey does what the line says and prompts for the next one.
func (l *line) enterKey() error {
	if err := l.flush(); err != nil {
		return err
	}
	err := l.execute()
	clear(l.text[:l.n]) // security 0 has passphrases there
	l.n, l.overlong = 0, false
	if err != nil {
		return err
	}
	return l.prompt()
}

// execute does what the line says.
func (l *line) execute() error {
	if l.overlong {
		l.refuse(errTooLong)
		return nil
	}
	var words [maxWords][]byte
	n, err := split(l.text[:l.n], &words)
	if err == nil && n == 0 {
		return nil
	}
	if err == nil && n == 1 && string(words[0]) == "help" {
		if _, known := l.served.pc.Kind("help"); !known {
			return l.help()
		}
	}
	var c command
	if err == nil {
		c, err = parse(&words, n)
	}
	if err != nil {
		l.refuse(err)
		return nil
	}
	return l.request(c)
}
