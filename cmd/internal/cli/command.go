// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/wifiprov/wifiprov/internal/secretname"
)

// parser returns what kong knows of a command.
func (e *entry) parser(options ...kong.Option) *kong.Kong {
	return kong.Must(e.command, append(options, kong.Name(e.path), kong.NoDefaultHelp(),
		kong.KindMapper(reflect.String, kong.MapperFunc(decodeString)),
		kong.KindMapper(reflect.Int, kong.MapperFunc(decodeInt)))...)
}

// decodeString takes a string as it is. kong's own way changes bytes that are no UTF-8,
// and names of files may have them.
func decodeString(from *kong.DecodeContext, target reflect.Value) error {
	token, err := from.Scan.PopValue("string")
	if err == nil {
		target.SetString(token.String())
	}
	return err
}

// decodeInt takes a number. kong's own way tells the size of the machine's words.
func decodeInt(from *kong.DecodeContext, target reflect.Value) error {
	token, err := from.Scan.PopValue("int")
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(token.String(), 0, target.Type().Bits())
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%s has too many digits", token)
	}
	if err != nil {
		return fmt.Errorf("expected a whole number but got %q", token)
	}
	target.SetInt(n)
	return nil
}

func (e *entry) commandUsage(w io.Writer) {
	node := e.parser().Model.Node
	fmt.Fprintf(w, "%s\n\n%s\n", strings.TrimSpace("usage: "+e.path+" [flags] "+operandNames(node)), e.long())
	var groups []string // in the order of the struct's fields; flags without one come first
	flags := map[string][]*kong.Flag{}
	for _, f := range node.Flags {
		group := "flags"
		if f.Group != nil {
			group = f.Group.Title
		}
		if flags[group] == nil {
			groups = append(groups, group)
		}
		flags[group] = append(flags[group], f)
	}
	if i := slices.Index(groups, "flags"); i > 0 {
		groups = slices.Insert(slices.Delete(groups, i, i+1), 0, "flags")
	}
	for _, group := range groups {
		fmt.Fprintf(w, "\n%s:\n", group)
		for _, f := range slices.SortedFunc(slices.Values(flags[group]), func(a, b *kong.Flag) int { return cmp.Compare(a.Name, b.Name) }) {
			name := f.Name
			if !f.IsBool() {
				name += " " + f.FormatPlaceHolder()
			}
			fmt.Fprintf(w, "  --%-22s %s\n", name, f.Help)
		}
	}
}

// operandNames names the operands of a command: FILE [KEY].
func operandNames(node *kong.Node) string {
	var names []string
	for _, p := range node.Positional {
		name := strings.ToUpper(p.Name)
		if p.IsCumulative() {
			name += "…"
		}
		if !p.Required {
			name = "[" + name + "]"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// errHelp is the error of a command line that asks for help.
var errHelp = errors.New("help")

// spell writes the arguments of a command as kong takes them: flags as --name=value,
// and behind "--" the operands. It finds the errors that kong would tell in other words,
// or with an operand in them.
func spell(node *kong.Node, args []string) ([]string, error) {
	var flags, operands []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			operands = append(operands, args...)
			break
		}
		name, value, hasValue := strings.Cut(flagName(arg), "=")
		flag := flagNamed(node, name)
		asks := flag == nil && (name == "h" || name == "help")
		switch {
		case !strings.HasPrefix(arg, "-"), arg == "-", flag == nil && !asks && literal(node, len(operands)):
			operands = append(operands, arg)
			continue
		case asks:
			return nil, errHelp
		case flag == nil:
			return nil, fmt.Errorf("flag provided but not defined: -%s", name)
		case flag.IsBool() && !hasValue:
			value = "true"
		case flag.IsBool():
			yes, err := strconv.ParseBool(value)
			if err != nil {
				return nil, fmt.Errorf("invalid boolean value %q for -%s: parse error", value, name)
			}
			value = strconv.FormatBool(yes)
		case !hasValue && len(args) == 0:
			return nil, fmt.Errorf("flag needs an argument: -%s", name)
		case !hasValue:
			value, args = args[0], args[1:]
		}
		if err := tryValue(flag, value); err != nil {
			return nil, err
		}
		flags = append(flags, "--"+name+"="+value)
	}
	if err := checkCount(node, len(operands)); err != nil {
		return nil, err
	}
	return slices.Concat(flags, []string{"--"}, operands), nil
}

func flagNamed(node *kong.Node, name string) *kong.Flag {
	for _, f := range node.Flags {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// literal reports whether an operand may begin with a hyphen.
func literal(node *kong.Node, i int) bool {
	return i < len(node.Positional) && node.Positional[i].Tag.Has("literal")
}

// tryValue returns why a flag cannot have a value.
func tryValue(flag *kong.Flag, value string) error {
	from := kong.ScanAsType(kong.FlagValueToken, value)
	err := flag.Parse(from, reflect.New(flag.Target.Type()).Elem())
	if err == nil {
		return nil
	}
	if secretname.Is(flag.Name) {
		return fmt.Errorf("invalid value for flag -%s", flag.Name) // the reason may show it
	}
	return fmt.Errorf("invalid value %q for flag -%s: %w", value, flag.Name, errors.Unwrap(err))
}

// checkCount compares the number of operands with those that a command has.
func checkCount(node *kong.Node, n int) error {
	least, most := 0, len(node.Positional)
	for _, p := range node.Positional {
		if p.Required {
			least++
		}
		if p.IsCumulative() {
			most = n
		}
	}
	if n < least || n > most {
		return fmt.Errorf("%d arguments instead of %s", n, cmp.Or(operandNames(node), "none"))
	}
	return nil
}
