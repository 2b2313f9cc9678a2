package client

import (
	"errors"
	"fmt"
	"io"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// choice is the security of a session and what it needs.
type choice struct {
	mode     Security
	patch    int // sec_patch_ver
	pop      hal.Secret
	username string
	password hal.Secret
}

// newSession returns the client's half of a security mode.
func (ch *choice) newSession(rand io.Reader) (security.Client, error) {
	switch ch.mode {
	case Security0:
		return sec0.NewClient(), nil
	case Security1:
		return sec1.NewClient(sec1.Config{PoP: ch.pop, Rand: rand})
	case Security2:
		switch n := len(ch.username); {
		case n == 0:
			return nil, fmt.Errorf("%w: Config.Username is empty", ErrUsername)
		case n > sec2.MaxUsername:
			return nil, fmt.Errorf("%w of at most %d bytes: Config.Username has %d", ErrUsername, sec2.MaxUsername, n)
		}
		return sec2.NewClient(sec2.ClientConfig{
			Username: ch.username, Password: ch.password, PatchVersion: ch.patch, Rand: rand,
		})
	}
	return nil, fmt.Errorf("%w: unknown mode", ErrSecurity)
}

// refused is the error for a device that did not accept the client's proof.
func (ch *choice) refused(err error) (hint string, cause error) {
	switch {
	case ch.mode == Security2:
		return "check both", &kindError{"device refused the user name or the password", []error{ErrPassword, err}}
	case ch.pop == "":
		hint = "the device wants a PoP"
	default:
		hint = "check the PoP"
	}
	return hint, &kindError{"device refused the proof of possession", []error{ErrPoP, err}}
}

// stepError says what it means that a handshake broke off on this side.
func (ch *choice) stepError(err error) (hint string, cause error) {
	switch {
	case errors.Is(err, security.ErrProof) && ch.mode == Security2:
		// The device accepted the client's proof and could not give its own.
		return "check that it is the right device", fmt.Errorf("%w: %w", ErrPassword, err)
	case errors.Is(err, security.ErrProof):
		return "check the PoP, and that it is the right device", fmt.Errorf("%w: %w", ErrPoP, err)
	case errors.Is(err, security.ErrResponse):
		return "does the device use another security?", fmt.Errorf("%w: %w", ErrBadAnswer, err)
	}
	return "", err
}
