// SPDX-License-Identifier: Apache-2.0

package wifistore_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// flaky fails one operation, or all from then on, and can lose power before
// an operation.
type flaky struct {
	store.Memory
	n      int // operations so far
	failAt int
	times  int // 0: once
	always bool
}

var errFlash = errors.New("flash operation failed")

func (f *flaky) step() error {
	f.n++
	if f.failAt != 0 && f.n >= f.failAt && (f.always || f.n <= f.failAt+f.times) {
		return errFlash
	}
	return nil
}

func (f *flaky) Set(ns, key string, typ store.Type, v []byte) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.direct(f.Memory.Set(ns, key, typ, v))
}

func (f *flaky) Erase(ns, key string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.direct(f.Memory.Erase(ns, key))
}

func (f *flaky) Commit() error {
	if err := f.step(); err != nil {
		return err
	}
	return f.Memory.Commit()
}

// direct makes each operation durable at once, as NVS does.
func (f *flaky) direct(err error) error { return errors.Join(err, f.Memory.Commit()) }

var (
	oldConfig = hal.StationConfig{SSID: "old", Passphrase: "old pass", BSSIDSet: true, BSSID: hal.BSSID{1}, Channel: 3}
	newConfig = hal.StationConfig{SSID: "new", Passphrase: "new pass", ScanMethod: hal.ScanAllChannel}
)

// TestSaveIsWholeAfterAnError: with each operation failing once, or flash
// failing from there on, the stored configuration is the old or the new one.
func TestSaveIsWholeAfterAnError(t *testing.T) {
	for _, always := range []bool{false, true} {
		for _, cfg := range []hal.StationConfig{newConfig, {}} {
			for failAt := 1; ; failAt++ {
				f := &flaky{}
				require.NoError(t, wifistore.Save(f, oldConfig))
				before := content(t, f)
				f.n, f.failAt, f.always = 0, failAt, always
				err := wifistore.Save(f, cfg)
				if err == nil {
					require.Greater(t, failAt, 5)
					break
				}
				require.ErrorIs(t, err, errFlash)
				if !always {
					require.Equal(t, before, content(t, f), "operation %d", failAt)
				}
				got, err := wifistore.Load(f)
				require.NoError(t, err)
				if failAt == 1 {
					require.Equal(t, oldConfig, got)
				}
				// Never a mixture of both.
				if got.SSID != "" {
					require.Contains(t, []hal.StationConfig{oldConfig, newConfig}, got, "operation %d", failAt)
				}
			}
		}
	}
}

// TestSaveIsWholeWhenItCannotBeUndone: some operations in a row fail, so that
// putting back fails too.
func TestSaveIsWholeWhenItCannotBeUndone(t *testing.T) {
	undone := 0
	for times := 1; times < 12; times++ {
		for failAt := 1; ; failAt++ {
			f := &flaky{}
			require.NoError(t, wifistore.Save(f, oldConfig))
			f.n, f.failAt, f.times = 0, failAt, times
			err := wifistore.Save(f, newConfig)
			got, e := wifistore.Load(f)
			require.NoError(t, e)
			require.Contains(t, []hal.StationConfig{oldConfig, newConfig}, got, "%d operations from %d on", times, failAt)
			if err == nil {
				require.Equal(t, newConfig, got)
				break
			}
			if got == newConfig {
				undone++
			}
			// The next save puts everything in order.
			f.failAt = 0
			require.NoError(t, wifistore.Save(f, newConfig))
			got, e = wifistore.Load(f)
			require.NoError(t, e)
			require.Equal(t, newConfig, got)
		}
	}
	require.NotZero(t, undone, "the test never met a save that could not be undone")
}

// TestPowerCutLeavesNoMixture cuts the power before each operation.
func TestPowerCutLeavesNoMixture(t *testing.T) {
	for failAt := 1; ; failAt++ {
		f := &flaky{}
		require.NoError(t, wifistore.Save(f, oldConfig))
		f.n, f.failAt, f.always = 0, failAt, true
		err := wifistore.Save(f, newConfig)
		got, e := wifistore.Load(f)
		require.NoError(t, e)
		if err == nil {
			require.Equal(t, newConfig, got)
			return
		}
		if got.SSID == "new" {
			require.Equal(t, newConfig, got)
		} else if got.SSID != "" {
			require.Equal(t, oldConfig, got)
		}
	}
}

func TestLoadReportsStoreErrors(t *testing.T) {
	for _, key := range []string{"sta.ssid", "sta.pswd", "sta.scan_method", "sta.chan", "sta.minauth", "bssid.set", "sta.bssid"} {
		s := &unreadable{key: key}
		require.NoError(t, wifistore.Save(&s.Memory, oldConfig))
		got, err := wifistore.Load(s)
		require.ErrorIs(t, err, errFlash, key)
		require.Zero(t, got)
		change := newConfig
		change.BSSIDSet = true
		require.ErrorIs(t, wifistore.Save(s, change), errFlash, key)
		got, err = wifistore.Load(&s.Memory)
		require.NoError(t, err)
		require.Equal(t, oldConfig, got)
	}
}

type unreadable struct {
	store.Memory
	key string
}

func (u *unreadable) Get(dst []byte, ns, key string, typ store.Type) ([]byte, error) {
	if key == u.key {
		return dst, errFlash
	}
	return u.Memory.Get(dst, ns, key, typ)
}

// liar commits once and says that it did not.
type liar struct {
	store.Memory
	lied bool
}

func (l *liar) Commit() error {
	err := l.Memory.Commit()
	if !l.lied {
		l.lied = true
		return errFlash
	}
	return err
}

func TestRollbackIsCommitted(t *testing.T) {
	l := &liar{}
	require.NoError(t, wifistore.Save(&l.Memory, oldConfig))
	require.ErrorIs(t, wifistore.Save(l, newConfig), errFlash)
	l.Restore(l.Snapshot())
	got, err := wifistore.Load(l)
	require.NoError(t, err)
	require.Equal(t, oldConfig, got)
}
