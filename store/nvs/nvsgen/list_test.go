// SPDX-License-Identifier: Apache-2.0

package nvsgen_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// readList returns each row of a list as text, or its error.
func readList(t testing.TB, r io.Reader) []string {
	l, err := nvsgen.NewList(r)
	if err != nil {
		return []string{err.Error()}
	}
	all := []string{fmt.Sprintf("%q", l.Columns())}
	for {
		cells, err := l.Next()
		if err == io.EOF {
			_, err = l.Next()
			require.Equal(t, io.EOF, err)
			return all
		}
		if err != nil {
			all = append(all, err.Error())
			var e *nvsgen.Error
			if !errors.As(err, &e) {
				return all
			}
			continue
		}
		s := ""
		for _, c := range cells {
			s += fmt.Sprintf("%d:%d %q ", c.Line, c.Column, c.Text)
		}
		all = append(all, strings.TrimSpace(s))
	}
}

// Rows are read whatever their line ends are, with their places.
func TestList(t *testing.T) {
	for text, want := range map[string][]string{
		"\ufeffa, b\r\n1,2\r\n":        {`["a" "b"]`, `2:1 "1" 2:3 "2"`},
		"a,b\n\n  \n#1,2":              {`["a" "b"]`, `4:1 "#1" 4:4 "2"`},
		"a,b\n\"x\n\ny\",2\n3,4\n":     {`["a" "b"]`, `2:1 "x\n\ny" 4:4 "2"`, `5:1 "3" 5:3 "4"`},
		"a,b\n1\n\"x\"y,2\n5,6\n":      {`["a" "b"]`, "line 2: 1 values, and the heading names 2 columns: write one for each, with nothing between the commas for an empty one", "line 3, column 4: text behind a closing quote: write \"\" for a quote inside a value in quotes", `4:1 "5" 4:3 "6"`},
		"a,b\n1,2\n\"x,2\n5,6\n":       {`["a" "b"]`, `2:1 "1" 2:3 "2"`, "line 3, column 1: the quote that begins here is not closed: add one at the value's end"},
		"a,b\n\xff,2\n3,\"4\n\xff\"\n": {`["a" "b"]`, "line 2: this is not UTF-8 text: save the file as UTF-8", "line 4: this is not UTF-8 text: save the file as UTF-8"},
		"\n\n":                         {"line 1: the file is empty: the first row has to name the columns, and each further row is a device"},
		"a;b\n1;2\n":                   {"line 1: the columns are separated by semicolons: save the file with commas"},
		"a\n" + strings.Repeat("x", nvsgen.MaxRow) + "\n1\n":   {`["a"]`, "line 2: the row is longer than 4194304 bytes: is it the right file?"},
		"a\n\"" + strings.Repeat("x\n", 2000) + "\"\n1\n":      {`["a"]`, "line 2, column 1: the quote that begins here is not closed: add one at the value's end"},
		"a\n" + strings.Repeat("x", nvsgen.MaxRow-1) + "\n1\n": {`["a"]`, `2:1 "` + strings.Repeat("x", nvsgen.MaxRow-1) + `"`, `3:1 "1"`},
	} {
		require.Equal(t, want, readList(t, strings.NewReader(text)), "%.40q", text)
		if len(text) < 100 {
			require.Equal(t, want, readList(t, iotest.OneByteReader(strings.NewReader(text))), "%q", text)
		}
	}
	broken := errors.New("the disk is gone")
	got := readList(t, io.MultiReader(strings.NewReader("a\n1\n"), iotest.ErrReader(broken)))
	require.Equal(t, []string{`["a"]`, `2:1 "1"`, "the disk is gone"}, got)
}

// Any bytes are read to their end, in rows of as many values as the heading has.
func FuzzList(f *testing.F) {
	f.Add("a,b\n1,\"2\n3\"\n")
	f.Add("\"a\n\",\r\n\xff")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := nvsgen.NewList(strings.NewReader(text))
		if err != nil {
			return
		}
		for range strings.Count(text, "\n") + 2 {
			cells, err := l.Next()
			if err == io.EOF {
				return
			}
			if err == nil {
				require.Len(t, cells, len(l.Columns()))
			}
		}
		t.Fatal("more rows than lines")
	})
}
