// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// phases bring session 1 of an instance into each phase of the session state
// table (protocomm.md 6) and return the client that did so.
var phases = map[string]func(t *testing.T, p *protocomm.Protocomm) *client{
	"none": func(t *testing.T, p *protocomm.Protocomm) *client { return newClient(t, p, 1) },
	"CMD0": func(t *testing.T, p *protocomm.Protocomm) *client {
		require.NoError(t, p.OpenSession(1))
		return newClient(t, p, 1)
	},
	"CMD1": func(t *testing.T, p *protocomm.Protocomm) *client {
		require.NoError(t, p.OpenSession(1))
		c := newClient(t, p, 1)
		require.NoError(t, c.step(t))
		return c
	},
	"DONE": func(t *testing.T, p *protocomm.Protocomm) *client { return connect(t, p, 1) },
}

// phaseOf finds out in which phase session 1 is, by means of c, which led it
// there.
func phaseOf(t *testing.T, p *protocomm.Protocomm, c *client) string {
	t.Helper()
	switch open, _ := p.Sessions(); {
	case open == 0:
		return "none"
	case p.SessionEstablished(1):
		c.works(t)
		return "DONE"
	}
	// A Command1 of the wrong length is out of turn in CMD0 alone.
	_, err := p.Handle(nil, secEndpoint, 1, []byte("\x10\x01\x5a\x05\x08\x02\xb2\x01\x00"))
	require.Error(t, err)
	if protocomm.ErrorCode(err) == protocomm.CodeInvalidState {
		return "CMD0"
	}
	return "CMD1"
}

func TestSessionStateTable(t *testing.T) {
	type input func(t *testing.T, p *protocomm.Protocomm, c *client) (*client, error)
	var (
		open input = func(t *testing.T, p *protocomm.Protocomm, c *client) (*client, error) {
			return c, p.OpenSession(1)
		}
		command0 input = func(t *testing.T, p *protocomm.Protocomm, c *client) (*client, error) {
			fresh := newClient(t, p, 1)
			return fresh, fresh.step(t)
		}
		badCommand0 input = func(t *testing.T, p *protocomm.Protocomm, c *client) (*client, error) {
			_, err := p.Handle(nil, secEndpoint, 1, []byte("\x10\x01\x5a\x03\xa2\x01\x00"))
			return c, err
		}
		// The right one where there is one, else one that is well formed.
		command1 input = func(t *testing.T, p *protocomm.Protocomm, c *client) (*client, error) {
			if c.resp != nil && !c.done {
				return c, c.step(t)
			}
			_, err := p.Handle(nil, secEndpoint, 1, wellFormedCommand1())
			return c, err
		}
		wrongCommand1 input = func(t *testing.T, p *protocomm.Protocomm, c *client) (*client, error) {
			_, err := p.Handle(nil, secEndpoint, 1, wellFormedCommand1())
			return c, err
		}
		data input = func(t *testing.T, p *protocomm.Protocomm, c *client) (*client, error) {
			if c.done {
				_, err := c.ask(t, "echo", "x")
				return c, err
			}
			_, err := p.Handle(nil, "echo", 1, []byte("x"))
			return c, err
		}
		closing input = func(t *testing.T, p *protocomm.Protocomm, c *client) (*client, error) {
			return c, p.CloseSession(1)
		}
		state = protocomm.ErrInvalidState
	)
	for _, cell := range []struct {
		phase, name string
		input       input
		want        error
		then        string
	}{
		{"none", "open", open, nil, "CMD0"},
		{"none", "Command0", command0, state, "none"},
		{"none", "bad Command0", badCommand0, state, "none"},
		{"none", "Command1", command1, state, "none"},
		{"none", "data", data, state, "none"},
		{"none", "close", closing, state, "none"},

		{"CMD0", "open", open, nil, "CMD0"},
		{"CMD0", "Command0", command0, nil, "CMD1"},
		{"CMD0", "bad Command0", badCommand0, protocomm.ErrInvalidParams, "CMD0"},
		{"CMD0", "Command1", command1, state, "CMD0"},
		{"CMD0", "data", data, state, "CMD0"},
		{"CMD0", "close", closing, nil, "none"},

		{"CMD1", "open", open, nil, "CMD0"},
		{"CMD1", "Command0", command0, nil, "CMD1"},
		{"CMD1", "bad Command0", badCommand0, protocomm.ErrInvalidParams, "CMD1"},
		{"CMD1", "Command1", command1, nil, "DONE"},
		{"CMD1", "wrong Command1", wrongCommand1, protocomm.ErrMismatch, "CMD0"},
		{"CMD1", "data", data, state, "CMD1"},
		{"CMD1", "close", closing, nil, "none"},

		{"DONE", "open", open, nil, "CMD0"},
		{"DONE", "Command0", command0, nil, "CMD1"},
		{"DONE", "bad Command0", badCommand0, protocomm.ErrInvalidParams, "DONE"},
		{"DONE", "Command1", command1, state, "DONE"},
		{"DONE", "data", data, nil, "DONE"},
		{"DONE", "close", closing, nil, "none"},
	} {
		t.Run(cell.phase+"/"+cell.name, func(t *testing.T) {
			p := newSec1(t, protocomm.Config{})
			c := phases[cell.phase](t, p)
			require.Equal(t, cell.phase, phaseOf(t, p, c))
			c, err := cell.input(t, p, c)
			if cell.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, cell.want)
			}
			if c.resp != nil && !c.done && p.SessionEstablished(1) {
				require.NoError(t, c.step(t)) // the client takes Response1
			}
			require.Equal(t, cell.then, phaseOf(t, p, c))

			// From everywhere a client that begins anew gets in.
			if cell.then == "none" {
				connect(t, p, 1).works(t)
				return
			}
			fresh := newClient(t, p, 1)
			for !fresh.done {
				require.NoError(t, fresh.step(t))
			}
			fresh.works(t)
		})
	}
}

// wellFormedCommand1 is a Command1 whose proof is wrong.
func wellFormedCommand1() []byte {
	return append([]byte("\x10\x01\x5a\x27\x08\x02\xb2\x01\x22\x12\x20"), make([]byte, 32)...)
}
