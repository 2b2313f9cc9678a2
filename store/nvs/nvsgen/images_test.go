// SPDX-License-Identifier: Apache-2.0

package nvsgen_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// contents is what a contents file says (nvs-images/README.md).
type contents struct {
	Image, CSV string
	Size       int
	WrittenBy  string `json:"written_by"`
	KeyFile    string `json:"key_file"`
	Entries    []struct{ NS, Key, Err string }
	Pages      []struct{ Version string }
}

func generated(t *testing.T) map[string]contents {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(spectest.Path(t, "nvs-images"), "gen_*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]contents{}
	for _, file := range files {
		var c contents
		spectest.ReadJSON(t, &c, "nvs-images", filepath.Base(file))
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = c
	}
	return all
}

func specFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(spectest.Path(t, "nvs-images", name))
	require.NoError(t, err)
	return b
}

// generate makes the image of a contents file from its CSV file.
func generate(t *testing.T, c contents) (image []byte, keys *nvs.Keys) {
	t.Helper()
	o := nvsgen.Options{Size: c.Size}
	if c.Pages[0].Version == "0xff" {
		o.Version = 1
	}
	if c.KeyFile != "" {
		var err error
		o.Keys, err = nvs.ParseKeys(specFile(t, c.KeyFile))
		require.NoError(t, err)
	}
	image, err := nvsgen.Generate(bytes.NewReader(specFile(t, c.CSV)), o)
	require.NoError(t, err)
	return image, o.Keys
}

// TestImages: what the stand-alone generator wrote comes out byte for byte,
// what the edition inside the SDK wrote with the same values.
func TestImages(t *testing.T) {
	same := 0
	for name, c := range generated(t) {
		t.Run(name, func(t *testing.T) {
			image, keys := generate(t, c)
			want := specFile(t, c.Image)
			if strings.Contains(c.WrittenBy, "stand-alone") {
				same++
				if !bytes.Equal(want, image) {
					for i := range want {
						require.Equal(t, want[i], image[i], "byte %#x", i)
					}
				}
				return
			}
			require.NotEqual(t, want, image)
			got, other := values(t, image, keys), values(t, want, keys)
			for _, e := range c.Entries {
				if e.Err != "" { // the older edition's mistake with non-ASCII text
					require.NotEmpty(t, got[e.NS+"/"+e.Key])
					delete(got, e.NS+"/"+e.Key)
				}
			}
			require.Equal(t, other, got)
		})
	}
	t.Logf("%d images are the same byte for byte", same)
	require.GreaterOrEqual(t, same, 7)
}

// values returns what a partition holds, blobs of version 1 too.
func values(t testing.TB, image []byte, keys *nvs.Keys) map[string]string {
	t.Helper()
	f := flash.NewRecorder(flash.FromBytes(bytes.Clone(image)))
	p, err := nvs.Open(f, nvs.Options{Keys: keys, ReadOnly: len(image) < 3*nvs.SectorSize})
	require.NoError(t, err)
	got := map[string]string{}
	for e, err := range p.Entries("") {
		require.NoError(t, err)
		v, err := p.Get(nil, e.Namespace, e.Key, e.Type)
		if err == nil {
			got[e.Namespace+"/"+e.Key] = e.Type.String() + " " + string(v)
		}
	}
	for ns := range p.Namespaces() {
		for _, key := range []string{"blob1", "blob32", "blob33", "blob100", "blob1000", "blob1984"} {
			if v, err := p.Get(nil, ns, key, store.TypeBlob); err == nil {
				got[ns+"/"+key] = "blob " + string(v)
			}
		}
	}
	require.NoError(t, p.Close())
	require.Empty(t, f.Ops(), "opening an image writes nothing")
	return got
}

// The CSV files without an image of their own have a way through too.
func TestOtherCSVFiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(spectest.Path(t, "nvs-images"), "*.csv"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		image, err := nvsgen.Generate(bytes.NewReader(specFile(t, filepath.Base(file))), nvsgen.Options{Size: 0x40000})
		require.NoError(t, err, file)
		rows := bytes.Count(specFile(t, filepath.Base(file)), []byte(",data,"))
		require.GreaterOrEqual(t, len(values(t, image, nil)), rows, file)
	}
}
