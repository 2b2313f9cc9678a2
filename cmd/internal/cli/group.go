// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// entry is a command, or a group of them.
type entry struct {
	path    string // what a user writes for it: espprov nvs dump
	name    string // the last word of path
	short   string // its line in the list of its group
	aliases []string
	command any // points to its struct
	under   []*entry
}

// read reads the tags of the commands below e. kong could do that too, but it would
// read the flags of all commands at every start.
func (e *entry) read() {
	v := reflect.ValueOf(e.command).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if _, ok := field.Tag.Lookup("cmd"); !ok {
			continue
		}
		name := cmp.Or(field.Tag.Get("name"), strings.ToLower(field.Name))
		u := &entry{path: e.path + " " + name, name: name, short: field.Tag.Get("help"),
			aliases: strings.Split(field.Tag.Get("aliases"), ","), command: v.Field(i).Addr().Interface()}
		u.read()
		e.under = append(e.under, u)
	}
}

// find follows args to a command, and returns it and the rest of args. It returns nil
// and the exit status if there is nothing to run.
func (e *entry) find(args []string, s Streams) (*entry, []string, int) {
	for e.under != nil {
		word := ""
		if len(args) > 0 {
			word = args[0]
		}
		switch word {
		case "":
			e.usage(s.Err)
			return nil, nil, NotDone
		case "help", "-h", "-help", "--help":
			return nil, nil, e.help(args[1:], s)
		}
		next := e.child(word)
		if next == nil {
			return nil, nil, e.hasNo(word, s)
		}
		e, args = next, args[1:]
	}
	return e, args, Done
}

// help explains the command that args name. The name of a group between may be left
// out.
func (e *entry) help(args []string, s Streams) int {
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		next := e.child(args[0])
		for _, group := range e.under {
			if next == nil {
				next = group.child(args[0])
			}
		}
		if next == nil {
			return e.hasNo(args[0], s)
		}
		e, args = next, args[1:]
	}
	e.usage(s.Out)
	return Done
}

func (e *entry) child(word string) *entry {
	for _, u := range e.under {
		if u.name == word || word != "" && slices.Contains(u.aliases, word) {
			return u
		}
	}
	return nil
}

func (e *entry) hasNo(word string, s Streams) int {
	return e.complain(s, fmt.Errorf("there is no command %q", word))
}

// complain tells an error of the command line.
func (e *entry) complain(s Streams, err error) int {
	fmt.Fprintf(s.Err, "%s: %v: see %s -h\n", e.path, err, e.path)
	return NotDone
}

// usage prints what a command or group is for.
func (e *entry) usage(w io.Writer) {
	if e.under == nil {
		e.commandUsage(w)
		return
	}
	fmt.Fprintf(w, "%s\n\nusage: %s COMMAND …\n\n", e.long(), e.path)
	width := 10
	for _, u := range e.under {
		width = max(width, len(u.name))
	}
	for _, u := range e.under {
		fmt.Fprintf(w, "  %-*s %s\n", width, u.name, u.short)
	}
	fmt.Fprintf(w, "\n%s COMMAND -h tells more. %s\n", e.path, statuses)
}

// long is the explanation of a command or group.
func (e *entry) long() string {
	if h, ok := e.command.(interface{ Help() string }); ok {
		return h.Help()
	}
	return e.short
}
