// SPDX-License-Identifier: Apache-2.0

package nvsgen_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

func file(name, text string) nvsgen.File { return nvsgen.File{Name: name, Text: []byte(text)} }

// names fills each place with its name.
func names(p nvsgen.Place) (string, error) { return p.Name, nil }

// What places become, and what is kept of braces.
func TestTemplate(t *testing.T) {
	tmpl, err := nvsgen.ParseTemplate(file("a.csv", heading+"app,namespace,,\na,data,string,x{one}y{two}z\nb,data,string,{{{one}}}\nc,data,string,{{}}\nd,data,u8,7\n"),
		file("b.csv", heading+"other,namespace,{,}\ne,data,string,\"{one, or two}\"\n"))
	require.NoError(t, err)
	require.Equal(t, []nvsgen.Place{
		{Name: "one", Key: "a", File: "a.csv", Line: 3, Column: 15}, {Name: "two", Key: "a", File: "a.csv", Line: 3, Column: 15},
		{Name: "one", Key: "b", File: "a.csv", Line: 4, Column: 15}, {Name: "one, or two", Key: "e", File: "b.csv", Line: 3, Column: 15},
	}, tmpl.Places())
	table, err := tmpl.Fill(names)
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(heading+"app,namespace,,\na,data,string,xoneytwoz\nb,data,string,{one}\nc,data,string,{}\nd,data,u8,7\n"+
		"other,namespace,{,\ne,data,string,\"one, or two\"\n", "\n", "\r\n"), string(table.CSV()))
	image, err := table.Image(nvsgen.Options{Size: 0x3000})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"app/a": "string xoneytwoz", "app/b": "string {one}", "app/c": "string {}", "app/d": "u8 \a",
		"other/e": "string one, or two"}, values(t, image, nil))
	n, err := table.Check(image, nil, nil)
	require.NoError(t, err)
	require.Equal(t, 5, n)

	stop := errors.New("stop")
	_, err = tmpl.Fill(func(nvsgen.Place) (string, error) { return "", stop })
	require.ErrorIs(t, err, stop)
}

// An error of a value says from which place it came, and hides what its name says is
// secret.
func TestTemplateErrors(t *testing.T) {
	for row, want := range map[string]string{
		"n,data,u8,{serial}":  `a.csv: line 3, column 11 (value), key n: "serial" is no u8: write a number from 0 to 255`,
		"n,data,u8,{my pin}":  `a.csv: line 3, column 11 (value), key n: the value is no u8: write a number from 0 to 255`,
		"n,file,binary,{f}":   `a.csv: line 3, column 15 (value), key n: file f: rows of type file are not allowed here`,
		"n,data,ascii,{f}":    `a.csv: line 3, column 8 (encoding), key n: encoding "ascii": use u8,`,
		"n,data,string,{":     `a.csv: line 3, column 15 (value), key n: a brace stands alone`,
		"n,data,string,}":     `a.csv: line 3, column 15 (value), key n: a brace stands alone`,
		"n,data,string,{}":    `a.csv: line 3, column 15 (value), key n: a brace stands alone`,
		"n,data,string,{a}}":  `a.csv: line 3, column 15 (value), key n: a brace stands alone`,
		"n,data,string,\"{a}": `a.csv: line 3, column 15: the quote that begins here is not closed`,
	} {
		tmpl, err := nvsgen.ParseTemplate(file("a.csv", heading+"app,namespace,,\n"+row+"\n"))
		if err == nil {
			_, err = tmpl.Fill(names)
		}
		require.ErrorContains(t, err, want, row)
		var e *nvsgen.Error
		require.ErrorAs(t, err, &e)
		filled := strings.Contains(want, "is no u8") || strings.Contains(want, "file f")
		require.Equal(t, filled, e.From != nil, row)
	}
}

// The form of mfg_gen.py. Its keys may have one name in several namespaces, and its rows
// columns in quotes.
func TestConfig(t *testing.T) {
	tmpl, err := nvsgen.ParseConfig(file("c.csv", "\ufeffapp,namespace,\r\nname,data,string\r\n\r\nn,data,u8,REPEAT\r\nother,namespace,,\"\"\r\nname,data,string,\r\n"))
	require.ErrorContains(t, err, "c.csv: line 5: 4 columns")
	require.Nil(t, tmpl)
	tmpl, err = nvsgen.ParseConfig(file("c.csv", "\ufeffapp,namespace,\r\nname,data,string\r\n\r\nn,data,u8,REPEAT\r\nother,namespace,\r\nname,data,\"string\"\r\n"))
	require.NoError(t, err)
	require.Equal(t, []nvsgen.Place{{Name: "name", Key: "name", File: "c.csv", Line: 2, Column: 1}, {Name: "n", Key: "n", Repeat: true, File: "c.csv", Line: 4, Column: 1},
		{Name: "name", Key: "name", File: "c.csv", Line: 6, Column: 1}}, tmpl.Places())
	table, err := tmpl.Fill(func(p nvsgen.Place) (string, error) { return fmt.Sprint(p.Line), nil })
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(heading+"app,namespace,,\nname,data,string,2\nn,data,u8,4\nother,namespace,,\nname,data,string,6\n", "\n", "\r\n"), string(table.CSV()))
}

// Several files make one image; a key that is in two of them is refused.
func TestSeveralFiles(t *testing.T) {
	a, b := file("a.csv", heading+"app,namespace,,\nx,data,u8,1\n"), file("b.csv", heading+"more,namespace,,\ny,data,u8,2\napp,namespace,,\nz,data,u8,3\n")
	table, err := nvsgen.Read(a, b)
	require.NoError(t, err)
	image, err := table.Image(nvsgen.Options{Size: 0x3000})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"app/x": "u8 \x01", "more/y": "u8 \x02", "app/z": "u8 \x03"}, values(t, image, nil))
	_, err = nvsgen.Read(a, b, file("c.csv", heading+"app,namespace,,\nx,data,u8,1\n"))
	require.EqualError(t, err, "c.csv: line 3, column 1 (key): key x is in namespace app already, in a.csv, line 3: remove one of them")
	_, err = nvsgen.Read(a, file("c.csv", heading+"x,data,u8,1\n"))
	require.ErrorContains(t, err, "c.csv: line 2, column 3 (type), key x: a value before the first namespace")
	_, err = nvsgen.Read(a, file("c.csv", ""))
	require.ErrorContains(t, err, "c.csv: line 1: the heading has no column key")
}

// Check sees a value that is missing, one that is different, and one that is too much.
func TestCheck(t *testing.T) {
	read := func(rows string) *nvsgen.Table {
		table, err := nvsgen.Read(file("", heading+"app,namespace,,\n"+rows))
		require.NoError(t, err)
		return table
	}
	keys := &nvs.Keys{Data: [32]byte{1}, Tweak: [32]byte{2}}
	for _, version := range []int{1, 2} {
		o := nvsgen.Options{Size: 0x4000, Version: version, Keys: keys}
		image, err := read("a,data,u8,1\nb,data,hex2bin,00ff\nc,data,string,text\n").Image(o)
		require.NoError(t, err)
		for rows, want := range map[string]string{
			"a,data,u8,1\nb,data,hex2bin,00ff\nc,data,string,text\n":              "",
			"a,data,u8,2\nb,data,hex2bin,00ff\nc,data,string,text\n":              "app/a has another value than the one asked for",
			"a,data,u8,1\nb,data,hex2bin,00ff\nc,data,string,tex\n":               "app/c has another value than the one asked for",
			"a,data,u8,1\nb,data,hex2bin,01ff\nc,data,string,text\n":              "app/b has another value than the one asked for",
			"a,data,u8,1\nb,data,hex2bin,00ff\nc,data,string,text\nd,data,u8,1\n": "app/d cannot be read back",
			"a,data,u8,1\nb,data,hex2bin,00ff\n":                                  "it has app/c, which was not asked for",
		} {
			n, err := read(rows).Check(image, keys, nil)
			if want == "" {
				require.NoError(t, err)
				require.Equal(t, 3, n)
				continue
			}
			require.ErrorContains(t, err, want)
		}
		_, err = read("a,data,u8,2\nb,data,hex2bin,00ff\nc,data,string,text\n").Check(image, keys, func(ns, key string) bool { return ns+key == "appa" })
		require.NoError(t, err)
		_, err = read("a,data,u8,2\n").Check(image, nil, nil)
		require.ErrorIs(t, err, nvs.WrongEncryption)
	}
}

// Every image of the specification comes back byte for byte, encrypted and decrypted, and
// decrypted and encrypted. A device reads the same from both.
func TestEncryptAndBack(t *testing.T) {
	keys := &nvs.Keys{Data: [32]byte{3}, Tweak: [32]byte{4}}
	files, err := filepath.Glob(filepath.Join(spectest.Path(t, "nvs-images"), "*.bin"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		image := specFile(t, filepath.Base(f))
		before := bytes.Clone(image)
		secret, err := nvsgen.Encrypt(image, keys)
		require.NoError(t, err, f)
		back, err := nvsgen.Decrypt(secret, keys)
		require.NoError(t, err, f)
		require.Equal(t, image, back, f)
		plain, err := nvsgen.Decrypt(image, keys)
		require.NoError(t, err, f)
		back, err = nvsgen.Encrypt(plain, keys)
		require.NoError(t, err, f)
		require.Equal(t, image, back, f)
		require.Equal(t, before, image)
	}
	for name, c := range generated(t) {
		image, own := generate(t, c)
		if own == nil {
			secret, err := nvsgen.Encrypt(image, keys)
			require.NoError(t, err)
			require.Equal(t, values(t, image, nil), values(t, secret, keys), name)
		}
	}
}

// An entry that would be taken for blank is refused, since it would not come back.
func TestOneWay(t *testing.T) {
	keys := &nvs.Keys{Data: [32]byte{3}, Tweak: [32]byte{4}}
	image := bytes.Repeat([]byte{0xff}, 0x3000)
	image[32] = 0xfe // entry 0 is marked as written, and is encrypted
	secret, err := nvsgen.Encrypt(image, keys)
	require.NoError(t, err)
	require.NotEqual(t, image, secret)
	// An erased entry of bytes 0xff is a value's, and no blank one.
	image[32] = 0xfc
	erased, err := nvsgen.Encrypt(image, keys)
	require.NoError(t, err)
	require.Equal(t, secret[64:], erased[64:])

	secret[32] = 0xff // the mark is missing: decrypted it is blank
	_, err = nvsgen.Decrypt(secret, keys)
	require.ErrorIs(t, err, nvsgen.ErrOneWay)
	require.ErrorContains(t, err, "sector 0, entry 0")
}
