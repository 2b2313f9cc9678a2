// SPDX-License-Identifier: Apache-2.0

package factory

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec2"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// source is what comes into a place: the value of a column, a text that is drawn, or the
// salt or verifier that is made from one of them.
type source struct {
	column int    // -1: none
	random string // name of what is drawn; empty: none
	part   string // "", saltOf or verifierOf
	repeat bool
}

// Names of places that are no columns: {random:NAME}, {random:NAME:LENGTH},
// {sec2.salt:NAME} and {sec2.verifier:NAME}.
const (
	randomOf   = "random:"
	saltOf     = "sec2.salt:"
	verifierOf = "sec2.verifier:"
)

// Lengths of texts that are drawn.
const (
	defaultLength = 8
	minLength     = 4
	maxLength     = 64
)

// alphabet has no characters that are taken for one another on a label.
const alphabet = "23456789abcdefghjkmnpqrstuvwxyz"

// popName is the column, or the name of what is drawn, that is the proof of possession.
const popName = "pop"

// column finds a column by its name.
func (r *run) column(name string) (int, error) {
	i := slices.Index(r.columns, name)
	switch {
	case i < 0:
		return 0, fmt.Errorf("%s: there is no column %s: it has %s", r.List, name, strings.Join(r.columns, ", "))
	case !r.InOrder && slices.Contains(r.columns[i+1:], name):
		return 0, fmt.Errorf("%s: there are two columns %s: rename one", r.List, name)
	}
	return i, nil
}

// resolve finds the source of each place.
func (r *run) resolve() error {
	r.pop = slices.Index(r.columns, popName)
	r.proof = source{column: r.pop}
	r.sources, r.drawn = map[nvsgen.Place]source{}, map[string]int{}
	next := 0
	for _, p := range r.Template.Places() {
		if !r.InOrder {
			if err := r.draw(p); err != nil {
				return err
			}
			continue
		}
		i := slices.Index(r.columns[next:], p.Name)
		if i < 0 {
			return wrong(p, "there is no column %s in %s, or not in this order: the columns stand in the order of the keys", p.Name, r.List)
		}
		r.sources[p] = source{column: next + i, repeat: p.Repeat}
		next += i + 1
	}
	if r.InOrder {
		return nil
	}
	stored := map[string]bool{}
	for _, p := range r.Template.Places() {
		f := formOf(p.Name)
		s := source{column: -1, part: f.part}
		if r.drawn[f.name] > 0 && (f.random || f.part != "") {
			s.random = f.name
			stored[f.name] = stored[f.name] || f.part == ""
		} else {
			var err error
			if s.column, err = r.column(f.name); err != nil {
				return wrong(p, "{%s}: %v", p.Name, err)
			}
		}
		r.sources[p] = s
	}
	if r.drawn[popName] > 0 {
		r.proof.random = popName
	}
	i := slices.IndexFunc(r.Template.Places(), func(p nvsgen.Place) bool { return r.sources[p].part != "" })
	if i >= 0 {
		r.proof = r.sources[r.Template.Places()[i]]
		if _, err := sec2.Verifier(r.Username, "any", []byte("any")); err != nil {
			return fmt.Errorf("--username: %w", err)
		}
	}
	r.random = slices.Sorted(maps.Keys(r.drawn))
	for _, name := range r.random {
		if !stored[name] && !r.Secrets {
			return fmt.Errorf("nobody would know {random:%s}: store it in a row of its own, or give --secrets, which writes it to the report", name)
		}
	}
	return nil
}

// form is what the name of a place consists of.
type form struct {
	part   string // "", saltOf or verifierOf
	random bool
	name   string // of a column, or of what is drawn
	length string // of what is drawn; empty: not given
}

func formOf(text string) form {
	var f form
	for _, part := range []string{saltOf, verifierOf} {
		if rest, ok := strings.CutPrefix(text, part); ok {
			f.part, text = part, rest
		}
	}
	if f.name, f.random = strings.CutPrefix(text, randomOf); f.random {
		f.name, f.length, _ = strings.Cut(f.name, ":")
	}
	return f
}

// draw notes what is drawn for a place.
func (r *run) draw(p nvsgen.Place) error {
	f := formOf(p.Name)
	if !f.random {
		return nil
	}
	n, err := strconv.Atoi(cmp.Or(f.length, strconv.Itoa(defaultLength)))
	before := r.drawn[f.name]
	switch {
	case f.name == "" || err != nil || n < minLength || n > maxLength:
		return wrong(p, "{%s}: write {random:NAME} or {random:NAME:LENGTH} with a length from %d to %d", p.Name, minLength, maxLength)
	case slices.Contains(r.columns, f.name):
		return wrong(p, "{%s}: %s has a column %s too: rename one of them", p.Name, r.List, f.name)
	case before > 0 && f.length == "":
		return nil
	case before > 0 && before != n:
		return wrong(p, "{%s}: another place draws %d characters: write the same length, and leave it out behind the first", p.Name, before)
	}
	r.drawn[f.name] = n
	return nil
}

// wrong makes an error of a place.
func wrong(p nvsgen.Place, format string, args ...any) error {
	return &nvsgen.Error{File: p.File, Line: p.Line, Column: p.Column, Field: "value", Key: p.Key, Why: fmt.Sprintf(format, args...)}
}

// device is what is made for a row.
type device struct {
	*run
	row
	dry   bool                 // salts, verifiers and what is drawn are only as long as the real ones
	drawn map[string]string    // by name
	sec2  map[string][2]string // salt and verifier in hexadecimal digits, by name of the password
}

func (r *run) device(row row, dry bool) *device {
	return &device{r, row, dry, map[string]string{}, map[string][2]string{}}
}

// cell returns a row's value of a column.
func (r *run) cell(row row, s source) nvsgen.Cell {
	if s.repeat {
		return r.first[s.column]
	}
	return row.cells[s.column]
}

// fill returns what comes into a place.
func (d *device) fill(p nvsgen.Place) (string, error) {
	s := d.sources[p]
	text := d.value(s)
	if s.part == "" {
		return text, nil
	}
	made, err := d.credentials(formOf(p.Name).name, text)
	if err != nil {
		return "", &nvsgen.Error{File: p.File, Line: p.Line, Key: p.Key, Why: err.Error(), From: &p}
	}
	if s.part == saltOf {
		return made[0], nil
	}
	return made[1], nil
}

// value returns the text of a source's column, or what is drawn for it.
func (d *device) value(s source) string {
	switch {
	case s.column >= 0:
		return d.cell(d.row, s).Text
	case s.random != "":
		return d.text(s.random)
	}
	return ""
}

// text returns what is drawn under a name.
func (d *device) text(name string) string {
	text, known := d.drawn[name]
	if known {
		return text
	}
	b := make([]byte, d.run.drawn[name])
	for i := range b {
		b[i] = alphabet[0]
		if !d.dry {
			b[i] = alphabet[below(len(alphabet))]
		}
	}
	d.drawn[name] = string(b)
	return d.drawn[name]
}

// below draws a number from 0 to n-1, all equally likely. n is at most 256.
func below(n int) int {
	var b [1]byte
	for {
		_, _ = rand.Read(b[:]) // never fails
		if int(b[0]) < 256/n*n {
			return int(b[0]) % n
		}
	}
}

// credentials returns the salt and verifier of a password in hexadecimal digits.
func (d *device) credentials(name, password string) ([2]string, error) {
	made, known := d.sec2[name]
	if known {
		return made, nil
	}
	salt, verifier := make([]byte, sec2.DefaultSaltSize), make([]byte, sec2.MaxVerifier)
	var err error
	switch {
	case password == "":
		err = errors.New("the password is empty: write one, or draw it with {random:NAME}")
	case !d.dry:
		salt, verifier, err = sec2.Generate(d.Username, security.Secret(password), 0, nil)
	}
	made = [2]string{hex.EncodeToString(salt), hex.EncodeToString(verifier)}
	d.sec2[name] = made
	return made, err
}

// label adds to a record what a label needs, if the report shall have it.
func (d *device) label(rec *Record) (err error) {
	if d.Secrets {
		rec.Secrets = d.drawn
		if d.pop >= 0 {
			rec.Secrets[popName] = d.cells[d.pop].Text
		}
	}
	if d.service < 0 {
		return nil
	}
	rec.Name = d.cells[d.service].Text
	l := label.Label{Name: rec.Name, PoP: hal.Secret(d.value(d.proof)), Transport: d.Transport}
	if d.proof.part != "" {
		l.Username = d.Username
	}
	rec.QR, err = l.JSON()
	return err
}
