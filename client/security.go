// SPDX-License-Identifier: Apache-2.0

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

// choice is the security mode of a session, with what the mode needs.
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
		if err := checkUsername(ch.username); err != nil {
			return nil, err
		}
		return sec2.NewClient(sec2.ClientConfig{
			Username: ch.username, Password: ch.password, PatchVersion: ch.patch, Rand: rand,
		})
	}
	return nil, fmt.Errorf("%w: unknown mode", ErrSecurity)
}

// checkUsername refuses a name that security 2 cannot use.
func checkUsername(name string) error {
	switch n := len(name); {
	case n == 0:
		return fmt.Errorf("%w: Config.Username is empty", ErrUsername)
	case n > sec2.MaxUsername:
		return fmt.Errorf("%w of at most %d bytes: Config.Username has %d", ErrUsername, sec2.MaxUsername, n)
	}
	return nil
}

// unproved is the error for a device that has refused the client's proof twice.
func (ch *choice) unproved(err error) error {
	const other = "; if right, another client may have pushed this one out: try again"
	switch {
	case ch.mode == Security2:
		return sessionError(&kindError{"device refused the user name or the password", []error{ErrPassword, err}}, "check both"+other)
	case ch.pop == "":
		return sessionError(&kindError{"device refused the proof of possession", []error{ErrPoP, err}},
			"the device wants a PoP; if it does not, another client may have pushed this one out: try again")
	}
	return sessionError(&kindError{"device refused the proof of possession", []error{ErrPoP, err}}, "check the PoP"+other)
}

// checkDowngrade refuses the mode that a device announced if the mode proves none
// of the secrets in cfg.
func (ch *choice) checkDowngrade(cfg *Config, noPoP bool) error {
	has := "a PoP"
	switch {
	case cfg.PoP == "" && cfg.Username == "" && cfg.Password == "":
		return nil
	case cfg.PoP == "":
		has = "a user name and password"
	case cfg.Username != "" && cfg.Password != "":
		has = "a PoP, a user name and a password"
	}
	announced, advice := "", ""
	switch {
	case ch.mode == Security0:
		announced, advice = "no security", "set Config.Security to Security0"
	case ch.mode == Security1 && ch.pop == "":
		announced, advice = "security 1", "set Config.PoP to the device's"
		if noPoP {
			announced, advice = "security 1 without a PoP", "set Config.Security to Security1 and leave Config.PoP empty"
		}
	case ch.mode == Security2 && ch.username != "" && ch.password == "" && cfg.PoP != "":
		announced, advice = "security 2", "set Config.Password to the device's"
	default:
		return nil
	}
	return &Error{Op: "connect", Endpoint: endpointVersion,
		Err:  fmt.Errorf("%w: it announces %s, and Config has %s", ErrDowngrade, announced, has),
		Hint: "it may be an impostor that wants the credentials; if it is known to be the right device, " + advice}
}

// stepError explains why this side ended a handshake.
func (ch *choice) stepError(err error) (hint string, cause error) {
	switch {
	case errors.Is(err, security.ErrProof) && ch.mode == Security2:
		// The device accepted the client's proof, but its own was wrong.
		return "check that it is the right device", fmt.Errorf("%w: %w", ErrPassword, err)
	case errors.Is(err, security.ErrProof):
		return "check the PoP, and that it is the right device", fmt.Errorf("%w: %w", ErrPoP, err)
	case errors.Is(err, security.ErrResponse):
		return "does the device use another security?", fmt.Errorf("%w: %w", ErrBadAnswer, err)
	}
	return "", err
}
