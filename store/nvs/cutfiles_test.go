// SPDX-License-Identifier: Apache-2.0

package nvs_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// cutFile is a base image with a list of flash operations
// (nvs-images/README.md).
type cutFile struct {
	Base    string
	KeyFile string `json:"key_file"`
	Ops     []struct {
		Write  *int
		Data   string
		Erase  *int
		Length int
	}
	Cuts []struct {
		N, Part int
		Accept  []int
	}
	States []state
}

// apply applies operation i, or a part of it as the README there says.
func (c *cutFile) apply(t *testing.T, image []byte, i, part int) {
	t.Helper()
	op := c.Ops[i]
	if op.Erase != nil {
		sector := image[*op.Erase : *op.Erase+op.Length]
		if part > 0 {
			sector = sector[:part]
		} else if part < 0 {
			sector = sector[len(sector)+part:]
		}
		for j := range sector {
			sector[j] = 0xff
		}
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

// subset reports whether got has nothing that all lacks.
func subset(got, all map[string]string) bool {
	for k, v := range got {
		if all[k] != v {
			return false
		}
	}
	return true
}

// TestCutFiles: each cut ends in an acceptable state. The only exception is the
// one that the README there names as unavoidable: erasing a namespace may have
// erased any of its keys.
func TestCutFiles(t *testing.T) {
	cuts := 0
	for _, file := range imageFiles(t, "cut_*.json") {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			var c cutFile
			spectest.ReadJSON(t, &c, "nvs-images", name+".json")
			base, err := os.ReadFile(spectest.Path(t, "nvs-images", c.Base))
			require.NoError(t, err)
			keys := readKeys(t, c.KeyFile)
			for _, cut := range c.Cuts {
				cuts++
				image := bytes.Clone(base)
				for i := range cut.N {
					c.apply(t, image, i, 0)
				}
				if cut.Part != 0 {
					c.apply(t, image, cut.N, cut.Part)
				}
				var accept []state
				for _, i := range cut.Accept {
					accept = append(accept, c.States[i])
				}
				check := func(o nvs.Options) {
					p, err := nvs.Open(flash.FromBytes(image), o)
					require.NoError(t, err)
					got := list(t, p)
					if name == "cut_erase_all" {
						all := map[string]string{}
						for ns, keys := range c.States[0] {
							for key, v := range keys {
								all[ns+"/"+key] = v[0].want(t)
							}
						}
						require.True(t, subset(got.values, all), "cut %+v", cut)
					} else {
						requireState(t, accept, got)
					}
					require.NoError(t, p.Close())
				}
				before := bytes.Clone(image)
				check(nvs.Options{Keys: keys, ReadOnly: true})
				require.Equal(t, before, image)
				check(nvs.Options{Keys: keys})
				after := bytes.Clone(image)
				check(nvs.Options{Keys: keys})
				require.Equal(t, after, image, "the second opening changes nothing")
			}
		})
	}
	t.Logf("%d cuts", cuts)
}
