// SPDX-License-Identifier: Apache-2.0

// Package control is the socket on which wifiprovd takes orders from its own commands: one
// request and one answer for each connection, both one line of JSON.
package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/wifiprov/wifiprov/internal/files"
)

// Requests.
const (
	AskStatus = "status"
	AskStart  = "start"
	AskStop   = "stop"
	AskReset  = "reset"
	AskQR     = "qr"
)

const (
	maxLine  = 64 << 10
	maxConns = 8
	// readTime is how long a client may take to send its request, and writeTime to
	// take the answer.
	readTime  = 5 * time.Second
	writeTime = 5 * time.Second
)

type request struct {
	Do string `json:"do"`
}

type answer struct {
	Error  string  `json:"error,omitempty"`
	Status *Status `json:"status,omitempty"`
}

// Status is what the daemon does, for programs: the answer to AskStatus, and the output of
// wifiprovd status --json. Texts that are empty and times that are zero are left out.
type Status struct {
	State     string `json:"state"` // online, offline or provisioning
	Interface string `json:"interface"`
	Backend   string `json:"backend"`
	// Stored: the box has the credentials of a network; left out while phones can change
	// that.
	Stored  bool   `json:"stored,omitempty"`
	Network string `json:"network,omitempty"` // that it is in, as far as wifiprovd knows
	Address string `json:"address,omitempty"`

	Service   string `json:"service"` // name
	Transport string `json:"transport"`
	Security  int    `json:"security"`
	// Why the window is open: no-network, button, signal, command or reset.
	Why    string    `json:"why,omitempty"`
	Closes time.Time `json:"closes,omitzero"` // the window
	Opens  time.Time `json:"opens,omitzero"`  // a window, if there is no network until then
	// Failure is why the last credentials failed, or the last window did not open.
	Failure string `json:"failure,omitempty"`
	Version string `json:"version"`
	// QR is the text of the QR code with its secrets, the answer to AskQR alone.
	QR string `json:"qr,omitempty"`
}

// Server answers requests. Listen makes it.
type Server struct {
	listener net.Listener
	handle   func(do string) (*Status, error)
	slots    chan struct{}
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil after Close
}

// Listen serves requests on a new socket, which only the user of this process and root can
// reach. It replaces a socket that is there. handle may be called several times at once.
func Listen(path string, handle func(do string) (*Status, error)) (*Server, error) {
	// The socket gets its name when its permissions are right.
	half := fmt.Sprintf("%s.%d", path, os.Getpid())
	listener, err := net.Listen("unix", half)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, fmt.Errorf("%s: no socket can be made there: %w", path, err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	err = os.Chmod(half, 0o600)
	if err == nil {
		err = os.Rename(half, path)
	}
	if err != nil {
		_ = listener.Close()
		_ = os.Remove(half)
		return nil, files.Error(path, err)
	}
	s := &Server{listener: &named{listener, path}, handle: handle, slots: make(chan struct{}, maxConns), conns: map[net.Conn]struct{}{}}
	s.wg.Go(s.accept)
	return s, nil
}

// named is a listener that removes its socket.
type named struct {
	net.Listener
	path string
}

func (l *named) Close() error {
	return errors.Join(os.Remove(l.path), l.Listener.Close())
}

// Close ends the server, and waits for its handlers.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	for conn := range s.conns {
		_ = conn.SetReadDeadline(time.Now()) // only fails if it is closed
	}
	s.conns = nil
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

func (s *Server) accept() {
	for {
		s.slots <- struct{}{}
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // for example too many open files
			<-s.slots
			time.Sleep(100 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		if s.conns == nil {
			s.mu.Unlock()
			_ = conn.Close()
			return
		}
		s.conns[conn] = struct{}{}
		_ = conn.SetReadDeadline(time.Now().Add(readTime))
		s.mu.Unlock()
		s.wg.Go(func() {
			s.serve(conn)
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
			_ = conn.Close()
			<-s.slots
		})
	}
}

func (s *Server) serve(conn net.Conn) {
	var q request
	var a answer
	line, err := bufio.NewReader(io.LimitReader(conn, maxLine)).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &q)
	}
	if err != nil {
		return // it is none of our commands
	}
	if a.Status, err = s.handle(q.Do); err != nil {
		a.Error = err.Error()
	}
	_ = conn.SetWriteDeadline(time.Now().Add(writeTime))
	_ = json.NewEncoder(conn).Encode(a) // a client that has gone needs no answer
}

// Ask sends a request, and returns the status that came back, if any.
func Ask(ctx context.Context, path, do string) (*Status, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, &NotRunning{path}
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: no permission: run this as root", path)
	default:
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := json.NewEncoder(conn).Encode(request{do}); err != nil {
		return nil, err
	}
	var a answer
	if err := json.NewDecoder(io.LimitReader(conn, maxLine)).Decode(&a); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, ErrEnded
	}
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return a.Status, nil
}

// ErrEnded is the error if the daemon ended meanwhile.
var ErrEnded = errors.New("wifiprovd ended before it answered")

// NotRunning is the error if nobody listens on the socket.
type NotRunning struct{ path string }

func (e *NotRunning) Error() string {
	return fmt.Sprintf("wifiprovd does not run (nobody listens on %s): systemctl start wifiprovd", e.path)
}
