// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
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
	line      int
}

// table is the content of a CSV file.
type table struct {
	namespaces []string
	lines      []int // of the namespaces' first rows
	rows       []row
}

// Columns of a file, and their places in the heading.
var columnNames = [...]string{"key", "type", "encoding", "value"}

type reader struct {
	readFile func(string) ([]byte, error)
	columns  [len(columnNames)]int
	known    map[string]int // line of each namespace\x00key
	table
}

func (r *reader) read(text []byte) error {
	s, err := newScanner(text)
	if err != nil {
		return err
	}
	heading, err := s.record()
	if err != nil {
		return err
	}
	if err := r.heading(heading); err != nil {
		return err
	}
	r.known = map[string]int{}
	current := -1
	for {
		record, err := s.record()
		if record == nil || err != nil {
			return err
		}
		if current, err = r.row(current, record); err != nil {
			return err
		}
	}
}

func (r *reader) heading(record []field) error {
	line := 1
	if len(record) > 0 {
		line = record[0].line
	}
	for i, name := range columnNames {
		r.columns[i] = slices.IndexFunc(record, func(f field) bool { return strings.TrimSpace(f.text) == name })
		if r.columns[i] < 0 {
			return &Error{Line: line, Why: "the heading has no column " + name +
				": the first row has to be key,type,encoding,value"}
		}
	}
	return nil
}

// at returns column i of a record, empty if the record is shorter.
func (r *reader) at(record []field, i int) field {
	if c := r.columns[i]; c < len(record) {
		return record[c]
	}
	last := record[len(record)-1]
	return field{line: last.line, column: last.column}
}

// fault makes an error of column i of a record.
func (r *reader) fault(record []field, i int, format string, args ...any) *Error {
	f := r.at(record, i)
	e := &Error{Line: f.line, Column: f.column, Field: columnNames[i], Why: fmt.Sprintf(format, args...)}
	if key := r.at(record, 0).text; i > 0 && checkName(key) == "" {
		e.Key = key
	}
	return e
}

// row reads a row; current is the namespace of the rows before.
func (r *reader) row(current int, record []field) (int, error) {
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
		return r.begin(key, record)
	case "data", "file":
	default:
		return 0, r.fault(record, 1, "%s: use data, file or namespace", unknown(key, "type", typ))
	}
	if current < 0 {
		return 0, r.fault(record, 1, "a value before the first namespace: begin with a row NAME,namespace,,")
	}
	name := r.namespaces[current] + "\x00" + key
	if line, twice := r.known[name]; twice {
		return 0, r.fault(record, 0, "key %s is in namespace %s already, in line %d: remove one of them",
			key, r.namespaces[current], line)
	}
	value := []byte(r.at(record, 3).text)
	if typ == "file" {
		var err error
		if value, err = r.fromFile(record); err != nil {
			return 0, err
		}
	}
	t, data, fault := decode(key, encoding, value)
	if fault != nil {
		return 0, r.fault(record, fault.column, "%s", fault.why)
	}
	line := record[0].line
	r.known[name] = line
	r.rows = append(r.rows, row{namespace: current, key: key, typ: t, data: data, line: line})
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
	r.lines = append(r.lines, record[0].line)
	return len(r.namespaces) - 1, nil
}

func (r *reader) fromFile(record []field) ([]byte, error) {
	path := r.at(record, 3).text
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
