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

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// flashOp is a write, or the erase of a sector.
type flashOp struct {
	off   int
	data  []byte // nil: erase
	calls int    // calls of the store begun before
}

// tape is a flash that keeps what is done to it.
type tape struct {
	memory
	ops   []flashOp
	calls int
}

func (r *tape) WriteAt(p []byte, off int64) (int, error) {
	r.ops = append(r.ops, flashOp{int(off), bytes.Clone(p), r.calls})
	return r.memory.WriteAt(p, off)
}

func (r *tape) EraseBlocks(start, n int64) error {
	for i := range n {
		r.ops = append(r.ops, flashOp{off: int(start+i) * 4096, calls: r.calls})
	}
	return r.memory.EraseBlocks(start, n)
}

// apply does bytes from to to-1 of an operation.
func (o *flashOp) apply(image []byte, from, to int) {
	for i := from; i < to; i++ {
		if o.data == nil {
			image[o.off+i] = 0xff
		} else {
			image[o.off+i] &= o.data[i]
		}
	}
}

func (o *flashOp) len() int {
	if o.data == nil {
		return 4096
	}
	return len(o.data)
}

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

// run makes a workload on a blank partition and returns its tape, its calls
// and what the store holds in the end.
func (c *cutter) run(sectors, calls int) (*tape, []call, model) {
	r := &tape{memory: *newMemory(int64(sectors) * 4096)}
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
		r.calls++
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
		log = append(log, entry)
		now = next
	}
	return r, log, now
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

// open opens an image whose operations are kept, and checks what it holds.
func (c *cutter) open(image []byte, do call, after model, where string) (*tape, *nvs.Partition, model) {
	c.cuts++
	r := &tape{memory: *fromBytes(image)}
	p, err := nvs.Open(r, c.options)
	require.NoError(c.t, err, where)
	got := c.contents(p, where)
	c.verify(got, do, after, where)
	return r, p, got
}

// parts are the places to cut inside an operation, as ranges of bytes that
// are done.
func (c *cutter) parts(o *flashOp) [][2]int {
	n := o.len()
	p := [][2]int{{0, 1 + c.rnd.IntN(n-1)}, {0, 1 + c.rnd.IntN(n-1)}, {0, n - 1}}
	if o.data == nil { // the erase of any part
		a, b := c.rnd.IntN(n), c.rnd.IntN(n)
		p = append(p, [2]int{0, 4}, [2]int{0, 32}, [2]int{0, 64}, [2]int{n / 2, n}, [2]int{32, n}, [2]int{4, n},
			[2]int{min(a, b), max(a, b) + 1}, [2]int{1 + a/2, n})
	}
	return p
}

// cutAll cuts a workload after and inside each operation, and each recovery
// from that too.
func (c *cutter) cutAll(seed uint64, sectors, calls int) {
	r, log, end := c.run(sectors, calls)
	image := bytes.Repeat([]byte{0xff}, sectors*4096)
	cut := make([]byte, len(image))
	for n := range r.ops {
		o := &r.ops[n]
		do, after := log[o.calls-1], end
		if o.calls < len(log) {
			after = log[o.calls].before
		}
		where := fmt.Sprintf("seed %d, operation %d at %#x", seed, n, o.off)
		for _, part := range c.parts(o) {
			copy(cut, image)
			o.apply(cut, part[0], part[1])
			c.cutRecovery(cut, do, after, fmt.Sprintf("%s, bytes %v", where, part))
		}
		o.apply(image, 0, o.len())
		copy(cut, image)
		c.cutRecovery(cut, do, after, where+", done")
	}
	require.Equal(c.t, r.b, image)
}

// cutRecovery opens an image, and cuts that opening at each of its
// operations. What it found stays.
func (c *cutter) cutRecovery(image []byte, do call, after model, where string) {
	base := bytes.Clone(image)
	r, p, got := c.open(image, do, after, where)
	again := call{before: got, single: true}
	repairs := r.ops
	for n := range repairs {
		o := &repairs[n]
		part := c.parts(o)[c.rnd.IntN(3)]
		if o.data == nil {
			part = c.parts(o)[c.rnd.IntN(11)]
		}
		torn := bytes.Clone(base)
		o.apply(torn, part[0], part[1])
		c.open(torn, again, got, fmt.Sprintf("%s, recovery %d of %d, bytes %v", where, n, len(repairs), part))
		o.apply(base, 0, o.len())
		c.open(bytes.Clone(base), again, got, fmt.Sprintf("%s, recovery %d of %d", where, n, len(repairs)))
	}
	second, _, _ := c.open(image, again, got, where+", second opening")
	require.Empty(c.t, second.ops, "%s: the second opening changes nothing", where)
	c.use(p, image, got, where)
}

// use stores a value in a recovered partition, which must be as good as any.
func (c *cutter) use(p *nvs.Partition, image []byte, m model, where string) {
	t, v := c.value(nil)
	err := p.Set("app", "k0", t, v)
	if errors.Is(err, store.ErrFull) {
		return
	}
	require.NoError(c.t, err, where)
	next := m.clone()
	next["app/k0"] = t.String() + ":" + string(v)
	require.NoError(c.t, p.Close())
	c.open(image, call{before: next, single: true}, next, where+", used")
}

// TestEveryCut cuts random workloads at every flash operation and inside it,
// and the recoveries too. WIFIPROV_CUTS sets how many cuts at least.
func TestEveryCut(t *testing.T) {
	want := 110_000
	if raceEnabled {
		want = 10_000
	}
	if s := os.Getenv("WIFIPROV_CUTS"); s != "" {
		var err error
		want, err = strconv.Atoi(s)
		require.NoError(t, err)
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
