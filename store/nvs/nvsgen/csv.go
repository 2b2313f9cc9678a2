// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// field is one column of a record, and its place.
type field struct {
	text         string
	line, column int
}

// scanner splits a CSV file into records as the original does: quotes matter only at the
// beginning of a column.
type scanner struct {
	rest   string
	line   int
	column int
}

// newScanner takes the text of a file, with line ends of Unix or Windows.
func newScanner(b []byte) (*scanner, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	for i, line := range bytes.Split(b, []byte("\n")) {
		if !utf8.Valid(line) {
			return nil, &Error{Line: i + 1, Why: "this is not UTF-8 text: save the file as UTF-8"}
		}
	}
	return &scanner{rest: strings.ReplaceAll(string(b), "\r\n", "\n"), line: 1, column: 1}, nil
}

// record returns the next record; nil at the end. It skips empty lines and comments.
func (s *scanner) record() ([]field, error) {
	for s.rest != "" && (s.rest[0] == '\n' || s.rest[0] == '#') {
		comment, _, _ := strings.Cut(s.rest, "\n")
		s.skip(min(len(comment)+1, len(s.rest)))
	}
	if s.rest == "" {
		return nil, nil
	}
	return s.fields()
}

// fields returns the columns up to the end of the line.
func (s *scanner) fields() ([]field, error) {
	var fields []field
	for {
		f := field{line: s.line, column: s.column}
		if strings.HasPrefix(s.rest, `"`) {
			if err := s.quoted(&f); err != nil {
				return nil, err
			}
		} else {
			end := strings.IndexAny(s.rest, ",\n")
			if end < 0 {
				end = len(s.rest)
			}
			f.text = s.rest[:end]
			s.skip(end)
		}
		fields = append(fields, f)
		if s.rest == "" {
			return fields, nil
		}
		next := s.rest[0]
		s.skip(1)
		if next == '\n' {
			return fields, nil
		}
	}
}

const notClosed = "the quote that begins here is not closed: add one at the value's end"

// quoted reads a column in quotes. Two quotes inside mean one.
func (s *scanner) quoted(f *field) error {
	s.skip(1)
	for {
		end := strings.IndexByte(s.rest, '"')
		if end < 0 {
			return &Error{Line: f.line, Column: f.column, Why: notClosed}
		}
		f.text += s.rest[:end]
		s.skip(end + 1)
		if !strings.HasPrefix(s.rest, `"`) {
			break
		}
		f.text += `"`
		s.skip(1)
	}
	// Blanks behind the quote belong to the value, as for the original.
	blanks := len(s.rest) - len(strings.TrimLeft(s.rest, " \t"))
	f.text += s.rest[:blanks]
	s.skip(blanks)
	if s.rest != "" && s.rest[0] != ',' && s.rest[0] != '\n' {
		return &Error{Line: s.line, Column: s.column, Why: `text behind a closing quote: write "" for a quote inside a value in quotes`}
	}
	return nil
}

// skip skips n bytes.
func (s *scanner) skip(n int) {
	passed := s.rest[:n]
	s.rest = s.rest[n:]
	if i := strings.LastIndexByte(passed, '\n'); i >= 0 {
		s.line += strings.Count(passed, "\n")
		s.column = 1
		passed = passed[i+1:]
	}
	s.column += utf8.RuneCountInString(passed)
}
