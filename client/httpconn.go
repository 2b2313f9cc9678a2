// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// maxHeader bounds the status line and the headers of an answer.
const maxHeader = 16 << 10

var errLongHeader = errors.New("headers too long")

// httpConn is one connection to a device. It does what Go's HTTP client does not
// promise: it never sends a request twice, it notices that the device has closed
// the connection before it writes the next request, and after wait nothing runs.
type httpConn struct {
	conn  net.Conn
	br    *bufio.Reader
	limit *limitReader
	once  sync.Once

	// first gets one value for each answer: nil when the first byte has
	// arrived, else the reason why none will.
	first chan error
	over  bool // first was received, and no answer is awaited
}

func newHTTPConn(conn net.Conn) *httpConn {
	c := &httpConn{conn: conn, limit: &limitReader{r: conn}, first: make(chan error, 1)}
	c.br = bufio.NewReader(c.limit)
	c.await()
	return c
}

// await waits in the background for the first byte of the next answer, or the end
// of the connection. It owns the reader until it has sent to first.
func (c *httpConn) await() {
	c.limit.left = maxHeader
	c.over = false
	go func() {
		_, err := c.br.Peek(1)
		c.first <- err
	}()
}

// ended reports, between two exchanges, whether the connection is of no use any
// more: the device has closed it, or has sent something without a request.
func (c *httpConn) ended() bool {
	select {
	case <-c.first:
		c.over = true
	default:
	}
	return c.over
}

// close closes the connection. It may be called at any time and more than once.
func (c *httpConn) close() { c.once.Do(func() { c.conn.Close() }) }

// wait waits until nothing of the closed connection runs any more.
func (c *httpConn) wait() {
	if !c.over {
		<-c.first
		c.over = true
	}
}

// roundTrip sends a request and receives the answer of at most max bytes.
// reuse says whether the connection can carry another request.
func (c *httpConn) roundTrip(req []byte, max int) (answer []byte, cookie string, reuse bool, err error) {
	_, werr := c.conn.Write(req)
	err = <-c.first
	c.over = true
	switch {
	case err == nil:
	case werr == nil && errors.Is(err, io.EOF):
		// A device refuses a request by closing the connection in order.
		return nil, "", false, fmt.Errorf("%w: connection closed without an answer", ErrRefused)
	case werr != nil:
		return nil, "", false, fmt.Errorf("%w: the request did not go out: %w", ErrNoAnswer, werr)
	default:
		return nil, "", false, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	resp, err := http.ReadResponse(c.br, &http.Request{Method: http.MethodPost})
	if err != nil {
		if c.limit.left == 0 {
			err = errLongHeader
		} else if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends in the headers")
		}
		return nil, "", false, badAnswer("%s", printable(err.Error())) // before Go 1.26 it contains the device's words
	}
	c.limit.left = -1 // the body has a limit of its own
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, "", false, ErrNoEndpoint
	case resp.StatusCode != http.StatusOK:
		return nil, "", false, fmt.Errorf("%w: HTTP status %d", ErrRefused, resp.StatusCode)
	case resp.ContentLength > int64(max):
		return nil, "", false, badAnswer("%d bytes, at most %d are accepted", resp.ContentLength, max)
	}
	answer, err = io.ReadAll(io.LimitReader(resp.Body, int64(max)+1))
	switch {
	case err != nil:
		return nil, "", false, badAnswer("cut off after %d bytes", len(answer))
	case len(answer) > max:
		return nil, "", false, badAnswer("more than %d bytes", max)
	}
	reuse = werr == nil && !resp.Close && c.br.Buffered() == 0
	if reuse {
		c.await()
	}
	return answer, lastCookie(resp.Header["Set-Cookie"]), reuse, nil
}

// lastCookie returns the cookie to send to the device: the last one that the device
// set, without attributes. A cookie that does not fit into a header is left out.
func lastCookie(set []string) string {
	if len(set) == 0 {
		return ""
	}
	value, _, _ := strings.Cut(set[len(set)-1], ";")
	value = strings.TrimSpace(value)
	for _, c := range []byte(value) {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	if len(value) > 256 {
		return ""
	}
	return value
}

// limitReader fails after left bytes; negative: no limit.
type limitReader struct {
	r    io.Reader
	left int
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, errLongHeader
	}
	if l.left > 0 && len(p) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	if l.left > 0 {
		l.left -= n
	}
	return n, err
}
