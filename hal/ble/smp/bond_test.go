// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// A bonded client is known under its identity and under private addresses; its
// key is found by its name; others get none.
func TestBondedClient(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := newRig(t, secure, true)
		n, _ := r.phone.steps()
		r.advance(n)
		r.Disconnected()
		hash := smpcrypto.AH(phoneIRK, [3]byte{0x41, 2, 3})
		private := att.Address{1, 0x41, 2, 3, hash[0], hash[1], hash[2]}
		other := att.Address{1, 0x41, 2, 4, hash[0], hash[1], hash[2]}
		name, diversifier := uint64(0), uint16(0)
		want := r.phone.key
		if !secure {
			want = r.phone.ltk
			b, _ := r.m.bondOf(phoneIdentity)
			name, diversifier = b.Random, b.Diversifier
			require.Equal(t, [2]byte{byte(diversifier), byte(diversifier >> 8)}, [2]byte(r.phone.name[:]))
			require.EqualValues(t, r.phone.name[2], byte(name))
		}
		for address, bonded := range map[att.Address]bool{phoneIdentity: true, private: true, other: false, phoneAddress: false} {
			r.phone.address = address
			r.connect(true)
			require.Equal(t, bonded, r.State().Bonded)
			_, ok := r.LongTermKey(name+1, diversifier)
			require.False(t, ok)
			key, ok := r.LongTermKey(name, diversifier)
			// A legacy key has a name of its own.
			require.Equal(t, bonded || !secure, ok)
			if ok {
				require.Equal(t, want, smpcrypto.Reversed16(key[:]))
				require.Empty(t, r.Encrypted(nil, true))
			}
			r.connect(false)
			require.False(t, r.State().Bonded, "not without bonding")
			_, ok = r.LongTermKey(name, diversifier)
			require.False(t, ok)
		}
		// The phone forgot its keys: it pairs anew, and the bond is replaced.
		r.phone = newPhone(secure)
		r.phone.random = source(77)
		r.phone.address = private
		r.connect(true)
		r.advance(n)
		count := 0
		require.NoError(t, r.m.cfg.Bonds.Each(func(b Bond) bool {
			count++
			require.NotEqual(t, Key(want), b.LTK)
			return true
		}))
		require.Equal(t, 1, count)
	}
}

// Bonds are bounded, the oldest goes, and a full store does not stop a pairing.
func TestMemoryBonds(t *testing.T) {
	m := NewMemory(2)
	ids := func() (ids []byte) {
		require.NoError(t, m.Each(func(b Bond) bool { ids = append(ids, b.Identity[6]); return true }))
		return ids
	}
	for i := range byte(4) {
		require.NoError(t, m.Store(Bond{Identity: att.Address{6: i}}))
	}
	require.Equal(t, []byte{3, 2}, ids())
	require.NoError(t, m.Store(Bond{Identity: att.Address{6: 2}}))
	require.Equal(t, []byte{2, 3}, ids())
	require.NoError(t, m.Delete(att.Address{6: 9}))
	require.NoError(t, m.Delete(att.Address{6: 3}))
	require.Equal(t, []byte{2}, ids())
	require.NoError(t, m.Each(func(Bond) bool { return false }))

	broken := errors.New("flash is worn out")
	r := newRig(t, true, true)
	var logged []string
	r.m.cfg.Bonds = brokenBonds{broken}
	r.m.cfg.Logger = func(_ hal.Level, msg string, _ ...hal.Attr) { logged = append(logged, msg) }
	r.connect(true)
	r.advance(6)
	require.Len(t, logged, 3, "%v", logged)
	require.True(t, r.State().Bonded, "for this connection")
}

type brokenBonds struct{ err error }

func (b brokenBonds) Each(func(Bond) bool) error { return b.err }
func (b brokenBonds) Store(Bond) error           { return b.err }
func (b brokenBonds) Delete(att.Address) error   { return b.err }

// Keys are not printed, whatever the verb.
func TestKeysAreHidden(t *testing.T) {
	b := Bond{Identity: phoneIdentity, IRK: Key{0xAB, 0xCD}, LTK: Key{0xAB, 0xCD}}
	text, err := json.Marshal(b)
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprint(b), fmt.Sprintf("%+v", b), fmt.Sprintf("%#v", b), fmt.Sprintf("%s", b.LTK), string(text)} {
		require.Contains(t, s, "[hidden]")
		require.NotContains(t, s, "171")
		require.NotContains(t, s, "0xab")
	}
	// Nor are they logged.
	r := newRig(t, true, true)
	r.m.cfg.Logger = func(_ hal.Level, msg string, attrs ...hal.Attr) {
		for _, a := range attrs {
			require.Contains(t, []string{"method", "reason"}, a.Key)
			require.Less(t, len(a.Value), 20)
		}
	}
	r.advance(6)
	r.say(r.phone.next())
}

// A connection takes no more than this, whatever its client does.
func TestSizeOfAPeer(t *testing.T) {
	require.LessOrEqual(t, int(unsafe.Sizeof(peer{})), 512)
}
