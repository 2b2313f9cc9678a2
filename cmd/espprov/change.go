// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
)

func setCommand() *command {
	return &command{
		name: "set", short: "set a value", args: "FILE NAMESPACE KEY TYPE VALUE", least: 5, most: 5, literal: 5,
		long: `Sets a key in the image FILE. TYPE is u8 i8 u16 i16 u32 i32 u64 i64, string or blob. VALUE is a number
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
  espprov nvs set nvs.bin tls cert blob @device.der`,
		setup: func(flags *flag.FlagSet) task {
			f := defineImageFlags(flags, "start with a blank image of `N` bytes if FILE does not exist; with --offset, the partition's size")
			return func(s streams, args []string) error { return set(s, args, f) }
		},
	}
}

func set(s streams, args []string, f *imageFlags) error {
	path, namespace, key := args[0], args[1], args[2]
	t, ok := types[args[3]]
	if !ok {
		return fmt.Errorf("%s/%s: there is no type %q: use u8, i8, u16, i16, u32, i32, u64, i64, string or blob",
			quoted(namespace), quoted(key), args[3])
	}
	value, err := parseValue(key, t, args[4], s.in)
	if err != nil {
		return fmt.Errorf("%s/%s: %w", quoted(namespace), quoted(key), err)
	}
	m, err := openOrBlank(path, f)
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
	blank := int(f.size)
	inside := f.partition != "" || f.offset >= 0
	switch {
	case err == nil && blank != 0 && !inside && info.Mode().IsRegular() && int64(blank) != info.Size():
		return nil, fmt.Errorf("%s: it exists and has %d bytes, not %d: leave --size out, or give another file", path, info.Size(), blank)
	case err == nil || path == standard || inside || !errors.Is(err, fs.ErrNotExist):
		return changeImage(path, f)
	case blank == 0:
		return nil, fmt.Errorf("%w: give --size to start with a blank image", fileError(path, err))
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
		return answerNo{text}
	}
	return errors.New(text)
}

func getCommand() *command {
	return &command{
		name: "get", short: "print a value", args: "FILE NAMESPACE KEY", least: 3, most: 3,
		long: `Prints the value of a key: a number, the text of a string, a blob in hexadecimal digits. Secrets are printed
too, as they are asked for by name. FILE is not changed.

examples:
  espprov nvs get nvs.bin app serial
  espprov nvs get --raw nvs.bin tls cert > device.der`,
		setup: func(flags *flag.FlagSet) task {
			f := defineImageFlags(flags, partitionsSize)
			raw := flags.Bool("raw", false, "print the value's bytes and nothing else; numbers are little endian")
			return func(s streams, args []string) error { return get(s, args, f, *raw) }
		},
	}
}

func get(s streams, args []string, f *imageFlags, raw bool) error {
	m, err := openImage(s, args[0], f)
	if err != nil {
		return err
	}
	namespace, key := m.names(args[1], args[2])
	t, err := m.Find(namespace, key)
	if err != nil {
		return m.missing(err)
	}
	v, err := m.Get(nil, namespace, key, t)
	if err != nil {
		return m.fault(err)
	}
	switch {
	case raw:
		_, err = s.out.Write(v)
	case t == store.TypeString:
		_, err = fmt.Fprintf(s.out, "%s\n", v)
	case t == store.TypeBlob:
		_, err = fmt.Fprintln(s.out, hex.EncodeToString(v))
	default:
		_, err = fmt.Fprintln(s.out, number(t, v))
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
			return answerNo{fmt.Sprintf("%s: %s has no key %s: espprov nvs dump lists the keys", m.path, quoted(name), quoted(e.Key))}
		}
		names = append(names, quoted(name))
	}
	if len(names) == 0 {
		return answerNo{m.path + ": the partition is empty"}
	}
	return answerNo{fmt.Sprintf("%s: there is no namespace %s. Namespaces: %s", m.path, quoted(e.Namespace), strings.Join(names, ", "))}
}

func eraseCommand() *command {
	return &command{
		name: "erase", short: "erase a key or all keys of a namespace", args: "FILE NAMESPACE [KEY]", least: 2, most: 3,
		long: `Erases a key, or without KEY all keys of a namespace, in the image FILE. What was erased can no longer be read
by a device, but its bytes stay in the image until their sector is used again.

examples:
  espprov nvs erase nvs.bin app limit
  espprov nvs erase nvs.bin nvs.net80211     forget Wi-Fi credentials`,
		setup: func(flags *flag.FlagSet) task {
			f := defineImageFlags(flags, partitionsSize)
			return func(s streams, args []string) error { return erase(args, f) }
		},
	}
}

func erase(args []string, f *imageFlags) error {
	m, err := changeImage(args[0], f)
	if err != nil {
		return err
	}
	if len(args) == 3 {
		err = m.Erase(m.names(args[1], args[2]))
	} else {
		namespace := m.namespace(args[1])
		if _, err = m.Used(namespace); err == nil {
			err = m.EraseAll(namespace)
		}
	}
	if err != nil {
		return m.missing(err)
	}
	return m.save()
}
