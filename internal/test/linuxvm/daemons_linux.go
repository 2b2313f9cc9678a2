// SPDX-License-Identifier: Apache-2.0

package linuxvm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Backend is who owns the device's radio.
type Backend string

// The backends.
const (
	WPA Backend = "wpa" // wpa_supplicant alone, with its D-Bus interface
	NM  Backend = "nm"  // NetworkManager, with wpa_supplicant below it
)

const nmConfig = `[main]
auth-polkit=root-only
plugins=keyfile
dhcp=internal
[connectivity]
enabled=false
`

// Start starts the daemons, and waits until they can be asked.
func (b Backend) Start(ctx context.Context) error {
	if _, err := Start("wpa_supplicant", "wpa_supplicant", "-u", "-t", "-s", "-O", "/run/wpa_supplicant"); err != nil {
		return err
	}
	if err := named(ctx, "fi.w1.wpa_supplicant1"); err != nil || b == WPA {
		return err
	}
	if err := os.WriteFile("/etc/NetworkManager/conf.d/lab.conf", []byte(nmConfig), 0o644); err != nil {
		return err
	}
	if _, err := Start("NetworkManager", "NetworkManager", "--debug", "--log-level=INFO"); err != nil {
		return err
	}
	return managed(ctx)
}

// managed waits until NetworkManager manages the device's radio.
func managed(ctx context.Context) error {
	return Wait(ctx, "NetworkManager manages wlan0", func() bool {
		out, err := Run(ctx, "nmcli", "-t", "-f", "DEVICE,STATE", "device")
		return err == nil && strings.Contains(out, "wlan0:") && !strings.Contains(out, "wlan0:unavailable") && !strings.Contains(out, "wlan0:unmanaged")
	})
}

// Stop stops the daemons as a machine that is shut down does. The addresses of the
// device's radio are gone afterwards.
func (b Backend) Stop(ctx context.Context) error { return b.end(ctx, Stop) }

// Kill is Stop as a machine does that loses its power.
func (b Backend) Kill(ctx context.Context) error { return b.end(ctx, Kill) }

func (b Backend) end(ctx context.Context, end func(context.Context, string) error) error {
	for _, name := range []string{"NetworkManager", "wpa_supplicant"} {
		if err := end(ctx, name); err != nil {
			return err
		}
	}
	_, err := Run(ctx, "sh", "-c", "pkill -f '[n]m-dnsmasq'; iw dev ap-wlan0 del 2>/dev/null; ip link set wlan0 down; ip addr flush dev wlan0")
	return err
}

// Forget removes what the daemons have stored.
func (b Backend) Forget() error {
	for _, pattern := range []string{"/etc/NetworkManager/system-connections/*", "/run/NetworkManager/system-connections/*", "/var/lib/NetworkManager/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := os.RemoveAll(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// Bluetooth makes the two controllers, and starts bluetoothd.
func Bluetooth(ctx context.Context) error {
	if err := controllers(ctx); err != nil {
		return err
	}
	if _, err := Start("bluetoothd", "/usr/libexec/bluetooth/bluetoothd", "-n"); err != nil {
		return err
	}
	return adapter(ctx)
}

// controllers makes the two controllers. Bluetoothd is to leave hci1 to the phone.
func controllers(ctx context.Context) error {
	if _, err := Pid("btvirt"); err != nil {
		if _, err := Run(ctx, "modprobe", "-a", "hci_vhci", "af_alg", "algif_hash", "algif_skcipher", "cmac", "ecb", "ecdh_generic"); err != nil {
			return err
		}
		if _, err := Start("btvirt", "btvirt", "-L", "-l2"); err != nil {
			return err
		}
		if err := Wait(ctx, "hci1", func() bool { _, err := os.Stat("/sys/class/bluetooth/hci1"); return err == nil }); err != nil {
			return err
		}
	}
	return os.WriteFile("/etc/bluetooth/main.conf", []byte("[Policy]\nAutoEnable=false\n"), 0o644)
}

// adapter waits until bluetoothd knows the device's controller.
func adapter(ctx context.Context) error {
	return Wait(ctx, "bluetoothd knows hci0", func() bool {
		_, err := Run(ctx, "dbus-send", "--system", "--print-reply", "--dest=org.bluez", "/org/bluez/hci0",
			"org.freedesktop.DBus.Properties.Get", "string:org.bluez.Adapter1", "string:Address")
		return err == nil
	})
}

// powered switches an adapter of bluetoothd on or off.
func powered(ctx context.Context, adapter string, on bool) error {
	_, err := Run(ctx, "dbus-send", "--system", "--print-reply", "--reply-timeout=20000", "--dest=org.bluez", "/org/bluez/"+adapter,
		"org.freedesktop.DBus.Properties.Set", "string:org.bluez.Adapter1", "string:Powered", fmt.Sprintf("variant:boolean:%t", on))
	return err
}

// named waits until a name of the system bus has an owner.
func named(ctx context.Context, name string) error {
	return Wait(ctx, name+" is on the bus", func() bool {
		out, err := Run(ctx, "dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", "string:"+name)
		return err == nil && strings.Contains(out, "boolean true")
	})
}

// Address is the IPv4 address that an interface has in the network, or "".
func (n *Network) Address(ctx context.Context, iface string) string {
	out, err := Run(ctx, "ip", "-4", "-o", "addr", "show", "dev", iface)
	if err != nil {
		return ""
	}
	for _, word := range strings.Fields(out) {
		if address, _, _ := strings.Cut(word, "/"); strings.HasPrefix(address, n.Subnet+".") && !strings.HasSuffix(address, ".255") {
			return address
		}
	}
	return ""
}

// Online tells whether the device is in the network, and reaches its router.
func (n *Network) Online(ctx context.Context) bool {
	if n.Address(ctx, "wlan0") == "" {
		return false
	}
	_, err := Run(ctx, "ping", "-c", "1", "-W", "1", "-I", "wlan0", fmt.Sprintf("%s.1", n.Subnet))
	return err == nil
}
