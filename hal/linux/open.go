// SPDX-License-Identifier: Apache-2.0

//go:build linux

package linux

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/nm"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/linux/wpa"
	"github.com/wifiprov/wifiprov/internal/dhcp4"
	"github.com/wifiprov/wifiprov/internal/nl80211"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/fileflash"
)

// DefaultStore is where the configuration is kept with wpa_supplicant, unless
// Config.Store says otherwise. The folder has to be there.
const DefaultStore = "/var/lib/wifiprov/wifi.nvs"

// storeSize is the size of a new file: three sectors are the least that package nvs can
// work with, and each further one lets it erase less often.
const storeSize = 6 * nvs.SectorSize

// Config says how to drive a box's Wi-Fi. The zero value drives the only interface
// through the daemon that owns it.
type Config struct {
	// Interface is the station's, "wlan0"; empty: the only Wi-Fi interface.
	Interface string

	// Daemon to drive; Auto: the one that owns the interface.
	Daemon Daemon

	// Store is the file that keeps the configuration with wpa_supplicant, which has
	// no place for it; an NVS partition with permissions 0600. Empty: DefaultStore.
	// NetworkManager keeps a profile instead.
	Store string

	// SystemDHCP leaves addresses to the DHCP client of the system (dhcpcd,
	// systemd-networkd, udhcpc) with wpa_supplicant: the Radio waits for the address
	// that the other sets. Otherwise it gets one itself; then none else may run on
	// the interface. NetworkManager has its own client.
	SystemDHCP bool

	// APInterface is another Wi-Fi interface, with a radio of its own, for the access
	// point; empty: the radio of Interface, see package radio.
	APInterface string

	// APAddress is the address of the box in its access point's network; zero:
	// 192.168.4.1/24, as that of an ESP32.
	APAddress netip.Prefix

	// Bus is the address of the message bus; empty: the system bus.
	Bus string

	// Logger takes log messages; nil: silent.
	Logger hal.Logger
}

// Open returns the Wi-Fi of this box. It takes nothing over before Radio.Start. The
// caller closes it.
//
// It fails if the interface or its daemon is not there, and the error says what to do.
func Open(ctx context.Context, cfg Config) (*radio.Radio, error) {
	cfg, err := Detect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	d, err := cfg.open()
	if err != nil {
		return nil, err
	}
	r, err := radio.New(d, radio.Config{
		Interface: cfg.Interface, Phy: nl80211.Phy{}, APInterface: cfg.APInterface, APAddress: cfg.APAddress,
		Logger: cfg.Logger,
	})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return r, nil
}

// open returns what drives the daemon.
func (cfg Config) open() (radio.Daemon, error) {
	switch cfg.Daemon {
	case NetworkManager:
		return nm.New(nm.Config{Interface: cfg.Interface, Bus: cfg.Bus, Logger: cfg.Logger})
	case WPASupplicant:
		return cfg.openWPA()
	}
	return nil, fmt.Errorf("linux: Config.Daemon is %v; choose Auto, WPASupplicant or NetworkManager", cfg.Daemon)
}

func (cfg Config) openWPA() (_ radio.Daemon, err error) {
	path := cfg.Store
	if path == "" {
		path = DefaultStore
	}
	file, err := fileflash.Open(path, storeSize)
	if err != nil {
		return nil, fmt.Errorf("linux: opening the file for the Wi-Fi configuration: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	part, err := nvs.Open(file, nvs.Options{})
	if err != nil {
		return nil, fmt.Errorf("linux: %s is no store for a Wi-Fi configuration; move it away: %w", path, err)
	}
	lease := dhcp4.Client{Keep: radio.ErrKeep, Logger: cfg.Logger}.Lease
	if cfg.SystemDHCP {
		lease = dhcp4.Await
	}
	d, err := wpa.New(wpa.Config{
		Interface: cfg.Interface, Store: part, Bus: cfg.Bus, Logger: cfg.Logger,
		Lease: lease, Serve: dhcp4.Serve, Channels: nl80211.Phy{}.Channels,
	})
	if err != nil {
		return nil, errors.Join(err, part.Close())
	}
	return &stored{d, part, file}, nil
}

// stored is a Daemon with the file of its configuration.
type stored struct {
	*wpa.Daemon
	part *nvs.Partition
	file *fileflash.File
}

// Close implements radio.Daemon.
func (s *stored) Close() error {
	return errors.Join(s.Daemon.Close(), s.part.Close(), s.file.Close())
}
