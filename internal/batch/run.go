// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how to run a batch.
type Config struct {
	// Provision is one try. It returns the device's address in its network, which may be
	// the zero one, and it returns soon when ctx ends. Calls overlap.
	Provision func(ctx context.Context, t *Try) (netip.Addr, error)
	// Record keeps outcomes for good. It is called by the goroutine of Run. Its error
	// ends the batch.
	Record func([]*Outcome) error
	// Event is told of outcomes that are recorded, and each second how the batch goes. It
	// is called by the goroutine of Run.
	Event func(Event)

	// Jobs is how many devices are at work at a time. 0: 1.
	Jobs int
	// Retries and DataRetries are how many more tries a device has after failures of
	// class Network and Data. A secret that the device refused is tried once more if
	// Retries allows it, since another client may have pushed this one out.
	Retries, DataRetries int
	// Backoff is the pause before another try. It doubles with each, up to MaxBackoff.
	Backoff time.Duration
	// StopAfter is how many devices may fail before no more are begun. 0: any number.
	StopAfter int
	// AskFirst: an earlier run may have given devices their credentials.
	AskFirst bool
}

// MaxBackoff is the longest pause between two tries, unless Config.Backoff is longer.
const MaxBackoff = time.Minute

// Outcome is what came of a device.
type Outcome struct {
	Device *Device // of a bad row: with its Row alone
	Err    error   // of the last try; nil: the device has joined its network
	Reason Reason
	Class  Class
	// Attempts is the number of tries.
	Attempts int
	// IP is the device's address; may be zero.
	IP netip.Addr
	// Times of the phases of the last try.
	Times          [Phases]time.Duration
	Started, Ended time.Time
}

// Status is what came of the device in one word.
func (o *Outcome) Status() Status {
	switch {
	case o.Err == nil:
		return StatusDone
	case o.Class == Stopped:
		return StatusInterrupted
	}
	return StatusFailed
}

// Event is news of a running batch.
type Event struct {
	Outcome  *Outcome // nil: a second is over
	Progress Progress
}

// Progress is how far a batch has come.
type Progress struct {
	Totals
	Elapsed time.Duration
	// Running are the devices at work, those that began first before others.
	Running []Running
}

// Running is a device at work.
type Running struct {
	ID    string
	Phase Phase
	Since time.Time
}

// Totals counts devices.
type Totals struct {
	Done        int `json:"done"`
	Failed      int `json:"failed"`
	Interrupted int `json:"interrupted"`
}

// Count adds a device.
func (t *Totals) Count(s Status) {
	switch s {
	case StatusDone:
		t.Done++
	case StatusInterrupted:
		t.Interrupted++
	default:
		t.Failed++
	}
}

// ErrStopped means that as many devices failed as Config.StopAfter allows.
var ErrStopped = errors.New("too many devices failed")

// Run provisions the devices, and returns how many are done when none is at work any more.
// The rows end at an error that is no *RowError, and Run returns that. When ctx ends, the
// devices at work end as interrupted, and Run returns the error of ctx. It returns
// ErrStopped after too many failures, and an error that matches ErrEnvironment if the
// machine cannot go on.
func Run(ctx context.Context, cfg Config, rows iter.Seq2[*Device, error]) (Totals, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{
		cfg: cfg, began: time.Now(), running: map[*work]bool{},
		queue: make(chan *Outcome), ended: make(chan *Outcome, max(cfg.Jobs, 1)), stop: make(chan struct{}),
	}
	r.end = sync.OnceFunc(func() { close(r.stop) })
	go r.feed(rows)
	for range max(cfg.Jobs, 1) {
		r.workers.Go(func() { r.worker(ctx) })
	}
	go func() {
		r.workers.Wait()
		close(r.ended)
	}()
	if err := r.collect(ctx, cancel); err != nil {
		return r.totals, err
	}
	if ctx.Err() != nil {
		return r.totals, context.Cause(ctx)
	}
	return r.totals, r.rowsErr
}

// run is a running batch.
type run struct {
	cfg     Config
	began   time.Time
	queue   chan *Outcome // devices that wait for a worker
	ended   chan *Outcome // closed when no worker is left
	stop    chan struct{} // closed when no more devices are to be begun
	end     func()        // closes stop
	failed  atomic.Int64
	workers sync.WaitGroup
	totals  Totals

	mu      sync.Mutex
	running map[*work]bool
	rowsErr error
}

// feed hands the rows to the workers. It is alone in waiting for rows, which may never
// come.
func (r *run) feed(rows iter.Seq2[*Device, error]) {
	defer close(r.queue)
	for d, err := range rows {
		o := &Outcome{Device: d}
		var row *RowError
		switch {
		case errors.As(err, &row):
			o.Device, o.Err, o.Started = &Device{Row: row.Row}, err, time.Now()
			o.Ended = o.Started
		case err != nil:
			r.mu.Lock()
			r.rowsErr = err
			r.mu.Unlock()
			return
		}
		select {
		case r.queue <- o:
		case <-r.stop:
			return
		}
	}
}

func (r *run) worker(ctx context.Context) {
	for {
		select {
		case <-r.stop:
			return
		case <-ctx.Done():
			return
		case o, ok := <-r.queue:
			if !ok || r.isOver(ctx) { // a device that is not begun is for the next run
				return
			}
			if o.Err == nil {
				r.work(ctx, o)
			}
			o.Reason, o.Class = Classify(o.Err)
			r.countFailure(o)
			r.ended <- o
		}
	}
}

// countFailure ends the batch, before its worker begins another device, if it is one
// failure too many.
func (r *run) countFailure(o *Outcome) {
	if o.Status() != StatusFailed {
		return
	}
	if n := int(r.failed.Add(1)); o.Class == Environment || r.cfg.StopAfter > 0 && n >= r.cfg.StopAfter {
		r.end()
	}
}

// isOver reports whether no more devices are to be begun.
func (r *run) isOver(ctx context.Context) bool {
	select {
	case <-r.stop:
		return true
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// collect records and tells outcomes until no worker is left. Outcomes that came
// meanwhile are recorded together, since that takes one write to the disk.
func (r *run) collect(ctx context.Context, cancel context.CancelCauseFunc) error {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	defer r.end()
	interrupted := ctx.Done()
	var failed error
	for {
		select {
		case <-interrupted:
			interrupted = nil
			r.end()
		case <-ticks.C:
			r.tell(nil)
		case o, ok := <-r.ended:
			if !ok {
				return failed
			}
			all := r.more(o)
			if err := r.cfg.Record(all); err != nil {
				if failed == nil {
					failed = err
				}
				r.end()
				cancel(err)
				continue
			}
			for _, o := range all {
				r.totals.Count(o.Status())
				r.tell(o)
				if o.Class == Environment && failed == nil {
					failed = o.Err
					if !errors.Is(failed, ErrEnvironment) {
						failed = fmt.Errorf("%w: %w", ErrEnvironment, failed)
					}
				}
			}
			if r.cfg.StopAfter > 0 && r.totals.Failed >= r.cfg.StopAfter && failed == nil {
				failed = ErrStopped
			}
		}
	}
}

// more returns an outcome, and those that wait behind it.
func (r *run) more(o *Outcome) []*Outcome {
	all := []*Outcome{o}
	for {
		select {
		case o, ok := <-r.ended:
			if !ok {
				return all
			}
			all = append(all, o)
		default:
			return all
		}
	}
}

func (r *run) tell(o *Outcome) {
	e := Event{Outcome: o, Progress: Progress{Totals: r.totals, Elapsed: time.Since(r.began)}}
	if o == nil {
		r.mu.Lock()
		for w := range r.running {
			e.Progress.Running = append(e.Progress.Running, Running{w.outcome.Device.ID(), w.phase, w.outcome.Started})
		}
		r.mu.Unlock()
		slices.SortFunc(e.Progress.Running, func(a, b Running) int {
			return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
		})
	}
	r.cfg.Event(e)
}
