// SPDX-License-Identifier: Apache-2.0

package sec1

import (
	"crypto/cipher"
	"crypto/subtle"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/x25519"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// Client is the client's half of one session.
type Client struct {
	params *params
	phase  frame.Phase
	own    *x25519.Private // until Response0
	public [keySize]byte   // own public key, until Response1
	stream cipher.Stream   // from Response0 on
}

var _ security.Client = (*Client)(nil)

// NewClient returns the client's half, or ErrInvalidArg when the proof of
// possession is too long.
func NewClient(cfg Config) (*Client, error) {
	p, err := newParams(cfg)
	if err != nil {
		return nil, err
	}
	return &Client{params: p}, nil
}

// String returns a text without the keys.
func (Client) String() string { return "sec1.Client" }

// GoString returns a text without the keys.
func (Client) GoString() string { return "sec1.Client{…}" }

// Step returns Command0, takes Response0 and returns Command1, takes Response1;
// see security.Client.
func (c *Client) Step(resp []byte) (req []byte, isDone bool, err error) {
	req, isDone, err = scheme.Step(c.phase, resp, c.command0, c.response0, c.response1)
	if err != nil && c.phase != frame.Done {
		c.Close()
	}
	return req, isDone, err
}

func (c *Client) command0() ([]byte, error) {
	own, err := newKey(c.params.rand)
	if err != nil {
		return nil, err
	}
	c.own = own
	own.Public(&c.public)
	c.phase = frame.Cmd1

	m := pb.SessionData{SecVer: pb.SecScheme1, WhichProto: pb.SessionDataSec1}
	m.Sec1.WhichPayload = pb.Sec1PayloadSc0
	m.Sec1.Sc0.ClientPubkey = c.public[:]
	return m.AppendTo(make([]byte, 0, m.Size())), nil
}

// response0 takes the device's key and returns Command1.
func (c *Client) response0(resp []byte) ([]byte, error) {
	const op = "Response0"
	var m pb.SessionData
	if err := scheme.Answer(&m, op, resp, int(pb.Sec1MsgTypeResponse0)); err != nil {
		return nil, err
	}
	r := &m.Sec1.Sr0
	switch {
	case len(r.DevicePubkey) != keySize || len(r.DeviceRandom) != randomSize:
		return nil, scheme.Fail(op, security.ErrResponse, "the device's public key has "+
			strconv.Itoa(len(r.DevicePubkey))+" bytes instead of 32, or its random part "+
			strconv.Itoa(len(r.DeviceRandom))+" instead of 16", nil)

	}
	var key [keySize]byte
	defer clear(key[:])
	if err := c.params.sessionKey(&key, c.own, (*[keySize]byte)(r.DevicePubkey), security.ErrResponse); err != nil {
		return nil, err
	}
	stream, err := newStream(&key, (*[randomSize]byte)(r.DeviceRandom))
	if err != nil {
		return nil, err
	}
	c.forget()
	c.stream = stream
	c.phase = frame.Cmd2

	var proof [verifySize]byte
	stream.XORKeyStream(proof[:], r.DevicePubkey)
	m = pb.SessionData{SecVer: pb.SecScheme1, WhichProto: pb.SessionDataSec1}
	m.Sec1.Msg = pb.Sec1MsgTypeCommand1
	m.Sec1.WhichPayload = pb.Sec1PayloadSc1
	m.Sec1.Sc1.ClientVerifyData = proof[:]
	return m.AppendTo(make([]byte, 0, m.Size())), nil
}

// response1 checks the device's proof.
func (c *Client) response1(resp []byte) error {
	const op = "Response1"
	var m pb.SessionData
	if err := scheme.Answer(&m, op, resp, int(pb.Sec1MsgTypeResponse1)); err != nil {
		return err
	}
	r := &m.Sec1.Sr1
	switch {
	case len(r.DeviceVerifyData) != verifySize:
		return scheme.Fail(op, security.ErrResponse, "the device's proof has "+
			strconv.Itoa(len(r.DeviceVerifyData))+" bytes instead of 32", nil)

	}
	var verify [verifySize]byte
	c.stream.XORKeyStream(verify[:], r.DeviceVerifyData)
	if subtle.ConstantTimeCompare(verify[:], c.public[:]) != 1 {
		return scheme.Fail(op, security.ErrProof,
			"the device's proof is wrong: another proof of possession, or not the right device", nil)

	}
	clear(c.public[:])
	c.phase = frame.Done
	return nil
}

// Proving reports whether Command1 is under way.
func (c *Client) Proving() bool { return c.phase == frame.Cmd2 }

// Encrypt appends the encrypted plain to dst.
func (c *Client) Encrypt(dst, plain []byte) ([]byte, error) {
	if c.phase != frame.Done {
		return dst, notEstablished("encrypt")
	}
	return appendXOR(c.stream, dst, plain), nil
}

// Decrypt appends the decrypted cipher to dst.
func (c *Client) Decrypt(dst, cipher []byte) ([]byte, error) {
	if c.phase != frame.Done {
		return dst, notEstablished("decrypt")
	}
	return appendXOR(c.stream, dst, cipher), nil
}

// Close wipes the session; the same holds as for the device's half.
func (c *Client) Close() {
	c.forget()
	clear(c.public[:])
	clear(c.params.pop[:])
	c.stream = nil
	c.phase = frame.Closed
}

// forget wipes the private key.
func (c *Client) forget() {
	if c.own != nil {
		c.own.Clear()
		c.own = nil
	}
}
