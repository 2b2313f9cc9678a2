// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"slices"
	"strings"
)

// File is a CSV file with values for a partition.
type File struct {
	Name string // for errors; may be empty
	Text []byte
	// ReadFile returns the contents of a file named in a row of type file; see Folder. nil:
	// such rows are refused.
	ReadFile func(name string) ([]byte, error)
}

// sheet is a file, split into records.
type sheet struct {
	name     string
	readFile func(string) ([]byte, error)
	columns  [len(columnNames)]int // where a record has each of columnNames
	records  [][]field
}

// newSheet reads a file that begins with a heading.
func newSheet(f File) (*sheet, error) {
	s, err := split(f)
	if err != nil {
		return nil, err
	}
	return s, s.heading()
}

// split reads the records of a file.
func split(f File) (*sheet, error) {
	s := &sheet{name: f.Name, readFile: f.ReadFile}
	scan, err := newScanner(f.Text)
	for err == nil {
		var record []field
		if record, err = scan.record(); record == nil {
			break
		}
		s.records = append(s.records, record)
	}
	if e, ok := err.(*Error); ok {
		e.File = f.Name
	}
	return s, err
}

// heading takes the first record for the heading.
func (s *sheet) heading() error {
	line := 1
	var heading []field
	if len(s.records) > 0 {
		heading, s.records = s.records[0], s.records[1:]
		line = heading[0].line
	}
	for i, name := range columnNames {
		s.columns[i] = slices.IndexFunc(heading, func(f field) bool { return strings.TrimSpace(f.text) == name })
		if s.columns[i] < 0 {
			return &Error{File: s.name, Line: line, Why: "the heading has no column " + name +
				": the first row has to be key,type,encoding,value"}
		}
	}
	return nil
}
