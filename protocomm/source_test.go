// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// from opens sessions of a source under consecutive ids.
func from(t testing.TB, p *protocomm.Protocomm, source protocomm.Source, first protocomm.SessionID, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, p.NewPeer(first+protocomm.SessionID(i), source).Open())
	}
}

// command0From does that, and begins a handshake in each.
func command0From(t testing.TB, p *protocomm.Protocomm, source protocomm.Source, first protocomm.SessionID, n int) {
	t.Helper()
	for i := range n {
		id := first + protocomm.SessionID(i)
		from(t, p, source, id, 1)
		require.NoError(t, newClient(t, p, id).step(t))
	}
}

// A full table gives up established sessions, not somebody's handshake; but first
// what nobody has used yet.
func TestHandshakesGoLast(t *testing.T) {
	var gone order
	p := newWith(t, protocomm.Config{MaxSessions: 5, MaxHalfOpen: 3, OnSessionClose: gone.add}, &fake{t: t})
	begin := func(id protocomm.SessionID) {
		require.NoError(t, p.OpenSession(id))
		_, err := p.Handle(nil, secEndpoint, id, []byte("hello"))
		require.NoError(t, err)
	}
	begin(1)
	openFake(t, p, 2, 3, 4)
	require.NoError(t, p.OpenSession(5))
	_, err := p.Handle(nil, "echo", 2, []byte("x"))
	require.NoError(t, err)
	begin(6) // 1 6 | 3 4 2
	require.Equal(t, order{5}, gone.take())
	begin(7) // 1 6 7 | 4 2
	require.Equal(t, order{3}, gone.take())
	begin(8)
	require.Equal(t, order{1}, gone.take(), "three handshakes at a time")
	_, err = p.Handle(nil, secEndpoint, 6, []byte("proof"))
	require.NoError(t, err) // 7 8 | 4 2 6
	begin(9)
	require.Equal(t, order{4}, gone.take())
}

// One who opens any number of sessions pushes his own ones out, in the middle of
// handshakes and beside established sessions.
func TestOneSourceHurtsItselfAlone(t *testing.T) {
	for established := range protocomm.DefaultMaxSessions {
		t.Run(fmt.Sprint(established, " established"), func(t *testing.T) {
			p := newSec1(t, protocomm.Config{})
			var users []*client
			for i := range established {
				users = append(users, connect(t, p, protocomm.SessionID(i)))
			}
			honest := newClient(t, p, 100)
			require.NoError(t, p.NewPeer(honest.id, "phone").Open())
			for id := protocomm.SessionID(1000); !honest.done; id += 40 {
				require.NoError(t, honest.step(t))
				command0From(t, p, "stranger", id, 40)
			}
			honest.works(t)
			lost := 0
			for i, u := range users {
				if !p.SessionEstablished(u.id) {
					lost++
					require.Equal(t, lost, i+1, "not the least used")
					continue
				}
				u.works(t)
			}
			// One place for the phone and one for the stranger.
			require.Equal(t, max(0, established+2-protocomm.DefaultMaxSessions), lost)
		})
	}
}

// Sessions in use are safe from any number of strangers, as many as MaxSessions
// exceeds MaxHalfOpen by.
func TestStrangersLeaveSomeEstablished(t *testing.T) {
	for _, cfg := range []protocomm.Config{{}, {MaxSessions: 5, MaxHalfOpen: 1}, {MaxSessions: 3, MaxHalfOpen: 9}} {
		p := newSec1(t, cfg)
		size := max(cfg.MaxSessions, 0)
		if size == 0 {
			size = protocomm.DefaultMaxSessions
		}
		var users []*client
		for i := range size {
			users = append(users, connect(t, p, protocomm.SessionID(i)))
		}
		for i := range 100 {
			command0From(t, p, protocomm.Source(fmt.Sprint("stranger ", i)), protocomm.SessionID(1000+i), 1)
		}
		open, halfOpen := p.Sessions()
		require.Equal(t, size, open)
		require.NotZero(t, open-halfOpen)
		for _, u := range users[halfOpen:] {
			u.works(t)
		}
		want := map[int]int{8: 4, 5: 1, 3: 2}[size]
		require.Equal(t, want, halfOpen)
	}
}

// Sessions of a security without a handshake are shared in the same way.
func TestOneSourceWithoutHandshake(t *testing.T) {
	var gone order
	p := protocomm.New(protocomm.Config{OnSessionClose: gone.add})
	from(t, p, "phone", 1, 1)
	from(t, p, "stranger", 100, 50)
	require.Len(t, gone, 50-7)
	require.NotContains(t, gone, protocomm.SessionID(1))
	from(t, p, "third", 2, 1)
	require.True(t, p.SessionEstablished(1))
}

// A session that starts over is one of its source's half-open ones.
func TestFallingBackIsCounted(t *testing.T) {
	var gone order
	p := newWith(t, protocomm.Config{MaxSessions: 6, MaxHalfOpen: 2, OnSessionClose: gone.add}, &fake{t: t})
	for id := range protocomm.SessionID(3) {
		from(t, p, "greedy", id, 1)
		_, err := p.Handle(nil, secEndpoint, id, []byte("proof"))
		require.NoError(t, err)
	}
	from(t, p, "phone", 10, 1)
	for id := range protocomm.SessionID(3) {
		_, err := p.Handle(nil, secEndpoint, id, []byte("hello"))
		require.NoError(t, err)
	}
	require.Equal(t, order{0, 1}, gone)
	_, halfOpen := p.Sessions()
	require.Equal(t, 2, halfOpen)
}

// TestUndecodableEndsMalleableSession: under a security without integrity a
// request that does not decode ends the session, before anything is encrypted;
// every other failure leaves it.
func TestUndecodableEndsMalleableSession(t *testing.T) {
	undecodable := func(protocomm.SessionID, []byte) ([]byte, error) {
		return nil, fmt.Errorf("prov-custom: %w", protocomm.ErrDecode)
	}
	var gone order
	p := newSec1(t, protocomm.Config{OnSessionClose: gone.add})
	require.NoError(t, p.AddEndpoint("undecodable", undecodable))
	require.NoError(t, p.AddEndpoint("fails", func(protocomm.SessionID, []byte) ([]byte, error) {
		return nil, protocomm.ErrInvalidArg
	}))
	require.NoError(t, p.AddEndpoint("panics", func(protocomm.SessionID, []byte) ([]byte, error) {
		panic(protocomm.ErrDecode)
	}))
	c, other := connect(t, p, 1), connect(t, p, 2)
	for _, name := range []string{"fails", "panics"} {
		_, err := c.ask(t, name, "x")
		require.Error(t, err)
		c.works(t)
	}
	_, err := c.ask(t, "undecodable", "x")
	code(t, protocomm.ErrInvalidArg, err)
	require.ErrorIs(t, err, protocomm.ErrDecode)
	require.Equal(t, order{1}, gone)
	_, err = c.ask(t, "echo", "x")
	code(t, protocomm.ErrInvalidState, err)
	other.works(t)

	// Another security knows who sent it.
	p = newWith(t, protocomm.Config{}, &fake{t: t})
	require.NoError(t, p.AddEndpoint("undecodable", undecodable))
	openFake(t, p, 1)
	_, err = p.Handle(nil, "undecodable", 1, []byte("x"))
	code(t, protocomm.ErrInvalidArg, err)
	require.True(t, p.SessionEstablished(1))
}

// A handler that closed its session itself, and then says so.
func TestUndecodableAfterClosing(t *testing.T) {
	var gone order
	p := newSec1(t, protocomm.Config{OnSessionClose: gone.add})
	require.NoError(t, p.AddEndpoint("ends", func(id protocomm.SessionID, _ []byte) ([]byte, error) {
		require.NoError(t, p.CloseSession(id))
		require.NoError(t, p.OpenSession(id)) // the next one under this id is not meant
		return nil, protocomm.ErrDecode
	}))
	_, err := connect(t, p, 1).ask(t, "ends", "x")
	require.Error(t, err)
	require.Equal(t, order{1}, gone)
	open, _ := p.Sessions()
	require.Equal(t, 1, open)
}
