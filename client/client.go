// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security"
)

// Defaults of [Config], those of the genuine clients where they have one
// (client.md 4).
const (
	defaultPollInterval = 5 * time.Second
	defaultPollTimeout  = 2 * time.Minute
)

// Names of the built-in endpoints.
const (
	endpointVersion = "proto-ver"
	endpointSession = "prov-session"
	endpointConfig  = "prov-config"
	endpointScan    = "prov-scan"
	endpointCtrl    = "prov-ctrl"
	endpointStatus  = "prov-status"
)

// Config is how a [Client] behaves. The zero value is ready to use.
type Config struct {
	// Security is the mode to use. SecurityAuto takes the mode that the device
	// announces, unless it is weaker than PoP, or Username and Password, allow:
	// see [ErrDowngrade]. With none of these three set, an impostor can ask for
	// no security at all, so a program that knows its devices names the mode.
	Security Security

	// PoP is the proof of possession for security 1.
	PoP hal.Secret

	// Username and Password are for security 2. Espressif's QR codes contain
	// them as `username` and `pop`. Username has 1 to 65535 bytes.
	Username string
	Password hal.Secret

	// AskPoP returns the PoP when security 1 is used and PoP is empty. It is
	// not called if the device announces in proto-ver, which Connect reads
	// before, that it needs no PoP. nil: Connect tries an empty PoP. An error of
	// AskPoP ends Connect.
	AskPoP func(context.Context) (hal.Secret, error)

	// AskLogin returns user name and password when security 2 is used and Password
	// is empty. nil: Connect uses the empty Password. An error of AskLogin ends
	// Connect.
	AskLogin func(context.Context) (username string, password hal.Secret, err error)

	// Progress is called at each step of an operation, by the goroutine that
	// called the operation. It may call Close, but no other method of the
	// Client: that would wait for the running operation forever.
	Progress func(Progress)

	// PollInterval is the time between two status questions in
	// WaitConnected. 0: 5 s.
	PollInterval time.Duration

	// PollTimeout bounds WaitConnected; the last question may take a second
	// more. 0: 2 min; negative: no limit, as in genuine clients.
	PollTimeout time.Duration

	// FailurePolls is how many more status questions WaitConnected asks after
	// the device has reported a failure, because some devices try again by
	// themselves. 0: none, as in the phone apps; esp_prov uses 3.
	FailurePolls int

	// Rand is the source of private keys. nil: crypto/rand.
	Rand io.Reader
}

// Client talks to one device. Any goroutine may call its methods. Operations run
// one at a time; the others wait until it is their turn or their context ends.
// A method that sends a request blocks until the answer arrives.
type Client struct {
	transport Transport
	cfg       *Config // a pointer, so that its secrets are not printed where Format is not called

	turns *turns     // of operations
	mu    sync.Mutex // taken when a turn ends and by Close

	// The running operation alone uses the following fields.

	session security.Client // nil: none
	choice  *choice         // of the present or last session
	lost    error           // why the session ended; nil: there was none yet
	told    bool            // proto-ver was read
	details bool            // proto-ver announced prov-status
}

// New returns a client for the device at the other end of t. It sends nothing.
// The client owns the transport from now on, and Close closes it. If New fails,
// the arguments are wrong and the transport stays the caller's.
func New(t Transport, cfg Config) (*Client, error) {
	switch {
	case t == nil:
		return nil, errors.New("client: the transport is nil")
	case cfg.Security > Security2:
		return nil, fmt.Errorf("client: %w: Config.Security is %d", ErrSecurity, cfg.Security)
	case cfg.Security == Security2 && (cfg.Password != "" || cfg.AskLogin == nil):
		if err := checkUsername(cfg.Username); err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
	}
	if cfg.PollInterval <= 0 {
		cfg.PollInterval = defaultPollInterval
	}
	cfg.PollTimeout = cmp.Or(cfg.PollTimeout, defaultPollTimeout)
	return &Client{transport: t, cfg: &cfg, turns: newTurns()}, nil
}

// Format prints the type's name for every verb, because a Client contains
// secrets and keys.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "*client.Client") }

// Close ends the session, wipes its keys and closes the transport. An
// operation under way fails with ErrClosed. Closing twice is allowed.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.turns.err() != nil {
		c.mu.Unlock()
		return nil
	}
	c.turns.cancel()
	select {
	case c.turns.token <- struct{}{}:
		c.dropSession(ErrClosed)
		c.turns.end()
	default: // the running operation drops the session at its end
	}
	c.mu.Unlock()
	return c.transport.Close()
}

// end gives the turn back.
func (c *Client) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turns.err() != nil {
		c.dropSession(ErrClosed)
	}
	c.turns.end()
}

// do runs one operation in its turn.
func (c *Client) do(ctx context.Context, op string, f func() error) error {
	if err := c.turns.begin(ctx); err != nil {
		return opError(op, "", err)
	}
	defer c.end()
	if err := c.turns.err(); err != nil {
		return opError(op, "", err)
	}
	n := underWay.Add(1)
	defer underWay.Add(-1)
	err := opError(op, "", f())
	return crowded(err, max(n, underWay.Load()))
}

// dropSession wipes the session, if there is one. The caller holds the turn.
func (c *Client) dropSession(why error) {
	if c.session != nil {
		c.session.Close()
		c.session = nil
		c.lost = why
	}
}

// lose drops the session because of err, and returns err as the operation's
// error.
func (c *Client) lose(op, endpoint string, err error) error {
	c.dropSession(err)
	return &Error{Op: op, Endpoint: endpoint, Err: err, SessionLost: true, Hint: hint(op, endpoint, err)}
}

// request is one encrypted exchange. decode gets the plaintext of the answer and
// must not keep it. An error of decode means that the answer makes no sense, and
// loses the session. The caller holds the turn.
func (c *Client) request(ctx context.Context, op, endpoint string, plain []byte, decode func([]byte) error) error {
	if c.session == nil {
		if c.lost == nil {
			return &Error{Op: op, Err: ErrNotConnected}
		}
		return &Error{Op: op, Err: fmt.Errorf("no session since an earlier failure: %v", c.lost),
			SessionLost: true, Hint: "call Connect again"}
	}
	select { // nothing was sent yet
	case <-c.turns.closed.Done():
		return &Error{Op: op, Endpoint: endpoint, Err: ErrClosed}
	case <-ctx.Done():
		return &Error{Op: op, Endpoint: endpoint, Err: ctx.Err()}
	default:
	}
	body, err := c.session.Encrypt(nil, plain)
	if err != nil {
		return c.lose(op, endpoint, err)
	}
	answer, err := c.transport.Do(ctx, endpoint, body)
	if len(body) == 0 && errors.Is(err, ErrEmptyBody) {
		return &Error{Op: op, Endpoint: endpoint, Err: ErrEmptyBody, Hint: hint(op, endpoint, err)}
	}
	if err != nil {
		return c.lose(op, endpoint, err)
	}
	plainAnswer, err := c.session.Decrypt(nil, answer)
	if err != nil {
		return c.lose(op, endpoint, fmt.Errorf("%w: %w", ErrBadAnswer, err))
	}
	if err := decode(plainAnswer); err != nil {
		return c.lose(op, endpoint, err)
	}
	return nil
}
