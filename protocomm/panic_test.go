// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// lines is a logger that keeps what it is told, without stacks.
type lines []string

func (l *lines) log(level hal.Level, msg string, attrs ...hal.Attr) {
	for _, a := range attrs {
		if a.Key == "stack" {
			a.Value = a.Value[:min(len(a.Value), len("goroutine"))]
		}
		msg += " " + a.Key + "=" + a.Value
	}
	*l = append(*l, fmt.Sprint(int8(level), " ", msg))
}

// touchy is an error whose text panics.
type touchy struct{}

func (*touchy) Error() string { panic("again") }

// A panic costs the request; session, turns and locks are as before.
func TestPanicIsRefused(t *testing.T) {
	panics := map[string]struct {
		value any
		text  string
	}{
		"text":   {"boom", "boom"},
		"error":  {errors.New("an error"), "an error"},
		"number": {42, "neither a text nor an error"},
		"touchy": {&touchy{}, ""},
	}
	for name, sec := range map[string]protocomm.Security{"fake": &fake{t: t}, "sec0": sec0.New()} {
		for kind, tt := range panics {
			t.Run(name+" "+kind, func(t *testing.T) {
				var log lines
				p := newWith(t, protocomm.Config{Logger: log.log}, sec)
				secret := make([]byte, 0, 32)
				require.NoError(t, p.AddEndpoint("panics", func(protocomm.SessionID, []byte) ([]byte, error) { panic(tt.value) }))
				require.NoError(t, p.AddAppendEndpoint("appends", func(dst []byte, _ protocomm.SessionID, _ []byte) ([]byte, error) {
					panic(tt.value)
				}))
				require.NoError(t, p.AddAppendEndpoint("fills", func(dst []byte, _ protocomm.SessionID, req []byte) ([]byte, error) {
					secret = append(dst, "a secret"...)
					if string(req) == "panic" {
						panic(tt.value)
					}
					return secret, nil
				}))
				openFakeOr0(t, p, 1)
				for _, endpoint := range []string{"panics", "appends"} {
					out, err := p.Handle([]byte("dst"), endpoint, 1, nil)
					code(t, protocomm.ErrFail, err)
					require.Equal(t, "dst", string(out))
					require.Equal(t, lines{"8 an endpoint's handler panicked endpoint=" + endpoint + " panic=" + tt.text + " stack=goroutine"}, log)
					log = nil
				}
				_, err := p.Handle(nil, "echo", 1, nil)
				require.NoError(t, err)
				_, err = p.Handle(nil, "fills", 1, []byte("ok"))
				require.NoError(t, err)
				_, err = p.Handle(nil, "fills", 1, []byte("panic"))
				code(t, protocomm.ErrFail, err)
				if name == "fake" { // without a session the memory is the transport's
					require.Equal(t, strings.Repeat("\x00", len("a secret")), string(secret))
				}
				require.NoError(t, p.CloseSession(1))
			})
		}
	}
}

// A session that the panicking handler closed, or whose instance it closed, is
// wiped once.
func TestPanicAfterClosing(t *testing.T) {
	for name, end := range map[string]func(p *protocomm.Protocomm){
		"session":  func(p *protocomm.Protocomm) { _ = p.CloseSession(1) },
		"instance": func(p *protocomm.Protocomm) { p.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{t: t}
			p := newWith(t, protocomm.Config{}, f)
			require.NoError(t, p.AddEndpoint("panics", func(protocomm.SessionID, []byte) ([]byte, error) {
				end(p)
				panic("boom")
			}))
			openFake(t, p, 1)
			_, err := p.Handle(nil, "panics", 1, nil)
			code(t, protocomm.ErrFail, err)
			require.Equal(t, 1, f.wiped())
			require.Zero(t, f.live.Load())
		})
	}
}

// A security that panics is treated as a handler, also while handshakes are
// handled one at a time.
func TestPanicInSecurity(t *testing.T) {
	sec := &buggy{fake: &fake{t: t}, bug: true}
	p := newWith(t, protocomm.Config{MismatchDelay: 1}, sec)
	require.NoError(t, p.OpenSession(1))
	_, err := p.Handle(nil, secEndpoint, 1, []byte("hello"))
	code(t, protocomm.ErrFail, err)
	sec.bug = false
	_, err = p.Handle(nil, secEndpoint, 1, []byte("proof"))
	require.NoError(t, err)
	openFake(t, p, 2)
}

// buggy is a fake whose handshakes panic.
type buggy struct {
	*fake
	bug bool
}

type buggySession struct {
	protocomm.Session
	of *buggy
}

func (b *buggy) NewSession() (protocomm.Session, error) {
	s, err := b.fake.NewSession()
	return &buggySession{s, b}, err
}

func (s *buggySession) Handshake(dst, req []byte) ([]byte, error) {
	if s.of.bug {
		panic("a bug in the security")
	}
	return s.Session.Handshake(dst, req)
}

// Callbacks that panic are logged, and what they were told of is done.
func TestPanicInCallback(t *testing.T) {
	var log lines
	p := newWith(t, protocomm.Config{
		Logger:         log.log,
		OnSessionClose: func(protocomm.SessionID) { panic("closing") },
	}, &fake{t: t})
	openFake(t, p, 1)
	require.NoError(t, p.CloseSession(1))
	require.Equal(t, lines{"8 a callback panicked callback=OnSessionClose panic=closing stack=goroutine"}, log)

	log = nil
	p = newSec1(t, protocomm.Config{
		Logger:         log.log,
		OnSessionEvent: func(protocomm.SessionID, protocomm.SessionEvent) { panic("shaken") },
	})
	connect(t, p, 1).works(t)
	require.Equal(t, lines{"8 a callback panicked callback=OnSessionEvent panic=shaken stack=goroutine"}, log)
}

// A handler that ends its goroutine, as t.FailNow does, leaves no turn taken.
func TestGoexitInHandler(t *testing.T) {
	p := newWith(t, protocomm.Config{}, &fake{t: t})
	require.NoError(t, p.AddEndpoint("exits", func(protocomm.SessionID, []byte) ([]byte, error) {
		runtime.Goexit()
		return nil, nil
	}))
	openFake(t, p, 1)
	over := make(chan bool)
	go func() {
		defer close(over)
		_, _ = p.Handle(nil, "exits", 1, nil)
		t.Error("it returned")
	}()
	<-over
	_, err := p.Handle(nil, "echo", 1, nil)
	require.NoError(t, err)
}
