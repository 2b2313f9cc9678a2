// SPDX-License-Identifier: Apache-2.0

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
	// Keys decrypt and encrypt the partition; nil: it is plain. They are copied.
	Keys *Keys
	// ReadOnly opens without changing the flash: repairs are made in memory only,
	// and a partition without a free sector opens too. Set and the erasing
	// methods fail with ReadOnly.
	ReadOnly bool
}

// Partition is an open NVS partition. It implements store.Store. Unless the Flash is a
// Syncer, everything set or erased survives a power cut as soon as the method returns.
// Commit marks replaced values as erased, which otherwise the next Open would do, and
// syncs.
//
// A Partition takes about 180 bytes of memory for a page, 4 bytes for a key and for each
// chunk of a blob, 16 bytes and the name for a namespace, and 1 KiB for buffers. On hosts
// partitions over 64 KiB take another 16 to 32 bytes for a key; lookups then take the
// same time in a partition of any size.
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
	// stale says that memory and flash may differ after an error; load again first.
	stale   bool
	nextSeq uint32
	spaces  []space

	entry  nvsfmt.Entry // the entry read last
	buf    [512]byte
	window window // the part of flash that is in buf
}

// unused is a sector that holds no page; dirty ones are erased before use.
type unused struct {
	sector int
	dirty  bool
}

var _ store.Store = (*Partition)(nil)

// Open opens the partition on a flash. It finds all items, finishes or undoes what a
// power cut interrupted, and erases invalid items. An erased flash is an empty partition.
// The flash belongs to the Partition until Close, which does not close the flash.
//
// A writable partition needs three sectors. The errors are InvalidSize, NoFreePages,
// NewVersionFound, WrongEncryption, and those of the flash.
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

// reload opens the partition again. It stores waiting marks first, since their values
// must not come back.
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

// Close does what Commit does. Then all methods fail with NotInitialized, except Close,
// which succeeds.
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

// catchUp stores marks that a failure left over. ESP-IDF would take entries without a
// mark for the page's end, and needs the marks on older pages.
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
