// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/wifiprov/wifiprov/internal/misspelt"
)

// binder sets Go values to what YAML texts say, and remembers where they say it. The
// keys of a mapping are the fields of a struct: ScanEntries is scan-entries, or what
// the tag yaml says. Fields that a text cannot set, such as functions, have no key.
type binder struct {
	name    string         // of the text
	flat    bool           // it is one line, whose name is place enough
	places  map[any]string // "file:line:column" of a value, by the pointer to it
	anchors map[string]ast.Node
}

// defaulter is implemented by pointers to structs whose fields do not all begin at
// zero.
type defaulter interface{ setDefaults() }

// bindText sets what pointer points to.
func (b *binder) bindText(text []byte, pointer any) (err error) {
	defer func() {
		if r := recover(); r != nil { // of the parser, which has done so with odd texts
			err = fmt.Errorf("%s: this is no YAML: %v", b.name, r)
		}
	}()
	file, err := parser.ParseBytes(text, 0)
	var wrong yaml.Error
	switch {
	case errors.As(err, &wrong):
		return b.failAt(wrong.GetToken(), "this is no YAML: %s", firstLine(wrong.GetMessage()))
	case err != nil:
		return fmt.Errorf("%s: this is no YAML: %s", b.name, firstLine(err.Error()))
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.CommentGroupType:
		case body != nil:
			return b.failAt(doc.Body.GetToken(), "a second document begins here; write one file for each scenario")
		default:
			body = doc.Body
		}
	}
	if body == nil {
		return fmt.Errorf("%s: the file is empty; add devices: and below it - name: PROV_1", b.name)
	}
	return b.bind(body, reflect.ValueOf(pointer).Elem(), "the file")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// failAt is an error at a token.
func (b *binder) failAt(t *token.Token, format string, args ...any) error {
	return errors.New(b.place(t) + ": " + fmt.Sprintf(format, args...))
}

func (b *binder) place(t *token.Token) string {
	if b.flat || t == nil || t.Position == nil {
		return b.name
	}
	return fmt.Sprintf("%s:%d:%d", b.name, t.Position.Line, t.Position.Column)
}

// bind sets v to what a node says. what is the key that the value belongs to.
func (b *binder) bind(n ast.Node, v reflect.Value, what string) error {
	switch n := n.(type) {
	case *ast.AnchorNode:
		err := b.bind(n.Value, v, what)
		b.anchors[n.Name.GetToken().Value] = n.Value // only now, so that nothing contains itself
		return err
	case *ast.AliasNode:
		target, err := b.target(n)
		if err != nil {
			return err
		}
		return b.bind(target, v, what)
	case *ast.TagNode:
		return b.failAt(n.Start, "%s: tags such as %s mean nothing here; leave the tag out", what, n.Start.Value)
	}
	b.places[v.Addr().Interface()] = b.place(start(n))
	if raw, is := v.Addr().Interface().(*rawNode); is {
		raw.node = n
		return nil
	}
	if setter := setterOf(v.Type()); setter != nil {
		text, err := b.scalar(n, what)
		if err != nil {
			return err
		}
		return b.set(setter, v, what, text, b.place(start(n)))
	}
	if v.Kind() == reflect.Slice {
		return b.bindList(n, v, what)
	}
	return b.bindStruct(n, v, what)
}

// set sets v to a text.
func (b *binder) set(setter setter, v reflect.Value, what, text, place string) error {
	err := setter(v, text)
	if err == nil {
		return nil
	}
	if what != place { // not so for a flag
		place += ": " + what
	}
	if v.Type() == secretType {
		return fmt.Errorf("%s: %w", place, err)
	}
	return fmt.Errorf("%s is %q; %w", place, text, err)
}

func (b *binder) target(n *ast.AliasNode) (ast.Node, error) {
	name := n.Value.GetToken().Value
	if target := b.anchors[name]; target != nil {
		return target, nil
	}
	return nil, b.failAt(n.Start, "*%s means the value marked &%s, and above there is none", name, name)
}

// scalar returns the text of a node that is neither a list nor a mapping, as it is
// written: a pop may be 00123.
func (b *binder) scalar(n ast.Node, what string) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, nil
	case *ast.NullNode:
		return "", b.failAt(start(n), "%s has no value; give it one, or leave it out", what)
	}
	return "", b.failAt(start(n), "%s is %s; it is one value", what, kind(n))
}

// kind says what a node is.
func kind(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping (key: value)"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	}
	return "one value"
}

// start returns the first token of a node.
func start(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	case *ast.LiteralNode:
		return n.Start
	}
	return n.GetToken()
}

func (b *binder) bindList(n ast.Node, v reflect.Value, what string) error {
	list, is := n.(*ast.SequenceNode)
	if !is {
		return b.failAt(start(n), "%s is %s; it is a list: write - before each entry", what, kind(n))
	}
	// The whole length first, so that pointers to the entries stay.
	v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	for i, value := range list.Values {
		entry := v.Index(i)
		if d, is := entry.Addr().Interface().(defaulter); is {
			d.setDefaults()
		}
		if err := b.bind(value, entry, fmt.Sprintf("entry %d of %s", i+1, what)); err != nil {
			return err
		}
	}
	return nil
}

func (b *binder) bindStruct(n ast.Node, v reflect.Value, what string) error {
	entries, err := b.entries(n, what)
	if err != nil {
		return err
	}
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for _, e := range entries {
		key := e.Key.GetToken().Value
		index, known := fields[key]
		if !known {
			return b.failAt(e.Key.GetToken(), "there is no key %q here; %s", key, instead(key, fields))
		}
		if seen[key] {
			continue // it goes before what it merges
		}
		seen[key] = true
		if err := b.bind(e.Value, v.Field(index), key); err != nil {
			return err
		}
	}
	return nil
}

// entries returns the entries of a mapping, and behind them those that it merges.
func (b *binder) entries(n ast.Node, what string) ([]*ast.MappingValueNode, error) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, b.failAt(start(n), "%s is %s; it is a mapping: write key: value", what, kind(n))
	}
	var own, merged []*ast.MappingValueNode
	for _, e := range values {
		if !e.Key.IsMergeKey() {
			own = append(own, e)
			continue
		}
		alias, is := e.Value.(*ast.AliasNode)
		if !is || merged != nil {
			return nil, b.failAt(e.Key.GetToken(), "<< takes one alias, once: <<: *name")
		}
		target, err := b.target(alias)
		if err != nil {
			return nil, err
		}
		if merged, err = b.entries(target, what); err != nil {
			return nil, err
		}
	}
	return append(own, merged...), nil
}

// fieldsOf returns the indices of a struct's fields by their keys.
func fieldsOf(t reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range t.NumField() {
		f := t.Field(i)
		if key := keyOf(f); f.IsExported() && key != "-" && bindable(f.Type) {
			fields[key] = i
		}
	}
	return fields
}

// bindable reports whether a text can say a value of a type.
func bindable(t reflect.Type) bool {
	switch {
	case setterOf(t) != nil, t == reflect.TypeFor[rawNode]():
		return true
	case t.Kind() == reflect.Slice:
		return bindable(t.Elem())
	case t.Kind() == reflect.Struct:
		return len(fieldsOf(t)) > 0
	}
	return false
}

// keyOf returns the key of a field: AutoStop is auto-stop, NoDHCP is no-dhcp.
func keyOf(f reflect.StructField) string {
	if name := f.Tag.Get("yaml"); name != "" {
		return name
	}
	if name := irregular[f.Name]; name != "" {
		return name
	}
	var key strings.Builder
	name := f.Name
	upper := func(i int) bool { return i < len(name) && name[i] >= 'A' && name[i] <= 'Z' }
	for i := range len(name) {
		if i > 0 && upper(i) && (!upper(i-1) || i+1 < len(name) && !upper(i+1)) {
			key.WriteByte('-')
		}
		key.WriteByte(name[i] | 0x20)
	}
	return key.String()
}

// irregular are the keys of fields whose words keyOf does not find; "-": the field
// means nothing to a simulated device.
var irregular = map[string]string{"FiveGHz": "five-ghz", "PoP": "pop", "SoftAP": "softap", "Port": "-"}

// instead says what to write instead of an unknown key.
func instead(key string, fields map[string]int) string {
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return suggest(key, names)
}

// suggest says which name was meant, or which there are.
func suggest(word string, names []string) string {
	for _, name := range names {
		if misspelt.Is(word, name) {
			return "did you mean " + name + "?"
		}
	}
	return "take one of " + strings.Join(names, ", ")
}
