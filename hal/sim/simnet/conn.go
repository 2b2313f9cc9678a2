// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// conn is one end of a connection. Like a TCP connection it may be used by
// several goroutines.
type conn struct {
	in, out       *pipe
	local, remote *net.TCPAddr
	closed        atomic.Bool
}

var _ interface {
	net.Conn
	CloseWrite() error
} = (*conn)(nil)

// Read implements net.Conn. After the other end's Close or CloseWrite it returns the
// remaining bytes, then io.EOF.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.in.get(b)
	return n, c.wrap("read", err)
}

// Write implements net.Conn. It returns when all bytes are in the connection's buffer.
// It fails with syscall.EPIPE if the other end is closed.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.out.put(b)
	return n, c.wrap("write", err)
}

// CloseWrite tells the other end that nothing more will be written. Reading goes on.
func (c *conn) CloseWrite() error {
	if c.closed.Load() {
		return c.wrap("close", net.ErrClosed)
	}
	c.out.finish()
	return nil
}

// Close implements net.Conn. Written bytes still arrive; bytes that were not read are
// lost. Waiting calls return net.ErrClosed.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return c.wrap("close", net.ErrClosed)
	}
	c.out.closeWriter()
	c.in.closeReader()
	return nil
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.closed.Load() {
		return c.wrap("set", net.ErrClosed)
	}
	c.in.setDeadline(&c.in.read, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if c.closed.Load() {
		return c.wrap("set", net.ErrClosed)
	}
	c.out.setDeadline(&c.out.write, t)
	return nil
}

// wrap adds the operation to an error, as package net does; io.EOF stays.
func (c *conn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return opError(op, c.local, c.remote, err)
}
