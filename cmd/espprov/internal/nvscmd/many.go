// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/factory"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// manyFlags are the flags of create that make images for many devices.
type manyFlags struct {
	Devices    string `placeholder:"LIST" help:"make an image for each row of the file LIST, whose columns CSV names in braces"`
	Values     string `placeholder:"LIST" help:"CSV is a configuration file of mfg_gen.py, and LIST its values file"`
	ID         string `placeholder:"COLUMN" help:"the COLUMN with the names of the devices; without it they are 1, 2, 3 …"`
	Prefix     string `placeholder:"PREFIX" help:"the names begin with PREFIX"`
	Number     string `placeholder:"N" help:"the names have a number that counts from N, with as many digits as N: 0001"`
	DeviceKeys bool   `help:"encrypt each image with keys of its own"`
	Username   string `placeholder:"NAME" default:"wifiprov" help:"verifiers are for the user NAME, ${default} if it is not given"`
	Secrets    bool   `help:"the reports have what was drawn, and the column pop"`
	Service    string `placeholder:"COLUMN" help:"the COLUMN with the names of the services; the reports have the text of each QR code, too"`
	Transport  string `placeholder:"KIND" enum:"ble,softap" default:"ble" help:"in QR codes, KIND is ble or softap; ${default} if it is not given"`
	KeepCSV    bool   `name:"keep-csv" help:"keep a CSV file of what each image holds"`
	DryRun     bool   `help:"check the whole list and write nothing"`
	Resume     bool   `help:"go on with an interrupted run"`
	JSON       bool   `help:"print each device as a line of JSON"`
}

// many reports whether there is a list.
func (f *manyFlags) many() bool { return f.Devices != "" || f.Values != "" }

// fits returns why the flags do not go together.
func (f *manyFlags) fits(c *createCommand) error {
	alone := manyFlags{Username: f.Username, Transport: f.Transport}
	switch {
	case !f.many() && *f != alone:
		return errors.New("a flag for many devices, and no list of them: give --devices LIST or --values LIST")
	case !f.many():
		return nil
	case f.Devices != "" && f.Values != "":
		return errors.New("both --devices and --values are given: one says where the list is, and what CSV is")
	case f.Values != "" && len(c.Also) > 0:
		return errors.New("--also and --values are given: mfg_gen.py has one configuration file; --devices takes several")
	case c.GenerateKeys != "":
		return errors.New("--generate-keys makes one file of keys: for keys of each device's own give --device-keys, for one " +
			"for all make it with espprov nvs keys generate and give --keys")
	case f.DeviceKeys && c.keyFlags != (keyFlags{}):
		return errors.New("--device-keys and --keys or --hmac-key are given: choose one")
	case f.Service != "" && !f.Secrets:
		return errors.New("--service is given: the text of a QR code has the proof of possession, so give --secrets too")
	case c.File == standard || c.File == "":
		return errors.New("many images do not fit into the standard output: give a folder")
	case f.Devices == standard || f.Values == standard:
		return errors.New("the list is read twice, which the standard input cannot be: give a file")
	}
	return nil
}

// makeMany makes an image for each device.
func (c *createCommand) makeMany(ctx context.Context, s cli.Streams, o nvsgen.Options) error {
	job := factory.Job{List: c.Devices + c.Values, InOrder: c.Values != "", Folder: c.File, Prefix: c.Prefix, Number: c.Number, ID: c.ID,
		Options: o, DeviceKeys: c.DeviceKeys, Username: c.Username, Secrets: c.Secrets, Service: c.Service, Transport: label.Transport(c.Transport), KeepCSV: c.KeepCSV, Resume: c.Resume, Write: files.Make}
	folder := ""
	if job.InOrder {
		folder = "."
	}
	tables, err := c.files(s, folder)
	if err != nil {
		return err
	}
	if job.InOrder {
		job.Template, err = nvsgen.ParseConfig(tables[0])
	} else {
		job.Template, err = nvsgen.ParseTemplate(tables...)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(s.Out)
		job.Done = func(r factory.Record) error { return e.Encode(r) }
	}
	if c.Resume && !c.DryRun {
		for folder, ending := range map[string]string{".": ".csv", "bin": ".bin", "keys": ".bin", "csv": ".csv"} {
			files.RemoveHalves(filepath.Join(c.File, folder), ending)
		}
	}
	do, did := job.Run, "made"
	if c.DryRun {
		do, did = job.Check, "can be made"
	}
	sum, err := do(ctx)
	if err != nil {
		return c.failed(s, sum, err)
	}
	if c.JSON {
		return nil
	}
	fmt.Fprintf(s.Out, "%s: %s of %d bytes %s", c.File, plural(sum.Devices-sum.Before, "image"), o.Size, did)
	if sum.Before > 0 {
		fmt.Fprintf(s.Out, ", %d were made before", sum.Before)
	}
	if !c.DryRun {
		fmt.Fprint(s.Out, "; all values read back")
	}
	_, err = fmt.Fprintln(s.Out)
	return err
}

// failed tells the rows that are wrong, and how far the work came.
func (c *createCommand) failed(s cli.Streams, sum factory.Summary, err error) error {
	var p *factory.Problems
	if errors.As(err, &p) {
		for _, f := range p.Found {
			fmt.Fprintf(s.Err, "%s: %v\n", p.List, f)
		}
		return p
	}
	if !errors.Is(err, factory.ErrNotFinished) {
		return err
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	return &cli.Failure{Status: cli.TryAgain, Err: fmt.Errorf("%s: %w. %s made so far; --resume goes on", c.File, err, plural(sum.Made+sum.Before, "image"))}
}
