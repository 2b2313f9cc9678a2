// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// stranger sends any good Command0, and no more, in a session of its own.
func stranger(t testing.TB, p *protocomm.Protocomm, id protocomm.SessionID, command0 bool) {
	t.Helper()
	require.NoError(t, p.OpenSession(id))
	if command0 {
		require.NoError(t, newClient(t, p, id).step(t))
	}
}

func TestFloodOfHalfOpenSessions(t *testing.T) {
	for name, command0 := range map[string]bool{"opened": false, "with Command0": true} {
		t.Run(name, func(t *testing.T) {
			p := newSec1(t, protocomm.Config{})
			first := connect(t, p, 1000)
			for id := range protocomm.SessionID(100) {
				stranger(t, p, id, command0)
				open, halfOpen := p.Sessions()
				require.LessOrEqual(t, open, protocomm.DefaultMaxSessions)
				require.LessOrEqual(t, halfOpen, protocomm.DefaultMaxHalfOpen)
				first.works(t)
			}
			// A client gets in, even while strangers keep coming.
			second := newClient(t, p, 1001)
			require.NoError(t, p.OpenSession(second.id))
			for id := protocomm.SessionID(100); !second.done; id++ {
				require.NoError(t, second.step(t))
				stranger(t, p, id, command0)
			}
			second.works(t)
			first.works(t)
			open, halfOpen := p.Sessions()
			require.Equal(t, 2+protocomm.DefaultMaxHalfOpen, open)
			require.Equal(t, protocomm.DefaultMaxHalfOpen, halfOpen)
		})
	}
}

func TestFloodKeepsNothing(t *testing.T) {
	f := &fake{t: t}
	var ended int
	p := newWith(t, protocomm.Config{
		MaxSessions:    5,
		MaxHalfOpen:    2,
		OnSessionClose: func(protocomm.SessionID) { ended++ },
	}, f)
	const n = 1000
	for id := range protocomm.SessionID(n) {
		require.NoError(t, p.OpenSession(id))
		if id%3 == 0 {
			_, err := p.Handle(nil, secEndpoint, id, []byte("proof"))
			require.NoError(t, err)
		}
		open, _ := p.Sessions()
		require.EqualValues(t, open, f.live.Load())
		require.LessOrEqual(t, open, 5)
		require.Equal(t, int(id)+1, open+ended)
	}
	p.Close()
	require.Zero(t, f.live.Load())
	require.Equal(t, n, ended)
	require.Equal(t, n, f.wiped())
}

// order tells which sessions were closed, in order.
type order []protocomm.SessionID

func (o *order) add(id protocomm.SessionID) { *o = append(*o, id) }

func (o *order) take() order {
	got := *o
	*o = nil
	return got
}

func TestWhoGoesFirst(t *testing.T) {
	var gone order
	p := newWith(t, protocomm.Config{MaxSessions: 4, MaxHalfOpen: 2, OnSessionClose: gone.add}, &fake{t: t})
	open := func(ids ...protocomm.SessionID) {
		for _, id := range ids {
			require.NoError(t, p.OpenSession(id))
		}
	}
	use := func(id protocomm.SessionID) {
		_, err := p.Handle(nil, "echo", id, []byte("x"))
		require.NoError(t, err)
	}

	// One half-open session too many: the oldest goes, however busy it was.
	open(1, 2)
	_, err := p.Handle(nil, secEndpoint, 1, []byte("hello"))
	require.NoError(t, err)
	require.Empty(t, gone.take())
	open(3)
	require.Equal(t, order{1}, gone.take())

	// Full, with half-open ones: the oldest of these goes.
	openFake(t, p, 4, 5)
	require.Equal(t, order{2}, gone.take()) // by 4, being half-open itself; then 3, 4, 5
	openFake(t, p, 6)
	require.Empty(t, gone.take()) // 3 | 4 5 6
	open(7)
	require.Equal(t, order{3}, gone.take()) // 7 | 4 5 6

	// Full of established ones: the one used longest ago goes.
	openFake(t, p, 7)
	require.Equal(t, order{7}, gone.take(), "opening again closes")
	use(4)
	use(6)
	openFake(t, p, 8)
	require.Equal(t, order{5}, gone.take())
	use(7)
	open(9)
	require.Equal(t, order{4}, gone.take()) // 9 | 6 7 8
	require.False(t, p.SessionEstablished(9))
	for _, id := range []protocomm.SessionID{6, 7, 8} {
		require.True(t, p.SessionEstablished(id))
	}
}

// TestFallingBack: an established session that starts over counts as half-open
// from then on.
func TestFallingBack(t *testing.T) {
	var gone order
	p := newWith(t, protocomm.Config{MaxSessions: 6, MaxHalfOpen: 2, OnSessionClose: gone.add}, &fake{t: t})
	openFake(t, p, 1, 2, 3)
	hello := func(id protocomm.SessionID) {
		_, err := p.Handle(nil, secEndpoint, id, []byte("hello"))
		require.NoError(t, err)
		require.False(t, p.SessionEstablished(id))
	}
	require.NoError(t, p.OpenSession(4))
	hello(1)
	_, halfOpen := p.Sessions()
	require.Equal(t, 2, halfOpen)
	require.Empty(t, gone.take())
	hello(2)
	require.Equal(t, order{4}, gone.take(), "4 is half-open for the longest time")
	hello(1) // again: no difference
	hello(3)
	require.Equal(t, order{1}, gone.take())
	_, err := p.Handle(nil, secEndpoint, 2, []byte("proof"))
	require.NoError(t, err)
	require.True(t, p.SessionEstablished(2))
}

func TestLimitsBelowEachOther(t *testing.T) {
	p := newSec1(t, protocomm.Config{MaxSessions: 1, MaxHalfOpen: 5})
	for id := range protocomm.SessionID(5) {
		connect(t, p, id).works(t)
		open, _ := p.Sessions()
		require.Equal(t, 1, open)
	}
	p = newSec1(t, protocomm.Config{MaxSessions: -1, MaxHalfOpen: -1})
	for id := range protocomm.SessionID(20) {
		connect(t, p, id).works(t)
	}
	open, _ := p.Sessions()
	require.Equal(t, protocomm.DefaultMaxSessions, open)
}

func TestSessionEvents(t *testing.T) {
	type event struct {
		id protocomm.SessionID
		e  protocomm.SessionEvent
	}
	var got []event
	cfg := protocomm.Config{OnSessionEvent: func(id protocomm.SessionID, e protocomm.SessionEvent) {
		got = append(got, event{id, e})
	}}
	expect := func(want ...event) {
		t.Helper()
		require.Equal(t, want, got)
		got = nil
	}
	p := newSec1(t, cfg)
	c := connect(t, p, 1)
	expect(event{1, protocomm.SessionSetupOK})
	c.works(t)
	send := func(msg string) {
		_, err := p.Handle(nil, secEndpoint, 1, []byte(msg))
		require.Error(t, err)
	}
	send("\x10\x01\x5a\x00") // Command0 without payload
	expect(event{1, protocomm.SessionInvalidParams})
	send("\x10\x01\x5a\x07\xa2\x01\x04\x0a\x02ab") // public key of 2 bytes
	expect(event{1, protocomm.SessionInvalidParams})
	send("\xff")                                 // not a message
	send("\x10\x02")                             // security 2
	send(string(wellFormedCommand1()))           // out of turn
	send("\x10\x01\x5a\x05\x08\x01\xaa\x01\x00") // a response
	expect()
	require.NoError(t, newClient(t, p, 1).step(t))
	expect()
	send("\x10\x01\x5a\x07\x08\x02\xb2\x01\x02\x12\x00") // proof of 0 bytes
	expect(event{1, protocomm.SessionInvalidParams})
	send(string(wellFormedCommand1()))
	expect(event{1, protocomm.SessionMismatch})
	c = newClient(t, p, 1)
	for !c.done {
		require.NoError(t, c.step(t))
	}
	expect(event{1, protocomm.SessionSetupOK})

	// Security 0 has no such events.
	p = newWith(t, cfg, sec0.New())
	require.NoError(t, p.OpenSession(1))
	_, err := p.Handle(nil, secEndpoint, 1, nil)
	require.NoError(t, err)
	send("\xff")
	expect()

	for e, name := range map[protocomm.SessionEvent]string{0: "unknown", 1: "SetupOK", 2: "InvalidParams", 3: "Mismatch"} {
		require.Equal(t, name, e.String())
	}
}

func TestOnSessionCloseSaysItOnce(t *testing.T) {
	var gone order
	cfg := protocomm.Config{OnSessionClose: gone.add}
	f := &fake{t: t}
	p := newWith(t, cfg, f)
	openFake(t, p, 1, 2, 3)
	require.NoError(t, p.CloseSession(2))
	require.Equal(t, order{2}, gone.take())
	require.Error(t, p.CloseSession(2))
	require.NoError(t, p.OpenSession(1))
	require.Equal(t, order{1}, gone.take())
	require.NoError(t, p.UnsetSecurity(secEndpoint))
	require.ElementsMatch(t, order{1, 3}, gone.take())
	require.Zero(t, f.live.Load())

	// Sessions without a security end when one is set.
	require.NoError(t, p.OpenSession(4))
	require.True(t, p.SessionEstablished(4))
	require.NoError(t, p.SetSecurity(secEndpoint, f))
	require.Equal(t, order{4}, gone.take())
	openFake(t, p, 5)
	p.Close()
	p.Close()
	require.Equal(t, order{5}, gone.take())
	require.Zero(t, f.live.Load())
}

// TestOnSessionCloseMayCall: the callback runs without a lock, and before a
// session's successor is usable.
func TestOnSessionCloseMayCall(t *testing.T) {
	var p *protocomm.Protocomm
	calls := 0
	p = newWith(t, protocomm.Config{OnSessionClose: func(id protocomm.SessionID) {
		calls++
		require.False(t, p.SessionEstablished(id))
		require.ErrorIs(t, p.CloseSession(id), protocomm.ErrInvalidState)
		if calls == 1 {
			openFake(t, p, 99)
			require.NoError(t, p.CloseSession(99))
		}
		if calls > 6 {
			p.Close()
		}
	}}, &fake{t: t})
	openFake(t, p, 1)
	openFake(t, p, 1)
	require.Equal(t, 2, calls)
	openFake(t, p, 2, 3, 4, 5, 6)
	require.NoError(t, p.UnsetSecurity(secEndpoint))
}

// TestSecurityChangesDuringOpen: a session belongs to the security that is set
// when it opens.
func TestSecurityChangesDuringOpen(t *testing.T) {
	old, now := &fake{t: t}, &fake{t: t}
	p := newWith(t, protocomm.Config{}, old)
	old.onNew = func() {
		require.NoError(t, p.UnsetSecurity(secEndpoint))
		require.NoError(t, p.SetSecurity(secEndpoint, now))
	}
	openFake(t, p, 1)
	require.Zero(t, old.live.Load())
	require.EqualValues(t, 1, now.live.Load())
	_, err := p.Handle(nil, "echo", 1, nil)
	require.NoError(t, err)

	now.onNew = p.Close
	code(t, protocomm.ErrInvalidState, p.OpenSession(2))
	require.Zero(t, now.live.Load())
}

func TestWithoutSecurity(t *testing.T) {
	for name, sec := range map[string]protocomm.Security{"none": nil, "sec0": sec0.New()} {
		t.Run(name, func(t *testing.T) {
			p := protocomm.New(protocomm.Config{})
			require.NoError(t, p.AddEndpoint("echo", echo))
			if sec != nil {
				require.NoError(t, p.SetSecurity(secEndpoint, sec))
				got, ok := p.Security()
				require.True(t, ok)
				require.Equal(t, sec, got)
			}
			ask := func(id protocomm.SessionID) {
				got, err := p.Handle([]byte("dst "), "echo", id, []byte("plain"))
				require.NoError(t, err)
				require.Equal(t, "dst PLAIN", string(got))
			}
			ask(protocomm.NoSession)
			ask(3)
			require.NoError(t, p.OpenSession(3))
			require.True(t, p.SessionEstablished(3))
			ask(3)
			require.NoError(t, p.CloseSession(3))
			ask(3)
			for id := range protocomm.SessionID(20) {
				require.NoError(t, p.OpenSession(id))
				ask(id)
			}
			open, _ := p.Sessions()
			require.Equal(t, protocomm.DefaultMaxSessions, open)
		})
	}
}
