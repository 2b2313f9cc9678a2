// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"io"
	"net"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

// Home is the network on the air of a device that is given none.
var Home = sim.APConfig{SSID: "HomeNet", Passphrase: "correct horse", Channel: 6, RSSI: -47, Auth: hal.AuthWPA2PSK}

// Right are the credentials of Home.
var Right = client.Credentials{SSID: Home.SSID, Passphrase: Home.Passphrase}

// Transport is how clients reach a device.
type Transport uint8

// Transports.
const (
	HTTP    Transport = iota // the device's own access point and HTTP
	BLE                      // GATT
	Console                  // a serial line
)

// String returns the name that commands and files use: softap, ble, console.
func (t Transport) String() string {
	switch t {
	case HTTP:
		return "softap"
	case BLE:
		return "ble"
	case Console:
		return "console"
	}
	return "unknown"
}

// Config describes a Device. The zero value of each field means its default.
type Config struct {
	// Name of the service: the SSID of the access point, the name on Bluetooth; "":
	// PROV_ and the last three bytes of the board's address.
	Name string
	// Key of the access point; "": it is open.
	Key hal.Secret

	// Air is where the device is; nil: an air of its own with the network Home.
	Air *sim.Air
	// Board is its Wi-Fi. The flash and the address stay over all boots.
	Board sim.BoardConfig

	// Transport by which clients reach the device.
	Transport Transport
	// SoftAP, BLE and Console are settings of the scheme that Transport names. AP,
	// Server.Listen, GATT, Stream and Open are the device's to set.
	SoftAP  softap.Config
	BLE     ble.Config
	Console console.Config
	// Listen opens the listener of HTTP; nil: one in memory, which Device.Dial
	// reaches. simnet.Loopback is one.
	Listen func() (net.Listener, error)
	// ATT are settings of the Bluetooth host. Clock nil: that of the air. Pairing
	// is the device's to set if BLE.Encrypt is.
	ATT att.Config
	// Link opens the link to a Bluetooth controller at every boot; its Close, if
	// it has one, is called when the power goes. nil: a simulated controller on
	// the air.
	Link func() (att.Transport, error)
	// Open opens the console's line; nil: one in memory, which Device.Dial
	// reaches.
	Open func() (io.ReadWriteCloser, error)

	// Security of the service; zero: Security1(DefaultPoP).
	Security Security

	// Manager has the options of the manager. WiFi, Scheme, Clock and Middleware
	// are the device's to set. EventHandler is called too.
	Manager wifiprov.Config
	// AppInfo are members of proto-ver by the application.
	AppInfo []AppInfo
	// Endpoints are the application's.
	Endpoints []Endpoint
	// App is what the built-in firmware does beside.
	App App
	// Firmware takes the place of the built-in firmware; nil: BuiltIn. It is
	// called at every boot and must not block. If it fails, PowerOn does.
	Firmware func(*Boot) error

	// Faults that are injected when the device is made.
	Faults []Fault

	// OnEvent is told of everything that happens, in order and one at a time, by
	// the goroutine in which it happened. It must return soon and must not call
	// methods that change the power. nil: nobody is.
	OnEvent func(Event)
	// KeepEvents is how many events the device remembers for Events and Await; 0:
	// DefaultKeep, negative: none.
	KeepEvents int
	// KeepExchanges is how many requests and answers the device remembers, in
	// plain text; 0: none.
	KeepExchanges int
	// OnExchange is told of every request and its answer, in plain text, by the
	// goroutine that handles it; nil: nobody is.
	OnExchange func(Exchange)
}

// DefaultKeep is how many events a device remembers.
const DefaultKeep = 256

// AppInfo is a member of proto-ver, see wifiprov.Manager.SetAppInfo.
type AppInfo struct {
	Label, Version string
	Capabilities   []string
}

// Endpoint is one of the application's, created before the service starts and
// registered when it has.
type Endpoint struct {
	Name    string
	Handler protocomm.Handler
}

// App is what the built-in firmware does beside joining the stored network or
// starting the service.
type App struct {
	// ResetOnFailure calls Manager.ResetOnFailure at each Nth EventCredFail, as
	// the example of ESP-IDF does; 0: never.
	ResetOnFailure int
	// Reconnect connects whenever the station starts or loses its link, during
	// provisioning too. Provisioned devices always do that.
	Reconnect bool
	// NoAutoStop keeps the service up after success.
	NoAutoStop bool
	// AlwaysServe starts the service even if a network is stored.
	AlwaysServe bool
	// ServeAgain starts the service again when it has ended.
	ServeAgain bool
}
