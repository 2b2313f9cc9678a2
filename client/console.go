// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// consoleSettle is the time without another answer or prompt after which the
// console expects none.
const consoleSettle = 200 * time.Millisecond

// ConsoleConfig says how to talk to a device over a console. The zero value is
// right for most devices.
type ConsoleConfig struct {
	// Session is the session's number, up to 4294967294; esp_prov uses 0. An
	// original device remembers the number when its service restarts, and opens
	// no new session for it. Another number helps then.
	Session uint32

	// Timeout bounds each request. 0: 30 s; negative: no limit but the
	// caller's context.
	Timeout time.Duration

	// MaxAnswer is the length in bytes of the longest answer that Do accepts.
	// 0: 64 KiB.
	MaxAnswer int
}

// Console is the [Transport] to a device with a text console: on a serial port, on
// a pseudo-terminal, or on the pipes of a child process. It types one line for
// each request. The answer is the last line before the prompt that consists of
// lower-case hexadecimal digits only. Console ignores the echo, log lines and
// everything that was on the line before the request.
//
// A prompt without an answer is a refusal. The device does not say whether it
// lacks the endpoint, is out of step with the session, or cannot take a line of
// that length; the original takes 255 characters.
//
// Before the first request, and after a request without a clear end, Console sends
// an empty line to find out whether the device is ready. That takes 0.2 s, as does
// a refusal. If the device is still answering an earlier request, Console waits for
// that answer and drops it.
//
// Calls of Do from several goroutines wait for each other. After the end of the
// stream every Do fails, and the program needs another Console.
type Console struct {
	stream io.ReadWriteCloser
	cfg    ConsoleConfig

	turns *turns

	// The running request alone uses the following fields.

	reader  chan struct{} // closed when the reading goroutine has ended; nil: not started
	writing chan error    // gets the outcome of the write under way; nil: none
	ready   bool          // the device waits at its prompt

	changed chan struct{} // capacity 1: the screen has changed

	mu     sync.Mutex
	screen screen
}

// NewConsole returns a transport over stream, and owns stream from now on. Closing
// the stream must end a Read and a Write that are under way. NewConsole sends
// nothing yet. It fails if an argument is wrong, and stream stays the caller's then.
func NewConsole(stream io.ReadWriteCloser, cfg ConsoleConfig) (*Console, error) {
	switch {
	case stream == nil:
		return nil, errors.New("client: console: the stream is nil")
	case cfg.Session == 1<<32-1:
		return nil, errors.New("client: console: Session 4294967295 is no session's number")
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, requestTimeout)
	if cfg.MaxAnswer <= 0 {
		cfg.MaxAnswer = defaultMaxAnswer
	}
	c := &Console{stream: stream, cfg: cfg, turns: newTurns(), changed: make(chan struct{}, 1)}
	c.screen.max = 2 * cfg.MaxAnswer
	return c, nil
}

// Do implements [Transport].
func (c *Console) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	line, err := consoleLine(endpoint, c.cfg.Session, body)
	if err != nil {
		return nil, err
	}
	return c.turns.do(ctx, c.cfg.Timeout, func(ctx context.Context) ([]byte, error) {
		answer, err := c.exchange(ctx, line)
		switch {
		case err == nil || ctx.Err() == nil:
			return answer, err
		case !c.prompted():
			return nil, fmt.Errorf("%w: no prompt within %v; is there a provisioning console at the other end?", ErrTimeout, c.cfg.Timeout)
		}
		return nil, fmt.Errorf("%w: no answer within %v", ErrTimeout, c.cfg.Timeout)
	})
}

// errStreamEnded: the stream has ended.
var errStreamEnded error = &kindError{"the stream ended", []error{ErrClosed}}

// prompted reports whether the device has ever shown its prompt.
func (c *Console) prompted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.screen.everPrompt
}

// consoleLine returns the line to type for a request, without the line end
// (transports.md 3.1).
func consoleLine(endpoint string, session uint32, body []byte) (string, error) {
	if endpoint == "" {
		return "", errors.New("endpoint has no name")
	}
	for _, c := range []byte(endpoint) {
		if c < ' ' || c == 0x7f {
			return "", fmt.Errorf("endpoint name %q cannot be typed", endpoint)
		}
	}
	if len(body) == 0 {
		return "", ErrEmptyBody // the command needs at least one byte
	}
	if strings.ContainsAny(endpoint, ` "\`) {
		endpoint = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(endpoint) + `"`
	}
	return fmt.Sprintf("%s %d %x", endpoint, session, body), nil
}

// exchange is Do in its turn.
func (c *Console) exchange(ctx context.Context, line string) ([]byte, error) {
	if c.reader == nil {
		c.reader = make(chan struct{})
		go c.read()
	}
	if !c.ready {
		if err := c.wake(ctx); err != nil {
			return nil, err
		}
	}
	c.ready = false
	if err := c.typeLine(ctx, line); err != nil {
		return nil, err
	}
	// The timer starts at an answer without a prompt, since the service may have
	// ended and shows no prompt then. It also starts at a prompt without an
	// answer, since that may be the greeting of a service that has just started.
	settled := time.NewTimer(consoleSettle)
	settled.Stop()
	defer settled.Stop()
	seen := 0
	for {
		c.mu.Lock()
		s := &c.screen
		complete, answered, events, end := s.complete, s.answered, s.events, s.end
		c.mu.Unlock()
		switch {
		case complete:
			c.ready = true
			return c.outcome()
		case end != nil && answered:
			return c.outcome()
		case end != nil:
			return nil, fmt.Errorf("%w without an answer: %w", errStreamEnded, end)
		case events > seen:
			seen = events
			settled.Reset(consoleSettle)
		}
		select {
		case <-c.changed:
		case <-settled.C:
			c.ready = !answered
			return c.outcome()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// outcome returns the answer that is on the screen.
func (c *Console) outcome() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s := &c.screen; {
	case s.tooLong:
		return nil, badAnswer("more than %d bytes", c.cfg.MaxAnswer)
	case s.answered:
		answer := make([]byte, hex.DecodedLen(len(s.answer)))
		_, err := hex.Decode(answer, s.answer)
		clear(s.answer)
		return answer, err
	}
	return nil, fmt.Errorf("%w: the prompt came without an answer", ErrRefused)
}

// wake waits until the device is ready for a line. It ends a line that may have
// been typed in part, and waits for the last prompt.
func (c *Console) wake(ctx context.Context) error {
	if err := c.typeLine(ctx, ""); err != nil {
		return err
	}
	settled := time.NewTimer(consoleSettle)
	settled.Stop()
	defer settled.Stop()
	for seen := 0; ; {
		c.mu.Lock()
		events, end := c.screen.events, c.screen.end
		c.mu.Unlock()
		if end != nil {
			return fmt.Errorf("%w: %w", errStreamEnded, end)
		}
		if events > seen {
			seen = events
			settled.Reset(consoleSettle)
		}
		select {
		case <-c.changed:
		case <-settled.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// typeLine clears the screen, and writes line and CR. First it waits for a write
// that an earlier request has left unfinished.
func (c *Console) typeLine(ctx context.Context, line string) error {
	if c.writing != nil {
		select {
		case <-c.writing:
			c.writing = nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.mu.Lock()
	c.screen.clear()
	c.mu.Unlock()
	done := make(chan error, 1)
	c.writing = done
	go func() {
		_, err := io.WriteString(c.stream, line+"\r")
		done <- err
	}()
	select {
	case err := <-done:
		c.writing = nil
		if err != nil {
			return fmt.Errorf("%w, it does not take the request: %w", errStreamEnded, err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read copies the device's output to the screen until the stream ends.
func (c *Console) read() {
	defer close(c.reader)
	b := make([]byte, 1024)
	for {
		n, err := c.stream.Read(b)
		c.mu.Lock()
		for _, ch := range b[:n] {
			c.screen.show(ch)
		}
		if err != nil {
			c.screen.finish(err)
		}
		c.mu.Unlock()
		select {
		case c.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// Close implements [Transport]; it closes the stream.
func (c *Console) Close() error {
	var err error
	c.turns.close(func() {
		err = c.stream.Close()
		if c.reader != nil {
			<-c.reader
		}
		if c.writing != nil {
			<-c.writing
		}
	})
	return err
}
