// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/security"
)

// Security is a way to protect a session.
type Security uint8

// Security modes.
const (
	// SecurityAuto takes the mode that the device announces in proto-ver as
	// `sec_ver`. Without `sec_ver` it is security 0 if the device has the
	// capability no_sec, else security 1. If Config has a PoP or a password,
	// Connect fails with ErrDowngrade in a mode that proves neither of them:
	// an impostor could announce such a mode and read the credentials. Name
	// the mode to use it all the same.
	SecurityAuto Security = iota
	// Security0 sends everything in the clear.
	Security0
	// Security1 is an X25519 key exchange with a proof of possession, and
	// AES-CTR.
	Security1
	// Security2 is SRP6a with a user name and a password, and AES-GCM. The
	// device decides how nonces are used, and announces it in proto-ver as
	// `sec_patch_ver`. Connect therefore always reads proto-ver in this mode; it
	// treats a device without proto-ver as an old one.
	Security2
)

// String returns "security 1" or the like.
func (s Security) String() string {
	switch s {
	case SecurityAuto:
		return "automatic security"
	case Security0, Security1, Security2:
		return "security " + strconv.Itoa(int(s-Security0))
	}
	return "unknown security"
}

// maxSteps bounds a handshake; security 1 and 2 take two requests.
const maxSteps = 8

// Connect opens a session. It chooses the security, for which it asks the device
// with SecurityAuto, and does the handshake. It drops an earlier session first.
//
// After a wrong proof of possession the error matches [ErrPoP], and after a wrong
// user name or password [ErrPassword]. A device also refuses the right proof if it
// has dropped this handshake in favour of another client's. Connect therefore does
// a handshake whose proof was refused once more.
func (c *Client) Connect(ctx context.Context) error {
	const op = "connect"
	return c.do(ctx, op, func() error { return c.connect(ctx) })
}

// connect is Connect in its turn.
func (c *Client) connect(ctx context.Context) error {
	c.dropSession(errors.New("a later Connect failed"))
	ch, err := c.choose(ctx)
	if err != nil {
		return opError("connect", "", err)
	}
	return c.open(ctx, ch)
}

// choose decides the security mode and collects what it needs.
func (c *Client) choose(ctx context.Context) (*choice, error) {
	ch := &choice{mode: c.cfg.Security, pop: c.cfg.PoP, username: c.cfg.Username, password: c.cfg.Password}
	noPoP, auto := false, ch.mode == SecurityAuto
	// A mode that is named leaves open how security 2 uses nonces, and whether security 1
	// wants a PoP: nobody is asked for one that the device does not want.
	maybeAsk := ch.mode == Security1 && ch.pop == "" && c.cfg.AskPoP != nil
	if auto || maybeAsk || ch.mode == Security2 {
		v, err := c.fetchVersion(ctx, "connect")
		switch {
		case err == nil:
			ch.patch, noPoP = v.SecPatchVersion, v.Has(CapNoPoP)
		case auto || !errors.Is(err, ErrNoEndpoint):
			return nil, err
		}
		if auto {
			ch.mode = v.Security()
		}
	}
	if noPoP {
		ch.pop = ""
	}
	if err := c.ask(ctx, ch, noPoP); err != nil {
		return nil, err
	}
	if auto {
		if err := ch.checkDowngrade(c.cfg, noPoP); err != nil {
			return nil, err
		}
	}
	switch {
	case ch.mode != Security1:
		c.report(StepSecurity, ch.mode.String())
	case ch.pop == "":
		c.report(StepSecurity, ch.mode.String()+" without proof of possession")
	default:
		c.report(StepSecurity, ch.mode.String()+" with proof of possession")
	}
	return ch, nil
}

// ask asks for what the mode needs and nobody has told.
func (c *Client) ask(ctx context.Context, ch *choice, noPoP bool) (err error) {
	switch {
	case ch.mode == Security1 && ch.pop == "" && !noPoP && c.cfg.AskPoP != nil:
		ch.pop, err = c.cfg.AskPoP(ctx)
	case ch.mode == Security2 && ch.password == "" && c.cfg.AskLogin != nil:
		ch.username, ch.password, err = c.cfg.AskLogin(ctx)
	}
	return err
}

// open opens a session. A device refuses a wrong proof. It refuses the right proof,
// too, if it has closed the half-open session in favour of another client's. After
// a refusal open therefore does the handshake a second time.
func (c *Client) open(ctx context.Context, ch *choice) error {
	err := c.handshake(ctx, ch)
	var refused *notProved
	if !errors.As(err, &refused) {
		return err
	}
	err = c.handshake(ctx, ch)
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrClosed) || errors.Is(err, ErrBadAnswer) || errors.Is(err, ErrPoP) {
		return err
	}
	return ch.unproved(refused.err)
}

// notProved means that the device ended a handshake at the client's proof.
type notProved struct{ err error }

func (e *notProved) Error() string { return e.err.Error() }
func (e *notProved) Unwrap() error { return e.err }

// handshake opens a session, or fails without one.
func (c *Client) handshake(ctx context.Context, ch *choice) error {
	s, err := ch.newSession(c.cfg.Rand)
	if err != nil {
		return opError("connect", "", err)
	}
	if err := c.exchange(ctx, s, ch); err != nil {
		s.Close()
		return err
	}
	c.session, c.choice, c.lost = s, ch, nil
	c.report(StepSession, ch.mode.String())
	return nil
}

// exchange carries the handshake messages of s to the device and back.
func (c *Client) exchange(ctx context.Context, s security.Client, ch *choice) error {
	c.report(StepHandshake, "")
	req, done, err := s.Step(nil)
	if err != nil {
		return sessionError(err, "")
	}
	for i := 0; !done; i++ {
		if i == maxSteps {
			return sessionError(errors.New("handshake does not end"), "")
		}
		answer, err := c.transport.Do(ctx, endpointSession, req)
		switch {
		case err == nil:
		case s.Proving() && (errors.Is(err, ErrRefused) || errors.Is(err, ErrHungUp)):
			return &notProved{err}
		case errors.Is(err, ErrRefused):
			return sessionError(err, "does the device use "+ch.mode.String()+"? it may also make everybody wait after a wrong proof: try again in a while")
		default:
			return sessionError(err, hint("connect", endpointSession, err))
		}
		if req, done, err = s.Step(answer); err != nil {
			advice, cause := ch.stepError(err)
			return sessionError(cause, advice)
		}
	}
	return nil
}

// sessionError is the error for a failed handshake.
func sessionError(err error, hint string) error {
	return &Error{Op: "connect", Endpoint: endpointSession, Err: err, Hint: hint}
}
