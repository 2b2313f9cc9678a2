// SPDX-License-Identifier: Apache-2.0

package gatt

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/test/fakegatt"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

var table = []Endpoint{{"prov-session", 0xFF51}, {"proto-ver", 0xFF53}, {"echo", 0xFF54}, {"unserved", 0xFF55}}

const (
	charSession = iota
	charVersion
	charEcho
	charUnserved
)

type rig struct {
	*testing.T
	p      *fakegatt.Peripheral
	s      *Server
	pc     *protocomm.Protocomm
	mu     sync.Mutex
	events []string
	hook   func()
}

// bubble runs fn with a server that is not started, and stops it at the end.
func bubble(t *testing.T, sec protocomm.Security, fn func(r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{T: t, p: &fakegatt.Peripheral{}}
		r.s = New(r.p, Config{})
		r.pc = instance(t, sec, &r.hook)
		fn(r)
		_ = r.s.Stop(r.pc)
		r.s.Wait()
		open, _ := r.pc.Sessions()
		require.Zero(t, open)
	})
}

func instance(t testing.TB, sec protocomm.Security, hook *func()) *protocomm.Protocomm {
	pc := protocomm.New(protocomm.Config{})
	if sec != nil {
		require.NoError(t, pc.SetSecurity("prov-session", sec))
	}
	require.NoError(t, pc.SetVersion("proto-ver", "v1.1"))
	require.NoError(t, pc.AddEndpoint("echo", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
		if *hook != nil {
			(*hook)()
		}
		switch string(req) {
		case "fail":
			return nil, errors.New("no")
		case "no memory":
			return nil, protocomm.ErrNoMem
		case "513":
			return make([]byte, 513), nil
		case "512":
			return bytes.Repeat([]byte{7}, 512), nil
		}
		return req, nil
	}))
	return pc
}

func settings() Settings {
	return Settings{Config: ble.Config{DeviceName: "PROV_1", Service: ble.UUID{13: 1}}, Endpoints: table}
}

// settings are those of a service whose reports the rig keeps.
func (r *rig) settings() Settings {
	set := settings()
	set.Report = func(e Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, fmt.Sprint(e))
	}
	return set
}

func (r *rig) start() ble.Conn {
	r.Helper()
	require.NoError(r, r.s.Start(r.pc, r.settings()))
	return r.connect()
}

func (r *rig) connect() ble.Conn {
	r.Helper()
	c, err := r.p.Connect()
	require.NoError(r, err)
	return c
}

// read returns a value that must be readable.
func (r *rig) read(c ble.Conn, char int) string {
	r.Helper()
	value, err := r.p.Read(c, char)
	require.NoError(r, err)
	return string(value)
}

func (r *rig) taken() []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.events
	r.events = nil
	return e
}

// The characteristics are the endpoints, in their order, with ids in bytes 12
// and 13 of the service's UUID (transports.md 2.1, 2.2).
func TestCharacteristics(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		set := r.settings()
		set.Notify, set.Encrypt, set.Bonding, set.SecureConnections = true, true, true, true
		set.ManufacturerData, set.RandomAddress = []byte{1, 2}, [6]byte{0xC0}
		require.NoError(t, r.s.Start(r.pc, set))
		cfg, _ := r.p.Config()
		require.Len(t, cfg.Characteristics, len(table))
		require.Equal(t, ble.Characteristic{UUID: ble.UUID{12: 0x51, 13: 0xFF}, Name: "prov-session"}, cfg.Characteristics[0])
		cfg.Characteristics = nil
		require.Equal(t, set.Config, cfg)
	})
}

// Write, then read; again; another characteristic keeps its own answer.
func TestRequests(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		c := r.start()
		require.NoError(t, r.p.Write(c, charVersion, []byte("ESP")))
		require.Equal(t, "v1.1", r.read(c, charVersion))
		require.NoError(t, r.p.Write(c, charEcho, []byte("hello")))
		require.Equal(t, "hello", r.read(c, charEcho))
		require.Equal(t, "hello", r.read(c, charEcho))
		require.Equal(t, "v1.1", r.read(c, charVersion))
		require.ErrorIs(t, r.p.Write(c, charUnserved, []byte("x")), ble.ATTInvalidPDU)
	})
}

// Before any write a characteristic is empty.
func TestQT21_ReadBeforeWrite(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		c := r.start()
		require.Empty(t, r.read(c, charEcho))
		_, code := r.p.Handler().Read(c, charEcho, 1, make([]byte, 1))
		require.Equal(t, ble.ATTInvalidOffset, code)
	})
}

// What a client was answered is nobody else's, and its session neither.
func TestQT8_AnswersArePrivate(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		a := r.start()
		require.NoError(t, r.p.Write(a, charEcho, []byte("secret")))
		b := r.connect()
		require.Empty(t, r.read(b, charEcho))
		require.Equal(t, "secret", r.read(a, charEcho))
		r.p.HangUp(a, ble.ReasonRemoteUser)
		next := r.connect() // in the buffers of a
		require.Empty(t, r.read(next, charEcho))
		_, err := r.p.Read(a, charEcho)
		require.ErrorIs(t, err, ble.ATTUnlikely)
	})
}

// A long read that is broken off spoils no other.
func TestQT13_AbortedLongRead(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		c := r.start()
		require.NoError(t, r.p.Write(c, charEcho, []byte("512")))
		require.NoError(t, r.p.Write(c, charVersion, []byte("x")))
		var part [22]byte
		n, code := r.p.Handler().Read(c, charEcho, 0, part[:])
		require.Equal(t, 22, n)
		require.Equal(t, ble.ATTSuccess, code)
		require.Equal(t, "v1.1", r.read(c, charVersion))
		require.Len(t, r.read(c, charEcho), 512)
		n, _ = r.p.Handler().Read(c, charEcho, 500, part[:])
		require.Equal(t, 12, n)
	})
}

// An answer over the maximum fails the write, and the former one stays.
func TestQT17_AnswerTooLong(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		c := r.start()
		require.NoError(t, r.p.Write(c, charEcho, []byte("old")))
		require.ErrorIs(t, r.p.Write(c, charEcho, []byte("513")), ble.ATTInvalidLength)
		require.Equal(t, "old", r.read(c, charEcho))
	})
}

// Failures keep link and former answer (transports.md 2.6, NimBLE).
func TestQT19_FailuresKeepTheLink(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		c := r.start()
		require.NoError(t, r.p.Write(c, charEcho, []byte("old")))
		require.ErrorIs(t, r.p.Write(c, charEcho, []byte("fail")), ble.ATTInvalidPDU)
		require.ErrorIs(t, r.p.Write(c, charSession, []byte("junk")), ble.ATTInvalidPDU)
		require.ErrorIs(t, r.p.Write(c, charEcho, []byte("no memory")), ble.ATTInsufficientResources)
		require.ErrorIs(t, r.p.Write(c, 99, []byte("x")), ble.ATTUnlikely)
		require.ErrorIs(t, r.p.Write(c+1, charEcho, []byte("x")), ble.ATTUnlikely)
		require.Equal(t, "old", r.read(c, charEcho))
		require.Equal(t, []string{"{true 1 reason 0}"}, r.taken())
	})
}

// Writes of 0, 512 and 513 bytes.
func TestQT37_WriteLengths(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		c := r.start()
		require.NoError(t, r.p.Write(c, charEcho, []byte("old")))
		require.NoError(t, r.p.Write(c, charEcho, nil))
		require.Equal(t, "old", r.read(c, charEcho), "an empty write means nothing")
		long := bytes.Repeat([]byte{5}, 513)
		require.ErrorIs(t, r.p.Write(c, charEcho, long), ble.ATTInvalidLength)
		require.ErrorIs(t, r.p.Write(c, charVersion, long), ble.ATTInvalidLength, "whatever the answer would be")
		require.NoError(t, r.p.Write(c, charEcho, long[:512]))
		require.Equal(t, string(long[:512]), r.read(c, charEcho))
	})
}

// Each connection is announced once and its end once, with the reason, under
// every security.
func TestQT38_EventsOnce(t *testing.T) {
	one, err := sec1.New(sec1.Config{PoP: "abcd1234"})
	require.NoError(t, err)
	salt, verifier, err := sec2.Generate("user", "password", sec2.DefaultSaltSize, rand.Reader)
	require.NoError(t, err)
	two, err := sec2.New(sec2.Config{Salt: salt, Verifier: verifier})
	require.NoError(t, err)
	for _, sec := range []protocomm.Security{nil, sec0.New(), one, two} {
		bubble(t, sec, func(r *rig) {
			c := r.start()
			open, _ := r.pc.Sessions()
			require.Equal(t, 1, open)
			r.p.HangUp(c, ble.ReasonSupervisionTimeout)
			open, _ = r.pc.Sessions()
			require.Zero(t, open)
			r.connect()
			require.NoError(t, r.s.Stop(r.pc))
			require.Equal(t, []string{
				"{true 1 reason 0}", "{false 1 supervision timeout (8)}",
				"{true 1 reason 0}", "{false 1 terminated by local host (22)}",
			}, r.taken())
		})
	}
}

// A session is its connection's: another connection has to shake hands.
func TestSessionPerConnection(t *testing.T) {
	one, err := sec1.New(sec1.Config{PoP: "abcd1234"})
	require.NoError(t, err)
	bubble(t, one, func(r *rig) {
		c := r.start()
		phone, err := sec1.NewClient(sec1.Config{PoP: "abcd1234"})
		require.NoError(t, err)
		var answer []byte
		for done := false; !done; {
			var req []byte
			req, done, err = phone.Step(answer)
			require.NoError(t, err)
			if !done {
				require.NoError(t, r.p.Write(c, charSession, req))
				answer = []byte(r.read(c, charSession))
			}
		}
		require.True(t, r.pc.SessionEstablished(session(c)))
		other := r.connect()
		require.ErrorIs(t, r.p.Write(other, charEcho, []byte("x")), ble.ATTInvalidPDU)
		require.NoError(t, r.p.Write(c, charEcho, []byte("x")))
		r.p.HangUp(c, ble.ReasonRemoteUser)
		next := r.connect()
		require.ErrorIs(t, r.p.Write(next, charEcho, []byte("x")), ble.ATTInvalidPDU)
	})
}

// A client that goes while its request is handled gets no answer, nor does the
// one after it.
func TestDisconnectDuringRequest(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		c := r.start()
		release := make(chan struct{})
		r.hook = func() { <-release }
		ended := make(chan error, 1)
		go func() { ended <- r.p.Write(c, charEcho, []byte("mine")) }()
		synctest.Wait()
		r.p.HangUp(c, ble.ReasonRemoteUser)
		require.ErrorIs(t, <-ended, fakegatt.ErrDown)
		next := r.connect()
		r.hook = nil
		require.NoError(t, r.p.Write(next, charEcho, []byte("other")))
		close(release)
		r.s.Wait()
		require.Equal(t, "other", r.read(next, charEcho))
	})
}

// After Stop, events and accesses of the stack that come late change nothing
// (CVE-2026-25507), and a start that follows is not disturbed.
func TestQT16_QT18_LateEvents(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		c := r.start()
		late := r.p.Handler()
		require.NoError(t, r.s.Stop(r.pc))
		r.taken()
		late.Write(c, charEcho, []byte("x"))
		_, code := late.Read(c, charEcho, 0, make([]byte, 9))
		require.Equal(t, ble.ATTUnlikely, code)
		late.Connected(c + 1)
		late.Disconnected(c, 8)
		require.Empty(t, r.taken())
		require.NoError(t, r.p.Write(r.start(), charEcho, []byte("again")))
		late.Disconnected(c, 8)
		require.Equal(t, []string{"{true 1 reason 0}"}, r.taken())
	})
}

// Stop does not wait for a handler, which may be what calls it; its client gets
// no answer.
func TestStopInsideHandler(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		c := r.start()
		r.hook = func() { require.NoError(t, r.s.Stop(r.pc)) }
		require.ErrorIs(t, r.p.Write(c, charEcho, []byte("x")), fakegatt.ErrDown)
	})
}

// Every refused start leaves nothing, and so does one that the stack fails.
func TestQT39_StartFails(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		require.ErrorIs(t, r.s.Start(nil, settings()), protocomm.ErrInvalidArg)
		for _, list := range [][]Endpoint{nil, {{"", 1}}, {{"a", 1}, {"a", 2}}, {{"a", 1}, {"b", 1}}} {
			set := r.settings()
			set.Endpoints = list
			require.ErrorIs(t, r.s.Start(r.pc, set), protocomm.ErrInvalidArg)
		}
		require.ErrorIs(t, New(nil, Config{}).Start(r.pc, settings()), protocomm.ErrInvalidArg)
		broken := errors.New("no controller")
		r.p.Fail(broken, nil)
		require.ErrorIs(t, r.s.Start(r.pc, r.settings()), broken)
		require.NoError(t, r.pc.AddEndpoint("no id", func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil }), "the hooks are gone")
		require.NoError(t, r.pc.RemoveEndpoint("no id"))
		r.p.Fail(nil, nil)
		c := r.start()
		require.ErrorIs(t, r.s.Start(r.pc, r.settings()), protocomm.ErrInvalidState)
		other := protocomm.New(protocomm.Config{})
		require.ErrorIs(t, r.s.Start(other, settings()), protocomm.ErrNotSupported)
		require.ErrorIs(t, r.s.Stop(other), protocomm.ErrInvalidArg)
		require.NoError(t, r.p.Write(c, charEcho, []byte("works")))

		// A stack that does not stop: nothing is served, and Stop is repeated.
		r.p.Fail(nil, broken)
		require.ErrorIs(t, r.s.Stop(r.pc), broken)
		require.ErrorIs(t, r.p.Write(c, charEcho, []byte("x")), ble.ATTUnlikely)
		require.ErrorIs(t, r.s.Start(r.pc, r.settings()), protocomm.ErrInvalidState)
		r.p.Fail(nil, nil)
		require.NoError(t, r.s.Stop(r.pc))
	})
}

// An endpoint that has no id cannot be reached: start and adding it fail.
func TestQT28_EndpointWithoutID(t *testing.T) {
	bubble(t, sec0.New(), func(r *rig) {
		set := r.settings()
		set.Endpoints = table[:2]
		require.ErrorIs(t, r.s.Start(r.pc, set), protocomm.ErrInvalidArg)
		c := r.start()
		none := func(protocomm.SessionID, []byte) ([]byte, error) { return []byte("late"), nil }
		require.ErrorIs(t, r.pc.AddEndpoint("no id", none), protocomm.ErrNotFound)
		require.NoError(t, r.pc.AddEndpoint("unserved", none))
		require.NoError(t, r.p.Write(c, charUnserved, []byte("x")))
		require.Equal(t, "late", r.read(c, charUnserved))
	})
}

// inline answers in the caller's goroutine and keeps nothing.
type inline struct{ code ble.ATTError }

func (*inline) StartGATT(ble.Config, ble.Handler) error  { return nil }
func (*inline) StopGATT(ble.StopOptions) error           { return nil }
func (p *inline) Respond(_ ble.Conn, code ble.ATTError)  { p.code = code }
func (*inline) Disconnect(ble.Conn, ble.HCIReason) error { return nil }

// A request costs no allocation.
func TestNoAllocations(t *testing.T) {
	p := &inline{}
	s := New(p, Config{Go: func(fn func()) { fn() }})
	var hook func()
	pc := instance(t, sec0.New(), &hook)
	require.NoError(t, s.Start(pc, settings()))
	s.on.Connected(1)
	req, dst := make([]byte, 100), make([]byte, 100)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		s.on.Write(1, charEcho, req)
		if n, _ := s.on.Read(1, charEcho, 0, dst); n != 100 || p.code != ble.ATTSuccess {
			t.Error("no answer")
		}
	}))
}
