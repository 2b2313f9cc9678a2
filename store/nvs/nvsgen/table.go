// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// Table has the values of one partition. It does not change, and may be used from several
// goroutines.
type Table struct {
	table
	lines []line
}

// line is a row of a CSV file with its value filled in.
type line [len(columnNames)]string

// Read reads the values that CSV files list, one file after the other. Each file begins
// with a heading and a namespace. Errors are those of Generate, with the file's name.
func Read(files ...File) (*Table, error) {
	sheets, err := newSheets(files)
	if err != nil {
		return nil, err
	}
	return newTable(sheets, nil, nil)
}

func newSheets(files []File) ([]*sheet, error) {
	var all []*sheet
	for _, f := range files {
		s, err := newSheet(f)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func newTable(sheets []*sheet, places map[*field]*cell, fill func(Place) (string, error)) (*Table, error) {
	r, err := readAll(sheets, places, fill)
	if err != nil {
		return nil, err
	}
	if err := addWiFi(&r.table); err != nil {
		return nil, err
	}
	return &Table{r.table, r.lines}, nil
}

// Image returns the image of a partition with the values. The image opens in package nvs
// and on a device without a write. It belongs to the caller. Errors are those of Generate.
func (t *Table) Image(o Options) ([]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	c, err := cipher(o.Keys)
	if err != nil {
		return nil, err
	}
	version := nvsfmt.Version2
	if o.Version == 1 {
		version = nvsfmt.Version1
	}
	l := newLayout(o.Size, version, c)
	if err := l.table(&t.table); err != nil {
		return nil, err
	}
	return l.image, nil
}

// CSV returns the values as one CSV file in the form that Read takes and Espressif's
// mass-manufacturing tool writes, without the keys that are added to Wi-Fi credentials.
// Names of files stay names.
func (t *Table) CSV() []byte {
	b := []byte("key,type,encoding,value\r\n")
	for _, l := range t.lines {
		for i, text := range l {
			if i > 0 {
				b = append(b, ',')
			}
			if strings.ContainsAny(text, ",\"\r\n") {
				text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
			}
			b = append(b, text...)
		}
		b = append(b, "\r\n"...)
	}
	return b
}

// Check opens an image as a device would, and compares all that it holds with the table.
// It returns how many values it compared. Keys decrypt the image; nil: it is plain. skip
// tells keys whose value may be any; nil: none. The image is not changed.
func (t *Table) Check(image []byte, keys *nvs.Keys, skip func(namespace, key string) bool) (int, error) {
	p, err := nvs.Open(flash.FromBytes(image), nvs.Options{Keys: keys, ReadOnly: true})
	if err != nil {
		return 0, fmt.Errorf("it does not open: %w", err)
	}
	defer p.Close()
	asked := map[[2]string]bool{}
	for _, r := range t.rows {
		ns := t.namespaces[r.namespace]
		asked[[2]string{ns, r.key}] = true
		got, err := p.Get(nil, ns, r.key, r.typ)
		if err != nil {
			return 0, fmt.Errorf("%s/%s cannot be read back: %w", ns, r.key, err)
		}
		if (skip == nil || !skip(ns, r.key)) && !bytes.Equal(got, r.data) {
			return 0, fmt.Errorf("%s/%s has another value than the one asked for", ns, r.key)
		}
	}
	for e, err := range p.Entries("") {
		if err != nil {
			return 0, fmt.Errorf("it cannot be listed: %w", err)
		}
		if !asked[[2]string{e.Namespace, e.Key}] {
			return 0, fmt.Errorf("it has %s/%s, which was not asked for", e.Namespace, e.Key)
		}
	}
	return len(t.rows), nil
}
