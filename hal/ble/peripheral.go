// SPDX-License-Identifier: Apache-2.0

package ble

// Peripheral is a BLE peripheral that offers one primary service. The
// implementation brings the stack up, advertises, answers discovery, and puts
// long writes together; a [Handler] holds the values.
type Peripheral interface {
	// StartGATT brings the stack up, publishes the service and begins to
	// advertise: connectable, undirected, general discoverable, every
	// 160 ms, with the service's UUID in the advertising data and name
	// and manufacturer data in the scan response (docs/spec/transports.md
	// 2.3). Advertising ends when there is no room for another client and
	// begins again when a client goes.
	//
	// It blocks until the stack is up, at most a few seconds, and must not
	// be called by a method of the handler. cfg is copied. After an error
	// nothing is left running and no method of h is called any more.
	// A second start fails with hal.ErrBusy. A configuration that the stack
	// cannot carry out, encryption for instance, fails with
	// hal.ErrNotSupported.
	StartGATT(cfg Config, h Handler) error

	// StopGATT ends advertising and service. After it has returned no method of
	// the handler begins, not even Disconnected for clients that were
	// connected. It does not wait for a method that is running or just being
	// called, so a method of the handler may call StopGATT.
	//
	// A client whose link stays up gets ATTUnlikely as the answer to a pending
	// write and to all later requests. Stopping a stopped peripheral succeeds:
	// with KeepOn it does nothing, without KeepOn it takes down a stack that
	// was kept up. After an error the call may be repeated.
	StopGATT(StopOptions) error

	// Respond answers the write that the handler got for c; ATTSuccess
	// confirms it. If the connection is gone, or waits for no answer, it does
	// nothing. It does not block and may be called from inside Handler.Write.
	Respond(c Conn, code ATTError)

	// Disconnect ends a connection; ReasonRemoteUser is the usual reason.
	// Handler.Disconnected follows. If the connection is gone it does nothing.
	// It does not block.
	Disconnect(c Conn, reason HCIReason) error
}

// PairingReporter is an optional ability of a [Peripheral]: it knows which clients
// are pairing, and ends pairings that take too long.
type PairingReporter interface {
	// Pairing reports whether a client is pairing now.
	Pairing(c Conn) bool
}

// Handler is told what clients do. Its methods are called one at a time, in the
// order of events, never from inside a method of [Peripheral] and without a lock of
// the peripheral. They must return promptly: while one runs nothing is received.
type Handler interface {
	// Connected tells that a client has connected. It is the first call for
	// c.
	Connected(c Conn)

	// Disconnected tells that the client is gone, and why. It is called exactly
	// once for each Connected, unless StopGATT came first. No call for c
	// follows, and answers for c have no effect any more.
	Disconnected(c Conn, reason HCIReason)

	// MTU tells the MTU that the client negotiated, 23 to 517. Before that
	// it is 23.
	MTU(c Conn, mtu int)

	// Read copies the value of Config.Characteristics[char], from offset on,
	// to dst and returns the number of bytes. An offset beyond the value's end
	// is ATTInvalidOffset; one at the end is not. dst must not be kept.
	Read(c Conn, char, offset int, dst []byte) (n int, code ATTError)

	// Write takes a whole value for a characteristic, at most MaxValue bytes,
	// from one Write Request or from an executed queue of prepared writes.
	// The client waits until Peripheral.Respond is called, inside or after
	// this call. value is valid during the call and may be changed. A
	// connection has one write at a time.
	Write(c Conn, char int, value []byte)
}

// OutageHandler is an optional ability of a [Handler]: it is told when no client can
// reach the peripheral although it was not stopped, because a daemon has ended, or an
// adapter is gone or switched off. Disconnected is called first for clients that were
// connected. The peripheral tries to come back by itself, if it can.
type OutageHandler interface {
	// Lost tells that the peripheral has been out of reach for a while, and
	// why.
	Lost(why error)

	// Restored tells that it can be reached again. It follows Lost, unless
	// StopGATT comes first.
	Restored()
}

// MaxValue is the longest value of a characteristic in bytes (Bluetooth
// Core, Vol 3 Part F 3.2.9).
const MaxValue = 512

// MaxDeviceName is the longest name that fits into a scan response, in bytes.
const MaxDeviceName = 29

// Conn names a connection. The lower half is the stack's connection handle. The
// upper half differs between connections that have the same handle one after
// another, so that a late answer reaches no other client.
type Conn uint32

// Handle returns the stack's connection handle.
func (c Conn) Handle() uint16 { return uint16(c) }

// Config is a service and how it appears.
type Config struct {
	// DeviceName is the name in the scan response and the GAP device name, 1
	// to MaxDeviceName bytes.
	DeviceName string
	// Service is the primary service's UUID; it is advertised.
	Service UUID
	// Characteristics of the service, in this order.
	Characteristics []Characteristic
	// ManufacturerData follows the name in the scan response: the company
	// identifier, low byte first, and data. Empty: none. Otherwise it has at
	// least 2 bytes, and at most 27 together with DeviceName.
	ManufacturerData []byte
	// Notify gives every characteristic the property NOTIFY and its
	// descriptor 0x2902.
	Notify bool
	// Encrypt requires an encrypted link for reading and writing values.
	// Without one a client is refused with ATTInsufficientAuthentication, or
	// with ATTInsufficientEncryption if it has a bond; phones then pair or
	// encrypt by themselves. Descriptors and discovery stay open. A stack that
	// cannot pair fails to start with hal.ErrNotSupported.
	Encrypt bool
	// Bonding keeps the keys of a pairing if the client keeps them too, so
	// that it need not pair again.
	Bonding bool
	// SecureConnections offers LE Secure Connections; a client that does not
	// support them uses legacy pairing. false: legacy pairing only.
	SecureConnections bool
	// RandomAddress is the static random device address to appear under, the
	// most significant byte first. Its first two bits must be set. Zero: the
	// public address.
	RandomAddress [6]byte
}

// Characteristic is a value of the service that can be read and written (with
// response), with a user description, descriptor 0x2901.
type Characteristic struct {
	UUID UUID
	Name string // of the user description; read-only, never encrypted
}

// StopOptions says what StopGATT leaves alone.
type StopOptions struct {
	// KeepOn leaves the stack up, for an application that uses BLE itself.
	KeepOn bool
	// KeepConnections leaves clients connected; without KeepOn it has no
	// effect. false: their links are ended with ReasonRemoteUser.
	KeepConnections bool
}
