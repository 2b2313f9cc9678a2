// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
)

// Method names a method of hal.WiFi, hal.SoftAP or hal.JoinReporter, or
// Board.Reboot.
type Method uint8

// Methods that a wrapper sees.
const (
	MethodSetMode Method = iota + 1
	MethodStart
	MethodSubscribe
	MethodSetStorage
	MethodSetStationConfig
	MethodStationConfig
	MethodRestore
	MethodConnect
	MethodDisconnect
	MethodLink
	MethodStartScan
	MethodStopScan
	MethodScanResults
	MethodStartSoftAP
	MethodStopSoftAP
	MethodReboot
	MethodJoinInfo
	MethodIPConfig

	methods = iota + 1
)

// String returns the method's name.
func (m Method) String() string {
	switch m {
	case MethodSetMode:
		return "SetMode"
	case MethodStart:
		return "Start"
	case MethodSubscribe:
		return "Subscribe"
	case MethodSetStorage:
		return "SetStorage"
	case MethodSetStationConfig:
		return "SetStationConfig"
	case MethodStationConfig:
		return "StationConfig"
	case MethodRestore:
		return "Restore"
	case MethodConnect:
		return "Connect"
	case MethodDisconnect:
		return "Disconnect"
	case MethodLink:
		return "Link"
	case MethodStartScan:
		return "StartScan"
	case MethodStopScan:
		return "StopScan"
	case MethodScanResults:
		return "ScanResults"
	case MethodStartSoftAP:
		return "StartSoftAP"
	case MethodStopSoftAP:
		return "StopSoftAP"
	case MethodReboot:
		return "Reboot"
	case MethodJoinInfo:
		return "JoinInfo"
	case MethodIPConfig:
		return "IPConfig"
	}
	return "unknown method"
}

// proxy implements hal.WiFi, hal.SoftAP and the optional abilities of a hal.WiFi on
// another HAL. Every call of the radio goes through around, which decides whether to
// make the call. args describes the arguments and may be nil.
type proxy struct {
	wifi   hal.WiFi
	around func(m Method, args func() string, call func() error) error
}

// SetMode implements hal.Radio.
func (p *proxy) SetMode(m hal.Mode) error {
	return p.around(MethodSetMode, m.String, func() error { return p.wifi.SetMode(m) })
}

// Start implements hal.Radio.
func (p *proxy) Start() error { return p.around(MethodStart, nil, p.wifi.Start) }

// SetStorage implements hal.ConfigStore.
func (p *proxy) SetStorage(s hal.Storage) error {
	return p.around(MethodSetStorage, s.String, func() error { return p.wifi.SetStorage(s) })
}

// SetStationConfig implements hal.ConfigStore.
func (p *proxy) SetStationConfig(cfg hal.StationConfig) error {
	args := func() string { return configText(cfg) }
	return p.around(MethodSetStationConfig, args, func() error { return p.wifi.SetStationConfig(cfg) })
}

// StationConfig implements hal.ConfigStore.
func (p *proxy) StationConfig() (cfg hal.StationConfig, err error) {
	err = p.around(MethodStationConfig, nil, func() (err error) {
		cfg, err = p.wifi.StationConfig()
		return err
	})
	return cfg, err
}

// Restore implements hal.ConfigStore.
func (p *proxy) Restore() error { return p.around(MethodRestore, nil, p.wifi.Restore) }

// Connect implements hal.Station.
func (p *proxy) Connect() error { return p.around(MethodConnect, nil, p.wifi.Connect) }

// Disconnect implements hal.Station.
func (p *proxy) Disconnect() error { return p.around(MethodDisconnect, nil, p.wifi.Disconnect) }

// Link implements hal.Station.
func (p *proxy) Link() (link hal.Link, err error) {
	err = p.around(MethodLink, nil, func() (err error) {
		link, err = p.wifi.Link()
		return err
	})
	return link, err
}

// StartScan implements hal.Scanner.
func (p *proxy) StartScan(cfg hal.ScanConfig) error {
	args := func() string { return scanText(cfg) }
	return p.around(MethodStartScan, args, func() error { return p.wifi.StartScan(cfg) })
}

// StopScan implements hal.Scanner.
func (p *proxy) StopScan() error { return p.around(MethodStopScan, nil, p.wifi.StopScan) }

// ScanResults implements hal.Scanner.
func (p *proxy) ScanResults(dst []hal.AccessPoint) (n int, err error) {
	args := func() string { return strconv.Itoa(len(dst)) }
	err = p.around(MethodScanResults, args, func() (err error) {
		n, err = p.wifi.ScanResults(dst)
		return err
	})
	return n, err
}

// StartSoftAP implements hal.SoftAP; it fails if the wrapped HAL has none.
func (p *proxy) StartSoftAP(cfg hal.SoftAPConfig) error {
	args := func() string { return softAPText(cfg) }
	return p.around(MethodStartSoftAP, args, func() error {
		if s, ok := p.wifi.(hal.SoftAP); ok {
			return s.StartSoftAP(cfg)
		}
		return errNoSoftAP
	})
}

// StopSoftAP implements hal.SoftAP; it fails if the wrapped HAL has none.
func (p *proxy) StopSoftAP() error {
	return p.around(MethodStopSoftAP, nil, func() error {
		if s, ok := p.wifi.(hal.SoftAP); ok {
			return s.StopSoftAP()
		}
		return errNoSoftAP
	})
}

// JoinInfo implements hal.JoinReporter; hal.ErrNotSupported if the wrapped HAL
// does not.
func (p *proxy) JoinInfo() (info hal.JoinInfo, err error) {
	err = p.around(MethodJoinInfo, nil, func() (err error) {
		r, ok := p.wifi.(hal.JoinReporter)
		if !ok {
			return hal.ErrNotSupported
		}
		info, err = r.JoinInfo()
		return err
	})
	return info, err
}

// IPConfig implements hal.JoinReporter; hal.ErrNotSupported if the wrapped HAL
// does not.
func (p *proxy) IPConfig() (cfg hal.IPConfig, err error) {
	err = p.around(MethodIPConfig, nil, func() (err error) {
		r, ok := p.wifi.(hal.JoinReporter)
		if !ok {
			return hal.ErrNotSupported
		}
		cfg, err = r.IPConfig()
		return err
	})
	return cfg, err
}

// The abilities below are not calls of the radio. They bypass around, so that records
// have only calls of the radio.

// ScanChannels implements hal.ChannelLister; nil if the wrapped HAL does not.
func (p *proxy) ScanChannels() []uint8 {
	if l, ok := p.wifi.(hal.ChannelLister); ok {
		return l.ScanChannels()
	}
	return nil
}

// Claim implements hal.Claimer by the wrapped HAL; hal.ErrNotSupported if that does
// not.
func (p *proxy) Claim() (release func(), err error) {
	if c, ok := p.wifi.(hal.Claimer); ok {
		return c.Claim()
	}
	return nil, hal.ErrNotSupported
}

// Limits implements hal.Limited; 0 if the wrapped HAL does not.
func (p *proxy) Limits() hal.Limits {
	if l, ok := p.wifi.(hal.Limited); ok {
		return l.Limits()
	}
	return 0
}

// reboot restarts the wrapped HAL if it is one that can.
func (p *proxy) reboot() error {
	return p.around(MethodReboot, nil, func() error {
		if r, ok := p.wifi.(interface{ Reboot() error }); ok {
			return r.Reboot()
		}
		return errNoReboot
	})
}
