// SPDX-License-Identifier: Apache-2.0

package factory

import (
	"context"
	"io"
	"sync"
)

// inOrder takes inputs from next until its error, works on up to workers of them at a
// time, and hands the results over in the order of the inputs. It holds a few inputs for
// each worker. It returns the first error of done, of next (nil for io.EOF) or of the
// context; nothing runs any more then.
func inOrder[In, Out any](ctx context.Context, workers int, next func() (In, error), work func(In) Out, done func(Out) error) error {
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()

	type job struct {
		in  In
		out chan Out
	}
	jobs, queue := make(chan job), make(chan chan Out, 2*workers)
	for range workers {
		running.Go(func() {
			for j := range jobs {
				j.out <- work(j.in)
			}
		})
	}
	var ended error
	running.Go(func() {
		defer close(queue)
		defer close(jobs)
		for ctx.Err() == nil {
			in, err := next()
			if err != nil {
				ended = err
				return
			}
			j := job{in, make(chan Out, 1)}
			select {
			case queue <- j.out:
				jobs <- j
			case <-ctx.Done():
			}
		}
	})
	for out := range queue {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := done(<-out); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if ended == io.EOF {
		return nil
	}
	return ended
}
