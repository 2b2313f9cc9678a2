// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"sync"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// cutFlash is the flash of one boot, in which the power can be cut at an operation
// while others use it.
type cutFlash struct {
	nvs.Flash
	clock *bootClock
	dark  func() // called in the operation that ends the power
	onCut func() // called once after it, by a timer

	mu   sync.Mutex
	cut  *flash.PowerCut
	then func() // called after onCut; or nil
}

func newCutFlash(f nvs.Flash, clock *bootClock, dark, onCut func()) *cutFlash {
	return &cutFlash{Flash: f, clock: clock, dark: dark, onCut: onCut, cut: flash.NewPowerCut(f)}
}

// arm cuts the power in operation n from now on, counted from 0: 16 bytes of it reach
// the flash. Then then is called.
func (f *cutFlash) arm(n int, then func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.then = then
	f.cut.Inside(n, flash.First(16))
}

// disarm takes arm back.
func (f *cutFlash) disarm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.cut.IsOff() {
		f.cut.Restore()
	}
}

// do makes a call.
func (f *cutFlash) do(call func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.cut.IsOff()
	err := call()
	if !was && f.cut.IsOff() {
		f.dark()
		then := f.then
		f.clock.AfterFunc(0, func() {
			f.onCut()
			then()
		})
	}
	return err
}

// ReadAt implements nvs.Flash.
func (f *cutFlash) ReadAt(p []byte, off int64) (n int, err error) {
	err = f.do(func() (err error) { n, err = f.cut.ReadAt(p, off); return err })
	return n, err
}

// WriteAt implements nvs.Flash.
func (f *cutFlash) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.do(func() (err error) { n, err = f.cut.WriteAt(p, off); return err })
	return n, err
}

// EraseBlocks implements nvs.Flash.
func (f *cutFlash) EraseBlocks(start, length int64) error {
	return f.do(func() error { return f.cut.EraseBlocks(start, length) })
}

// Sync implements nvs.Syncer.
func (f *cutFlash) Sync() error { return f.do(f.cut.Sync) }
