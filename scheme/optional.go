package scheme

// Optional abilities of a Service. The manager finds them by type assertion;
// who wraps a Service forwards them.

// BLEKeeper is a Service whose radio can stay up when the service has ended
// (manager.md 10.1, transports.md 2.7), for an application that uses BLE
// itself.
type BLEKeeper interface {
	// KeepBLEOn says whether Stop leaves the BLE stack up, and Close keeps
	// its memory. It is called between NewService and Start, and can be
	// taken back (Q-T30); what was said last holds until Close.
	KeepBLEOn(keep bool) error
}

// TransportReporter is a Service that knows of clients coming and going
// before they send anything.
type TransportReporter interface {
	// ReportTransport sets the function to be told, before Start; nil: none.
	// It is called once for each, in the order of the events and without a
	// lock held. It may call any method of the Manager, so it must not be
	// called from inside a method of the Service.
	ReportTransport(fn func(TransportEvent))
}

// TransportEvent is one client coming or going (transports.md 2.4), or the transport
// itself.
type TransportEvent struct {
	// Connected: it came; otherwise it went.
	Connected bool
	// Conn is the transport's number for the connection.
	Conn uint16
	// Reason why it went, the transport's own number; 0: unknown.
	Reason uint16
	// Lost: nobody can reach the transport for a while, although it was not
	// stopped, and Err says why; Restored: it is back. The fields above mean
	// nothing then.
	Lost, Restored bool
	Err            error
}
