package client

import (
	"context"
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security"
)

// Security is a way to protect a session (spec/protocomm.md 3-5).
type Security uint8

// Security modes.
const (
	// SecurityAuto takes what the device announces in proto-ver: `sec_ver`;
	// without it security 0 if there is the capability no_sec, else
	// security 1.
	SecurityAuto Security = iota
	// Security0 sends everything in the clear.
	Security0
	// Security1 is an X25519 key exchange with a proof of possession, and
	// AES-CTR.
	Security1
	// Security2 is SRP6a and AES-GCM. Not supported yet.
	Security2
)

// SecurityMode returns the mode with the protocol's number n, 0 to 2, and
// SecurityAuto for a negative one. Any other n gives a mode that Connect
// refuses.
func SecurityMode(n int) Security {
	switch {
	case n < 0:
		return SecurityAuto
	case n > 2:
		return Security2 + 1
	}
	return Security0 + Security(n)
}

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

// Connect opens a session: it chooses the security (asking the device with
// SecurityAuto), and does the handshake on prov-session. A session that there
// was before is dropped first.
//
// A wrong proof of possession gives an error that matches [ErrPoP].
func (c *Client) Connect(ctx context.Context) error {
	const op = "connect"
	return c.do(ctx, op, func() error { return c.connect(ctx) })
}

// connect is Connect in its turn.
func (c *Client) connect(ctx context.Context) error {
	const op = "connect"
	c.dropSession(errors.New("a later Connect failed"))
	mode, pop, err := c.choose(ctx)
	if err != nil {
		return opError(op, "", err)
	}
	s, err := newSession(mode, pop, c.cfg.Rand)
	if err != nil {
		return opError(op, "", err)
	}
	if err := c.handshake(ctx, s, mode, pop != ""); err != nil {
		s.Close()
		return err
	}
	c.session, c.lost = s, nil
	c.report(StepSession, mode.String())
	return nil
}

// choose settles the security mode and the proof of possession.
func (c *Client) choose(ctx context.Context) (Security, hal.Secret, error) {
	mode, pop := c.cfg.Security, c.cfg.PoP
	noPoP := false
	if mode == SecurityAuto {
		v, err := c.fetchVersion(ctx, "connect")
		if err != nil {
			return 0, "", err
		}
		mode, noPoP = v.Security(), v.Has(CapNoPoP)
	}
	switch {
	case mode != Security1:
		c.report(StepSecurity, mode.String())
		return mode, pop, nil
	case noPoP:
		pop = ""
	case pop == "" && c.cfg.AskPoP != nil:
		var err error
		if pop, err = c.cfg.AskPoP(ctx); err != nil {
			return 0, "", err
		}
	}
	if pop == "" {
		c.report(StepSecurity, mode.String()+" without proof of possession")
	} else {
		c.report(StepSecurity, mode.String()+" with proof of possession")
	}
	return mode, pop, nil
}

// handshake carries the messages of s to the device and back.
func (c *Client) handshake(ctx context.Context, s security.Client, mode Security, hasPoP bool) error {
	fail := func(err error, hint string) error {
		return &Error{Op: "connect", Endpoint: endpointSession, Err: err, Hint: hint}
	}
	c.report(StepHandshake, "")
	req, done, err := s.Step(nil)
	if err != nil {
		return fail(err, "")
	}
	for i := 0; !done; i++ {
		if i == maxSteps {
			return fail(errors.New("handshake does not end"), "")
		}
		answer, err := c.transport.Do(ctx, endpointSession, req)
		switch {
		case errors.Is(err, ErrRefused) && s.Proving():
			refused := &kindError{"device refused the proof of possession", []error{ErrPoP, err}}
			return fail(refused, popHint(hasPoP))
		case errors.Is(err, ErrRefused):
			return fail(err, "does the device use "+mode.String()+"? it may also make everybody wait after a wrong proof: try again in a while")
		case err != nil:
			return fail(err, hint("connect", endpointSession, err))
		}
		if req, done, err = s.Step(answer); err != nil {
			advice, cause := stepError(err)
			return fail(cause, advice)
		}
	}
	return nil
}

// popHint says what to do when the device refused the client's proof.
func popHint(hasPoP bool) string {
	if hasPoP {
		return "check the PoP"
	}
	return "the device wants a PoP"
}
