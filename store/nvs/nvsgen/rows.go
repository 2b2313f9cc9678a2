// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
)

// row is a value to store.
type row struct {
	namespace int // position in table.namespaces
	key       string
	typ       store.Type
	data      []byte // integers little endian, strings without terminator
	origin
}

// origin is the file and line that a row comes from.
type origin struct {
	file string
	line int
}

// table is the content of CSV files.
type table struct {
	namespaces []string
	origins    []origin // of the namespaces' first rows
	rows       []row
}

// Columns of a file, and their places in the heading.
var columnNames = [...]string{"key", "type", "encoding", "value"}

// reader makes a table of sheets.
type reader struct {
	*sheet
	known map[string]origin // of each namespace\x00key
	lines []line
	table
}

// readAll reads sheets one after the other. places has the places in the values of each
// record, and fill returns what comes into a place; both are nil for sheets without any.
func readAll(sheets []*sheet, places map[*field]*cell, fill func(Place) (string, error)) (*reader, error) {
	r := &reader{known: map[string]origin{}}
	for _, r.sheet = range sheets {
		current := -1
		for _, record := range r.records {
			c, err := r.filled(record, places, fill)
			if err == nil {
				current, err = r.row(current, record, c)
			}
			if err != nil {
				return nil, r.named(err, c)
			}
		}
	}
	return r, nil
}

// filled returns the value of a record, with all its places filled in.
func (r *reader) filled(record []field, places map[*field]*cell, fill func(Place) (string, error)) (value, error) {
	v := value{text: r.at(record, 3).text, name: r.at(record, 0).text}
	if i := r.columns[3]; i < len(record) {
		if c := places[&record[i]]; c != nil {
			return c.filled(v.name, fill)
		}
	}
	return v, nil
}

// named adds to an error where it comes from.
func (r *reader) named(err error, v value) error {
	var e *Error
	if errors.As(err, &e) {
		e.File = r.name
		if e.From == nil && v.from != nil && (e.Field == columnNames[3] || e.Field == "") {
			e.From = v.from
		}
	}
	return err
}

// at returns column i of a record, empty if the record is shorter.
func (r *sheet) at(record []field, i int) field {
	if c := r.columns[i]; c < len(record) {
		return record[c]
	}
	last := record[len(record)-1]
	return field{line: last.line, column: last.column}
}

// fault makes an error of column i of a record.
func (r *sheet) fault(record []field, i int, format string, args ...any) *Error {
	f := r.at(record, i)
	e := &Error{Line: f.line, Column: f.column, Field: columnNames[i], Why: fmt.Sprintf(format, args...)}
	if key := r.at(record, 0).text; i > 0 && checkName(key) == "" {
		e.Key = key
	}
	return e
}

// row reads a row with a value; current is the namespace of the rows before.
func (r *reader) row(current int, record []field, v value) (int, error) {
	if len(record) == 1 && strings.TrimSpace(record[0].text) == "" {
		return current, nil
	}
	for i, f := range record {
		if i > slices.Max(r.columns[:]) && f.text != "" {
			return 0, &Error{Line: f.line, Column: f.column, Key: clip(r.at(record, 0).text),
				Why: "text behind the last column: put a value that contains commas in quotes"}
		}
	}
	key, typ, encoding := r.at(record, 0).text, r.at(record, 1).text, r.at(record, 2).text
	if err := checkName(key); err != "" {
		return 0, r.fault(record, 0, "%s", err)
	}
	switch typ {
	case "namespace":
		r.lines = append(r.lines, line{key, typ, encoding})
		return r.begin(key, record)
	case "data", "file":
	default:
		return 0, r.fault(record, 1, "%s: use data, file or namespace", unknown(key, "type", typ))
	}
	if current < 0 {
		return 0, r.fault(record, 1, "a value before the first namespace: begin with a row NAME,namespace,,")
	}
	name := r.namespaces[current] + "\x00" + key
	if first, twice := r.known[name]; twice {
		where := fmt.Sprintf("line %d", first.line)
		if first.file != r.name {
			where = fmt.Sprintf("%s, line %d", first.file, first.line)
		}
		return 0, r.fault(record, 0, "key %s is in namespace %s already, in %s: remove one of them",
			key, r.namespaces[current], where)
	}
	content := []byte(v.text)
	if typ == "file" {
		var err error
		if content, err = r.fromFile(record, v.text); err != nil {
			return 0, err
		}
	}
	t, data, fault := decode(v.name, encoding, content)
	if fault != nil {
		return 0, r.fault(record, fault.column, "%s", fault.why)
	}
	r.lines = append(r.lines, line{key, typ, encoding, v.text})
	from := origin{r.name, record[0].line}
	r.known[name] = from
	r.rows = append(r.rows, row{namespace: current, key: key, typ: t, data: data, origin: from})
	return current, nil
}

// begin begins or continues a namespace. It ignores encoding and value of the row.
func (r *reader) begin(name string, record []field) (int, error) {
	if i := slices.Index(r.namespaces, name); i >= 0 {
		return i, nil
	}
	if len(r.namespaces) == nvsfmt.MaxNamespaces {
		return 0, r.fault(record, 0, "a partition has at most %d namespaces", nvsfmt.MaxNamespaces)
	}
	r.namespaces = append(r.namespaces, name)
	r.origins = append(r.origins, origin{r.name, record[0].line})
	return len(r.namespaces) - 1, nil
}

func (r *reader) fromFile(record []field, path string) ([]byte, error) {
	if path == "" {
		return nil, r.fault(record, 3, "no file is named: write its name, relative to the CSV file's folder")
	}
	if r.readFile == nil {
		return nil, r.fault(record, 3, "file %s: rows of type file are not allowed here", clip(path))
	}
	b, err := r.readFile(path)
	if err != nil {
		e := r.fault(record, 3, "%v", err)
		e.Err = err
		return nil, e
	}
	return b, nil
}

// clip shortens text for an error.
func clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	return strings.ToValidUTF8(s[:40], "") + "…"
}

func checkName(name string) string {
	switch {
	case name == "":
		return "the name is empty: keys and namespaces have 1 to 15 characters"
	case len(name) > store.MaxName:
		return fmt.Sprintf("the name %q has %d bytes: keys and namespaces have 1 to 15", clip(name), len(name))
	}
	for _, c := range []byte(name) {
		if c < ' ' || c > '~' {
			return fmt.Sprintf("the name %q is not plain ASCII, which devices expect", name)
		}
	}
	return ""
}
