// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// pairs has a phone pair, and go. It returns whether the device said that it keeps
// the bond.
func (r *rig) pairs(p *phone) (bonding bool) {
	r.phone = p
	r.connect(true)
	n, _ := p.steps()
	r.advance(n)
	require.Equal(r, idle, r.step)
	r.Disconnected()
	return p.rsp[3]&authBonding != 0
}

// comesBack has a phone that paired connect under an address, and encrypt the link;
// false: the device has no key for it, or another one.
func (r *rig) comesBack(p *phone, address att.Address) bool {
	was := p.address
	p.address = address
	defer func() { p.address = was }()
	r.phone = p
	r.connect(true)
	defer r.Disconnected()
	want, random, diversifier := p.key, uint64(0), uint16(0)
	if !p.secure {
		want, random, diversifier = p.ltk, binary.LittleEndian.Uint64(p.name[2:]), binary.LittleEndian.Uint16(p.name[:])
	}
	key, ok := r.LongTermKey(random, diversifier)
	if !ok || smpcrypto.Reversed16(key[:]) != want {
		r.Encrypted(nil, false)
		return false
	}
	require.Empty(r, r.Encrypted(nil, true))
	return true
}

// private returns a private address of a phone.
func (p *phone) private() att.Address {
	hash := smpcrypto.AH(p.irk, [3]byte{0x41, 2, 3})
	return att.Address{1, 0x41, 2, 3, hash[0], hash[1], hash[2]}
}

// stranger returns a phone that nobody knows, its number from 1 on.
func stranger(i int, secure bool) *phone {
	p := newPhone(secure)
	p.random = source(uint64(100 + i))
	p.address = att.Address{1, 0x5A, 0, 0, 0, byte(i >> 8), byte(i)}
	p.identity = att.Address{0, 0xBB, 0, 0, 0, byte(i >> 8), byte(i)}
	p.irk = Key{0xFF, byte(i >> 8), byte(i)}
	return p
}

func (r *rig) bonds() (list []Bond) {
	require.NoError(r, r.m.cfg.Bonds.Each(func(b Bond) bool { list = append(list, b); return true }))
	return list
}

// The attack: a stranger pairs by legacy pairing, of which everybody who hears it
// knows the keys, and says that he is a phone that has a bond of Secure Connections.
// The phone still has its key, whatever the stranger has found out about it.
func TestLegacyPairingReplacesNoSecureConnections(t *testing.T) {
	for name, change := range map[string]func(s *phone){
		"its identity":                   func(*phone) {},
		"identity and address":           func(s *phone) { s.address = phoneIdentity },
		"identity and IRK":               func(s *phone) { s.irk = phoneIRK },
		"identity, IRK, private address": func(s *phone) { s.irk, s.address = phoneIRK, newPhone(true).private() },
	} {
		for _, used := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", used ", used), func(t *testing.T) {
				r := newRig(t, true, true)
				victim := newPhone(true)
				require.True(t, r.pairs(victim))
				if used {
					require.True(t, r.comesBack(victim, victim.private()))
				}
				before := r.bonds()
				attacker := stranger(1, false)
				attacker.identity = phoneIdentity
				change(attacker)
				kept := r.pairs(attacker)
				require.Equal(t, attacker.address != phoneIdentity && attacker.address != victim.private(), kept,
					"whom the address tells is not made to believe in a bond")
				require.Equal(t, before, r.bonds())
				require.True(t, r.comesBack(victim, victim.private()))
				require.True(t, r.comesBack(victim, phoneIdentity))
				require.False(t, r.comesBack(attacker, attacker.address))
			})
		}
	}
}

// A bond of Secure Connections takes the place of the same client's by legacy
// pairing.
func TestSecureConnectionsReplaceLegacyPairing(t *testing.T) {
	r := newRig(t, true, true)
	old, now := newPhone(false), newPhone(true)
	r.pairs(old)
	r.pairs(now)
	require.Len(t, r.bonds(), 1)
	require.True(t, r.comesBack(now, phoneIdentity))
	require.False(t, r.comesBack(old, phoneIdentity))
}

// A phone whose user has made it forget the device pairs anew, by Just Works as
// before, and has one bond: the new one. Who knows its address alone, and not the key
// of its private addresses, has a bond beside it, and does not disturb a phone that
// has private addresses.
func TestPhoneThatForgotTheDevice(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := newRig(t, secure, true)
		victim := newPhone(secure)
		r.pairs(victim)
		require.True(t, r.comesBack(victim, phoneIdentity))
		again := newPhone(secure)
		again.random = source(77)
		again.address = victim.private()
		require.True(t, r.pairs(again))
		require.Len(t, r.bonds(), 1)
		require.False(t, r.comesBack(victim, victim.private()), "it has other keys now")
		require.True(t, r.comesBack(again, again.private()))

		claimant := stranger(2, secure)
		claimant.identity = phoneIdentity
		r.pairs(claimant)
		require.Len(t, r.bonds(), 2)
		require.True(t, r.comesBack(again, again.private()))
		require.True(t, r.comesBack(claimant, claimant.private()))

		// Without private addresses nothing tells them apart, and the last one
		// counts.
		reset := newPhone(secure)
		reset.random, reset.irk = source(78), Key{8, 8}
		r.pairs(reset)
		require.True(t, r.comesBack(reset, phoneIdentity))
	}
}

// The attack: strangers pair, one after another, in any number. They push each other
// out, but for one place not those who have come back.
func TestStrangersPushOutNoUsedBond(t *testing.T) {
	for room := 2; room <= 4; room++ {
		r := newRig(t, true, true)
		r.m.cfg.Bonds = NewMemory(room)
		var users []*phone
		for i := range room - 1 {
			users = append(users, stranger(1+i, true))
			r.pairs(users[i])
			require.True(t, r.comesBack(users[i], users[i].identity))
		}
		for i := range 30 {
			r.pairs(stranger(100+i, i%3 > 0))
			if i == 15 {
				require.True(t, r.comesBack(users[0], users[0].private()))
			}
		}
		for _, p := range users {
			require.True(t, r.comesBack(p, p.private()), "room for %d", room)
		}
		require.Len(t, r.bonds(), room)
		// One more phone comes to stay: the place of a stranger is its own.
		p := stranger(50, true)
		r.pairs(p)
		require.True(t, r.comesBack(p, p.private()))
		for i := range 30 {
			r.pairs(stranger(200+i, true))
		}
		// All were used: the one that was used the longest time ago has gone.
		require.False(t, r.comesBack(users[0], users[0].private()))
		for _, p := range append(users[1:], p) {
			require.True(t, r.comesBack(p, p.private()), "room for %d", room)
		}
	}
}

// Only a key that encrypts a later link makes a bond a used one: not the pairing's
// own connection, not a key that was asked for and turned out to be wrong, and not a
// bond that was deleted meanwhile.
func TestWhenABondIsUsed(t *testing.T) {
	r := newRig(t, true, true)
	p := r.phone
	used := func() bool { return r.bonds()[0].Used }
	r.advance(6)
	_, ok := r.LongTermKey(0, 0)
	require.True(t, ok)
	r.Encrypted(nil, true)
	require.False(t, used(), "the same connection")
	p.address = p.private()
	r.connect(true)
	r.Encrypted(nil, true)
	require.False(t, used(), "nobody asked for the key")
	_, ok = r.LongTermKey(0, 0)
	require.True(t, ok)
	require.False(t, used(), "asked")
	r.Encrypted(nil, false)
	r.Encrypted(nil, true)
	require.False(t, used(), "it was not encrypted with it")
	_, _ = r.LongTermKey(0, 0)
	require.NoError(t, r.m.cfg.Bonds.Delete(phoneIdentity))
	r.Encrypted(nil, true)
	require.Empty(t, r.bonds(), "it does not come to life again")
	r.pairs(newPhone(true))
	require.True(t, r.comesBack(r.phone, p.private()))
	require.True(t, used())
	r.pairs(newPhone(true))
	require.False(t, used(), "it is a new one")
}

// Place is the whole rule.
func TestPlace(t *testing.T) {
	bond := func(id, irk byte, secure, used bool) Bond {
		return Bond{Identity: att.Address{6: id}, IRK: Key{irk}, SecureConnections: secure, Used: used}
	}
	const room = 3
	for name, tc := range map[string]struct {
		held []Bond
		b    Bond
		at   int
		keep bool
	}{
		"the first":                        {nil, bond(1, 1, false, false), 0, true},
		"room":                             {[]Bond{bond(1, 1, true, false)}, bond(2, 2, false, false), 1, true},
		"its own":                          {[]Bond{bond(1, 1, true, true), bond(2, 2, true, true)}, bond(1, 1, true, false), 0, true},
		"its own in a full store":          {[]Bond{bond(1, 1, true, false), bond(2, 2, true, true), bond(3, 3, true, false)}, bond(2, 2, true, false), 1, true},
		"another IRK":                      {[]Bond{bond(1, 1, true, true)}, bond(1, 2, true, false), 1, true},
		"weaker":                           {[]Bond{bond(1, 1, true, false)}, bond(1, 1, false, false), 0, false},
		"weaker, another IRK":              {[]Bond{bond(2, 2, false, false), bond(1, 1, true, false)}, bond(1, 9, false, false), 0, false},
		"weaker than one of two":           {[]Bond{bond(1, 1, false, false), bond(1, 2, true, false)}, bond(1, 1, false, false), 0, false},
		"stronger":                         {[]Bond{bond(2, 2, true, true), bond(1, 1, false, true)}, bond(1, 1, true, false), 1, true},
		"the oldest unused":                {[]Bond{bond(1, 1, true, true), bond(2, 2, true, false), bond(3, 3, true, false)}, bond(4, 4, true, false), 1, true},
		"legacy goes for want of use only": {[]Bond{bond(1, 1, false, true), bond(2, 2, true, false), bond(3, 3, false, true)}, bond(4, 4, false, false), 1, true},
		"all were used":                    {[]Bond{bond(1, 1, true, true), bond(2, 2, true, true), bond(3, 3, true, true)}, bond(4, 4, false, false), 0, true},
	} {
		at, keep := Place(tc.held, room, &tc.b)
		require.Equal(t, tc.keep, keep, name)
		if keep {
			require.Equal(t, tc.at, at, name)
		}
	}
}
