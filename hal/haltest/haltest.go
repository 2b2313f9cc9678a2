// SPDX-License-Identifier: Apache-2.0

// Package haltest checks an implementation of hal.WiFi and hal.SoftAP against the
// contracts of package hal. It needs only the standard library, so that it can be
// compiled into the tests of a device too.
package haltest

import (
	"fmt"
	"testing"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// Rig is a HAL under test with its surroundings.
type Rig struct {
	// WiFi is a HAL that was just booted: nothing is stored, and the radio is
	// not started. Required.
	WiFi hal.WiFi

	// SoftAP of the same device; nil skips checks that need it.
	SoftAP hal.SoftAP

	// Network is a network in range that gives an address to a station with this
	// configuration. Required.
	Network hal.StationConfig

	// Channel of Network; 0 skips checks that need it.
	Channel uint8

	// Missing is a configuration without a network in range. Required.
	Missing hal.StationConfig

	// Wrong is Network with a wrong passphrase; the zero value skips checks that
	// need it.
	Wrong hal.StationConfig

	// Reboot restarts the device and returns its HAL, which may be the same
	// value; nil skips checks that need it.
	Reboot func() (hal.WiFi, error)

	// Probes returns how many probe requests the access points of Network have
	// received so far; nil skips checks that need it.
	Probes func() int

	// SparseScan says that scans tell no BSSID and no channel, and skips checks
	// that need them.
	SparseScan bool

	// OneMode says that the radio is either a station or an access point, and
	// that the two take turns. It skips checks that need both at once.
	OneMode bool

	// Timeout is how long the outcome of a call may take, the longest scan
	// included; 0: 30 s.
	Timeout time.Duration

	// Quiet is how long a check waits for something that must not happen;
	// 0: 2 s.
	Quiet time.Duration
}

// Check is one part of the contracts.
type Check struct {
	Name string
	// Run reports how the HAL breaks its contract; nil: it does not. The Rig must
	// be new.
	Run func(Rig) error
}

// Run runs all checks as subtests, each on a Rig of its own that open makes.
// On a radio of real time it takes minutes.
func Run(t *testing.T, open func(t *testing.T) Rig) {
	t.Helper()
	runEach(t, open, func(t *testing.T, check func(*testing.T)) { check(t) })
}

// runEach runs each check as a subtest inside of around.
func runEach(t *testing.T, open func(t *testing.T) Rig, around func(*testing.T, func(*testing.T))) {
	t.Helper()
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			around(t, func(t *testing.T) {
				if err := c.Run(open(t)); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// Checks returns all checks, to run them in another way than Run.
func Checks() []Check {
	return []Check{
		{"ModeBeforeAndAfterStart", checkMode},
		{"StationStartEvent", checkStart},
		{"StartTwice", checkStartTwice},
		{"LeavingStationModeDropsLink", checkLeaveStation},
		{"NotStarted", checkNotStarted},

		{"EverySubscriberEveryEventInOrder", checkSubscribers},
		{"OneCallAtATime", checkOneCall},
		{"NoCallInsideMethods", checkNoCallInside},
		{"HandlersMayCallAnyMethod", checkReentry},
		{"CancelEndsCalls", checkCancel},
		{"CancelInsideHandler", checkCancelInside},

		{"ConfigRoundTrip", checkConfigRoundTrip},
		{"FlashConfigSurvivesReboot", checkFlash},
		{"RAMConfigIsLostAtReboot", checkRAM},
		{"EmptyConfigErases", checkErase},
		{"EmptyRAMConfigKeepsFlash", checkEraseRAM},
		{"ConfigKeepsLink", checkConfigKeepsLink},
		{"Restore", checkRestore},

		{"Connect", checkConnect},
		{"ConnectMissingNetwork", checkMissing},
		{"ConnectWrongPassphrase", checkWrong},
		{"ConnectAgainAfterFailure", checkAgain},
		{"ConnectWhileJoining", checkConnectTwice},
		{"ConnectWithoutNetwork", checkConnectNone},
		{"DisconnectLink", checkDisconnect},
		{"DisconnectWhileJoining", checkDisconnectJoining},
		{"DisconnectIsFinal", checkDisconnectFinal},
		{"DisconnectIdle", checkDisconnectIdle},
		{"NoLink", checkNoLink},

		{"PinnedBSSID", checkPinned},
		{"MinAuth", checkMinAuth},

		{"JoinInfo", checkJoinInfo},
		{"JoinInfoOfFailure", checkJoinFailure},
		{"IPConfig", checkIPConfig},

		{"Scan", checkScan},
		{"ScanOneChannel", checkScanChannel},
		{"ScanChannels", checkScanChannels},
		{"ScanPassive", checkScanPassive},
		{"ScanResultsStrongestFirst", checkScanResults},
		{"OneScanAtATime", checkScanBusy},
		{"StopScan", checkStopScan},
		{"StopScanIdle", checkStopScanIdle},
		{"ConnectDuringScan", checkConnectScanning},
		{"ConnectAfterStopScan", checkConnectStopped},

		{"SoftAP", checkSoftAP},
		{"SoftAPReplaces", checkSoftAPTwice},
		{"StopSoftAPKeepsLink", checkSoftAPKeepsLink},

		{"Claim", checkClaim},

		{"OverlappingCalls", checkOverlap},
	}
}

// prompt is how long a method that must not wait may take.
const prompt = 5 * time.Second

// bench is a Rig in use by a check.
type bench struct {
	Rig
	events chan hal.Event
	cancel func()
}

// newBench subscribes to the Rig's events.
func newBench(r Rig) *bench {
	if r.Timeout == 0 {
		r.Timeout = 30 * time.Second
	}
	if r.Quiet == 0 {
		r.Quiet = 2 * time.Second
	}
	b := &bench{Rig: r}
	b.subscribe()
	return b
}

// station is newBench with the radio started in station mode.
func station(r Rig) (*bench, error) {
	b := newBench(r)
	return b, b.start()
}

func (b *bench) subscribe() {
	events := make(chan hal.Event, 1024)
	b.events = events
	b.cancel = b.WiFi.Subscribe(func(e hal.Event) {
		select {
		case events <- e:
		default: // more than any check makes
		}
	})
}

func (b *bench) start() error {
	if err := b.WiFi.SetMode(hal.ModeSTA); err != nil {
		return fmt.Errorf("SetMode(STA): %w", err)
	}
	if err := b.WiFi.Start(); err != nil {
		return fmt.Errorf("Start: %w", err)
	}
	_, err := b.wait(hal.EventStationStart)
	return err
}

// wait returns the next event, which must be of the kind.
func (b *bench) wait(kind hal.EventKind) (hal.Event, error) {
	e, err := b.next()
	switch {
	case err != nil:
		return e, fmt.Errorf("%w; want %v", err, kind)
	case e.Kind != kind:
		return e, fmt.Errorf("event is %+v, want %v", e, kind)
	}
	return e, nil
}

// next returns the next event.
func (b *bench) next() (hal.Event, error) {
	timer := time.NewTimer(b.Timeout)
	defer timer.Stop()
	select {
	case e := <-b.events:
		return e, nil
	case <-timer.C:
		return hal.Event{}, fmt.Errorf("no event within %v", b.Timeout)
	}
}

// quiet fails if an event comes.
func (b *bench) quiet() error {
	timer := time.NewTimer(b.Quiet)
	defer timer.Stop()
	select {
	case e := <-b.events:
		return fmt.Errorf("unexpected event %+v", e)
	case <-timer.C:
		return nil
	}
}

// promptly runs a method, which must return soon.
func promptly(what string, method func() error) error {
	done := make(chan error, 1)
	go func() { done <- method() }()
	timer := time.NewTimer(prompt)
	defer timer.Stop()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	case <-timer.C:
		return fmt.Errorf("%s does not return", what)
	}
}

// limited reports whether the driver says that it cannot do something.
func (b *bench) limited(l hal.Limits) bool {
	d, ok := b.WiFi.(hal.Limited)
	return ok && d.Limits()&l != 0
}

// named adds the name of a call to its error.
func named(call string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", call, err)
}

// join connects to a network up to an address.
func (b *bench) join(cfg hal.StationConfig) (hal.Event, error) {
	if err := promptly("SetStationConfig", func() error { return b.WiFi.SetStationConfig(cfg) }); err != nil {
		return hal.Event{}, err
	}
	if err := promptly("Connect", b.WiFi.Connect); err != nil {
		return hal.Event{}, err
	}
	if _, err := b.wait(hal.EventConnected); err != nil {
		return hal.Event{}, err
	}
	return b.wait(hal.EventGotIP)
}

// reboot restarts the device.
func (b *bench) reboot() error {
	w, err := b.Reboot()
	if err != nil {
		return fmt.Errorf("reboot: %w", err)
	}
	b.WiFi = w
	b.subscribe()
	return nil
}
