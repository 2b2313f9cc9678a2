package sec0

import (
	"strconv"

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
		if err := check(resp); err != nil {
			return nil, false, err
		}
		c.phase = done
		return nil, true, nil
	}
	return nil, false, fail(protocomm.ErrInvalidState, "handshake", "it is over; begin with a new client", nil)
}

// check takes the device's answer.
func check(resp []byte) error {
	const op = "handshake"
	var m pb.SessionData
	if err := m.Unmarshal(resp); err != nil {
		return fail(security.ErrResponse, op, "the answer is not a session message", err)
	}
	switch {
	case m.SecVer != pb.SecScheme0 || m.WhichProto != pb.SessionDataSec0:
		return fail(security.ErrResponse, op, "the device speaks another security than 0", nil)
	case m.Sec0.Msg != pb.Sec0MsgTypeResponse || m.Sec0.WhichPayload != pb.Sec0PayloadSr:
		return fail(security.ErrResponse, op, "the answer is of another kind than the request", nil)
	case m.Sec0.Sr.Status != pb.StatusSuccess:
		return fail(security.ErrResponse, op, "the device says status "+strconv.Itoa(int(m.Sec0.Sr.Status)), nil)
	}
	return nil
}

// Proving returns false: security 0 proves nothing.
func (c *Client) Proving() bool { return false }

// Encrypt appends plain to dst.
func (c *Client) Encrypt(dst, plain []byte) ([]byte, error) {
	if c.phase != done {
		return dst, fail(protocomm.ErrInvalidState, "encrypt", "the handshake is not complete", nil)
	}
	return append(dst, plain...), nil
}

// Decrypt appends cipher to dst.
func (c *Client) Decrypt(dst, cipher []byte) ([]byte, error) {
	if c.phase != done {
		return dst, fail(protocomm.ErrInvalidState, "decrypt", "the handshake is not complete", nil)
	}
	return append(dst, cipher...), nil
}

// Close ends the session.
func (c *Client) Close() { c.phase = ended }
