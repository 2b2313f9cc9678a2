// SPDX-License-Identifier: Apache-2.0

//go:build linux

package linux

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"
)

// Daemon is the program that owns a Wi-Fi interface.
type Daemon uint8

// Daemons.
const (
	Auto           Daemon = iota // the one that owns the interface, see Detect
	WPASupplicant                // wpa_supplicant, and nobody above it
	NetworkManager               // NetworkManager, which has a wpa_supplicant or iwd below it
)

// String returns the program's name.
func (d Daemon) String() string {
	switch d {
	case Auto:
		return "auto"
	case WPASupplicant:
		return "wpa_supplicant"
	case NetworkManager:
		return "NetworkManager"
	}
	return fmt.Sprintf("daemon %d", uint8(d))
}

// askTime limits the questions of Detect.
const askTime = 30 * time.Second

// Names on the message bus.
const (
	nmName   = "org.freedesktop.NetworkManager"
	nmPath   = dbus.ObjectPath("/org/freedesktop/NetworkManager")
	wpaName  = "fi.w1.wpa_supplicant1"
	busName  = "org.freedesktop.DBus"
	busPath  = dbus.ObjectPath("/org/freedesktop/DBus")
	getProp  = "org.freedesktop.DBus.Properties.Get"
	nmDevice = nmName + ".Device"
)

// settle is how long a NetworkManager that does not manage the interface is given: one
// that has just started does not manage anything yet. It is asked again and again.
// Variables for tests.
var (
	settle = 5 * time.Second
	again  = 500 * time.Millisecond
)

// Detect returns cfg with the Interface and the Daemon that Open uses. The interface is
// the only one but for the access point's. The daemon is NetworkManager if it runs and manages the interface,
// otherwise wpa_supplicant if it is there. Detect blocks for a few calls on the bus,
// and for 5 s if a NetworkManager runs that does not manage the interface.
//
// The error says what is missing on this box.
func Detect(ctx context.Context, cfg Config) (Config, error) {
	if cfg.Interface == "" {
		names, err := Interfaces()
		names = slices.DeleteFunc(names, func(name string) bool { return name == cfg.APInterface })
		if err == nil {
			cfg.Interface, err = only(names)
		}
		if err != nil {
			return cfg, err
		}
	}
	if cfg.Daemon != Auto {
		return cfg, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, askTime, errors.New("no answer"))
	defer cancel()
	connect := dbus.ConnectSystemBus
	if cfg.Bus != "" {
		connect = func(opts ...dbus.ConnOption) (*dbus.Conn, error) { return dbus.Connect(cfg.Bus, opts...) }
	}
	conn, err := connect(dbus.WithContext(ctx))
	if err != nil {
		return cfg, fmt.Errorf("linux: the message bus is not there (package dbus, /run/dbus/system_bus_socket): %w", err)
	}
	defer conn.Close()
	cfg.Daemon, err = owner(ctx, conn, cfg.Interface)
	return cfg, err
}

// owner finds the daemon that owns the interface.
func owner(ctx context.Context, conn *dbus.Conn, iface string) (Daemon, error) {
	bus := conn.Object(busName, busPath)
	var running bool
	if err := bus.CallWithContext(ctx, busName+".NameHasOwner", 0, nmName).Store(&running); err != nil {
		return Auto, fmt.Errorf("linux: the message bus does not say who owns %s: %w", nmName, err)
	}
	if running {
		switch managed, err := managedSoon(ctx, conn, iface); {
		case err != nil:
			return Auto, err
		case managed:
			return NetworkManager, nil
		}
	}
	var names, startable []string
	if err := bus.CallWithContext(ctx, busName+".ListNames", 0).Store(&names); err != nil {
		return Auto, fmt.Errorf("linux: the message bus does not tell its names: %w", err)
	}
	if err := bus.CallWithContext(ctx, busName+".ListActivatableNames", 0).Store(&startable); err != nil {
		return Auto, fmt.Errorf("linux: the message bus does not tell which programs it can start: %w", err)
	}
	switch {
	case slices.Contains(names, wpaName), slices.Contains(startable, wpaName):
		return WPASupplicant, nil
	case running:
		return Auto, fmt.Errorf("linux: NetworkManager does not manage %s (nmcli device set %[1]s managed yes), and wpa_supplicant is not on the bus (start it with -u)", iface)
	}
	return Auto, errors.New("linux: neither NetworkManager nor wpa_supplicant is on the message bus: install one of them; wpa_supplicant needs the option -u")
}

// managedSoon is managed, again and again for a while.
func managedSoon(ctx context.Context, conn *dbus.Conn, iface string) (bool, error) {
	late := time.NewTimer(settle)
	defer late.Stop()
	for {
		if is, err := managed(ctx, conn, iface); is || err != nil {
			return is, err
		}
		select {
		case <-time.After(again):
		case <-late.C:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// managed reports whether NetworkManager manages the interface.
func managed(ctx context.Context, conn *dbus.Conn, iface string) (bool, error) {
	var device dbus.ObjectPath
	err := conn.Object(nmName, nmPath).CallWithContext(ctx, nmName+".GetDeviceByIpIface", 0, iface).Store(&device)
	var refused dbus.Error
	if errors.As(err, &refused) && refused.Name == nmName+".UnknownDevice" {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("linux: NetworkManager does not tell of %s: %w", iface, err)
	}
	var value dbus.Variant
	if err := conn.Object(nmName, device).CallWithContext(ctx, getProp, 0, nmDevice, "Managed").Store(&value); err != nil {
		return false, fmt.Errorf("linux: NetworkManager does not tell whether it manages %s: %w", iface, err)
	}
	is, _ := value.Value().(bool)
	return is, nil
}
