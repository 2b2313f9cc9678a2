// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec2"
)

const (
	username = "wifiprov"
	password = "abcd1234"
)

// pinned gives one private value of 32 bytes, again and again, and one nonce.
type pinned struct{ private, nonce []byte }

func (p pinned) Read(b []byte) (int, error) {
	if len(b) == 32 {
		return copy(b, p.private), nil
	}
	return copy(b, p.nonce), nil
}

// TestVectorsSecurity2 runs the specification's security 2 sessions through
// Handle, those with short values among them.
func TestVectorsSecurity2(t *testing.T) {
	var file struct {
		Cases []struct {
			Name           string
			Patch          int `json:"sec_patch_ver"`
			Salt, Verifier string
			PrivateB       string `json:"b"`
			PublicB        string `json:"B"`
			DeviceNonce    string `json:"device_nonce"`
			Wire           struct{ Command0, Response0, Command1, Response1 string }
			Messages       []struct {
				Endpoint      string
				RequestPlain  string `json:"request_plain"`
				RequestWire   string `json:"request_wire"`
				ResponsePlain string `json:"response_plain"`
				ResponseWire  string `json:"response_wire"`
			}
		}
	}
	spectest.ReadJSON(t, &file, "vectors", "sec2.json")
	require.NotEmpty(t, file.Cases)
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		return b
	}
	for _, v := range file.Cases {
		t.Run(v.Name, func(t *testing.T) {
			sec, err := sec2.New(sec2.Config{
				Salt: unhex(v.Salt), Verifier: unhex(v.Verifier), FixedNonce: v.Patch == 0,
				Rand: pinned{unhex(v.PrivateB), unhex(v.DeviceNonce)},
			})
			require.NoError(t, err)
			p := protocomm.New(protocomm.Config{})
			require.NoError(t, p.SetSecurity(secEndpoint, sec))
			var request, answer string // expected and given, in hex
			for _, m := range v.Messages {
				_ = p.AddEndpoint(m.Endpoint, func(_ protocomm.SessionID, req []byte) ([]byte, error) {
					require.Equal(t, request, hex.EncodeToString(req))
					return unhex(answer), nil
				})
			}
			require.NoError(t, p.OpenSession(5))
			gives := func(endpoint, req, want string) {
				got, err := p.Handle(nil, endpoint, 5, unhex(req))
				require.NoError(t, err)
				require.Equal(t, want, hex.EncodeToString(got))
			}
			gives(secEndpoint, v.Wire.Command0, v.Wire.Response0)
			gives(secEndpoint, v.Wire.Command1, v.Wire.Response1)
			for _, m := range v.Messages {
				request, answer = m.RequestPlain, m.ResponsePlain
				gives(m.Endpoint, m.RequestWire, m.ResponseWire)
			}
		})
	}
}

// newSec2 returns an instance with security 2 and an endpoint "echo".
func newSec2(t testing.TB, cfg protocomm.Config) *protocomm.Protocomm {
	t.Helper()
	salt, verifier, err := sec2.Generate(username, password, 0, nil)
	require.NoError(t, err)
	sec, err := sec2.New(sec2.Config{Salt: salt, Verifier: verifier})
	require.NoError(t, err)
	return newWith(t, cfg, sec)
}

// client2 is a client of security 2 in its own session.
type client2 struct {
	*sec2.Client
	p  *protocomm.Protocomm
	id protocomm.SessionID
}

func newClient2(t testing.TB, p *protocomm.Protocomm, id protocomm.SessionID, word string) *client2 {
	t.Helper()
	c, err := sec2.NewClient(sec2.ClientConfig{Username: username, Password: security.Secret(word), PatchVersion: 1})
	require.NoError(t, err)
	return &client2{c, p, id}
}

// shake opens the session and shakes hands; the error is the device's.
func (c *client2) shake(t testing.TB) error {
	t.Helper()
	require.NoError(t, c.p.OpenSession(c.id))
	var resp []byte
	for {
		req, done, err := c.Step(resp)
		require.NoError(t, err)
		if done {
			return nil
		}
		if resp, err = c.p.Handle(nil, secEndpoint, c.id, req); err != nil {
			return err
		}
	}
}

// works checks that the session is alive.
func (c *client2) works(t testing.TB) {
	t.Helper()
	wire, err := c.Encrypt(nil, []byte("hello there"))
	require.NoError(t, err)
	wire, err = c.p.Handle(nil, "echo", c.id, wire)
	require.NoError(t, err)
	plain, err := c.Decrypt(nil, wire)
	require.NoError(t, err)
	require.Equal(t, "HELLO THERE", string(plain))
}

// command0Of returns a client's Command0.
func command0Of(t testing.TB) []byte {
	c := newClient2(t, nil, 0, password)
	req, _, err := c.Step(nil)
	require.NoError(t, err)
	return req
}

// TestStrangersAgainstSecurity2: a thousand Command0 messages from strangers
// (in the short form a hundred), in as many sessions, neither end nor disturb a
// running session, and no more half-open ones stay than the bound allows.
func TestStrangersAgainstSecurity2(t *testing.T) {
	strangers := long.Count(t, 100, 1000)
	if long.Race {
		strangers = 100
	}
	ended := map[protocomm.SessionID]bool{}
	p := newSec2(t, protocomm.Config{OnSessionClose: func(id protocomm.SessionID) { ended[id] = true }})
	c := newClient2(t, p, 1, password)
	require.NoError(t, c.shake(t))
	c.works(t)
	stranger := command0Of(t)
	for id := range protocomm.SessionID(strangers) {
		id += 100
		require.NoError(t, p.OpenSession(id))
		_, err := p.Handle(nil, secEndpoint, id, bytes.Clone(stranger))
		require.NoError(t, err)
		open, halfOpen := p.Sessions()
		require.LessOrEqual(t, halfOpen, protocomm.DefaultMaxHalfOpen)
		require.LessOrEqual(t, open, protocomm.DefaultMaxHalfOpen+1)
		if id%50 == 0 {
			c.works(t)
		}
	}
	require.False(t, ended[1])
	require.Len(t, ended, strangers-protocomm.DefaultMaxHalfOpen)
	c.works(t)
	// And another honest client still gets in.
	other := newClient2(t, p, 2, password)
	require.NoError(t, other.shake(t))
	other.works(t)
	c.works(t)
}

// TestStateTableSecurity2 goes through the cells of protocomm.md 6.
func TestStateTableSecurity2(t *testing.T) {
	first := command0Of(t)
	proof := append([]byte("\x10\x02\x62\x47\x08\x02\xb2\x01\x42\x0a\x40"), make([]byte, 64)...)
	for _, state := range []string{"no session", "CMD0", "CMD1", "DONE"} {
		for _, input := range []string{"open", "open another", "Command0", "Command1", "data", "close"} {
			t.Run(state+" "+input, func(t *testing.T) {
				p := newSec2(t, protocomm.Config{})
				c := newClient2(t, p, 7, password)
				switch state {
				case "CMD0":
					require.NoError(t, p.OpenSession(7))
				case "CMD1":
					require.NoError(t, p.OpenSession(7))
					_, err := p.Handle(nil, secEndpoint, 7, bytes.Clone(first))
					require.NoError(t, err)
				case "DONE":
					require.NoError(t, c.shake(t))
				}
				in := func(want error, endpoint string, req []byte) {
					t.Helper()
					_, err := p.Handle(nil, endpoint, 7, bytes.Clone(req))
					if want == nil {
						require.NoError(t, err)
						return
					}
					code(t, want, err)
				}
				switch input {
				case "open", "open another":
					id := protocomm.SessionID(7)
					if input == "open another" {
						id = 8
					}
					require.NoError(t, p.OpenSession(id))
					require.False(t, p.SessionEstablished(id))
					_, err := p.Handle(nil, secEndpoint, id, bytes.Clone(proof))
					code(t, protocomm.ErrInvalidState, err)
				case "Command0":
					if state == "no session" {
						in(protocomm.ErrInvalidState, secEndpoint, first)
						return
					}
					in(nil, secEndpoint, first)
					require.False(t, p.SessionEstablished(7))
					// Restarted: a proof is now looked at.
					in(protocomm.ErrMismatch, secEndpoint, proof)
				case "Command1":
					want := protocomm.ErrInvalidState
					if state == "CMD1" {
						want = protocomm.ErrMismatch
					}
					in(want, secEndpoint, proof)
					if state == "CMD1" {
						in(protocomm.ErrInvalidState, secEndpoint, proof) // wiped (Q-P17)
					}
					require.Equal(t, state == "DONE", p.SessionEstablished(7))
				case "data":
					if state == "DONE" {
						c.works(t)
						return
					}
					in(protocomm.ErrInvalidState, "echo", make([]byte, 30))
				case "close":
					err := p.CloseSession(7)
					if state == "no session" {
						code(t, protocomm.ErrInvalidState, err)
						return
					}
					require.NoError(t, err)
					in(protocomm.ErrInvalidState, "echo", make([]byte, 30))
				}
			})
		}
	}
}

// TestSessionEventsSecurity2: what handshakes lead to is announced
// (protocomm.md 7).
func TestSessionEventsSecurity2(t *testing.T) {
	var events []protocomm.SessionEvent
	p := newSec2(t, protocomm.Config{OnSessionEvent: func(_ protocomm.SessionID, e protocomm.SessionEvent) { events = append(events, e) }})
	announces := func(want ...protocomm.SessionEvent) {
		t.Helper()
		require.Equal(t, want, events)
		events = nil
	}
	require.NoError(t, newClient2(t, p, 1, password).shake(t))
	announces(protocomm.SessionSetupOK)
	require.Error(t, newClient2(t, p, 1, "abcd1235").shake(t))
	announces(protocomm.SessionMismatch)

	good := command0Of(t)
	at := bytes.Index(good, []byte("\x12\x80\x03")) // the public value
	noName := bytes.Join([][]byte{[]byte("\x10\x02\x62\x87\x03\xa2\x01\x83\x03"), good[at:]}, nil)
	zeroA := append(bytes.Clone(good[:at+3]), make([]byte, 384)...)
	for _, req := range [][]byte{noName, zeroA, []byte("\x10\x02\x62\x00")} {
		_, err := p.Handle(nil, secEndpoint, 1, bytes.Clone(req))
		code(t, protocomm.ErrInvalidParams, err)
		announces(protocomm.SessionInvalidParams)
	}
	// What does not decode is no event, and nor is a message out of turn.
	_, err := p.Handle(nil, secEndpoint, 1, []byte{0xFF})
	code(t, protocomm.ErrInvalidArg, err)
	_, err = p.Handle(nil, secEndpoint, 1, append([]byte("\x10\x02\x62\x47\x08\x02\xb2\x01\x42\x0a\x40"), make([]byte, 64)...))
	code(t, protocomm.ErrInvalidState, err)
	announces()
}

// TestQP24_Security2HandlerFailure: the request has moved the counter, no answer
// does.
func TestQP24_Security2HandlerFailure(t *testing.T) {
	p := newSec2(t, protocomm.Config{})
	fail := true
	require.NoError(t, p.AddEndpoint("moody", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
		if fail {
			return nil, protocomm.ErrFail
		}
		return req, nil
	}))
	c := newClient2(t, p, 1, password)
	require.NoError(t, c.shake(t))
	wire, err := c.Encrypt(nil, []byte("one"))
	require.NoError(t, err)
	_, err = p.Handle(nil, "moody", 1, wire)
	code(t, protocomm.ErrFail, err)
	c.works(t) // both have counted the request only
	fail = false
	c.works(t)
}
