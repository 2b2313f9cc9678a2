// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/internal/batch"
)

// names are devices with nothing but names.
func names(n int) iter.Seq2[*batch.Device, error] {
	return func(yield func(*batch.Device, error) bool) {
		for i := range n {
			if !yield(&batch.Device{Row: i + 2, Name: fmt.Sprintf("PROV_%d", i)}, nil) {
				return
			}
		}
	}
}

// bench runs a batch of which each try takes a second, and ends with what result says.
type bench struct {
	cfg      batch.Config
	result   func(d *batch.Device, attempt int) error
	began    time.Time
	tries    map[string]int
	outcomes map[string]*batch.Outcome
	order    []string
	ticks    []batch.Progress
	recorded int
}

func newBench(cfg batch.Config, result func(*batch.Device, int) error) *bench {
	b := &bench{cfg: cfg, result: result, began: time.Now(), tries: map[string]int{}, outcomes: map[string]*batch.Outcome{}}
	mu := make(chan struct{}, 1)
	b.cfg.Provision = func(ctx context.Context, t *batch.Try) (netip.Addr, error) {
		mu <- struct{}{}
		b.tries[t.Device.Name]++
		n := b.tries[t.Device.Name]
		<-mu
		t.Reached(batch.Handshake)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return netip.Addr{}, ctx.Err()
		}
		return netip.AddrFrom4([4]byte{192, 168, 1, 77}), b.result(t.Device, n)
	}
	if cfg.Record == nil {
		b.cfg.Record = func(all []*batch.Outcome) error { b.recorded += len(all); return nil }
	}
	b.cfg.Event = func(e batch.Event) {
		if e.Outcome == nil {
			b.ticks = append(b.ticks, e.Progress)
			return
		}
		b.outcomes[e.Outcome.Device.ID()] = e.Outcome
		b.order = append(b.order, e.Outcome.Device.ID())
	}
	return b
}

func (b *bench) run(ctx context.Context, rows iter.Seq2[*batch.Device, error]) (batch.Totals, time.Duration, error) {
	totals, err := batch.Run(ctx, b.cfg, rows)
	return totals, time.Since(b.began), err
}

func fine(*batch.Device, int) error { return nil }

// So many devices at a time, and no more.
func TestJobs(t *testing.T) {
	for jobs, want := range map[int]time.Duration{1: 10 * time.Second, 3: 4 * time.Second, 10: time.Second, 50: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(batch.Config{Jobs: jobs}, fine)
			totals, took, err := b.run(t.Context(), names(10))
			require.NoError(t, err)
			require.Equal(t, batch.Totals{Done: 10}, totals)
			require.Equal(t, want, took, jobs)
			require.Equal(t, 10, b.recorded)
			require.Equal(t, time.Second, b.outcomes["PROV_3"].Times[batch.Handshake])
		})
	}
}

// Failures of the link have further tries, wrong data none, and the pause doubles.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		err                 error
		retries, data, want int
		took                time.Duration
		reason              batch.Reason
	}{
		{client.ErrUnreachable, 2, 0, 3, 3*time.Second + 2*time.Second + 4*time.Second, batch.Unreachable},
		{fmt.Errorf("%w: %w", client.ErrNoDevice, client.ErrTimeout), 0, 0, 1, time.Second, batch.Unreachable},
		{client.ErrHungUp, 0, 5, 1, time.Second, batch.HungUp},
		{client.ErrAuth, 5, 0, 1, time.Second, batch.WrongPassphrase},
		{client.ErrNetworkNotFound, 5, 1, 2, 4 * time.Second, batch.NetworkNotFound},
		{client.ErrPassword, 5, 0, 2, 4 * time.Second, batch.WrongPassword},
		{client.ErrPoP, 0, 0, 1, time.Second, batch.WrongPoP},
		{client.ErrTimeout, 7, 0, 8, (8 + 2 + 4 + 8 + 16 + 32 + 60 + 60) * time.Second, batch.TimedOut},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(batch.Config{Retries: c.retries, DataRetries: c.data, Backoff: 2 * time.Second},
				func(*batch.Device, int) error { return fmt.Errorf("client: %w", c.err) })
			totals, took, err := b.run(t.Context(), names(1))
			require.NoError(t, err)
			require.Equal(t, batch.Totals{Failed: 1}, totals)
			require.Equal(t, c.want, b.outcomes["PROV_0"].Attempts)
			require.Equal(t, c.took, took)
			require.Equal(t, c.reason, b.outcomes["PROV_0"].Reason)
		})
	}
}

func TestRetrySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(batch.Config{Retries: 2, Backoff: time.Second}, func(_ *batch.Device, n int) error {
			return map[int]error{1: client.ErrNoAnswer, 2: client.ErrRefused}[n]
		})
		totals, took, err := b.run(t.Context(), names(1))
		require.NoError(t, err)
		require.Equal(t, batch.Totals{Done: 1}, totals)
		require.Equal(t, 6*time.Second, took)
		require.Equal(t, 3, b.outcomes["PROV_0"].Attempts)
		require.Empty(t, b.outcomes["PROV_0"].Reason)
	})
}

// After so many failures no more devices are begun, and those at work end.
func TestStopAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(batch.Config{Jobs: 4, StopAfter: 2}, func(d *batch.Device, _ int) error {
			if d.Name == "PROV_0" || d.Name == "PROV_1" {
				return client.ErrPoP
			}
			return nil
		})
		totals, took, err := b.run(t.Context(), names(100))
		require.ErrorIs(t, err, batch.ErrStopped)
		require.Equal(t, 2, totals.Failed)
		require.GreaterOrEqual(t, totals.Done, 2)
		require.LessOrEqual(t, took, 2*time.Second)
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBench(batch.Config{StopAfter: 2}, func(*batch.Device, int) error { return client.ErrPoP })
		totals, took, err := b.run(t.Context(), names(100))
		require.ErrorIs(t, err, batch.ErrStopped)
		require.Equal(t, batch.Totals{Failed: 2}, totals)
		require.Equal(t, 2*time.Second, took)
	})
}

// When the context ends, devices at work are interrupted, at once, and are recorded.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		ctx, stop := context.WithCancel(ctx)
		time.AfterFunc(2400*time.Millisecond, stop)
		b := newBench(batch.Config{Jobs: 3, Retries: 9, Backoff: 5 * time.Second}, func(d *batch.Device, _ int) error {
			if d.Name == "PROV_0" {
				return client.ErrUnreachable // and waits for its next try
			}
			return nil
		})
		totals, took, err := b.run(ctx, names(100))
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 2400*time.Millisecond, took)
		require.Equal(t, batch.Totals{Done: 4, Interrupted: 3}, totals)
		require.Equal(t, 7, b.recorded)
		require.Equal(t, batch.Interrupted, b.outcomes["PROV_0"].Reason)
		require.Equal(t, batch.StatusInterrupted, b.outcomes["PROV_0"].Status())
	})
}

// Rows that never come keep nobody from ending.
func TestInterruptedWithoutRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		release := make(chan struct{})
		defer close(release)
		b := newBench(batch.Config{}, fine)
		_, took, err := b.run(ctx, func(func(*batch.Device, error) bool) { <-release })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, took)
	})
}

// What cannot be recorded ends the batch: work whose result is lost is for nothing.
func TestRecordFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		b := newBench(batch.Config{Jobs: 2, Record: func([]*batch.Outcome) error { return full }}, fine)
		_, took, err := b.run(t.Context(), names(100))
		require.ErrorIs(t, err, full)
		require.LessOrEqual(t, took, 2*time.Second)
	})
}

// An adapter that is missing is missing for all devices.
func TestEnvironment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(batch.Config{Retries: 5}, func(*batch.Device, int) error {
			return fmt.Errorf("bluez: no adapter: %w", batch.ErrEnvironment)
		})
		totals, _, err := b.run(t.Context(), names(100))
		require.ErrorIs(t, err, batch.ErrEnvironment)
		require.Equal(t, batch.Totals{Failed: 1}, totals)
	})
}

// A row that is wrong fails alone; a table that cannot be read any more ends the batch.
func TestRowErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("devices.csv: input/output error")
		b := newBench(batch.Config{}, fine)
		totals, _, err := b.run(t.Context(), func(yield func(*batch.Device, error) bool) {
			_ = yield(&batch.Device{Name: "PROV_1"}, nil) &&
				yield(nil, &batch.RowError{File: "devices.csv", Row: 3, Column: "pop", Text: "it is wrong"}) &&
				yield(&batch.Device{Name: "PROV_2"}, nil) &&
				yield(nil, broken) && yield(&batch.Device{Name: "PROV_3"}, nil)
		})
		require.ErrorIs(t, err, broken)
		require.Equal(t, batch.Totals{Done: 2, Failed: 1}, totals)
		require.Equal(t, 3, b.outcomes[""].Device.Row)
		require.Equal(t, batch.BadRow, b.outcomes[""].Reason)
		require.Zero(t, b.outcomes[""].Attempts)
	})
}

// Each second tells how many are done, and what the others do.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(batch.Config{Jobs: 2}, fine)
		b.result = func(*batch.Device, int) error { time.Sleep(200 * time.Millisecond); return nil }
		_, _, err := b.run(t.Context(), names(4))
		require.NoError(t, err)
		require.Len(t, b.ticks, 2)
		require.Equal(t, batch.Totals{}, b.ticks[0].Totals)
		require.Equal(t, batch.Totals{Done: 2}, b.ticks[1].Totals)
		require.Equal(t, 2*time.Second, b.ticks[1].Elapsed)
		require.Equal(t, []batch.Running{
			{ID: "PROV_0", Phase: batch.Handshake, Since: b.began}, {ID: "PROV_1", Phase: batch.Handshake, Since: b.began},
		}, b.ticks[0].Running)
	})
}

// The wait for what devices share is no time of a device.
func TestWaitDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(batch.Config{}, fine)
		b.cfg.Provision = func(_ context.Context, t *batch.Try) (netip.Addr, error) {
			time.Sleep(time.Minute)
			t.Reached(batch.Connecting)
			time.Sleep(2 * time.Second)
			t.Reached(batch.Handshake)
			time.Sleep(3 * time.Second)
			return netip.Addr{}, nil
		}
		_, _, err := b.run(t.Context(), names(1))
		require.NoError(t, err)
		o := b.outcomes["PROV_0"]
		require.Equal(t, [batch.Phases]time.Duration{batch.Connecting: 2 * time.Second, batch.Handshake: 3 * time.Second}, o.Times)
		require.Equal(t, 5*time.Second, o.Ended.Sub(o.Started))
	})
}
