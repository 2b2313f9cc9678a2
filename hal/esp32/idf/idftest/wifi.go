// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idftest

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// wifi is the part of the driver's state that the board does not have. It is guarded by
// Chip.mu.
type wifi struct {
	init    bool
	started bool
	cancel  func()
	joining bool
	linked  bool
	ap      hal.SoftAPConfig
	results []hal.AccessPoint
	fetched bool              // results are those of the last scan
	more    []hal.AccessPoint // for the next results
	only5   bool
	quiet   bool // ending an attempt to join posts no event
	hushed  int  // events that are not posted because of that
}

// SetQuiet makes the driver post no STA_DISCONNECTED when esp_wifi_disconnect or
// esp_wifi_stop end an attempt to join. ESP-IDF's documentation promises the event only
// for a connected station.
func (c *Chip) SetQuiet(quiet bool) { c.set(&c.wifi.quiet, quiet) }

// initialised runs fn if the driver is.
func (c *Chip) initialised(fn func() int32) int32 {
	c.mu.Lock()
	ok := c.wifi.init
	c.mu.Unlock()
	if !ok {
		return errWiFiNotInit
	}
	return fn()
}

// is reads a part of the driver's state.
func (c *Chip) is(part *bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *part
}

func (c *Chip) set(part *bool, v bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*part = v
}

// WiFiInit implements idf.Chip.
func (c *Chip) WiFiInit() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.wifi.init {
		c.wifi = wifi{init: true, cancel: c.Board.Subscribe(c.event)}
	}
	return 0
}

// WiFiDeinit implements idf.Chip. The driver's RAM is lost.
func (c *Chip) WiFiDeinit() int32 {
	return c.initialised(func() int32 {
		c.mu.Lock()
		cancel := c.wifi.cancel
		c.wifi = wifi{}
		c.mu.Unlock()
		cancel()
		return code(c.Board.Reboot(), Fail)
	})
}

// event posts an event of the board's.
func (c *Chip) event(e hal.Event) {
	info, _ := c.Board.JoinInfo()
	kind, ap := idf.PostStationStart, info.AP
	c.mu.Lock()
	switch e.Kind {
	case hal.EventConnected:
		kind = idf.PostConnected
		c.wifi.joining, c.wifi.linked = false, true
	case hal.EventDisconnected:
		kind = idf.PostDisconnected
		if c.wifi.hushed > 0 {
			c.wifi.hushed--
			c.mu.Unlock()
			return
		}
		c.wifi.joining, c.wifi.linked = false, false
		if ap.Channel == 0 {
			ap = hal.AccessPoint{}
		}
	case hal.EventScanDone:
		kind = idf.PostScanDone
		c.wifi.fetched = false
	case hal.EventGotIP:
		kind = idf.PostGotIP
	}
	c.mu.Unlock()
	idf.Post(kind, e, ap)
}

// SetMode implements idf.Chip.
func (c *Chip) SetMode(m hal.Mode) int32 {
	return c.initialised(func() int32 {
		if err := c.Board.SetMode(m); err != nil {
			return ErrInvalidArg
		}
		return 0
	})
}

// Mode implements idf.Chip.
func (c *Chip) Mode() (hal.Mode, bool) {
	return c.Board.Mode(), c.is(&c.wifi.init)
}

// WiFiStart implements idf.Chip.
func (c *Chip) WiFiStart() int32 {
	return c.initialised(func() int32 {
		c.set(&c.wifi.started, true)
		if err := c.Board.Start(); err != nil {
			return code(err, Fail)
		}
		return c.openAP()
	})
}

// WiFiStop implements idf.Chip.
func (c *Chip) WiFiStop() int32 {
	return c.initialised(func() int32 {
		c.mu.Lock()
		c.wifi.started = false
		c.leaveLocked()
		c.mu.Unlock()
		station := c.Board.Mode()&hal.ModeSTA != 0
		if err := c.Board.SetMode(hal.ModeOff); err != nil {
			return code(err, Fail)
		}
		if station {
			idf.Post(idf.PostStationStop, hal.Event{}, hal.AccessPoint{})
		}
		return 0
	})
}

// WiFiRestore implements idf.Chip.
func (c *Chip) WiFiRestore() int32 {
	return c.initialised(func() int32 { return code(c.Board.Restore(), errWiFiNVS) })
}

// WiFiConnect implements idf.Chip.
func (c *Chip) WiFiConnect() int32 {
	return c.initialised(func() int32 {
		cfg, _ := c.Board.StationConfig()
		switch {
		case !c.is(&c.wifi.started):
			return errWiFiNotStarted
		case c.Board.Mode()&hal.ModeSTA == 0:
			return errWiFiMode
		case c.is(&c.wifi.joining):
			return errWiFiConn
		case cfg.SSID == "":
			return errWiFiSSID
		}
		err := c.Board.Connect()
		if err == nil {
			c.set(&c.wifi.joining, true)
		}
		return code(err, Fail)
	})
}

// WiFiDisconnect implements idf.Chip.
func (c *Chip) WiFiDisconnect() int32 {
	return c.initialised(func() int32 {
		if !c.is(&c.wifi.started) {
			return errWiFiNotStarted
		}
		c.mu.Lock()
		c.leaveLocked()
		c.mu.Unlock()
		return code(c.Board.Disconnect(), Fail)
	})
}

// leaveLocked ends an attempt to join.
func (c *Chip) leaveLocked() {
	if c.wifi.quiet && c.wifi.joining {
		c.wifi.hushed++
	}
	c.wifi.joining = false
}

// SetStorage implements idf.Chip.
func (c *Chip) SetStorage(s hal.Storage) int32 {
	return c.initialised(func() int32 { return code(c.Board.SetStorage(s), ErrInvalidArg) })
}

// SetStation implements idf.Chip. A station that joins refuses.
func (c *Chip) SetStation(cfg hal.StationConfig) int32 {
	return c.initialised(func() int32 {
		if c.is(&c.wifi.joining) {
			return errWiFiState
		}
		return code(c.Board.SetStationConfig(cfg), errWiFiNVS)
	})
}

// Station implements idf.Chip.
func (c *Chip) Station() (cfg hal.StationConfig, result int32) {
	result = c.initialised(func() int32 {
		var err error
		cfg, err = c.Board.StationConfig()
		return code(err, Fail)
	})
	return cfg, result
}

// SetAP implements idf.Chip.
func (c *Chip) SetAP(cfg hal.SoftAPConfig) int32 {
	return c.initialised(func() int32 {
		switch {
		case c.Board.Mode()&hal.ModeAP == 0:
			return errWiFiMode
		case cfg.Auth != hal.AuthOpen && len(cfg.Key) < 8:
			return errWiFiPassword
		}
		c.mu.Lock()
		c.wifi.ap = cfg
		c.mu.Unlock()
		return c.openAP()
	})
}

// openAP opens the access point if mode, configuration and radio are there.
func (c *Chip) openAP() int32 {
	c.mu.Lock()
	cfg, started := c.wifi.ap, c.wifi.started
	c.mu.Unlock()
	if cfg.SSID == "" || !started || c.Board.Mode()&hal.ModeAP == 0 {
		return 0
	}
	return code(c.Board.StartSoftAP(cfg), ErrInvalidArg)
}

// BandMode implements idf.Chip.
func (c *Chip) BandMode() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.cfg.FiveGHz:
		return 1
	case c.wifi.only5:
		return 2
	}
	return 3
}

// SetOnly5GHz sets the band mode of a chip with 5 GHz.
func (c *Chip) SetOnly5GHz(only bool) { c.set(&c.wifi.only5, only) }

// CountryMask implements idf.Chip.
func (c *Chip) CountryMask() uint32 { return c.cfg.CountryMask }

// Report makes the driver report these in addition to the next scan's results.
func (c *Chip) Report(more ...hal.AccessPoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wifi.more = more
}

// ScanStart implements idf.Chip.
func (c *Chip) ScanStart(cfg hal.ScanConfig) int32 {
	return c.initialised(func() int32 {
		if !c.is(&c.wifi.started) {
			return errWiFiNotStarted
		}
		return code(c.Board.StartScan(cfg), errWiFiState)
	})
}

// ScanStop implements idf.Chip.
func (c *Chip) ScanStop() int32 {
	return c.initialised(func() int32 {
		if !c.is(&c.wifi.started) {
			return errWiFiNotStarted
		}
		return code(c.Board.StopScan(), Fail)
	})
}

// Scanned implements idf.Chip.
func (c *Chip) Scanned() ([]hal.AccessPoint, bool) {
	c.mu.Lock()
	started, fetched, list := c.wifi.started, c.wifi.fetched, c.wifi.results
	c.mu.Unlock()
	if !started {
		return nil, false
	}
	if !fetched {
		list = make([]hal.AccessPoint, sim.MaxResults)
		n, _ := c.Board.ScanResults(list) // while a scan runs there are none
		list = list[:n]
		c.mu.Lock()
		list = append(c.wifi.more, list...)
		c.wifi.more = nil
		c.wifi.results, c.wifi.fetched = list, true
		c.mu.Unlock()
	}
	return list, true
}

// ScanForget implements idf.Chip.
func (c *Chip) ScanForget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wifi.results, c.wifi.fetched = nil, true
}

// AP implements idf.Chip.
func (c *Chip) AP() (hal.AccessPoint, int32) {
	switch {
	case c.Board.Mode()&hal.ModeSTA == 0:
		return hal.AccessPoint{}, errWiFiConn
	case !c.is(&c.wifi.linked):
		return hal.AccessPoint{}, errWiFiNotConnect
	}
	info, _ := c.Board.JoinInfo()
	return info.AP, 0
}

// Channel implements idf.Chip: where the station is or was last.
func (c *Chip) Channel() uint8 {
	info, _ := c.Board.JoinInfo()
	return max(1, info.AP.Channel)
}

// IP implements idf.Chip.
func (c *Chip) IP() hal.IPConfig {
	cfg, _ := c.Board.IPConfig() // zero without an address
	return cfg
}
