// SPDX-License-Identifier: Apache-2.0

// Package batchcmd is espprov's commands for many devices: batch provisions them, report
// shows what came of them, and labels makes their labels.
package batchcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/batch"
	"github.com/wifiprov/wifiprov/internal/shard"
)

// Command is the command batch. Package cli says how a command is made of a struct.
type Command struct {
	templates `embed:"" group:"where a cell is empty, with {COLUMN} for that of another column"`

	Report    string   `placeholder:"FILE" help:"append what comes of each device to FILE, and leave out the devices that FILE says are done"`
	ReportCSV string   `name:"report-csv" placeholder:"FILE" help:"at the end write the report as CSV, too"`
	Again     bool     `help:"provision devices again that the report says are done"`
	DryRun    bool     `help:"only check the table: tell what is wrong, and touch nothing"`
	SkipBad   bool     `name:"skip-bad-rows" help:"go on without rows that are wrong; they count as failed"`
	Station   string   `placeholder:"NAME" help:"name of this place of work, for the report"`
	Field     []string `sep:"none" placeholder:"NAME=VALUE" help:"more for the report, for example operator=Ann; may be given several times"`
	JSON      bool     `name:"json" help:"print each record of the report as a line of JSON"`
	Quiet     bool     `help:"print no devices and no progress, only the end"`

	Jobs           int           `placeholder:"N" default:"16" help:"devices at a time (default 16); those over Bluetooth share one adapter, and come one after the other"`
	Retries        int           `placeholder:"N" default:"2" help:"more tries after failures of the link or the network (default 2)"`
	RetriesData    int           `name:"retries-data" placeholder:"N" default:"0" help:"more tries after wrong data: pop, password, passphrase, network not found (default 0)"`
	Backoff        time.Duration `placeholder:"TIME" default:"2s" help:"pause before the second try; it doubles with each, up to a minute (default 2s)"`
	Timeout        time.Duration `placeholder:"TIME" default:"3m" help:"longest time of one try (default 3m)"`
	RequestTimeout time.Duration `name:"request-timeout" placeholder:"TIME" default:"30s" help:"longest time of one request (default 30s)"`
	Bluetooth      string        `placeholder:"ADAPTER" default:"bluez" help:"ble: bluez (or bluez:hci1), or a controller: hci0, netsim:, tcp:HOST:PORT, serial:LINE"`
	Poll           time.Duration `placeholder:"TIME" default:"1s" help:"time between two questions whether a device has joined (default 1s)"`
	StopAfter      int           `placeholder:"N" help:"begin no more devices after N have failed"`
	Shard          string        `placeholder:"I/N" help:"only part I, from 0, of N parts of the devices; default: $JOB_COMPLETION_INDEX of $ESPPROV_SHARDS, if that is set"`

	File string `arg:""`
}

// Help explains the command.
func (*Command) Help() string {
	return `Provisions the devices of the table FILE; - is the standard input.

FILE is CSV with a header, also with semicolons or tabs, or JSON lines. Its columns: name, address, transport,
security, pop, username, password, ssid, passphrase, mac, qr (the whole text of a QR code). Other columns are
kept for the report. A cell of a secret may be env:NAME or file:PATH; text: before it takes it as it is.

The whole table is checked before the first device is touched. The standard input is checked row by row, so that
a scanner can write there. Each failure says whether another try may help; wrong data get none.

With --report the same command line goes on where it was ended, however it was: no device that is done is
provisioned again. The report has no secrets. docs/batch.md has its fields, and a whole session.

Exit status: 0 all devices are done, 2 the table or the command line is wrong and nothing was done, 3 some failed,
4 ended by a signal, by too full a disk or the like: the same command line goes on.

examples:
  espprov batch --dry-run devices.csv
  espprov batch --report today.jsonl --ssid HomeNet --passphrase env:WIFI devices.csv
  espprov batch --name "PROV_{serial}" --transport ble --jobs 4 --report r.jsonl --station bench-2 devices.csv
  espprov batch --shard 0/4 --report part0.jsonl devices.csv`
}

// Run provisions the devices.
func (c *Command) Run(ctx context.Context, s cli.Streams) error {
	part, fields, err := c.flags()
	if err != nil {
		return err
	}
	b := &job{Command: c, s: s, shard: part, origin: batch.Origin{Shard: part.String(), Station: c.Station, Fields: fields}}
	if c.DryRun {
		return b.dryRun()
	}
	defer b.close()
	if err := b.prepare(); err != nil {
		return err
	}
	return b.run(ctx)
}

// flags checks the command line.
func (c *Command) flags() (part shard.Shard, fields []batch.Field, err error) {
	switch {
	case c.Jobs < 1:
		return part, nil, fmt.Errorf("--jobs %d: at least one device is at work", c.Jobs)
	case c.Retries < 0, c.RetriesData < 0, c.StopAfter < 0:
		return part, nil, errors.New("--retries, --retries-data and --stop-after: give a positive number, or 0 for none")
	case c.Backoff < 0, c.Timeout < 0:
		return part, nil, errors.New("--backoff and --timeout: give a positive time, or 0 for none")
	case c.Poll <= 0:
		return part, nil, errors.New("--poll: give a positive time")
	case c.ReportCSV != "" && c.Report == "":
		return part, nil, errors.New("--report-csv: it is made from the report: give --report, too")
	}
	for _, f := range c.Field {
		name, value, ok := strings.Cut(f, "=")
		if !ok || name == "" {
			return part, nil, fmt.Errorf("--field %s: write NAME=VALUE", f)
		}
		fields = append(fields, batch.Field{Name: name, Value: value})
	}
	text, from := c.Shard, "--shard"
	if index, shards := os.Getenv("JOB_COMPLETION_INDEX"), os.Getenv("ESPPROV_SHARDS"); text == "" && shards != "" {
		text, from = index+"/"+shards, "$JOB_COMPLETION_INDEX of $ESPPROV_SHARDS"
	}
	if part, err = shard.Parse(text); err != nil {
		return part, nil, fmt.Errorf("%s %w", from, err)
	}
	return part, fields, nil
}

// job is one run of the command.
type job struct {
	*Command
	s      cli.Streams
	shard  shard.Shard
	origin batch.Origin
	report *batch.Report // nil: none
	total  int           // devices to provision; 0: not known before the end
	before int           // devices that were done before
	input  io.Closer
}

// close closes the files; calling it again does no harm. What is in the report is on the
// disk.
func (b *job) close() {
	if b.report != nil {
		_ = b.report.Close()
	}
	if b.input != nil {
		_ = b.input.Close()
	}
}

// has reports whether a device is in this process's part.
func (b *job) has(d *batch.Device) bool { return b.shard.Has(d.ID()) }

// dryRun checks the table.
func (b *job) dryRun() error {
	good := 0
	bad, unknown, err := b.check(b.File, false, b.s, func(d *batch.Device) {
		if b.has(d) {
			good++
		}
	}, func(e *batch.RowError) { b.tellRow(e) })
	if err != nil {
		return err
	}
	tellUnknown(b.s, b.File, unknown)
	if bad > 0 {
		return b.badRows(bad)
	}
	if b.JSON {
		return nil
	}
	_, err = fmt.Fprintf(b.s.Out, "%s: %s, and nothing is wrong\n", b.File, count(good, "device"))
	return err
}

// prepare checks the table, unless it can be read only once, and opens the report.
func (b *job) prepare() error {
	if _, err := os.Stat(b.Report); b.Report != "" && err == nil {
		if err := b.openReport(); err != nil {
			return err
		}
	}
	if isFile(b.File) {
		changed, known := 0, 0
		bad, unknown, err := b.check(b.File, false, b.s, func(d *batch.Device) {
			done, other := b.done(d)
			if done || other {
				known++
			}
			switch {
			case !b.has(d):
			case done:
				b.before++
			default:
				b.total++
				if other {
					changed++
				}
			}
		}, func(e *batch.RowError) { b.tellRow(e) })
		if err != nil {
			return err
		}
		tellUnknown(b.s, b.File, unknown)
		if bad > 0 && !b.SkipBad {
			return b.badRows(bad)
		}
		if b.report != nil {
			b.tellReport(changed, b.report.Devices()-known)
		}
	}
	if b.Report != "" && b.report == nil {
		return b.openReport()
	}
	return nil
}

func (b *job) openReport() (err error) {
	b.report, err = batch.OpenReport(b.Report)
	if errors.Is(err, batch.ErrReportInUse) {
		return &cli.Failure{Status: cli.TryAgain, Err: err}
	}
	return err
}

// done says what the report says of a device: it is done as its row says, or it was
// done when its row was another one.
func (b *job) done(d *batch.Device) (done, changed bool) {
	if b.report == nil {
		return false, false
	}
	found, changed := b.report.Done(d)
	return found && !changed && !b.Again, changed || found && b.Again
}

// badRows is the error of a table with rows that are wrong.
func (b *job) badRows(bad int) error {
	if bad > maxBad {
		fmt.Fprintf(b.s.Err, "… and %d more\n", bad-maxBad)
	}
	advice := "correct them"
	if !b.DryRun {
		advice += ", or leave them out with --skip-bad-rows; nothing was done"
	}
	return fmt.Errorf("%s: %s wrong: %s", b.File, count(bad, "row")+" "+isAre(bad), advice)
}

// rows are the devices of the table that this run has to provision.
func (b *job) rows(in *batch.Input) iter.Seq2[*batch.Device, error] {
	return func(yield func(*batch.Device, error) bool) {
		for {
			d, err := in.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			var row *batch.RowError
			if errors.As(err, &row) && b.shard.Index > 0 {
				continue // it has no name that says whose it is: the first part tells it
			}
			if err == nil {
				if done, _ := b.done(d); done || !b.has(d) {
					continue
				}
			}
			if !yield(d, err) {
				return
			}
		}
	}
}
