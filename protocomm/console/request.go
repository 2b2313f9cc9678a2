// SPDX-License-Identifier: Apache-2.0

package console

import (
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// request has the instance answer a command.
func (l *line) request(c command) error {
	if string(c.name) != l.name {
		l.name = string(c.name)
	}
	if !l.enter() {
		return errStopped
	}
	answer, refused := l.served.answer(l.answer[:0], l.name, c.id, c.body)
	l.leave()
	var err error
	if refused != nil {
		l.refuse(refused)
	} else {
		err = l.putAnswer(answer)
	}
	clear(answer)
	if l.answer = answer; cap(answer) > len(l.text) {
		l.answer = nil
	}
	if l.settle() {
		return errStopped
	}
	return err
}

// enter notes that a handler is about to run, unless the service was stopped.
func (l *line) enter() bool {
	l.srv.mu.Lock()
	defer l.srv.mu.Unlock()
	if l.served.stopped {
		return false
	}
	l.state = lineHandling
	return true
}

// leave notes that the handler has returned and its answer is next.
func (l *line) leave() {
	l.srv.mu.Lock()
	defer l.srv.mu.Unlock()
	l.state = lineWriting
	if l.served.stopped {
		l.bound(time.Now().Add(stopTimeout))
	}
}

// settle notes that the answer is out, and reports whether the service was
// stopped meanwhile; then its session ends here.
func (l *line) settle() (stopped bool) {
	l.srv.mu.Lock()
	l.state = lineReading
	svc := l.served
	if !svc.stopped {
		l.srv.mu.Unlock()
		return false
	}
	peer := svc.takePeer()
	l.srv.mu.Unlock()
	end(peer)
	return true
}

// refuse logs why a line has no answer.
func (l *line) refuse(err error) {
	l.srv.cfg.Logger.Log(hal.LevelInfo, "a console line got no answer", hal.Err(err))
}

// help lists the endpoints.
func (l *line) help() error {
	for _, name := range l.served.pc.Endpoints() {
		if err := l.put(newline + quoted(name) + " <session> <hex>"); err != nil {
			return err
		}
	}
	return l.put(newline)
}

// quoted returns a name as it has to be typed.
func quoted(name string) string {
	if !strings.ContainsAny(name, ` "\`) {
		return name
	}
	out := append(make([]byte, 0, len(name)+2), '"')
	for i := range len(name) {
		if name[i] == '"' || name[i] == '\\' {
			out = append(out, '\\')
		}
		out = append(out, name[i])
	}
	return string(append(out, '"'))
}

// prompt asks for the next line.
func (l *line) prompt() error {
	if err := l.put(prompt); err != nil {
		return err
	}
	return l.flush()
}

// putAnswer writes an answer.
func (l *line) putAnswer(answer []byte) error {
	if err := l.put(newline); err != nil {
		return err
	}
	for _, c := range answer {
		if err := l.putByte(digits[c>>4]); err != nil {
			return err
		}
		if err := l.putByte(digits[c&0xf]); err != nil {
			return err
		}
	}
	if err := l.put(newline); err != nil {
		return err
	}
	return l.flush()
}

// echo shows the client what it sent.
func (l *line) echo(c byte) error {
	switch {
	case l.srv.cfg.NoEcho:
		return nil
	case c == '\r', c == '\n':
		return l.put(newline)
	}
	return l.putByte(c)
}

func (l *line) put(s string) error {
	for i := range len(s) {
		if err := l.putByte(s[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *line) putByte(c byte) error {
	if l.pending == len(l.out) {
		if err := l.flush(); err != nil {
			return err
		}
	}
	l.out[l.pending] = c
	l.pending++
	return nil
}

// flush writes what was put.
func (l *line) flush() error {
	n := l.pending
	l.pending = 0
	if n == 0 {
		return nil
	}
	_, err := l.stream.Write(l.out[:n])
	clear(l.out[:n])
	return err
}
