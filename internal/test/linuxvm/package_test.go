// SPDX-License-Identifier: Apache-2.0

//go:build linux

package linuxvm

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Files of the package.
const (
	packageState  = "/var/lib/wifiprov"
	packageConfig = "/etc/wifiprov/wifiprovd.yaml"
	packageRule   = "/usr/share/polkit-1/rules.d/wifiprovd.rules"
	packageUnit   = "/lib/systemd/system/wifiprovd.service"
)

// mask stops the daemons of the box, and nothing starts them.
var mask = []string{"systemctl", "mask", "--runtime", "--now", "NetworkManager", "wpa_supplicant", "bluetooth"}

// systemd tells whether process 1 is systemd.
func systemd() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}

// TestPackage installs the Debian package of wifiprovd, provisions the box, and removes
// the package, for each daemon and transport.
func TestPackage(t *testing.T) {
	if !systemd() {
		t.Skip("for the machine with systemd")
	}
	_, err := Run(t.Context(), mask...)
	require.NoError(t, err)
	_, err = Start("journal", "journalctl", "-f", "-n", "all", "-o", "short-monotonic", "--no-hostname")
	require.NoError(t, err)
	for _, backend := range []Backend{WPA, NM} {
		for _, transport := range []string{"softap", "ble"} {
			t.Run(string(backend)+"/"+transport, func(t *testing.T) {
				testPackage(t, &device{backend: backend, transport: transport, packaged: true})
			})
		}
	}
}

func testPackage(t *testing.T, d *device) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, LeaveAP(ctx))
		run(t, ctx, "dpkg", "-P", "wifiprovd")
		run(t, ctx, "rm", "-rf", "/etc/wifiprov")
		run(t, ctx, mask...)
		require.NoError(t, d.backend.Forget())
	})
	installed := scenario(t, "install", limit, func(t *testing.T, ctx context.Context) {
		d.boot(t, ctx)
		install(t, ctx)
		requireService(t, ctx)
		require.Contains(t, run(t, ctx, "wifiprovd", "qr", "--text"), `"ver":"v1"`)
		_, err := Run(ctx, "runuser", "-u", "nobody", "--", "wifiprovd", "status")
		require.ErrorContains(t, err, "run this as root")

		require.NoError(t, os.WriteFile(packageConfig, []byte(d.config()), 0))
		ledHook(t, ctx)
		run(t, ctx, "systemctl", "restart", "wifiprovd")
		requireService(t, ctx)
	})
	if !installed {
		return
	}
	scenario(t, "wrong passphrase, then the right one", limit, func(t *testing.T, ctx context.Context) {
		d.window(t, ctx)
		led(t, ctx, "1")
		require.Equal(t, "wifiprov\n", run(t, ctx, "stat", "-c", "%U", "/run/wifiprov/event"))
		d.refused(t, ctx, HomeNet.SSID, "wrong horse", "authentication error")
		d.accepted(t, ctx, HomeNet)
		words := run(t, ctx, "wifiprovd", "status")
		require.Contains(t, words, map[Backend]string{WPA: "(wpa_supplicant)", NM: "(networkmanager)"}[d.backend])
		if d.backend == WPA { // NetworkManager has the network to itself
			require.Contains(t, words, "HomeNet, "+HomeNet.Subnet)
		}
		led(t, ctx, "0")
	})
	killed := func(t *testing.T, ctx context.Context) {
		t.Helper()
		before := mainPID(t, ctx)
		run(t, ctx, "systemctl", "kill", "-s", "KILL", "wifiprovd")
		require.NoError(t, Wait(ctx, "systemd starts it again", func() bool {
			pid := mainPID(t, ctx)
			return pid != "0" && pid != before
		}))
		led(t, ctx, "0")
		d.online(t, ctx, HomeNet)
		requireService(t, ctx)
	}
	scenario(t, "killed", limit, killed)
	scenario(t, "killed while phones can come", limit, func(t *testing.T, ctx context.Context) {
		run(t, ctx, "wifiprovd", "start")
		led(t, ctx, "1")
		killed(t, ctx)
	})
	if d.backend == WPA && d.transport == "ble" {
		scenario(t, "without bluetoothd", limit, func(t *testing.T, ctx context.Context) {
			d.kernel = true
			run(t, ctx, "systemctl", "stop", "bluetooth")
			require.NoError(t, os.WriteFile(packageConfig, []byte(d.config()), 0))
			run(t, ctx, "systemctl", "restart", "wifiprovd")
			d.window(t, ctx)
			d.accepted(t, ctx, HomeNet)
		})
	}
	scenario(t, "reinstall", limit, func(t *testing.T, ctx context.Context) {
		before := mainPID(t, ctx)
		install(t, ctx)
		require.NotEqual(t, before, mainPID(t, ctx))
		requireService(t, ctx)
		d.online(t, ctx, HomeNet)
	})
	if d.backend == NM && d.transport == "softap" {
		scenario(t, "polkit's rule", limit, testRule)
	}
	scenario(t, "remove", limit, testRemove)
}

// boot lets systemd start the daemons of the box.
func (d *device) boot(t *testing.T, ctx context.Context) {
	t.Helper()
	units := []string{"wpa_supplicant"}
	if d.backend == NM {
		units = append(units, "NetworkManager")
	}
	if d.transport == "ble" {
		require.NoError(t, controllers(ctx))
		units = append(units, "bluetooth")
	}
	run(t, ctx, append([]string{"systemctl", "unmask", "--runtime"}, units...)...)
	run(t, ctx, append([]string{"systemctl", "start"}, units...)...)
	if d.backend == NM {
		require.NoError(t, managed(ctx))
	}
	if d.transport == "ble" {
		require.NoError(t, adapter(ctx))
	}
}

func install(t *testing.T, ctx context.Context) {
	t.Helper()
	packages, err := filepath.Glob(Job + "/wifiprovd_*.deb")
	require.NoError(t, err)
	require.Len(t, packages, 1)
	run(t, ctx, "dpkg", "-i", packages[0])
}

func mainPID(t *testing.T, ctx context.Context) string {
	t.Helper()
	return strings.TrimSpace(run(t, ctx, "systemctl", "show", "-P", "MainPID", "wifiprovd"))
}

// requireService requires that the service runs, and not as root.
func requireService(t *testing.T, ctx context.Context) {
	t.Helper()
	require.NoError(t, Wait(ctx, "the service is active", func() bool {
		out, err := Run(ctx, "systemctl", "is-active", "wifiprovd")
		return err == nil && out == "active\n"
	}))
	require.Equal(t, "notify\n", run(t, ctx, "systemctl", "show", "-P", "Type", "wifiprovd"))
	require.Equal(t, "enabled\n", run(t, ctx, "systemctl", "is-enabled", "wifiprovd"))
	require.Equal(t, "wifiprov", strings.TrimSpace(run(t, ctx, "ps", "-o", "user=", "-p", mainPID(t, ctx))))
}

// ledHook makes the hook of docs/wifiprovd.md, and the units of root's that it starts. Their
// LED is a file.
func ledHook(t *testing.T, ctx context.Context) {
	t.Helper()
	for name, text := range map[string]string{
		"/etc/wifiprov/hooks.d/10-led":    "#!/bin/sh\ncase $1 in open | closed) echo \"$1\" >/run/wifiprov/event ;; esac\n",
		"/run/systemd/system/led.path":    "[Path]\nPathChanged=/run/wifiprov/event\n",
		"/run/systemd/system/led.service": "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'case \"$(cat /run/wifiprov/event)\" in open) echo 1 ;; *) echo 0 ;; esac >/run/led'\n",
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	require.NoError(t, os.Chmod("/etc/wifiprov/hooks.d/10-led", 0o755))
	run(t, ctx, "systemctl", "daemon-reload")
	run(t, ctx, "systemctl", "restart", "led.path")
}

// led waits until the LED is on or off.
func led(t *testing.T, ctx context.Context, want string) {
	t.Helper()
	require.NoError(t, Wait(ctx, "the LED is "+want, func() bool {
		is, err := os.ReadFile("/run/led")
		return err == nil && string(is) == want+"\n"
	}))
}

// testRule shows that polkit's rule is what lets the daemon use NetworkManager.
func testRule(t *testing.T, ctx context.Context) {
	allowed := func(want string) {
		t.Helper()
		require.NoError(t, Wait(ctx, "polkit says "+want, func() bool {
			out, err := Run(ctx, "runuser", "-u", "wifiprov", "--", "nmcli", "-t", "-f", "PERMISSION,VALUE", "general", "permissions")
			return err == nil && strings.Contains(out, "org.freedesktop.NetworkManager.network-control:"+want)
		}))
	}
	allowed("yes")
	run(t, ctx, "mv", packageRule, "/run/rule")
	allowed("auth")
	_, err := Run(ctx, "wifiprovd", "start")
	require.ErrorContains(t, err, "polkit")
	run(t, ctx, "mv", "/run/rule", packageRule)
	allowed("yes")
	run(t, ctx, "wifiprovd", "start")
	run(t, ctx, "wifiprovd", "stop")
	require.NoError(t, Wait(ctx, "the former network is back", func() bool { return HomeNet.Has(ctx, mac) && HomeNet.Online(ctx) }))
}

// testRemove removes the package, and then its configuration, too.
func testRemove(t *testing.T, ctx context.Context) {
	pid := mainPID(t, ctx)
	run(t, ctx, "dpkg", "-r", "wifiprovd")
	require.NoDirExists(t, "/proc/"+pid)
	for _, name := range []string{packageUnit, packageRule, "/usr/share/dbus-1/system.d/wifiprovd.conf", "/usr/sbin/wifiprovd", "/run/wifiprov"} {
		require.NoFileExists(t, name)
		require.NoDirExists(t, name)
	}
	require.FileExists(t, packageConfig)
	require.DirExists(t, packageState)

	run(t, ctx, "rm", "/etc/wifiprov/hooks.d/10-led")
	run(t, ctx, "dpkg", "-P", "wifiprovd")
	_, err := Run(ctx, "systemctl", "cat", "wifiprovd")
	require.Error(t, err)
	// NetworkManager keeps its profile, so the box stays in its network.
	require.Empty(t, run(t, ctx, "find", "/etc", "/run", "/usr/lib/systemd", "/usr/sbin", "/usr/share/dbus-1", "/usr/share/polkit-1", "/var",
		"-xdev", "(", "-nouser", "-o", "-nogroup", "-o", "-name", "wifiprov*", ")",
		"-not", "-path", "/run/bin/*", "-not", "-path", "/etc/NetworkManager/*", "-print"))
	for _, database := range []string{"passwd", "group"} {
		_, err := Run(ctx, "getent", database, "wifiprov")
		require.Error(t, err, database)
	}
}
