// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

type createCommand struct {
	keyFlags
	GenerateKeys string   `placeholder:"FILE" help:"encrypt with new keys and write them to this FILE, which must not exist"`
	Version      int      `placeholder:"N" default:"2" help:"N is the format's version, 2 or 1"`
	Also         []string `placeholder:"FILE" sep:"none" help:"FILE is another CSV file with values for the image; may be given more than once"`
	manyFlags    `group:"images for many devices"`

	CSV, File, Size string `arg:""`
}

// Help explains the command.
func (*createCommand) Help() string {
	return `Makes the image FILE of a partition of SIZE bytes with the values that the file CSV lists, as ESP-IDF's
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

With --devices or --values it makes one image for each row of a list, and FILE is the folder for them. The list
has a heading with the names of its columns.

  --devices LIST  CSV is as above. In its values {serial} stands for the column serial of LIST, and {{ for a
                  brace. {random:pop} draws a text of 8 characters for each device, {random:pop:12} one of 12.
                  {sec2.salt:pop} and {sec2.verifier:pop} are the salt and verifier of security 2, in hexadecimal
                  digits (hex2bin), for the password that the column pop or {random:pop} has.
  --values LIST   CSV is the configuration file of Espressif's mfg_gen.py, and LIST its values file. Names of
                  files are relative to the present folder, as there.

The folder then has bin/NAME.bin for each device, keys/keys-NAME.bin with --device-keys, csv/NAME.csv with
--keep-csv, and report.csv and report.jsonl. NAME is PREFIX-NUMBER-ID, without the parts that are not given. The
whole list is checked before anything is written, and each image is read back. Nothing is overwritten. What was
interrupted goes on with --resume and the same flags.

Exit status: 0 done, 2 nothing was written, or the folder is that of another run, 4 some images are missing: try
again with --resume.

examples:
  espprov nvs create factory.csv nvs.bin 0x6000
  espprov nvs create --generate-keys keys.bin factory.csv nvs.bin 0x6000
  espprov nvs create --also wifi.csv factory.csv nvs.bin 24K
  espprov nvs create --devices devices.csv --id serial --device-keys template.csv out 0x6000
  espprov nvs create --values values.csv --prefix Lamp --id id config.csv out 0x6000`
}

// Run makes the image.
func (c *createCommand) Run(ctx context.Context, s cli.Streams) error {
	csv, path, generate := c.CSV, c.File, c.GenerateKeys
	o := nvsgen.Options{Version: c.Version}
	if c.Version == 0 {
		return errors.New("--version 0: use 2, or 1")
	}
	var n size
	if err := n.UnmarshalText([]byte(c.Size)); err != nil {
		return fmt.Errorf("SIZE %q: %w", c.Size, err)
	}
	o.Size = int(n)
	if err := c.manyFlags.fits(c); err != nil {
		return err
	}
	if generate != "" && c.keyFlags != (keyFlags{}) {
		return errors.New("--generate-keys and --keys or --hmac-key are given: choose one")
	}
	var err error
	if o.Keys, err = c.load(); err != nil {
		return err
	}
	if generate != "" {
		if o.Keys, err = nvs.GenerateKeys(rand.Reader); err != nil {
			return err
		}
	}
	if c.many() {
		return c.makeMany(ctx, s, o)
	}
	for _, other := range append(c.Also, csv, generate, c.Keys, c.HMACKey) {
		if path != standard && sameFile(other, path) {
			return fmt.Errorf("%s: it would be overwritten with the image: give another file", path)
		}
	}
	tables, err := c.files(s, "")
	if err != nil {
		return err
	}
	var b []byte
	table, err := nvsgen.Read(tables...)
	if err == nil {
		b, err = table.Image(o)
	}
	if err != nil {
		return named(tables[0].Name, err)
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
	about := s.Out
	if path == standard {
		path, about = "standard output", s.Err
		_, err = s.Out.Write(b)
		err = files.Error(path, err)
	} else {
		err = files.Make(path, b)
	}
	if err != nil {
		return err
	}
	st := p.Stats()
	fmt.Fprintf(about, "%s: %d bytes, %s, %d of %d entries used\n", path, len(b), plural(st.Namespaces, "namespace"), st.Used, st.Total)
	return nil
}

// files reads CSV and those of --also. Names in them are relative to folder, or to the
// file itself if that is empty.
func (c *createCommand) files(s cli.Streams, folder string) ([]nvsgen.File, error) {
	var all []nvsgen.File
	for _, path := range append([]string{c.CSV}, c.Also...) {
		text, name, err := readInput(path, s.In, nvsgen.MaxSize)
		if err != nil {
			return nil, err
		}
		all = append(all, nvsgen.File{Name: name, Text: text, ReadFile: nvsgen.Folder(cmp.Or(folder, filepath.Dir(path)))})
	}
	return all, nil
}

// named adds a file's name to an error that has none.
func named(name string, err error) error {
	var e *nvsgen.Error
	if errors.As(err, &e) {
		return e
	}
	return fmt.Errorf("%s: %w", name, err)
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
