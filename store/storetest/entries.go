// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/wifiprov/wifiprov/store"
)

func checkEntries(r Rig) error {
	if err := setAll(r.Store); err != nil {
		return err
	}
	if err := store.SetInt(r.Store, "other", "key", uint8(1)); err != nil {
		return err
	}
	expected := map[store.Entry]bool{}
	for _, v := range samples {
		expected[store.Entry{Namespace: ns, Key: v.key, Type: v.typ}] = true
	}
	if err := wantEntries(r.Store, ns, expected); err != nil {
		return err
	}
	if err := wantEntries(r.Store, "none", nil); err != nil {
		return err
	}
	expected[store.Entry{Namespace: "other", Key: "key", Type: store.TypeU8}] = true
	if err := wantEntries(r.Store, "", expected); err != nil {
		return err
	}
	for range r.Store.Entries("") {
		break // must not yield again
	}
	return nil
}

func wantEntries(s store.Store, namespace string, expected map[store.Entry]bool) error {
	got := map[store.Entry]bool{}
	for e, err := range s.Entries(namespace) {
		if err != nil {
			return fmt.Errorf("Entries(%q): %w", namespace, err)
		}
		if got[e] {
			return fmt.Errorf("Entries(%q) yields %v twice", namespace, e)
		}
		got[e] = true
	}
	if !maps.Equal(got, expected) {
		return fmt.Errorf("Entries(%q) = %v, want %v", namespace, got, expected)
	}
	return nil
}

func checkEntriesChange(r Rig) error {
	if err := setAll(r.Store); err != nil {
		return err
	}
	// At the first entry all but one other are erased, so two are met.
	met := 0
	kept := ""
	for e, err := range r.Store.Entries(ns) {
		if err != nil {
			return err
		}
		met++
		if met > 1 {
			if e.Key != kept {
				return fmt.Errorf("met %q, which was erased", e.Key)
			}
			continue
		}
		for _, v := range samples {
			if v.key == e.Key {
				continue
			}
			if kept == "" {
				kept = v.key
				continue
			}
			if err := r.Store.Erase(ns, v.key); err != nil {
				return err
			}
		}
		if err := r.Store.Erase(ns, e.Key); err != nil {
			return err
		}
	}
	if met != 2 {
		return fmt.Errorf("met %d entries, want 2", met)
	}
	return nil
}

// checkModel runs a few hundred operations, always the same ones, beside a
// map.
func checkModel(r Rig) error {
	type place struct{ namespace, key string }
	type content struct {
		typ   store.Type
		value []byte
	}
	model := map[place]content{}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		p := place{[]string{"a", "b"}[rnd.IntN(2)], []string{"x", "y", "z"}[rnd.IntN(3)]}
		c := content{}
		v := samples[rnd.IntN(len(samples))]
		c.typ, c.value = v.typ, v.value
		var err error
		switch op := rnd.IntN(10); {
		case op < 6:
			err = r.Store.Set(p.namespace, p.key, c.typ, c.value)
			model[p] = c
		case op < 8:
			err = r.Store.Erase(p.namespace, p.key)
			if _, ok := model[p]; !ok {
				if !errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("step %d: Erase of a missing key: %v", i, err)
				}
				err = nil
			}
			delete(model, p)
		case op < 9:
			err = r.Store.EraseAll(p.namespace)
			maps.DeleteFunc(model, func(q place, _ content) bool { return q.namespace == p.namespace })
		default:
			err = r.Store.Commit()
			if err == nil && r.PowerCut != nil && rnd.IntN(4) == 0 {
				r.Store, err = r.PowerCut()
			}
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		expected := map[store.Entry]bool{}
		for _, q := range slices.Collect(maps.Keys(model)) {
			c := model[q]
			expected[store.Entry{Namespace: q.namespace, Key: q.key, Type: c.typ}] = true
			got, err := r.Store.Get(nil, q.namespace, q.key, c.typ)
			if err != nil || !bytes.Equal(got, c.value) {
				return fmt.Errorf("step %d: Get(%v) = %x, %v, want %x", i, q, got, err, c.value)
			}
		}
		if err := wantEntries(r.Store, "", expected); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}
