// SPDX-License-Identifier: Apache-2.0

// Package chip is the hardware of a device as the programs of package fit see
// it: a radio that joins whatever it is told to, a line, a Bluetooth controller
// and a flash. It is as small as possible, so that a program's size is the
// library's.
package chip

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// Radio implements hal.WiFi. Keep keeps its configuration, unless it is nil. Clock is
// when its events come; nil: the runtime's.
type Radio struct {
	Keep  Keeper
	Clock hal.Clock

	config hal.StationConfig
	flash  bool
	linked bool
	tell   func(hal.Event)
}

// Keeper keeps a radio's configuration. It is an interface so that a program
// without a store does not contain one.
type Keeper interface {
	Load() (hal.StationConfig, error)
	Save(hal.StationConfig) error
	Restore() error
}

// Kept keeps the configuration under the driver's keys of a store.
type Kept struct{ Store store.Store }

// Load implements Keeper.
func (k Kept) Load() (hal.StationConfig, error) { return wifistore.Load(k.Store) }

// Save implements Keeper.
func (k Kept) Save(cfg hal.StationConfig) error { return wifistore.Save(k.Store, cfg) }

// Restore implements Keeper.
func (k Kept) Restore() error { return wifistore.Restore(k.Store) }

// SetMode implements hal.Radio.
func (r *Radio) SetMode(hal.Mode) error { return nil }

// Start implements hal.Radio.
func (r *Radio) Start() error {
	r.later(hal.Event{Kind: hal.EventStationStart})
	return nil
}

// Subscribe implements hal.Radio, for one subscriber.
func (r *Radio) Subscribe(fn func(hal.Event)) (cancel func()) {
	r.tell = fn
	return func() { r.tell = nil }
}

func (r *Radio) later(events ...hal.Event) {
	clock := r.Clock
	if clock == nil {
		clock = hal.SystemClock{}
	}
	clock.AfterFunc(time.Millisecond, func() {
		for _, e := range events {
			if r.tell != nil {
				r.tell(e)
			}
		}
	})
}

// SetStorage implements hal.ConfigStore.
func (r *Radio) SetStorage(s hal.Storage) error {
	r.flash = s == hal.StorageFlash
	return nil
}

// SetStationConfig implements hal.ConfigStore.
func (r *Radio) SetStationConfig(cfg hal.StationConfig) error {
	r.config = cfg
	if r.Keep == nil || !r.flash {
		return nil
	}
	return r.Keep.Save(cfg)
}

// StationConfig implements hal.ConfigStore.
func (r *Radio) StationConfig() (hal.StationConfig, error) {
	if r.Keep == nil || r.config.SSID != "" {
		return r.config, nil
	}
	return r.Keep.Load()
}

// Restore implements hal.ConfigStore.
func (r *Radio) Restore() error {
	r.config = hal.StationConfig{}
	if r.Keep == nil {
		return nil
	}
	return r.Keep.Restore()
}

// Connect implements hal.Station.
func (r *Radio) Connect() error {
	r.linked = true
	r.later(hal.Event{Kind: hal.EventConnected}, hal.Event{Kind: hal.EventGotIP, IP: hal.IPv4{192, 168, 1, 77}})
	return nil
}

// Disconnect implements hal.Station.
func (r *Radio) Disconnect() error {
	if r.linked {
		r.linked = false
		r.later(hal.Event{Kind: hal.EventDisconnected, Reason: hal.ReasonAssocLeave})
	}
	return nil
}

// Link implements hal.Station.
func (r *Radio) Link() (hal.Link, error) {
	if !r.linked {
		return hal.Link{}, hal.ErrNotConnected
	}
	return hal.Link{AP: hal.AccessPoint{SSID: r.config.SSID}, IP: hal.IPv4{192, 168, 1, 77}}, nil
}

// StartScan implements hal.Scanner.
func (r *Radio) StartScan(hal.ScanConfig) error {
	r.later(hal.Event{Kind: hal.EventScanDone})
	return nil
}

// StopScan implements hal.Scanner.
func (r *Radio) StopScan() error { return nil }

// ScanResults implements hal.Scanner.
func (r *Radio) ScanResults(dst []hal.AccessPoint) (int, error) {
	return copy(dst, []hal.AccessPoint{{SSID: "HomeNet", Channel: 6, RSSI: -47, Auth: hal.AuthWPA2PSK}}), nil
}
