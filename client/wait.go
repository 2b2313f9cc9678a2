package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// WaitConnected asks the device at once and then every Config.PollInterval
// until it joined its network, gave up (an error that matches
// [ErrConnectionFailed]) or Config.PollTimeout is over ([ErrTimeout]). Both
// errors have [Error.Details] if the device said in proto-ver that it tells them.
// A device is connecting from Apply on, so asking at once is safe. Between the
// questions other operations have their turn.
//
// A device that moves its radio to another channel loses its clients for a while.
// When a question loses the session, WaitConnected opens another one in the same
// way, without asking for the security or the PoP again: at once, and then at
// every interval. Only an end of ctx, of the client or of the transport, and an
// answer of the device, end it before the limit. An ErrTimeout leaves the session
// unharmed unless [Error.SessionLost] says so, and it matches why the last question
// failed.
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

// shortestQuestion is the time that a question gets near the limit and at it.
const shortestQuestion = time.Second

// waiting is a WaitConnected under way.
type waiting struct {
	*Client
	start    time.Time
	asked    bool // there was a session
	failures int  // that the device reported in a row
}

// left is the time to the limit.
func (w *waiting) left() time.Duration {
	if w.cfg.PollTimeout < 0 {
		return math.MaxInt64
	}
	return w.cfg.PollTimeout - time.Since(w.start)
}

// ask asks for the status, once more if that loses the session, and not much
// beyond the limit.
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

// lost reports whether err is a question or a handshake without success that may
// have one later.
func (w *waiting) lost(ctx context.Context, err error) bool {
	var e *Error
	return w.asked && errors.As(err, &e) && (e.SessionLost || e.Op == "connect") &&
		ctx.Err() == nil && !errors.Is(err, ErrClosed)
}

// over reports whether err is the end of a question at the limit.
func (w *waiting) over(ctx context.Context, err error) bool {
	return ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded)
}

// timedOut is the error at the limit, after an answer or the failure of the last
// question.
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
	return e
}

// joinError is the error for a device that could not join, with all that it
// tells.
func (c *Client) joinError(ctx context.Context, op string, err error) error {
	return c.tell(ctx, op, &Error{Op: op, Endpoint: endpointConfig, Err: err})
}

// tell adds the details that the device has, and what to do.
func (c *Client) tell(ctx context.Context, op string, e *Error) error {
	e.Details = c.failure(ctx, op)
	e.Hint = failHint(e.Err, e.Details)
	_ = c.do(ctx, op, func() error {
		e.SessionLost = c.session == nil
		return nil
	})
	return e
}
