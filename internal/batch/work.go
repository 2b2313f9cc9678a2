// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"time"
)

// work is a device at work.
type work struct {
	run     *run
	outcome *Outcome
	phase   Phase     // guarded by run.mu
	since   time.Time // when phase began; only its goroutine knows
}

// work provisions a device, with as many tries as it has.
func (r *run) work(ctx context.Context, o *Outcome) {
	o.Started = time.Now()
	w := &work{run: r, outcome: o}
	r.mu.Lock()
	r.running[w] = true
	r.mu.Unlock()
	w.tries(ctx)
	r.mu.Lock()
	delete(r.running, w)
	r.mu.Unlock()
	o.Ended = time.Now()
}

func (w *work) tries(ctx context.Context) {
	r, o := w.run, w.outcome
	pause := r.cfg.Backoff
	left := map[Class]int{Network: r.cfg.Retries, Data: r.cfg.DataRetries}
	doubted := false
	for {
		w.try(ctx)
		reason, class := Classify(o.Err)
		switch {
		case left[class] > 0:
			left[class]--
		case (reason == WrongPoP || reason == WrongPassword) && !doubted && left[Network] > 0:
			doubted = true
		default:
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			o.Err = ctx.Err()
			return
		case <-r.stop: // no further try
			timer.Stop()
			if ctx.Err() != nil {
				o.Err = ctx.Err()
			}
			return
		}
		pause = max(pause, min(2*pause, MaxBackoff))
	}
}

func (w *work) try(ctx context.Context) {
	o := w.outcome
	o.Attempts++
	o.Times = [Phases]time.Duration{}
	w.reached(Connecting)
	t := &Try{Device: o.Device, AskFirst: o.Attempts > 1 || w.run.cfg.AskFirst, Reached: w.reached}
	o.IP, o.Err = w.run.cfg.Provision(ctx, t)
	o.Times[w.phase] += time.Since(w.since)
	if o.Err != nil && ctx.Err() != nil {
		o.Err = ctx.Err()
	}
}

// reached ends the time of the phase before, and begins that of another one.
func (w *work) reached(p Phase) {
	now := time.Now()
	w.run.mu.Lock()
	defer w.run.mu.Unlock()
	o := w.outcome
	switch {
	case p != Connecting:
		o.Times[w.phase] += now.Sub(w.since)
	case o.Attempts == 1:
		o.Started = now
	}
	w.since, w.phase = now, p
}
