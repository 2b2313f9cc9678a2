// SPDX-License-Identifier: Apache-2.0

// Package simnet is a network in memory for tests of servers and clients. A simulated
// phone on a simulated device's access point can use it.
//
// It waits with sync.Cond and timers only, so that testing/synctest sees waiting
// goroutines as durably blocked. It leaves nothing behind when its connections and
// listeners are closed.
package simnet

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// Defaults and bounds of a Network.
const (
	DefaultBuffer = 16 << 10 // bytes under way in each direction
	Backlog       = 128      // connections that wait for Accept
)

// firstPort is the client port of the first connection.
const firstPort = 49152

// Network connects dialers with one listener. The zero value is ready to use;
// it must not be copied after its first use. Methods may be called from any
// goroutine.
type Network struct {
	// Buffer is how many bytes a connection holds in each direction before
	// Write waits; 0: DefaultBuffer. Set it before the first use.
	Buffer int

	mu       sync.Mutex
	listener *listener
	dialed   int
}

// deviceAddr is the listener's address, the usual one of a SoftAP.
var deviceAddr = net.TCPAddr{IP: net.IPv4(192, 168, 4, 1).To4(), Port: 80}

// Listen opens the network's listener at 192.168.4.1:80. It fails with
// syscall.EADDRINUSE while another is open. Closing it refuses connections
// that wait for Accept; accepted ones stay.
func (n *Network) Listen() (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listener != nil {
		return nil, opError("listen", nil, &deviceAddr, syscall.EADDRINUSE)
	}
	n.listener = &listener{network: n}
	n.listener.cond.L = &n.mu
	return n.listener, nil
}

// DialContext connects to the listener, waiting while Backlog connections
// wait for Accept. It fails with syscall.ECONNREFUSED without a listener, and
// with the context's error. Each connection has an address of its own.
func (n *Network) DialContext(ctx context.Context) (net.Conn, error) {
	return n.DialFrom(ctx, netip.Addr{})
}

// DialFrom is DialContext from the host at address from, such as a second phone; the
// zero address means the host of DialContext.
func (n *Network) DialFrom(ctx context.Context, from netip.Addr) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.listener
	if l != nil {
		stop := context.AfterFunc(ctx, func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			l.cond.Broadcast()
		})
		defer stop()
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, opError("dial", nil, &deviceAddr, err)
		}
		if l == nil || n.listener != l {
			return nil, opError("dial", nil, &deviceAddr, syscall.ECONNREFUSED)
		}
		if len(l.backlog) < Backlog {
			break
		}
		l.cond.Wait()
	}
	client, device := n.pairLocked(from)
	l.backlog = append(l.backlog, device)
	l.cond.Broadcast()
	return client, nil
}

// Dial is DialContext in the form that http.Transport needs. It ignores network and
// address.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.DialContext(ctx)
}

// pairLocked makes both ends of a connection.
func (n *Network) pairLocked(at netip.Addr) (client, device *conn) {
	size := n.Buffer
	if size <= 0 {
		size = DefaultBuffer
	}
	const ports = 1<<16 - firstPort
	// 16,384 ports of each host from 192.168.4.2 on: unique for a long time.
	host := n.dialed / ports
	from := &net.TCPAddr{
		IP:   net.IPv4(192, 168, 4+byte(host/253), 2+byte(host%253)).To4(),
		Port: firstPort + n.dialed%ports,
	}
	if at.IsValid() {
		from.IP, from.Zone = at.AsSlice(), at.Zone()
	}
	n.dialed++
	to := deviceAddr
	up, down := newPipe(size), newPipe(size)
	client = &conn{in: down, out: up, local: from, remote: &to}
	device = &conn{in: up, out: down, local: &to, remote: from}
	return client, device
}

// listener is the network's listener; guarded by network.mu.
type listener struct {
	network *Network
	cond    sync.Cond // backlog changed or closed
	backlog []*conn
	closed  bool
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	for len(l.backlog) == 0 && !l.closed {
		l.cond.Wait()
	}
	if l.closed {
		return nil, opError("accept", nil, &deviceAddr, net.ErrClosed)
	}
	c := l.backlog[0]
	l.backlog = l.backlog[1:]
	l.cond.Broadcast()
	return c, nil
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	if l.closed {
		return opError("close", nil, &deviceAddr, net.ErrClosed)
	}
	l.closed = true
	l.network.listener = nil
	for _, c := range l.backlog {
		c.Close()
	}
	l.backlog = nil
	l.cond.Broadcast()
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr {
	addr := deviceAddr
	return &addr
}

func opError(op string, local, remote net.Addr, err error) error {
	return &net.OpError{Op: op, Net: "sim", Source: local, Addr: remote, Err: err}
}
