// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// turns lets one request run at a time, and ends it when close is called.
type turns struct {
	token  chan struct{}   // holds a value while a request runs
	closed context.Context // ends with close
	cancel context.CancelFunc
	once   sync.Once
}

func newTurns() *turns {
	t := &turns{token: make(chan struct{}, 1)}
	t.closed, t.cancel = context.WithCancel(context.Background())
	return t
}

// begin waits for the turn, which may come after close; end gives it back.
func (t *turns) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case t.token <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: an earlier operation was still under way", ctx.Err())
	case <-t.closed.Done():
		return ErrClosed
	}
}

func (t *turns) end() { <-t.token }

// err is ErrClosed after close.
func (t *turns) err() error {
	if t.closed.Err() != nil {
		return ErrClosed
	}
	return nil
}

// do runs request in its turn. The request's context ends with ctx, with close
// and after limit, if that is positive. A request that fails fails with ErrClosed
// after close, and with ctx's error after the end of ctx; request may wrap that.
func (t *turns) do(ctx context.Context, limit time.Duration, request func(context.Context) ([]byte, error)) ([]byte, error) {
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	defer t.end()
	if err := t.err(); err != nil {
		return nil, err
	}
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	if limit > 0 {
		own, cancel = context.WithTimeout(own, limit)
		defer cancel()
	}
	defer context.AfterFunc(t.closed, cancel)()
	answer, err := request(own)
	switch {
	case err == nil:
		return answer, nil
	case t.err() != nil:
		return nil, ErrClosed
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		return nil, ctx.Err()
	}
	return nil, err
}

// close ends a running request, waits for it and calls release. All that happens
// once.
func (t *turns) close(release func()) {
	t.once.Do(func() {
		t.cancel()
		t.token <- struct{}{}
		defer t.end()
		release()
	})
}
