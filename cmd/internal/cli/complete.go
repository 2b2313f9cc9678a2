// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completeCommand is the name of the command that a shell's script calls at the key Tab.
// Help does not list it.
const completeCommand = "__complete"

// complete prints what the last of words can become, one candidate a line: the word, and
// behind a tab what it is for. words follow the name of the program on a command line;
// the last may be empty. Nothing is printed where the name of a file or free text belongs.
//
// Bash cuts words at an equals sign, which then is a word itself.
func (e *entry) complete(words []string, w io.Writer) {
	if len(words) == 0 {
		return
	}
	last := words[len(words)-1]
	if last == "=" {
		last = ""
	}
	before := without(words[:len(words)-1], "=")
	for e.under != nil && len(before) > 0 {
		if next := e.child(before[0]); next != nil {
			e = next
		} else if before[0] != "help" {
			return
		}
		before = before[1:]
	}
	if e.under != nil {
		for _, u := range e.under {
			if !strings.HasPrefix(u.name, "-") || last != "" {
				candidate(w, u.name, last, u.short)
			}
		}
		return
	}
	e.completeFlag(before, last, w)
}

// completeFlag completes a flag of a command, or its value. The values known are those of
// the tag enum, or of the tag values.
func (e *entry) completeFlag(before []string, last string, w io.Writer) {
	node := e.parser().Model.Node
	name, value, hasValue := strings.Cut(last, "=")
	switch {
	case strings.HasPrefix(last, "-") && hasValue:
		completeValue(w, flagNamed(node, flagName(name)), name+"=", value)
		return
	case len(before) > 0 && strings.HasPrefix(before[len(before)-1], "-"):
		flag := flagNamed(node, flagName(before[len(before)-1]))
		if flag != nil && !flag.IsBool() {
			completeValue(w, flag, "", last)
			return
		}
	}
	if !strings.HasPrefix(last, "-") || len(without(before, "--")) < len(before) {
		return
	}
	for _, f := range node.Flags {
		if !f.Hidden {
			candidate(w, "--"+f.Name, "--"+flagName(last), f.Help)
		}
	}
}

// completeValue completes the value of a flag; nil: there is no such flag. head stands
// before the value in the same word.
func completeValue(w io.Writer, flag *kong.Flag, head, begin string) {
	if flag == nil {
		return
	}
	for _, value := range append(flag.EnumSlice(), strings.Split(flag.Tag.Get("values"), ",")...) {
		if value != "" {
			candidate(w, head+value, head+begin, "")
		}
	}
}

// candidate prints a word, if it has the beginning that a user typed.
func candidate(w io.Writer, word, begin, help string) {
	if strings.HasPrefix(word, begin) {
		fmt.Fprintf(w, "%s\t%s\n", word, help)
	}
}

// flagName returns an argument without the hyphens of a flag.
func flagName(arg string) string {
	return strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
}

// without returns words without those that are word.
func without(words []string, word string) (rest []string) {
	for _, w := range words {
		if w != word {
			rest = append(rest, w)
		}
	}
	return rest
}
