// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/secretname"
)

// RowError is what is wrong with a row. It shows no cell, and is safe for terminals.
type RowError struct {
	File   string
	Row    int
	Column string // "": the whole row
	Text   string // what is wrong, and what to do
}

// Error begins with file and row.
func (e *RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Row, e.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Row, hal.SSID(e.Column), e.Text)
}

// InputConfig says how to read rows.
type InputConfig struct {
	// File is the name of the input in errors.
	File string
	// Dir is the folder of files that cells refer to. Those of templates are in the
	// current folder.
	Dir string
	// Templates are what stands for empty cells, by column: text in which {column} is
	// the cell of that column, and {{ is {.
	Templates map[string]string
	// Labels: the rows are for labels alone. They need no address and no network.
	Labels bool
}

// Input is a table of devices, read row by row. The table has comma-separated values, or
// semicolons or tabs, below a header; or JSON lines. A cell of a secret may be env:NAME or
// file:PATH, which stand for the variable's value and the file's contents, or text:VALUE,
// which stands for VALUE whatever that looks like.
type Input struct {
	cfg       InputConfig
	table     table
	head      *header
	templates [knownColumns]template
	seen      map[key]int // rows by name, address and MAC
	unknown   []string
}

// Open begins to read a table. An error is in the file as a whole, or in the templates.
func Open(r io.Reader, cfg InputConfig) (*Input, error) {
	in := &Input{cfg: cfg, seen: map[key]int{}}
	for column, text := range cfg.Templates {
		t, err := parseTemplate(column, text)
		if err != nil {
			return nil, err
		}
		in.templates[slices.Index(columnNames[:], column)] = t
	}
	var err error
	if in.table, err = openTable(cfg.File, r); err != nil {
		return nil, err
	}
	if t, ok := in.table.(*csvTable); ok {
		if err := in.setHeader(t.names); err != "" {
			return nil, &RowError{File: cfg.File, Row: 1, Text: err}
		}
		for _, t := range in.templates {
			if err := t.check(in.head); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}

// maxUnknown is how many names of unknown columns are kept, since every row of JSON may
// have others.
const maxUnknown = 100

func (in *Input) setHeader(names []string) string {
	if in.head != nil && slices.Equal(in.head.names, names) {
		return ""
	}
	head, why := readHeader(names)
	if why != "" {
		return why
	}
	in.head = head
	for _, i := range head.unknown {
		if !slices.Contains(in.unknown, names[i]) && len(in.unknown) < maxUnknown {
			in.unknown = append(in.unknown, names[i])
		}
	}
	return ""
}

// Unknown names the columns met so far that are data of the operator's.
func (in *Input) Unknown() []string { return in.unknown }

// Next returns the next device. The error is io.EOF at the end, a *RowError for a row that
// is wrong, behind which others follow, and another one if no more rows can be read.
func (in *Input) Next() (*Device, error) {
	line, names, cells, err := in.table.next()
	if err != nil {
		return nil, err
	}
	if why := in.setHeader(names); why != "" {
		return nil, &RowError{File: in.cfg.File, Row: line, Text: why}
	}
	r := &row{in: in, line: line, cells: cells}
	d, err := r.device()
	if err != nil {
		return nil, err
	}
	return d, in.twice(d)
}

// twice finds devices that are in two rows.
func (in *Input) twice(d *Device) error {
	for _, is := range []Field{{"name", d.Name}, {"address", plainAddress(d.Address)}, {"mac", d.MAC}} {
		if is.Value == "" {
			continue
		}
		k := keyOf(is.Name, is.Value)
		if first, ok := in.seen[k]; ok {
			return &RowError{File: in.cfg.File, Row: d.Row, Column: is.Name,
				Text: fmt.Sprintf("row %d has the same: a device is in one row only", first)}
		}
		in.seen[k] = d.Row
	}
	return nil
}

// plainAddress is the same for addresses that mean the same.
func plainAddress(address string) string {
	address = strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/")
	return strings.TrimSuffix(address, ":80")
}

// row is one row on its way to a device.
type row struct {
	in     *Input
	line   int
	cells  []string
	values [knownColumns]string
	given  [knownColumns]bool
}

func (r *row) wrong(column int, format string, args ...any) error {
	return &RowError{File: r.in.cfg.File, Row: r.line, Column: columnNames[column], Text: fmt.Sprintf(format, args...)}
}

// device fills the row in, and checks it.
func (r *row) device() (*Device, error) {
	for i, cell := range r.cells {
		if !utf8.ValidString(cell) {
			return nil, &RowError{File: r.in.cfg.File, Row: r.line, Column: r.in.head.names[i], Text: "it is no UTF-8 text: save the table as CSV UTF-8"}
		}
	}
	for column := range knownColumns {
		i := r.in.head.known[column]
		if i < 0 {
			continue
		}
		if err := r.set(column, r.cells[i], r.in.cfg.Dir); err != nil {
			return nil, err
		}
	}
	var key hal.Secret
	if i := r.in.head.known[colQR]; i >= 0 && r.cells[i] != "" {
		var err error
		if key, err = r.fromQR(r.cells[i]); err != nil {
			return nil, err
		}
	}
	for column := range knownColumns {
		if column == colAddress && strings.ToLower(r.values[colTransport]) == BLE {
			continue // it is for the other devices of the table
		}
		if t := r.in.templates[column]; t.given && !r.given[column] {
			text, err := t.expand(r)
			if err != nil {
				return nil, err
			}
			if err := r.set(column, text, ""); err != nil {
				return nil, err
			}
		}
	}
	d := &Device{Row: r.line, Key: key}
	if err := r.check(d); err != nil {
		return nil, err
	}
	for _, i := range r.in.head.unknown {
		d.Fields = append(d.Fields, Field{r.in.head.names[i], r.cells[i]})
	}
	return d, nil
}

// set gives a column a value, unless the text is empty. Files that it names are in dir.
func (r *row) set(column int, text, dir string) error {
	if !isSecret(column) {
		text = strings.TrimSpace(text)
	}
	if text == "" {
		return nil
	}
	if isSecret(column) {
		var err error
		if text, err = dereference(text, dir); err != nil {
			return r.wrong(column, "%v", err)
		}
	}
	r.values[column], r.given[column] = text, true
	return nil
}

// cell is what {name} stands for in a template.
func (r *row) cell(name string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if column := slices.Index(columnNames[:], name); column >= 0 && column < knownColumns && r.given[column] {
		return r.values[column], nil
	}
	i, ok := r.in.head.index[name]
	switch {
	case !ok:
		return "", errors.New("the row has no such column")
	case r.cells[i] == "":
		return "", errors.New("the cell is empty")
	}
	return r.cells[i], nil
}

// isHidden reports whether a column is not for reports.
func isHidden(column string) bool { return secretname.Is(column) }
