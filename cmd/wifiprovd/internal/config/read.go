// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/internal/misspelt"
)

// Read reads a file.
func Read(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, files.Error(path, err)
	}
	return Parse(path, text)
}

// Parse reads the text of a file, which errors call by its path.
func Parse(path string, text []byte) (cfg Config, err error) {
	p := reader{path: path, places: map[string]string{}}
	defer func() {
		if r := recover(); r != nil { // of the parser, which has done so with odd texts
			err = fmt.Errorf("%s: this is no YAML: %v", path, r)
		}
	}()
	cfg = Default()
	file, err := parser.ParseBytes(text, 0)
	var wrong yaml.Error
	switch {
	case errors.As(err, &wrong):
		return cfg, p.fail(wrong.GetToken(), "this is no YAML: %s", firstLine(wrong.GetMessage()))
	case err != nil:
		return cfg, fmt.Errorf("%s: this is no YAML: %s", path, firstLine(err.Error()))
	}
	if len(file.Docs) > 1 {
		return cfg, p.fail(file.Docs[1].Body.GetToken(), "a second document begins here; a configuration is one")
	}
	for _, doc := range file.Docs {
		if err := p.mapping(doc.Body, "", keys(&cfg)); err != nil {
			return cfg, err
		}
	}
	return cfg, cfg.check(p.at)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// reader reads one file.
type reader struct {
	path   string
	places map[string]string // of keys with values
}

func (p *reader) place(t *token.Token) string {
	if t == nil || t.Position == nil {
		return p.path
	}
	return fmt.Sprintf("%s:%d:%d", p.path, t.Position.Line, t.Position.Column)
}

func (p *reader) fail(t *token.Token, format string, args ...any) error {
	return errors.New(p.place(t) + ": " + fmt.Sprintf(format, args...))
}

// at is an error of the value of a key.
func (p *reader) at(key, format string, args ...any) error {
	place := p.places[key]
	if place == "" {
		place = p.path
	}
	return errors.New(place + ": " + key + ": " + fmt.Sprintf(format, args...))
}

// mapping reads a mapping whose keys have a prefix.
func (p *reader) mapping(n ast.Node, prefix string, setters map[string]setter) error {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil // all that it could say is left out
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return p.fail(n.GetToken(), "%s is one value or a list; it has keys of its own: write %s", cmp.Or(strings.TrimSuffix(prefix, "."), "the file"), names(prefix, setters))
	}
	for _, e := range values {
		word := e.Key.GetToken().Value
		key := prefix + word
		set := setters[key]
		if set == nil && !isGroup(key, setters) {
			return p.fail(e.Key.GetToken(), "there is no key %q here; %s", word, instead(word, prefix, setters))
		}
		if set == nil {
			if err := p.mapping(e.Value, key+".", setters); err != nil {
				return err
			}
			continue
		}
		text, err := p.scalar(e.Value, key)
		if err != nil {
			return err
		}
		p.places[key] = p.place(e.Value.GetToken())
		if err := set(text); err != nil {
			if secret[key] {
				return p.at(key, "%s", err.Error())
			}
			return p.at(key, "%q: %s", text, err.Error())
		}
	}
	return nil
}

// scalar returns a value as it is written: a key may be 00123456.
func (p *reader) scalar(n ast.Node, key string) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, nil
	case *ast.NullNode:
		return "", p.fail(n.GetToken(), "%s has no value; give it one, \"\" for an empty one, or leave it out", key)
	}
	return "", p.fail(n.GetToken(), "%s is one value, and here is something else", key)
}

func isGroup(key string, setters map[string]setter) bool {
	for name := range setters {
		if strings.HasPrefix(name, key+".") {
			return true
		}
	}
	return false
}

// words are the keys that may stand behind a prefix.
func words(prefix string, setters map[string]setter) []string {
	var list []string
	for name := range setters {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			word, _, _ := strings.Cut(rest, ".")
			list = append(list, word)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func names(prefix string, setters map[string]setter) string {
	return strings.Join(words(prefix, setters), ", ")
}

// instead says what to write in place of an unknown key.
func instead(word, prefix string, setters map[string]setter) string {
	for _, name := range words(prefix, setters) {
		if misspelt.Is(word, name) {
			return "did you mean " + name + "?"
		}
	}
	return "take one of " + names(prefix, setters)
}

// setter sets a value to a text. Its error says what texts there are.
type setter func(text string) error

// secret are the keys whose values errors must not show.
var secret = map[string]bool{"service.key": true}

// keys are all keys.
func keys(c *Config) map[string]setter {
	return map[string]setter{
		"interface":              text(&c.Interface),
		"backend":                oneOf(&c.Backend, Auto, WPASupplicant, NetworkManager),
		"transport":              oneOf(&c.Transport, SoftAP, BLE),
		"access-point.interface": text(&c.APInterface),
		"dhcp": func(s string) error {
			return choose(s, func(s string) { c.SystemDHCP = s == "system" }, "own", "system")
		},
		"service.name":              text(&c.ServiceName),
		"service.key":               func(s string) error { c.ServiceKey = hal.Secret(s); return nil },
		"security.version":          number(&c.Security, 0, 2),
		"security.username":         text(&c.Username),
		"security.credentials-file": text(&c.CredentialsFile),
		"security.show":             yesNo(&c.ShowPassword),
		"security.label-file":       text(&c.LabelFile),
		"start.no-network":          span(&c.StartNoNetwork, time.Second),
		"start.unprovisioned":       span(&c.StartUnprovisioned, time.Second),
		"start.network":             oneOf(&c.StartNetwork, AnyNetwork, OwnNetwork),
		"window.length":             span(&c.WindowLength, 30*time.Second),
		"window.attempts":           number(&c.Attempts, 1, 100),
		"window.proof-delay":        delay(&c.ProofDelay, 10*time.Minute),
		"ble.stack":                 oneOf(&c.BLEStack, Bluetoothd, Kernel),
		"ble.adapter":               text(&c.BLEAdapter),
		"button.chip":               text(&c.ButtonChip),
		"button.line":               number(&c.ButtonLine, 0, 1<<16-1),
		"button.active": func(s string) error {
			return choose(s, func(s string) { c.ButtonActiveLow = s == "low" }, "low", "high")
		},
		"button.pull":     oneOf(&c.ButtonPull, "as-is", "up", "down", "none"),
		"button.debounce": delay(&c.ButtonDebounce, time.Second),
		"button.reset":    span(&c.ButtonReset, time.Second),
		"hooks.directory": text(&c.HooksFolder),
		"hooks.timeout":   limited(&c.HooksTimeout, 100*time.Millisecond, time.Hour),
	}
}

func text(p *string) setter {
	return func(s string) error { *p = s; return nil }
}

func oneOf(p *string, values ...string) setter {
	return func(s string) error { return choose(s, func(s string) { *p = s }, values...) }
}

func choose(s string, set func(string), values ...string) error {
	if !slices.Contains(values, s) {
		return errors.New("it is " + strings.Join(values[:len(values)-1], ", ") + " or " + values[len(values)-1])
	}
	set(s)
	return nil
}

func number(p *int, least, most int) setter {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return fmt.Errorf("it is a number from %d to %d", least, most)
		}
		*p = n
		return nil
	}
}

func yesNo(p *bool) setter {
	return func(s string) error { return choose(s, func(s string) { *p = s == "true" }, "true", "false") }
}

// span is a duration of which "never" is one.
func span(p *time.Duration, least time.Duration) setter {
	return func(s string) error {
		if s == "never" {
			*p = 0
			return nil
		}
		if d, err := time.ParseDuration(s); err == nil && d >= least {
			*p = d
			return nil
		}
		return fmt.Errorf("it is a duration with its unit, such as 30s or 5m, at least %s, or never", least)
	}
}

// delay is a duration of which 0s is one.
func delay(p *time.Duration, most time.Duration) setter { return limited(p, 0, most) }

func limited(p *time.Duration, least, most time.Duration) setter {
	return func(s string) error {
		if d, err := time.ParseDuration(s); err == nil && d >= least && d <= most {
			*p = d
			return nil
		}
		return fmt.Errorf("it is a duration with its unit, %s to %s", least, most)
	}
}
