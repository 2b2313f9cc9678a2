package client

import (
	"context"
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/security"
)

// Security is a way to protect a session (spec/protocomm.md 3-5).
type Security uint8

// Security modes.
const (
	// SecurityAuto takes what the device announces in proto-ver: `sec_ver`;
	// without it security 0 if there is the capability no_sec, else
	// security 1. It takes no session in which nothing that Config has is
	// proved, neither the PoP nor the password: an impostor could announce it
	// and read the credentials. Connect then fails with ErrDowngrade, and
	// who means it names the mode.
	SecurityAuto Security = iota
	// Security0 sends everything in the clear.
	Security0
	// Security1 is an X25519 key exchange with a proof of possession, and
	// AES-CTR.
	Security1
	// Security2 is SRP6a with a user name and a password, and AES-GCM. How
	// nonces are used is up to the device, which announces it in proto-ver
	// as `sec_patch_ver`; Connect asks for it, whether the mode was named or
	// not, and takes a device without proto-ver for an old one.
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

// Connect opens a session: it chooses the security (asking the device with
// SecurityAuto), and does the handshake on prov-session. A session that there
// was before is dropped first.
//
// A wrong proof of possession gives an error that matches [ErrPoP]; a wrong user
// name or password one that matches [ErrPassword]. A device says no in the same way
// when it has meanwhile dropped the handshake to make room for another client's;
// so a refused proof is tried once more from the start before it counts.
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

// choose settles the security mode and what it needs.
func (c *Client) choose(ctx context.Context) (*choice, error) {
	ch := &choice{mode: c.cfg.Security, pop: c.cfg.PoP, username: c.cfg.Username, password: c.cfg.Password}
	noPoP, auto := false, ch.mode == SecurityAuto
	switch ch.mode {
	case SecurityAuto:
		v, err := c.fetchVersion(ctx, "connect")
		if err != nil {
			return nil, err
		}
		ch.mode, ch.patch, noPoP = v.Security(), v.SecPatchVersion, v.Has(CapNoPoP)
	case Security2:
		// The mode is settled, how nonces are used is not.
		switch v, err := c.fetchVersion(ctx, "connect"); {
		case err == nil:
			ch.patch = v.SecPatchVersion
		case !errors.Is(err, ErrNoEndpoint):
			return nil, err
		}
	}
	switch {
	case ch.mode != Security1:
	case noPoP:
		ch.pop = ""
	case ch.pop == "" && c.cfg.AskPoP != nil:
		var err error
		if ch.pop, err = c.cfg.AskPoP(ctx); err != nil {
			return nil, err
		}
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

// open opens a session. A device refuses a wrong proof, and likewise the right one
// of a client whose half-open session it has closed to make room for another
// client's. The proof is then tried a second time, from the start.
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

// notProved is a handshake that the device ended at the client's proof.
type notProved struct{ err error }

func (e *notProved) Error() string { return e.err.Error() }
func (e *notProved) Unwrap() error { return e.err }

// handshake carries the messages of a new session to the device and back.
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

// exchange does the handshake of s.
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

// sessionError is a handshake that failed.
func sessionError(err error, hint string) error {
	return &Error{Op: "connect", Endpoint: endpointSession, Err: err, Hint: hint}
}
