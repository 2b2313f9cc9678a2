// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wifiprov/wifiprov/hal"
)

// template makes the text of a column from other columns.
type template struct {
	column string
	parts  []string // text, column, text, column, text …
	given  bool
}

// parseTemplate reads text in which {column} is a column, and {{ is {.
func parseTemplate(column, text string) (template, error) {
	t := template{column: column, given: true}
	target := slices.Index(columnNames[:], column)
	wrong := func(why string) (template, error) { return t, fmt.Errorf("--%s: %s", column, why) }
	for {
		before, rest, ok := strings.Cut(text, "{")
		for ok && strings.HasPrefix(rest, "{") {
			var more string
			more, rest, ok = strings.Cut(rest[1:], "{")
			before += "{" + more
		}
		t.parts = append(t.parts, before)
		if !ok {
			return t, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return wrong("a { has no }: write {column}, or {{ for the character")
		}
		name = strings.ToLower(strings.TrimSpace(name))
		known := slices.Index(columnNames[:], name)
		if known == colQR || isSecret(known) || known < 0 && isHidden(name) {
			if !isSecret(target) {
				return wrong(fmt.Sprintf("{%s} is a secret, and %s is shown: take another column", name, column))
			}
		}
		if name == column {
			return wrong("it is the column itself: take another one")
		}
		t.parts = append(t.parts, name)
		text = after
	}
}

// check finds columns that no row has.
func (t *template) check(h *header) error {
	for i := 1; i < len(t.parts); i += 2 {
		name := t.parts[i]
		if _, ok := h.index[name]; !ok && !slices.Contains(columnNames[:knownColumns], name) {
			return fmt.Errorf("--%s: there is no column %s; the columns are %s", t.column, t.shown(i), hal.SSID(strings.Join(h.names, ", ")))
		}
	}
	return nil
}

// shown is a part of the template for an error. A secret with braces in it may have been
// taken for a template.
func (t *template) shown(i int) string {
	if isSecret(slices.Index(columnNames[:], t.column)) {
		return "of the name in its braces"
	}
	return "{" + t.parts[i] + "}"
}

func (t *template) expand(r *row) (string, error) {
	text := t.parts[0]
	for i := 1; i < len(t.parts); i += 2 {
		cell, err := r.cell(t.parts[i])
		if err != nil {
			return "", &RowError{File: r.in.cfg.File, Row: r.line, Column: t.shown(i),
				Text: fmt.Sprintf("%v, and --%s needs it", err, t.column)}
		}
		text += cell + t.parts[i+1]
	}
	return text, nil
}

// maxSecretFile is the size of the largest file that a cell can refer to.
const maxSecretFile = 4096

// dereference returns what a cell of a secret stands for. Errors do not show it, since
// it may be a secret that begins in this way.
func dereference(text, dir string) (string, error) {
	const escape = "; if this is the secret itself, write text: before it"
	if value, ok := strings.CutPrefix(text, "text:"); ok {
		return value, nil
	}
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		value, ok := os.LookupEnv(name)
		if !ok {
			return "", errors.New("env: names no variable of the environment" + escape)
		}
		return value, nil
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		value, err := readSecret(path, dir)
		if err != nil {
			return "", fmt.Errorf("file: names a file %w%s", err, escape)
		}
		return value, nil
	}
	return text, nil
}

// readSecret reads a file without the end of its last line.
func readSecret(path, dir string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", errors.New("that cannot be opened")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	switch {
	case err != nil:
		return "", errors.New("that cannot be read")
	case len(b) > maxSecretFile:
		return "", fmt.Errorf("of more than %d bytes", maxSecretFile)
	}
	b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	if len(b) == 0 {
		return "", errors.New("that is empty")
	}
	return string(b), nil
}
