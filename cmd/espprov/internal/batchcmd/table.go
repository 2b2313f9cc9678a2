// SPDX-License-Identifier: Apache-2.0

package batchcmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/batch"
	"github.com/wifiprov/wifiprov/internal/files"
)

// standard is the name of the standard input on the command line.
const standard = "-"

// templates fill in what a table does not say.
type templates struct {
	Name       string `placeholder:"TEXT" help:"name of the device, for example \"PROV_{serial}\""`
	Address    string `placeholder:"TEXT" help:"address of a softap device, for example \"http://192.168.4.1\" or \"http://{host}\"; port of a console device"`
	Transport  string `placeholder:"WORD" help:"softap (default), ble or console"`
	Security   string `placeholder:"N" help:"0, 1 or 2; auto (default): what the device announces, unless it is weaker than the secrets allow"`
	PoP        string `name:"pop" placeholder:"TEXT" help:"proof of possession, or env:NAME, file:PATH or text:TEXT"`
	Username   string `placeholder:"TEXT" help:"user name of security 2"`
	Password   string `placeholder:"TEXT" help:"password of security 2, or env:NAME, file:PATH or text:TEXT"`
	SSID       string `name:"ssid" placeholder:"TEXT" help:"name of the network to join"`
	Passphrase string `placeholder:"TEXT" help:"passphrase of the network, or env:NAME, file:PATH or text:TEXT"`
}

func (t *templates) byColumn() map[string]string {
	all := map[string]string{"name": t.Name, "address": t.Address, "transport": t.Transport, "security": t.Security, "pop": t.PoP,
		"username": t.Username, "password": t.Password, "ssid": t.SSID, "passphrase": t.Passphrase}
	for column, text := range all {
		if text == "" {
			delete(all, column)
		}
	}
	return all
}

// open begins to read a table. The caller closes the file.
func (t *templates) open(path string, labels bool, s cli.Streams) (*batch.Input, io.Closer, error) {
	cfg := batch.InputConfig{File: path, Dir: filepath.Dir(path), Templates: t.byColumn(), Labels: labels}
	if path == standard {
		cfg.File, cfg.Dir = "standard input", ""
		in, err := batch.Open(s.In, cfg)
		return in, io.NopCloser(nil), err
	}
	f, err := files.Open(path)
	if err != nil {
		return nil, nil, err
	}
	in, err := batch.Open(f, cfg)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return in, f, nil
}

// isFile reports whether a table can be read twice.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return path != standard && (err != nil || info.Mode().IsRegular() || info.IsDir())
}

// maxBad is how many wrong rows are told one by one.
const maxBad = 20

// check reads a whole table and tells each row that is wrong. It calls found with each
// device.
func (t *templates) check(path string, labels bool, s cli.Streams, found func(*batch.Device), tell func(*batch.RowError)) (bad int, unknown []string, err error) {
	in, f, err := t.open(path, labels, s)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	good := 0
	for {
		d, err := in.Next()
		var row *batch.RowError
		switch {
		case errors.Is(err, io.EOF) && good+bad == 0:
			return 0, nil, fmt.Errorf("%s: there are no devices below the header: add a row for each", path)
		case errors.Is(err, io.EOF):
			return bad, in.Unknown(), nil
		case errors.As(err, &row):
			if bad++; bad <= maxBad {
				tell(row)
			}
		case err != nil:
			return bad, nil, err
		default:
			good++
			found(d)
		}
	}
}

// tellUnknown says which columns are only data of the operator's.
func tellUnknown(s cli.Streams, path string, unknown []string) {
	if len(unknown) > 0 {
		fmt.Fprintf(s.Err, "%s: kept as label data: %s\n", path, hal.SSID(strings.Join(unknown, ", "))) // escapes what is not for terminals
	}
}
