// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store/nvs"
)

// partition is a row of a partition table.
type partition struct {
	name         string
	typ, subtype byte
	at, size     uint32
}

var usual = []partition{
	{"nvs", 1, 2, 0x9000, 0x6000}, {"otadata", 1, 0, 0xf000, 0x2000}, {"phy_init", 1, 1, 0x11000, 0x1000},
	{"factory", 0, 0, 0x20000, 0x8000}, {"second", 1, 2, 0x28000, 0x4000},
}

// table is a partition table.
func table(rows []partition) []byte {
	var b []byte
	for _, r := range rows {
		row := make([]byte, 32)
		row[0], row[1], row[2], row[3] = 0xaa, 0x50, r.typ, r.subtype
		binary.LittleEndian.PutUint32(row[4:], r.at)
		binary.LittleEndian.PutUint32(row[8:], r.size)
		copy(row[12:28], r.name)
		b = append(b, row...)
	}
	sum := md5.Sum(b)
	b = append(b, 0xeb, 0xeb)
	b = append(b, bytes.Repeat([]byte{0xff}, 14)...)
	return append(b, sum[:]...)
}

func blankBytes(n int) []byte { return bytes.Repeat([]byte{0xff}, n) }

func randomBytes(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// program is the image of an application or bootloader.
func program(n int) []byte {
	return append([]byte{0xe9, 6, 2, 0x20, 0x4c, 0x12, 0x38, 0x40}, randomBytes(n-8)...)
}

// nvsImage is a partition with the value n under app/serial.
func nvsImage(t *testing.T, size, n string) []byte {
	t.Helper()
	t.Chdir(t.TempDir())
	must(t, "nvs", "set", "--size", size, "made.bin", "app", "serial", "string", n)
	b, err := os.ReadFile("made.bin")
	require.NoError(t, err)
	return b
}

// wholeFlash is a dump of a flash with two partitions of NVS, its table at an
// offset.
func wholeFlash(t *testing.T, tableAt int) []byte {
	b := blankBytes(0x40000)
	copy(b[0x1000:], program(0x5000))
	copy(b[tableAt:], table(usual))
	copy(b[0x9000:], nvsImage(t, "0x6000", "first"))
	copy(b[0x20000:], program(0x8000))
	copy(b[0x28000:], nvsImage(t, "0x4000", "second"))
	return b
}

// TestForeignFiles: what is no image of a partition is said so, and stays as it
// is, with its time, whatever the command.
func TestForeignFiles(t *testing.T) {
	flash := wholeFlash(t, 0x8000)
	keys, err := nvs.GenerateKeys(rand.NewChaCha8([32]byte{1}))
	require.NoError(t, err)
	littlefs := randomBytes(0x4000)
	copy(littlefs[8:], "littlefs")
	spiffs := blankBytes(0x10000)
	copy(spiffs, []byte{1, 0x80, 1, 0, 2, 0x80, 2, 0})
	binary.LittleEndian.PutUint16(spiffs[252:], 0x0429^16)
	fat := make([]byte, 0x20000)
	copy(fat, "\xeb\xfe\x90MSDOS5.0\x00\x10")
	copy(fat[510:], "\x55\xaa")
	image := nvsImage(t, "0x6000", "x")
	damaged := bytes.Clone(image)
	damaged[5] ^= 1
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"random":             {randomBytes(0x6000), "it looks like data of another kind"},
		"zeros":              {make([]byte, 0x6000), "it looks like nothing but zeros"},
		"text":               {bytes.Repeat([]byte("some text\n"), 1000), "it looks like text"},
		"csv":                {[]byte(someCSV), "a CSV file: espprov nvs create"},
		"app":                {program(0x20000), "an application or bootloader image"},
		"empty":              {nil, "it looks like an empty file"},
		"short":              {[]byte{1, 2, 3}, "3 bytes, and a partition has at least 4096"},
		"keys":               {keys.Partition(), "the keys of an encrypted partition: give it with --keys"},
		"table":              {append(table(usual), blankBytes(0x1000-len(table(usual)))...), "a partition table"},
		"littlefs":           {littlefs, "a LittleFS file system"},
		"spiffs":             {spiffs, "a SPIFFS file system"},
		"fat":                {fat, "a FAT file system"},
		"whole flash":        {flash, "a dump of a whole flash, with a partition table. Its partitions of NVS: --partition nvs (--offset 0x9000, 24576 bytes), --partition second (--offset 0x28000, 16384 bytes)"},
		"flash without NVS":  {flash[:0x9000], "Its partition table has none of NVS"},
		"part of a flash":    {flash[0x9000:], "with the first page of one at 0x0: if the partition begins there, add --offset 0x0 and its --size"},
		"encrypted flash":    {append(append(randomBytes(0x9000), image...), randomBytes(0x8000)...), "with the first page of one at 0x9000: if the partition begins there, add --offset 0x9000 and its --size"},
		"partition and app":  {append(bytes.Clone(image), program(0x8000)...), "add --offset 0x0 and its --size"},
		"all pages damaged":  {damaged, "none of its pages can be read"},
		"random, cut off":    {randomBytes(0x5123), "data of another kind"},
		"a file of programs": {append([]byte("\x7fELF"), randomBytes(0x5000)...), "an ELF file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, os.WriteFile("file", c.file, 0o644))
			before, err := os.Stat("file")
			require.NoError(t, err)
			for _, args := range [][]string{
				{"set", "file", "app", "n", "u8", "1"}, {"erase", "file", "app"}, {"erase", "file", "app", "serial"},
				{"dump", "file"}, {"get", "file", "app", "serial"}, {"check", "file"}, {"check", "--json", "file"}, {"dump", "--json", "file"},
			} {
				out, errs, status := do(t, "", append([]string{"nvs"}, args...)...)
				if args[0] == "check" {
					require.Equal(t, 1, status, args)
					if name == "all pages damaged" {
						require.Contains(t, out, "the page header's checksum is wrong")
						continue
					}
				} else {
					require.Equal(t, 2, status, args)
				}
				require.Contains(t, errs, "file: ")
				require.Contains(t, errs, c.want, args)
			}
			after, err := os.Stat("file")
			require.NoError(t, err)
			require.True(t, os.SameFile(before, after))
			require.Equal(t, before.ModTime(), after.ModTime())
			b, err := os.ReadFile("file")
			require.NoError(t, err)
			require.True(t, bytes.Equal(c.file, b))
		})
	}
}

// TestSetOnATruncatedImage: an image that was cut off inside a sector can be
// read and not changed.
func TestSetOnATruncatedImage(t *testing.T) {
	image := nvsImage(t, "0x6000", "x")
	require.NoError(t, os.WriteFile("file", image[:0x5800], 0o600))
	require.Equal(t, "x\n", must(t, "nvs", "get", "file", "app", "serial"))
	out, _, status := do(t, "", "nvs", "dump", "file")
	require.Zero(t, status)
	require.Contains(t, out, "irregular, see espprov nvs check")
	for _, args := range [][]string{{"set", "file", "app", "n", "u8", "1"}, {"erase", "file", "app"}} {
		_, errs, status := do(t, "", append([]string{"nvs"}, args...)...)
		require.Equal(t, 2, status)
		require.Contains(t, errs, "file: 22528 bytes are no whole number of sectors of 4096")
	}
	b, err := os.ReadFile("file")
	require.NoError(t, err)
	require.True(t, bytes.Equal(image[:0x5800], b))
}

// TestBlankImages are empty partitions, also where the first write was cut.
func TestBlankImages(t *testing.T) {
	for _, torn := range []int{0, 1, 4, 20, 31} {
		image := nvsImage(t, "0x3000", "x")
		for i := torn; i < len(image); i++ {
			image[i] = 0xff
		}
		require.NoError(t, os.WriteFile("file", image, 0o600))
		out := must(t, "nvs", "dump", "file")
		require.Contains(t, out, "0 keys in 0 namespaces")
		must(t, "nvs", "set", "file", "app", "n", "u8", "7")
		require.Equal(t, "7\n", must(t, "nvs", "get", "file", "app", "n"))
	}
}

// TestPartitionsOfAFlash: the commands work inside a dump of a whole flash, and
// change nothing but the partition.
func TestPartitionsOfAFlash(t *testing.T) {
	flash := wholeFlash(t, 0x8000)
	elsewhere := wholeFlash(t, 0x10000)
	for name, c := range map[string]struct {
		file []byte
		args []string
		want string
		from int
		to   int
	}{
		"by name":                {flash, []string{"--partition", "nvs"}, "first", 0x9000, 0xf000},
		"by another name":        {flash, []string{"--partition", "second"}, "second", 0x28000, 0x2c000},
		"by offset":              {flash, []string{"--offset", "0x9000"}, "first", 0x9000, 0xf000},
		"by offset in K":         {flash, []string{"--offset", "160k"}, "second", 0x28000, 0x2c000},
		"by offset and size":     {flash, []string{"--offset", "0x28000", "--size", "16K"}, "second", 0x28000, 0x2c000},
		"table elsewhere":        {elsewhere, []string{"--partition", "nvs"}, "first", 0x9000, 0xf000},
		"dump from the table on": {flash[0x8000:], []string{"--partition", "second"}, "second", 0x20000, 0x24000},
		"no table":               {flash[0x9000:], []string{"--offset", "0", "--size", "0x6000"}, "first", 0, 0x6000},
		"no table, to the end":   {append(randomBytes(0x5000), flash[0x28000:0x2c000]...), []string{"--offset", "0x5000"}, "second", 0x5000, 0x9000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, os.WriteFile("flash.bin", c.file, 0o600))
			with := func(args ...string) []string { return append(append([]string{"nvs"}, args...), c.args...) }
			require.Equal(t, c.want+"\n", must(t, with("get", "flash.bin", "app", "serial")...))
			var d dump
			require.NoError(t, json.Unmarshal([]byte(must(t, with("dump", "--json", "flash.bin")...)), &d))
			require.Equal(t, c.to-c.from, d.Size)
			require.Contains(t, must(t, with("check", "flash.bin")...), "sound")
			must(t, with("set", "flash.bin", "app", "serial", "string", "changed")...)
			must(t, with("erase", "flash.bin", "app", "serial")...)
			must(t, with("set", "flash.bin", "app", "n", "u8", "7")...)
			require.Equal(t, "7\n", must(t, with("get", "flash.bin", "app", "n")...))
			b, err := os.ReadFile("flash.bin")
			require.NoError(t, err)
			require.Len(t, b, len(c.file))
			require.True(t, bytes.Equal(c.file[:c.from], b[:c.from]))
			require.True(t, bytes.Equal(c.file[c.to:], b[c.to:]))
			require.False(t, bytes.Equal(c.file[c.from:c.to], b[c.from:c.to]))
		})
	}
}

// TestWrongPlaces are told, and nothing is changed.
func TestWrongPlaces(t *testing.T) {
	flash := wholeFlash(t, 0x8000)
	image := nvsImage(t, "0x6000", "x")
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("flash.bin", flash, 0o600))
	require.NoError(t, os.WriteFile("nvs.bin", image, 0o600))
	for _, c := range []struct {
		file string
		args []string
		want string
	}{
		{"flash.bin", []string{"--partition", "nvs2"}, "there is no partition nvs2 in it. Its partitions of NVS: --partition nvs"},
		{"flash.bin", []string{"--partition", "factory"}, "flash.bin at 0x20000: no image of an NVS partition: it looks like an application"},
		{"flash.bin", []string{"--partition", "nvs", "--offset", "0x9000"}, "both --partition and --offset"},
		{"flash.bin", []string{"--partition", "nvs", "--size", "0x6000"}, "both --partition and --size"},
		{"flash.bin", []string{"--offset", "0xa000"}, "no partition begins at 0xa000. Its partitions of NVS"},
		{"flash.bin", []string{"--offset", "0x3f000", "--size", "0x6000"}, "it has 262144 bytes (0x40000), and the partition would be at 0x3f000 to 0x45000"},
		{"flash.bin", []string{"--offset", "0x20000"}, "flash.bin at 0x20000: no image of an NVS partition: it looks like an application"},
		{"flash.bin", []string{"--offset", "0", "--size", "0x40000"}, "a dump of a whole flash"},
		{"flash.bin", []string{"--offset", "36000"}, "no offset of a partition: give a multiple of 4096"},
		{"nvs.bin", []string{"--partition", "nvs"}, "there is no partition table in it that knows nvs"},
		{"nvs.bin", []string{"--offset", "0x6000"}, "it has 24576 bytes"},
		{"nvs.bin", []string{"--size", "0x3000"}, "24576 bytes, not 12288"},
		{"none.bin", []string{"--partition", "nvs", "--size", "0x3000"}, "none.bin: there is no such file"},
	} {
		for _, args := range [][]string{{"set", c.file, "app", "n", "u8", "1"}, {"dump", c.file}, {"erase", c.file, "app"}} {
			_, errs, status := do(t, "", append(append([]string{"nvs"}, args...), c.args...)...)
			require.Equal(t, 2, status, "%v %v", args, c.args)
			require.Contains(t, errs, c.want, "%v %v", args, c.args)
		}
	}
	// Without a table, an offset alone does not say that what follows belongs
	// to the partition.
	require.NoError(t, os.WriteFile("part.bin", flash[0x9000:], 0o600))
	_, errs, status := do(t, "", "nvs", "set", "--offset", "0", "part.bin", "app", "n", "u8", "1")
	require.Equal(t, 2, status)
	require.Contains(t, errs, "add --offset 0x0 and its --size")
	for name, want := range map[string][]byte{"flash.bin": flash, "nvs.bin": image, "part.bin": flash[0x9000:]} {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, b), name)
	}
}

// TestEncryptedPartitionOfAFlash: the place of an entry in its partition counts
// for the cipher, not that in the flash.
func TestEncryptedPartitionOfAFlash(t *testing.T) {
	flash := wholeFlash(t, 0x8000)
	t.Chdir(t.TempDir())
	_, errs, status := do(t, someCSV, "nvs", "create", "--generate-keys", "keys.bin", "-", "nvs.bin", "0x6000")
	require.Zero(t, status, errs)
	image, err := os.ReadFile("nvs.bin")
	require.NoError(t, err)
	copy(flash[0x9000:], image)
	require.NoError(t, os.WriteFile("flash.bin", flash, 0o600))
	require.Equal(t, "5ecre7\n", must(t, "nvs", "get", "--keys", "keys.bin", "--partition", "nvs", "flash.bin", "app", "pop"))
	_, errs, status = do(t, "", "nvs", "set", "--partition", "nvs", "flash.bin", "app", "n", "u8", "1")
	require.Equal(t, 2, status)
	require.Contains(t, errs, "none of its entries can be read")
	must(t, "nvs", "set", "--keys", "keys.bin", "--partition", "nvs", "flash.bin", "app", "n", "u8", "1")
	_, errs, status = do(t, "", "nvs", "set", "--keys", "keys.bin", "keys.bin", "app", "n", "u8", "1")
	require.Equal(t, 2, status)
	require.Contains(t, errs, "keys of an encrypted partition")
}

// TestDamageIsNoReasonToRefuse: a partition with a page that is left can be
// read, checked and changed, as on a device.
func TestDamageIsNoReasonToRefuse(t *testing.T) {
	image := nvsImage(t, "0x4000", "x")
	copy(image[0x1000:], randomBytes(0x1000))
	copy(image[0x2000:], strings.Repeat("text", 40))
	require.NoError(t, os.WriteFile("nvs.bin", image, 0o600))
	out, errs, status := do(t, "", "nvs", "check", "nvs.bin")
	require.Equal(t, 1, status)
	require.Contains(t, out, "sector 1 (0x1000): warning: corrupt sector")
	require.Contains(t, errs, "with the first page of one at 0x0: if the partition begins there, add --offset 0x0 and its --size")
	out, errs, status = do(t, "", "nvs", "check", "--offset", "0", "--size", "0x4000", "nvs.bin")
	require.Equal(t, 1, status)
	require.Contains(t, out, "0 errors, 2 warnings")
	require.Empty(t, errs)
	must(t, "nvs", "set", "--offset", "0", "--size", "0x4000", "nvs.bin", "app", "n", "u8", "1")
	require.Equal(t, "x\n", must(t, "nvs", "get", "nvs.bin", "app", "serial", "--offset", "0", "--size", "0x4000"))

	// As long as the pages are more than the rest, nobody has to say that.
	image = nvsImage(t, "0x3000", "x")
	copy(image[0x1000:], randomBytes(0x1000))
	require.NoError(t, os.WriteFile("nvs.bin", image, 0o600))
	must(t, "nvs", "set", "nvs.bin", "app", "n", "u8", "1")
	require.Equal(t, "x\n", must(t, "nvs", "get", "nvs.bin", "app", "serial"))
}
