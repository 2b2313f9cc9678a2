// SPDX-License-Identifier: Apache-2.0

package batchcmd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/batch"
	"github.com/wifiprov/wifiprov/internal/files"
)

// ReportCommand is the group report.
type ReportCommand struct {
	Show    showCommand    `cmd:"" help:"count what came of the devices, and their times"`
	Merge   mergeCommand   `cmd:"" help:"make one report of several"`
	Convert convertCommand `cmd:"" help:"make CSV of a report"`
}

// Help explains the group.
func (*ReportCommand) Help() string {
	return "Reads the reports of espprov batch. Of a device with several records its last success counts, or without one its last failure."
}

type showCommand struct {
	JSON  bool     `name:"json" help:"print it as one object of JSON"`
	Files []string `arg:"" name:"file"`
}

// Help explains the command.
func (*showCommand) Help() string {
	return `Counts what came of the devices in all reports FILE together: how many are done, why the others are not, and
how long it took. The times are those of the devices that are done.

example:
  espprov report show today.jsonl`
}

// Run prints the summary.
func (c *showCommand) Run(s cli.Streams) error {
	x, err := batch.NewIndex(c.Files...)
	if err != nil {
		return err
	}
	defer x.Close()
	sum, err := x.Summary()
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.Out).Encode(sum)
	}
	fmt.Fprintf(s.Out, "%d done, %d failed, %d interrupted", sum.Done, sum.Failed, sum.Interrupted)
	if sum.Again > 0 {
		fmt.Fprintf(s.Out, "; %d of the done took more than one try", sum.Again)
	}
	fmt.Fprintln(s.Out)
	if !sum.From.IsZero() {
		fmt.Fprintf(s.Out, "from %s to %s\n", sum.From.Format(time.RFC3339), sum.To.Format(time.RFC3339))
	}
	for _, reason := range slices.SortedFunc(maps.Keys(sum.Reasons), func(a, b batch.Reason) int {
		return cmp.Or(cmp.Compare(sum.Reasons[b], sum.Reasons[a]), cmp.Compare(a, b))
	}) {
		fmt.Fprintf(s.Out, "%6d %s\n", sum.Reasons[reason], reason)
	}
	if len(sum.Times) > 0 {
		fmt.Fprintf(s.Out, "\n%-10s %9s %9s %9s %9s\n", "seconds", "half", "90 %", "99 %", "longest")
	}
	for _, t := range sum.Times {
		fmt.Fprintf(s.Out, "%-10s %9.3f %9.3f %9.3f %9.3f\n", t.Name, float64(t.P50)/1000, float64(t.P90)/1000, float64(t.P99)/1000, float64(t.Most)/1000)
	}
	return nil
}

type mergeCommand struct {
	Output string   `placeholder:"FILE" help:"write the report to FILE; without it to the standard output"`
	Files  []string `arg:"" name:"file"`
}

// Help explains the command.
func (*mergeCommand) Help() string {
	return `Makes one report of the reports FILE: one record of each device, in the order of their names. The last success
of a device counts, or without one its last failure. Says which devices were done in several reports.

example:
  espprov report merge --output all.jsonl part0.jsonl part1.jsonl`
}

// Run writes the report.
func (c *mergeCommand) Run(s cli.Streams) error {
	x, err := batch.NewIndex(c.Files...)
	if err != nil {
		return err
	}
	defer x.Close()
	var totals batch.Totals
	err = write(c.Output, s.Out, func(w io.Writer) error {
		return x.Each(func(r *batch.Record) error {
			totals.Count(r.Status)
			_, err := w.Write(r.Line())
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, text := range x.Conflicts {
		fmt.Fprintln(s.Err, text)
	}
	_, err = fmt.Fprintf(s.Err, "%d done, %d failed, %d interrupted\n", totals.Done, totals.Failed, totals.Interrupted)
	return err
}

type convertCommand struct {
	Output string `placeholder:"FILE" help:"write the CSV to FILE; without it to the standard output"`
	File   string `arg:""`
}

// Help explains the command.
func (*convertCommand) Help() string {
	return `Makes CSV of the report FILE, for spreadsheets: one row of each device, and a column for each field.

example:
  espprov report convert --output today.csv today.jsonl`
}

// Run writes the CSV.
func (c *convertCommand) Run(s cli.Streams) error { return convert(c.File, c.Output, s.Out) }

func convert(report, output string, out io.Writer) error {
	x, err := batch.NewIndex(report)
	if err != nil {
		return err
	}
	defer x.Close()
	return write(output, out, x.WriteCSV)
}

// write writes a file, or to out if the file has no name.
func write(path string, out io.Writer, f func(io.Writer) error) error {
	if path == "" {
		return f(out)
	}
	return files.MakeFrom(path, f)
}
