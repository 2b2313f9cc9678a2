// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"bytes"
	"errors"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
)

func TestQP1_OpeningLeavesNothingOfTheSessionBefore(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	c := connect(t, p, 7)
	c.works(t)

	// Another id: nothing of session 7 is in it.
	require.NoError(t, p.OpenSession(8))
	wire, err := c.Encrypt(nil, []byte("hello"))
	require.NoError(t, err)
	_, err = p.Handle(nil, "echo", 8, wire)
	code(t, protocomm.ErrInvalidState, err)
	require.False(t, p.SessionEstablished(8))

	// The same id: neither.
	require.NoError(t, p.OpenSession(7))
	require.False(t, p.SessionEstablished(7))
	_, err = p.Handle(nil, "echo", 7, wire)
	code(t, protocomm.ErrInvalidState, err)
	_, err = p.Handle(nil, secEndpoint, 7, wellFormedCommand1())
	require.ErrorIs(t, err, protocomm.ErrInvalidState)
}

func TestQP18_Security0AnswersAnythingDecodable(t *testing.T) {
	const want = "\x52\x05\x08\x01\xaa\x01\x00"
	p := newWith(t, protocomm.Config{}, sec0.New())
	require.NoError(t, p.OpenSession(2))
	for _, id := range []protocomm.SessionID{1, 2, protocomm.NoSession} {
		for _, body := range []string{"", "\x52\x03\xa2\x01\x00", "\x52\x00", "\x10\x00"} {
			got, err := p.Handle([]byte("dst"), secEndpoint, id, []byte(body))
			require.NoError(t, err)
			require.Equal(t, "dst"+want, string(got))
		}
		for _, body := range []string{"\x10\x01", "\xff", "\x52\x05\x08"} {
			got, err := p.Handle([]byte("dst"), secEndpoint, id, []byte(body))
			code(t, protocomm.ErrInvalidArg, err)
			require.Equal(t, "dst", string(got))
		}
	}
	open, _ := p.Sessions()
	require.Equal(t, 1, open, "a handshake opens no session")
}

func TestQP19_RequestBeforeHandshakeConsumesNothing(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	called := false
	require.NoError(t, p.AddEndpoint("spy", func(protocomm.SessionID, []byte) ([]byte, error) {
		called = true
		return nil, nil
	}))
	require.NoError(t, p.OpenSession(1))
	c := newClient(t, p, 1)
	for !c.done {
		req := []byte("\x08\x01 as it was")
		_, err := p.Handle(nil, "spy", 1, req)
		code(t, protocomm.ErrInvalidState, err)
		require.Equal(t, "\x08\x01 as it was", string(req))
		require.NoError(t, c.step(t))
		if p.SessionEstablished(1) {
			require.NoError(t, c.step(t))
		}
	}
	require.False(t, called)
	c.works(t)
}

func TestQP20_RestartByCommand0InMidSession(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	old := connect(t, p, 1)
	old.works(t)
	for range 3 {
		c := newClient(t, p, 1)
		for !c.done {
			require.NoError(t, c.step(t))
		}
		c.works(t)
	}
}

func TestQP22_NamesAndTextsAreCopied(t *testing.T) {
	p := protocomm.New(protocomm.Config{})
	buf := []byte("nameversiontextsession")
	str := func(b []byte) string { return unsafe.String(&b[0], len(b)) }
	require.NoError(t, p.AddEndpoint(str(buf[:4]), echo))
	require.NoError(t, p.SetVersion(str(buf[4:11]), str(buf[11:15])))
	require.NoError(t, p.SetSecurity(str(buf[15:]), sec0.New()))
	for i := range buf {
		buf[i] = 'x'
	}
	require.Equal(t, []string{"name", "version", "session"}, p.Endpoints())
	got, err := p.Handle(nil, "version", 1, nil)
	require.NoError(t, err)
	require.Equal(t, "text", string(got))
	got, err = p.Handle(nil, "name", 1, []byte("x"))
	require.NoError(t, err)
	require.Equal(t, "X", string(got))
}

func TestQP24_HandlerFailureMovesTheRequestOnly(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	var seen []string
	require.NoError(t, p.AddEndpoint("fails", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
		seen = append(seen, string(req))
		return []byte("never sent"), errHandler
	}))
	c := connect(t, p, 1)
	for range 3 {
		_, err := c.ask(t, "fails", "do it")
		require.ErrorIs(t, err, errHandler)
		require.Equal(t, protocomm.CodeFail, protocomm.ErrorCode(err))
		c.works(t)
	}
	require.Equal(t, []string{"do it", "do it", "do it"}, seen)

	// The handler's own code is passed on.
	require.NoError(t, p.AddEndpoint("refuses", func(protocomm.SessionID, []byte) ([]byte, error) {
		return nil, errors.Join(errHandler, protocomm.ErrNotSupported)
	}))
	_, err := c.ask(t, "refuses", "x")
	require.Equal(t, protocomm.CodeNotSupported, protocomm.ErrorCode(err))
	c.works(t)
}

func TestQP27_InstancesAreIndependent(t *testing.T) {
	sec, err := sec1.New(sec1.Config{PoP: security.Secret(pop)})
	require.NoError(t, err)
	a := newWith(t, protocomm.Config{}, sec)
	b := newWith(t, protocomm.Config{}, sec) // the same value serves both
	ca := connect(t, a, 1)
	require.False(t, b.SessionEstablished(1))
	cb := connect(t, b, 1)
	ca.works(t)
	cb.works(t)

	// What is for one does not pass in the other.
	wire, err := ca.Encrypt(nil, []byte("hello there"))
	require.NoError(t, err)
	got, err := b.Handle(nil, "echo", 1, wire)
	require.NoError(t, err, "CTR tells nothing") // Q-P26
	plain, err := ca.Decrypt(nil, got)
	require.NoError(t, err)
	require.NotEqual(t, "HELLO THERE", string(plain))

	a.Close()
	cb = connect(t, b, 1)
	cb.works(t)
}

func TestQP26_FlippedBitsReachTheHandler(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	c := connect(t, p, 1)
	wire, err := c.Encrypt(nil, []byte("ssid"))
	require.NoError(t, err)
	wire[0] ^= 's' ^ 'g'
	wire, err = p.Handle(nil, "echo", 1, wire)
	require.NoError(t, err)
	plain, err := c.Decrypt(nil, wire)
	require.NoError(t, err)
	require.Equal(t, "GSID", string(plain))
}

func TestAnswersOfAnySize(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	size := 0
	require.NoError(t, p.AddEndpoint("sized", func(protocomm.SessionID, []byte) ([]byte, error) {
		return bytes.Repeat([]byte("z"), size), nil
	}))
	c := connect(t, p, 1)
	for _, size = range []int{0, 1, 15, 16, 17, 60000, 0} {
		got, err := c.ask(t, "sized", "")
		require.NoError(t, err)
		require.Len(t, got, size)
		c.works(t)
	}
}

// TestSessionsAreIndependent: a stranger's doings in its own session, or with
// foreign ids before its handshake, disturb nobody.
func TestSessionsAreIndependent(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	a, b := connect(t, p, 1), connect(t, p, 2)
	for range 3 {
		a.works(t)
		b.works(t)
	}
	_, err := p.Handle(nil, verEndpoint, 3, nil)
	require.NoError(t, err)
	stranger(t, p, 3, true)
	_, err = p.Handle(nil, secEndpoint, 3, wellFormedCommand1())
	require.ErrorIs(t, err, protocomm.ErrMismatch)
	require.NoError(t, p.CloseSession(3))
	a.works(t)
	require.NoError(t, p.CloseSession(1))
	b.works(t)
}
