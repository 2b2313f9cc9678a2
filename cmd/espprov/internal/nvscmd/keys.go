// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// keyFlags are --keys and --hmac-key.
type keyFlags struct {
	Keys    string `placeholder:"FILE" help:"the partition is encrypted with the keys in this FILE, a key partition's contents"`
	HMACKey string `placeholder:"FILE" help:"the partition is encrypted with keys derived from the 32-byte eFuse secret in this FILE"`
}

// load returns the keys, nil if no flag is given.
func (k *keyFlags) load() (*nvs.Keys, error) {
	switch {
	case k.Keys != "" && k.HMACKey != "":
		return nil, errors.New("both --keys and --hmac-key are given: a partition has one kind of keys")
	case k.Keys != "":
		b, err := readFile(k.Keys, nvs.SectorSize*16)
		if err != nil {
			return nil, err
		}
		keys, err := nvs.ParseKeys(b)
		if err != nil {
			return nil, fmt.Errorf("%s: not a file of keys (%v): give the file that the keys were generated into, "+
				"not a dump of the key partition, which the chip encrypts", k.Keys, err)
		}
		return keys, nil
	case k.HMACKey != "":
		b, err := readFile(k.HMACKey, nvs.SectorSize)
		if err != nil {
			return nil, err
		}
		if len(b) != 32 {
			return nil, fmt.Errorf("%s: %d bytes: the secret in an eFuse key block has 32", k.HMACKey, len(b))
		}
		return nvs.DeriveKeys(b), nil
	}
	return nil, nil
}

type keysCommand struct {
	Generate keysGenerateCommand `cmd:"" help:"make keys for an encrypted partition"`
}

// Help explains the group.
func (*keysCommand) Help() string {
	return "espprov nvs keys makes the keys of encrypted partitions."
}

type keysGenerateCommand struct {
	File string `arg:""`
}

// Help explains the command.
func (*keysGenerateCommand) Help() string {
	return `Makes random keys and writes them to FILE as the contents of a key partition (4096 bytes), which a device
with flash encryption takes as its partition nvs_keys. FILE must not exist. Keep it: without the keys the
partition cannot be read, and a device that has other keys erases it.

example:
  espprov nvs keys generate keys.bin`
}

// Run makes the keys.
func (c *keysGenerateCommand) Run() error {
	keys, err := nvs.GenerateKeys(rand.Reader)
	if err != nil {
		return err
	}
	return writeKeys(c.File, keys)
}

// writeKeys makes a file of keys. It never replaces a file.
func writeKeys(path string, keys *nvs.Keys) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s: the file exists already, and its keys may be needed: use it with --keys, or give another name", path)
	}
	if err != nil {
		return files.Error(path, err)
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
	return files.Error(path, err)
}
