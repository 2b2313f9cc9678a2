// SPDX-License-Identifier: Apache-2.0

package batchcmd

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/batch"
	"github.com/wifiprov/wifiprov/internal/files"
)

// LabelsCommand is the command labels.
type LabelsCommand struct {
	templates `embed:"" group:"where a cell is empty, with {COLUMN} for that of another column"`

	Columns int      `placeholder:"N" default:"3" help:"labels beside each other on a page (default 3)"`
	Rows    int      `placeholder:"N" default:"7" help:"labels below each other on a page (default 7)"`
	Margin  float64  `placeholder:"MM" default:"10" help:"border of the page in millimetres (default 10)"`
	Gap     float64  `placeholder:"MM" default:"3" help:"space between labels in millimetres (default 3)"`
	Show    []string `sep:"none" placeholder:"COLUMN" help:"a column of your own that labels show, too; may be given several times"`

	File   string `arg:""`
	Folder string `arg:""`
}

// Help explains the command.
func (*LabelsCommand) Help() string {
	return `Makes labels for the devices of the table FILE, which is as for espprov batch, in FOLDER:

  labels.csv      for label software: name, MAC, pop, the text of the QR code, the same as ZPL for Zebra printers,
                  and your own columns
  labels-001.svg  and so on: pages of A4 to print

The files have secrets, and only their owner may read them. No device is touched.

examples:
  espprov labels devices.csv labels
  espprov labels --name "PROV_{serial}" --transport ble --show serial --columns 4 --rows 10 devices.csv labels`
}

// Run writes the files.
func (c *LabelsCommand) Run(s cli.Streams) error {
	sheet := batch.Sheet{Columns: c.Columns, Rows: c.Rows, Margin: c.Margin, Gap: c.Gap, Show: c.Show}
	if err := sheet.Check(); err != nil {
		return err
	}
	if !isFile(c.File) {
		return fmt.Errorf("%s: labels are made of a file, which is read twice", c.File)
	}
	bad, unknown, err := c.check(c.File, true, s, func(*batch.Device) {}, func(e *batch.RowError) { fmt.Fprintln(s.Err, e) })
	if err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%s: %s %s wrong: correct them; nothing was done", c.File, count(bad, "row"), isAre(bad))
	}
	for _, name := range c.Show {
		if !slices.Contains(unknown, name) {
			return fmt.Errorf("--show %s: the table has no such column of your own", name)
		}
	}
	in, f, err := c.open(c.File, true, s)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return fmt.Errorf("%s: the folder cannot be made: %w", c.Folder, errors.Unwrap(err))
	}
	w := &labelWriter{folder: c.Folder, sheet: sheet, own: unknown}
	err = files.MakeFrom(filepath.Join(c.Folder, "labels.csv"), func(out io.Writer) error { return w.write(in, out) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "%s: labels.csv and %s with %s\n", c.Folder, count(w.pages, "page"), count(w.devices, "device"))
	return err
}

// labelWriter writes labels.
type labelWriter struct {
	folder         string
	sheet          batch.Sheet
	own            []string // columns of the operator's
	devices, pages int
}

// write writes the table, and each page when it is full.
func (w *labelWriter) write(in *batch.Input, out io.Writer) error {
	table := csv.NewWriter(out)
	_ = table.Write(slices.Concat(batch.LabelHead, w.own)) // Error tells it
	var page []*batch.Device
	for {
		d, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		cells, err := batch.LabelCells(d)
		if err != nil {
			return fmt.Errorf("row %d: %w", d.Row, err)
		}
		for _, name := range w.own {
			i := slices.IndexFunc(d.Fields, func(f batch.Field) bool { return f.Name == name })
			value := ""
			if i >= 0 {
				value = d.Fields[i].Value
			}
			cells = append(cells, value)
		}
		if err := table.Write(cells); err != nil {
			return err
		}
		w.devices++
		if page = append(page, d); len(page) == w.sheet.PerPage() {
			if err := w.page(page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	if len(page) > 0 {
		if err := w.page(page); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

func (w *labelWriter) page(devices []*batch.Device) error {
	svg, err := w.sheet.Page(devices)
	if err != nil {
		return err
	}
	w.pages++
	return files.MakeFrom(filepath.Join(w.folder, fmt.Sprintf("labels-%03d.svg", w.pages)), func(out io.Writer) error {
		_, err := io.WriteString(out, svg)
		return err
	})
}
