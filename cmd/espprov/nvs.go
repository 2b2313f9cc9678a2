// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

func nvsGroup() *command {
	return &command{
		name:  "nvs",
		short: "images of NVS partitions: dump, create, change, check",
		long: "espprov nvs works on images of the NVS partition, where ESP32 devices keep their settings and\n" +
			"Wi-Fi credentials. To get a device's image, with the offset and size of its partition table:\n\n" +
			"  esptool.py read_flash 0x9000 0x6000 nvs.bin",
		under: []*command{
			dumpCommand(), getCommand(), setCommand(), eraseCommand(), createCommand(), checkCommand(),
			{
				name: "keys", short: "keys of encrypted partitions",
				long:  "espprov nvs keys makes the keys of encrypted partitions.",
				under: []*command{keysGenerateCommand()},
			},
		},
	}
}

func createCommand() *command {
	return &command{
		name: "create", short: "make an image from a CSV file", args: "CSV FILE SIZE", least: 3, most: 3,
		long: `Makes the image FILE of a partition of SIZE bytes with the values that the file CSV lists, as ESP-IDF's
partition generator does, byte for byte. CSV may be - for the standard input, and FILE for the standard output.
SIZE is a multiple of 4096, as in the partition table: 24576, 0x6000 or 24K. FILE is replaced if it exists, and
is readable for you alone.

  key,type,encoding,value
  app,namespace,,
  serial,data,string,SN-0001
  limit,data,i32,-40
  mac,data,hex2bin,a0b1c2d3e4f5
  cert,file,binary,device.der

Encodings: u8 i8 u16 i16 u32 i32 u64 i64 string hex2bin base64 binary blob_fill(n;0xXX) blob_sz_fill(n;0xXX).
Names of files are relative to the CSV file.

examples:
  espprov nvs create factory.csv nvs.bin 0x6000
  espprov nvs create --generate-keys keys.bin factory.csv nvs.bin 0x6000
  espprov nvs create --hmac-key efuse.bin factory.csv nvs.bin 24K`,
		setup: func(flags *flag.FlagSet) task {
			var k keyFlags
			k.define(flags)
			generate := flags.String("generate-keys", "", "encrypt with new keys and write them to this `FILE`, which must not exist")
			version := flags.Int("version", 2, "`N` is the format's version, 2 or 1")
			return func(s streams, args []string) error { return create(s, args, &k, *generate, *version) }
		},
	}
}

func create(s streams, args []string, k *keyFlags, generate string, version int) error {
	csv, path := args[0], args[1]
	o := nvsgen.Options{Version: version}
	if version == 0 {
		return errors.New("--version 0: use 2, or 1")
	}
	var n size
	if err := n.Set(args[2]); err != nil {
		return fmt.Errorf("SIZE %q: %w", args[2], err)
	}
	o.Size = int(n)
	if generate != "" && *k != (keyFlags{}) {
		return errors.New("--generate-keys and --keys or --hmac-key are given: choose one")
	}
	var err error
	if o.Keys, err = k.load(); err != nil {
		return err
	}
	if generate != "" {
		if o.Keys, err = nvs.GenerateKeys(rand.Reader); err != nil {
			return err
		}
	}
	for _, other := range []string{csv, generate, k.keys, k.hmac} {
		if path != standard && sameFile(other, path) {
			return fmt.Errorf("%s: it would be overwritten with the image: give another file", path)
		}
	}
	text, name, err := readInput(csv, s.in, nvsgen.MaxSize)
	if err != nil {
		return err
	}
	o.ReadFile = nvsgen.Folder(".")
	if csv != standard {
		o.ReadFile = nvsgen.Folder(filepath.Dir(csv))
	}
	b, err := nvsgen.Generate(bytes.NewReader(text), o)
	if err != nil {
		return fmt.Errorf("%s: %w", name, errors.Unwrap(err))
	}
	if generate != "" {
		// The keys are written first: keys without an image do no harm.
		if err := writeKeys(generate, o.Keys); err != nil {
			return err
		}
	}
	p, err := nvs.Open(&memory{b}, nvs.Options{Keys: o.Keys, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("%s: the image does not open: %w", path, err)
	}
	about := s.out
	if path == standard {
		path, about = "standard output", s.err
		_, err = s.out.Write(b)
	} else {
		err = makeFile(path, b)
	}
	if err != nil {
		return fileError(path, err)
	}
	st := p.Stats()
	fmt.Fprintf(about, "%s: %d bytes, %s, %d of %d entries used\n", path, len(b), plural(st.Namespaces, "namespace"), st.Used, st.Total)
	return nil
}

func sameFile(a, b string) bool {
	if a == "" || a == "-" {
		return false
	}
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y) || filepath.Clean(a) == filepath.Clean(b)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func keysGenerateCommand() *command {
	return &command{
		name: "generate", short: "make keys for an encrypted partition", args: "FILE", least: 1, most: 1,
		long: `Makes random keys and writes them to FILE as the contents of a key partition (4096 bytes), which a device
with flash encryption takes as its partition nvs_keys. FILE must not exist. Keep it: without the keys the
partition cannot be read, and a device that has other keys erases it.

example:
  espprov nvs keys generate keys.bin`,
		setup: func(*flag.FlagSet) task {
			return func(s streams, args []string) error {
				keys, err := nvs.GenerateKeys(rand.Reader)
				if err != nil {
					return err
				}
				return writeKeys(args[0], keys)
			}
		},
	}
}

// writeKeys makes a file of keys. It never replaces a file.
func writeKeys(path string, keys *nvs.Keys) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s: the file exists already, and its keys may be needed: use it with --keys, or give another name", path)
	}
	if err != nil {
		return fileError(path, err)
	}
	_, err = f.Write(keys.Partition())
	if err == nil {
		err = f.Sync()
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err != nil {
		os.Remove(path)
	}
	return fileError(path, err)
}
