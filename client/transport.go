// SPDX-License-Identifier: Apache-2.0

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

// Transport carries requests to the endpoints of one device, and the answers back.
// It does not look into their bodies.
//
// [Client] makes one call of Do at a time. Close may come at any moment.
type Transport interface {
	// Do sends body to the endpoint and returns the answer. It blocks until
	// the answer is complete or the exchange has failed. When ctx ends, Do
	// returns promptly, with an error that wraps ctx's.
	//
	// Do neither changes body nor keeps it. The answer belongs to the caller
	// and may be empty.
	//
	// Do sends a request at most once: a device that gets a request twice is
	// out of step with the session. Do wraps the errors that callers
	// distinguish:
	//
	//   - [ErrNoEndpoint]: the device has no such endpoint.
	//   - [ErrRefused]: the device took the request and ended the exchange
	//     without an answer.
	//   - [ErrNoAnswer]: the link broke in another way; [ErrHungUp] if it was
	//     the device that ended the link.
	//   - [ErrUnreachable]: there is no connection, and nothing was sent.
	//   - [ErrEmptyBody]: the transport cannot carry an empty body, and sent
	//     nothing.
	//   - [ErrTimeout]: the transport's own time limit was reached.
	//   - [ErrClosed]: Close was called, or the transport cannot be used again.
	//
	// After any other error it is not known whether the device has seen the
	// request.
	//
	// A failed Do leaves the transport usable. The next Do makes a new
	// connection if it needs one.
	Do(ctx context.Context, endpoint string, body []byte) ([]byte, error)

	// Close ends a running Do and the connection. When it returns, nothing runs
	// any more. Closing twice is allowed.
	Close() error
}

// PageSizer is implemented by transports that carry short answers only, such as
// [BLE].
type PageSizer interface {
	// ScanPageSize returns how many scan results [Client.Scan] asks for at a
	// time, at least 1. Over transports without this method it asks for 100.
	ScanPageSize() int
}
