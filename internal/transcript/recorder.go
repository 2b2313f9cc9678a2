// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/files"
)

// Recorder records what one client and its device say to each other. Every exchange is
// in the file before the client goes on, so that a program that is killed leaves a
// complete file.
type Recorder struct {
	header Header
	began  time.Time
	masker masker

	mu   sync.Mutex
	file *os.File
	err  error // the first one of writing
	keys Keys  // of the next session; only if header.Secrets
}

// Create makes the file path, which only the user can read, and writes h to it. It never
// overwrites a file: its error matches fs.ErrExist then. If h.Secrets is set, the
// file has all secrets and keys.
func Create(path string, h Header) (*Recorder, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s: %w: give another name, or remove it first", path, fs.ErrExist)
	}
	if err != nil {
		return nil, files.Error(path, err)
	}
	h.Version = Version
	r := &Recorder{header: h, began: time.Now(), file: file}
	r.header.Time = r.began.UTC().Round(0)
	if r.writeLine(&r.header); r.err != nil {
		_, _ = file.Close(), os.Remove(path) // of no use without its first line
		return nil, r.err
	}
	return r, nil
}

// Format prints the type's name for every verb, because a Recorder may contain keys.
func (r *Recorder) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "*transcript.Recorder") }

// Close closes the file. It returns why the recording is not complete, if it is not.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return r.err
	}
	err := r.file.Close()
	r.file = nil
	if r.err == nil {
		r.err = err
	}
	return r.err
}

// Transport returns a transport that does what t does, and records it. A failure to
// record does not disturb the client: Close tells it.
func (r *Recorder) Transport(t client.Transport) client.Transport {
	wrapped := &transport{t, r}
	if p, ok := t.(client.PageSizer); ok {
		return struct {
			*transport
			client.PageSizer
		}{wrapped, p}
	}
	return wrapped
}

// Client returns the configuration of the client whose transport is recorded. With
// Header.Secrets, what the client draws from Rand and what it is told are recorded;
// otherwise it is cfg.
func (r *Recorder) Client(cfg client.Config) client.Config {
	if !r.header.Secrets {
		return cfg
	}
	r.keys.PoP, r.keys.Username, r.keys.Password = Bytes(cfg.PoP), Bytes(cfg.Username), Bytes(cfg.Password)
	if ask := cfg.AskPoP; ask != nil {
		cfg.AskPoP = func(ctx context.Context) (hal.Secret, error) {
			pop, err := ask(ctx)
			r.mu.Lock()
			defer r.mu.Unlock()
			r.keys.PoP = Bytes(pop)
			return pop, err
		}
	}
	if ask := cfg.AskLogin; ask != nil {
		cfg.AskLogin = func(ctx context.Context) (string, hal.Secret, error) {
			username, password, err := ask(ctx)
			r.mu.Lock()
			defer r.mu.Unlock()
			r.keys.Username, r.keys.Password = Bytes(username), Bytes(password)
			return username, password, err
		}
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	cfg.Rand = &recordedRand{cfg.Rand, r}
	return cfg
}

// recordedRand records what is drawn.
type recordedRand struct {
	io.Reader
	recorder *Recorder
}

func (s *recordedRand) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	s.recorder.keys.Random = append(s.recorder.keys.Random, p[:n]...)
	return n, err
}

type transport struct {
	client.Transport
	recorder *Recorder
}

// Do implements client.Transport.
func (t *transport) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	start := time.Now()
	answer, err := t.Transport.Do(ctx, endpoint, body)
	x := Exchange{
		Start: seconds(start.Sub(t.recorder.began)), Duration: milliseconds(time.Since(start)),
		Endpoint: endpoint, Request: body, Answer: answer,
	}
	if err != nil {
		x.Answer, x.Error = nil, err.Error()
	} else if answer == nil {
		x.Answer = Bytes{}
	}
	t.recorder.add(&x)
	return answer, err
}

// add writes an exchange. It keeps none of its bytes.
func (r *Recorder) add(x *Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.header.Secrets {
		if len(r.keys.Random) > 0 {
			keys := r.keys
			r.keys.Random, x.Keys = nil, &keys
		}
	} else {
		r.masker.mask(x)
	}
	r.writeLine(x)
}

// writeLine writes a line in one piece.
func (r *Recorder) writeLine(v any) {
	if r.file == nil || r.err != nil {
		return
	}
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if r.err = e.Encode(v); r.err == nil {
		_, r.err = r.file.Write(line.Bytes())
	}
}
