package client

import (
	"context"
	"time"
)

// Defaults of the transports' configurations.
const (
	requestTimeout   = 30 * time.Second // of one request; a scan has to fit in
	defaultMaxAnswer = 64 << 10         // in bytes
)

// Transport carries one request and its answer to an endpoint of one device
// and back (spec/transports.md 4). Bodies are opaque to it.
//
// [Client] makes one call of Do at a time; Close may come at any moment.
type Transport interface {
	// Do sends body to the endpoint and returns the answer. It blocks until
	// the answer is complete, the exchange failed or ctx ended; in the last
	// case it returns promptly with an error that wraps ctx's.
	//
	// body stays the caller's: it is neither changed nor used after Do
	// returned. The answer is the caller's, too; it may be empty.
	//
	// A request is sent at most once: Do never repeats it, because a
	// device that gets it twice is out of step with the session. Errors
	// that callers tell apart are wrapped: [ErrNoEndpoint] when the device
	// has no such endpoint, [ErrRefused] when the device took the request
	// and ended the exchange without an answer, [ErrNoAnswer] when the link
	// broke in another way, [ErrHungUp] when it was the device that ended it,
	// [ErrUnreachable] when there is no connection and nothing was sent,
	// [ErrEmptyBody] when the transport cannot carry an empty body and sent
	// nothing, [ErrTimeout] when the transport's own limit was reached,
	// [ErrClosed] after Close, or when the transport cannot be used again.
	// With any other error the device may or may not have seen the request.
	//
	// A failed Do leaves the transport usable: the next one makes a new
	// connection if it needs one.
	Do(ctx context.Context, endpoint string, body []byte) ([]byte, error)

	// Close ends a running Do, gives up the connection and leaves nothing
	// running when it returns. Closing twice is allowed.
	Close() error
}

// PageSizer is implemented by transports whose answers are short, such as BLE's
// (spec/transports.md 2.5).
type PageSizer interface {
	// ScanPageSize is the largest number of scan results to ask for at a
	// time, at least 1; genuine clients use 4 over BLE. Transports without
	// this method get 100.
	ScanPageSize() int
}
