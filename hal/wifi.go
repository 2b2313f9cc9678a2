// SPDX-License-Identifier: Apache-2.0

package hal

import (
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/enum"
)

// Mode is the radio's mode.
type Mode uint8

// Radio modes, with the numbers of the Wi-Fi driver.
const (
	ModeOff   Mode = iota // radio unused
	ModeSTA               // station
	ModeAP                // access point
	ModeAPSTA             // both at once
)

// String returns the mode's name as the Wi-Fi driver writes it.
func (m Mode) String() string {
	switch m {
	case ModeOff:
		return "off"
	case ModeSTA:
		return "STA"
	case ModeAP:
		return "AP"
	case ModeAPSTA:
		return "APSTA"
	}
	return "mode " + strconv.Itoa(int(m))
}

// MarshalText returns the name of String.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the name of String.
func (m *Mode) UnmarshalText(text []byte) error { return enum.Parse(m, text) }

// Storage says where a driver keeps a new station configuration.
type Storage uint8

// Storage modes. The zero value is what a driver starts with.
const (
	StorageFlash Storage = iota // kept over a reboot
	StorageRAM                  // lost at reboot; what flash holds stays untouched
)

// String returns "flash" or "RAM".
func (s Storage) String() string {
	switch s {
	case StorageFlash:
		return "flash"
	case StorageRAM:
		return "RAM"
	}
	return "storage " + strconv.Itoa(int(s))
}

// WiFi is a Wi-Fi driver as provisioning uses it. It consists of the contracts below, so
// that each can be wrapped or replaced alone, for example to script a fault.
type WiFi interface {
	Radio
	ConfigStore
	Station
	Scanner
}

// Radio switches the Wi-Fi driver on and reports its events.
type Radio interface {
	// SetMode selects what the radio does. Allowed before and after Start.
	// Leaving a mode with a station in it drops the station's link.
	SetMode(Mode) error

	// Start powers the radio up in the present mode. Starting a started
	// radio succeeds and does nothing. In a mode with a station
	// EventStationStart follows.
	Start() error

	// Subscribe registers fn for all events from now on and returns a
	// function that takes it back. Any number of subscribers may be
	// registered; each gets every event, in the order they happened, one
	// call at a time.
	//
	// fn is never called from inside a method of the HAL, and never with a
	// lock of the HAL held: it may call any method. Cancelling returns
	// without waiting; a call of fn that has begun by then may still finish,
	// but later ones do not happen. Cancelling twice is allowed.
	Subscribe(fn func(Event)) (cancel func())
}

// ConfigStore keeps the station's configuration. There is one current configuration in
// RAM, and one in flash that a reboot loads into RAM.
type ConfigStore interface {
	// SetStorage selects whether SetStationConfig also writes flash.
	SetStorage(Storage) error

	// SetStationConfig replaces the current configuration and, in
	// StorageFlash, the stored one before it returns. A configuration with
	// an empty SSID means "none": in StorageFlash it erases the stored
	// credentials. On an error the stored configuration is the old one or
	// the new one, whole. A present link is not touched.
	SetStationConfig(StationConfig) error

	// StationConfig returns the current configuration: after boot the
	// stored one, after SetStationConfig the one given. It fails while the
	// driver does not know it yet.
	StationConfig() (StationConfig, error)

	// Restore erases everything stored and returns the driver to factory
	// settings: no credentials, StorageFlash.
	Restore() error
}

// Station joins networks with the current configuration.
type Station interface {
	// Connect starts joining. The outcome comes as events: EventConnected and
	// EventGotIP, or EventDisconnected with a reason. An error means that
	// the attempt did not begin and no event follows; it is ErrBusy while an
	// earlier attempt is under way. During a scan, which lasts until its
	// EventScanDone, it is ErrBusy as well, or breaks the scan off. With a link
	// it succeeds and nothing follows.
	Connect() error

	// Disconnect drops the link, or ends an attempt to join, and then
	// EventDisconnected with ReasonAssocLeave follows. The station is in no
	// network from then on, until the next Connect. Without either it
	// succeeds and nothing follows.
	Disconnect() error

	// Link describes the present link. It fails with ErrNotConnected when
	// the station has no IP address.
	Link() (Link, error)
}

// SoftAPConfig describes the access point that a device opens for its
// clients.
type SoftAPConfig struct {
	// SSID, 1 to 32 bytes.
	SSID SSID
	// Key is the WPA2 passphrase, 8 to 63 bytes; empty: an open network.
	Key Secret
	// Auth is AuthOpen without a key.
	Auth AuthMode
	// Channel, 1 to 13; 0: the driver's choice.
	Channel uint8
	// MaxStations at the same time; 0: the driver's default.
	MaxStations uint8
}

// Check fails if a field is outside of its range.
func (c SoftAPConfig) Check() error {
	switch n := len(c.Key); {
	case c.SSID == "":
		return errors.New("hal: the SSID of an access point is empty")
	case len(c.SSID) > MaxSSID:
		return errors.New("hal: the SSID of an access point is longer than 32 bytes")
	case c.Channel > 13:
		return errors.New("hal: the channel of an access point is not 1 to 13")
	case n > 0 && (n < 8 || n > MaxPassphrase):
		return errors.New("hal: the key of an access point must have 8 to 63 bytes, or none")
	}
	return nil
}

// SoftAP opens an access point for clients to reach the device.
type SoftAP interface {
	// StartSoftAP switches the radio to ModeAPSTA and opens the access
	// point, replacing one that is open. The configuration is not kept over
	// a reboot.
	StartSoftAP(SoftAPConfig) error

	// StopSoftAP closes the access point and leaves the station alone
	// (ModeSTA). Without an open one it succeeds.
	StopSoftAP() error
}
