// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Relay is the [Transport] in which a person carries the messages, as in
// esp_prov's console transport. It prints each request as a line to type at the
// device's console, and reads the device's answer as one line of hexadecimal
// digits. An empty line means that the device did not answer.
//
// Calls of Do from several goroutines wait for each other. Relay reads only during
// a request, and never beyond the end of a line. A Read of the input cannot be
// interrupted: if Do or Relay ends before the person answers, a goroutine stays
// until the next line. That line is the answer to a request that has begun
// meanwhile; otherwise it is dropped.
type Relay struct {
	in  io.Reader
	out io.Writer

	turns *turns

	line chan relayLine // gets the line that is being read; nil: none. The running request alone uses it.
}

// relayLine is a typed line, or the reason why there is none.
type relayLine struct {
	text string
	err  error
}

// maxRelayLine bounds a line.
const maxRelayLine = 4 * defaultMaxAnswer

// NewRelay returns a transport that prints to out and reads from in. Its Close
// leaves both open.
func NewRelay(in io.Reader, out io.Writer) *Relay {
	return &Relay{in: in, out: out, turns: newTurns()}
}

// Do implements [Transport]. It waits for the person as long as ctx allows.
func (r *Relay) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	request, err := consoleLine(endpoint, 0, body)
	if err != nil {
		return nil, err
	}
	return r.turns.do(ctx, 0, func(ctx context.Context) ([]byte, error) { return r.exchange(ctx, request) })
}

// exchange is Do in its turn.
func (r *Relay) exchange(ctx context.Context, request string) ([]byte, error) {
	select {
	case <-r.line: // typed for no request
		r.line = nil
	default:
	}
	if _, err := fmt.Fprintf(r.out, "Client->Device msg : %s\n", request); err != nil {
		return nil, fmt.Errorf("the request cannot be shown: %w", err)
	}
	for {
		if _, err := io.WriteString(r.out, "Device->Client answer, in hex : "); err != nil {
			return nil, fmt.Errorf("the question cannot be shown: %w", err)
		}
		text, err := r.readLine(ctx)
		if err != nil {
			return nil, err
		}
		if text == "" {
			return nil, fmt.Errorf("%w: no answer was typed", ErrRefused)
		}
		answer, err := hex.DecodeString(text)
		if err == nil {
			return answer, nil
		}
		if _, err := fmt.Fprintf(r.out, "That is not an answer in hex (%v); once more.\n", err); err != nil {
			return nil, fmt.Errorf("the question cannot be shown: %w", err)
		}
	}
}

// readLine waits for the person to type a line.
func (r *Relay) readLine(ctx context.Context) (string, error) {
	if r.line == nil {
		line := make(chan relayLine, 1)
		r.line = line
		go func() { line <- readRelayLine(r.in) }()
	}
	select {
	case l := <-r.line:
		r.line = nil
		return l.text, l.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// readRelayLine reads one line and nothing beyond its end.
func readRelayLine(in io.Reader) relayLine {
	var text []byte
	var c [1]byte
	for {
		n, err := in.Read(c[:])
		switch {
		case n == 1 && c[0] == '\n', err == io.EOF && len(text)+n > 0:
			if n == 1 && c[0] != '\n' {
				text = append(text, c[0])
			}
			return relayLine{text: strings.TrimSpace(string(text))}
		case n == 1 && len(text) == maxRelayLine:
			return relayLine{err: badAnswer("the line has more than %d characters", maxRelayLine)}
		case n == 1:
			text = append(text, c[0])
		}
		if err != nil {
			if err == io.EOF {
				err = errors.New("it ended")
			}
			return relayLine{err: fmt.Errorf("no answer can be typed: the input: %w", err)}
		}
	}
}

// Close implements [Transport]; a running Do ends. The input and the output
// stay open.
func (r *Relay) Close() error {
	r.turns.close(func() {})
	return nil
}
