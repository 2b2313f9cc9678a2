package wifiprov

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/protover"
	"github.com/wifiprov/wifiprov/scheme"
)

// Times of the C original (manager.md 5).
const (
	connectDelay    = time.Second
	reconnectPause  = 100 * time.Millisecond // keeps a driver that fails at once from spinning (Q-M6)
	groupPause      = 120 * time.Millisecond
	minCleanup      = 100 * time.Millisecond
	defaultCleanup  = time.Second
	defaultAutoStop = 30 * time.Second
	minAutoStop     = 5 * time.Second
	maxAutoStop     = 600 * time.Second
)

const (
	defaultScanEntries = 16
	maxScanEntries     = 255
)

// VersionStyle selects the text of the proto-ver endpoint (manager.md 8).
type VersionStyle uint8

// Version styles. All are understood by all clients; phone apps use sec_ver,
// when it is there, to choose the security.
const (
	// VersionV5 is the text of ESP-IDF v5's Wi-Fi manager.
	VersionV5 VersionStyle = VersionStyle(protover.V5)
	// VersionV44 is the text of ESP-IDF v4.4, without sec_ver.
	VersionV44 VersionStyle = VersionStyle(protover.V44)
	// VersionNetProv is the text of network_provisioning 1.2.
	VersionNetProv VersionStyle = VersionStyle(protover.NetProv)
)

// Config is what Init needs. Zero fields mean the defaults named with them.
// Init checks it once and copies it.
type Config struct {
	// WiFi is the driver. Required.
	WiFi hal.WiFi

	// Scheme carries the service: softap.New, ble.New, console.New.
	// Required.
	Scheme scheme.Scheme

	// SchemeHandler gets every event before EventHandler, for what belongs
	// to the scheme, such as releasing a radio's memory. May be nil.
	SchemeHandler func(Event)

	// EventHandler gets every event. Events come in order and one at a time,
	// without any lock held; a handler may call every method of the Manager
	// except Wait. May be nil.
	EventHandler func(Event)

	// Clock arms the manager's timers; nil: hal.SystemClock.
	Clock hal.Clock

	// Logger takes log messages; nil: silent. Secrets are never logged.
	Logger hal.Logger

	// AutoStop is how long the service stays up after the station got its
	// address when no client asks; 5 s to 600 s; 0: 30 s
	// (CONFIG_WIFI_PROV_AUTOSTOP_TIMEOUT).
	AutoStop time.Duration

	// ScanEntries is how many access points a scan keeps, 1 to 255; 0: 16
	// (CONFIG_WIFI_PROV_SCAN_MAX_ENTRIES).
	ScanEntries int

	// FastScan joins the first access point that matches instead of the
	// strongest (CONFIG_WIFI_PROV_STA_FAST_SCAN).
	FastScan bool

	// Version selects the proto-ver text; zero: VersionV5.
	Version VersionStyle

	// MaxSessions bounds the clients with a session at the same time, and
	// MaxHalfOpen those of them whose handshake is not complete; 0: 8 and 4.
	// Beyond it the oldest incomplete one goes first, then the one idle for
	// longest.
	MaxSessions, MaxHalfOpen int
}

// check fills in the defaults.
func (c Config) check() (Config, error) {
	const op = "Init"
	switch {
	case c.WiFi == nil:
		return c, fail(op, ErrInvalidArg, "Config.WiFi is nil; give it a driver, for example a board of hal/sim", nil)
	case c.Scheme == nil:
		return c, fail(op, ErrInvalidArg, "Config.Scheme is nil; give it a scheme, for example softap.New", nil)
	case c.AutoStop != 0 && (c.AutoStop < minAutoStop || c.AutoStop > maxAutoStop):
		return c, fail(op, ErrInvalidArg, "Config.AutoStop is "+c.AutoStop.String()+"; it must be 5s to 600s, or 0 for 30s", nil)
	case c.ScanEntries < 0 || c.ScanEntries > maxScanEntries:
		return c, fail(op, ErrInvalidArg, "Config.ScanEntries must be 1 to 255, or 0 for 16", nil)
	case c.Version > VersionNetProv:
		return c, fail(op, ErrInvalidArg, "Config.Version is not a known style", nil)
	case c.MaxSessions < 0 || c.MaxHalfOpen < 0:
		return c, fail(op, ErrInvalidArg, "Config.MaxSessions and MaxHalfOpen must not be negative", nil)
	}
	if c.AutoStop == 0 {
		c.AutoStop = defaultAutoStop
	}
	if c.ScanEntries == 0 {
		c.ScanEntries = defaultScanEntries
	}
	if c.Clock == nil {
		c.Clock = hal.SystemClock{}
	}
	return c, nil
}
