// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"fmt"
	"strings"
)

// Template has the values of the partitions of many devices. Some values have places,
// which are filled in for each device. A Template does not change, and may be used from
// several goroutines.
type Template struct {
	sheets []*sheet
	cells  map[*field]*cell
	places []Place
}

// Place is where a template's value is filled in.
type Place struct {
	Name   string // what stands between the braces; the key in a configuration
	Key    string // of the value
	Repeat bool   // all devices have the first one's value
	File   string // of the template
	Line   int    // in the file, from 1
	Column int    // in characters, from 1
}

// cell is a value with places. Its texts stand around them: there is one more.
type cell struct {
	texts  []string
	places []Place
}

// value is what a row stores.
type value struct {
	text string
	name string // tells whether the value is a secret
	from *Place // the first place; nil: the value is the file's own
}

func (c *cell) filled(key string, fill func(Place) (string, error)) (value, error) {
	v := value{text: c.texts[0], name: key, from: &c.places[0]}
	for i, p := range c.places {
		text, err := fill(p)
		if err != nil {
			return v, err
		}
		v.text += text + c.texts[i+1]
		v.name += " " + p.Name
	}
	return v, nil
}

// ParseTemplate reads files in the form that Read takes, in whose values {NAME} is a
// place. A brace itself is written twice: {{ or }}.
func ParseTemplate(files ...File) (*Template, error) {
	sheets, err := newSheets(files)
	if err != nil {
		return nil, err
	}
	t := &Template{sheets: sheets, cells: map[*field]*cell{}}
	for _, s := range sheets {
		for _, record := range s.records {
			i := s.columns[3]
			if s.at(record, 1).text == "namespace" || i >= len(record) {
				continue
			}
			c, why := parseCell(record[i].text)
			if why != "" {
				e := s.fault(record, 3, "%s", why)
				e.File = s.name
				return nil, e
			}
			t.add(s, record, i, c)
		}
	}
	return t, nil
}

// add makes column i of a record a cell.
func (t *Template) add(s *sheet, record []field, i int, c *cell) {
	for n := range c.places {
		p := &c.places[n]
		p.Key, p.File, p.Line, p.Column = s.at(record, 0).text, s.name, record[i].line, record[i].column
	}
	if len(c.places) == 0 {
		record[i].text = c.texts[0]
		return
	}
	t.cells[&record[i]] = c
	t.places = append(t.places, c.places...)
}

// parseCell splits a value at its places, or says what is wrong with it.
func parseCell(text string) (c *cell, why string) {
	c = &cell{texts: []string{""}}
	for {
		i := strings.IndexAny(text, "{}")
		last := &c.texts[len(c.texts)-1]
		if i < 0 {
			*last += text
			return c, ""
		}
		*last += text[:i]
		brace := text[i : i+1]
		text = text[i+1:]
		if strings.HasPrefix(text, brace) {
			*last += brace
			text = text[1:]
			continue
		}
		name, rest, closed := strings.Cut(text, "}")
		if brace == "}" || !closed || name == "" {
			return nil, "a brace stands alone: write {NAME} for a place, and {{ or }} for the brace itself"
		}
		c.texts, c.places = append(c.texts, ""), append(c.places, Place{Name: name})
		text = rest
	}
}

// Columns of a configuration.
const (
	repeatTag     = "REPEAT"
	configColumns = "NAME,namespace, or KEY,TYPE,ENCODING or KEY,TYPE,ENCODING,REPEAT"
)

// ParseConfig reads the configuration file of Espressif's mass-manufacturing tool. It has
// no heading; its rows are NAME,namespace, and KEY,TYPE,ENCODING, with REPEAT behind if
// all devices have the value of the first one. Each key is a place.
func ParseConfig(f File) (*Template, error) {
	s, err := split(f)
	if err != nil {
		return nil, err
	}
	s.columns = [len(columnNames)]int{0, 1, 2, 3}
	t := &Template{sheets: []*sheet{s}, cells: map[*field]*cell{}}
	if len(s.records) == 0 {
		return nil, &Error{File: s.name, Line: 1, Why: "no rows: write " + configColumns}
	}
	for n, record := range s.records {
		if len(record) == 1 && strings.TrimSpace(record[0].text) == "" {
			continue
		}
		tag := strings.TrimSpace(s.at(record, 3).text)
		if len(record) < 3 || len(record) > 4 || tag != repeatTag && (tag != "" || len(record) == 4) {
			return nil, &Error{File: s.name, Line: record[0].line, Why: fmt.Sprintf("%d columns, the fourth of which may only be %s: write %s",
				len(record), repeatTag, configColumns)}
		}
		record = append(record[:3:3], field{line: record[0].line, column: record[0].column})
		s.records[n] = record
		if s.at(record, 1).text != "namespace" {
			t.add(s, record, 3, &cell{texts: []string{"", ""}, places: []Place{{Name: record[0].text, Repeat: tag == repeatTag}}})
		}
	}
	return t, nil
}

// Places returns all places, in the order of the files.
func (t *Template) Places() []Place { return t.places }

// Fill returns the values of one device. fill returns what comes into a place; its error
// ends Fill. Other errors are those of Read; an *Error whose value was filled in says
// from which place.
func (t *Template) Fill(fill func(Place) (string, error)) (*Table, error) {
	return newTable(t.sheets, t.cells, fill)
}
