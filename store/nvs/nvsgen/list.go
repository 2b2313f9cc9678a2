// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// MaxRow is the longest row of a list, in bytes.
const MaxRow = 4 << 20

// maxRowLines is how many lines of text a row may have, in a value in quotes.
const maxRowLines = 1000

// List reads a list of devices from a CSV file: a heading with the names of the columns,
// and a row for each device. Empty lines are skipped. A List holds one row in memory, and
// serves one goroutine.
type List struct {
	r       *bufio.Reader
	line    int // of the next line
	columns []string
}

// Cell is a value in a list, and its place.
type Cell struct {
	Text         string
	Line, Column int // from 1; columns in characters
}

// NewList reads the heading.
func NewList(r io.Reader) (*List, error) {
	l := &List{r: bufio.NewReaderSize(r, 64<<10), line: 1}
	cells, err := l.record()
	if err == io.EOF {
		return nil, &Error{Line: 1, Why: "the file is empty: the first row has to name the columns, and each further row is a device"}
	}
	if err != nil {
		return nil, err
	}
	for _, c := range cells {
		l.columns = append(l.columns, strings.TrimSpace(c.Text))
	}
	if len(cells) == 1 && strings.Contains(cells[0].Text, ";") {
		return nil, &Error{Line: cells[0].Line, Why: "the columns are separated by semicolons: save the file with commas"}
	}
	return l, nil
}

// Columns returns the names of the columns, without blanks around them. They may be any,
// also empty or the same.
func (l *List) Columns() []string { return l.columns }

// Next returns the next device's row, which has a value for each column. It returns
// io.EOF behind the last one. Behind an *Error the next row can be read, unless the rest
// of the file is not to be split into rows: the next call returns io.EOF then.
func (l *List) Next() ([]Cell, error) {
	cells, err := l.record()
	if err != nil {
		return nil, err
	}
	if len(cells) != len(l.columns) {
		return nil, &Error{Line: cells[0].Line, Why: strconv.Itoa(len(cells)) + " values, and the heading names " +
			strconv.Itoa(len(l.columns)) + " columns: write one for each, with nothing between the commas for an empty one"}
	}
	return cells, nil
}

// record returns the next row that is not empty. A row that ends inside quotes goes on in
// the next line.
func (l *List) record() ([]Cell, error) {
	var text []byte
	first := l.line
	for lines := 1; ; lines++ {
		b, err := l.readLine(MaxRow - len(text))
		if err != nil && (err != io.EOF || text == nil) {
			return nil, err
		}
		if text == nil && len(bytes.TrimSpace(b)) == 0 {
			lines, first = 0, l.line
			continue
		}
		text = append(text, b...)
		cells, unclosed, fault := parseRow(text, first)
		if unclosed && err == nil && lines < maxRowLines {
			continue
		}
		if unclosed { // all that follows may be inside the quotes
			l.r.Reset(strings.NewReader(""))
		}
		if fault != nil {
			return nil, fault
		}
		return cells, nil
	}
}

// readLine returns a line with its end; io.EOF if there is none.
func (l *List) readLine(limit int) ([]byte, error) {
	var all []byte
	for {
		b, err := l.r.ReadSlice('\n')
		all = append(all, b...)
		switch {
		case len(all) > limit:
			l.r.Reset(strings.NewReader(""))
			return nil, &Error{Line: l.line, Why: "the row is longer than " + strconv.Itoa(MaxRow) + " bytes: is it the right file?"}
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(all) == 0:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		}
		l.line++
		return all, nil
	}
}

// parseRow splits a row. unclosed: it ends inside quotes.
func parseRow(text []byte, line int) (cells []Cell, unclosed bool, err error) {
	s, err := newScanner(text)
	if err == nil {
		var fields []field
		if fields, err = s.fields(); err == nil {
			for _, f := range fields {
				cells = append(cells, Cell{f.text, f.line + line - 1, f.column})
			}
			return cells, false, nil
		}
	}
	if e, ok := err.(*Error); ok {
		unclosed = e.Why == notClosed
		e.Line += line - 1
	}
	return nil, unclosed, err
}
