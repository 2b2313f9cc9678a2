// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// imageFile is the contents file of an image (nvs-images/README.md).
type imageFile struct {
	Image          string
	Init           string
	InitWritable   string                                                 `json:"init_when_writable"`
	ReadOnly       bool                                                   `json:"read_only"`
	Entries        []imageEntry                                           `json:"entries"`
	Correct        []imageEntry                                           `json:"correct_entries"`
	LegacyBlobs    []imageEntry                                           `json:"legacy_blobs"`
	Namespaces     map[string]uint8                                       `json:"namespaces"`
	KeyFile        string                                                 `json:"key_file"`
	Acceptable     []state                                                `json:"acceptable_contents"`
	FlashOpsOnOpen struct{ Writes, Erases int }                           `json:"flash_ops_on_open"`
	Stats          struct{ Used, Free, Total, Namespaces, Available int } `json:"stats_after_open"`
}

type imageEntry struct {
	NS, Key, Type, Err string
	Value              json.RawMessage
	Hex                *string
	Len                int
	SHA256             string
}

// state is namespace -> key -> values.
type state map[string]map[string][]imageEntry

var typeNames = map[string]store.Type{
	"u8": store.TypeU8, "i8": store.TypeI8, "u16": store.TypeU16, "i16": store.TypeI16,
	"u32": store.TypeU32, "i32": store.TypeI32, "u64": store.TypeU64, "i64": store.TypeI64,
	"str": store.TypeString, "blob": store.TypeBlob, "float": nvs.TypeFloat, "double": nvs.TypeDouble,
}

// text is a value as the contents files write it.
func text(t store.Type, v []byte) string {
	switch {
	case t == store.TypeString:
		return "str " + string(v)
	case t == store.TypeBlob:
		sum := sha256.Sum256(v)
		return "blob " + strconv.Itoa(len(v)) + " " + hex.EncodeToString(sum[:])
	}
	n := uint64(0)
	for i := len(v) - 1; i >= 0; i-- {
		n = n<<8 | uint64(v[i])
	}
	if t.Signed() {
		shift := 64 - 8*len(v)
		return strconv.FormatInt(int64(n<<shift)>>shift, 10)
	}
	return t.String() + " " + strconv.FormatUint(n, 10)
}

// want is the value of an entry in the form of text.
func (e *imageEntry) want(t testing.TB) string {
	t.Helper()
	if e.Err != "" {
		return e.Err
	}
	var s string
	switch e.Type {
	case "str":
		require.NoError(t, json.Unmarshal(e.Value, &s))
		require.Equal(t, e.Len, len(s)+1)
		return "str " + s
	case "blob":
		if e.SHA256 == "" {
			b, err := hex.DecodeString(*e.Hex)
			require.NoError(t, err)
			return text(store.TypeBlob, b)
		}
		return "blob " + strconv.Itoa(e.Len) + " " + e.SHA256
	case "float", "double":
		bits := 64
		if e.Type == "float" {
			bits = 32
		}
		f, err := strconv.ParseFloat(string(e.Value), bits)
		require.NoError(t, err)
		n := math.Float64bits(f)
		if bits == 32 {
			n = uint64(math.Float32bits(float32(f)))
		}
		return typeNames[e.Type].String() + " " + strconv.FormatUint(n, 10)
	}
	s = strings.Trim(string(e.Value), `"`)
	if typeNames[e.Type].Signed() {
		return s
	}
	return e.Type + " " + s
}

// listing is what a partition holds: keys in order, and each one's value.
type listing struct {
	keys   []string
	values map[string]string
}

func list(t testing.TB, p *nvs.Partition) listing {
	t.Helper()
	l := listing{values: map[string]string{}}
	for e, err := range p.Entries("") {
		require.NoError(t, err)
		name := e.Namespace + "/" + e.Key
		l.keys = append(l.keys, name)
		v, err := p.Get(nil, e.Namespace, e.Key, e.Type)
		if err != nil {
			l.values[name] = nvs.CodeOf(err).Hex()
			continue
		}
		l.values[name] = text(e.Type, v)
	}
	return l
}

func readKeys(t testing.TB, name string) *nvs.Keys {
	t.Helper()
	if name == "" {
		return nil
	}
	b, err := os.ReadFile(spectest.Path(t, "nvs-images", name))
	require.NoError(t, err)
	k, err := nvs.ParseKeys(b)
	require.NoError(t, err)
	return k
}

func imageFiles(t testing.TB, pattern string) []string {
	t.Helper()
	dir := spectest.Path(t, "nvs-images")
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// TestImages opens every image with its listed contents, repairs and errors,
// for reading only first, which changes nothing.
func TestImages(t *testing.T) {
	for _, file := range imageFiles(t, "*.json") {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if strings.HasPrefix(name, "cut_") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var c imageFile
			spectest.ReadJSON(t, &c, "nvs-images", name+".json")
			image, err := os.ReadFile(spectest.Path(t, "nvs-images", c.Image))
			require.NoError(t, err)
			before := bytes.Clone(image)
			keys := readKeys(t, c.KeyFile)

			p, err := nvs.Open(flash.FromBytes(image), nvs.Options{Keys: keys, ReadOnly: true})
			require.NoError(t, err)
			checkImage(t, &c, p)
			require.ErrorIs(t, p.Set("app", "x", store.TypeU8, []byte{1}), nvs.ReadOnly)
			require.ErrorIs(t, p.Erase("app", "x"), nvs.ReadOnly)
			require.ErrorIs(t, p.EraseAll("app"), nvs.ReadOnly)
			require.NoError(t, p.Close())
			require.Equal(t, before, image, "opened read-only")

			f := flash.NewCounter(flash.FromBytes(image))
			p, err = nvs.Open(f, nvs.Options{Keys: keys})
			if c.InitWritable != "" {
				require.Equal(t, c.InitWritable, nvs.CodeOf(err).Hex())
				require.Equal(t, before, image)
				return
			}
			require.Equal(t, c.Init == "ok", err == nil, "%v", err)
			checkImage(t, &c, p)
			changes := f.Counts().Writes + f.Counts().Erases
			if c.FlashOpsOnOpen.Writes+c.FlashOpsOnOpen.Erases == 0 || c.Correct != nil {
				require.Zero(t, changes, "a sound image needs no repair")
			} else {
				require.NotZero(t, changes)
			}
			require.NoError(t, p.Close())

			// The repair holds.
			f = flash.NewCounter(flash.FromBytes(image))
			p, err = nvs.Open(f, nvs.Options{Keys: keys})
			require.NoError(t, err)
			checkImage(t, &c, p)
			require.NoError(t, p.Close())
			require.Zero(t, f.Counts().Writes+f.Counts().Erases)
		})
	}
}

func checkImage(t *testing.T, c *imageFile, p *nvs.Partition) {
	t.Helper()
	got := list(t, p)
	if c.Acceptable != nil {
		requireState(t, c.Acceptable, got)
		return
	}
	entries := c.Entries
	if c.Correct != nil {
		entries = c.Correct
	}
	want := listing{values: map[string]string{}}
	for _, e := range entries {
		name := e.NS + "/" + e.Key
		want.keys = append(want.keys, name)
		want.values[name] = e.want(t)
	}
	require.Equal(t, want.values, got.values)
	if c.Correct == nil {
		require.Equal(t, want.keys, got.keys, "order")
	}
	for _, e := range c.LegacyBlobs {
		v, err := p.Get(nil, e.NS, e.Key, store.TypeBlob)
		require.NoError(t, err)
		require.Equal(t, e.want(t), text(store.TypeBlob, v))
	}
	spaces := map[string]uint8{}
	for name, index := range p.Namespaces() {
		spaces[name] = index
	}
	require.Equal(t, c.Namespaces, spaces)
	if c.Correct == nil {
		s := p.Stats()
		require.Equal(t, c.Stats, struct{ Used, Free, Total, Namespaces, Available int }{
			s.Used, s.Free, s.Total, s.Namespaces, s.Available})
	}
}

// requireState fails unless the contents are one of those listed.
func requireState(t testing.TB, states []state, got listing) {
	t.Helper()
	var wants []map[string]string
	for _, s := range states {
		want := map[string]string{}
		for ns, keys := range s {
			for key, values := range keys {
				require.Len(t, values, 1, "two values under %s/%s are no state", ns, key)
				want[ns+"/"+key] = values[0].want(t)
			}
		}
		if maps.Equal(want, got.values) {
			return
		}
		wants = append(wants, want)
	}
	require.Contains(t, wants, got.values)
}
