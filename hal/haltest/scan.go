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
	return list[:n], nil
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

// ScanConfig: "Channel to scan, 1 to 14."
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
		if ap.Channel != b.Channel {
			return fmt.Errorf("scan of channel %d found %+v", b.Channel, ap)
		}
	}
	return nil
}

func checkScanPassive(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	list, err := b.scan(hal.ScanConfig{Channel: b.Channel, Passive: true, PeriodMillis: 500})
	if err != nil {
		return err
	}
	return b.wantNetwork(list)
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
