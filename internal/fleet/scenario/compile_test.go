// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/fleet/scenario"
	"github.com/wifiprov/wifiprov/internal/shard"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

func compile(t *testing.T, text string, o scenario.Options) *scenario.Scenario {
	t.Helper()
	f, err := scenario.Parse("testdata/lab.yaml", []byte(text))
	require.NoError(t, err)
	s, err := f.Compile(o)
	require.NoError(t, err)
	return s
}

// What a file says arrives where it belongs.
func TestValues(t *testing.T) {
	s := compile(t, `
seed: 18446744073709551615
time-scale: 2.5
air:
  join-time: 1s
  handshake-try: 250ms
  wrong-passphrase: authentication failed
  networks:
    - &home
      ssid: "7"
      bssid: 02:11:22:33:44:55
      passphrase: 00012345
      auth: WPA3
      channel: 36
      rssi: -90
      drift: 3
      hidden: true
      refuse: 4-Way Handshake Timeout
      refuse-first: 2
      dhcp-delay: 2s
      ip: 10.0.0.9
    - {<<: *home, ssid: other, auth: open}
    - {ssid: guests, passphrase: "*no alias"}
  changes:
    - {at: 9s, network: guests, do: configure, to: {channel: 3}}
    - {at: 5s, network: guests, do: vanish}
    - {at: 1m, network: guests, do: kick, reason: 8}
    - {at: 2m, network: new, do: add, to: {passphrase: 12345678}}
devices:
  - name: A%03X
    count: 11
    pop: 0012
    five-ghz: true
    key: 12345678
    app-info: [{label: lamp, version: 1.0, capabilities: [a, b]}]
    manager: {attempts: 7, auto-stop: 1m, reasons: v4.0, version: netprov, status-endpoint: true}
    app: {reset-on-failure: 3, serve-again: true}
    softap: {max-stations: 2, server: {origins: [https://example.com]}}
    faults: [{kind: lose-network, after: 1s, reason: beacon lost}, {kind: drop-answer, request: 2, times: -1}]
  - name: B
    transport: ble
    security: 2
    salt: 00112233
    verifier: "0102"
    mtu: 100
    ble: {random-address: c0:11:22:33:44:55, manufacturer-data: ffff01, encrypt: true}
  - {name: C, transport: console, security: 0, console: {no-echo: true}}
`, scenario.Options{})
	cfg := s.Config
	home := sim.APConfig{
		SSID: "7", BSSID: hal.BSSID{2, 0x11, 0x22, 0x33, 0x44, 0x55}, Passphrase: "00012345", Auth: hal.AuthWPA3PSK, Channel: 36, RSSI: -90, Drift: 3, Hidden: true,
		Refuse: hal.Reason4WayHandshakeTimeout, RefuseFirst: 2, DHCPDelay: 2 * time.Second, IP: hal.IPv4{10, 0, 0, 9},
	}
	other := home
	other.SSID, other.Auth = "other", hal.AuthOpen
	guests := sim.APConfig{SSID: "guests", Passphrase: "*no alias", Auth: hal.AuthWPA2PSK}
	require.Equal(t, []sim.APConfig{home, other, guests}, cfg.Networks)
	require.Equal(t, sim.AirConfig{
		Seed: 1<<64 - 1, TimeScale: 2.5, JoinTime: time.Second, HandshakeTry: 250 * time.Millisecond, WrongPassphrase: hal.ReasonAuthFail,
	}, cfg.Air)
	moved := guests
	moved.Channel, moved.Absent = 3, true
	require.Equal(t, []fleet.Change{
		{At: 5 * time.Second, Network: "guests", Do: fleet.Vanish},
		{At: 9 * time.Second, Network: "guests", Do: fleet.Configure, Config: moved},
		{At: time.Minute, Network: "guests", Do: fleet.Kick, Reason: hal.ReasonAssocLeave},
		{At: 2 * time.Minute, Network: "new", Do: fleet.Add, Config: sim.APConfig{SSID: "new", Passphrase: "12345678", Auth: hal.AuthWPA2PSK}},
	}, cfg.Changes)
	require.Len(t, cfg.Devices, 13)
	a, b, c := cfg.Devices[10], cfg.Devices[11], cfg.Devices[12]
	require.Equal(t, "A00B", a.Name)
	require.Equal(t, sim.BoardConfig{FiveGHz: true, MAC: hal.BSSID{2, 0x77, 0x66, 0, 11, 0}}, a.Board)
	_, pop := a.Security.Login()
	require.Equal(t, hal.Secret("0012"), pop)
	require.Equal(t, hal.Secret("12345678"), a.Key)
	require.Equal(t, []simdevice.AppInfo{{Label: "lamp", Version: "1.0", Capabilities: []string{"a", "b"}}}, a.AppInfo)
	require.Equal(t, wifiprov.Config{Attempts: 7, AutoStop: time.Minute, Reasons: wifiprov.ReasonsV40, Version: wifiprov.VersionNetProv, StatusEndpoint: true}, a.Manager)
	require.Equal(t, simdevice.App{ResetOnFailure: 3, ServeAgain: true}, a.App)
	require.Equal(t, uint8(2), a.SoftAP.MaxStations)
	require.Equal(t, []string{"https://example.com"}, a.SoftAP.Server.Origins)
	require.Equal(t, []simdevice.Fault{
		{Kind: simdevice.LoseNetwork, After: time.Second, Reason: hal.ReasonBeaconTimeout}, {Kind: simdevice.DropAnswer, Request: 2, Times: -1},
	}, a.Faults)
	require.Equal(t, simdevice.BLE, b.Transport)
	require.Equal(t, 2, b.Security.Mode())
	require.Equal(t, 100, b.ATT.MTU)
	require.Equal(t, [6]byte{0xc0, 0x11, 0x22, 0x33, 0x44, 0x55}, b.BLE.RandomAddress)
	require.Equal(t, []byte{0xff, 0xff, 1}, b.BLE.ManufacturerData)
	require.True(t, b.BLE.Encrypt)
	require.Equal(t, 0, c.Security.Mode())
	require.True(t, c.Console.NoEcho)
}

// A scenario that says little has the defaults of a device.
func TestDefaults(t *testing.T) {
	s := compile(t, "devices: [{name: P}, {name: Q, pop: \"\"}, {name: R, security: 2}]", scenario.Options{})
	require.Equal(t, []sim.APConfig{simdevice.Home}, s.Config.Networks)
	for i, want := range []struct {
		mode      int
		user, pop string
	}{{1, "", "abcd1234"}, {1, "", ""}, {2, "wifiprov", "abcd1234"}} {
		user, pop := s.Config.Devices[i].Security.Login()
		require.Equal(t, want.mode, s.Config.Devices[i].Security.Mode())
		require.Equal(t, want.user, user)
		require.Equal(t, want.pop, string(pop))
	}
	require.Empty(t, compile(t, "air: {networks: []}\ndevices: [{name: P}]", scenario.Options{}).Config.Networks)
}

// Random secrets differ from device to device and from seed to seed, and are the same
// every time. The parts of a scenario are all of it.
func TestSecretsAndShards(t *testing.T) {
	secrets := map[hal.Secret]bool{}
	devices := map[string]hal.Secret{}
	for seed := range 2 {
		text := fmt.Sprintf("seed: %d\ndevices: [{name: P%%d, count: 100, pop: random}]", seed)
		for _, d := range compile(t, text, scenario.Options{}).Config.Devices {
			_, pop := d.Security.Login()
			require.Regexp(t, "^[a-z2-9]{8}$", string(pop))
			require.False(t, secrets[pop])
			secrets[pop], devices[d.Name] = true, pop
		}
		for part := range 3 {
			for _, d := range compile(t, text, scenario.Options{Shard: shard.Shard{Index: part, Count: 3}}).Config.Devices {
				_, pop := d.Security.Login()
				require.Equal(t, devices[d.Name], pop)
				delete(devices, d.Name)
			}
		}
		require.Empty(t, devices)
	}
}

// Devices with an image begin with what is in it, each with its own copy.
func TestImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		image := flash.NewMemory(sim.DefaultFlash)
		device, err := simdevice.Start(simdevice.Config{Board: sim.BoardConfig{Flash: image}})
		require.NoError(t, err)
		c, err := device.Client(client.Config{PollInterval: time.Second})
		require.NoError(t, err)
		_, err = c.Provision(t.Context(), simdevice.Right)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		device.Close()
		path := filepath.Join(t.TempDir(), "nvs.bin")
		require.NoError(t, os.WriteFile(path, image.Bytes(), 0o600))

		f, err := compile(t, "devices: [{name: P%d, count: 2, nvs: "+path+"}]", scenario.Options{}).Fleet()
		require.NoError(t, err)
		defer f.Close()
		require.NoError(t, f.Start())
		first, second := f.Devices()[0], f.Devices()[1]
		for _, d := range f.Devices() {
			_, err := d.Await(t.Context(), simdevice.Named("GOT_IP"))
			require.NoError(t, err)
		}
		require.NoError(t, first.FactoryReset())
		require.NoError(t, second.Reboot())
		require.False(t, first.Provisioned())
		require.True(t, second.Provisioned())
	})
}

// An answer with a delay does not outlast the power.
func TestDelayEndsWithThePower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := compile(t, "devices: [{name: P, endpoints: [{name: slow, answers: [{text: x, delay: 24h}]}]}]", scenario.Options{}).Fleet()
		require.NoError(t, err)
		require.NoError(t, f.Start())
		c, err := f.Devices()[0].Client(client.Config{})
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.Connect(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Custom(ctx, "slow", []byte("x"))
		require.Error(t, err)
		before := time.Now()
		f.Close()
		require.Equal(t, before, time.Now())
	})
}
