// SPDX-License-Identifier: Apache-2.0

package batchcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/batch"
)

// run provisions what prepare left.
func (b *job) run(ctx context.Context) error {
	in, f, err := b.open(b.File, false, b.s)
	if err != nil {
		return err
	}
	b.input = f
	screen := newScreen(b)
	targets := newTargets(b.Command, b.s)
	defer targets.close()
	cfg := batch.Config{
		Provision: inWords(batch.Provisioner(targets.open, b.Poll, b.Timeout)),
		Record:    b.record,
		Event:     screen.event,
		Jobs:      b.Jobs, Retries: b.Retries, DataRetries: b.RetriesData,
		Backoff: b.Backoff, StopAfter: b.StopAfter,
		AskFirst: b.report != nil && b.report.Lines > 0,
	}
	began := time.Now()
	totals, err := batch.Run(ctx, cfg, b.rows(in))
	screen.end(totals, time.Since(began))
	b.close() // on Windows nobody reads the report before
	if csvErr := b.writeCSV(); err == nil {
		err = csvErr
	}
	return b.result(ctx, totals, err)
}

// record appends outcomes to the report.
func (b *job) record(outcomes []*batch.Outcome) error {
	if b.report == nil {
		return nil
	}
	records := make([]*batch.Record, len(outcomes))
	for i, o := range outcomes {
		records[i] = batch.NewRecord(o, b.origin)
	}
	return b.report.Append(records)
}

// writeCSV writes the CSV form of the report.
func (b *job) writeCSV() error {
	if b.ReportCSV == "" {
		return nil
	}
	return convert(b.Report, b.ReportCSV, io.Discard)
}

// result is how the command ends.
func (b *job) result(ctx context.Context, totals batch.Totals, err error) error {
	goOn := ""
	if b.Report != "" {
		goOn = "; the same command line goes on with the others"
	}
	failed := func(status int, format string, args ...any) error {
		return &cli.Failure{Status: status, Err: fmt.Errorf(format, args...)}
	}
	switch {
	case ctx.Err() != nil:
		return failed(cli.TryAgain, "interrupted: %s done%s", count(b.before+totals.Done, "device")+" "+isAre(b.before+totals.Done), goOn)
	case errors.Is(err, batch.ErrStopped):
		return failed(cli.SomeFailed, "%s failed, and --stop-after is %d%s", count(totals.Failed, "device"), b.StopAfter, goOn)
	case err != nil:
		return failed(cli.TryAgain, "%w%s", err, goOn)
	case totals.Failed > 0:
		return failed(cli.SomeFailed, "%d of %s failed", totals.Failed, count(totals.Failed+totals.Done, "device"))
	}
	return nil
}

// inWords tells the errors of tries in the words of the command line.
func inWords(provision func(context.Context, *batch.Try) (netip.Addr, error)) func(context.Context, *batch.Try) (netip.Addr, error) {
	return func(ctx context.Context, t *batch.Try) (netip.Addr, error) {
		ip, err := provision(ctx, t)
		if err != nil {
			err = &worded{err}
		}
		return ip, err
	}
}

// worded is an error with other words.
type worded struct{ error }

func (w *worded) Error() string { return target.Words(w.error) }

// Unwrap returns the error.
func (w *worded) Unwrap() error { return w.error }
