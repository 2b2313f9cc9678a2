// SPDX-License-Identifier: Apache-2.0

package store

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// DefaultLimit is the space of a Memory whose Limit is 0. It is the space of the usual
// NVS partition of 24 KiB: five pages of 126 entries of 32 bytes.
const DefaultLimit = 5 * 126 * 32

// Memory is a Store in RAM. The zero value is an empty store with the default
// limit; it must not be copied.
//
// Snapshot and Restore simulate power cuts, which lose what was not committed.
type Memory struct {
	// Limit is the space in bytes, counted as in NVS: 32 bytes for each key, and
	// for strings and blobs their length rounded up to a multiple of 32. 0:
	// DefaultLimit. Set it before the first use.
	Limit int

	mu        sync.Mutex
	items     []item // by namespace and key
	used      int
	committed Snapshot
}

// Snapshot is the content of a Memory at one moment. The zero value is empty.
// It never changes, and takes little memory since values are shared.
type Snapshot struct {
	items []item
}

// item is a key with its value. It is never changed in place.
type item struct {
	Entry
	value string
}

// space returns how many bytes of the limit an item takes.
func (it *item) space() int {
	if it.Type.Size() != 0 {
		return 32
	}
	return 32 + (len(it.value)+31)/32*32
}

func compare(it item, k Entry) int {
	if c := strings.Compare(it.Namespace, k.Namespace); c != 0 {
		return c
	}
	return strings.Compare(it.Key, k.Key)
}

// String returns a text without the values.
func (*Memory) String() string { return "store.Memory" }

func (m *Memory) findLocked(namespace, key string) (int, bool) {
	return slices.BinarySearchFunc(m.items, Entry{Namespace: namespace, Key: key}, compare)
}

// Get implements Store.
func (m *Memory) Get(dst []byte, namespace, key string, t Type) ([]byte, error) {
	if err := CheckNames("get", namespace, key); err != nil {
		return dst, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.findLocked(namespace, key)
	if !ok || m.items[i].Type != t {
		why := ""
		if ok {
			why = "it is a " + m.items[i].Type.String() + ", not a " + t.String()
		}
		return dst, &Error{Op: "get", Namespace: namespace, Key: key, Why: why, Err: ErrNotFound}
	}
	return append(dst, m.items[i].value...), nil
}

// Set implements Store.
func (m *Memory) Set(namespace, key string, t Type, value []byte) error {
	if err := Check(namespace, key, t, value); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.findLocked(namespace, key)
	if ok && m.items[i].Type == t && m.items[i].value == string(value) {
		return nil
	}
	it := item{Entry{namespace, key, t}, string(value)}
	used := m.used + it.space()
	if ok {
		used -= m.items[i].space()
	}
	limit := m.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	if used > limit {
		return &Error{Op: "set", Namespace: namespace, Key: key, Err: ErrFull,
			Why: "needs " + strconv.Itoa(used) + " of " + strconv.Itoa(limit) + " bytes"}
	}
	m.used = used
	if ok {
		m.items[i] = it
	} else {
		m.items = slices.Insert(m.items, i, it)
	}
	return nil
}

// Erase implements Store.
func (m *Memory) Erase(namespace, key string) error {
	if err := CheckNames("erase", namespace, key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.findLocked(namespace, key)
	if !ok {
		return &Error{Op: "erase", Namespace: namespace, Key: key, Err: ErrNotFound}
	}
	m.used -= m.items[i].space()
	m.items = slices.Delete(m.items, i, i+1)
	return nil
}

// EraseAll implements Store.
func (m *Memory) EraseAll(namespace string) error {
	if err := CheckNames("erase", namespace, "-"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items = slices.DeleteFunc(m.items, func(it item) bool {
		if it.Namespace != namespace {
			return false
		}
		m.used -= it.space()
		return true
	})
	return nil
}

// Entries implements Store, in the order of namespace and key.
func (m *Memory) Entries(namespace string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, ok := m.next(Entry{Namespace: namespace}, namespace); ok; e, ok = m.next(e, namespace) {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// next returns the first entry after e.
func (m *Memory) next(e Entry, namespace string) (Entry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, found := m.findLocked(e.Namespace, e.Key)
	if found {
		i++
	}
	if i >= len(m.items) || namespace != "" && m.items[i].Namespace != namespace {
		return Entry{}, false
	}
	return m.items[i].Entry, true
}

// Commit implements Store.
func (m *Memory) Commit() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.committed = Snapshot{slices.Clone(m.items)}
	return nil
}

// Snapshot returns what a power cut would leave now: the content at the last Commit.
func (m *Memory) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.committed
}

// Restore replaces the content, committed and not, by a snapshot of this or
// another Memory. m.Restore(m.Snapshot()) is a power cut, and
// m.Restore(store.Snapshot{}) a factory-new memory.
func (m *Memory) Restore(s Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.committed = s
	m.items = slices.Clone(s.items)
	m.used = 0
	for i := range m.items {
		m.used += m.items[i].space()
	}
}
