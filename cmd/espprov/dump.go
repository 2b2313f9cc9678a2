// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/internal/secretname"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

func dumpCommand() *command {
	return &command{
		name: "dump", short: "list all keys and values", args: "FILE", least: 1, most: 1,
		long: `Lists namespaces, keys and values of the image FILE, oldest first, as a table or as JSON. Values of keys that
look like secrets (sta.pswd, ap.passwd, *.pmk*, and names with pass, key, token, pop …) are hidden. Blobs of
format version 1, which a device does not list, come last. FILE is not changed; what an interrupted write left
in it is repaired in memory only. FILE may be - for the standard input, and a dump of a whole flash.

In JSON, numbers of 64 bits are strings, blobs are hexadecimal digits.

examples:
  espprov nvs dump nvs.bin
  espprov nvs dump --namespace nvs.net80211 --show-secrets nvs.bin
  espprov nvs dump --json --keys keys.bin nvs.bin
  espprov nvs dump --partition nvs flash.bin`,
		setup: func(flags *flag.FlagSet) task {
			f := defineImageFlags(flags, partitionsSize)
			asJSON := flags.Bool("json", false, "print JSON")
			secrets := flags.Bool("show-secrets", false, "show passphrases and keys")
			namespace := flags.String("namespace", "", "list this `NAMESPACE` only")
			return func(s streams, args []string) error {
				d, err := newDump(s, args[0], f, *namespace, *secrets)
				switch {
				case err != nil:
					return err
				case *asJSON:
					e := json.NewEncoder(s.out)
					e.SetIndent("", "  ")
					e.SetEscapeHTML(false)
					return e.Encode(d)
				}
				return d.table(s)
			}
		},
	}
}

// dump is what the command prints, as a table or as this JSON.
type dump struct {
	Size       int              `json:"size"`
	Encrypted  bool             `json:"encrypted"`
	Irregular  bool             `json:"irregular"` // espprov nvs check explains it
	Namespaces map[string]uint8 `json:"namespaces"`
	Entries    []*dumped        `json:"entries"`
	Used       int              `json:"entries_used"`
	Available  int              `json:"entries_available"`
	Total      int              `json:"entries_total"`
}

// dumped is a key. One of the fields from Value on is set.
type dumped struct {
	Namespace string  `json:"namespace"`
	Key       string  `json:"key"`
	Type      string  `json:"type"`
	Old       bool    `json:"format_version_1,omitempty"` // a blob that devices do not list
	Size      int     `json:"size"`                       // in bytes, strings without terminator
	Value     any     `json:"value,omitempty"`
	Hex       *string `json:"hex,omitempty"`
	Hidden    bool    `json:"hidden,omitempty"`
	Error     string  `json:"error,omitempty"`

	show string // in the table
}

func newDump(s streams, path string, f *imageFlags, namespace string, secrets bool) (*dump, error) {
	m, err := openImage(s, path, f)
	if err != nil {
		return nil, err
	}
	if namespace != "" {
		namespace = m.namespace(namespace)
		if _, err := m.Used(namespace); err != nil {
			return nil, m.missing(err)
		}
	}
	st := m.Stats()
	d := &dump{Size: len(m.before()), Encrypted: m.keys != nil, Namespaces: map[string]uint8{}, Entries: []*dumped{},
		Used: st.Used, Available: st.Available, Total: st.Total}
	for name, number := range m.Namespaces() {
		if namespace == "" || name == namespace {
			d.Namespaces[name] = number
		}
	}
	for e, err := range m.Entries(namespace) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.path, err)
		}
		d.add(m, e, secrets, false)
	}
	r := nvscheck.Check(m.before(), m.keys)
	d.Irregular = r.Irregular()
	for _, it := range r.Items {
		if it.Namespace == "" && !it.Unnamed || namespace != "" && namespace != it.Namespace {
			continue
		}
		e := store.Entry{Namespace: it.Namespace, Key: it.Key, Type: it.Type}
		switch {
		case it.Old:
			d.add(m, e, secrets, true)
		case typeName(it.Type) == it.Type.String() && types[it.Type.String()] == 0:
			d.Entries = append(d.Entries, &dumped{Namespace: e.Namespace, Key: e.Key, Type: it.Type.String(),
				Error: "of a type that is not known", show: "(not known)"})
		}
	}
	return d, nil
}

// add reads a value and decides how it is shown.
func (d *dump) add(m *image, e store.Entry, secrets, old bool) {
	x := &dumped{Namespace: e.Namespace, Key: e.Key, Type: typeName(e.Type), Old: old}
	d.Entries = append(d.Entries, x)
	v, err := m.Get(nil, e.Namespace, e.Key, e.Type)
	if err != nil {
		x.Error = reason(err)
		x.show = "(cannot be read: " + x.Error + ")"
		return
	}
	x.Size = len(v)
	isData := e.Type == store.TypeString || e.Type == store.TypeBlob
	switch {
	case isData && !secrets && secretname.Is(e.Key) && !blank(v):
		x.Hidden, x.show = true, "(hidden)"
	case e.Type == store.TypeString && utf8.Valid(v):
		x.Value, x.show = string(v), showText(string(v))
	case isData:
		digits := hex.EncodeToString(v)
		x.Hex, x.show = &digits, showBlob(e.Key, v)
	default:
		x.show = number(e.Type, v)
		x.Value = json.Number(x.show)
		if len(v) == 8 || !json.Valid([]byte(x.show)) {
			x.Value = x.show
		}
	}
}

func reason(err error) string {
	if e, ok := err.(*store.Error); ok && e.Why != "" {
		return e.Why
	}
	return err.Error()
}

// blank reports whether a value is that of an unused key, and so no secret.
func blank(v []byte) bool {
	return all(v, 0) || all(v, 0xff)
}

// all reports whether a value has no other byte than c.
func all(v []byte, c byte) bool { return bytes.Count(v, []byte{c}) == len(v) }

// The parts of values that fit into a line of the table.
const (
	shownBytes = 24
	shownText  = 60
)

// showText returns a string, or its beginning, in quotes.
func showText(s string) string {
	if runes := []rune(s); len(runes) > shownText {
		return strconv.Quote(string(runes[:shownText])) + " …"
	}
	return strconv.Quote(s)
}

// showBlob returns a blob's beginning, or the name or passphrase in a blob of the
// Wi-Fi driver.
func showBlob(key string, v []byte) string {
	if len(v) > 0 && all(v, 0xff) {
		return "ff … (not set)"
	}
	if len(v) > shownBytes && all(v, 0) {
		return "00 …"
	}
	s := hex.EncodeToString(v[:min(len(v), shownBytes)])
	if len(v) > shownBytes {
		s += " …"
	}
	if (key == "sta.ssid" || key == "ap.ssid") && len(v) >= 4 {
		if n := binary.LittleEndian.Uint32(v); n <= 32 && int(n) <= len(v)-4 {
			return strconv.Quote(string(v[4 : 4+n]))
		}
	}
	if key == "sta.pswd" || key == "ap.passwd" {
		text, padding, _ := bytes.Cut(v, []byte{0})
		if len(text) > 0 && all(padding, 0) && utf8.Valid(text) {
			return strconv.Quote(string(text))
		}
	}
	if len(v) == 0 {
		return "(empty)"
	}
	return s
}

func (d *dump) table(s streams) error {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAMESPACE\tKEY\tTYPE\tSIZE\tVALUE")
	hidden := 0
	for _, e := range d.Entries {
		typ := e.Type
		if e.Old {
			typ += " v1"
		}
		if e.Hidden {
			hidden++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", quoted(e.Namespace), quoted(e.Key), typ, e.Size, e.show)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s in %s; %d of %d entries used, %d available", plural(len(d.Entries), "key"),
		plural(len(d.Namespaces), "namespace"), d.Used, d.Total, d.Available)
	if d.Encrypted {
		fmt.Fprint(s.out, "; encrypted")
	}
	if hidden > 0 {
		fmt.Fprintf(s.out, "; %d hidden, see --show-secrets", hidden)
	}
	if d.Irregular {
		fmt.Fprint(s.out, "; irregular, see espprov nvs check")
	}
	_, err := fmt.Fprintln(s.out)
	return err
}
