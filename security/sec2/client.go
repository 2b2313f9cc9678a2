// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"crypto/rand"
	"crypto/subtle"
	"io"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/srp"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// ClientConfig are the parameters of the client's half.
type ClientConfig struct {
	// Username is 1 to MaxUsername bytes.
	Username string
	// Password are arbitrary bytes; it may be empty.
	Password security.Secret
	// PatchVersion is what the device announces as `sec_patch_ver`: with 1
	// the nonce counts, with anything else it stays the same for the
	// whole session.
	PatchVersion int
	// Rand gives private values; it must be cryptographically secure.
	// nil: crypto/rand.Reader.
	Rand io.Reader
}

// String returns a text without the password.
func (ClientConfig) String() string { return "sec2.ClientConfig{…}" }

// GoString returns a text without the password.
func (ClientConfig) GoString() string { return "sec2.ClientConfig{…}" }

// Client is the client's half of one session.
type Client struct {
	user     string
	password security.Secret
	rules    rules
	rand     io.Reader
	phase    frame.Phase
	srp      *srp.Client // until Response0
	proofs   srp.Proofs  // until Response1
	box      box         // afterwards
}

var _ security.Client = (*Client)(nil)

// NewClient returns the client's half, or ErrInvalidArg when the user name is
// missing or too long.
func NewClient(cfg ClientConfig) (*Client, error) {
	if n := len(cfg.Username); n == 0 || n > MaxUsername {
		return nil, scheme.Fail("configuration", protocomm.ErrInvalidArg, "the user name has "+strconv.Itoa(n)+
			" bytes; it needs 1 to "+strconv.Itoa(MaxUsername), nil)

	}
	c := &Client{user: cfg.Username, password: cfg.Password, rand: cfg.Rand}
	if cfg.PatchVersion == int(counting) {
		c.rules = counting
	}
	if c.rand == nil {
		c.rand = rand.Reader
	}
	return c, nil
}

// String returns a text without the keys.
func (Client) String() string { return "sec2.Client" }

// GoString returns a text without the keys.
func (Client) GoString() string { return "sec2.Client{…}" }

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
	var err error
	if c.srp, err = srp.NewClient(c.rand); err != nil {
		return nil, scheme.Fail("handshake", protocomm.ErrFail, "no random numbers for a private value", err)
	}
	c.phase = frame.Cmd1

	m := pb.SessionData{SecVer: pb.SecScheme2, WhichProto: pb.SessionDataSec2}
	m.Sec2.WhichPayload = pb.Sec2PayloadSc0
	m.Sec2.Sc0.ClientUsername = []byte(c.user)
	m.Sec2.Sc0.ClientPubkey = c.srp.Public()
	return m.AppendTo(make([]byte, 0, m.Size())), nil
}

// response0 takes the device's public value and salt and returns Command1.
func (c *Client) response0(resp []byte) ([]byte, error) {
	const op = "Response0"
	var m pb.SessionData
	if err := scheme.Answer(&m, op, resp, int(pb.Sec2MsgTypeResponse0)); err != nil {
		return nil, err
	}
	r := &m.Sec2.Sr0
	switch {
	case len(r.DeviceSalt) == 0:
		return nil, scheme.Fail(op, security.ErrResponse, "the device sent no salt", nil)
	}
	password := []byte(c.password)
	err := c.srp.Prove(&c.proofs, []byte(c.user), password, r.DeviceSalt, r.DevicePubkey)
	clear(password)
	if err != nil {
		return nil, scheme.Fail(op, security.ErrResponse, "the device's public value of "+
			strconv.Itoa(len(r.DevicePubkey))+" bytes is of no use", err)

	}
	c.srp.Wipe()
	c.srp, c.password = nil, ""
	c.phase = frame.Cmd2

	m = pb.SessionData{SecVer: pb.SecScheme2, WhichProto: pb.SessionDataSec2}
	m.Sec2.Msg = pb.Sec2MsgTypeCommand1
	m.Sec2.WhichPayload = pb.Sec2PayloadSc1
	m.Sec2.Sc1.ClientProof = c.proofs.Client[:]
	return m.AppendTo(make([]byte, 0, m.Size())), nil
}

// response1 checks the device's proof and takes its nonce.
func (c *Client) response1(resp []byte) error {
	const op = "Response1"
	var m pb.SessionData
	if err := scheme.Answer(&m, op, resp, int(pb.Sec2MsgTypeResponse1)); err != nil {
		return err
	}
	r := &m.Sec2.Sr1
	n := len(r.DeviceNonce)
	switch {
	case len(r.DeviceProof) != srp.HashSize:
		return scheme.Fail(op, security.ErrResponse, "the device's proof has "+
			strconv.Itoa(len(r.DeviceProof))+" bytes instead of 64", nil)

	case c.rules == counting && n != countNonce:
		return scheme.Fail(op, security.ErrResponse, "the device's nonce has "+strconv.Itoa(n)+
			" bytes instead of 12: it does not count as sec_patch_ver 1 demands", nil)

	case n < minNonce:
		return scheme.Fail(op, security.ErrResponse, "the device's nonce has "+strconv.Itoa(n)+
			" bytes; it needs at least 12", nil)

	}
	if subtle.ConstantTimeCompare(r.DeviceProof, c.proofs.Device[:]) != 1 {
		return scheme.Fail(op, security.ErrProof, "the device's proof is wrong: it is not the right device", nil)
	}
	if err := c.box.set(c.rules, c.proofs.K[:], r.DeviceNonce); err != nil {
		return err
	}
	c.proofs = srp.Proofs{}
	c.phase = frame.Done
	return nil
}

// Proving reports whether Command1 is under way.
func (c *Client) Proving() bool { return c.phase == frame.Cmd2 }

// Encrypt appends the encrypted plain and its tag to dst.
func (c *Client) Encrypt(dst, plain []byte) ([]byte, error) { return c.box.seal(dst, plain) }

// Decrypt appends the decrypted cipher to dst. One that was altered fails with
// protocomm.ErrFail and changes nothing.
func (c *Client) Decrypt(dst, cipher []byte) ([]byte, error) { return c.box.open(dst, cipher) }

// Close wipes the session.
func (c *Client) Close() {
	if c.srp != nil {
		c.srp.Wipe()
		c.srp = nil
	}
	c.password = ""
	c.proofs = srp.Proofs{}
	c.box.wipe()
	c.phase = frame.Closed
}
