// SPDX-License-Identifier: Apache-2.0

package haltest

import (
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/hal"
)

// scan runs a scan to its end and returns its results.
func (b *bench) scan(cfg hal.ScanConfig) ([]hal.AccessPoint, error) {
	if err := promptly("StartScan", func() error { return b.WiFi.StartScan(cfg) }); err != nil {
		return nil, err
	}
	e, err := b.wait(hal.EventScanDone)
	if err != nil {
		return nil, err
	}
	if e.ScanFailed {
		return nil, errors.New("EventScanDone says failed")
	}
	return b.results(64)
}

func (b *bench) results(size int) ([]hal.AccessPoint, error) {
	list := make([]hal.AccessPoint, size)
	n, err := b.WiFi.ScanResults(list)
	if err != nil {
		return nil, fmt.Errorf("ScanResults: %w", err)
	}
	if n < 0 || n > size {
		return nil, fmt.Errorf("ScanResults = %d for %d places", n, size)
	}
	for _, ap := range list[n:] {
		if ap != (hal.AccessPoint{}) {
			return nil, errors.New("ScanResults wrote beyond its result")
		}
	}
	return list[:n], once(list[:n])
}

// ScanResults: "Networks that hide their name are left out … Each access point,
// by its BSSID, appears once."
func once(list []hal.AccessPoint) error {
	seen := map[hal.BSSID]bool{{}: false}
	for _, ap := range list {
		if ap.SSID.Hidden() {
			return fmt.Errorf("ScanResults has a network that hides its name: %+v", ap)
		}
		if seen[ap.BSSID] {
			return fmt.Errorf("ScanResults has the access point %v twice", ap.BSSID)
		}
		seen[ap.BSSID] = ap.BSSID != hal.BSSID{}
	}
	return nil
}

// wantNetwork fails unless the list has the rig's network.
func (b *bench) wantNetwork(list []hal.AccessPoint) error {
	for _, ap := range list {
		if ap.SSID == b.Network.SSID {
			sparse := ap.Channel == 0 || b.Channel != 0 && ap.Channel != b.Channel || ap.BSSID == (hal.BSSID{})
			if sparse && !b.SparseScan || ap.RSSI == 0 {
				return fmt.Errorf("incomplete or wrong: %+v", ap)
			}
			return nil
		}
	}
	return fmt.Errorf("%q is not among %+v", string(b.Network.SSID), list)
}

// StartScan: "EventScanDone follows."
func checkScan(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	for range 2 {
		list, err := b.scan(hal.ScanConfig{})
		if err != nil {
			return err
		}
		if err := b.wantNetwork(list); err != nil {
			return err
		}
	}
	return b.quiet()
}

// overlap is how far away in channels a network can be heard.
const overlap = 4

// ScanConfig: "Channel to scan." ScanResults: "The channel is that of the access
// point, also when it was heard while the radio listened to another one nearby."
func checkScanChannel(r Rig) error {
	if r.Channel == 0 {
		return nil
	}
	b, err := station(r)
	if err != nil {
		return err
	}
	list, err := b.scan(hal.ScanConfig{Channel: b.Channel})
	if err != nil {
		return err
	}
	if err := b.wantNetwork(list); err != nil {
		return err
	}
	for _, ap := range list {
		if d := int(ap.Channel) - int(b.Channel); d < -overlap || d > overlap {
			return fmt.Errorf("scan of channel %d found %+v", b.Channel, ap)
		}
	}
	if err := b.WiFi.StartScan(hal.ScanConfig{Channel: noChannel}); err == nil {
		return fmt.Errorf("StartScan of channel %d, which there is not, succeeds", noChannel)
	}
	return b.quiet()
}

const noChannel = 255

// usual are the channels of a driver that does not know its own.
var usual = []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}

// ScanChannels: "returns the channels that a scan with Channel 0 covers …
// ascending, each once. A scan of each of them covers what that one covers."
func checkScanChannels(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	channels := usual
	if l, ok := b.WiFi.(hal.ChannelLister); ok {
		if list := l.ScanChannels(); len(list) > 0 {
			channels = list
		}
	}
	listed := map[uint8]bool{0: b.SparseScan}
	for i, c := range channels {
		if !hal.ValidChannel(c) || i > 0 && c <= channels[i-1] {
			return fmt.Errorf("ScanChannels = %v: %d is no channel, or not in its place", channels, c)
		}
		listed[c] = true
	}
	all, err := b.scan(hal.ScanConfig{})
	if err != nil {
		return err
	}
	for _, ap := range all {
		if !listed[ap.Channel] {
			return fmt.Errorf("a scan of all channels found %+v, which is not on one of %v", ap, channels)
		}
	}
	for _, c := range channels {
		list, err := b.scan(hal.ScanConfig{Channel: c, PeriodMillis: 100})
		if err != nil {
			return fmt.Errorf("scan of channel %d, one of ScanChannels: %w", c, err)
		}
		if b.wantNetwork(list) == nil {
			return nil
		}
	}
	return fmt.Errorf("%q, which a scan of all channels finds, is not on one of %v", string(b.Network.SSID), channels)
}

// ScanConfig: "Passive listens for beacons only instead of sending probe
// requests."
func checkScanPassive(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	probes := func() int {
		if b.Probes == nil {
			return 0
		}
		return b.Probes()
	}
	before := probes()
	list, err := b.scan(hal.ScanConfig{Channel: b.Channel, Passive: true, PeriodMillis: 500})
	if err != nil {
		return err
	}
	if err := b.wantNetwork(list); err != nil {
		return err
	}
	if n := probes() - before; n != 0 && !b.limited(hal.LimitPassive) {
		return fmt.Errorf("a passive scan sent %d probe requests to the network", n)
	}
	before = probes()
	if _, err = b.scan(hal.ScanConfig{}); err != nil { // of all channels: no driver has these results already
		return err
	}
	if b.Probes != nil && probes() == before {
		return errors.New("an active scan sent no probe request to the network")
	}
	return nil
}

// ScanResults: "the strongest access points of the last finished scan,
// descending by RSSI."
func checkScanResults(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	list, err := b.scan(hal.ScanConfig{})
	if err != nil {
		return err
	}
	for i := 1; i < len(list); i++ {
		if list[i-1].RSSI < list[i].RSSI {
			return fmt.Errorf("not descending: %+v", list)
		}
	}
	// Room for less than was found gets the strongest; room for none is fine.
	for size := range 2 {
		if err := b.WiFi.StartScan(hal.ScanConfig{}); err != nil {
			return err
		}
		if _, err := b.wait(hal.EventScanDone); err != nil {
			return err
		}
		few, err := b.results(size)
		if err != nil {
			return err
		}
		if len(few) != size {
			return fmt.Errorf("ScanResults = %d for %d places", len(few), size)
		}
		// Signals change from scan to scan; 20 dB are more than that.
		if size == 1 && int(few[0].RSSI) < int(list[0].RSSI)-20 {
			return fmt.Errorf("the strongest is %+v, before it was %+v", few[0], list[0])
		}
	}
	return nil
}

// StartScan: "An error means that none began and no event follows; a scan under
// way is one (ErrBusy)."
func checkScanBusy(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if err := b.WiFi.StartScan(hal.ScanConfig{}); err != nil {
		return err
	}
	if err := b.WiFi.StartScan(hal.ScanConfig{}); !errors.Is(err, hal.ErrBusy) {
		return fmt.Errorf("second StartScan: error is %v, want ErrBusy", err)
	}
	if _, err := b.wait(hal.EventScanDone); err != nil {
		return err
	}
	list, err := b.results(64)
	if err != nil {
		return err
	}
	if err := b.wantNetwork(list); err != nil {
		return err
	}
	return b.quiet()
}

// StopScan: "EventScanDone then follows with what was found so far."
func checkStopScan(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if err := b.WiFi.StartScan(hal.ScanConfig{}); err != nil {
		return err
	}
	if err := promptly("StopScan", b.WiFi.StopScan); err != nil {
		return err
	}
	if _, err := b.wait(hal.EventScanDone); err != nil {
		return err
	}
	if err := b.quiet(); err != nil {
		return err
	}
	_, err = b.scan(hal.ScanConfig{})
	return err
}

// StopScan: "Without a running scan it succeeds, and nothing follows."
func checkStopScanIdle(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if err := promptly("StopScan", b.WiFi.StopScan); err != nil {
		return err
	}
	return b.quiet()
}

// unlessBusy takes hal.ErrBusy for no error.
func unlessBusy(err error) error {
	if errors.Is(err, hal.ErrBusy) {
		return nil
	}
	return err
}

// Connect: "During a scan, which lasts until its EventScanDone, it is ErrBusy as
// well, or breaks the scan off."
func checkConnectScanning(r Rig) error { return connectScanning(r, false) }

// StopScan: "until the event the scan counts as running, so StartScan and
// ScanResults are ErrBusy, and Connect may be."
func checkConnectStopped(r Rig) error { return connectScanning(r, true) }

func connectScanning(r Rig, stop bool) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if err := named("SetStationConfig", b.WiFi.SetStationConfig(b.Network)); err != nil {
		return err
	}
	if err := named("StartScan", b.WiFi.StartScan(hal.ScanConfig{})); err != nil {
		return err
	}
	if stop {
		if err := promptly("StopScan", b.WiFi.StopScan); err != nil {
			return err
		}
	}
	began := b.WiFi.Connect()
	if err := unlessBusy(began); err != nil {
		return fmt.Errorf("Connect: error is %w, want none or ErrBusy", err)
	}
	if _, err := b.wait(hal.EventScanDone); err != nil {
		return err
	}
	if began != nil {
		if err := promptly("Connect after the scan", b.WiFi.Connect); err != nil {
			return err
		}
	}
	for _, kind := range []hal.EventKind{hal.EventConnected, hal.EventGotIP} {
		if _, err := b.wait(kind); err != nil {
			return err
		}
	}
	return b.quiet()
}
