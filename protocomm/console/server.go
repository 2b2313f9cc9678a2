// SPDX-License-Identifier: Apache-2.0

package console

import (
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/quote"
	"github.com/wifiprov/wifiprov/protocomm"
)

// Limits of a line in characters.
const (
	// DefaultMaxLine is what a zero Config allows.
	DefaultMaxLine = 4096
	// MinMaxLine is what the original has.
	MinMaxLine = 256
)

// stopTimeout is what writing an answer may take once the server is stopped.
const stopTimeout = time.Second

// Config holds the settings of a Server. One of Stream and Open is required.
type Config struct {
	// Stream is the line, for as long as the server is used. It stays the
	// application's and is not closed. Read and Write overlap neither with
	// themselves nor with each other, except that a Read may be under way
	// when a stopped service is started again.
	Stream io.ReadWriter

	// Open opens the line at every Start, and Stop closes it; Close may
	// overlap Read and Write and must make them return. Stream is not used
	// then. Open must not call the server.
	Open func() (io.ReadWriteCloser, error)

	// MaxLine is the longest line in characters without its end; 0 or less:
	// DefaultMaxLine, and at least MinMaxLine. The name, the session number
	// and two characters for each byte of the body have to fit in.
	MaxLine int

	// NoEcho leaves out the echo, for streams at whose other end a program
	// sits, or a terminal that shows itself what is typed.
	NoEcho bool

	// Logger is told why lines were not answered and why the stream ended;
	// nil is silent.
	Logger hal.Logger
}

// Server serves one protocomm instance at a time. Its methods may be called
// from any goroutine and from handlers, except where they say otherwise.
type Server struct {
	cfg Config

	mu   sync.Mutex
	gone sync.Cond // broadcast when a goroutine ended
	svc  *service  // started, or nil
	own  *line     // of Config.Stream, once it was started
	live int       // goroutines
}

// New returns a server that is not started. The configuration is copied.
func New(cfg Config) *Server {
	if cfg.MaxLine <= 0 {
		cfg.MaxLine = DefaultMaxLine
	}
	cfg.MaxLine = max(cfg.MaxLine, MinMaxLine)
	s := &Server{cfg: cfg}
	s.gone.L = &s.mu
	return s
}

// Start serves the instance's endpoints, those added later included.
// It does not wait for the stream.
//
// Errors: protocomm.ErrInvalidArg for nil, without a stream, and for an
// endpoint whose name cannot be typed; ErrInvalidState when the server serves
// this instance already, ErrNotSupported when it serves another; what Open
// returns. After an error nothing is left running.
func (s *Server) Start(pc *protocomm.Protocomm) error {
	const op = "console: start"
	if pc == nil {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "the protocomm instance is nil", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.svc != nil {
		if s.svc.pc == pc {
			return protocomm.Fail(op, protocomm.ErrInvalidState, "this instance is being served already", nil)
		}
		return protocomm.Fail(op, protocomm.ErrNotSupported, "another instance is being served; stop it first", nil)
	}
	if !scheduled {
		return protocomm.Fail(op, protocomm.ErrNotSupported, "there is no scheduler for the goroutine that reads the stream", nil)
	}
	pc.SetTransport(protocomm.Hooks{
		AddEndpoint: func(name string, _ protocomm.Kind) error { return CheckName(name) },
	})
	l, err := s.open(pc.Endpoints())
	if err != nil {
		pc.SetTransport(protocomm.Hooks{})
		return err
	}
	s.svc = &service{pc: pc, line: l}
	l.svc = s.svc
	if l.state == lineIdle {
		l.state = lineReading
		s.live++
		spawn(l.loop)
	}
	return nil
}

// open makes the line on which endpoints of these names are to be served. mu
// is held.
func (s *Server) open(names []string) (*line, error) {
	const op = "console: start"
	for _, name := range names {
		if err := CheckName(name); err != nil {
			return nil, protocomm.Fail(op, nil, "an endpoint cannot be served", err)
		}
	}
	if s.cfg.Open == nil {
		if s.cfg.Stream == nil {
			return nil, protocomm.Fail(op, protocomm.ErrInvalidArg, "there is no stream; set Config.Stream or Config.Open", nil)
		}
		if s.own == nil {
			s.own = newLine(s, s.cfg.Stream, nil)
		}
		return s.own, nil
	}
	stream, err := s.cfg.Open()
	if err != nil {
		return nil, protocomm.Fail(op, nil, "cannot open the stream", err)
	}
	return newLine(s, stream, stream), nil
}

// Stop ends the service of an instance. If a handler is running, its answer
// is still written, in at most 1 s where the stream can be closed or has
// deadlines; Stop does not wait for that, and handlers may call it. No handler
// begins after Stop returned; a request that is just being handed over counts
// as running. The session ends, with that request if there is one. The package's
// documentation says what becomes of the stream and the goroutine.
//
// Errors: protocomm.ErrInvalidArg when pc is not being served.
func (s *Server) Stop(pc *protocomm.Protocomm) error {
	const op = "console: stop"
	s.mu.Lock()
	if pc == nil || s.svc == nil || s.svc.pc != pc {
		s.mu.Unlock()
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "this instance is not being served", nil)
	}
	svc := s.svc
	s.svc = nil
	svc.stopped, svc.line.svc = true, nil
	rest := svc.line.stop(svc)
	pc.SetTransport(protocomm.Hooks{})
	s.mu.Unlock()
	rest()
	return nil
}

// Wait blocks until the server is stopped, or its stream ended, and nothing is
// left of it: no handler and no goroutine. With a Config.Stream whose Read
// cannot be broken off that may be never. A handler must not call it.
func (s *Server) Wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.live > 0 {
		s.gone.Wait()
	}
}

// maxName bounds an endpoint's name: with a session number and one byte it fits
// into the shortest line, whatever has to be escaped.
const maxName = (MinMaxLine - len(" 4294967294 00")) / 2

// CheckName refuses with protocomm.ErrInvalidArg a name that nobody can type:
// one that is empty, longer than 121 bytes, or has control characters.
func CheckName(name string) error {
	const op = "console: serve an endpoint"
	if name == "" || len(name) > maxName {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "its name has "+strconv.Itoa(len(name))+" bytes, not 1 to "+strconv.Itoa(maxName), nil)
	}
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == 0x7f {
			return protocomm.Fail(op, protocomm.ErrInvalidArg, "its name "+quote.Text(name)+" has a control character", nil)
		}
	}
	return nil
}
