// SPDX-License-Identifier: Apache-2.0

package scheme

// Optional abilities of a Service. The manager finds them by type assertion; a wrapper
// of a Service forwards them.

// BLEKeeper is a Service whose radio can stay up when the service has ended, for an
// application that uses BLE itself.
type BLEKeeper interface {
	// KeepBLEOn says whether Stop leaves the BLE stack up, and Close keeps
	// its memory. It is called between NewService and Start. The last call
	// counts, until Close.
	KeepBLEOn(keep bool) error
}

// TransportReporter is a Service that knows of clients coming and going
// before they send anything.
type TransportReporter interface {
	// ReportTransport sets the function to be told, before Start; nil: none.
	// fn is called once for each event, in order and without a lock held. fn
	// may call any method of the Manager, so no method of the Service calls it.
	ReportTransport(fn func(TransportEvent))
}

// TransportEvent says that a client came or went, or that the transport did.
type TransportEvent struct {
	// Connected: it came; otherwise it went.
	Connected bool
	// Conn is the transport's number for the connection.
	Conn uint16
	// Reason is why it went, a number of the transport's; 0: unknown.
	Reason uint16
	// Lost: nobody can reach the transport for a while, although it was not
	// stopped, and Err says why; Restored: it is back. The fields above mean
	// nothing then.
	Lost, Restored bool
	Err            error
}
