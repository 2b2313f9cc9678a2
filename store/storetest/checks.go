// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/wifiprov/wifiprov/store"
)

// ns is the namespace that most checks use.
const ns = "storetest"

// samples has values of every type, extremes among them.
var samples = []struct {
	key   string
	typ   store.Type
	value []byte
}{
	{"u8", store.TypeU8, []byte{0xff}},
	{"i8", store.TypeI8, []byte{0x80}},
	{"u16", store.TypeU16, []byte{1, 2}},
	{"i16", store.TypeI16, []byte{0xff, 0xff}},
	{"u32", store.TypeU32, []byte{1, 2, 3, 4}},
	{"i32", store.TypeI32, []byte{0, 0, 0, 0x80}},
	{"u64", store.TypeU64, []byte{1, 2, 3, 4, 5, 6, 7, 0xff}},
	{"i64", store.TypeI64, []byte{0, 0, 0, 0, 0, 0, 0, 0x80}},
	{"string", store.TypeString, []byte("héllo \x01\xff\"\\")},
	{"string.empty", store.TypeString, nil},
	{"blob", store.TypeBlob, []byte{0, 0xff, 0, '"', '\n'}},
	{"blob.empty", store.TypeBlob, nil},
	{"a key, 15 bytes", store.TypeU8, []byte{0}},
	{"!", store.TypeU8, []byte{1}},
}

func setAll(s store.Store) error {
	for _, v := range samples {
		if err := s.Set(ns, v.key, v.typ, v.value); err != nil {
			return fmt.Errorf("Set(%s): %w", v.key, err)
		}
	}
	return nil
}

// want fails unless key holds the value.
func want(s store.Store, namespace, key string, t store.Type, value []byte) error {
	got, err := s.Get(nil, namespace, key, t)
	if err != nil {
		return fmt.Errorf("Get(%s, %s): %w", key, t, err)
	}
	if !bytes.Equal(got, value) {
		return fmt.Errorf("Get(%s, %s) = %x, want %x", key, t, got, value)
	}
	return nil
}

// wantNone fails unless key is not found as t.
func wantNone(s store.Store, namespace, key string, t store.Type) error {
	dst := []byte("dst")
	got, err := s.Get(dst, namespace, key, t)
	if !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("Get(%s, %s): error is %v, want ErrNotFound", key, t, err)
	}
	if string(got) != "dst" {
		return fmt.Errorf("Get(%s, %s): dst became %q after an error", key, t, got)
	}
	return nil
}

func checkEmpty(r Rig) error {
	if err := wantNone(r.Store, ns, "key", store.TypeU8); err != nil {
		return err
	}
	for e, err := range r.Store.Entries("") {
		return fmt.Errorf("Entries yields %v, %v", e, err)
	}
	if err := r.Store.EraseAll(ns); err != nil {
		return fmt.Errorf("EraseAll: %w", err)
	}
	return r.Store.Commit()
}

func checkRoundTrip(r Rig) error {
	if err := setAll(r.Store); err != nil {
		return err
	}
	for _, v := range samples {
		if err := want(r.Store, ns, v.key, v.typ, v.value); err != nil {
			return err
		}
	}
	if err := store.SetInt(r.Store, ns, "n", int32(math.MinInt32)); err != nil {
		return err
	}
	if v, err := store.Int[int32](r.Store, ns, "n"); err != nil || v != math.MinInt32 {
		return fmt.Errorf("Int[int32] = %d, %v", v, err)
	}
	return nil
}

func checkGetAppends(r Rig) error {
	if err := store.SetText(r.Store, ns, "key", "value"); err != nil {
		return err
	}
	got, err := r.Store.Get([]byte("dst+"), ns, "key", store.TypeString)
	if err != nil || string(got) != "dst+value" {
		return fmt.Errorf("Get = %q, %v", got, err)
	}
	return nil
}

func checkOtherType(r Rig) error {
	if err := setAll(r.Store); err != nil {
		return err
	}
	for _, v := range samples {
		for _, other := range samples {
			if other.typ == v.typ {
				continue
			}
			if err := wantNone(r.Store, ns, v.key, other.typ); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkReplaceType(r Rig) error {
	for _, v := range samples {
		if err := r.Store.Set(ns, "key", v.typ, v.value); err != nil {
			return err
		}
		if err := want(r.Store, ns, "key", v.typ, v.value); err != nil {
			return err
		}
	}
	if err := wantNone(r.Store, ns, "key", store.TypeString); err != nil {
		return err
	}
	n := 0
	for range r.Store.Entries(ns) {
		n++
	}
	if n != 1 {
		return fmt.Errorf("one key set with several types has %d entries", n)
	}
	return nil
}

func checkNames(r Rig) error {
	long := strings.Repeat("x", store.MaxName+1)
	for _, bad := range []string{"", long, "nul\x00", "\x7f", "ü"} {
		for _, p := range [][2]string{{bad, "key"}, {ns, bad}} {
			if err := r.Store.Set(p[0], p[1], store.TypeU8, []byte{1}); !errors.Is(err, store.ErrInvalid) {
				return fmt.Errorf("Set(%q, %q): error is %v, want ErrInvalid", p[0], p[1], err)
			}
			if _, err := r.Store.Get(nil, p[0], p[1], store.TypeU8); err == nil {
				return fmt.Errorf("Get(%q, %q) succeeds", p[0], p[1])
			}
			if err := r.Store.Erase(p[0], p[1]); err == nil {
				return fmt.Errorf("Erase(%q, %q) succeeds", p[0], p[1])
			}
		}
	}
	return nil
}

func checkValues(r Rig) error {
	if err := store.SetInt(r.Store, ns, "key", uint8(7)); err != nil {
		return err
	}
	for _, bad := range []struct {
		typ   store.Type
		value []byte
	}{
		{store.TypeU8, nil}, {store.TypeU8, []byte{1, 2}}, {store.TypeI32, []byte{1, 2, 3}},
		{store.TypeU64, make([]byte, 9)}, {store.TypeString, []byte("a\x00b")},
		{store.TypeString, bytes.Repeat([]byte("x"), store.MaxString+1)},
		{store.TypeBlob, make([]byte, store.MaxBlob+1)}, {0, nil}, {0xff, []byte{1}},
	} {
		if err := r.Store.Set(ns, "key", bad.typ, bad.value); !errors.Is(err, store.ErrInvalid) {
			return fmt.Errorf("Set(%s, %d bytes): error is %v, want ErrInvalid", bad.typ, len(bad.value), err)
		}
	}
	return want(r.Store, ns, "key", store.TypeU8, []byte{7})
}

func checkLimits(r Rig) error {
	long := bytes.Repeat([]byte("s"), store.MaxString)
	if err := r.Store.Set(ns, "long", store.TypeString, long); err != nil {
		return err
	}
	if err := want(r.Store, ns, "long", store.TypeString, long); err != nil {
		return err
	}
	// A store that is too small says ErrFull and keeps what it has.
	big := bytes.Repeat([]byte{0xa5}, store.MaxBlob)
	if err := store.SetBlob(r.Store, ns, "big", []byte{1}); err != nil {
		return err
	}
	switch err := store.SetBlob(r.Store, ns, "big", big); {
	case err == nil:
		return want(r.Store, ns, "big", store.TypeBlob, big)
	case !errors.Is(err, store.ErrFull):
		return fmt.Errorf("blob of MaxBlob: error is %w, want ErrFull", err)
	}
	if err := want(r.Store, ns, "long", store.TypeString, long); err != nil {
		return err
	}
	return want(r.Store, ns, "big", store.TypeBlob, []byte{1})
}

func checkNamespaces(r Rig) error {
	for i, n := range []string{"a", "b", "ab"} {
		if err := store.SetInt(r.Store, n, "key", uint8(i)); err != nil {
			return err
		}
	}
	if err := r.Store.Erase("a", "key"); err != nil {
		return err
	}
	if err := wantNone(r.Store, "a", "key", store.TypeU8); err != nil {
		return err
	}
	if err := want(r.Store, "ab", "key", store.TypeU8, []byte{2}); err != nil {
		return err
	}
	return want(r.Store, "b", "key", store.TypeU8, []byte{1})
}

func checkErase(r Rig) error {
	if err := setAll(r.Store); err != nil {
		return err
	}
	for i, v := range samples {
		if err := r.Store.Erase(ns, v.key); err != nil {
			return fmt.Errorf("Erase(%s): %w", v.key, err)
		}
		if err := wantNone(r.Store, ns, v.key, v.typ); err != nil {
			return err
		}
		if err := r.Store.Erase(ns, v.key); !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("Erase of an erased key: error is %v, want ErrNotFound", err)
		}
		for _, rest := range samples[i+1:] {
			if err := want(r.Store, ns, rest.key, rest.typ, rest.value); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkEraseAll(r Rig) error {
	if err := setAll(r.Store); err != nil {
		return err
	}
	if err := store.SetInt(r.Store, "other", "key", uint8(1)); err != nil {
		return err
	}
	for range 2 {
		if err := r.Store.EraseAll(ns); err != nil {
			return fmt.Errorf("EraseAll: %w", err)
		}
	}
	for _, v := range samples {
		if err := wantNone(r.Store, ns, v.key, v.typ); err != nil {
			return err
		}
	}
	if err := r.Store.EraseAll(""); err == nil {
		return errors.New("EraseAll of no namespace succeeds")
	}
	return want(r.Store, "other", "key", store.TypeU8, []byte{1})
}

func checkOwnership(r Rig) error {
	value := []byte("value")
	if err := r.Store.Set(ns, "key", store.TypeBlob, value); err != nil {
		return err
	}
	value[0] = 'X'
	got, err := store.Blob(r.Store, ns, "key")
	if err != nil {
		return err
	}
	if string(got) != "value" {
		return fmt.Errorf("the store kept the caller's slice: %q", got)
	}
	got[1] = 'X'
	return want(r.Store, ns, "key", store.TypeBlob, []byte("value"))
}

func checkConcurrency(r Rig) error {
	values := [][]byte{bytes.Repeat([]byte{1}, 100), bytes.Repeat([]byte{2}, 50)}
	if err := store.SetBlob(r.Store, ns, "shared", values[0]); err != nil {
		return err
	}
	var errs [4]error
	var wg sync.WaitGroup
	for g := range errs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 20 && errs[g] == nil; i++ {
				errs[g] = concurrentRound(r.Store, g, i, values)
			}
		}()
	}
	wg.Wait()
	return errors.Join(errs[:]...)
}

// concurrentRound changes a key of its own and one shared with others.
func concurrentRound(s store.Store, g, i int, values [][]byte) error {
	own := fmt.Sprintf("own %d", g)
	if err := errors.Join(
		store.SetBlob(s, ns, "shared", values[i%2]),
		store.SetInt(s, ns, own, uint32(i)),
		want(s, ns, own, store.TypeU32, []byte{byte(i), 0, 0, 0}),
	); err != nil {
		return err
	}
	if i%10 == 0 {
		if err := s.Commit(); err != nil {
			return err
		}
	}
	got, err := store.Blob(s, ns, "shared")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(values, func(v []byte) bool { return bytes.Equal(v, got) }) {
		return fmt.Errorf("a mixture was read: %x", got)
	}
	for _, err := range s.Entries("") {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkPowerCut(r Rig) error {
	if r.PowerCut == nil {
		return nil
	}
	if err := setAll(r.Store); err != nil {
		return err
	}
	if err := r.Store.Commit(); err != nil {
		return fmt.Errorf("Commit: %w", err)
	}
	s, err := r.PowerCut()
	if err != nil {
		return fmt.Errorf("after the power cut: %w", err)
	}
	for _, v := range samples {
		if err := want(s, ns, v.key, v.typ, v.value); err != nil {
			return fmt.Errorf("after a power cut: %w", err)
		}
	}
	return errors.Join(s.Erase(ns, "u8"), s.Commit())
}
