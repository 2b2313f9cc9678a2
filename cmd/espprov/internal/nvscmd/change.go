// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
)

type setCommand struct {
	imageFlags `set:"size=start with a blank image of N bytes if FILE does not exist; with --offset, the partition's size"`

	File, Namespace, Key, Type string `arg:""`
	Value                      string `arg:"" literal:""`
}

// Help explains the command.
func (*setCommand) Help() string {
	return `Sets a key in the image FILE. TYPE is u8 i8 u16 i16 u32 i32 u64 i64, string or blob. VALUE is a number
(decimal or 0x…), or for strings and blobs one of

  hello        the text itself
  text:hello   the same, for a text that begins with one of the following
  hex:00ff     bytes in hexadecimal digits
  base64:AP8=  bytes in base64
  @file        the contents of a file
  @-           the standard input, so that a passphrase is in no list of processes; a string ends before the last
               line end

FILE is replaced as a whole when everything worked, never changed in part. What an interrupted write left in it
is repaired, as a device does when it starts. What is no image of a partition is refused. Integers with leading
zeros are decimal.

examples:
  espprov nvs set nvs.bin app limit i32 -40
  espprov nvs set --size 0x6000 new.bin app serial string SN-0001
  espprov nvs set nvs.bin tls cert blob @device.der`
}

// Run sets the value.
func (c *setCommand) Run(s cli.Streams) error {
	namespace, key := c.Namespace, c.Key
	t, ok := types[c.Type]
	if !ok {
		return fmt.Errorf("%s/%s: there is no type %q: use u8, i8, u16, i16, u32, i32, u64, i64, string or blob",
			quoted(namespace), quoted(key), c.Type)
	}
	value, err := parseValue(key, t, c.Value, s.In)
	if err != nil {
		return fmt.Errorf("%s/%s: %w", quoted(namespace), quoted(key), err)
	}
	m, err := openOrBlank(c.File, &c.imageFlags)
	if err != nil {
		return err
	}
	if err := m.Set(namespace, key, t, value); err != nil {
		if most := m.MaxBlob(); errors.Is(err, store.ErrFull) && t == store.TypeBlob && len(value) > most {
			return fmt.Errorf("%s: %s/%s: a blob of %d bytes is too long: this partition can hold one of at most %d",
				m.path, quoted(namespace), quoted(key), len(value), most)
		}
		return m.fault(err)
	}
	return m.save()
}

func openOrBlank(path string, f *imageFlags) (*image, error) {
	info, err := os.Stat(path)
	blank := int(f.Size)
	inside := f.Partition != "" || f.Offset != nil
	switch {
	case err == nil && blank != 0 && !inside && info.Mode().IsRegular() && int64(blank) != info.Size():
		return nil, fmt.Errorf("%s: it exists and has %d bytes, not %d: leave --size out, or give another file", path, info.Size(), blank)
	case err == nil || path == standard || inside || !errors.Is(err, fs.ErrNotExist):
		return changeImage(path, f)
	case blank == 0:
		return nil, fmt.Errorf("%w: give --size to start with a blank image", files.Error(path, err))
	case blank < minWritable*nvs.SectorSize:
		return nil, fmt.Errorf("--size %d: the smallest partition that can be written has %d bytes (0x3000)",
			blank, minWritable*nvs.SectorSize)
	}
	return openPart(path, nil, extent{}, bytes.Repeat([]byte{0xff}, blank), f, true)
}

// fault adds to an error on a key what to do about it.
func (m *image) fault(err error) error {
	var e *store.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	name := quoted(e.Namespace)
	if e.Key != "" {
		name += "/" + quoted(e.Key)
	}
	text := fmt.Sprintf("%s: %s: %v", m.path, name, e.Err)
	if e.Why != "" {
		text += ": " + e.Why
	}
	switch {
	case errors.Is(err, store.ErrFull):
		st := m.Stats()
		return fmt.Errorf("%s: %d of %d entries of 32 bytes are used, and a new value is written before the old one goes: "+
			"erase keys, or make a larger partition", text, st.Used, st.Total)
	case errors.Is(err, store.ErrNotFound):
		return cli.No(text)
	}
	return errors.New(text)
}

type getCommand struct {
	imageFlags
	Raw bool `help:"print the value's bytes and nothing else; numbers are little endian"`

	File, Namespace, Key string `arg:""`
}

// Help explains the command.
func (*getCommand) Help() string {
	return `Prints the value of a key: a number, the text of a string, a blob in hexadecimal digits. Secrets are printed
too, as they are asked for by name. FILE is not changed.

examples:
  espprov nvs get nvs.bin app serial
  espprov nvs get --raw nvs.bin tls cert > device.der`
}

// Run prints the value.
func (c *getCommand) Run(s cli.Streams) error {
	m, err := openImage(s, c.File, &c.imageFlags)
	if err != nil {
		return err
	}
	namespace, key := m.names(c.Namespace, c.Key)
	t, err := m.Find(namespace, key)
	if err != nil {
		return m.missing(err)
	}
	v, err := m.Get(nil, namespace, key, t)
	if err != nil {
		return m.fault(err)
	}
	switch {
	case c.Raw:
		_, err = s.Out.Write(v)
	case t == store.TypeString:
		_, err = fmt.Fprintf(s.Out, "%s\n", v)
	case t == store.TypeBlob:
		_, err = fmt.Fprintln(s.Out, hex.EncodeToString(v))
	default:
		_, err = fmt.Fprintln(s.Out, number(t, v))
	}
	return err
}

// names returns a namespace and a key as they are in the image. Odd names may
// be given as dump shows them, in quotes and with escapes, unless one is really
// called so.
func (m *image) names(namespace, key string) (string, string) {
	for _, n := range []string{namespace, plain(namespace)} {
		for _, k := range []string{key, plain(key)} {
			if _, err := m.Find(n, k); err == nil {
				return n, k
			}
		}
	}
	return m.namespace(namespace), key
}

// namespace is names for a namespace alone.
func (m *image) namespace(name string) string {
	if _, err := m.Used(name); err != nil {
		if _, err := m.Used(plain(name)); err == nil {
			return plain(name)
		}
	}
	return name
}

// plain returns the name that quoted shows.
func plain(shown string) string {
	if name, err := strconv.Unquote(shown); err == nil && strings.HasPrefix(shown, `"`) {
		return name
	}
	return shown
}

// missing adds to a store.ErrNotFound the names that exist.
func (m *image) missing(err error) error {
	var e *store.Error
	if !errors.Is(err, store.ErrNotFound) || !errors.As(err, &e) {
		return m.fault(err)
	}
	var names []string
	for name := range m.Namespaces() {
		if name == e.Namespace {
			return cli.No(fmt.Sprintf("%s: %s has no key %s: espprov nvs dump lists the keys", m.path, quoted(name), quoted(e.Key)))
		}
		names = append(names, quoted(name))
	}
	if len(names) == 0 {
		return cli.No(m.path + ": the partition is empty")
	}
	return cli.No(fmt.Sprintf("%s: there is no namespace %s. Namespaces: %s", m.path, quoted(e.Namespace), strings.Join(names, ", ")))
}

type eraseCommand struct {
	imageFlags

	File, Namespace string  `arg:""`
	Key             *string `arg:"" optional:""`
}

// Help explains the command.
func (*eraseCommand) Help() string {
	return `Erases a key, or without KEY all keys of a namespace, in the image FILE. What was erased can no longer be read
by a device, but its bytes stay in the image until their sector is used again.

examples:
  espprov nvs erase nvs.bin app limit
  espprov nvs erase nvs.bin nvs.net80211     forget Wi-Fi credentials`
}

// Run erases the key or keys.
func (c *eraseCommand) Run() error {
	m, err := changeImage(c.File, &c.imageFlags)
	if err != nil {
		return err
	}
	if c.Key != nil {
		err = m.Erase(m.names(c.Namespace, *c.Key))
	} else {
		namespace := m.namespace(c.Namespace)
		if _, err = m.Used(namespace); err == nil {
			err = m.EraseAll(namespace)
		}
	}
	if err != nil {
		return m.missing(err)
	}
	return m.save()
}
