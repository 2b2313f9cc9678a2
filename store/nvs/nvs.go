package nvs

import (
	"sync"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// Types of ESP-IDF 6.1 and later that are kept, listed and read, but not
// written. Values are 4 and 8 bytes, IEEE 754, little endian.
const (
	TypeFloat  store.Type = nvsfmt.TypeFloat
	TypeDouble store.Type = nvsfmt.TypeDouble
)

// Options of Open. The zero value opens a plain partition for writing.
type Options struct {
	// Keys decrypt and encrypt the partition (nvs-encryption.md). nil: the
	// partition is plain. They are copied.
	Keys *Keys
	// ReadOnly opens without changing anything: what needs repair is
	// repaired in memory only, and a partition without a free sector opens
	// too. Set and the erasing methods fail with ReadOnly.
	ReadOnly bool
}

// Partition is an open NVS partition. It implements store.Store with the
// additional promise that everything set or erased survives a power cut when
// the method returns, if the Flash keeps what it writes (it is no Syncer).
// Commit marks replaced values as erased, which later openings would do
// otherwise, and syncs.
//
// Memory: about 180 bytes a page, 4 bytes a key (a blob takes one more for each
// of its chunks), 16 bytes and the name a namespace, 1 KiB for buffers. On
// hosts, partitions over 64 KiB take 16 to 32 bytes a key more, for lookups that
// take the same time however large the partition is.
type Partition struct {
	mu      sync.Mutex
	flash   Flash
	crypt   *nvsfmt.Cipher // nil: plain
	sectors int
	ro      bool
	closed  bool

	pages  []*page // in use, by sequence number; the last one takes new items
	index  index
	unused []unused
	// eraseFirst is a sector to erase before anything else is written: a page
	// whose items were moved, or an attempt to move some. -1: none.
	eraseFirst int
	// stale: an error kept from memory what flash holds; load again first.
	stale   bool
	nextSeq uint32
	spaces  []space

	entry  nvsfmt.Entry // the entry read last
	buf    [512]byte
	window window // what of flash is in buf
}

// unused is a sector that holds no page; dirty ones are erased before use.
type unused struct {
	sector int
	dirty  bool
}

var _ store.Store = (*Partition)(nil)

// Open opens the partition on a flash: it finds all items, finishes or undoes
// what a power cut interrupted, and erases what no longer counts (nvs.md 5, 9,
// with the corrections of 10). An erased flash is an empty partition. The
// flash belongs to the Partition until Close, which does not close the flash.
//
// A writable partition needs three sectors. Errors: InvalidSize, NoFreePages,
// NewVersionFound, WrongEncryption, or the flash's own.
func Open(f Flash, o Options) (*Partition, error) {
	p, err := open(f, o)
	if err != nil {
		return nil, &store.Error{Op: "open", Err: err}
	}
	return p, nil
}

func open(f Flash, o Options) (*Partition, error) {
	p := &Partition{flash: f, ro: o.ReadOnly, eraseFirst: -1, sectors: int(f.Size() / SectorSize)}
	block := f.EraseBlockSize()
	if p.sectors == 0 || block <= 0 || SectorSize%block != 0 {
		return nil, InvalidSize
	}
	if o.Keys != nil {
		var err error
		if p.crypt, err = nvsfmt.NewCipher(&o.Keys.Data, &o.Keys.Tweak); err != nil {
			return nil, err
		}
	}
	return p, p.loadAndRepair()
}

func (p *Partition) loadAndRepair() error {
	l := loader{Partition: p}
	p.dropIndex()
	if err := l.load(); err != nil {
		return err
	}
	p.buildIndex()
	if p.ro {
		return nil
	}
	return l.repair()
}

// reload opens the partition once more. Marks that wait go first: they are of
// values that must not come back.
func (p *Partition) reload() error {
	for _, pg := range p.pages {
		if err := p.flush(pg); err != nil {
			return err
		}
	}
	if err := p.finish(); err != nil {
		return err
	}
	p.pages, p.unused, p.spaces, p.window = nil, nil, nil, window{}
	if err := p.loadAndRepair(); err != nil {
		return err
	}
	p.stale = false
	return nil
}

// Close writes what Commit writes. All further calls fail with
// NotInitialized; Close itself succeeds again.
func (p *Partition) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	if p.ro {
		return nil
	}
	return fail("close", "", "", p.sync())
}

// Commit implements store.Store: see Partition.
func (p *Partition) Commit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.usable(false)
	if err == nil && !p.ro {
		err = p.sync()
	}
	return fail("commit", "", "", err)
}

func (p *Partition) sync() error {
	for _, pg := range p.pages {
		if err := p.flush(pg); err != nil {
			return err
		}
	}
	if s, ok := p.flash.(Syncer); ok {
		return s.Sync()
	}
	return nil
}

// usable is the first step of each method.
func (p *Partition) usable(forWriting bool) error {
	switch {
	case p.closed:
		return NotInitialized
	case forWriting && p.ro:
		return ReadOnly
	case p.stale:
		return p.reload()
	case forWriting:
		if err := p.finish(); err != nil {
			return err
		}
		return p.catchUp()
	}
	return nil
}

// catchUp stores the marks that a failure left over: ESP-IDF would take entries
// without a mark for the page's end, and needs those on older pages.
func (p *Partition) catchUp() error {
	for _, pg := range p.pages {
		if pg.unsure || pg != p.newest() {
			if err := p.flush(pg); err != nil {
				return err
			}
		}
	}
	return nil
}

// newest returns the page that takes new items, or nil on a partition without
// any page.
func (p *Partition) newest() *page {
	if len(p.pages) == 0 {
		return nil
	}
	return p.pages[len(p.pages)-1]
}
