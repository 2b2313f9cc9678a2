// SPDX-License-Identifier: Apache-2.0

package nvscheck_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// contents is what a contents file says (nvs-images/README.md).
type contents struct {
	Image          string
	KeyFile        string                          `json:"key_file"`
	FlashOpsOnOpen struct{ Writes, Erases int }    `json:"flash_ops_on_open"`
	Entries        []struct{ NS, Key, Err string } `json:"entries"`
	LegacyBlobs    []struct{ NS, Key string }      `json:"legacy_blobs"`
	Correct        []struct{ NS, Key string }      `json:"correct_entries"`
	Pages          []struct {
		State                           string
		Seq                             uint32
		Version                         string
		Written, Erased, Empty, Illegal int
	}
}

func specFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(spectest.Path(t, "nvs-images", name))
	require.NoError(t, err)
	return b
}

func readKeys(t testing.TB, name string) *nvs.Keys {
	t.Helper()
	if name == "" {
		return nil
	}
	k, err := nvs.ParseKeys(specFile(t, name))
	require.NoError(t, err)
	return k
}

func specNames(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(spectest.Path(t, "nvs-images"), pattern))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i := range files {
		files[i] = strings.TrimSuffix(filepath.Base(files[i]), ".json")
	}
	return files
}

// text is a report as one text, for messages and searching.
func text(r *nvscheck.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%d/%d %v: %s\n", f.Sector, f.Entry, f.Severity, f.Text)
	}
	return b.String()
}

// causes are the words that name what happened to each interrupted image, and
// to the others that are irregular.
var causes = map[string]string{
	"cutimg_blob_no_index":       "warning: chunk 128 of blob app/b is named by no index: power was cut while a new value was being written, before its index",
	"cutimg_blob_two_indexes":    "warning: the index of blob app/b is the older of two values",
	"cutimg_duplicate":           "is the older of two values",
	"cutimg_enc_partial":         "Power was cut while it was being written",
	"cutimg_entry_without_bit":   "was written, but its mark in the bitmap was not",
	"cutimg_freeing_done":        "everything on this page is on sector 2 too",
	"cutimg_freeing_erased":      "info: sequence numbers between those of the pages are missing (1)",
	"cutimg_freeing_half":        "incomplete copy of sector 1, with 9 of its 20 items",
	"cutimg_freeing_half_erased": "1/-1 warning: corrupt sector: its first 2048 bytes are blank and the rest is not: power was cut while it was being erased",
	"cutimg_freeing_header":      "incomplete copy of sector 1, with 0 of its 20 items",
	"cutimg_freeing_start":       "1/-1 warning: page change: the page is marked as being moved",
	"cutimg_ns_entry_only":       "warning: namespace second was written, but its mark in the bitmap was not",
	"cutimg_str_partial":         "Power was cut while it was being written",
	"dev_after_gen_a":            "error: string texts/utf8 says 11 bytes, and its checksum covers 20",
	"dev_dup_types_44":           "releases up to 5.0 leave the old value",
	"dev_hash_collision":         "have the same hash",
	"gen_alltypes_a":             "error: string texts/utf8 says",
}

// TestImages: sound images have nothing above info, all others the right cause,
// sectors are counted as listed, and all keys found.
func TestImages(t *testing.T) {
	named := 0
	for _, name := range specNames(t, "*.json") {
		if strings.HasPrefix(name, "cut_") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var c contents
			spectest.ReadJSON(t, &c, "nvs-images", name+".json")
			image := specFile(t, c.Image)
			before := bytes.Clone(image)
			r := nvscheck.Check(image, readKeys(t, c.KeyFile))
			require.Equal(t, before, image)

			if want, ok := causes[name]; ok {
				named++
				require.Contains(t, text(r), want)
			} else {
				require.Zero(t, c.FlashOpsOnOpen.Writes+c.FlashOpsOnOpen.Erases, "name its cause")
				require.False(t, r.Irregular(), text(r))
			}
			require.Len(t, r.Sectors, len(c.Pages))
			for i, p := range c.Pages {
				want := nvscheck.Sector{State: p.State, Seq: p.Seq, Written: p.Written, Erased: p.Erased,
					Empty: p.Empty, Illegal: p.Illegal}
				want.Version = map[string]byte{"0xff": 1, "0xfe": 2}[p.Version]
				require.Equal(t, want, r.Sectors[i], "sector %d", i)
			}
			if strings.HasPrefix(name, "cutimg_") {
				return
			}
			want := map[string]bool{}
			for _, e := range c.Entries {
				want[e.NS+"/"+e.Key] = true
			}
			for _, e := range append(c.LegacyBlobs, c.Correct...) {
				want[e.NS+"/"+e.Key] = true
			}
			got := map[string]bool{}
			old := 0
			for _, it := range r.Items {
				got[it.Namespace+"/"+it.Key] = true
				if it.Old {
					old++
				}
			}
			require.Equal(t, want, got)
			require.Equal(t, len(c.LegacyBlobs), old)
		})
	}
	require.Equal(t, len(causes), named)
}

// agrees compares a report with what opening the image does and delivers.
func agrees(t testing.TB, image []byte, keys *nvs.Keys, r *nvscheck.Report) {
	t.Helper()
	f := flash.NewRecorder(flash.FromBytes(bytes.Clone(image)))
	p, err := nvs.Open(f, nvs.Options{Keys: keys})
	require.Equal(t, r.OpenError.Hex(), nvs.CodeOf(err).Hex(), text(r))
	if err != nil {
		require.Empty(t, f.Ops())
		return
	}
	require.Equal(t, r.Repairs, len(f.Ops()) > 0, text(r))
	if r.Repairs {
		require.True(t, r.Irregular(), "a repair that nothing explains")
	}
	seqs := map[uint32]bool{}
	for _, s := range r.Sectors {
		if s.Version != 0 && seqs[s.Seq] {
			return // what is listed then depends on the cursor of Entries
		}
		seqs[s.Seq] = s.Version != 0 || seqs[s.Seq]
	}
	want := map[string]store.Type{}
	for _, it := range r.Items {
		known := it.Type.Size() != 0 || it.Type == store.TypeString || it.Type == store.TypeBlob ||
			it.Type == nvs.TypeFloat || it.Type == nvs.TypeDouble
		if (it.Namespace != "" || it.Unnamed) && !it.Old && known {
			want[it.Namespace+"/"+it.Key] = it.Type
		}
	}
	got := map[string]store.Type{}
	for e, err := range p.Entries("") {
		require.NoError(t, err)
		got[e.Namespace+"/"+e.Key] = e.Type
	}
	require.Equal(t, want, got, text(r))
	require.NoError(t, p.Close())
}

// TestAgreesWithOpening: for every image and every cut of the cut files a
// report says repair where opening repairs, and lists the keys that are there
// then.
func TestAgreesWithOpening(t *testing.T) {
	for _, name := range specNames(t, "*.json") {
		t.Run(name, func(t *testing.T) {
			if !strings.HasPrefix(name, "cut_") {
				var c contents
				spectest.ReadJSON(t, &c, "nvs-images", name+".json")
				image, keys := specFile(t, c.Image), readKeys(t, c.KeyFile)
				agrees(t, image, keys, nvscheck.Check(image, keys))
				return
			}
			cuts(t, name, func(image []byte, keys *nvs.Keys) {
				r := nvscheck.Check(image, keys)
				agrees(t, image, keys, r)
				for _, f := range r.Findings { // a cut loses nothing
					if f.Severity == nvscheck.Error {
						require.Contains(t, f.Text, "ESP-IDF's generator", text(r))
					}
				}
			})
		})
	}
}

// cuts calls check with each cut of a cut file (nvs-images/README.md).
func cuts(t *testing.T, name string, check func(image []byte, keys *nvs.Keys)) {
	var c struct {
		Base    string
		KeyFile string `json:"key_file"`
		Ops     []struct {
			Write, Erase *int
			Data         string
			Length       int
		}
		Cuts []struct{ N, Part int }
	}
	spectest.ReadJSON(t, &c, "nvs-images", name+".json")
	base, keys := specFile(t, c.Base), readKeys(t, c.KeyFile)
	apply := func(image []byte, i, part int) {
		op := c.Ops[i]
		if op.Erase != nil {
			sector := image[*op.Erase : *op.Erase+op.Length]
			switch {
			case part > 0:
				sector = sector[:part]
			case part < 0:
				sector = sector[len(sector)+part:]
			}
			copy(sector, bytes.Repeat([]byte{0xff}, len(sector)))
			return
		}
		data, err := hex.DecodeString(op.Data)
		require.NoError(t, err)
		if part > 0 {
			data = data[:part]
		}
		for j, b := range data {
			image[*op.Write+j] &= b
		}
	}
	for _, cut := range c.Cuts {
		image := bytes.Clone(base)
		for i := range cut.N {
			apply(image, i, 0)
		}
		if cut.Part != 0 {
			apply(image, cut.N, cut.Part)
		}
		check(image, keys)
	}
}

// Wrong keys are said to be so, and nothing else.
func TestWrongKeys(t *testing.T) {
	plain, encrypted := specFile(t, "gen_alltypes_b.bin"), specFile(t, "gen_enc_flashkeys_b.bin")
	for _, c := range []struct {
		image []byte
		keys  *nvs.Keys
		want  string
	}{
		{encrypted, nil, "is encrypted, or the image is none. Give the keys"},
		{encrypted, readKeys(t, "keys_hmac.bin"), "encrypted with other keys"},
		{plain, readKeys(t, "keys_flash.bin"), "is plain, not encrypted"},
	} {
		r := nvscheck.Check(c.image, c.keys)
		require.Len(t, r.Findings, 1, text(r))
		require.Equal(t, nvscheck.Error, r.Worst())
		require.Contains(t, r.Findings[0].Text, c.want)
		require.Equal(t, nvs.WrongEncryption, r.OpenError)
		agrees(t, c.image, c.keys, r)
	}
}
