// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// random is the secret that stands for one of each device's own.
const random = "random"

// readSecurity makes the security of a group.
func (m *maker) readSecurity() error {
	f, g := m.file, m.group
	pop := cmp.Or(g.PoP, simdevice.DefaultPoP)
	if f.given(&g.PoP) {
		pop = g.PoP // "" too
	}
	password := g.Password
	switch {
	case !f.given(&g.Password):
		password = simdevice.DefaultPoP
	case password == "":
		return f.fail("password is empty; security 2 needs one", nil, &g.Password)
	}
	made := len(g.Salt) > 0 || len(g.Verifier) > 0
	wrong := func(format string, pointer any) error { return f.fail(format, nil, pointer, g) }
	switch mode := cmp.Or(g.Security, "1"); {
	case mode != "0" && mode != "1" && mode != "2":
		return f.fail("security is %q; it is 0, 1 or 2", []any{mode}, &g.Security)
	case mode != "1" && f.given(&g.PoP):
		return f.fail("pop is for security 1, and this is security %s; %s", []any{mode, map[string]string{"0": "leave it out", "2": "write password"}[mode]}, &g.PoP)
	case mode != "2" && f.given(&g.Password):
		return wrong("password is for security: 2; leave it out, or set that", &g.Password)
	case mode != "2" && f.given(&g.Username):
		return wrong("username is for security: 2; leave it out, or set that", &g.Username)
	case mode != "2" && made:
		return wrong("salt and verifier are for security: 2; leave them out, or set that", &g.Salt)
	case made && (len(g.Salt) == 0 || len(g.Verifier) == 0):
		return wrong("one of salt and verifier is missing; a factory makes both", &g.Salt)
	case made && (f.given(&g.Password) || f.given(&g.Username)):
		return wrong("salt and verifier take the place of username and password; leave those out", &g.Salt)
	case mode == "0":
		m.security = simdevice.Security0()
	case mode == "1":
		m.security, m.random = simdevice.Security1(pop), pop == random
	case made:
		m.security = simdevice.Security2Verifier(g.Salt, g.Verifier)
	default:
		m.security, m.random = simdevice.Security2(m.username(), password), password == random
	}
	return nil
}

func (m *maker) username() string { return cmp.Or(m.group.Username, simdevice.DefaultUsername) }

// randomSecurity is the security of one device whose secret is random. The same seed
// and name give the same secret.
func (m *maker) randomSecurity(device string) simdevice.Security {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789x" // 32, easy to tell apart
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64([]byte("proof of possession "), m.file.Seed))
	h.Write([]byte(device))
	text := h.Sum(nil)[:8]
	for i, b := range text {
		text[i] = letters[b%32]
	}
	if m.security.Mode() == 1 {
		return simdevice.Security1(hal.Secret(text))
	}
	return simdevice.Security2(m.username(), hal.Secret(text))
}
