package client

import (
	"errors"
	"fmt"
	"io"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// newSession returns the client's half of a security mode.
func newSession(mode Security, pop hal.Secret, rand io.Reader) (security.Client, error) {
	switch mode {
	case Security0:
		return sec0.NewClient(), nil
	case Security1:
		return sec1.NewClient(sec1.Config{PoP: pop, Rand: rand})
	case Security2:
		return nil, fmt.Errorf("%w: security 2 is not supported yet", ErrSecurity)
	}
	return nil, fmt.Errorf("%w: unknown mode", ErrSecurity)
}

// stepError says what it means that a handshake broke off on this side.
func stepError(err error) (hint string, cause error) {
	switch {
	case errors.Is(err, security.ErrProof):
		return "check the PoP, and that it is the right device", fmt.Errorf("%w: %w", ErrPoP, err)
	case errors.Is(err, security.ErrResponse):
		return "does the device use another security?", fmt.Errorf("%w: %w", ErrBadAnswer, err)
	}
	return "", err
}
