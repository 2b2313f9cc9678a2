package filestore_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/filestore"
	"github.com/wifiprov/wifiprov/store/storetest"
)

func TestKeepsContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Rig {
		path := filepath.Join(t.TempDir(), "store.json")
		s, err := filestore.Open(path)
		require.NoError(t, err)
		return storetest.Rig{Store: s, PowerCut: func() (store.Store, error) { return filestore.Open(path) }}
	})
}

func open(t *testing.T, path string) *filestore.Store {
	t.Helper()
	s, err := filestore.Open(path)
	require.NoError(t, err)
	return s
}

func TestFileFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.json")
	s := open(t, path)
	require.NoError(t, errors.Join(
		store.SetInt(s, "nvs.net80211", "opmode", uint8(1)),
		store.SetBlob(s, "nvs.net80211", "sta.ssid", []byte("\x02\x00\x00\x00ab")),
		store.SetInt(s, "app", "offset", int16(-300)),
		store.SetInt(s, "app", "big", ^uint64(0)),
		store.SetText(s, "app", "name", "K\u00fcche \xff\""),
		store.SetBlob(s, "app", "none", nil),
	))
	_, err := os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist, "nothing is written before Commit")
	require.NoError(t, s.Commit())
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, `{
  "format": "wifiprov store 1",
  "namespaces": {
    "app": {
      "big": "u64 18446744073709551615",
      "name": "string \"Küche \\xff\\\"\"",
      "none": "blob ",
      "offset": "i16 -300"
    },
    "nvs.net80211": {
      "opmode": "u8 1",
      "sta.ssid": "blob 020000006162"
    }
  }
}
`, string(got))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1, "no temporary file is left")
}

func TestUncommittedIsLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.json")
	s := open(t, path)
	require.NoError(t, store.SetInt(s, "a", "k", uint8(1)))
	require.NoError(t, s.Commit())
	require.NoError(t, store.SetInt(s, "a", "k", uint8(2)))
	v, err := store.Int[uint8](open(t, path), "a", "k")
	require.NoError(t, err)
	require.EqualValues(t, 1, v)
}

func TestCommitWithoutChangesKeepsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.json")
	s := open(t, path)
	require.NoError(t, s.Commit())
	_, err := os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, store.SetInt(s, "a", "k", uint8(1)))
	require.NoError(t, s.Commit())
	require.NoError(t, os.Remove(path))
	require.NoError(t, s.Commit())
	_, err = os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestCommitFailureCanBeRepeated(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	path := filepath.Join(dir, "store.json")
	s := open(t, path)
	require.NoError(t, store.SetInt(s, "a", "k", uint8(1)))
	err := s.Commit()
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "store: commit: ")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, s.Commit())
	v, err := store.Int[uint8](open(t, path), "a", "k")
	require.NoError(t, err)
	require.EqualValues(t, 1, v)
}

func TestCommitFailureLeavesNoTemporaryFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.json")
	s := open(t, path)
	require.NoError(t, store.SetInt(s, "a", "k", uint8(1)))
	require.NoError(t, os.MkdirAll(filepath.Join(path, "in the way"), 0o700))
	require.Error(t, s.Commit())
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1)
}

func TestDamagedFiles(t *testing.T) {
	const good = `{"format": "wifiprov store 1", "namespaces": {"a": {"k": "u8 1"}}}`
	for name, tt := range map[string]struct{ content, say string }{
		"empty":          {"", "byte 0: unexpected end"},
		"cut":            {good[:40], "byte 40: unexpected end"},
		"no JSON":        {"hello", "byte 1: invalid character"},
		"more":           {good + "{}", "invalid character '{' after top-level value"},
		"list":           {"[]", "cannot unmarshal array"},
		"other format":   {strings.Replace(good, "store 1", "store 2", 1), `format is "wifiprov store 2"`},
		"no format":      {"{}", `format is ""`},
		"unknown type":   {strings.Replace(good, "u8", "u9", 1), `a/k: unknown type "u9"`},
		"no type":        {strings.Replace(good, "u8 1", "", 1), `a/k: unknown type ""`},
		"too large":      {strings.Replace(good, "u8 1", "u8 256", 1), `a/k: u8 "256": value out of range`},
		"no number":      {strings.Replace(good, "u8 1", "u8 x", 1), `a/k: u8 "x": invalid syntax`},
		"odd digits":     {strings.Replace(good, "u8 1", "blob 0", 1), "a/k: encoding/hex: odd length"},
		"no digits":      {strings.Replace(good, "u8 1", "blob 0x", 1), "a/k: encoding/hex: invalid byte"},
		"unquoted":       {strings.Replace(good, "u8 1", "string x", 1), "a/k: invalid syntax"},
		"long key":       {strings.Replace(good, `"k"`, `"0123456789abcdef"`, 1), "key is longer than 15"},
		"zero in string": {strings.Replace(good, "u8 1", `string \"\\x00\"`, 1), "zero byte"},
		"beyond limit":   {strings.Replace(good, "u8 1", "blob "+strings.Repeat("0", 2<<20), 1), "at most 508000"},
		"huge":           {strings.Repeat(" ", 9<<20), "over 8388608 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.json")
			require.NoError(t, os.WriteFile(path, []byte(tt.content), 0o600))
			_, err := filestore.Open(path)
			require.ErrorIs(t, err, filestore.ErrDamaged)
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, tt.say)
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, tt.content, string(got), "the file is left alone")
		})
	}
}

func TestOpenErrors(t *testing.T) {
	_, err := filestore.Open(t.TempDir())
	require.Error(t, err, "a folder")
	require.NotErrorIs(t, err, filestore.ErrDamaged)
}

// TestAnyValueSurvives: every value comes back from the file as it was.
func TestAnyValueSurvives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.json")
	s := open(t, path)
	rnd := rand.New(rand.NewPCG(1, 2))
	type content struct {
		typ   store.Type
		value []byte
	}
	want := map[string]content{}
	for range 2000 {
		c := content{typ: []store.Type{
			store.TypeU8, store.TypeI8, store.TypeU16, store.TypeI16, store.TypeU32, store.TypeI32,
			store.TypeU64, store.TypeI64, store.TypeString, store.TypeBlob,
		}[rnd.IntN(10)]}
		n := c.typ.Size()
		if n == 0 {
			n = rnd.IntN(40)
		}
		for range n {
			b := byte(rnd.Uint32())
			if b == 0 && c.typ == store.TypeString {
				b = 1
			}
			c.value = append(c.value, b)
		}
		key := make([]byte, 1+rnd.IntN(15))
		for i := range key {
			key[i] = ' ' + byte(rnd.IntN(95))
		}
		require.NoError(t, s.Set("any \"ns\"", string(key), c.typ, c.value))
		want[string(key)] = c
	}
	require.NoError(t, s.Commit())
	again := open(t, path)
	for key, c := range want {
		got, err := again.Get(nil, "any \"ns\"", key, c.typ)
		require.NoError(t, err)
		require.Equal(t, c.value, got)
	}
}
