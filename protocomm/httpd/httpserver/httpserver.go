// SPDX-License-Identifier: Apache-2.0

// Package httpserver is the contract of an HTTP server that a platform brings
// along, such as the one of ESP-IDF, for devices without Go's net package.
// Package httpd serves the endpoints on it.
package httpserver

// Server is an HTTP server of the platform, such as ESP-IDF's. It reads whole requests
// and hands them over. It refuses by itself what is malformed, chunked, too long or too
// late.
type Server interface {
	// StartHTTP serves a TCP port until StopHTTP. It fails when the server is started
	// already. After an error nothing is left running.
	StartHTTP(port uint16, h Handler) error

	// StopHTTP closes the port and all connections. No method of the handler
	// begins after StopHTTP returned. It does not wait for one that runs, which
	// may be the caller, and drops its answer. An answer that was given is still
	// sent, and StopHTTP may wait for that: a few seconds if a client is slow.
	// Without a started server it succeeds. After an error nothing has changed.
	StopHTTP() error
}

// Handler answers a Server's requests. Calls come one at a time, never
// from inside a method of the server and with no lock of it held.
type Handler interface {
	// ServeHTTPRequest fills in the answer, which is zero. The request is
	// valid, and its body may be overwritten, during the call; what the
	// answer points to must stay as it is until the next call.
	ServeHTTPRequest(r *Request, a *Answer)

	// HTTPClosed says that a connection is gone: its number may name another one
	// from now on. Connections that brought no request need not be reported.
	HTTPClosed(conn int)
}

// MaxBody is the longest body of a request in bytes.
const MaxBody = 4096

// Request is one request.
type Request struct {
	// Conn names the connection.
	Conn int
	// Post: the method is POST. Requests of other methods may come without
	// their body.
	Post bool
	// Path is the request's target as the client wrote it, without its query.
	Path []byte
	// Cookie is the value of the Cookie header; empty: there is none.
	Cookie []byte
	// Remote is the client's address without its port, in any form that is
	// the same for all connections from one address and another for others, such
	// as its 4 or 16 bytes. Empty: the server does not know it; then cookies work
	// from everywhere.
	Remote []byte
	// Host, Origin and Site are the values of the headers Host, Origin and
	// Sec-Fetch-Site; empty: there is none. A server that cannot tell one of
	// them, because it is too long, gives what it has of it.
	Host, Origin, Site []byte
	// Body has at most MaxBody bytes.
	Body []byte
}

// Answer is what a request is answered with.
type Answer struct {
	// Status is 200, 403, 404 or 405; 0: the connection is closed without an
	// answer.
	Status int
	// Cookie is the value of the Set-Cookie header; empty: there is none.
	Cookie []byte
	// Body is of type text/html.
	Body []byte
	// Close ends the connection after the answer.
	Close bool
}
