// SPDX-License-Identifier: Apache-2.0

package factory

import (
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"strings"

	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// maxProblems bounds the problems that are told; all are counted.
const maxProblems = 100

// Problems are the rows of a list that are wrong. Nothing was written.
type Problems struct {
	List  string // the file
	Found []Problem
	Count int // also those that are not in Found
}

// Problem is what is wrong with a row.
type Problem struct {
	Line   int    // of the list, from 1
	Column int    // in characters, from 1; 0: the whole row
	Name   string // of the column; may be empty
	Why    string // what is wrong, and what to do
}

// String returns "line 7, column 14 (serial): …".
func (p Problem) String() string {
	s := fmt.Sprintf("line %d", p.Line)
	if p.Column > 0 {
		s += fmt.Sprintf(", column %d", p.Column)
	}
	if p.Name != "" {
		s += " (" + p.Name + ")"
	}
	return s + ": " + p.Why
}

// Error counts the problems.
func (p *Problems) Error() string {
	s := "1 problem"
	if p.Count > 1 {
		s = fmt.Sprintf("%d problems", p.Count)
	}
	if p.Count > len(p.Found) {
		s += fmt.Sprintf(", the first %d of which are shown", len(p.Found))
	}
	return p.List + ": " + s + ": nothing was written"
}

func (p *Problems) add(all ...Problem) {
	p.Count += len(all)
	p.Found = append(p.Found, all[:min(len(all), maxProblems-len(p.Found))]...)
}

// problem says what is wrong with a row, from an error of its table or image. fatal: the
// template is wrong, for all devices.
func (r *run) problem(row row, err error) (p Problem, fatal error) {
	var bad *nvsgen.Error
	if !errors.As(err, &bad) {
		return p, err
	}
	p = Problem{Line: row.line(), Why: bad.Error()}
	if bad.From == nil {
		if bad.Err == nvsgen.ErrFull {
			return p, nil
		}
		return p, err
	}
	s := r.sources[*bad.From]
	p.Why = fmt.Sprintf("%s (%s, line %d, key %s)", bad.Why, bad.File, bad.Line, bad.From.Key)
	if s.column >= 0 {
		cell := r.cell(row, s)
		p.Line, p.Column, p.Name = cell.Line, cell.Column, r.columns[s.column]
	}
	return p, nil
}

// idColumn is where a row's name stands.
func (r *run) idColumn(row row) int {
	if r.id < 0 || r.id >= len(row.cells) {
		return 0
	}
	return row.cells[r.id].Column
}

// maxName is the longest name of a device, in bytes. Files have a prefix and an ending.
const maxName = 200

// name returns the name of a row's files without folder and ending, or what is wrong
// with it.
func (r *run) name(row row) (name, why string) {
	id := fmt.Sprint(row.number + 1)
	if r.id >= 0 {
		id = row.cells[r.id].Text
	}
	if id == "" {
		return "", "the name is empty: each device needs one, since it becomes the name of a file"
	}
	parts := []string{id}
	if r.Number != "" {
		parts = append([]string{fmt.Sprintf("%0*d", len(r.Number), r.number+row.number)}, parts...)
	}
	if r.Prefix != "" {
		parts = append([]string{r.Prefix}, parts...)
	}
	name = strings.Join(parts, "-")
	outside := strings.ContainsAny(name, `/\`) || !filepath.IsLocal(name) || name[0] == '.'
	control := strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
	switch {
	case outside:
		return "", "the name would lead out of the folder: it becomes the name of a file, so write it without / and \\ and no dot in front"
	case control || len(name) > maxName || strings.TrimRight(name, ". ") != name:
		return "", fmt.Sprintf("the name cannot be that of a file: write up to %d printable characters, with no blank or dot at the end", maxName)
	}
	return name, ""
}

// names finds names that occur twice. It keeps a hash and a line for each.
type names struct {
	seed  maphash.Seed
	lines map[uint64]int32
}

func newNames() *names { return &names{maphash.MakeSeed(), map[uint64]int32{}} }

// taken says that a name was there before. Capital letters do not make another name,
// because they do not on every file system.
func (n *names) taken(name string, line int) string {
	h := maphash.String(n.seed, strings.ToLower(name))
	if first, twice := n.lines[h]; twice {
		return fmt.Sprintf("%s has the same name as the device in line %d: give each device its own", name, first)
	}
	n.lines[h] = int32(line)
	return ""
}

// mustNotExist returns an error if there is a file.
func mustNotExist(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists already: give another folder, or --resume to go on with the run that made it", path)
	}
	return nil
}

// files returns the paths of all files of a device that this job makes.
func (r *run) files(name string) []string {
	all := []string{filepath.Join(r.Folder, imagePath(name))}
	if r.DeviceKeys {
		all = append(all, filepath.Join(r.Folder, keyPath(name)))
	}
	if r.KeepCSV {
		all = append(all, filepath.Join(r.Folder, csvPath(name)))
	}
	return all
}

func imagePath(name string) string { return filepath.Join("bin", name+".bin") }
func keyPath(name string) string   { return filepath.Join("keys", "keys-"+name+".bin") }
func csvPath(name string) string   { return filepath.Join("csv", name+".csv") }
