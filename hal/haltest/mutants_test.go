// SPDX-License-Identifier: Apache-2.0

package haltest_test

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

var errBroken = errors.New("broken")

func ignoreBSSID(b *broken) {
	b.joinWith(func(c *hal.StationConfig) { c.BSSID, c.BSSIDSet = hal.BSSID{}, false })
}

func ignoreMinAuth(b *broken) { b.joinWith(func(c *hal.StationConfig) { c.MinAuth = 0 }) }

func ignorePassive(b *broken) {
	b.startScan = func(c hal.ScanConfig) error { c.Passive = false; return b.Board.StartScan(c) }
}

// mutants are HALs that break one sentence each, with the checks that must
// notice.
var mutants = []struct {
	name   string
	damage func(b *broken)
	red    []string
	says   string // part of the reports
}{
	{"mode is fixed after start", func(b *broken) {
		started := false
		b.start = func() error { started = true; return b.Board.Start() }
		b.setMode = func(m hal.Mode) error {
			if started {
				return errBroken
			}
			return b.Board.SetMode(m)
		}
	}, []string{"ModeBeforeAndAfterStart", "LeavingStationModeDropsLink"}, ""},
	{"link survives the mode", func(b *broken) {
		b.setMode = func(m hal.Mode) error {
			if m == hal.ModeOff {
				return nil
			}
			return b.Board.SetMode(m)
		}
	}, []string{"LeavingStationModeDropsLink"}, ""},
	{"no station start", func(b *broken) {
		b.events(func(e hal.Event, fn func(hal.Event)) {
			if e.Kind != hal.EventStationStart {
				fn(e)
			}
		})
	}, []string{"StationStartEvent"}, ""},
	{"station start twice", func(b *broken) {
		b.events(func(e hal.Event, fn func(hal.Event)) {
			fn(e)
			if e.Kind == hal.EventStationStart {
				fn(e)
			}
		})
	}, []string{"StationStartEvent"}, ""},
	{"second start fails", func(b *broken) {
		n := 0
		b.start = func() error {
			if n++; n > 1 {
				return errBroken
			}
			return b.Board.Start()
		}
	}, []string{"StartTwice"}, ""},
	{"second start drops the link", func(b *broken) {
		b.start = func() error { return errors.Join(b.Board.Start(), b.Board.Disconnect()) }
	}, []string{"StartTwice"}, ""},
	{"other error before start", func(b *broken) {
		b.connect = func() error {
			err := b.Board.Connect()
			if errors.Is(err, hal.ErrNotStarted) {
				return errBroken
			}
			return err
		}
	}, []string{"NotStarted"}, ""},
	{"one subscriber only", func(b *broken) {
		cancel := func() {}
		b.subscribe = func(fn func(hal.Event)) func() {
			cancel()
			cancel = b.Board.Subscribe(fn)
			return cancel
		}
	}, []string{"EverySubscriberEveryEventInOrder"}, ""},
	{"events in parallel", func(b *broken) {
		b.events(func(e hal.Event, fn func(hal.Event)) { go fn(e) })
	}, []string{"OneCallAtATime"}, ""},
	{"events inside methods", func(b *broken) {
		var fns []func(hal.Event)
		b.subscribe = func(fn func(hal.Event)) func() {
			fns = append(fns, fn)
			return b.Board.Subscribe(func(e hal.Event) {
				if e.Kind != hal.EventStationStart {
					fn(e)
				}
			})
		}
		b.start = func() error {
			for _, fn := range fns {
				fn(hal.Event{Kind: hal.EventStationStart})
			}
			return b.Board.Start()
		}
	}, []string{"NoCallInsideMethods"}, ""},
	{"methods fail inside handlers", func(b *broken) {
		var inside atomic.Bool
		b.events(func(e hal.Event, fn func(hal.Event)) {
			inside.Store(true)
			fn(e)
			inside.Store(false)
		})
		b.setStorage = func(s hal.Storage) error {
			if inside.Load() {
				return errBroken
			}
			return b.Board.SetStorage(s)
		}
	}, []string{"HandlersMayCallAnyMethod"}, "SetStorage: broken"},
	{"a call fails inside handlers", func(b *broken) {
		b.restore = func() error { return errBroken }
	}, []string{"HandlersMayCallAnyMethod"}, "Restore: broken"},
	{"cancel waits for the call", func(b *broken) {
		b.subscribe = func(fn func(hal.Event)) func() {
			busy := make(chan struct{}, 1)
			cancel := b.Board.Subscribe(func(e hal.Event) {
				busy <- struct{}{}
				fn(e)
				<-busy
			})
			return func() {
				cancel()
				select {
				case busy <- struct{}{}:
					<-busy
				case <-time.After(time.Minute):
				}
			}
		}
	}, []string{"CancelEndsCalls"}, ""},
	{"cancel does nothing", func(b *broken) {
		b.subscribe = func(fn func(hal.Event)) func() {
			b.Board.Subscribe(fn)
			return func() {}
		}
	}, []string{"CancelEndsCalls", "CancelInsideHandler"}, ""},
	{"SSID ends at a zero byte", func(b *broken) {
		b.setConfig = func(c hal.StationConfig) error {
			ssid, _, _ := strings.Cut(string(c.SSID), "\x00")
			c.SSID = hal.SSID(ssid)
			return b.Board.SetStationConfig(c)
		}
	}, []string{"ConfigRoundTrip", "FlashConfigSurvivesReboot"}, ""},
	{"a byte of the passphrase is lost", func(b *broken) {
		b.setConfig = func(c hal.StationConfig) error {
			c.Passphrase = c.Passphrase[:max(len(c.Passphrase), 1)-1]
			return b.Board.SetStationConfig(c)
		}
	}, []string{"ConfigRoundTrip", "FlashConfigSurvivesReboot"}, "Passphrase has 62 bytes, want 63, and differs from byte 62 on"},
	{"storage is always flash", func(b *broken) {
		b.setStorage = func(hal.Storage) error { return nil }
	}, []string{"RAMConfigIsLostAtReboot", "EmptyRAMConfigKeepsFlash"}, ""},
	{"storage is always RAM", func(b *broken) {
		b.setConfig = func(c hal.StationConfig) error {
			return errors.Join(b.Board.SetStorage(hal.StorageRAM), b.Board.SetStationConfig(c))
		}
	}, []string{"FlashConfigSurvivesReboot"}, ""},
	{"empty config erases RAM only", func(b *broken) {
		storage := hal.StorageFlash
		b.setStorage = func(s hal.Storage) error { storage = s; return b.Board.SetStorage(s) }
		b.setConfig = func(c hal.StationConfig) error {
			if c != (hal.StationConfig{}) {
				return b.Board.SetStationConfig(c)
			}
			return errors.Join(b.Board.SetStorage(hal.StorageRAM), b.Board.SetStationConfig(c), b.Board.SetStorage(storage))
		}
	}, []string{"EmptyConfigErases"}, ""},
	{"config drops the link", func(b *broken) {
		b.setConfig = func(c hal.StationConfig) error {
			return errors.Join(b.Board.Disconnect(), b.Board.SetStationConfig(c))
		}
	}, []string{"ConfigKeepsLink"}, ""},
	{"restore does nothing", func(b *broken) {
		b.restore = func() error { return nil }
	}, []string{"Restore"}, ""},
	{"restore keeps the storage", func(b *broken) {
		storage := hal.StorageFlash
		b.setStorage = func(s hal.Storage) error { storage = s; return b.Board.SetStorage(s) }
		b.restore = func() error { return errors.Join(b.Board.Restore(), b.Board.SetStorage(storage)) }
	}, []string{"Restore"}, ""},
	{"no Connected event", func(b *broken) {
		b.events(func(e hal.Event, fn func(hal.Event)) {
			if e.Kind != hal.EventConnected {
				fn(e)
			}
		})
	}, []string{"Connect", "ConnectAgainAfterFailure"}, ""},
	{"no address", func(b *broken) {
		b.events(func(e hal.Event, fn func(hal.Event)) { e.IP = hal.IPv4{}; fn(e) })
	}, []string{"Connect"}, ""},
	{"no reason", func(b *broken) {
		b.events(func(e hal.Event, fn func(hal.Event)) { e.Reason = 0; fn(e) })
	}, []string{"ConnectMissingNetwork", "ConnectWrongPassphrase", "DisconnectLink"}, ""},
	{"one attempt only", func(b *broken) {
		n := 0
		b.connect = func() error {
			if n++; n > 1 {
				return errBroken
			}
			return b.Board.Connect()
		}
	}, []string{"ConnectAgainAfterFailure", "ConnectWhileJoining"}, ""},
	{"error but attempt", func(b *broken) {
		var fn func(hal.Event)
		b.subscribe = func(f func(hal.Event)) func() { fn = f; return b.Board.Subscribe(f) }
		b.connect = func() error {
			err := b.Board.Connect()
			if err != nil && !errors.Is(err, hal.ErrBusy) {
				go fn(hal.Event{Kind: hal.EventDisconnected, Reason: hal.ReasonUnspecified})
			}
			return err
		}
	}, []string{"ConnectWithoutNetwork", "NotStarted"}, ""},
	{"disconnect has another reason", func(b *broken) {
		b.events(func(e hal.Event, fn func(hal.Event)) {
			if e.Reason == hal.ReasonAssocLeave {
				e.Reason = hal.ReasonAuthLeave
			}
			fn(e)
		})
	}, []string{"DisconnectLink", "DisconnectWhileJoining"}, ""},
	{"joining cannot be ended", func(b *broken) {
		b.disconnect = func() error {
			if _, err := b.Board.Link(); err != nil {
				return nil
			}
			return b.Board.Disconnect()
		}
	}, []string{"DisconnectWhileJoining"}, ""},
	{"disconnect without link fails", func(b *broken) {
		b.disconnect = func() error {
			if _, err := b.Board.Link(); err != nil {
				return err
			}
			return b.Board.Disconnect()
		}
	}, []string{"DisconnectIdle"}, ""},
	{"link without address", func(b *broken) {
		b.link = func() (hal.Link, error) {
			l, _ := b.Board.Link()
			return l, nil
		}
	}, []string{"NoLink", "DisconnectLink", "LeavingStationModeDropsLink"}, ""},
	{"disconnected, and joins all the same", func(b *broken) {
		var joining atomic.Bool
		b.connect = func() error { joining.Store(true); return b.Board.Connect() }
		b.disconnect = func() error {
			if _, err := b.Board.Link(); err == nil || !joining.Load() {
				return b.Board.Disconnect()
			}
			b.tell(hal.Event{Kind: hal.EventDisconnected, Reason: hal.ReasonAssocLeave})
			return nil
		}
	}, []string{"DisconnectIsFinal"}, ""},
	{"disconnected, and joins without a word", func(b *broken) {
		var silent atomic.Bool
		b.connect = func() error { silent.Store(false); return b.Board.Connect() }
		b.disconnect = func() error {
			if _, err := b.Board.Link(); err == nil {
				return b.Board.Disconnect()
			}
			b.tell(hal.Event{Kind: hal.EventDisconnected, Reason: hal.ReasonAssocLeave})
			silent.Store(true)
			return nil
		}
		b.events(func(e hal.Event, fn func(hal.Event)) {
			if !silent.Load() || e.Kind != hal.EventConnected && e.Kind != hal.EventGotIP {
				fn(e)
			}
		})
	}, []string{"DisconnectIsFinal"}, ""},
	{"BSSID is not used", ignoreBSSID, []string{"PinnedBSSID"}, "pinned to"},
	{"MinAuth is not used", ignoreMinAuth, []string{"MinAuth"}, "MinAuth WPA3"},
	{"MinAuth refuses the network's own", func(b *broken) {
		b.setConfig = func(c hal.StationConfig) error {
			if c.MinAuth != 0 {
				c.MinAuth++
			}
			return b.Board.SetStationConfig(c)
		}
	}, []string{"MinAuth"}, "as the network has"},
	{"step stays at scan", func(b *broken) {
		b.joinInfo = func() (hal.JoinInfo, error) {
			i, err := b.Board.JoinInfo()
			i.Step = min(i.Step, hal.JoinScan)
			return i, err
		}
	}, []string{"JoinInfo", "JoinInfoOfFailure"}, ""},
	{"access point of an earlier attempt", func(b *broken) {
		var last hal.AccessPoint
		b.joinInfo = func() (hal.JoinInfo, error) {
			i, err := b.Board.JoinInfo()
			if i.AP.Channel != 0 {
				last = i.AP
			}
			i.AP = last
			return i, err
		}
	}, []string{"JoinInfoOfFailure"}, ""},
	{"no signal", func(b *broken) {
		b.joinInfo = func() (hal.JoinInfo, error) {
			i, err := b.Board.JoinInfo()
			i.AP.RSSI = 0
			return i, err
		}
	}, []string{"JoinInfo"}, ""},
	{"IP configuration without a link", func(b *broken) {
		b.ipConfig = func() (hal.IPConfig, error) {
			c, _ := b.Board.IPConfig()
			return c, nil
		}
	}, []string{"IPConfig"}, ""},
	{"scan says failed", func(b *broken) {
		b.events(func(e hal.Event, fn func(hal.Event)) { e.ScanFailed = e.Kind == hal.EventScanDone; fn(e) })
	}, []string{"Scan", "ScanOneChannel", "ScanPassive", "StopScan"}, ""},
	{"scan ignores the channel", func(b *broken) {
		b.startScan = func(hal.ScanConfig) error { return b.Board.StartScan(hal.ScanConfig{}) }
	}, []string{"ScanOneChannel"}, ""},
	{"another channel is scanned", func(b *broken) {
		b.startScan = func(c hal.ScanConfig) error {
			if c.Channel == 6 {
				c.Channel = 11
			}
			return b.Board.StartScan(c)
		}
	}, []string{"ScanOneChannel"}, "is not among"},
	{"takes every channel", func(b *broken) {
		b.startScan = func(c hal.ScanConfig) error {
			if !hal.ValidChannel(c.Channel) {
				c.Channel = 0
			}
			return b.Board.StartScan(c)
		}
	}, []string{"ScanOneChannel"}, "255"},
	{"passive scans are active", ignorePassive, []string{"ScanPassive"}, "1 probe requests"},
	{"active scans are passive", func(b *broken) {
		b.startScan = func(c hal.ScanConfig) error { c.Passive = true; return b.Board.StartScan(c) }
	}, []string{"ScanPassive"}, "no probe request"},
	{"a channel is not listed", func(b *broken) {
		b.channels = func() []uint8 { return []uint8{1, 2, 3, 4, 5, 6} }
	}, []string{"ScanChannels"}, "Far"},
	{"5 GHz is not listed", func(b *broken) { // by a driver without a list
		b.channels = func() []uint8 { return nil }
		b.relabel(map[uint8]uint8{11: 36})
	}, []string{"ScanChannels"}, "Channel:36"},
	{"a channel that cannot be scanned", func(b *broken) {
		b.channels = func() []uint8 { return []uint8{36, 40} }
		b.relabel(map[uint8]uint8{6: 40, 11: 36})
	}, []string{"ScanChannels"}, "scan of channel 36, one of ScanChannels"},
	{"a channel is listed twice", func(b *broken) {
		b.channels = func() []uint8 { return []uint8{1, 2, 6, 6, 11} }
	}, []string{"ScanChannels"}, "6 is no channel"},
	{"channel 15 is listed", func(b *broken) {
		b.channels = func() []uint8 { return append(b.Board.ScanChannels(), 15) }
	}, []string{"ScanChannels"}, "15 is no channel"},
	{"the listed channels find nothing", func(b *broken) {
		b.startScan = func(c hal.ScanConfig) error {
			if c.Channel != 0 {
				c.Channel = 1
			}
			return b.Board.StartScan(c)
		}
	}, []string{"ScanChannels"}, "HomeNet"},
	{"hidden networks are listed", func(b *broken) {
		b.scanResults = func(dst []hal.AccessPoint) (int, error) { return b.more(dst, hal.AccessPoint{RSSI: -20}) }
	}, []string{"Scan", "ScanResultsStrongestFirst"}, "hides its name"},
	{"hidden networks are listed by zero bytes", func(b *broken) {
		b.scanResults = func(dst []hal.AccessPoint) (int, error) {
			return b.more(dst, hal.AccessPoint{SSID: "\x00\x00", RSSI: -20})
		}
	}, []string{"Scan"}, "hides its name"},
	{"hidden networks take places", func(b *broken) {
		b.scanResults = func(dst []hal.AccessPoint) (int, error) { return b.Board.ScanResults(dst[:max(len(dst), 1)-1]) }
	}, []string{"ScanResultsStrongestFirst"}, "for 1 places"},
	{"an access point is listed twice", func(b *broken) {
		b.scanResults = func(dst []hal.AccessPoint) (int, error) {
			n, err := b.Board.ScanResults(dst)
			if n > 0 && n < len(dst) {
				dst[n] = dst[n-1]
				n++
			}
			return n, err
		}
	}, []string{"Scan"}, "twice"},
	{"results in the wrong order", func(b *broken) {
		b.scanResults = func(dst []hal.AccessPoint) (int, error) {
			all := make([]hal.AccessPoint, 64)
			n, err := b.Board.ScanResults(all)
			slices.Reverse(all[:n])
			return copy(dst, all[:n]), err
		}
	}, []string{"ScanResultsStrongestFirst"}, ""},
	{"results beyond the count", func(b *broken) {
		b.scanResults = func(dst []hal.AccessPoint) (int, error) {
			n, err := b.Board.ScanResults(dst)
			for i := range dst[n:] {
				dst[n+i].Channel = 99
			}
			return n, err
		}
	}, []string{"Scan"}, ""},
	{"second scan succeeds", func(b *broken) {
		b.startScan = func(c hal.ScanConfig) error {
			if err := b.Board.StartScan(c); !errors.Is(err, hal.ErrBusy) {
				return err
			}
			return nil
		}
	}, []string{"OneScanAtATime"}, ""},
	{"stop of a scan is silent", func(b *broken) {
		stopped := false
		b.stopScan = func() error { stopped = true; return b.Board.StopScan() }
		b.events(func(e hal.Event, fn func(hal.Event)) {
			if !stopped || e.Kind != hal.EventScanDone {
				fn(e)
			}
		})
	}, []string{"StopScan"}, ""},
	{"stop without a scan fails", func(b *broken) {
		b.stopScan = func() error { return errBroken }
	}, []string{"StopScan", "StopScanIdle"}, ""},
	{"softAP closes once only", func(b *broken) {
		b.stopSoftAP = func() error {
			if _, open := b.Board.SoftAP(); !open {
				return errBroken
			}
			return b.Board.StopSoftAP()
		}
	}, []string{"SoftAP", "SoftAPReplaces"}, ""},
	{"softAP does not replace", func(b *broken) {
		b.startSoftAP = func(c hal.SoftAPConfig) error {
			if _, open := b.Board.SoftAP(); open {
				return errBroken
			}
			return b.Board.StartSoftAP(c)
		}
	}, []string{"SoftAPReplaces"}, ""},
	{"softAP takes the link along", func(b *broken) {
		b.stopSoftAP = func() error { return errors.Join(b.Board.StopSoftAP(), b.Board.Disconnect()) }
	}, []string{"StopSoftAPKeepsLink"}, ""},
	{"overlapping calls break it", func(b *broken) {
		var busy, dead atomic.Bool
		b.link = func() (hal.Link, error) {
			if !busy.CompareAndSwap(false, true) {
				dead.Store(true)
			}
			time.Sleep(time.Millisecond)
			busy.Store(false)
			return b.Board.Link()
		}
		b.startScan = func(c hal.ScanConfig) error {
			if busy.Load() {
				dead.Store(true)
			}
			return b.Board.StartScan(c)
		}
		b.disconnect = func() error {
			time.Sleep(time.Millisecond)
			if busy.Load() {
				dead.Store(true)
			}
			return b.Board.Disconnect()
		}
		b.connect = func() error {
			if dead.Load() {
				return errBroken
			}
			return b.Board.Connect()
		}
	}, []string{"OverlappingCalls"}, ""},
	{"Connect during a scan fails", func(b *broken) {
		b.connect = func() error {
			if _, err := b.Board.ScanResults(nil); err != nil {
				return errBroken
			}
			return b.Board.Connect()
		}
	}, []string{"ConnectDuringScan"}, "want none or ErrBusy"},
	{"Connect is refused for good after a scan was stopped", func(b *broken) {
		stopped := false
		b.stopScan = func() error { stopped = true; return b.Board.StopScan() }
		b.connect = func() error {
			if stopped {
				return hal.ErrBusy
			}
			return b.Board.Connect()
		}
	}, []string{"ConnectAfterStopScan"}, "Connect after the scan"},
	{"claims are for everybody", func(b *broken) {
		b.claim = func() (func(), error) { return func() {}, nil }
	}, []string{"Claim"}, "second Claim of a new device"},
	{"claims are for good", func(b *broken) {
		b.claim = func() (func(), error) { _, err := b.Board.Claim(); return func() {}, err }
	}, []string{"Claim"}, "Claim after release"},
	{"an old release gives a claim away", func(b *broken) {
		held := false
		b.claim = func() (func(), error) {
			if held {
				return nil, hal.ErrInUse
			}
			held = true
			return func() { held = false }, nil
		}
	}, []string{"Claim"}, "a release that was none"},
	{"a claim survives the reboot", func(b *broken) {
		turn, holder := 0, 0
		b.claim = func() (func(), error) {
			if holder != 0 {
				return nil, hal.ErrInUse
			}
			turn++
			holder = turn
			mine := turn
			return func() {
				if holder == mine {
					holder = 0
				}
			}, nil
		}
	}, []string{"Claim"}, "after reboot"},
	{"a method blocks", func(b *broken) {
		b.stopScan = func() error { time.Sleep(time.Minute); return b.Board.StopScan() }
	}, []string{"StopScan", "StopScanIdle", "NoCallInsideMethods"}, ""},
}
