// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// defaultAddress is a device's address at its own access point.
const defaultAddress = "192.168.4.1:80"

// HTTPConfig says how to reach a device over HTTP. The zero value is right for a
// device whose access point this machine has joined.
type HTTPConfig struct {
	// Address is a host, host:port, or an http:// URL. The path of a URL is put
	// before the endpoints' names. Empty: 192.168.4.1:80.
	Address string

	// Dial opens connections, for example inside one process. It must return
	// when its context ends. nil: TCP, with the system's default dialer and
	// no proxy.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Timeout bounds each request, from dialling to the end of the answer.
	// 0: 30 s; negative: no limit but the caller's context.
	Timeout time.Duration

	// MaxAnswer is the length in bytes of the longest answer that Do accepts.
	// 0: 64 KiB.
	MaxAnswer int
}

// HTTP is the [Transport] to a device that opens an access point. It sends one POST
// for each request, over one connection that it keeps open. It returns the device's
// cookie with each request, so that a session outlives its connection. It never
// repeats a request, follows no redirects and uses no proxy.
//
// Calls of Do from several goroutines wait for each other.
type HTTP struct {
	address string // to dial
	host    string // Host header
	prefix  string // path before the endpoint's
	cfg     HTTPConfig

	turns *turns

	// The running request alone uses the following fields.

	conn   *httpConn // nil: none
	cookie string
}

// NewHTTP returns a transport. It opens no connection yet. It fails if cfg is
// wrong.
func NewHTTP(cfg HTTPConfig) (*HTTP, error) {
	h := &HTTP{cfg: cfg, turns: newTurns()}
	if err := h.parseAddress(cfg.Address); err != nil {
		return nil, fmt.Errorf("client: HTTP address: %w", err)
	}
	h.cfg.Timeout = cmp.Or(h.cfg.Timeout, requestTimeout)
	if h.cfg.MaxAnswer <= 0 {
		h.cfg.MaxAnswer = defaultMaxAnswer
	}
	if h.cfg.Dial == nil {
		h.cfg.Dial = new(net.Dialer).DialContext
	}
	return h, nil
}

// parseAddress sets address, host and prefix.
func (h *HTTP) parseAddress(s string) error {
	if s == "" {
		s = defaultAddress
	}
	if ip, err := netip.ParseAddr(s); err == nil && ip.Is6() {
		s = "[" + s + "]"
	}
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return err
	}
	switch {
	case u.Scheme != "http":
		return fmt.Errorf("%s is not supported, devices speak plain http", u.Scheme)
	case u.Hostname() == "":
		return errors.New("no host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("only a host, a port and a path are allowed")
	}
	port := u.Port()
	h.host = u.Host
	if port == "" || port == "80" {
		port = "80" // genuine clients leave it out of the Host header
		h.host = strings.TrimSuffix(strings.TrimSuffix(h.host, "80"), ":")
	}
	h.address = net.JoinHostPort(u.Hostname(), port)
	h.prefix = strings.TrimRight(u.EscapedPath(), "/")
	return nil
}

// Do implements [Transport].
func (h *HTTP) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	if err := checkName(endpoint); err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return nil, ErrEmptyBody // the device would close the connection
	}
	return h.turns.do(ctx, h.cfg.Timeout, func(own context.Context) ([]byte, error) {
		answer, err := h.exchange(own, endpoint, body)
		if err == nil || own.Err() == nil {
			return answer, err
		}
		over, limit := ErrTimeout, " within "+h.cfg.Timeout.String()
		if ctx.Err() != nil {
			over, limit = ctx.Err(), ""
		}
		if errors.Is(err, ErrUnreachable) {
			return nil, fmt.Errorf("%w: %w: no connection to %s%s", ErrUnreachable, over, h.address, limit)
		}
		return nil, fmt.Errorf("%w: no answer%s", over, limit)
	})
}

// exchange is Do in its turn.
func (h *HTTP) exchange(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	if h.conn != nil && h.conn.ended() {
		h.drop()
	}
	if h.conn == nil {
		conn, err := h.cfg.Dial(ctx, "tcp", h.address)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		h.conn = newHTTPConn(conn)
	}
	// Closing the connection makes a pending write or read return.
	stop := context.AfterFunc(ctx, h.conn.close)
	answer, cookie, reuse, err := h.conn.roundTrip(h.request(endpoint, body), h.cfg.MaxAnswer)
	if !stop() || !reuse {
		h.drop()
	}
	if err == nil && cookie != "" {
		h.cookie = cookie
	}
	return answer, err
}

// drop closes the connection.
func (h *HTTP) drop() {
	if h.conn != nil {
		h.conn.close()
		h.conn.wait()
		h.conn = nil
	}
}

// request returns a whole request, with esp_prov's headers.
func (h *HTTP) request(endpoint string, body []byte) []byte {
	b := make([]byte, 0, 256+len(h.cookie)+len(body))
	b = fmt.Appendf(b, "POST %s/%s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\nContent-Length: %d\r\n"+
		"Content-type: application/x-www-form-urlencoded\r\nAccept: text/plain\r\n",
		h.prefix, endpoint, h.host, len(body))
	if h.cookie != "" {
		b = fmt.Appendf(b, "Cookie: %s\r\n", h.cookie)
	}
	b = append(b, "\r\n"...)
	return append(b, body...)
}

// checkName refuses names that do not fit into a request line.
func checkName(endpoint string) error {
	if endpoint == "" {
		return errors.New("endpoint has no name")
	}
	for _, c := range []byte(endpoint) {
		if c <= ' ' || c == 0x7f || c == '?' || c == '#' {
			return fmt.Errorf("endpoint name %q does not fit into a URL", endpoint)
		}
	}
	return nil
}

// Close implements [Transport].
func (h *HTTP) Close() error {
	h.turns.close(h.drop)
	return nil
}
