// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// TestHelp: "help COMMAND" says what "COMMAND -h" does, with and without the
// group.
func TestHelp(t *testing.T) {
	for _, name := range []string{"dump", "get", "set", "erase", "create", "encrypt", "decrypt", "check", "keys"} {
		want := must(t, "nvs", name, "-h")
		require.Equal(t, want, must(t, "help", "nvs", name))
		require.Equal(t, want, must(t, "nvs", "help", name))
		require.Equal(t, want, must(t, "help", name))
	}
	require.Equal(t, must(t, "nvs", "-h"), must(t, "help", "nvs"))
	require.Equal(t, must(t, "-h"), must(t, "help"))
	_, errs, status := do(t, "", "help", "provision")
	require.Equal(t, 2, status)
	require.Contains(t, errs, `there is no command "provision"`)
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int{
		"24576": 0x6000, "0x6000": 0x6000, "0X6000": 0x6000, "24K": 0x6000, "24k": 0x6000, "1M": 1 << 20, "1m": 1 << 20, "024K": 0x6000, "0x18K": 0x6000,
		"0": 0, "4095": 0, "K": 0, "": 0, "2K": 0, "-4K": 0, "4 K": 0, "129M": 0, "99999999999999M": 0, "0x": 0, "4KB": 0, "0b1000000000000": 0,
	} {
		var s size
		err := s.UnmarshalText([]byte(text))
		require.Equal(t, want != 0, err == nil, text)
		require.EqualValues(t, want, s, text)
	}
}

// TestTooLong: what never fits is said to be too long, and by how much; what
// would fit but for other values, how full the partition is.
func TestTooLong(t *testing.T) {
	t.Chdir(t.TempDir())
	file := func(n int) string {
		require.NoError(t, os.WriteFile("value", bytes.Repeat([]byte{'x'}, n), 0o600))
		return "@value"
	}
	set := func(args ...string) string {
		t.Helper()
		_, errs, status := do(t, "", append([]string{"nvs", "set"}, args...)...)
		require.Equal(t, status != 0, errs != "")
		return errs
	}
	for size, most := range map[string]int{"0x3000": 7936, "0x4000": 11936, "0x80000": 507936, "0x81000": 508000} {
		image := size + ".bin"
		if most < 508000 {
			require.Equal(t, "espprov: "+image+": app/b: a blob of "+fmt.Sprint(most+1)+" bytes is too long: this partition can hold one of at most "+
				fmt.Sprint(most)+"\n", set("--size", size, image, "app", "b", "blob", file(most+1)))
		}
		require.NoFileExists(t, image)
		require.Empty(t, set("--size", size, image, "app", "b", "blob", file(most)))
	}
	must(t, "nvs", "set", "--size", "0x3000", "n.bin", "app", "n", "u8", "1")
	require.Contains(t, set("n.bin", "app", "b", "blob", file(7936)), "2 of 378 entries of 32 bytes are used")
	require.Contains(t, set("0x3000.bin", "app", "c", "blob", "x"), "252 of 378 entries of 32 bytes are used")
	require.Contains(t, set("0x3000.bin", "app", "c", "blob", file(508001)), "value: 508001 bytes are too long: a blob has at most 508000")
	require.Contains(t, set("0x4000.bin", "app", "s", "string", file(4000)), "value: 4000 bytes are too long: a string has at most 3999")
	require.Contains(t, set("0x4000.bin", "app", "s", "string", strings.Repeat("x", 4000)), "string of 4000 bytes, at most 3999")
	require.Empty(t, set("--size", "0x3000", "s.bin", "app", "s", "string", file(3999)))
	_, errs, status := do(t, strings.Repeat("x", 508001), "nvs", "set", "0x4000.bin", "app", "c", "blob", "@-")
	require.Equal(t, 2, status)
	require.Contains(t, errs, "blob of 508001 bytes, at most 508000")
}

// byHand is an image with items that no writer of ours makes: namespace,
// key and a u8 each.
func byHand(t *testing.T, path string, items ...any) {
	t.Helper()
	b := bytes.Repeat([]byte{0xff}, 4*nvs.SectorSize)
	bits := nvsfmt.NewBitmap()
	page, at := 0, 0
	next := func(s nvsfmt.State) {
		nvsfmt.Header{State: s, Seq: uint32(page), Version: nvsfmt.Version2}.Put(b[page*nvs.SectorSize:])
		bits.Set(0, at, nvsfmt.UseWritten)
		bits.Put(b[page*nvs.SectorSize+nvsfmt.BitmapOffset:], 0, 7)
		page, at, bits = page+1, 0, nvsfmt.NewBitmap()
	}
	for i := 0; i < len(items); i += 3 {
		if items[i] == "next page" {
			next(nvsfmt.Full)
			i -= 2
			continue
		}
		var e nvsfmt.Entry
		e.New(byte(items[i].(int)), nvsfmt.TypeU8, 1, nvsfmt.NoChunk, nvsfmt.AnyName(items[i+1].(string)))
		e.Value()[0] = byte(items[i+2].(int))
		e.Seal()
		copy(b[nvsfmt.EntryOffset(page, at):], e[:])
		at++
	}
	next(nvsfmt.Active)
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// TestOddNames that others gave are read and erased, as they are or as dump
// shows them.
func TestOddNames(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"", "caf\xc3\xa9", "\x1b[2J", "a b", `"quoted"`, "\xff", "sixteen letters."} {
		for _, shown := range []string{name, quoted(name)} {
			byHand(t, "nvs.bin", 0, "app", 1, 0, name, 2, 1, name, 11, 2, "n", 22, 2, name, 33)
			out := must(t, "nvs", "dump", "nvs.bin")
			require.Contains(t, out, "3 keys in 2 namespaces")
			require.NotContains(t, out, "cannot be read")
			if name != "" { // there it means all
				require.Contains(t, must(t, "nvs", "dump", "--namespace", shown, "nvs.bin"), "2 keys in 1 namespace")
			}
			require.Equal(t, "11\n", must(t, "nvs", "get", "nvs.bin", "app", shown), "%q", shown)
			require.Equal(t, "22\n", must(t, "nvs", "get", "nvs.bin", shown, "n"))
			require.Equal(t, "33\n", must(t, "nvs", "get", "nvs.bin", shown, shown))
			must(t, "nvs", "erase", "nvs.bin", "app", shown)
			must(t, "nvs", "erase", "nvs.bin", shown, "n")
			_, _, status := do(t, "", "nvs", "get", "nvs.bin", "app", shown)
			require.NotZero(t, status)
			must(t, "nvs", "erase", "nvs.bin", shown)
			require.Contains(t, must(t, "nvs", "dump", "nvs.bin"), "0 keys in 2 namespaces")
			_, _, status = do(t, "", "nvs", "set", "nvs.bin", "app", name, "u8", "1")
			require.Equal(t, name != "a b" && name != `"quoted"`, status == 2)
		}
	}
}

// TestNamespaceTwice: the first number counts, also after a set.
func TestNamespaceTwice(t *testing.T) {
	t.Chdir(t.TempDir())
	byHand(t, "nvs.bin", 0, "app", 1, 1, "a", 11, 1, "b", 12, "next page", 0, "app", 2, 2, "c", 22)
	for range 2 {
		out := must(t, "nvs", "dump", "nvs.bin")
		require.Contains(t, out, "app        a    u8    1     11\n")
		require.Contains(t, out, "app        b    u8    1     12\n")
		require.Contains(t, out, "in 1 namespace;")
		require.NotContains(t, out, "22")
		out, _, status := do(t, "", "nvs", "check", "nvs.bin")
		require.Equal(t, 1, status)
		require.Contains(t, out, "sector 1, entry 0 (0x1040): error: namespace app has the number 2 here, and the number 1 before")
		require.Contains(t, out, "1 keys have the number, and no name leads to them")
		must(t, "nvs", "set", "nvs.bin", "app", "d", "u8", "13")
	}
}

// TestHarmlessNames are shown.
func TestHarmlessNames(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "nvs", "set", "--size", "12k", "nvs.bin", "app", "monkey", "string", "a chimp")
	must(t, "nvs", "set", "nvs.bin", "app", "keyboard", "string", "qwertz")
	must(t, "nvs", "set", "nvs.bin", "app", "apiKey", "string", "5ecre7")
	out := must(t, "nvs", "dump", "nvs.bin")
	require.Contains(t, out, "a chimp")
	require.Contains(t, out, "qwertz")
	require.NotContains(t, out, "5ecre7")
}
