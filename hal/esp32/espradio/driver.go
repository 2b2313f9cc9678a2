package espradio

import (
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
)

// Driver is the radio as espradio offers it (spec/esp32.md): station or access
// point, one of the two at a time. The module in folder espradio implements it
// for the chip, package espradiotest on a simulated air.
//
// Methods block until the radio has done the work, and their errors hold a Code
// when the radio gave one. A Radio calls one at a time, from a goroutine of its
// own and with no lock held, with one exception: Disconnect may come during
// Connect and Address, and the Link that follows them.
type Driver interface {
	// Enable powers the radio up. It comes once, before everything else.
	// ErrEnabled: the application did so before, for example to use Bluetooth
	// beside Wi-Fi, and all is well. ErrEnableFailed: it failed before, and there
	// is no second try.
	Enable() error

	// StartStation makes the radio a station. An open access point closes. In
	// station mode it does nothing and keeps the link.
	StartStation() error

	// StartAP makes the radio an access point, which replaces one that is
	// open; the station's link is lost. Clients get their addresses by DHCP.
	StartAP(AP) error

	// Stop switches the radio off until the next StartStation or StartAP, in 15 s
	// or less. Link and access point are lost. A radio that was not started stays
	// off. hal.ErrNotSupported: it stays on, and so does a link.
	Stop() error

	// Scan looks on all channels, in station mode. The order does not matter, and
	// hidden networks and repetitions do no harm. What the radio does not tell is
	// zero, and an unknown authentication AuthUnknown. The slice
	// belongs to the caller.
	Scan() ([]hal.AccessPoint, error)

	// Connect tries once to join a network, for 15 s at most, in station mode.
	// An error with a Code below 256 says why there is no link. After any
	// other the radio may be trying still, until Disconnect.
	Connect(ssid hal.SSID, passphrase hal.Secret) error

	// Disconnect drops the link or ends an attempt to join, and returns when
	// that is done, so that no later Connect takes it for its own outcome. A
	// Connect that blocks returns soon, with whatever error; an Address may
	// take its time. Without a link it succeeds or fails, and nothing happens.
	Disconnect() error

	// Address gets an address for the link by DHCP, in 15 s or less. After an
	// error it may be called again.
	Address() (hal.IPConfig, error)

	// Link describes the network that the station is associated with, as far
	// as the radio knows, and is the only way to notice that it is lost:
	// hal.ErrNotConnected. Any other error says nothing.
	Link() (hal.AccessPoint, error)
}

// AuthUnknown is the authentication of an access point of which a Driver does
// not know it. Clients never see it, see Config.UnknownAuth.
const AuthUnknown hal.AuthMode = 0xff

// AP describes an access point to open.
type AP struct {
	SSID    hal.SSID
	Key     hal.Secret // WPA2; empty: an open network
	Channel uint8      // 1 to 13
}

// Code is the number in an error of the radio: below 256 the reason of a
// disconnection, from 0x101 on an error code of ESP-IDF.
type Code int32

// Codes of ESP-IDF that an attempt to join can end with.
const (
	CodeTimeout    Code = 0x107  // ESP_ERR_TIMEOUT: no outcome in time
	CodeMode       Code = 0x3005 // ESP_ERR_WIFI_MODE: not in this mode
	CodeSSID       Code = 0x300a // ESP_ERR_WIFI_SSID
	CodePassphrase Code = 0x300b // ESP_ERR_WIFI_PASSWORD
)

// Error returns "radio: error 0x107", or the name of the reason.
func (c Code) Error() string {
	if c > 0 && c < 256 {
		return "radio: " + hal.Reason(c).String()
	}
	return "radio: error 0x" + strconv.FormatInt(int64(uint32(c)), 16)
}
