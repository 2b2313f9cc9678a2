// SPDX-License-Identifier: Apache-2.0

package bondstore_test

import (
	"errors"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/bondstore"
	"github.com/wifiprov/wifiprov/hal/ble/smp"
	"github.com/wifiprov/wifiprov/store"
)

func bond(i byte) smp.Bond {
	return smp.Bond{
		Identity: att.Address{1, 0xC0, 0, 0, 0, 0, i}, IRK: smp.Key{i, 1}, LTK: smp.Key{i, 2},
		Random: 0x1122334455667788, Diversifier: 0x99AA, SecureConnections: i%2 == 0,
	}
}

func all(t *testing.T, b smp.Bonds) (list []smp.Bond) {
	require.NoError(t, b.Each(func(b smp.Bond) bool { list = append(list, b); return true }))
	return list
}

// Whatever is done, the store holds what a Memory of the same size holds, also
// when it is opened again.
func TestAgainstMemory(t *testing.T) {
	for n := 1; n <= 4; n++ {
		s := new(store.Memory)
		random := rand.New(rand.NewSource(int64(n)))
		want := smp.NewMemory(n)
		b, err := bondstore.New(s, n)
		require.NoError(t, err)
		for range 200 {
			if i := byte(random.Intn(6)); random.Intn(4) > 0 {
				one := bond(i)
				one.SecureConnections, one.Used = random.Intn(2) > 0, random.Intn(2) > 0
				one.IRK[2] = byte(random.Intn(2)) // the same identity, perhaps of somebody else
				require.Equal(t, want.Store(one), b.Store(one))
			} else {
				require.NoError(t, b.Delete(bond(i).Identity))
				require.NoError(t, want.Delete(bond(i).Identity))
			}
			require.Equal(t, all(t, want), all(t, b))
			if random.Intn(5) == 0 {
				b, err = bondstore.New(s, n)
				require.NoError(t, err)
			}
		}
		calls := 0
		require.NoError(t, b.Store(bond(2)))
		require.NoError(t, b.Each(func(smp.Bond) bool { calls++; return false }))
		require.Equal(t, 1, calls)
	}
}

// What is in the store and is no bond is passed over and replaced.
func TestDamage(t *testing.T) {
	s := new(store.Memory)
	b, err := bondstore.New(s, 2)
	require.NoError(t, err)
	require.NoError(t, b.Store(bond(1)))
	good, err := s.Get(nil, bondstore.Namespace, "bond0", store.TypeBlob)
	require.NoError(t, err)
	other := append([]byte{2}, good[1:]...) // of another version
	for _, bad := range [][]byte{{}, good[:54], append(append([]byte{}, good...), 0), other} {
		require.NoError(t, s.Set(bondstore.Namespace, "bond1", store.TypeBlob, bad))
		require.Equal(t, []smp.Bond{bond(1)}, all(t, b))
	}
	require.NoError(t, b.Store(bond(2)))
	require.Equal(t, []smp.Bond{bond(2), bond(1)}, all(t, b))
	require.NoError(t, s.Set(bondstore.Namespace, "bond0", store.TypeString, []byte("text")))
	require.Equal(t, []smp.Bond{bond(2)}, all(t, b))
}

// counter counts what is written.
type counter struct {
	store.Memory
	writes int
}

func (c *counter) Set(namespace, key string, t store.Type, value []byte) error {
	c.writes++
	return c.Memory.Set(namespace, key, t, value)
}

// A client that comes back costs a write the first time, and again when another one
// came in between.
func TestWrites(t *testing.T) {
	s := new(counter)
	b, err := bondstore.New(s, 0)
	require.NoError(t, err)
	one, two := bond(1), bond(2)
	for i, step := range []struct {
		bond *smp.Bond
		used bool
		want int
	}{{&one, false, 1}, {&one, true, 2}, {&one, true, 2}, {&two, false, 3}, {&one, true, 4}, {&one, true, 4}} {
		step.bond.Used = step.used
		require.NoError(t, b.Store(*step.bond))
		require.Equal(t, step.want, s.writes, "%d", i)
	}
	require.Equal(t, []smp.Bond{one, two}, all(t, b))
	weak := bond(2)
	weak.SecureConnections = false
	require.ErrorIs(t, b.Store(weak), smp.ErrWeaker)
	require.Equal(t, 4, s.writes)
}

// The attack, on a store in flash: strangers pair in any number, and the device is
// started again in between. A bond that was used survives.
func TestStrangersPushOutNoUsedBond(t *testing.T) {
	s := new(store.Memory)
	user := bond(0)
	user.Used = true
	for i := byte(1); i < 60; i++ {
		b, err := bondstore.New(s, 0)
		require.NoError(t, err)
		if i == 1 {
			require.NoError(t, b.Store(user))
		}
		require.NoError(t, b.Store(bond(i)))
		require.Contains(t, all(t, b), user)
	}
}

// broken fails in one of its methods.
type broken struct {
	store.Store
	get, set, erase, commit error
}

func (b broken) Get(dst []byte, namespace, key string, t store.Type) ([]byte, error) {
	if b.get != nil && key == "bond0" {
		return dst, b.get
	}
	return b.Store.Get(dst, namespace, key, t)
}

func (b broken) Set(namespace, key string, t store.Type, value []byte) error {
	if b.set != nil {
		return b.set
	}
	return b.Store.Set(namespace, key, t, value)
}

func (b broken) Erase(namespace, key string) error {
	if b.erase != nil {
		return b.erase
	}
	return b.Store.Erase(namespace, key)
}

func (b broken) Commit() error { return b.commit }

// Errors of the store are returned; what can be read is read.
func TestErrors(t *testing.T) {
	for _, n := range []int{-1, 17} {
		_, err := bondstore.New(new(store.Memory), n)
		require.Error(t, err)
	}
	_, err := bondstore.New(nil, 0)
	require.Error(t, err)

	worn := errors.New("flash is worn out")
	s := new(store.Memory)
	b, err := bondstore.New(s, 0)
	require.NoError(t, err)
	require.NoError(t, b.Store(bond(1)))
	require.NoError(t, b.Store(bond(2)))

	b, err = bondstore.New(broken{Store: s, get: worn}, 0)
	require.NoError(t, err)
	var read []smp.Bond
	require.ErrorIs(t, b.Each(func(b smp.Bond) bool { read = append(read, b); return true }), worn)
	require.Equal(t, []smp.Bond{bond(2)}, read)
	require.ErrorIs(t, b.Delete(bond(1).Identity), worn, "perhaps it is there")
	require.NoError(t, b.Delete(bond(2).Identity))

	for _, s := range []broken{{Store: s, set: worn}, {Store: s, commit: worn}} {
		b, err = bondstore.New(s, 0)
		require.NoError(t, err)
		require.ErrorIs(t, b.Store(bond(3)), worn)
	}
	for _, s := range []broken{{Store: s, erase: worn}, {Store: s, commit: worn}} {
		b, err = bondstore.New(s, 0)
		require.NoError(t, err)
		require.ErrorIs(t, b.Delete(bond(1).Identity), worn)
	}
}
