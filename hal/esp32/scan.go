//go:build espidf

package esp32

import "github.com/wifiprov/wifiprov/hal"

// StartScan implements hal.Scanner.
func (d *Device) StartScan(cfg hal.ScanConfig) error {
	if cfg.Channel > 14 {
		return &argError{"the channel is not 0 to 14"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.station
	if s.scanning {
		return &stateError{hal.ErrBusy, "a scan is running"}
	}
	if err := nativeScanStart(cfg); err != nil {
		return err
	}
	s.scanning = true
	s.scans++
	return nil
}

// StopScan implements hal.Scanner.
func (d *Device) StopScan() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.station
	if !s.scanning {
		return nil
	}
	if err := nativeScanStop(); err != nil {
		return err
	}
	s.scanning = false
	s.stopped = s.scans
	return nil
}

// ScanResults implements hal.Scanner. The driver sorts the results and forgets
// them, also when they cannot be had.
func (d *Device) ScanResults(dst []hal.AccessPoint) (int, error) {
	const most = 255 // more than any caller keeps; each takes memory of ESP-IDF's
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.station.scanning {
		return 0, &stateError{hal.ErrBusy, "a scan is running"}
	}
	return nativeScanResults(dst[:min(len(dst), most)])
}
