// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// WaitConnected asks the device for its status, at once and then every
// Config.PollInterval, until the device has joined its network. It fails with an
// error that matches [ErrConnectionFailed] when the device gives up, and with one
// that matches [ErrTimeout] after Config.PollTimeout. Both have [Error.Details] if
// the device announced in proto-ver that it tells them. Other operations may run
// between the questions.
//
// A device that moves its radio to another channel loses its clients for a while.
// When a question loses the session, WaitConnected opens another one, at once and
// then at every interval, without asking for the security or the PoP again. Before
// the time limit it ends only with an answer of the device, with ctx, with the
// client or with the transport. An ErrTimeout also matches the error of the last
// question. It leaves the session unharmed unless [Error.SessionLost] says so.
func (c *Client) WaitConnected(ctx context.Context) (Connection, error) {
	const op = "wait"
	w := waiting{Client: c, start: time.Now()}
	for {
		s, err := w.ask(ctx, op)
		left := w.left()
		switch {
		case err == nil && s.State == StateConnected:
			return s.Connection, nil
		case err != nil && (left > 0 || !w.over(ctx, err)) && !w.lost(ctx, err):
			return Connection{}, err
		case err != nil:
		case s.Err() == nil:
			w.failures = 0
		default:
			if w.failures++; w.failures > c.cfg.FailurePolls {
				return Connection{}, c.joinError(ctx, op, s.Err())
			}
		}
		if left <= 0 {
			return Connection{}, w.timedOut(ctx, op, s, err)
		}
		if err := c.sleep(ctx, min(c.cfg.PollInterval, left)); err != nil {
			return Connection{}, opError(op, "", err)
		}
	}
}

// shortestQuestion is the least time that a question gets, even at the limit.
const shortestQuestion = time.Second

// waiting is a WaitConnected under way.
type waiting struct {
	*Client
	start    time.Time
	asked    bool // there was a session
	failures int  // failures in a row that the device reported
}

// left is the time to the limit.
func (w *waiting) left() time.Duration {
	if w.cfg.PollTimeout < 0 {
		return math.MaxInt64
	}
	return w.cfg.PollTimeout - time.Since(w.start)
}

// ask asks for the status, and once more if the question loses the session. It ends
// at most shortestQuestion after the limit.
func (w *waiting) ask(ctx context.Context, op string) (s Status, err error) {
	if left := w.left(); left < math.MaxInt64 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(left, shortestQuestion))
		defer cancel()
	}
	for again := true; again; again = again && w.lost(ctx, err) {
		err = w.do(ctx, op, func() (err error) {
			if w.session == nil && w.asked {
				again = false
				if err := w.open(ctx, w.choice); err != nil {
					return err
				}
			}
			w.asked = w.session != nil
			s, err = w.status(ctx, op)
			return err
		})
	}
	return s, err
}

// lost reports whether err is the failure of a question or a handshake that may
// succeed later.
func (w *waiting) lost(ctx context.Context, err error) bool {
	var e *Error
	return w.asked && errors.As(err, &e) && (e.SessionLost || e.Op == "connect") &&
		ctx.Err() == nil && !errors.Is(err, ErrClosed)
}

// over reports whether err is the end of a question at the limit.
func (w *waiting) over(ctx context.Context, err error) bool {
	return ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded)
}

// timedOut is the error at the limit. last is the failure of the last question; nil:
// its answer was s.
func (w *waiting) timedOut(ctx context.Context, op string, s Status, last error) error {
	e := &Error{Op: op, Endpoint: endpointConfig}
	if last == nil {
		e.Err = fmt.Errorf("%w: %v after %v", ErrTimeout, s, w.cfg.PollTimeout)
		return w.tell(ctx, op, e)
	}
	e.Err = fmt.Errorf("%w: no answer within %v", ErrTimeout, w.cfg.PollTimeout)
	e.Hint = "the device may join the network all the same; call Connect to ask it"
	var why *Error
	if errors.As(last, &why) {
		e.SessionLost = why.SessionLost || why.Op == "connect"
		if !w.over(ctx, last) {
			e.Err = fmt.Errorf("%w: %w", e.Err, why.Err)
		}
	}
	return crowded(e, underWay.Load())
}

// joinError is the error for a device that could not join, with its details.
func (c *Client) joinError(ctx context.Context, op string, err error) error {
	return c.tell(ctx, op, &Error{Op: op, Endpoint: endpointConfig, Err: err})
}

// tell adds the device's details and a hint to e.
func (c *Client) tell(ctx context.Context, op string, e *Error) error {
	e.Details = c.failure(ctx, op)
	e.Hint = failHint(e.Err, e.Details)
	_ = c.do(ctx, op, func() error {
		e.SessionLost = c.session == nil
		return nil
	})
	return e
}
