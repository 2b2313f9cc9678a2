// SPDX-License-Identifier: Apache-2.0

//go:build linux

package linuxvm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mac is the address of the device's radio.
const mac = "02:00:00:00:00:00"

const (
	deviceName = "PROV_VM"
	deviceKey  = "key of the box"
)

// device is a box on which wifiprovd runs.
type device struct {
	backend   Backend
	transport string // softap or ble
	kernel    bool   // ble without bluetoothd
	second    bool   // softap on another radio
	packaged  bool   // of the Debian package, started by systemd
}

func (d *device) state() string {
	if d.packaged {
		return packageState
	}
	return fmt.Sprintf("/run/wifiprovd-%s-%s", d.backend, d.transport)
}
func (d *device) label() string { return filepath.Join(d.state(), "label.txt") }

func (d *device) config() string {
	backend, key, adapter := "wpa_supplicant", deviceKey, ""
	if d.backend == NM {
		backend = "networkmanager"
	}
	if d.packaged {
		backend = "auto"
	}
	if d.transport == "ble" {
		key, adapter = "", "hci0"
	}
	stack := "bluetoothd"
	if d.kernel {
		stack = "kernel"
	}
	config := ""
	if d.second {
		config = fmt.Sprintf("access-point: {interface: %s}\n", Second)
	}
	return config + fmt.Sprintf(`interface: wlan0
backend: %s
transport: %s
service: {name: %s, key: %q}
security: {label-file: %s}
start: {no-network: never, unprovisioned: 1s, network: interface}
window: {attempts: 2}
ble: {adapter: %q, stack: %s}
`, backend, d.transport, deviceName, key, d.label(), adapter, stack)
}

// start starts the box: its daemons, and wifiprovd.
func (d *device) start(t *testing.T, ctx context.Context) {
	t.Helper()
	require.NoError(t, d.backend.Start(ctx))
	if d.transport == "ble" {
		require.NoError(t, Bluetooth(ctx))
	}
	d.run(t, ctx)
}

// run starts wifiprovd.
func (d *device) run(t *testing.T, ctx context.Context) {
	t.Helper()
	require.NoError(t, os.MkdirAll(d.state(), 0o700))
	require.NoError(t, os.MkdirAll("/run/wifiprov", 0o700))
	config := filepath.Join(d.state(), "wifiprovd.yaml")
	require.NoError(t, os.WriteFile(config, []byte(d.config()), 0o600))
	_, err := Start("wifiprovd", "wifiprovd", "run", "--debug", "--config", config, "--state", d.state())
	require.NoError(t, err)
	require.NoError(t, Wait(ctx, "wifiprovd answers", func() bool {
		if _, err := Pid("wifiprovd"); err != nil {
			return false
		}
		return d.status(ctx).State != ""
	}))
}

type status struct{ State, Network, Address, Failure string }

func (d *device) status(ctx context.Context) (s status) {
	out, err := Run(ctx, "wifiprovd", "status", "--json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &s)
	}
	if err != nil {
		return status{}
	}
	return s
}

// off switches the box off, without a word.
func (d *device) off(t *testing.T, ctx context.Context) {
	t.Helper()
	require.NoError(t, Kill(ctx, "wifiprovd"))
	require.NoError(t, d.backend.Kill(ctx))
}

// online waits until the box is in the network, and wifiprovd says so, too.
func (d *device) online(t *testing.T, ctx context.Context, n *Network) {
	t.Helper()
	require.NoError(t, Wait(ctx, "the box is online in "+n.SSID, func() bool { return n.Has(ctx, mac) && n.Online(ctx) }))
	require.NoError(t, Wait(ctx, "wifiprovd is online", func() bool { return d.status(ctx).State == "online" }))
}

// window lets phones come, and the phone join the box's access point.
func (d *device) window(t *testing.T, ctx context.Context) {
	t.Helper()
	if d.status(ctx).State != "provisioning" {
		run(t, ctx, "wifiprovd", "start")
	}
	if d.transport == "softap" {
		require.NoError(t, JoinAP(ctx, deviceName, deviceKey))
	}
}

// espprov is a command of espprov on the phone, for this box.
func (d *device) espprov(verb string, args ...string) []string {
	command := []string{"espprov", verb, "--qr", d.label()}
	if d.transport == "ble" {
		command = append(command, "--bluetooth", "hci1") // Bluetooth is in no namespace
	} else {
		command = Phone(command...)
	}
	return append(command, args...)
}

// provision has a phone give the box credentials. A phone that does not reach the box, for
// example since NetworkManager scans, tries again, as espprov tells its user.
func (d *device) provision(ctx context.Context, ssid, passphrase string) (out string, status int, err error) {
	for range 3 {
		out, err = Run(ctx, d.espprov("provision", "--ssid", ssid, "--passphrase", passphrase)...)
		status = 0
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			status = exit.ExitCode()
		}
		if status != 4 {
			break
		}
	}
	return out, status, err
}

// refused provisions the box with credentials with which it does not get online. words
// is what the phone's user reads.
func (d *device) refused(t *testing.T, ctx context.Context, ssid, passphrase, words string) {
	t.Helper()
	_, status, err := d.provision(ctx, ssid, passphrase)
	require.Equal(t, 1, status, err)
	require.ErrorContains(t, err, words)
	run(t, ctx, d.espprov("reset")...)
}

// accepted provisions the box with credentials with which it gets online.
func (d *device) accepted(t *testing.T, ctx context.Context, n *Network) {
	t.Helper()
	out, _, err := d.provision(ctx, n.SSID, n.Passphrase)
	require.NoError(t, err)
	require.Contains(t, out, "The device has joined "+n.SSID)
	if d.transport == "softap" {
		require.NoError(t, LeaveAP(ctx))
	}
	d.online(t, ctx, n)
}

// has lets the box be in the network, if it is not.
func (d *device) has(t *testing.T, ctx context.Context, n *Network) {
	t.Helper()
	if _, err := Pid("wifiprovd"); err != nil {
		d.start(t, ctx)
	}
	if n.Has(ctx, mac) && d.status(ctx).State == "online" {
		return
	}
	d.window(t, ctx)
	d.accepted(t, ctx, n)
}

// cleanUp leaves nothing of the box at the test's end.
func (d *device) cleanUp(t *testing.T) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, LeaveAP(ctx))
		require.NoError(t, Stop(ctx, "wifiprovd"))
		require.NoError(t, d.backend.Stop(ctx))
		require.NoError(t, d.backend.Forget())
		require.NoError(t, os.RemoveAll(d.state()))
	})
}

// TestDevice provisions a box over and over. A scenario takes the box as the one before
// has left it, or brings it to where it begins.
func TestDevice(t *testing.T) {
	if _, err := exec.LookPath("wifiprovd"); err != nil {
		t.Skip("there is no wifiprovd")
	}
	for _, backend := range []Backend{WPA, NM} {
		for _, transport := range []string{"softap", "ble"} {
			t.Run(string(backend)+"/"+transport, func(t *testing.T) { testDevice(t, &device{backend: backend, transport: transport}) })
		}
	}
}

const limit = 3 * time.Minute

func testDevice(t *testing.T, d *device) {
	d.cleanUp(t)
	const auth, absent = "authentication error", "access point not found" // words of espprov
	scenario(t, "wrong passphrase of WPA2, then the right one", limit, func(t *testing.T, ctx context.Context) {
		d.start(t, ctx)
		d.window(t, ctx)
		d.refused(t, ctx, HomeNet.SSID, "wrong horse", auth)
		d.accepted(t, ctx, HomeNet)
	})
	scenario(t, "network lost", limit, func(t *testing.T, ctx context.Context) {
		d.has(t, ctx, HomeNet)
		require.NoError(t, HomeNet.Vanish(ctx))
		require.NoError(t, Wait(ctx, "wifiprovd is offline", func() bool { return d.status(ctx).State == "offline" }))
		require.NoError(t, HomeNet.Open(ctx))
		d.online(t, ctx, HomeNet)
	})
	scenario(t, "thrown out", limit, func(t *testing.T, ctx context.Context) {
		d.has(t, ctx, HomeNet)
		require.NoError(t, HomeNet.Deauth(ctx))
		d.online(t, ctx, HomeNet)
	})
	scenario(t, "reboot", limit, func(t *testing.T, ctx context.Context) {
		d.has(t, ctx, HomeNet)
		d.off(t, ctx)
		d.start(t, ctx)
		d.online(t, ctx, HomeNet)
	})
	scenario(t, "idle", limit, func(t *testing.T, ctx context.Context) {
		d.has(t, ctx, HomeNet)
		pid, err := Pid("wifiprovd")
		require.NoError(t, err)
		process := func() (memory, cpu string) {
			memory = run(t, ctx, "sed", "-n", `s/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p`, fmt.Sprintf("/proc/%d/status", pid))
			cpu = run(t, ctx, "cut", "-d ", "-f14,15", fmt.Sprintf("/proc/%d/stat", pid))
			return memory, cpu
		}
		time.Sleep(10 * time.Second) // the network was joined a moment ago
		_, before := process()
		time.Sleep(time.Minute) // what is measured takes time
		memory, after := process()
		kib, err := strconv.Atoi(strings.TrimSpace(memory))
		require.NoError(t, err)
		t.Log(run(t, ctx, "grep", "^Rss", fmt.Sprintf("/proc/%d/status", pid)))
		t.Logf("%d KiB, processor ticks before and after a minute: %q, %q", kib, before, after)
		require.Less(t, kib, 15<<10)
		require.Equal(t, before, after)
	})
	scenario(t, "absent network, the former one is back", limit, func(t *testing.T, ctx context.Context) {
		d.has(t, ctx, HomeNet)
		d.window(t, ctx)
		d.refused(t, ctx, "NoSuchNet", Passphrase, absent)
		run(t, ctx, "wifiprovd", "stop")
		require.NoError(t, LeaveAP(ctx))
		d.online(t, ctx, HomeNet)
	})
	scenario(t, "killed in the middle, the former network is back", limit, func(t *testing.T, ctx context.Context) {
		d.has(t, ctx, HomeNet)
		d.window(t, ctx)
		phone, cancel := context.WithCancel(ctx)
		defer cancel()
		ended := make(chan error, 1)
		go func() { // without DHCP it takes long; who does not reach the box tries again
			for {
				if _, _, err := d.provision(phone, SilentNet.SSID, SilentNet.Passphrase); phone.Err() != nil {
					ended <- err
					return
				}
			}
		}()
		require.NoError(t, Wait(ctx, "the box tries SilentNet", func() bool { return SilentNet.Has(ctx, mac) }))
		require.NoError(t, Kill(ctx, "wifiprovd"))
		cancel()
		require.Error(t, <-ended)
		require.NoError(t, LeaveAP(ctx))
		if d.backend == WPA {
			d.run(t, ctx) // systemd does that
		}
		require.NoError(t, Wait(ctx, "the former network", func() bool { return HomeNet.Has(ctx, mac) && HomeNet.Online(ctx) }))
		if d.backend == NM {
			d.run(t, ctx)
		}
		d.online(t, ctx, HomeNet)
	})
	scenario(t, "wrong passphrase of WPA3, then the right one", limit, func(t *testing.T, ctx context.Context) {
		d.has(t, ctx, HomeNet)
		d.window(t, ctx)
		d.refused(t, ctx, SaeNet.SSID, "wrong horse", auth)
		d.accepted(t, ctx, SaeNet)
	})
	scenario(t, "esp_prov", limit, func(t *testing.T, ctx context.Context) { testEspProv(t, ctx, d) })
}

// testEspProv provisions the box by the genuine esp_prov.
func testEspProv(t *testing.T, ctx context.Context, d *device) {
	const idf = Job + "/idf"
	if _, err := os.Stat(idf); err != nil {
		t.Skip("WIFIPROV_ESP_PROV names no esp_prov")
	}
	if _, err := Pid("wifiprovd"); err != nil {
		d.start(t, ctx)
	}
	command := []string{"env", "IDF_PATH=" + idf, "PYTHONDONTWRITEBYTECODE=1", "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python",
		"python3", idf + "/tools/esp_prov/esp_prov.py"}
	if d.transport == "ble" {
		// It takes the first adapter of bluetoothd that is on, and that may not be the
		// box's. So bluetoothd is the phone's here, and the box does without.
		require.NoError(t, Stop(ctx, "wifiprovd"))
		d.kernel = true
		defer func() { d.kernel = false }()
		require.NoError(t, powered(ctx, "hci0", false))
		d.run(t, ctx)
		require.NoError(t, powered(ctx, "hci1", true))
		defer func() { require.NoError(t, powered(context.WithoutCancel(ctx), "hci1", false)) }()
		command = append(command, "--transport", "ble", "--service_name", deviceName)
	} else {
		command = append(Phone(command...), "--transport", "softap", "--service_name", "192.168.4.1:80")
	}
	d.window(t, ctx)
	password, err := os.ReadFile(filepath.Join(d.state(), "password"))
	require.NoError(t, err)
	out := run(t, ctx, append(command, "--sec_ver", "2", "--sec2_username", "wifiprov", "--sec2_pwd", strings.TrimSpace(string(password)),
		"--ssid", MixedNet.SSID, "--passphrase", MixedNet.Passphrase)...)
	require.Contains(t, out, "Provisioning was successful")
	require.NoError(t, LeaveAP(ctx))
	d.online(t, ctx, MixedNet)
}
