// SPDX-License-Identifier: Apache-2.0

package tinygo

import "github.com/wifiprov/wifiprov/hal"

// Driver is the radio of a board as TinyGo's drivers offer it: either a station or an
// access point. Modules hal/esp32/espradio/chip and hal/pico/cyw43/chip implement it.
//
// Methods block until the radio has done the work. A Radio calls one method at a time,
// from its own goroutine and with no lock held. The exception is Disconnect, which may
// come during Connect and Address, and during the Link that follows them.
type Driver interface {
	// Enable powers the radio up. It is called once, before everything else.
	// ErrEnabled means that the application has done so before, for example to
	// use Bluetooth, and that the radio is ready. ErrEnableFailed means that it
	// failed before; there is no second try.
	Enable() error

	// StartStation makes the radio a station. An open access point closes. In
	// station mode it does nothing and keeps the link.
	StartStation() error

	// StartAP makes the radio an access point, which replaces one that is
	// open; the station's link is lost. Clients get their addresses by DHCP.
	// hal.ErrNotSupported: the radio cannot do that, and stays as it is.
	StartAP(AP) error

	// Stop switches the radio off until the next StartStation or StartAP, in 15 s
	// or less. Link and access point are lost. A radio that was not started stays
	// off. hal.ErrNotSupported: it stays on, and so does a link.
	Stop() error

	// Scan looks on all channels, in station mode. The result may be in any
	// order, and contain hidden networks and repetitions. Unknown fields are
	// zero, an unknown authentication is AuthUnknown. The slice belongs to the
	// caller.
	Scan() ([]hal.AccessPoint, error)

	// Connect tries once to join a network, for 15 s at most, in station mode.
	// An error that wraps a JoinError says why there is no link. After another
	// error the radio may still be trying, until Disconnect.
	Connect(ssid hal.SSID, passphrase hal.Secret) error

	// Disconnect drops the link or ends an attempt to join. It returns when
	// that is done, so that it cannot end a later Connect. A blocked Connect
	// returns soon, with any error; a blocked Address may take its time.
	// Without a link nothing happens, and Disconnect may fail.
	Disconnect() error

	// Address gets an address for the link by DHCP, in 15 s or less. After an
	// error it may be called again.
	Address() (hal.IPConfig, error)

	// Link describes the network that the station is associated with, as far
	// as the radio knows. hal.ErrNotConnected means that the link is lost, and
	// is the only way to notice a loss. Other errors mean nothing.
	Link() (hal.AccessPoint, error)
}

// JoinError is why an attempt to join has ended: there is no link, and the radio does
// not try any more.
type JoinError hal.Reason

// Error returns the name of the reason.
func (e JoinError) Error() string { return "tinygo: " + hal.Reason(e).String() }

// AuthUnknown is an authentication that a Driver does not know. The Radio reports
// Config.UnknownAuth instead.
const AuthUnknown hal.AuthMode = 0xff

// AP describes an access point to open.
type AP struct {
	SSID    hal.SSID
	Key     hal.Secret // WPA2; empty: an open network
	Channel uint8      // 1 to 13
}
