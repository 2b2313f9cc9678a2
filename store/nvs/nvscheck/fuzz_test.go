// SPDX-License-Identifier: Apache-2.0

package nvscheck_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// seeds are partitions with values of all kinds: after page changes, with a
// page change begun, with blobs of the old kind, and with names of namespaces
// that are there twice.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	f := flash.NewMemory(4 * nvs.SectorSize)
	p, err := nvs.Open(f, nvs.Options{})
	require.NoError(t, err)
	for i := range 40 {
		v := bytes.Repeat([]byte{byte('a' + i%26)}, 40*(i%20))
		require.NoError(t, p.Set("app", "blob", store.TypeBlob, v))
		require.NoError(t, p.Set("app", "text", store.TypeString, v))
		require.NoError(t, store.SetInt(p, "other", "n", uint32(i)))
		require.NoError(t, store.SetInt(p, "other", "m"+string(rune('a'+i%5)), int8(i)))
	}
	require.NoError(t, p.Close())
	freeing := bytes.Clone(f.Bytes())
	for s := 0; s < len(freeing); s += nvs.SectorSize {
		if freeing[s] == 0xfc {
			freeing[s] = 0xf8
			break
		}
	}
	old := bytes.Repeat([]byte{0xff}, 3*nvs.SectorSize)
	nvsfmt.Header{State: nvsfmt.Active, Version: nvsfmt.Version1}.Put(old)
	var e nvsfmt.Entry
	e.New(0, nvsfmt.TypeU8, 1, nvsfmt.NoChunk, nvsfmt.NameOf("app"))
	e.Value()[0] = 1
	e.Seal()
	copy(old[64:], e[:])
	e.New(1, nvsfmt.TypeOldBlob, 2, nvsfmt.NoChunk, nvsfmt.NameOf("old"))
	e.SetData(3, nvsfmt.Sum([]byte("abc")))
	e.Seal()
	copy(old[96:], e[:])
	copy(old[128:], "abc")
	bits := nvsfmt.NewBitmap()
	bits.Set(0, 3, nvsfmt.UseWritten)
	bits.Put(old[32:], 0, 7)
	twice := newBuilder(4).u8(1, "n", 1).u8(0, "other", 2).header(0, nvsfmt.Full, 0).
		newPage(nvsfmt.Active, 1).u8(0, "app", 3).u8(3, "m", 1).u8(0, "more", 2).image
	return [][]byte{f.Bytes(), freeing, old, bytes.Repeat([]byte{0xff}, 3*nvs.SectorSize), twice}
}

// edit changes an image as a list of commands says, five bytes each: where,
// what, and a value. Checksums can be made right again, else little of what is
// behind them would be reached.
func edit(image, edits []byte) {
	for ; len(edits) >= 5; edits = edits[5:] {
		at := int(binary.LittleEndian.Uint16(edits)) % len(image)
		sector, entry := at/nvs.SectorSize, (at%nvs.SectorSize-64)/32
		from := sector * nvs.SectorSize
		value := edits[3]
		switch edits[2] % 8 {
		case 0, 1:
			image[at] = value
		case 2: // an entry, made consistent
			if entry >= 0 {
				off := nvsfmt.EntryOffset(sector, entry)
				e := nvsfmt.Entry(image[off : off+32])
				e[int(value)%32] = edits[4]
				e.Seal()
				copy(image[off:], e[:])
			}
		case 3: // a header
			states := []nvsfmt.State{nvsfmt.Active, nvsfmt.Full, nvsfmt.Freeing, nvsfmt.Empty, 0}
			nvsfmt.Header{State: states[int(value)%len(states)], Seq: uint32(edits[4]), Version: 0xfe}.Put(image[from:])
		case 4: // marks
			bits := nvsfmt.ParseBitmap(image[from+32:])
			if entry >= 0 {
				bits.Set(entry, min(entry+int(edits[4]%8)+1, nvsfmt.EntriesPerPage), nvsfmt.Use(value%4))
			}
			bits.Put(image[from+32:], 0, 7)
		case 5: // part of a sector erased
			for i := range 16 * int(value) {
				image[from+i] = 0xff
			}
		case 6: // a sector copied
			copy(image[from:from+nvs.SectorSize], image[int(value)%(len(image)/nvs.SectorSize)*nvs.SectorSize:][:nvs.SectorSize])
		case 7: // an entry copied
			if entry >= 0 {
				off := nvsfmt.EntryOffset(sector, entry)
				copy(image[off:off+32], image[from+64+32*(int(value)%nvsfmt.EntriesPerPage):][:32])
			}
		}
	}
}

// FuzzCheck: any bytes give a report of bounded size, which agrees with what
// opening does.
func FuzzCheck(f *testing.F) {
	f.Add(uint8(0), []byte{})
	f.Add(uint8(1), []byte{0x60, 0, 0, 1, 0, 0x90, 0, 4, 2, 3})
	f.Add(uint8(2), []byte{0x60, 0, 2, 1, 0x33})
	f.Add(uint8(4), []byte{0x40, 0x10, 2, 1, 0x11, 0x60, 0x10, 7, 0, 0})
	f.Add(uint8(9), []byte("any bytes"))
	f.Fuzz(func(t *testing.T, which uint8, edits []byte) {
		all := seeds(t)
		image := edits
		if int(which) < len(all) {
			image = all[which]
			edit(image, edits)
		}
		before := bytes.Clone(image)
		r := nvscheck.Check(image, nil)
		require.Equal(t, before, image)
		size := 0
		for _, finding := range r.Findings {
			size += len(finding.Text)
			require.NotEmpty(t, finding.Text)
			require.GreaterOrEqual(t, finding.Severity, nvscheck.Info)
		}
		require.LessOrEqual(t, size, 1000+40*len(image))
		nvscheck.Check(image, &nvs.Keys{Tweak: [32]byte{1}})
		agrees(t, image, nil, r)
	})
}
