// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// crypt is what encrypt and decrypt have in common.
type crypt struct {
	imageFlags

	In, Out string `arg:""`
}

// cryptHelp explains both commands.
const cryptHelp = ` Every entry keeps its place, also those that are erased
or that a power cut left, so that the way back leads to the same bytes. If IN is a dump of a whole flash, OUT has
the rest of it as it was. IN may be - for the standard input. OUT is another file than IN, is replaced if it
exists, and is readable for you alone.
`

type encryptCommand struct{ crypt }

// Help explains the command.
func (*encryptCommand) Help() string {
	return "Writes the plain image IN to OUT as that of an encrypted partition." + cryptHelp + `
examples:
  espprov nvs encrypt --keys keys.bin nvs.bin secret.bin
  espprov nvs encrypt --hmac-key efuse.bin nvs.bin secret.bin`
}

// Run encrypts the image.
func (c *encryptCommand) Run(s cli.Streams) error { return c.convert(s, true) }

type decryptCommand struct{ crypt }

// Help explains the command.
func (*decryptCommand) Help() string {
	return "Writes the image IN of an encrypted partition to OUT as a plain one." + cryptHelp + `
examples:
  espprov nvs decrypt --keys keys.bin secret.bin nvs.bin
  espprov nvs decrypt --keys keys.bin --partition nvs flash.bin plain.bin`
}

// Run decrypts the image.
func (c *decryptCommand) Run(s cli.Streams) error { return c.convert(s, false) }

func (c *crypt) convert(s cli.Streams, encrypt bool) error {
	keys, err := c.load()
	if err != nil {
		return err
	}
	if keys == nil {
		return errors.New("there are no keys: give --keys FILE or --hmac-key FILE")
	}
	if c.Out == standard {
		return errors.New("-: the result is a file: give its name (./- if it is called that)")
	}
	for _, other := range []string{c.In, c.Keys, c.HMACKey} {
		if sameFile(other, c.Out) {
			return fmt.Errorf("%s: it would be overwritten with the image: give another file", c.Out)
		}
	}
	flags, convert, did := c.imageFlags, nvsgen.Decrypt, "decrypted"
	if encrypt {
		flags.keyFlags, convert, did = keyFlags{}, nvsgen.Encrypt, "encrypted"
	}
	m, err := openImage(s, c.In, &flags)
	switch {
	case errors.Is(err, nvs.WrongEncryption) && encrypt:
		return fmt.Errorf("%s: it is encrypted already, or no NVS partition", c.In)
	case errors.Is(err, nvs.WrongEncryption):
		return fmt.Errorf("%s: it is plain already, or encrypted with other keys than these", c.In)
	case err != nil:
		return err
	}
	b, err := convert(m.before(), keys)
	if err != nil {
		return fmt.Errorf("%s: %w", m.path, errors.Unwrap(err))
	}
	if err := files.Make(c.Out, bytes.Join([][]byte{m.file[:m.place.from], b, m.file[m.place.to:]}, nil)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "%s: %d bytes %s\n", c.Out, len(b), did)
	return err
}
