// SPDX-License-Identifier: Apache-2.0

package flash

import "github.com/wifiprov/wifiprov/store/nvs"

// Calls is a set of methods of a Flash.
type Calls uint8

// The calls that can fail. The zero value of Calls is all of them.
const (
	Reads  Calls = 1 << iota // ReadAt
	Writes                   // WriteAt
	Erases                   // EraseBlocks
	Syncs                    // Sync
)

// Effect is how much of its work a failing call does.
type Effect uint8

// Effects. EffectHalf of a Sync is nothing.
const (
	EffectNone Effect = iota // nothing
	EffectHalf               // the first half of the bytes
	EffectFull               // all
)

// Fault says which calls of a Faulty fail.
type Fault struct {
	Calls   Calls  // the methods that can fail; 0: all
	Skip    int    // how many of these calls succeed before one fails
	Forever bool   // all later ones fail too; false: one call fails
	Effect  Effect // how much a failing call does
	Err     error  // what a failing call returns; nil: ErrInjected
}

// Faulty is a Flash with a Fault. Make it with NewFaulty. Before Inject no call fails.
type Faulty struct {
	wrapped
	fault  Fault
	armed  bool
	failed int
}

var (
	_ nvs.Flash  = (*Faulty)(nil)
	_ nvs.Syncer = (*Faulty)(nil)
)

// NewFaulty wraps f.
func NewFaulty(f nvs.Flash) *Faulty { return &Faulty{wrapped: wrapped{f}} }

// Inject sets the fault, in place of a former one. Calls count from now on.
func (f *Faulty) Inject(fault Fault) { f.fault, f.armed = fault, true }

// Clear removes the fault.
func (f *Faulty) Clear() { f.armed = false }

// Failed returns how many calls have failed by faults since NewFaulty.
func (f *Faulty) Failed() int { return f.failed }

// fails says whether this call fails, and with which error.
func (f *Faulty) fails(c Calls) error {
	if !f.armed || f.fault.Calls != 0 && f.fault.Calls&c == 0 {
		return nil
	}
	if f.fault.Skip > 0 {
		f.fault.Skip--
		return nil
	}
	f.armed = f.fault.Forever
	f.failed++
	if f.fault.Err != nil {
		return f.fault.Err
	}
	return ErrInjected
}

// part returns the part of n bytes that a failing call writes or erases.
func (e Effect) part(n int64) Part {
	switch e {
	case EffectHalf:
		return First(n / 2)
	case EffectFull:
		return First(n)
	default:
		return Part{}
	}
}

// ReadAt implements nvs.Flash. A failing read leaves the rest of p unchanged.
func (f *Faulty) ReadAt(p []byte, off int64) (int, error) {
	fault := f.fails(Reads)
	if fault == nil {
		return f.f.ReadAt(p, off)
	}
	n, err := f.f.ReadAt(p[:f.fault.Effect.part(int64(len(p))).To], off)
	if err != nil {
		return n, err
	}
	return n, fault
}

// WriteAt implements nvs.Flash. An error of the wrapped flash is returned
// instead of the injected one.
func (f *Faulty) WriteAt(p []byte, off int64) (int, error) {
	fault := f.fails(Writes)
	if fault == nil {
		return f.f.WriteAt(p, off)
	}
	part := f.fault.Effect.part(int64(len(p)))
	if err := writePart(f.f, p, off, part); err != nil {
		return 0, err
	}
	return int(part.To), fault
}

// EraseBlocks implements nvs.Flash. An error of the wrapped flash is
// returned instead of the injected one.
func (f *Faulty) EraseBlocks(start, length int64) error {
	fault := f.fails(Erases)
	if fault == nil {
		return f.f.EraseBlocks(start, length)
	}
	if err := erasePart(f.f, start, length, f.fault.Effect.part(length*f.f.EraseBlockSize())); err != nil {
		return err
	}
	return fault
}

// Sync implements nvs.Syncer.
func (f *Faulty) Sync() error {
	fault := f.fails(Syncs)
	if fault == nil {
		return f.wrapped.Sync()
	}
	if f.fault.Effect == EffectFull {
		if err := f.wrapped.Sync(); err != nil {
			return err
		}
	}
	return fault
}
