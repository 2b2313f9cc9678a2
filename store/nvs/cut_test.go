// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// model is what a store holds: "namespace/key" to type and value.
type model map[string]string

func (m model) clone() model {
	c := make(model, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// call is one call of a workload and what the store held before it. It may
// change keys that begin with prefix; single: only the key of this name.
type call struct {
	before model
	prefix string
	single bool
	ops    int // flash operations done when it returned
}

// cutter runs workloads and cuts their power.
type cutter struct {
	t       *testing.T
	rnd     *rand.Rand
	options nvs.Options
	cuts    int
	buf     []byte
}

// value draws a value of any kind. Data is at times all 0xff, begins blocks
// like erased flash, or looks like items.
func (c *cutter) value(fake []byte) (store.Type, []byte) {
	ints := []store.Type{store.TypeU8, store.TypeI8, store.TypeU16, store.TypeI16, store.TypeU32, store.TypeI32,
		store.TypeU64, store.TypeI64}
	sizes := []int{0, 1, 4, 31, 32, 33, 64, 65, 100, 200, 500}
	size := sizes[c.rnd.IntN(len(sizes))]
	switch n := c.rnd.IntN(20); {
	case n == 0:
		size = c.rnd.IntN(6000)
	case n < 7:
		t := ints[c.rnd.IntN(len(ints))]
		return t, c.bytes(t.Size(), fake)
	case n < 13:
		v := c.bytes(min(size, store.MaxString), nil)
		for i := range v {
			v[i] |= 1
		}
		return store.TypeString, v
	}
	return store.TypeBlob, c.bytes(size, fake)
}

func (c *cutter) bytes(n int, fake []byte) []byte {
	v := make([]byte, n)
	kind := c.rnd.IntN(6)
	for i := range v {
		switch {
		case kind == 0 || kind == 1 && i%32 < 4 || kind == 2 && i/32%2 == 0:
			v[i] = 0xff
		case kind == 3 && fake != nil:
			v[i] = fake[i%32]
		default:
			v[i] = byte(c.rnd.Uint32())
		}
	}
	return v
}

// run makes a workload on a blank partition and returns its operations, its
// calls and what the store holds in the end.
func (c *cutter) run(sectors, calls int) ([]flash.Op, []call, model) {
	r := flash.NewRecorder(flash.NewMemory(int64(sectors) * nvs.SectorSize))
	p, err := nvs.Open(r, c.options)
	require.NoError(c.t, err)
	now := model{}
	var log []call
	// An item of the first namespace: u8 fake = 7.
	fake := fakeEntry()
	for range calls {
		ns := []string{"app", "wifi"}[c.rnd.IntN(2)]
		key := "k" + strconv.Itoa(c.rnd.IntN(5))
		name := ns + "/" + key
		entry := call{before: now, prefix: name, single: true}
		next := now.clone()
		switch n := c.rnd.IntN(30); {
		case n == 0:
			entry.prefix, entry.single = ns+"/", false
			require.NoError(c.t, p.EraseAll(ns))
			for k := range next {
				if k[:len(ns)] == ns {
					delete(next, k)
				}
			}
		case n < 4:
			if err := p.Erase(ns, key); err != nil {
				require.ErrorIs(c.t, err, store.ErrNotFound)
				require.NotContains(c.t, now, name)
			}
			delete(next, name)
		case n < 6:
			require.NoError(c.t, p.Commit())
		default:
			t, v := c.value(fake)
			if err := p.Set(ns, key, t, v); err != nil {
				require.ErrorIs(c.t, err, store.ErrFull)
			} else {
				next[name] = t.String() + ":" + string(v)
			}
		}
		entry.ops = len(r.Ops())
		log = append(log, entry)
		now = next
	}
	return r.Ops(), log, now
}

// contents reads what a store holds.
func (c *cutter) contents(p *nvs.Partition, where string) model {
	m := model{}
	for e, err := range p.Entries("") {
		require.NoError(c.t, err)
		c.buf, err = p.Get(c.buf[:0], e.Namespace, e.Key, e.Type)
		require.NoError(c.t, err, where)
		name := e.Namespace + "/" + e.Key
		require.NotContains(c.t, m, name, "listed twice")
		m[name] = e.Type.String() + ":" + string(c.buf)
	}
	return m
}

// verify fails unless the contents are those before or after a call. One that
// erases a namespace may have erased any of its keys.
func (c *cutter) verify(got model, do call, after model, where string) {
	for _, m := range []model{got, do.before, after} {
		for name := range m {
			v, has := got[name]
			old, had := do.before[name]
			want, stays := after[name]
			if has == had && v == old || has == stays && v == want {
				continue
			}
			c.t.Fatalf("%s: %s is %.60q; it was %.60q and becomes %.60q", where, name, v, old, want)
		}
	}
	if do.single {
		return
	}
	for name := range do.before {
		if len(name) < len(do.prefix) || name[:len(do.prefix)] != do.prefix {
			require.Contains(c.t, got, name, where)
		}
	}
}

// open opens a flash, checks what it holds, and returns the operations that
// it took.
func (c *cutter) open(f nvs.Flash, do call, after model, where string) ([]flash.Op, *nvs.Partition, model) {
	c.cuts++
	r := flash.NewRecorder(f)
	p, err := nvs.Open(r, c.options)
	require.NoError(c.t, err, where)
	got := c.contents(p, where)
	c.verify(got, do, after, where)
	return r.Ops(), p, got
}

// some draws n of the places to cut inside an operation.
func (c *cutter) some(op flash.Op, n int) []flash.Part {
	all := flash.Points(nil, op)
	c.rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if op.IsErase() {
		from := c.rnd.Int64N(op.Len)
		all = append([]flash.Part{{From: from, To: from + 1 + c.rnd.Int64N(op.Len-from)}}, all...)
	}
	return all[:min(n, len(all))]
}

// cutAll cuts a workload after each operation and inside it, and each
// recovery from that too.
func (c *cutter) cutAll(seed uint64, sectors, calls int) {
	ops, log, end := c.run(sectors, calls)
	blank := flash.NewMemory(int64(sectors) * nvs.SectorSize).Bytes()
	replay := flash.NewReplay(blank, ops)
	at := 0
	for n := range ops {
		for log[at].ops <= n {
			at++
		}
		after := end
		if at+1 < len(log) {
			after = log[at+1].before
		}
		where := fmt.Sprintf("seed %d, operation %d at %#x", seed, n, ops[n].Off)
		parts := 3
		if ops[n].IsErase() {
			parts = 12
		}
		for _, part := range c.some(ops[n], parts) {
			c.cutRecovery(replay.At(n, part), log[at], after, fmt.Sprintf("%s, bytes %v", where, part))
		}
		c.cutRecovery(replay.At(n+1, flash.Part{}), log[at], after, where+", done")
	}
}

// cutRecovery opens a flash, and cuts that opening at each of its operations.
// What it found stays.
func (c *cutter) cutRecovery(f *flash.Memory, do call, after model, where string) {
	base := bytes.Clone(f.Bytes())
	repairs, p, got := c.open(f, do, after, where)
	again := call{before: got, single: true}
	replay := flash.NewReplay(base, repairs)
	for n, op := range repairs {
		part := c.some(op, 1)[0]
		c.open(replay.At(n, part), again, got, fmt.Sprintf("%s, recovery %d of %d, bytes %v", where, n, len(repairs), part))
		c.open(replay.At(n+1, flash.Part{}), again, got, fmt.Sprintf("%s, recovery %d of %d", where, n, len(repairs)))
	}
	second, _, _ := c.open(f, again, got, where+", second opening")
	require.Empty(c.t, second, "%s: the second opening changes nothing", where)
	c.use(p, f, got, where)
}

// use stores a value in a recovered partition, which must be as good as any.
func (c *cutter) use(p *nvs.Partition, f nvs.Flash, m model, where string) {
	t, v := c.value(nil)
	err := p.Set("app", "k0", t, v)
	if errors.Is(err, store.ErrFull) {
		return
	}
	require.NoError(c.t, err, where)
	next := m.clone()
	next["app/k0"] = t.String() + ":" + string(v)
	require.NoError(c.t, p.Close())
	c.open(f, call{before: next, single: true}, next, where+", used")
}

// TestEveryCut cuts random workloads at every flash operation and inside it,
// and the recoveries too. WIFIPROV_SEED sets where to begin.
func TestEveryCut(t *testing.T) {
	want := long.Count(t, 10_000, 110_000)
	if long.Race {
		want = long.Count(t, 10_000, 10_000)
	}
	first := uint64(1)
	if s := os.Getenv("WIFIPROV_SEED"); s != "" {
		var err error
		first, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	keys := &nvs.Keys{Data: [32]byte{1}, Tweak: [32]byte{2}}
	total, workloads := 0, 0
	for seed := first; total < want; seed++ {
		rnd := rand.New(rand.NewPCG(seed, 1))
		c := &cutter{t: t, rnd: rnd}
		if seed%5 == 0 {
			c.options.Keys = keys
		}
		c.cutAll(seed, 3+rnd.IntN(4), 60+rnd.IntN(120))
		total += c.cuts
		workloads++
	}
	t.Logf("%d cuts in %d workloads", total, workloads)
}
