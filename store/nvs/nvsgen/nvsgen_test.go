// SPDX-License-Identifier: Apache-2.0

package nvsgen_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

const heading = "key,type,encoding,value\n"

func gen(csv string, size int) ([]byte, error) {
	return nvsgen.Generate(strings.NewReader(csv), nvsgen.Options{Size: size})
}

// TestErrors: each says line, column, field, key, value and what to do.
func TestErrors(t *testing.T) {
	long := strings.Repeat("x", 4000)
	for _, c := range []struct{ csv, want string }{
		{"", "line 1: the heading has no column key"},
		{"key,type,value\n", "line 1: the heading has no column encoding"},
		{"# comment\n\nname,type,encoding,value\n", "line 3: the heading has no column key"},
		{heading + "n,data,u8,1", "line 2, column 3 (type), key n: a value before the first namespace"},
		{heading + ",namespace,,", "line 2, column 1 (key): the name is empty"},
		{heading + "sixteen-letters_,namespace,,", `line 2, column 1 (key): the name "sixteen-letters_" has 16 bytes`},
		{heading + "größe,namespace,,", `the name "größe" is not plain ASCII`},
		{"n,blob,u8,1", `line 3, column 3 (type), key n: type "blob": use data, file or namespace`},
		{"n,data,u9,1", `line 3, column 8 (encoding), key n: encoding "u9": use u8, i8`},
		{"n,data,u8,256", `line 3, column 11 (value), key n: "256" is no u8: write a number from 0 to 255`},
		{"n,data,u8,-1", `"-1" is no u8`},
		{"n,data,i8,128", `"128" is no i8: write a number from -128 to 127`},
		{"n,data,i8,-129", `"-129" is no i8`},
		{"n,data,i64,9223372036854775808", `is no i64: write a number from -9223372036854775808 to 9223372036854775807`},
		{"n,data,u64,18446744073709551616", `is no u64: write a number from 0 to 18446744073709551615`},
		{"n,data,u32,", `"" is no u32`},
		{"n,data,u32,0x", `"0x" is no u32`},
		{"n,data,u32,1e3", `"1e3" is no u32`},
		{"n,data,u32,_1", `"_1" is no u32`},
		{"n,data,u32,1__0", `"1__0" is no u32`},
		{"n,data,u32,0b1", `"0b1" is no u32`},
		{"n,data,u32,--1", `"--1" is no u32`},
		{"n,data,u32,+-1", `"+-1" is no u32`},
		{"n,data,u32," + long, "key n: the value is no u32"},
		{"n,data", `encoding "": use u8`},
		{"pin,data,u32,12x4", "key pin: the value is no u32"},
		{"n,data,hex2bin,0a0", "an odd number of hexadecimal digits, 3"},
		{"n,data,hex2bin,0axb", "not a hexadecimal digit at character 3"},
		{"n,data,hex2bin,0a0x", "not a hexadecimal digit at character 4"},
		{"n,data,base64,AAE!", "not base64 at character 4"},
		{"n,data,blob_fill(4;0x00),12345", "5 bytes, 1 more than the encoding has room for"},
		{"n,data,blob_fill(4),1", "write blob_fill(n;0xXX)"},
		{"n,data,blob_fill(4;00),1", "write blob_fill(n;0xXX)"},
		{"n,data,blob_sz_fill(x;0x00),1", "write blob_fill(n;0xXX)"},
		{"n,data,blob_fill(4;0x100),1", "write blob_fill(n;0xXX)"},
		{"n,data,blob_fill(600000;0x00),1", "blobs have at most 508000 bytes"},
		{"n,data,string," + long, "a string of 4000 bytes: at most 3967 fit a page"},
		{"n,data,string,a\x00b", "byte 2 is zero"},
		{"n,data,string,a,b", "line 3, column 17, key n: text behind the last column: put a value that contains commas in quotes"},
		{`n,data,string,"a`, "line 3, column 15: the quote that begins here is not closed"},
		{`n,data,string,"a"b`, "line 3, column 18: text behind a closing quote"},
		{`n,data,string,"a" b`, "line 3, column 19: text behind a closing quote"},
		{`n,data,string,"a" "b"`, "line 3, column 19: text behind a closing quote"},
		{"n,data,string,\xff", "line 3: this is not UTF-8 text"},
		{"n,data,u8,1\nm,data,u8,2\nn,data,u16,3", "line 5, column 1 (key): key n is in namespace a already, in line 3"},
		{"n,file,string,x.txt", "file x.txt: rows of type file are not allowed here"},
		{"n,file,string,", "no file is named"},
		{"m,data,string,\"three\nlines\nhere\"\nn,data,u8,x", "line 6, column 11"},
		{"n,data,string,größe,x", "line 3, column 21, key n: text behind the last column"},
	} {
		csv := c.csv
		if c.csv != "" && !strings.Contains(csv, ",type,") {
			csv = heading + "a,namespace,,\n" + csv
		}
		_, err := gen(csv, 0x6000)
		require.ErrorContains(t, err, c.want, csv)
		var e *nvsgen.Error
		require.ErrorAs(t, err, &e)
		require.Positive(t, e.Line)
	}

	var many strings.Builder
	many.WriteString(heading)
	for i := range 255 {
		fmt.Fprintf(&many, "n%d,namespace,,\n", i)
	}
	_, err := gen(many.String(), 0x6000)
	require.ErrorContains(t, err, "line 256, column 1 (key): a partition has at most 254 namespaces")
}

func TestErrorsOfOptions(t *testing.T) {
	for _, size := range []int{0, -4096, 1, 4095, 4097, nvsgen.MaxSize + 4096} {
		_, err := gen(heading, size)
		require.ErrorIs(t, err, nvsgen.ErrSize, size)
	}
	_, err := nvsgen.Generate(strings.NewReader(heading), nvsgen.Options{Size: 4096, Version: 3})
	require.ErrorIs(t, err, nvsgen.ErrVersion)

	rows := heading + "a,namespace,,\nn,data,blob_fill(3968;0x00),\nm,data,u8,1\n"
	_, err = gen(rows, 0x3000)
	require.NoError(t, err)
	_, err = gen(rows, 0x1000) // no place for the blob's index
	require.ErrorIs(t, err, nvsgen.ErrFull)
	require.ErrorContains(t, err, "line 3, key n: the partition is too small")
	_, err = gen(rows+"o,data,blob_fill(4000;0x00),\n", 0x3000)
	require.ErrorContains(t, err, "line 5, key o: the partition is too small")

	_, err = nvsgen.Generate(strings.NewReader(heading+"a,namespace,,\nn,data,blob_fill(1985;0x00),\n"),
		nvsgen.Options{Size: 0x6000, Version: 1})
	require.ErrorContains(t, err, "line 3, key n: a blob of 1985 bytes: format version 1 takes at most 1984")
	for n, ok := range map[int]bool{1982: true, 1983: true, 1984: false, 3967: false} {
		for version := 1; version <= 2; version++ {
			_, err = nvsgen.Generate(strings.NewReader(heading+"a,namespace,,\ns,data,string,"+strings.Repeat("x", n)+"\n"),
				nvsgen.Options{Size: 0x6000, Version: version})
			if ok || version == 2 {
				require.NoError(t, err)
				continue
			}
			require.ErrorContains(t, err, fmt.Sprintf("line 3, key s: a string of %d bytes: format version 1 takes at most 1983", n))
		}
	}

	// A blob has at most 128 chunks, which is enough for the longest one: the
	// first one has what is left of a page.
	rows = heading + "a,namespace,,\nb,data,blob_fill(508000;0x00),\n"
	image, err := gen(rows, 4096*140)
	require.NoError(t, err)
	require.EqualValues(t, 127, image[127*4096+64+3], "the last chunk's number")
	p, err := nvs.Open(flash.FromBytes(image), nvs.Options{})
	require.NoError(t, err)
	b, err := store.Blob(p, "a", "b")
	require.NoError(t, err)
	require.Len(t, b, 508000)

	failing := errors.New("no luck")
	_, err = nvsgen.Generate(strings.NewReader(heading+"a,namespace,,\nn,file,binary,x\n"), nvsgen.Options{Size: 0x6000,
		ReadFile: func(string) ([]byte, error) { return nil, failing }})
	require.ErrorIs(t, err, failing)
	require.ErrorContains(t, err, "line 3, column 15 (value), key n: no luck")
}

// Files of other editors and hands: a byte order mark, line ends of Windows,
// another order of columns, empty rows, columns left out or added empty.
func TestDialects(t *testing.T) {
	want, err := gen(heading+"a,namespace,,\nn,data,u8,10\ns,data,string,\"x, \"\"y\"\"\nz\"\n", 0x6000)
	require.NoError(t, err)
	for _, csv := range []string{
		"\ufeff" + heading + "a,namespace,,\nn,data,u8,10\ns,data,string,\"x, \"\"y\"\"\nz\"\n",
		strings.ReplaceAll(heading+"a,namespace,,\n\n#n,data\nn,data,U8,0x0A\ns,data,string,\"x, \"\"y\"\"\nz\"", "\n", "\r\n"),
		"type,value,key,encoding\nnamespace,,a,\ndata,010,n,u8\ndata,\"x, \"\"y\"\"\nz\",s,string\n",
		"key,type,encoding,value,,\na,namespace\nn,data,u8, 10 ,,\ns,data,\"string\",\"x, \"\"y\"\"\nz\",,\na,namespace,,\n  \n",
	} {
		image, err := gen(csv, 0x6000)
		require.NoError(t, err)
		require.Equal(t, values(t, want, nil), values(t, image, nil), csv)
		require.Equal(t, want, image, csv)
	}
}

// TestOriginalTakes: rows that look wrong, with what the stand-alone generator
// 0.2.0 makes of them.
func TestOriginalTakes(t *testing.T) {
	image, err := gen(heading+"a,namespace,u8,5\nb,data,string,\"abc\" \nc,data,string,\"a\"\t,\nd,data,string,\"x\"  \n"+
		"e,data,u8, 7 \nf,data,u32,1_000\ng,data,u32,010\nh,data,i8,-0_8\ni,data,u8,+9\na,namespace,,again\nj,data,string,\"\" ", 0x3000)
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"a/b": "string abc ", "a/c": "string a\t", "a/d": "string x  ", "a/e": "u8 \x07", "a/f": "u32 \xe8\x03\x00\x00",
		"a/g": "u32 \x0a\x00\x00\x00", "a/h": "i8 \xf8", "a/i": "u8 \x09", "a/j": "string  ",
	}, values(t, image, nil))
}

// Comments begin rows, not lines inside quotes.
func TestDialectsOfComments(t *testing.T) {
	image, err := gen("#key\n"+heading+"a,namespace,,\n#n,data,u8,1\ns,data,string,\"one\n#two\"\n# n,namespace,,\n#", 0x6000)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a/s": "string one\n#two"}, values(t, image, nil))
}

// A file without values gives a blank partition, namespaces alone one with
// their names.
func TestBlank(t *testing.T) {
	image, err := gen(heading, 0x3000)
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{0xff}, 0x3000), image)
	image, err = gen(heading+"a,namespace,,\nb,namespace,,\n", 0x3000)
	require.NoError(t, err)
	p, err := nvs.Open(flash.FromBytes(image), nvs.Options{})
	require.NoError(t, err)
	got := map[string]uint8{}
	for name, number := range p.Namespaces() {
		got[name] = number
	}
	require.Equal(t, map[string]uint8{"a": 1, "b": 2}, got)
}

// Rows of type file take every encoding, and names relative to the folder.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	write("text", "Grüße 你好 🌍\n")
	write("raw", "\x00\xff")
	write("hex", "00ff10\n")
	write("b64", "AP8Q\r\n")
	write("sub/n", "-5\n")
	image, err := nvsgen.Generate(strings.NewReader(heading+"f,namespace,,\ntext,file,string,text\nraw,file,binary,raw\n"+
		"hex,file,hex2bin,hex\nb64,file,base64,b64\nn,file,i16,sub/n\nabs,file,binary,"+filepath.Join(dir, "raw")+"\n"),
		nvsgen.Options{Size: 0x3000, ReadFile: nvsgen.Folder(dir)})
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"f/text": "string Grüße 你好 🌍\n", "f/raw": "blob \x00\xff", "f/hex": "blob \x00\xff\x10", "f/b64": "blob \x00\xff\x10",
		"f/n": "i16 \xfb\xff", "f/abs": "blob \x00\xff",
	}, values(t, image, nil))
	_, err = nvsgen.Generate(strings.NewReader(heading+"f,namespace,,\nn,file,binary,none\n"),
		nvsgen.Options{Size: 0x3000, ReadFile: nvsgen.Folder(dir)})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// What the original adds to Wi-Fi credentials is added once, not over the
// file's own, in the driver's namespace only, and not for an open network.
func TestWiFiRows(t *testing.T) {
	keys := func(rows string) []string {
		image, err := gen(heading+rows, 0x6000)
		require.NoError(t, err)
		p, err := nvs.Open(flash.FromBytes(image), nvs.Options{})
		require.NoError(t, err)
		var got []string
		for e, err := range p.Entries("") {
			require.NoError(t, err)
			got = append(got, e.Key)
		}
		return got
	}
	const wifi = "nvs.net80211,namespace,,\n"
	ssid, pswd := "sta.ssid,data,blob_sz_fill(32;0x00),Net\n", "sta.pswd,data,blob_fill(64;0x00),password\n"
	apSSID, apPass := "ap.ssid,data,blob_sz_fill(32;0x00),Net\n", "ap.passwd,data,blob_fill(64;0x00),password\n"
	require.Equal(t, []string{"sta.pswd", "sta.apinfo", "sta.pmk", "sta.apsw", "sta.ssid"}, keys(wifi+pswd+ssid))
	require.Equal(t, []string{"sta.ssid", "sta.apinfo", "sta.apsw", "sta.pmk"},
		keys(wifi+ssid+"sta.pmk,data,hex2bin,"+strings.Repeat("11", 32)+"\n"))
	require.Equal(t, []string{"ap.passwd", "ap.ssid", "ap.pmk_info"}, keys(wifi+apPass+apSSID))
	require.Equal(t, []string{"ap.ssid", "ap.passwd"}, keys(wifi+apSSID+"ap.passwd,data,blob_fill(64;0x00),\n"))
	require.Equal(t, []string{"ap.ssid"}, keys(wifi+apSSID))
	require.Equal(t, []string{"sta.ssid", "ap.ssid", "ap.passwd"}, keys("app,namespace,,\n"+ssid+apSSID+apPass))
}

// TestAnyImageOpens: an image of any CSV file, in both versions, plain and
// encrypted, opens without a write and holds the file's values.
func TestAnyImageOpens(t *testing.T) {
	name := rapid.StringMatching(`[a-z][a-z0-9_.]{0,14}`)
	rapid.Check(t, func(t *rapid.T) {
		o := nvsgen.Options{Size: 4096 * rapid.IntRange(12, 20).Draw(t, "sectors"), Version: rapid.IntRange(0, 2).Draw(t, "version")}
		if rapid.Bool().Draw(t, "encrypted") {
			o.Keys = &nvs.Keys{Data: [32]byte{1}, Tweak: [32]byte{2}}
		}
		var csv strings.Builder
		csv.WriteString(heading)
		want := map[string]string{}
		old := map[string]bool{}
		for _, ns := range rapid.SliceOfNDistinct(name, 0, 5, rapid.ID).Draw(t, "namespaces") {
			fmt.Fprintf(&csv, "%s,namespace,,\n", ns)
			for _, key := range rapid.SliceOfNDistinct(name, 0, 8, rapid.ID).Draw(t, "keys") {
				max := 3000
				if o.Version == 1 {
					max = 1984
				}
				b := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, rapid.IntRange(0, max).Draw(t, "length"))
				value := "blob " + string(b)
				switch rapid.IntRange(0, 4).Draw(t, "kind") {
				case 0:
					n := rapid.Int32().Draw(t, "n")
					fmt.Fprintf(&csv, "%s,data,i32,%d\n", key, n)
					value = "i32 " + string([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
				case 1:
					s := rapid.StringMatching(`[ -~äöü🌍\n]{0,300}`).Draw(t, "text")
					fmt.Fprintf(&csv, "%s,data,string,\"%s\"\n", key, strings.ReplaceAll(s, `"`, `""`))
					value = "string " + s
				case 2:
					fmt.Fprintf(&csv, "%s,data,hex2bin,%s\n", key, hex.EncodeToString(b))
				case 3:
					fmt.Fprintf(&csv, "%s,data,base64,%s\n", key, base64.StdEncoding.EncodeToString(b))
				case 4:
					fmt.Fprintf(&csv, "%s,data,blob_sz_fill(%d;0x%02x),ab\n", key, len(b)%1900+2, 0x7f)
					value = "blob \x02\x00\x00\x00ab" + strings.Repeat("\x7f", len(b)%1900)
				}
				want[ns+"/"+key] = value
				old[ns+"/"+key] = o.Version == 1 && strings.HasPrefix(value, "blob ")
			}
		}
		image, err := nvsgen.Generate(strings.NewReader(csv.String()), o)
		if errors.Is(err, nvsgen.ErrFull) {
			t.Skip("too much")
		}
		require.NoError(t, err)
		require.Len(t, image, o.Size)
		f := flash.NewRecorder(flash.FromBytes(bytes.Clone(image)))
		p, err := nvs.Open(f, nvs.Options{Keys: o.Keys})
		require.NoError(t, err)
		listed := 0
		for e, err := range p.Entries("") {
			require.NoError(t, err)
			require.Contains(t, want, e.Namespace+"/"+e.Key)
			listed++
		}
		for id, value := range want {
			ns, key, _ := strings.Cut(id, "/")
			typ, err := p.Find(ns, key)
			require.NoError(t, err)
			v, err := p.Get(nil, ns, key, typ)
			require.NoError(t, err)
			require.Equal(t, value, typ.String()+" "+string(v))
			if old[id] {
				listed++
			}
		}
		require.Equal(t, len(want), listed)
		require.NoError(t, p.Close())
		require.Empty(t, f.Ops())
	})
}

// TestStringsLeaveAnEntry: the original puts a string on the next page that
// would fill its page to the end (nvs.md 17); a blob fills it.
func TestStringsLeaveAnEntry(t *testing.T) {
	for _, c := range []struct {
		row  string
		want int // entries on the first page
	}{
		{"s,data,string," + strings.Repeat("x", 124*32-1), 1},
		{"s,data,string," + strings.Repeat("x", 123*32-1), 125},
		{"s,data,string," + strings.Repeat("x", 123*32), 1},
		{"b,data,blob_fill(3936;0x00),", 126},
		{"b,data,blob_fill(4000;0x00),", 126},
	} {
		image, err := gen(heading+"a,namespace,,\n"+c.row+"\n", 0x4000)
		require.NoError(t, err)
		bits := nvsfmt.ParseBitmap(image[32:])
		require.True(t, bits.All(0, c.want, nvsfmt.UseWritten) && bits.All(c.want, 126, nvsfmt.UseFree), c.row[:20])
		values(t, image, nil)
	}
}

// A device can go on with an image: set, erase, until page changes come.
func TestImagesCanBeWritten(t *testing.T) {
	for _, version := range []int{1, 2} {
		image, err := nvsgen.Generate(strings.NewReader(heading+"a,namespace,,\nn,data,u8,1\nb,data,blob_fill(1500;0x01),x\n"),
			nvsgen.Options{Size: 0x3000, Version: version})
		require.NoError(t, err)
		p, err := nvs.Open(flash.FromBytes(image), nvs.Options{})
		require.NoError(t, err)
		for i := range 500 {
			require.NoError(t, store.SetInt(p, "a", "count", uint32(i)))
		}
		require.NoError(t, store.SetBlob(p, "a", "b", []byte("new")))
		require.NoError(t, p.Close())
		p, err = nvs.Open(flash.FromBytes(image), nvs.Options{})
		require.NoError(t, err)
		b, err := store.Blob(p, "a", "b")
		require.NoError(t, err)
		require.Equal(t, "new", string(b))
	}
}

// FuzzGenerate: any bytes give an error with a line, or an image that opens.
func FuzzGenerate(f *testing.F) {
	f.Add([]byte(heading + "a,namespace,,\nn,data,u8,1\ns,data,string,\"x\"\"y\"\nb,data,blob_sz_fill(8;0x01),x\n"))
	f.Add([]byte("\ufeff" + heading + "nvs.net80211,namespace,,\r\nsta.ssid,data,hex2bin,00\nap.ssid,data,blob_sz_fill(32;0x00),x\nap.passwd,data,binary,y\n"))
	f.Fuzz(func(t *testing.T, csv []byte) {
		for version := 1; version <= 2; version++ {
			image, err := nvsgen.Generate(bytes.NewReader(csv), nvsgen.Options{Size: 0x4000, Version: version})
			if err != nil {
				var e *nvsgen.Error
				require.ErrorAs(t, err, &e)
				require.Positive(t, e.Line)
				require.LessOrEqual(t, e.Line, bytes.Count(csv, []byte("\n"))+1)
				require.Less(t, len(err.Error()), 1000)
				continue
			}
			values(t, image, nil)
		}
	})
}
