// SPDX-License-Identifier: Apache-2.0

//go:build linux

package system

import (
	"context"
	"io"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/button"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/config"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/daemon"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/bluez"
	"github.com/wifiprov/wifiprov/hal/ble/hci"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

// System implements daemon.System.
type System struct {
	// Store is the file in which credentials are kept where no daemon of the machine
	// does that.
	Store string
}

// Scheme implements daemon.System.
func (System) Scheme(ctx context.Context, cfg *config.Config, box *daemon.Box, log hal.Logger) (scheme.Scheme, io.Closer, error) {
	if cfg.Transport == config.SoftAP {
		return softap.New(softap.Config{AP: box.Radio, Server: httpd.Config{Logger: log}}), nil, nil
	}
	if cfg.BLEStack == config.Bluetoothd {
		peripheral := bluez.New(bluez.Config{Adapter: cfg.BLEAdapter, Logger: log})
		return ble.New(ble.Config{GATT: peripheral, Server: gatt.Config{Logger: log}}), nil, nil
	}
	adapter := cfg.BLEAdapter
	if adapter == "" {
		adapter = "hci0"
	}
	transport, err := hci.Open(ctx, adapter, hci.Config{})
	if err != nil {
		return nil, nil, err
	}
	host, err := att.New(transport, att.Config{Logger: log})
	if err != nil {
		_ = closer{transport}.Close()
		return nil, nil, err
	}
	return ble.New(ble.Config{GATT: host, Server: gatt.Config{Logger: log}}), closer{transport}, nil
}

// closer waits until the adapter is free again.
type closer struct{ *hci.Transport }

func (c closer) Close() error {
	err := c.Transport.Close()
	<-c.Done()
	return err
}

// Button implements daemon.System.
func (System) Button(cfg *config.Config) (daemon.Button, error) {
	pulls := map[string]button.Pull{"up": button.PullUp, "down": button.PullDown, "none": button.PullNone}
	return button.Open(button.LineConfig{
		Chip: cfg.ButtonChip, Line: cfg.ButtonLine, ActiveLow: cfg.ButtonActiveLow,
		Pull: pulls[cfg.ButtonPull], Debounce: cfg.ButtonDebounce,
	})
}
