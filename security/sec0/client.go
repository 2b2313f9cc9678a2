// SPDX-License-Identifier: Apache-2.0

package sec0

import (
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
)

// Client is the client's half.
type Client struct{ phase phase }

var _ security.Client = (*Client)(nil)

type phase uint8

const (
	start phase = iota
	sent
	done
	ended
)

// NewClient returns the client's half.
func NewClient() *Client { return &Client{} }

// Step returns the request and then takes the answer, see security.Client.
func (c *Client) Step(resp []byte) (req []byte, isDone bool, err error) {
	switch c.phase {
	case start:
		c.phase = sent
		m := pb.SessionData{WhichProto: pb.SessionDataSec0}
		m.Sec0.WhichPayload = pb.Sec0PayloadSc
		return m.AppendTo(make([]byte, 0, m.Size())), false, nil
	case sent:
		c.phase = ended
		var m pb.SessionData
		if err := scheme.Answer(&m, "handshake", resp, int(pb.Sec0MsgTypeResponse)); err != nil {
			return nil, false, err
		}
		c.phase = done
		return nil, true, nil
	}
	return nil, false, scheme.Fail("handshake", protocomm.ErrInvalidState, "it is over; begin with a new client", nil)
}

// Proving returns false: security 0 proves nothing.
func (c *Client) Proving() bool { return false }

// Encrypt appends plain to dst.
func (c *Client) Encrypt(dst, plain []byte) ([]byte, error) {
	if c.phase != done {
		return dst, scheme.Fail("encrypt", protocomm.ErrInvalidState, "the handshake is not complete", nil)
	}
	return append(dst, plain...), nil
}

// Decrypt appends cipher to dst.
func (c *Client) Decrypt(dst, cipher []byte) ([]byte, error) {
	if c.phase != done {
		return dst, scheme.Fail("decrypt", protocomm.ErrInvalidState, "the handshake is not complete", nil)
	}
	return append(dst, cipher...), nil
}

// Close ends the session.
func (c *Client) Close() { c.phase = ended }
