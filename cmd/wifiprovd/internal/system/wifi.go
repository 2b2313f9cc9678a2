// SPDX-License-Identifier: Apache-2.0

//go:build linux

package system

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/config"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/daemon"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux"
	"github.com/wifiprov/wifiprov/internal/netwatch"
)

// Open implements daemon.System.
func (s System) Open(ctx context.Context, cfg *config.Config, log hal.Logger) (*daemon.Box, error) {
	c := linux.Config{Store: s.Store, SystemDHCP: cfg.SystemDHCP, APInterface: cfg.APInterface, Logger: log}
	if cfg.Interface != config.Auto {
		c.Interface = cfg.Interface
	}
	switch cfg.Backend {
	case config.WPASupplicant:
		c.Daemon = linux.WPASupplicant
	case config.NetworkManager:
		c.Daemon = linux.NetworkManager
	}
	c, err := linux.Detect(ctx, c)
	if err != nil {
		return nil, err
	}
	mac, err := address(c.Interface)
	if err != nil {
		return nil, err
	}
	radio, err := linux.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	box := &daemon.Box{Radio: radio, Interface: c.Interface, Backend: config.NetworkManager, MAC: mac}
	if c.Daemon == linux.WPASupplicant {
		box.Backend, box.Join = config.WPASupplicant, true
	}
	return box, nil
}

// address returns the MAC address of an interface's radio. That of the interface itself
// may be a random one of NetworkManager.
func address(iface string) (mac hal.BSSID, err error) {
	text, err := os.ReadFile(filepath.Join("/sys/class/net", iface, "phy80211/macaddress"))
	if err != nil {
		return mac, fmt.Errorf("%s is no Wi-Fi interface of this machine: %w", iface, err)
	}
	return mac, mac.UnmarshalText([]byte(strings.TrimSpace(string(text))))
}

// Watch implements daemon.System.
func (System) Watch(ctx context.Context, cfg *config.Config, box *daemon.Box, fn func(up bool)) error {
	var c netwatch.Config
	if cfg.StartNetwork == config.OwnNetwork {
		c.Interface = box.Interface
	}
	return netwatch.Watch(ctx, c, fn)
}
