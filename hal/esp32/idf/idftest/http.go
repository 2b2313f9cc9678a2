// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idftest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal/esp32/idf"
)

// server is esp_http_server: one task, which serves one request at a time and
// knows its connections by their sockets' numbers. It is guarded by Chip.mu.
type server struct {
	listener net.Listener
	sockets  int
	purge    bool
	conns    []*conn       // least recently used first
	task     chan struct{} // of size one; the goroutine that has put a value in is the task
	stopped  bool
	live     *sync.WaitGroup // goroutines
	request  int             // number of the last
	current  *exchange
}

// conn is a connection.
type conn struct {
	nc      net.Conn
	in      *bufio.Reader
	fd      int
	session idf.Session
}

// exchange is a request being served.
type exchange struct {
	number int
	conn   *conn
	req    *http.Request
	left   int64 // of the body
}

// HTTPStart implements idf.Chip.
func (c *Chip) HTTPStart(_ uint16, sockets int, purge bool) int32 {
	l, err := c.Network.Listen()
	if err != nil {
		return errHTTPTask
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.http = server{
		listener: l, sockets: sockets, purge: purge, request: c.http.request,
		task: make(chan struct{}, 1), live: &sync.WaitGroup{},
	}
	c.http.live.Add(1)
	go c.accept(l, c.http.task, c.http.live)
	return 0
}

// HTTPStop implements idf.Chip: it waits for the request that is being
// served.
func (c *Chip) HTTPStop() int32 {
	c.mu.Lock()
	task, live, l := c.http.task, c.http.live, c.http.listener
	c.mu.Unlock()
	task <- struct{}{}
	_ = l.Close()
	c.mu.Lock()
	c.http.stopped = true
	conns := append([]*conn(nil), c.http.conns...)
	c.mu.Unlock()
	for _, x := range conns {
		c.drop(x)
	}
	<-task
	live.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.http.listener = nil
	return 0
}

func (c *Chip) accept(l net.Listener, task chan struct{}, live *sync.WaitGroup) {
	defer live.Done()
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		task <- struct{}{}
		if x := c.admit(nc); x != nil {
			live.Add(1)
			go c.converse(x, task, live)
		}
		<-task
	}
}

// admit accepts a connection, in the task.
func (c *Chip) admit(nc net.Conn) *conn {
	c.mu.Lock()
	var oldest *conn
	stopped := c.http.stopped
	if len(c.http.conns) >= c.http.sockets {
		oldest = c.http.conns[0]
	}
	purge := c.http.purge
	c.mu.Unlock()
	if stopped || oldest != nil && !purge {
		nc.Close()
		return nil
	}
	if oldest != nil {
		c.drop(oldest)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fd := firstSocket
	for c.usedLocked(fd) {
		fd++
	}
	x := &conn{nc: nc, in: bufio.NewReader(nc), fd: fd}
	c.http.conns = append(c.http.conns, x)
	return x
}

func (c *Chip) usedLocked(fd int) bool {
	for _, x := range c.http.conns {
		if x.fd == fd {
			return true
		}
	}
	return false
}

// drop closes a connection, in the task.
func (c *Chip) drop(x *conn) {
	c.mu.Lock()
	known := false
	for i, other := range c.http.conns {
		if other == x {
			c.http.conns = append(c.http.conns[:i], c.http.conns[i+1:]...)
			known = true
			break
		}
	}
	c.mu.Unlock()
	if known {
		idf.EndSession(&x.session)
		x.nc.Close()
	}
}

// converse reads requests from a connection and has the task serve them.
func (c *Chip) converse(x *conn, task chan struct{}, live *sync.WaitGroup) {
	defer live.Done()
	for {
		_, err := x.in.Peek(1)
		task <- struct{}{}
		more := err == nil && c.known(x) && c.serve(x)
		if !more {
			c.drop(x)
		}
		<-task
		if !more {
			return
		}
	}
}

// known reports whether the connection was not dropped.
func (c *Chip) known(x *conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.http.conns, x)
}

// serve serves one request, in the task, and reports whether the connection
// stays.
func (c *Chip) serve(x *conn) bool {
	_ = x.nc.SetReadDeadline(time.Now().Add(receiveTimeout))
	req, err := http.ReadRequest(x.in)
	if err != nil {
		status := "400 Bad Request"
		if errors.Is(err, os.ErrDeadlineExceeded) {
			status = "408 Request Timeout"
		}
		fmt.Fprintf(x.nc, "HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n", status)
		return false
	}
	if len(req.TransferEncoding) > 0 {
		fmt.Fprint(x.nc, "HTTP/1.1 411 Length Required\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")
		return false
	}
	length := max(0, req.ContentLength)
	c.mu.Lock()
	for i, other := range c.http.conns {
		if other == x {
			c.http.conns = append(append(c.http.conns[:i:i], c.http.conns[i+1:]...), x)
		}
	}
	c.http.request++
	e := &exchange{number: c.http.request, conn: x, req: req, left: length}
	c.http.current = e
	c.mu.Unlock()
	method := map[string]int{"DELETE": 0, "GET": 1, "HEAD": 2, "POST": 3, "PUT": 4}
	code := idf.Serve(e.number, x.fd, method[req.Method], req.RequestURI, length, &x.session)
	c.mu.Lock()
	c.http.current = nil
	c.mu.Unlock()
	_ = x.nc.SetReadDeadline(time.Time{})
	if code != 0 {
		return false
	}
	for e.left > 0 { // the part that the handler did not read
		n, err := x.in.Discard(int(e.left))
		if e.left -= int64(n); err != nil {
			return false
		}
	}
	return true
}

func (c *Chip) exchange(number int) *exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.http.current
	if e == nil || e.number != number {
		c.tb.Errorf("request %d is not being served", number)
		return &exchange{req: &http.Request{Header: http.Header{}}, conn: &conn{}}
	}
	return e
}

// Receive implements idf.Chip, with the codes of httpd_req_recv.
func (c *Chip) Receive(request int, buf []byte) int {
	e := c.exchange(request)
	if int64(len(buf)) > e.left {
		buf = buf[:e.left]
	}
	_ = e.conn.nc.SetReadDeadline(time.Now().Add(receiveTimeout))
	n, err := e.conn.in.Read(buf)
	e.left -= int64(n)
	switch {
	case n > 0:
		return n
	case errors.Is(err, os.ErrDeadlineExceeded):
		return -3
	}
	return -1
}

// Peer implements idf.Chip. The zone of an address is the number of its
// interface.
func (c *Chip) Peer(fd int) (ip netip.Addr, scope int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.http.conns {
		if a, ok := x.nc.RemoteAddr().(*net.TCPAddr); ok && x.fd == fd {
			ip = a.AddrPort().Addr()
			scope, _ = strconv.Atoi(ip.Zone())
		}
	}
	return ip.WithZone(""), scope
}

// Header implements idf.Chip.
func (c *Chip) Header(request int, field string) string {
	req := c.exchange(request).req
	if field == "Host" { // net/http has it elsewhere
		return req.Host
	}
	return req.Header.Get(field)
}

// Answer implements idf.Chip.
func (c *Chip) Answer(request int, status, contentType, field, value string, body []byte) int32 {
	e := c.exchange(request)
	head := fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n", status, contentType, len(body))
	if field != "" {
		head += field + ": " + value + "\r\n"
	}
	_ = e.conn.nc.SetWriteDeadline(time.Now().Add(receiveTimeout))
	if _, err := e.conn.nc.Write(append([]byte(head+"\r\n"), body...)); err != nil {
		return 0xb006
	}
	return 0
}
