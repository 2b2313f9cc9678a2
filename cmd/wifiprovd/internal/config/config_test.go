// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// The sample is the defaults, and has every key once.
func TestSample(t *testing.T) {
	cfg, err := Parse("sample", []byte(Sample))
	require.NoError(t, err)
	require.Equal(t, Default(), cfg)
	for _, empty := range []string{"", "# nothing\n", "service:\n", "---\n"} {
		cfg, err := Parse("empty", []byte(empty))
		require.NoError(t, err, "%q", empty)
		require.Equal(t, Default(), cfg)
	}
	for key := range keys(&cfg) {
		word := key[strings.LastIndex(key, ".")+1:]
		require.Contains(t, Sample, word+":", key)
	}
}

// Every key changes something.
func TestKeys(t *testing.T) {
	cfg, err := Parse("all", []byte(`
interface: wlan1
backend: networkmanager
transport: softap
service: {name: "PROV_{mac}_{mac}", key: 00123456}
security: {version: 1, username: me, show: false, label-file: /tmp/label}
start: {no-network: never, unprovisioned: 90s, network: interface}
window: {length: 1h, attempts: 3, proof-delay: 0s}
ble: {stack: kernel, adapter: hci1}
button: {chip: /dev/gpiochip1, line: 17, active: high, pull: down, debounce: 5ms, reset: never}
hooks: {directory: "", timeout: 1m}
access-point: {interface: wlan2}
dhcp: system
`))
	require.NoError(t, err)
	require.Equal(t, Config{
		Interface: "wlan1", Backend: NetworkManager, Transport: SoftAP, APInterface: "wlan2", SystemDHCP: true,
		ServiceName: "PROV_{mac}_{mac}", ServiceKey: "00123456",
		Security: 1, Username: "me", LabelFile: "/tmp/label",
		StartUnprovisioned: 90 * time.Second, StartNetwork: OwnNetwork,
		WindowLength: time.Hour, Attempts: 3,
		BLEStack: Kernel, BLEAdapter: "hci1",
		ButtonChip: "/dev/gpiochip1", ButtonLine: 17, ButtonPull: "down", ButtonDebounce: 5 * time.Millisecond,
		HooksTimeout: time.Minute,
	}, cfg)
	require.Equal(t, "PROV_A1B2C3_A1B2C3", cfg.NameFor(hal.BSSID{1, 2, 3, 0xa1, 0xb2, 0xc3}))
}

// Errors name the line and say what is allowed.
func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"interfaze: wlan0":     `f:1:1: there is no key "interfaze" here; did you mean interface?`,
		"window:\n  lengt: 5m": `f:2:3: there is no key "lengt" here; did you mean length?`,
		"hooks:\n  on: true":   `f:2:3: there is no key "on" here; take one of directory, timeout`,
		"window: 5m":           `f:1:9: window is one value or a list; it has keys of its own: write attempts, length, proof-delay`,
		"- a":                  `f:1:1: the file is one value or a list`,
		"interface: wlan1\naccess-point:\n  interface: wlan1": `f:3:14: access-point.interface: "wlan1": it is the name of another interface`,
		"dhcp: udhcpc":                                     `f:1:7: dhcp: "udhcpc": it is own or system`,
		"transport: wifi":                                  `f:1:12: transport: "wifi": it is softap or ble`,
		"transport:":                                       `transport has no value; give it one`,
		"transport: [ble]":                                 `f:1:12: transport is one value, and here is something else`,
		"start:\n  no-network: 5":                          `f:2:15: start.no-network: "5": it is a duration with its unit, such as 30s or 5m, at least 1s, or never`,
		"window: {length: 1s}":                             `at least 30s, or never`,
		"window: {proof-delay: 11m}":                       `it is a duration with its unit, 0s to 10m0s`,
		"security: {version: 3}":                           `it is a number from 0 to 2`,
		"security: {show: yes}":                            `"yes": it is true or false`,
		"service: {key: hunter2}":                          `f:1:16: service.key: it has 7 bytes, and 8 to 63 are allowed, or none for an open access point`,
		"transport: ble\nservice: {key: hunter22}":         `service.key: Bluetooth has no use for it; leave it out`,
		"service: {name: " + strings.Repeat("n", 33) + "}": `it has 33 bytes with the address in it, and at most 32 are allowed`,
		"transport: ble\nservice: {name: PROV_abcdefghijklmnopqrs{mac}}":     `this is no YAML`,
		"transport: ble\nservice: {name: \"PROV_abcdefghijklmnopqrs{mac}\"}": `it has 30 bytes with the address in it, and at most 29 are allowed`,
		"interface: ../wlan0":                              `it is the name of an interface`,
		"hooks: {directory: hooks.d}":                      `f:1:20: hooks.directory: "hooks.d": give the whole path, from / on`,
		"security: {version: 1, credentials-file: /etc/c}": `only security 2 takes it`,
		"ble: {stack: kernel, adapter: usb0}":              `it is hci0 or the like`,
		"a: b: c":                                          `this is no YAML`,
		"interface: wlan0\n---\ninterface: wlan1":          `f:3:10: a second document begins here`,
	} {
		_, err := Parse("f", []byte(text))
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "hunter2", "errors do not show secrets")
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wifiprovd.yaml")
	_, err := Read(path)
	require.EqualError(t, err, path+": there is no such file")
	require.NoError(t, os.WriteFile(path, []byte("interface: wlan7\n"), 0o600))
	cfg, err := Read(path)
	require.NoError(t, err)
	require.Equal(t, "wlan7", cfg.Interface)
}

// FuzzParse: no text makes Parse panic, and errors are one line.
func FuzzParse(f *testing.F) {
	f.Add(Sample)
	f.Add("window: {length: 5m}")
	f.Add("a: &x [*x]")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Parse("f", []byte(text)); err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatal(err)
		}
	})
}
