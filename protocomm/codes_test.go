// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// code checks which sentinel err is, and that its number is the C original's.
func code(t *testing.T, want error, err error) {
	t.Helper()
	require.ErrorIs(t, err, want)
	require.Equal(t, protocomm.ErrorCode(want), protocomm.ErrorCode(err))
	require.True(t, strings.HasPrefix(err.Error(), "protocomm: "), err.Error())
}

func TestAddEndpointCodes(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	code(t, protocomm.ErrInvalidArg, p.AddEndpoint("", echo))
	code(t, protocomm.ErrInvalidArg, p.AddEndpoint("a", nil))
	for _, name := range []string{"echo", secEndpoint, verEndpoint} {
		code(t, protocomm.ErrFail, p.AddEndpoint(name, echo))
	}
	for _, name := range []string{"ECHO", "echo ", "ech", "\x00", "é", "\xff"} {
		require.NoError(t, p.AddEndpoint(name, echo), "names are compared bytewise")
	}
	p.Close()
	code(t, protocomm.ErrInvalidState, p.AddEndpoint("b", echo))
}

func TestRemoveEndpointCodes(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	code(t, protocomm.ErrInvalidArg, p.RemoveEndpoint(""))
	code(t, protocomm.ErrNotFound, p.RemoveEndpoint("Echo"))
	require.NoError(t, p.RemoveEndpoint("echo"))
	code(t, protocomm.ErrNotFound, p.RemoveEndpoint("echo"))
	_, err := p.Handle(nil, "echo", 1, nil)
	code(t, protocomm.ErrNotFound, err)
	require.NoError(t, p.AddEndpoint("echo", echo))

	// Removing the special ones unsets what they stand for.
	require.NoError(t, p.RemoveEndpoint(verEndpoint))
	require.NoError(t, p.SetVersion("version", "v2"))
	require.NoError(t, p.RemoveEndpoint(secEndpoint))
	_, ok := p.Security()
	require.False(t, ok)
	require.NoError(t, p.SetSecurity("session", sec0.New()))
}

func TestSecurityCodes(t *testing.T) {
	p := protocomm.New(protocomm.Config{})
	code(t, protocomm.ErrInvalidArg, p.SetSecurity("", sec0.New()))
	code(t, protocomm.ErrInvalidArg, p.SetSecurity("s", nil))
	require.NoError(t, p.AddEndpoint("taken", echo))
	code(t, protocomm.ErrFail, p.SetSecurity("taken", sec0.New()))
	require.NoError(t, p.SetSecurity("s", sec0.New()))
	code(t, protocomm.ErrInvalidState, p.SetSecurity("s", sec0.New()))
	code(t, protocomm.ErrInvalidState, p.SetSecurity("other", sec0.New()))

	code(t, protocomm.ErrInvalidArg, p.UnsetSecurity(""))
	code(t, protocomm.ErrNotFound, p.UnsetSecurity("other"))
	code(t, protocomm.ErrNotFound, p.UnsetSecurity("taken"))
	_, ok := p.Security()
	require.True(t, ok, "a failed unset unset it")
	require.NoError(t, p.UnsetSecurity("s"))
	code(t, protocomm.ErrNotFound, p.UnsetSecurity("s"))
	p.Close()
	code(t, protocomm.ErrInvalidState, p.SetSecurity("s", sec0.New()))
}

func TestVersionCodes(t *testing.T) {
	p := protocomm.New(protocomm.Config{})
	code(t, protocomm.ErrInvalidArg, p.SetVersion("", "text"))
	code(t, protocomm.ErrInvalidArg, p.SetVersion("v", ""))
	require.NoError(t, p.AddEndpoint("taken", echo))
	code(t, protocomm.ErrFail, p.SetVersion("taken", "text"))
	require.NoError(t, p.SetVersion("v", "text"))
	code(t, protocomm.ErrInvalidState, p.SetVersion("v", "text"))
	code(t, protocomm.ErrInvalidState, p.SetVersion("other", "text"))

	code(t, protocomm.ErrInvalidArg, p.UnsetVersion(""))
	code(t, protocomm.ErrNotFound, p.UnsetVersion("other"))
	code(t, protocomm.ErrNotFound, p.UnsetVersion("taken"))
	got, err := p.Handle(nil, "v", protocomm.NoSession, []byte("ignored"))
	require.NoError(t, err)
	require.Equal(t, "text", string(got))
	require.NoError(t, p.UnsetVersion("v"))
	code(t, protocomm.ErrNotFound, p.UnsetVersion("v"))
	p.Close()
	code(t, protocomm.ErrInvalidState, p.SetVersion("v", "text"))
}

func TestSessionCodes(t *testing.T) {
	f := &fake{t: t}
	p := newWith(t, protocomm.Config{}, f)
	code(t, protocomm.ErrInvalidArg, p.OpenSession(protocomm.NoSession))
	code(t, protocomm.ErrInvalidState, p.CloseSession(1))
	code(t, protocomm.ErrInvalidState, p.CloseSession(protocomm.NoSession))
	require.NoError(t, p.OpenSession(0))
	require.NoError(t, p.OpenSession(1))
	require.NoError(t, p.CloseSession(1))
	code(t, protocomm.ErrInvalidState, p.CloseSession(1))
	f.err = protocomm.ErrNoMem
	code(t, protocomm.ErrNoMem, p.OpenSession(2))
	code(t, protocomm.ErrNoMem, p.OpenSession(0))
	open, _ := p.Sessions()
	require.Zero(t, open, "opening wipes what was open, even when it fails")
	p.Close()
	code(t, protocomm.ErrInvalidState, p.OpenSession(3))
	code(t, protocomm.ErrInvalidState, p.CloseSession(0))
}

var errHandler = errors.New("no such access point")

func TestHandleCodes(t *testing.T) {
	f := &fake{t: t}
	p := newWith(t, protocomm.Config{}, f)
	called := 0
	require.NoError(t, p.AddEndpoint("fails", func(protocomm.SessionID, []byte) ([]byte, error) {
		called++
		return []byte("ignored"), errHandler
	}))
	openFake(t, p, 1)
	require.NoError(t, p.OpenSession(2))

	for name, tc := range map[string]struct {
		p        *protocomm.Protocomm
		endpoint string
		id       protocomm.SessionID
		req      string
		want     error
		code     protocomm.Code
	}{
		"no name":              {p, "", 1, "x", protocomm.ErrInvalidArg, 0x102},
		"unknown name":         {p, "prov-scan", 1, "x", protocomm.ErrNotFound, 0x105},
		"no session":           {p, "echo", 3, "x", protocomm.ErrInvalidState, 0x103},
		"id of none":           {p, "echo", protocomm.NoSession, "x", protocomm.ErrInvalidState, 0x103},
		"handshake no session": {p, secEndpoint, 3, "hello", protocomm.ErrInvalidState, 0x103},
		"half-open":            {p, "echo", 2, "x", protocomm.ErrInvalidState, 0x103},
		"handshake garbage":    {p, secEndpoint, 2, "x", protocomm.ErrInvalidArg, 0x102},
		"handshake mismatch":   {p, secEndpoint, 2, "mismatch", protocomm.ErrFail, -1},
		"handshake params":     {p, secEndpoint, 2, "params", protocomm.ErrInvalidArg, 0x102},
		"decrypt fails":        {p, "echo", 1, "tampered", protocomm.ErrFail, -1},
		"encrypt fails":        {p, "echo", 1, "unencryptable", errEncrypt, -1},
		"handler fails":        {p, "fails", 1, "x", errHandler, -1},
	} {
		got, err := tc.p.Handle([]byte("dst"), tc.endpoint, tc.id, []byte(tc.req))
		require.ErrorIs(t, err, tc.want, name)
		require.Equal(t, tc.code, protocomm.ErrorCode(err), name)
		require.Equal(t, "dst", string(got), name)
	}
	require.Equal(t, 1, called)

	got, err := p.Handle([]byte("dst"), "echo", 1, []byte("x"))
	require.NoError(t, err)
	require.Equal(t, "dst#X", string(got))
	p.Close()
	for _, name := range []string{"echo", secEndpoint, verEndpoint} {
		_, err = p.Handle(nil, name, 1, nil)
		code(t, protocomm.ErrNotFound, err)
	}
}

// TestErrorTexts: whoever reads a log knows what to do.
func TestErrorTexts(t *testing.T) {
	p := newSec1(t, protocomm.Config{})
	require.NoError(t, p.OpenSession(7))
	handle := func(name string, id protocomm.SessionID, req string) error {
		_, err := p.Handle(nil, name, id, []byte(req))
		return err
	}
	long := strings.Repeat("n", 200)
	for want, err := range map[string]error{
		"protocomm: add endpoint echo: an endpoint of that name exists":                                                      p.AddEndpoint("echo", echo),
		"protocomm: set security on s: already set on prov-session; unset it first":                                          p.SetSecurity("s", sec0.New()),
		"protocomm: open session 4294967295: no such id can be opened":                                                       p.OpenSession(protocomm.NoSession),
		"protocomm: close session 9: it is not open":                                                                         p.CloseSession(9),
		`protocomm: request to "no\x0asuch": no such endpoint`:                                                               handle("no\nsuch", 7, ""),
		`protocomm: request to "` + long[:64] + `…": no such endpoint`:                                                       handle(long, 7, ""),
		"protocomm: request to echo: session 9 is not open; open it and shake hands on prov-session":                         handle("echo", 9, ""),
		"protocomm: request to echo: not decrypted: sec1: decrypt: the handshake is not complete":                            handle("echo", 7, ""),
		"protocomm: handshake on prov-session: refused: sec1: handshake: the peer speaks security 0, this device security 1": handle(secEndpoint, 7, ""),
	} {
		require.EqualError(t, err, want)
	}
}
