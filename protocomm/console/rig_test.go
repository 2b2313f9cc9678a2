// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

const versionText = `{"prov":{"ver":"v1.1"}}`

// toy is a security with a handshake that people can read: "hello" is answered
// "hi", then anything that begins with "proof" is answered "welcome". Requests
// and answers begin with "s:".
type toy struct{}

func (toy) Version() int                           { return 1 }
func (toy) PatchVersion() int                      { return 0 }
func (toy) Capability() string                     { return "" }
func (toy) NeedsSession() bool                     { return true }
func (toy) NewSession() (protocomm.Session, error) { return &toySession{}, nil }

type toySession struct{ phase int }

func (s *toySession) Established() bool { return s.phase == 2 }
func (s *toySession) Close()            { s.phase = -1 }
func (s *toySession) Encrypt(d, r []byte) ([]byte, error) {
	return append(append(d, "s:"...), r...), s.check()
}

func (s *toySession) check() error {
	if s.phase != 2 {
		return protocomm.ErrInvalidState
	}
	return nil
}

func (s *toySession) Handshake(dst, req []byte) ([]byte, error) {
	switch {
	case string(req) == "hello":
		s.phase = 1
		return append(dst, "hi"...), nil
	case !bytes.HasPrefix(req, []byte("proof")):
		return dst, protocomm.ErrInvalidArg
	case s.phase != 1:
		return dst, protocomm.ErrInvalidState
	}
	s.phase = 2
	return append(dst, "welcome"...), nil
}

func (s *toySession) Decrypt(req []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(req, []byte("s:"))
	if err := s.check(); err != nil || !ok {
		return nil, errors.Join(err, protocomm.ErrFail)
	}
	return plain, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	require.NoError(t, err)
}

// rig is a served instance with the endpoints prov-session, proto-ver, echo
// (the request), fail (an error), empty, big (60,000 bytes), who (the session
// id), block (waits for release) and one with blanks in its name. It is used
// in a bubble.
type rig struct {
	t       *testing.T
	pc      *protocomm.Protocomm
	server  *Server
	cfg     Config
	line    *host // the one that was opened last
	entered chan struct{}
	release chan struct{}

	mu     sync.Mutex
	logs   []string
	closed []protocomm.SessionID // sessions
	opened int                   // streams
}

// host is the other end of a stream in memory.
type host struct {
	net.Conn
	near net.Conn // the device's end

	mu   sync.Mutex
	text bytes.Buffer
	over bool // the device closed it
}

func newHost() *host {
	h := &host{}
	h.near, h.Conn = net.Pipe()
	go func() {
		b := make([]byte, 512)
		for {
			n, err := h.Conn.Read(b)
			h.mu.Lock()
			h.text.Write(b[:n])
			h.over = h.over || err != nil
			h.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return h
}

// said returns what came since the last time.
func (h *host) said() string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.text.String()
	h.text.Reset()
	return s
}

func (h *host) isOver() bool {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over
}

// say sends text and returns what came since the last time.
func (h *host) say(text string) string {
	go func() { _, _ = io.WriteString(h.Conn, text) }()
	return h.said()
}

// bubble runs fn with a rig that is not started. cfg may be the zero one.
func bubble(t *testing.T, cfg Config, sec protocomm.Security, fn func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, entered: make(chan struct{}, 9), release: make(chan struct{})}
		r.pc = r.newInstance(sec)
		if cfg.Stream == nil && cfg.Open == nil {
			cfg.Open = func() (io.ReadWriteCloser, error) {
				r.opened++
				r.line = newHost()
				return r.line.near, nil
			}
		}
		cfg.Logger = func(_ hal.Level, msg string, attrs ...hal.Attr) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.logs = append(r.logs, fmt.Sprint(msg, attrs))
		}
		r.cfg = cfg
		r.server = New(cfg)
		defer func() {
			_ = r.server.Stop(r.pc) // unless fn did
			if r.line != nil {
				r.line.Conn.Close()
			}
			r.server.Wait()
		}()
		fn(t, r)
	})
}

func (r *rig) newInstance(sec protocomm.Security) *protocomm.Protocomm {
	pc := protocomm.New(protocomm.Config{OnSessionClose: func(id protocomm.SessionID) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.closed = append(r.closed, id)
	}})
	if sec == nil {
		sec = sec0.New()
	}
	must(r.t, pc.SetSecurity("prov-session", sec))
	must(r.t, pc.SetVersion("proto-ver", versionText))
	for name, h := range map[string]protocomm.Handler{
		"echo":  func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil },
		"fail":  func(protocomm.SessionID, []byte) ([]byte, error) { return nil, errors.New("handler says no") },
		"empty": func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil },
		"big":   func(protocomm.SessionID, []byte) ([]byte, error) { return make([]byte, 60000), nil },
		"who":   func(id protocomm.SessionID, _ []byte) ([]byte, error) { return fmt.Append(nil, id), nil },
		"block": func(protocomm.SessionID, []byte) ([]byte, error) {
			r.entered <- struct{}{}
			<-r.release
			return []byte("done"), nil
		},
		`my "own" data`: func(protocomm.SessionID, []byte) ([]byte, error) { return []byte("own"), nil },
	} {
		must(r.t, pc.AddEndpoint(name, h))
	}
	return pc
}

// start starts the server and takes the greeting off.
func (r *rig) start() {
	r.t.Helper()
	must(r.t, r.server.Start(r.pc))
	require.Equal(r.t, "\n>> ", r.line.said())
}

// ask sends one command without echo and returns the decoded answer.
func (r *rig) ask(endpoint string, id int, body string) string {
	r.t.Helper()
	return answer(r.t, r.line.say(typed(endpoint, id, body)))
}

func typed(endpoint string, id int, body string) string {
	return fmt.Sprintf("%s %d %x\r", endpoint, id, body)
}

// none is what answer returns for a refusal.
const none = "(none)"

func answer(t *testing.T, said string) string {
	t.Helper()
	body, ok := strings.CutSuffix(said, "\n>> ")
	require.True(t, ok, "no prompt after %q", said)
	if body == "" {
		return none
	}
	require.True(t, strings.HasPrefix(body, "\r\n") && strings.HasSuffix(body, "\r\n") && len(body) >= 4, "%q", said)
	b, err := hex.DecodeString(body[2 : len(body)-2])
	must(t, err)
	return string(b)
}

func (r *rig) logged() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	logs := r.logs
	r.logs = nil
	return logs
}

func (r *rig) closedSessions() []protocomm.SessionID {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := r.closed
	r.closed = nil
	return ids
}
