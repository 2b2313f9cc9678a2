package ble

// Peripheral is a BLE peripheral that offers one primary service, as the
// provisioning transport uses it (transports.md 2). The implementation brings
// the stack up, answers discovery, advertises, and puts long writes together;
// a [Handler] holds the values.
type Peripheral interface {
	// StartGATT brings the stack up, publishes the service and begins to
	// advertise: connectable, undirected, general discoverable, every
	// 160 ms, with the service's UUID in the advertising data and name
	// and manufacturer data in the scan response (transports.md 2.3).
	// Advertising ends when there is no room for another client and begins
	// again when one goes.
	//
	// It blocks until the stack is up, at most a few seconds, and must not
	// be called by a method of the handler. cfg is copied. After an error
	// nothing is left running and no method of h is called any more.
	// Starting a started peripheral fails with hal.ErrBusy. What the stack
	// cannot do, encryption for instance, fails with hal.ErrNotSupported.
	StartGATT(cfg Config, h Handler) error

	// StopGATT ends advertising and service. No method of the handler begins
	// after it returned, Disconnected for those who were connected
	// included; one that runs, or is just being called, is not waited for, so it
	// may be called by one.
	// What a client asks afterwards, or has written and waits for, if its link
	// stays up, is answered with ATTUnlikely (Q-T16). Stopping a stopped peripheral with KeepOn
	// succeeds and does nothing; without KeepOn it takes down a stack that
	// was kept up. After an error the call may be repeated.
	StopGATT(StopOptions) error

	// Respond answers the write that the handler got for c: with ATTSuccess
	// it is confirmed. A connection that is gone, or that waits for no
	// answer, is left alone. It does not block and may be called from
	// inside Handler.Write.
	Respond(c Conn, code ATTError)

	// Disconnect ends a connection; ReasonRemoteUser is the usual reason.
	// Disconnected follows. A connection that is gone is left alone. It does
	// not block.
	Disconnect(c Conn, reason HCIReason) error
}

// PairingReporter is a Peripheral that knows of pairings, and ends those that take too
// long.
type PairingReporter interface {
	// Pairing reports whether a client is pairing now.
	Pairing(c Conn) bool
}

// Handler is told what clients do. Calls come one at a time, in the order
// of what happened, never from inside a method of [Peripheral] and with no lock of
// it held. They must return promptly: while one runs nothing else is received.
type Handler interface {
	// Connected: a client is there. No other method is called for a
	// connection before this one.
	Connected(c Conn)

	// Disconnected: it is gone, for a reason of HCI's. It is called exactly
	// once for each Connected, unless StopGATT came first; nothing is called
	// for c afterwards, and answers for it have no effect.
	Disconnected(c Conn, reason HCIReason)

	// MTU: the client negotiated an MTU, 23 to 517. Before that it is 23.
	MTU(c Conn, mtu int)

	// Read copies the value of the characteristic with that index in
	// Config.Characteristics, from offset on, to dst and returns how much
	// that was. An offset beyond the value is ATTInvalidOffset; one at its
	// end is not. dst must not be kept.
	Read(c Conn, char, offset int, dst []byte) (n int, code ATTError)

	// Write takes a whole value for a characteristic, at most MaxValue
	// bytes: of one Write Request or of an executed queue of prepared writes.
	// The client waits until Peripheral.Respond is called, which may be inside or
	// after the call. value is valid during the call and may be changed.
	// There is one write at a time for a connection.
	Write(c Conn, char int, value []byte)
}

// OutageHandler is a Handler that is told when nobody can reach the peripheral,
// although it was not stopped: a daemon has ended, or an adapter is gone or switched
// off. Its calls come as the others do. Clients that were connected are told to be gone
// before; a peripheral that can tries to come back by itself.
type OutageHandler interface {
	// Lost: it has been out of reach for a while, for why, and still is.
	Lost(why error)

	// Restored: it can be reached again. It follows Lost, unless StopGATT comes
	// first.
	Restored()
}

// MaxValue is the longest value of a characteristic in bytes (Bluetooth
// Core, Vol 3 Part F 3.2.9).
const MaxValue = 512

// MaxDeviceName is the longest name that fits into a scan response, in bytes
// (transports.md 2.3).
const MaxDeviceName = 29

// Conn names a connection. The lower half is the stack's connection
// handle; the upper half tells those apart that had the same handle one after
// another, so that a late answer reaches nobody else.
type Conn uint32

// Handle returns the stack's connection handle.
func (c Conn) Handle() uint16 { return uint16(c) }

// Config is a service and how it appears.
type Config struct {
	// DeviceName, 1 to MaxDeviceName bytes: in the scan response, and the
	// GAP device name.
	DeviceName string
	// Service is the primary service's UUID; it is advertised.
	Service UUID
	// Characteristics of the service, in this order.
	Characteristics []Characteristic
	// ManufacturerData goes into the scan response after the name: company
	// identifier, low byte first, and data. It has at least 2 bytes, or
	// none, and DeviceName and it fit into 31 − 4 bytes.
	ManufacturerData []byte
	// Notify gives every characteristic the property NOTIFY and the
	// descriptor 0x2902 that goes with it (Q-T35).
	Notify bool
	// Encrypt lets clients read and write values over an encrypted link
	// only. Others are refused with ATTInsufficientAuthentication, or
	// ATTInsufficientEncryption if they have a bond, which makes phones pair
	// or encrypt by themselves. Descriptors and discovery stay open. A stack
	// that cannot pair fails to start with hal.ErrNotSupported.
	Encrypt bool
	// Bonding keeps the keys of a pairing, for clients that keep them too, so
	// that they need not pair again.
	Bonding bool
	// SecureConnections offers LE Secure Connections; a client that does not
	// know them pairs by legacy pairing. The zero value: legacy pairing only.
	SecureConnections bool
	// RandomAddress is a static random device address to appear under, most
	// significant byte first, the first two bits of which are set; zero: the
	// public address.
	RandomAddress [6]byte
}

// Characteristic is a value of the service that is read and written (with
// response), and its user description, descriptor 0x2901.
type Characteristic struct {
	UUID UUID
	Name string // of the user description; read-only, never encrypted
}

// StopOptions says what StopGATT leaves alone (transports.md 2.7).
type StopOptions struct {
	// KeepOn leaves the stack up, for an application that uses BLE itself.
	KeepOn bool
	// KeepConnections leaves clients connected; without KeepOn it has no
	// effect. Otherwise their links are ended with ReasonRemoteUser.
	KeepConnections bool
}
