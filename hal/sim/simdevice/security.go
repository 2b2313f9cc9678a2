// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"fmt"
	"sync"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// DefaultPoP is the proof of possession of a device that is given none, and its
// password under security 2. DefaultUsername goes with it.
const (
	DefaultPoP      = "abcd1234"
	DefaultUsername = "wifiprov"
)

// Security is a device's security with what a client must know. The zero value is
// Security1(DefaultPoP). Devices may share one.
type Security struct {
	s *secrets
}

// secrets is what a Security stands for. fmt does not follow the pointer.
type secrets struct {
	mode           int
	pop            hal.Secret
	user           string
	salt, verifier []byte

	mu    sync.Mutex
	made  protocomm.Security // nil: not yet
	fault error
}

// Security0 is no security.
func Security0() Security { return Security{&secrets{mode: 0}} }

// Security1 is security 1 with a proof of possession; "": without one.
func Security1(pop hal.Secret) Security { return Security{&secrets{mode: 1, pop: pop}} }

// Security2 is security 2 with a user name and a password. The salt and the verifier are
// made in the first handshake, which takes some milliseconds longer.
func Security2(user string, password hal.Secret) Security {
	return Security{&secrets{mode: 2, user: user, pop: password}}
}

// Security2Verifier is security 2 with what a factory has made. Device.Client does
// not know the password then.
func Security2Verifier(salt, verifier []byte) Security {
	return Security{&secrets{mode: 2, salt: salt, verifier: verifier}}
}

var defaultSecurity = Security1(DefaultPoP)

func (s Security) secrets() *secrets {
	if s.s == nil {
		return defaultSecurity.s
	}
	return s.s
}

// Mode returns 0, 1 or 2.
func (s Security) Mode() int { return s.secrets().mode }

// Login returns what a client must know: the proof of possession or password, and
// the user name of security 2.
func (s Security) Login() (username string, pop hal.Secret) {
	return s.secrets().user, s.secrets().pop
}

// New returns the device's half, the same one at every call.
func (s Security) New() (protocomm.Security, error) {
	x := s.secrets()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.made == nil && x.fault == nil {
		x.made, x.fault = x.make()
	}
	return x.made, x.fault
}

func (x *secrets) make() (protocomm.Security, error) {
	switch x.mode {
	case 0:
		return sec0.New(), nil
	case 1:
		return sec1.New(sec1.Config{PoP: x.pop})
	}
	if x.salt == nil {
		if len(x.user) == 0 || len(x.user) > sec2.MaxUsername || x.pop == "" {
			return nil, errNoLogin
		}
		return &late{secrets: x}, nil
	}
	// Small, since a program may have very many.
	return sec2.New(sec2.Config{Salt: x.salt, Verifier: x.verifier, Small: true})
}

var errNoLogin = fmt.Errorf("simdevice: security 2 needs a password and a user name of 1 to %d bytes", sec2.MaxUsername)

// late is security 2 that makes its salt and its verifier for its first session, so that
// very many devices start soon.
type late struct {
	secrets *secrets

	mu   sync.Mutex
	half *sec2.Security // nil: not yet
}

// Version implements protocomm.Security.
func (*late) Version() int { return 2 }

// PatchVersion implements protocomm.Security.
func (*late) PatchVersion() int { return 1 }

// Capability implements protocomm.Security.
func (*late) Capability() string { return "" }

// NeedsSession implements protocomm.Security.
func (*late) NeedsSession() bool { return true }

// NewSession implements protocomm.Security.
func (l *late) NewSession() (protocomm.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.half == nil {
		salt, verifier, err := sec2.Generate(l.secrets.user, l.secrets.pop, 0, nil)
		if err != nil {
			return nil, err
		}
		if l.half, err = sec2.New(sec2.Config{Salt: salt, Verifier: verifier, Small: true}); err != nil {
			return nil, err
		}
	}
	return l.half.NewSession()
}

// fill gives a client what it must know, unless it has something already.
func (s Security) fill(cfg *client.Config) {
	x := s.secrets()
	if cfg.PoP != "" || cfg.Password != "" || cfg.AskPoP != nil || cfg.Security != client.SecurityAuto {
		return
	}
	switch x.mode {
	case 0:
		cfg.Security = client.Security0
	case 1:
		cfg.Security, cfg.PoP = client.Security1, x.pop
	case 2:
		cfg.Username, cfg.Password = x.user, x.pop
	}
}
