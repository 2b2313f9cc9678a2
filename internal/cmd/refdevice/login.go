// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"errors"
	"flag"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// login is what a device of security 2 knows: salt and verifier. They are given, or
// made of a user name and a password.
type login struct {
	user, password string
	salt, verifier []byte
}

func (l *login) flags(f *flag.FlagSet) {
	f.StringVar(&l.user, "user", "wifiprov", "user `name` for security 2, unless there is a verifier")
	f.StringVar(&l.password, "password", "abcd1234", "`password` for security 2, unless there is a verifier")
	f.Func("salt", "salt for security 2, in `hex`", func(s string) (err error) {
		l.salt, err = hex.DecodeString(s)
		return err
	})
	f.Func("verifier", "verifier for security 2, in `hex`", func(s string) (err error) {
		l.verifier, err = hex.DecodeString(s)
		return err
	})
}

// complete makes salt and verifier if they were not given.
func (l *login) complete() (err error) {
	switch {
	case (l.salt == nil) != (l.verifier == nil):
		return errors.New("--salt and --verifier belong together")
	case l.salt == nil:
		l.salt, l.verifier, err = sec2.Generate(l.user, security.Secret(l.password), 0, nil)
	}
	return err
}

// secrets is the security of the device.
func (o *options) secrets() simdevice.Security {
	switch {
	case o.security == 0:
		return simdevice.Security0()
	case o.security == 2:
		return simdevice.Security2Verifier(o.login.salt, o.login.verifier)
	case o.noPoP:
		return simdevice.Security1("")
	}
	return simdevice.Security1(hal.Secret(o.pop))
}
