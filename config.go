// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/protover"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
)

// Times of the C original (manager.md 5).
const (
	connectDelay    = time.Second
	reconnectPause  = 100 * time.Millisecond // keeps a driver that fails at once from spinning (Q-M6)
	groupPause      = 120 * time.Millisecond
	stationStart    = time.Second // that a driver has for telling that the station is up
	minCleanup      = 100 * time.Millisecond
	defaultCleanup  = time.Second
	defaultAutoStop = 30 * time.Second
	defaultJoin     = 60 * time.Second // with a limit of attempts; our own
	minAutoStop     = 5 * time.Second
	maxAutoStop     = 600 * time.Second
)

const (
	defaultScanEntries = 16
	maxScanEntries     = 255
	maxAttempts        = 1<<16 - 1
	maxProofDelay      = 10 * time.Minute
)

// ReasonMap selects the release that decides which disconnect reasons are final
// for the credentials (docs/spec/manager.md 7.2). After any other reason the
// station connects again. Reasons 210 to 212, finer codes for "no access point
// fits", are final in all of them.
type ReasonMap = fsm.ReasonMap

// Reason maps.
const (
	// ReasonsNewest is that of ESP-IDF v5.2 and later, v5.0.5, v5.1.3 and
	// network_provisioning.
	ReasonsNewest = fsm.ReasonsNewest
	// ReasonsV444 is that of v4.4.4, v5.0.0 to v5.0.4 and v5.1.0 to v5.1.2:
	// AUTH_EXPIRE (2) is final too.
	ReasonsV444 = fsm.ReasonsV444
	// ReasonsV431 is that of v4.3.1 to v4.4.3: ASSOC_EXPIRE (4) is final as
	// well.
	ReasonsV431 = fsm.ReasonsV431
	// ReasonsV40 is that of v4.0 to v4.3.0: as ReasonsV431, but MIC_FAILURE
	// (14) is not final.
	ReasonsV40 = fsm.ReasonsV40
)

// VersionStyle selects the text of the proto-ver endpoint.
type VersionStyle = protover.Style

// Version styles. All clients understand all of them; phone apps choose the
// security by sec_ver if the text has it.
const (
	// VersionV5 is the text of ESP-IDF v5's Wi-Fi manager.
	VersionV5 = protover.V5
	// VersionV44 is the text of ESP-IDF v4.4, without sec_ver.
	VersionV44 = protover.V44
	// VersionNetProv is the text of network_provisioning 1.2.
	VersionNetProv = protover.NetProv
)

// Config is what Init needs. Zero fields mean the defaults named with them.
// Init checks it once and copies it.
type Config struct {
	// WiFi is the driver. Required.
	WiFi hal.WiFi

	// Scheme carries the service: softap.New, ble.New, console.New.
	// Required.
	Scheme scheme.Scheme

	// EventHandler gets every event. Events come in order and one at a time,
	// without any lock held; a handler may call every method of the Manager
	// except Wait. May be nil.
	EventHandler func(Event)

	// Clock arms the manager's timers; nil: hal.SystemClock.
	Clock hal.Clock

	// Pump is for runtimes without a scheduler. It is called again and again
	// while Wait, Deinit or a client's scan waits. It has to wait for something
	// to happen, at most maxWait, and handle it. nil: the waiting goroutine
	// blocks.
	Pump func(maxWait time.Duration)

	// Logger takes log messages; nil: silent. Secrets are never logged.
	Logger hal.Logger

	// AutoStop is how long the service stays up after the station got its
	// address if no client asks for the outcome; 5 s to 600 s; 0: 30 s
	// (CONFIG_WIFI_PROV_AUTOSTOP_TIMEOUT).
	AutoStop time.Duration

	// ScanEntries is how many access points a scan keeps, 1 to 255; 0: 16
	// (CONFIG_WIFI_PROV_SCAN_MAX_ENTRIES).
	ScanEntries int

	// Attempts is how many attempts to connect may fail before the
	// credentials do (wifi_conn_attempts of ESP-IDF v5.4.1); until then
	// clients are told how many are left. 0: no limit, and the reason
	// decides: some reasons are final at once, after others the station tries
	// for ever.
	Attempts int

	// JoinTimeout is how long an attempt to connect may take if it neither
	// fails nor gets an address, for example in a network without DHCP. Then
	// the station leaves, and the attempt counts as failed; without Attempts
	// the credentials have failed. prov-status says how far the attempt got.
	// 0: 60 s with Attempts, else no limit.
	JoinTimeout time.Duration

	// AdjustStation, unless nil, is called with the configuration that is
	// about to be applied, and may change it, for example its MinAuth
	// (SET_STA_CONFIG of ESP-IDF v5.4). It is called only when the credentials
	// can be taken, without any lock, in the goroutine that brought them. It may
	// call every method of the Manager except Wait. The limits of
	// ConfigureStation hold for the changed configuration.
	AdjustStation func(*hal.StationConfig)

	// ProofDelay is how long all handshakes of all clients are refused after a
	// wrong proof of possession or a wrong password. So all strangers together
	// have one guess per ProofDelay. Established sessions go on. The delay is in
	// real time, not that of Clock; 0: no delay; at most 10 min.
	ProofDelay time.Duration

	// Middleware, unless nil, wraps the handlers of all endpoints but prov-session
	// and proto-ver (protocomm.Config says how). It sees the passphrases of
	// networks.
	Middleware func(endpoint string, next protocomm.AppendHandler) protocomm.AppendHandler

	// MaxSessions bounds the sessions at the same time, and MaxHalfOpen those
	// of them whose handshake is not complete; 0: 8 and 4. MaxHalfOpen is at
	// most MaxSessions-1, if that is not 0. Package protocomm says which session
	// ends when there is no room for another.
	MaxSessions, MaxHalfOpen int

	// Version selects the proto-ver text; zero: VersionV5.
	Version VersionStyle

	// Reasons selects which disconnect reasons are final for the
	// credentials; zero: ReasonsNewest.
	Reasons ReasonMap

	// FastScan joins the first access point that matches instead of the
	// strongest (CONFIG_WIFI_PROV_STA_FAST_SCAN).
	FastScan bool

	// VerifyCredentials tries credentials from RAM and writes them to flash
	// only when they led to an address. If they fail, the former ones are
	// the station's configuration again, and the flash has never held others.
	// The former ones are also in use when the service ends without new ones.
	VerifyCredentials bool

	// ReconnectFormer joins the former network again after credentials
	// failed, and when the service ends without new ones. It needs
	// VerifyCredentials.
	ReconnectFormer bool

	// RetryAfterFailure takes new credentials after a failure without a
	// reset in between.
	RetryAfterFailure bool

	// CorrectWhileConnecting lets a client take credentials back while the
	// station tries them: SetConfig and ApplyConfig, or a Reset of prov-ctrl,
	// work then, but only in the session that applied the credentials. Without
	// it a client has to wait for the outcome, which may never come after a
	// mistyped name or on a network without DHCP.
	CorrectWhileConnecting bool

	// StatusEndpoint adds the endpoint prov-status, which tells more than
	// GetStatus can (docs/prov-status.md). The capability prov_status in
	// proto-ver announces it. Other clients are not affected.
	StatusEndpoint bool
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
	case c.Attempts < 0 || c.Attempts > maxAttempts:
		return c, fail(op, ErrInvalidArg, "Config.Attempts must be 0 to 65535", nil)
	case c.JoinTimeout < 0:
		return c, fail(op, ErrInvalidArg, "Config.JoinTimeout must not be negative", nil)
	case c.Reasons > ReasonsV40:
		return c, fail(op, ErrInvalidArg, "Config.Reasons is not a known map", nil)
	case c.ReconnectFormer && !c.VerifyCredentials:
		return c, fail(op, ErrInvalidArg, "Config.ReconnectFormer needs VerifyCredentials", nil)
	case c.ProofDelay < 0 || c.ProofDelay > maxProofDelay:
		return c, fail(op, ErrInvalidArg, "Config.ProofDelay is "+c.ProofDelay.String()+"; it must be 0 to 10m", nil)
	}
	if c.AutoStop == 0 {
		c.AutoStop = defaultAutoStop
	}
	if c.JoinTimeout == 0 && c.Attempts > 0 {
		c.JoinTimeout = defaultJoin
	}
	if c.ScanEntries == 0 {
		c.ScanEntries = defaultScanEntries
	}
	if c.Clock == nil {
		c.Clock = hal.SystemClock{}
	}
	return c, nil
}
