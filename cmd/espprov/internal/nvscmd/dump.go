// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/secretname"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

type dumpCommand struct {
	imageFlags
	JSON        bool   `help:"print JSON"`
	ShowSecrets bool   `help:"show passphrases and keys"`
	Namespace   string `placeholder:"NAMESPACE" help:"list this NAMESPACE only"`
	Raw         bool   `help:"list everything as it stands on the flash, also what is erased or torn"`

	File string `arg:""`
}

// Help explains the command.
func (*dumpCommand) Help() string {
	return `Lists namespaces, keys and values of the image FILE, oldest first, as a table or as JSON. Values of keys that
look like secrets (sta.pswd, ap.passwd, *.pmk*, and names with pass, key, token, pop …) are hidden. Blobs of
format version 1, which a device does not list, come last. FILE is not changed; what an interrupted write left
in it is repaired in memory only. FILE may be - for the standard input, and a dump of a whole flash.

With --raw it lists sector by sector what stands on the flash, and in which state: written, erased, torn (a power
cut left a part of it) or unmarked (a power cut came before its mark). Erased values stay until their sector is used
again. What is secret is hidden there, too.

In JSON, numbers of 64 bits are strings, blobs are hexadecimal digits; --raw prints a line of JSON for each item.

examples:
  espprov nvs dump nvs.bin
  espprov nvs dump --namespace nvs.net80211 --show-secrets nvs.bin
  espprov nvs dump --json --keys keys.bin nvs.bin
  espprov nvs dump --partition nvs flash.bin`
}

// Run prints the list.
func (c *dumpCommand) Run(s cli.Streams) error {
	if c.Raw {
		return c.raw(s)
	}
	d, err := newDump(s, c)
	switch {
	case err != nil:
		return err
	case c.JSON:
		e := json.NewEncoder(s.Out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(d)
	}
	return d.table(s)
}

// dump is what the command prints, as a table or as this JSON.
type dump struct {
	Size       int              `json:"size"`
	Encrypted  bool             `json:"encrypted"`
	Irregular  bool             `json:"irregular"` // espprov nvs check explains it
	Namespaces map[string]uint8 `json:"namespaces"`
	Unused     []string         `json:"namespaces_without_keys,omitempty"`
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

func newDump(s cli.Streams, c *dumpCommand) (*dump, error) {
	m, err := openImage(s, c.File, &c.imageFlags)
	if err != nil {
		return nil, err
	}
	namespace := c.Namespace
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
		d.add(m, e, c.ShowSecrets, false)
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
			d.add(m, e, c.ShowSecrets, true)
		case typeName(it.Type) == it.Type.String() && types[it.Type.String()] == 0:
			d.Entries = append(d.Entries, &dumped{Namespace: e.Namespace, Key: e.Key, Type: it.Type.String(),
				Error: "of a type that is not known", show: "(not known)"})
		}
	}
	for name := range d.Namespaces {
		if !slices.ContainsFunc(d.Entries, func(x *dumped) bool { return x.Namespace == name }) {
			d.Unused = append(d.Unused, name)
		}
	}
	slices.Sort(d.Unused)
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
	x.set(e, v, secrets)
}

// set decides how a value is shown.
func (x *dumped) set(e store.Entry, v []byte, secrets bool) {
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

func (d *dump) table(s cli.Streams) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
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
	fmt.Fprintf(s.Out, "\n%s in %s; %d of %d entries used, %d available", plural(len(d.Entries), "key"),
		plural(len(d.Namespaces), "namespace"), d.Used, d.Total, d.Available)
	if d.Encrypted {
		fmt.Fprint(s.Out, "; encrypted")
	}
	if hidden > 0 {
		fmt.Fprintf(s.Out, "; %d hidden, see --show-secrets", hidden)
	}
	if d.Irregular {
		fmt.Fprint(s.Out, "; irregular, see espprov nvs check")
	}
	fmt.Fprintln(s.Out)
	for _, name := range d.Unused {
		fmt.Fprintf(s.Out, "namespace %s has no keys\n", quoted(name))
	}
	return nil
}
