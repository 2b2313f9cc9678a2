// SPDX-License-Identifier: Apache-2.0

package batchcmd

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/batch"
)

// screen shows how a batch goes: devices on the standard output, and on the standard error
// a line that changes every second if that is a terminal, else a line every ten seconds.
type screen struct {
	job  *job
	live int // width of the terminal; 0: it is none
	last time.Duration
}

func newScreen(b *job) *screen {
	sc := &screen{job: b}
	if f, ok := b.s.Err.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			sc.live = max(width, 20)
		}
	}
	return sc
}

// tellRow tells what is wrong with a row of the table.
func (b *job) tellRow(e *batch.RowError) {
	if b.JSON {
		line, _ := json.Marshal(struct {
			File   string `json:"file"`
			Row    int    `json:"row"`
			Column string `json:"column,omitempty"`
			Error  string `json:"error"`
		}{e.File, e.Row, e.Column, e.Text})
		fmt.Fprintf(b.s.Out, "%s\n", line)
		return
	}
	fmt.Fprintln(b.s.Err, e)
}

// tellReport says what the report knows of the table.
func (b *job) tellReport(changed, others int) {
	if b.Quiet {
		return
	}
	if b.before > 0 {
		fmt.Fprintf(b.s.Err, "%s: %s done already\n", b.Report, count(b.before, "device")+" "+isAre(b.before))
	}
	if changed > 0 && !b.Again {
		fmt.Fprintf(b.s.Err, "%s: %s changed since the device was done, and the device is done again\n", b.Report, count(changed, "row"))
	}
	if others > 0 {
		fmt.Fprintf(b.s.Err, "%s: it also has %s that %s not in %s\n", b.Report, count(others, "device"), isAre(others), b.File)
	}
}

// event shows an event of the batch.
func (sc *screen) event(e batch.Event) {
	switch {
	case e.Outcome != nil:
		sc.outcome(e.Outcome)
	case sc.job.Quiet:
	case sc.live > 0:
		text := []rune(sc.progress(&e.Progress))
		fmt.Fprintf(sc.job.s.Err, "\r%s\x1b[K", string(text[:min(len(text), sc.live-1)]))
	case e.Progress.Elapsed-sc.last >= 10*time.Second:
		sc.last = e.Progress.Elapsed
		fmt.Fprintln(sc.job.s.Err, sc.progress(&e.Progress))
	}
}

// outcome prints what came of a device.
func (sc *screen) outcome(o *batch.Outcome) {
	b := sc.job
	if b.Quiet && !b.JSON {
		return
	}
	sc.clear()
	r := batch.NewRecord(o, b.origin)
	if b.JSON {
		_, _ = b.s.Out.Write(r.Line())
		return
	}
	took := seconds(time.Duration(r.Total) * time.Millisecond)
	id := hal.SSID(r.Device) // escapes what is not for terminals
	switch {
	case r.Status != batch.StatusDone && r.Reason == batch.BadRow:
		fmt.Fprintf(b.s.Out, "failed: %s: %s\n", r.Reason, r.Error)
	case r.Status != batch.StatusDone:
		fmt.Fprintf(b.s.Out, "%s: %s: %s: row %d, %s, %s: %s\n", id, r.Status, r.Reason, r.Row, tries(r.Attempts), took, r.Error)
	case r.IP.IsValid():
		fmt.Fprintf(b.s.Out, "%s: done: %s, %s, %s\n", id, tries(r.Attempts), took, r.IP)
	default:
		fmt.Fprintf(b.s.Out, "%s: done: %s, %s\n", id, tries(r.Attempts), took)
	}
}

// progress says how far the batch is: "120 of 400 done, 3 failed, 95 a minute; at work:
// PROV_7 join, PROV_9 handshake and 14 more".
func (sc *screen) progress(p *batch.Progress) string {
	var t strings.Builder
	fmt.Fprint(&t, p.Done)
	if sc.job.total > 0 {
		fmt.Fprintf(&t, " of %d", sc.job.total)
	}
	fmt.Fprintf(&t, " done, %d failed, %.0f a minute", p.Failed, rate(p.Totals, p.Elapsed))
	const shown = 3
	for i, r := range p.Running {
		switch {
		case i == shown:
			fmt.Fprintf(&t, " and %d more", len(p.Running)-shown)
			return t.String()
		case i == 0:
			t.WriteString("; at work: ")
		default:
			t.WriteString(", ")
		}
		fmt.Fprintf(&t, "%s %s", hal.SSID(r.ID), r.Phase)
	}
	return t.String()
}

// clear takes the changing line away.
func (sc *screen) clear() {
	if sc.live > 0 && !sc.job.Quiet {
		_, _ = io.WriteString(sc.job.s.Err, "\r\x1b[K")
	}
}

// end says how many are done.
func (sc *screen) end(t batch.Totals, took time.Duration) {
	sc.clear()
	out := sc.job.s.Out
	if sc.job.JSON {
		out = sc.job.s.Err
	}
	fmt.Fprintf(out, "%d done, %d failed", t.Done, t.Failed)
	if t.Interrupted > 0 {
		fmt.Fprintf(out, ", %d interrupted", t.Interrupted)
	}
	if sc.job.before > 0 {
		fmt.Fprintf(out, ", %d done before", sc.job.before)
	}
	fmt.Fprintf(out, " in %s, %.0f a minute\n", seconds(took), rate(t, took))
}

func rate(t batch.Totals, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(t.Done+t.Failed) / took.Minutes()
}

// seconds is a duration in seconds with a tenth.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
