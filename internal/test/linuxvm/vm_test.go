// SPDX-License-Identifier: Apache-2.0

//go:build linux

package linuxvm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if os.Getenv("WIFIPROV_IN_VM") == "" {
		fmt.Println("these tests run in the machine of .ci/linux-vm")
		return
	}
	status := m.Run()
	fmt.Println()
	passed, failed := 0, 0
	for _, r := range results {
		fmt.Printf("%-6s %6.1f s  %s\n", r.outcome, r.took.Seconds(), r.name)
		switch r.outcome {
		case "ok":
			passed++
		case "FAILED":
			failed++
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, len(results)-passed-failed)
	os.Exit(status)
}

type result struct {
	name, outcome string
	took          time.Duration
}

var results []result

// scenario runs one row of the table that is printed at the end. What the daemons log
// meanwhile follows a line with its name.
func scenario(t *testing.T, name string, limit time.Duration, run func(t *testing.T, ctx context.Context)) bool {
	return t.Run(name, func(t *testing.T) {
		began := time.Now()
		mark(t, "begins")
		ctx, cancel := context.WithTimeoutCause(t.Context(), limit, fmt.Errorf("the scenario's %v are over", limit))
		defer func() {
			cancel()
			outcome := "ok"
			if t.Failed() {
				outcome = "FAILED"
			} else if t.Skipped() {
				outcome = "-"
			}
			mark(t, outcome)
			_, err := Run(context.Background(), "sh", "-c", "cp "+Logs+"/* "+Job+"/logs")
			require.NoError(t, err)
			results = append(results, result{t.Name(), outcome, time.Since(began)})
		}()
		require.NoError(t, Up(ctx))
		run(t, ctx)
	})
}

func mark(t *testing.T, what string) {
	logs, err := filepath.Glob(filepath.Join(Logs, "*.log"))
	require.NoError(t, err)
	for _, log := range logs {
		file, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
		require.NoError(t, err)
		fmt.Fprintf(file, "== %s: %s at %s s\n", t.Name(), what, uptime())
		require.NoError(t, file.Close())
	}
}

// run runs a command that has to succeed.
func run(t *testing.T, ctx context.Context, command ...string) string {
	t.Helper()
	out, err := Run(ctx, command...)
	require.NoError(t, err)
	return out
}

// TestMachine tests the machine itself, with no code of this project but espprov and
// an example.
func TestMachine(t *testing.T) {
	scenario(t, "phone", time.Minute, func(t *testing.T, ctx context.Context) {
		require.NoError(t, JoinAP(ctx, HomeNet.SSID, HomeNet.Passphrase))
		run(t, ctx, Phone("ping", "-c", "1", "-W", "2", HomeNet.Subnet+".1")...)
		require.NoError(t, LeaveAP(ctx))
	})
	scenario(t, "NetworkManager", 2*time.Minute, func(t *testing.T, ctx context.Context) {
		require.NoError(t, NM.Start(ctx))
		defer func() { require.NoError(t, NM.Stop(t.Context())); require.NoError(t, NM.Forget()) }()
		list := ""
		require.NoError(t, Wait(ctx, "a list of all networks", func() bool {
			list = run(t, ctx, "nmcli", "-t", "-f", "SSID", "device", "wifi", "list")
			for _, n := range Networks {
				if !strings.Contains(list, n.SSID) {
					return false
				}
			}
			return true
		}), list)
		for _, n := range []*Network{HomeNet, SaeNet, FiveNet} {
			run(t, ctx, "nmcli", "-w", "60", "device", "wifi", "connect", n.SSID, "password", n.Passphrase)
			require.True(t, n.Online(ctx), n.SSID)
		}
	})
	scenario(t, "wpa_supplicant", time.Minute, func(t *testing.T, ctx context.Context) {
		require.NoError(t, WPA.Start(ctx))
		defer func() { require.NoError(t, WPA.Stop(t.Context())) }()
		out := run(t, ctx, "dbus-send", "--system", "--print-reply", "--dest=fi.w1.wpa_supplicant1", "/fi/w1/wpa_supplicant1",
			"org.freedesktop.DBus.Properties.Get", "string:fi.w1.wpa_supplicant1", "string:Capabilities")
		require.Contains(t, out, "pmf")
	})
	scenario(t, "bluetoothd", 2*time.Minute, func(t *testing.T, ctx context.Context) {
		require.NoError(t, Bluetooth(ctx))
		_, err := Start("bluez", "bluez", "-adapter", "hci0", "-for", "2m")
		require.NoError(t, err)
		out := run(t, ctx, "espprov", "provision", "--transport", "ble", "--bluetooth", "hci1", "--device", "PROV_A1B2C3",
			"--pop", "abcd1234", "--ssid", "HomeNet", "--passphrase", "correct horse")
		require.Contains(t, out, "The device has joined HomeNet")
		require.NoError(t, Stop(ctx, "bluez"))
	})
}
