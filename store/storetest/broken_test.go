// SPDX-License-Identifier: Apache-2.0

package storetest_test

import (
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/storetest"
)

// broken is a Memory with one method or more replaced.
type broken struct {
	store.Memory
	get      func(dst []byte, ns, key string, t store.Type) ([]byte, error)
	set      func(ns, key string, t store.Type, v []byte) error
	erase    func(ns, key string) error
	eraseAll func(ns string) error
	entries  func(ns string) iter.Seq2[store.Entry, error]
	commit   func() error
}

func (b *broken) Get(dst []byte, ns, key string, t store.Type) ([]byte, error) {
	if b.get != nil {
		return b.get(dst, ns, key, t)
	}
	return b.Memory.Get(dst, ns, key, t)
}

func (b *broken) Set(ns, key string, t store.Type, v []byte) error {
	if b.set != nil {
		return b.set(ns, key, t, v)
	}
	return b.Memory.Set(ns, key, t, v)
}

func (b *broken) Erase(ns, key string) error {
	if b.erase != nil {
		return b.erase(ns, key)
	}
	return b.Memory.Erase(ns, key)
}

func (b *broken) EraseAll(ns string) error {
	if b.eraseAll != nil {
		return b.eraseAll(ns)
	}
	return b.Memory.EraseAll(ns)
}

func (b *broken) Entries(ns string) iter.Seq2[store.Entry, error] {
	if b.entries != nil {
		return b.entries(ns)
	}
	return b.Memory.Entries(ns)
}

func (b *broken) Commit() error {
	if b.commit != nil {
		return b.commit()
	}
	return b.Memory.Commit()
}

var mutants = []struct {
	name   string
	damage func(b *broken)
	red    []string
}{
	{"forgets everything", func(b *broken) {
		b.set = func(string, string, store.Type, []byte) error { return nil }
	}, []string{"RoundTripOfEveryType", "Erase", "Limits", "Model"}},
	{"nil for nothing", func(b *broken) {
		b.get = func(dst []byte, ns, key string, t store.Type) ([]byte, error) {
			v, _ := b.Memory.Get(dst, ns, key, t)
			return v, nil
		}
	}, []string{"EmptyStore", "OtherTypeIsNotFound", "NamesAreChecked"}},
	{"get overwrites", func(b *broken) {
		b.get = func(dst []byte, ns, key string, t store.Type) ([]byte, error) {
			return b.Memory.Get(dst[:0], ns, key, t)
		}
	}, []string{"GetAppends", "EmptyStore"}},
	{"one value for each type", func(b *broken) {
		b.set = func(ns, key string, t store.Type, v []byte) error {
			if err := store.Check(ns, key, t, v); err != nil {
				return err
			}
			return b.Memory.Set(ns, (key + t.String())[:min(15, len(key)+len(t.String()))], t, v)
		}
		b.get = func(dst []byte, ns, key string, t store.Type) ([]byte, error) {
			return b.Memory.Get(dst, ns, (key + t.String())[:min(15, len(key)+len(t.String()))], t)
		}
	}, []string{"SetReplacesOtherType"}},
	{"cuts values", func(b *broken) {
		b.set = func(ns, key string, t store.Type, v []byte) error {
			if n := t.Size(); n != 0 && len(v) > n {
				v = v[:n]
			}
			return b.Memory.Set(ns, key, t, v)
		}
	}, []string{"ValuesAreChecked"}},
	{"one namespace", func(b *broken) {
		b.set = func(ns, key string, t store.Type, v []byte) error { return b.Memory.Set("x", key, t, v) }
		b.get = func(dst []byte, ns, key string, t store.Type) ([]byte, error) { return b.Memory.Get(dst, "x", key, t) }
		b.erase = func(ns, key string) error { return b.Memory.Erase("x", key) }
	}, []string{"NamespacesAreApart"}},
	{"erase of nothing succeeds", func(b *broken) {
		b.erase = func(ns, key string) error { _ = b.Memory.Erase(ns, key); return nil }
	}, []string{"Erase", "NamesAreChecked"}},
	{"erases other namespaces too", func(b *broken) {
		b.eraseAll = func(ns string) error { b.Restore(store.Snapshot{}); return nil }
	}, []string{"EraseAll"}},
	{"lists all namespaces", func(b *broken) {
		b.entries = func(string) iter.Seq2[store.Entry, error] { return b.Memory.Entries("") }
	}, []string{"Entries"}},
	{"lists what is erased", func(b *broken) {
		b.entries = func(ns string) iter.Seq2[store.Entry, error] {
			return func(yield func(store.Entry, error) bool) {
				var all []store.Entry
				for e := range b.Memory.Entries(ns) {
					all = append(all, e)
				}
				for _, e := range all {
					if !yield(e, nil) {
						return
					}
				}
			}
		}
	}, []string{"EntriesLoopMayChangeTheStore"}},
	{"shares its slices", func(b *broken) {
		shared := map[string][]byte{}
		b.set = func(ns, key string, t store.Type, v []byte) error {
			shared[key] = v
			return b.Memory.Set(ns, key, t, v)
		}
		b.get = func(dst []byte, ns, key string, t store.Type) ([]byte, error) { return shared[key], nil }
	}, []string{"CallerKeepsItsSlices"}},
	{"does not commit", func(b *broken) {
		b.commit = func() error { return nil }
	}, []string{"CommittedSurvivesPowerCut"}},
	{"mixes values", func(b *broken) {
		b.set = func(ns, key string, t store.Type, v []byte) error {
			if old, err := b.Memory.Get(nil, ns, key, t); err == nil && len(old) > 0 && len(v) > 1 {
				v = append([]byte{old[0] + 1}, v[1:]...)
			}
			return b.Memory.Set(ns, key, t, v)
		}
	}, []string{"Concurrency"}},
}

func rig() *broken { return &broken{} }

func run(c storetest.Check, b *broken) error {
	return c.Run(storetest.Rig{Store: b, PowerCut: func() (store.Store, error) {
		b.Restore(b.Snapshot())
		return b, nil
	}})
}

func TestBrokenStoresAreNoticed(t *testing.T) {
	checks, unused := map[string]storetest.Check{}, map[string]bool{}
	for _, c := range storetest.Checks() {
		checks[c.Name], unused[c.Name] = c, true
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			for _, name := range m.red {
				c, ok := checks[name]
				require.True(t, ok, "no check %s", name)
				delete(unused, name)
				b := rig()
				m.damage(b)
				require.Error(t, run(c, b), name)
				require.NoError(t, run(c, rig()), name)
			}
		})
	}
	require.Empty(t, unused, "checks that no broken store turns red")
}
