// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxRow is the longest row in bytes.
const maxRow = 1 << 20

// table is the rows of a file, whatever its form.
type table interface {
	// next returns the cells of the next row by the names of their columns, and the
	// line on which it begins. Names and cells are as long. The errors are io.EOF,
	// *RowError behind which the next row may follow, and others.
	next() (line int, names, cells []string, err error)
}

// openTable finds out the form of a file, and reads the header if it has one.
func openTable(file string, r io.Reader) (table, error) {
	in := bufio.NewReader(r)
	head, err := in.Peek(3)
	if string(head) == "\ufeff" {
		_, _ = in.Discard(3)
		_, err = in.Peek(1)
	}
	switch {
	case in.Buffered() > 0:
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: it is empty: the first row names the columns, for example name,pop,ssid,passphrase", file)
	default:
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if first, _ := in.Peek(1); string(first) == "{" {
		return newObjects(file, in), nil
	}
	return newCSV(file, in)
}

// csvTable is a table of separated values.
type csvTable struct {
	file   string
	budget *budget
	csv    *csv.Reader
	names  []string
}

func newCSV(file string, in *bufio.Reader) (*csvTable, error) {
	line, err := in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if strings.ContainsRune(line, 0) || !utf8.ValidString(line) {
		return nil, fmt.Errorf("%s:1: this is no UTF-8 text: save the table as CSV UTF-8", file)
	}
	t := &csvTable{file: file, budget: &budget{r: io.MultiReader(strings.NewReader(line), in), left: maxRow}}
	t.csv = csv.NewReader(t.budget)
	t.csv.FieldsPerRecord, t.csv.Comma = -1, separator(line)
	_, names, _, err := t.next()
	if err != nil {
		return nil, err
	}
	t.names = names
	return t, nil
}

// separator is the most frequent one of a header.
func separator(header string) rune {
	best := ','
	for _, r := range ";\t" {
		if strings.Count(header, string(r)) > strings.Count(header, string(best)) {
			best = r
		}
	}
	return best
}

func (t *csvTable) next() (int, []string, []string, error) {
	for {
		t.budget.left = maxRow
		cells, err := t.csv.Read()
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong) && t.names != nil:
			return 0, nil, nil, &RowError{File: t.file, Row: wrong.StartLine,
				Text: `a quote is in the wrong place: put the whole cell in quotes, and write "" for a quote in it`}
		case errors.As(err, &wrong):
			return 0, nil, nil, fmt.Errorf("%s:1: a quote is in the wrong place", t.file)
		case errors.Is(err, io.EOF):
			return 0, nil, nil, err
		case err != nil:
			return 0, nil, nil, fmt.Errorf("%s: %w", t.file, err)
		}
		line, _ := t.csv.FieldPos(0)
		if t.names == nil {
			return line, cells, nil, nil
		}
		if strings.Join(cells, "") == "" {
			continue // what spreadsheets leave below a table
		}
		if len(cells) != len(t.names) {
			return 0, nil, nil, &RowError{File: t.file, Row: line, Text: fmt.Sprintf(
				"it has %d cells, and the first row has %d: quote cells that contain the separator %q", len(cells), len(t.names), t.csv.Comma)}
		}
		return line, t.names, cells, nil
	}
}

// budget bounds what is read for one row.
type budget struct {
	r    io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("a row has more than %d bytes: is a quote missing?", maxRow)
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

// objects is a table of JSON lines.
type objects struct {
	file  string
	lines *bufio.Scanner
	line  int
}

func newObjects(file string, in io.Reader) *objects {
	o := &objects{file: file, lines: bufio.NewScanner(in)}
	o.lines.Buffer(nil, maxRow)
	return o
}

func (o *objects) next() (int, []string, []string, error) {
	for o.lines.Scan() {
		o.line++
		text := bytes.TrimSpace(o.lines.Bytes())
		if len(text) == 0 {
			continue
		}
		names, cells, why := readObject(text)
		if why != "" {
			return 0, nil, nil, &RowError{File: o.file, Row: o.line, Text: why}
		}
		return o.line, names, cells, nil
	}
	err := o.lines.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		err = fmt.Errorf("%s:%d: the line has more than %d bytes", o.file, o.line+1, maxRow)
	case err != nil:
		err = fmt.Errorf("%s: %w", o.file, err)
	default:
		err = io.EOF
	}
	return 0, nil, nil, err
}

// readObject returns the members of an object in their order, or why it cannot be.
func readObject(text []byte) (names, cells []string, why string) {
	const form = `write one object a line, such as {"name":"PROV_1","pop":"abcd1234"}`
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, "this is no JSON object: " + form
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, "this is no JSON object: " + form
		}
		value, err := d.Token()
		if err != nil {
			return nil, nil, "this is no JSON object: " + form
		}
		names = append(names, name.(string))
		switch v := value.(type) {
		case string:
			cells = append(cells, v)
		case nil:
			cells = append(cells, "")
		case json.Delim:
			return nil, nil, "a member has a list or an object for its value: give a text or a number"
		default: // a number or a boolean
			cells = append(cells, fmt.Sprint(v))
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, "this is no JSON object: " + form
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, "something follows the object: " + form
	}
	return names, cells, ""
}
