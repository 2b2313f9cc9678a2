// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm/gatt"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/store/nvs/fileflash"
)

// task is the application of a device: one task, which does everything.
type task struct {
	t      *testing.T
	air    *sim.Air
	chip   *idftest.Chip
	scheme func(t *testing.T, dev *idf.Device) scheme.Scheme
	change func(*wifiprov.Config)
	events []string
}

// run provisions the device until the service has ended.
func (a *task) run() {
	dev, err := idf.Open(idf.Config{Logger: idf.Log()})
	require.NoError(a.t, err)
	sec, err := sec1.New(sec1.Config{PoP: "abcd1234", Rand: idf.Random()})
	require.NoError(a.t, err)
	var m wifiprov.Manager
	cfg := wifiprov.Config{
		WiFi: dev, Clock: dev, Pump: dev.Pump, Logger: idf.Log(),
		Scheme:       a.scheme(a.t, dev),
		EventHandler: func(e wifiprov.Event) { a.events = append(a.events, e.Kind.String()) },
	}
	if a.change != nil {
		a.change(&cfg)
	}
	require.NoError(a.t, m.Init(cfg))
	require.NoError(a.t, m.StartProvisioning(sec, "PROV_1", ""))
	m.Wait()
	require.NoError(a.t, m.Deinit())
	require.NoError(a.t, dev.Close())
	require.Zero(a.t, dev.Lost())
}

func overSoftAP(_ *testing.T, dev *idf.Device) scheme.Scheme {
	return softap.New(softap.Config{AP: dev, Server: httpd.Config{Platform: dev, Random: idf.Random(), Logger: idf.Log()}})
}

func overBLE(t *testing.T, dev *idf.Device) scheme.Scheme {
	host, err := att.New(dev.Bluetooth(), att.Config{Clock: dev, PollController: dev.PollController, Logger: idf.Log()})
	require.NoError(t, err)
	return ble.New(ble.Config{GATT: host, Free: ble.FreeBTDM, Memory: dev, Server: gatt.Config{Go: dev.Go, Clock: dev, Logger: idf.Log()}})
}

// phone returns the transport of a client.
func (a *task) phone(bluetooth bool) client.Transport {
	if !bluetooth {
		transport, err := client.NewHTTP(client.HTTPConfig{Dial: a.chip.Network.Dial})
		require.NoError(a.t, err)
		return transport
	}
	controller, err := a.air.NewController(sim.ControllerConfig{})
	require.NoError(a.t, err)
	central, err := blecentral.New(controller, blecentral.Config{})
	require.NoError(a.t, err)
	transport, err := client.NewBLE(client.BLEConfig{Central: central})
	require.NoError(a.t, err)
	return transport
}

// provision runs device and client, and returns the flash's image.
func provision(t *testing.T, bluetooth bool) string {
	image := t.TempDir() + "/nvs.bin"
	synctest.Test(t, func(t *testing.T) {
		flash, err := fileflash.Open(image, sim.DefaultFlash)
		require.NoError(t, err)
		defer func() { require.NoError(t, flash.Close()) }()
		a := &task{t: t, air: newAir(t), scheme: overSoftAP}
		if bluetooth {
			a.scheme = overBLE
		}
		a.chip = idftest.New(t, idftest.Config{Air: a.air, Flash: flash})
		over := make(chan struct{})
		go func() {
			defer close(over)
			a.run()
		}()
		synctest.Wait()
		c, err := client.New(a.phone(bluetooth), client.Config{PoP: "abcd1234"})
		require.NoError(t, err)
		require.NoError(t, c.Connect(t.Context()))
		list, err := c.Scan(t.Context(), client.ScanOptions{})
		require.NoError(t, err)
		require.NotEmpty(t, list)
		conn, err := c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
		require.NoError(t, err)
		require.Equal(t, hal.SSID("HomeNet"), conn.SSID)
		require.NoError(t, c.Close())
		<-over
		require.Equal(t, []string{"INIT", "START", "CRED_RECV", "CRED_SUCCESS", "END", "DEINIT"}, a.events)
		require.Equal(t, bluetooth, a.chip.Released() == 7)
	})
	return image
}

// A whole provisioning in a single task, scans and Deinit included; with the
// tag scheduler.none without a goroutine on the device.
func TestProvisioningInOneTask(t *testing.T) {
	t.Run("SoftAP", func(t *testing.T) { provision(t, false) })
	t.Run("BLE", func(t *testing.T) { provision(t, true) })
}

// The slowest scan that a client may ask for, 1.5 s on each channel, takes
// longer than ESP-IDF's server waits for anything else, and its answer comes.
func TestSlowestScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &task{t: t, air: newAir(t), scheme: overSoftAP}
		a.chip = idftest.New(t, idftest.Config{Air: a.air})
		over := make(chan struct{})
		go func() {
			defer close(over)
			a.run()
		}()
		synctest.Wait()
		c, err := client.New(a.phone(false), client.Config{PoP: "abcd1234"})
		require.NoError(t, err)
		require.NoError(t, c.Connect(t.Context()))
		began := time.Now()
		list, err := c.Scan(t.Context(), client.ScanOptions{Passive: true, Period: 1500 * time.Millisecond, GroupChannels: 1})
		require.NoError(t, err)
		require.NotEmpty(t, list)
		require.Greater(t, time.Since(began), 20*time.Second)
		_, err = c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
		require.NoError(t, err)
		require.NoError(t, c.Close())
		<-over
	})
}

// espprov runs the command.
func espprov(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"run", "../../../cmd/espprov"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}

// What a client sent is in the flash, in the keys of wifi-nvs.md.
func TestCredentialsAreInFlash(t *testing.T) {
	image := provision(t, false)
	out := espprov(t, "nvs", "dump", "--show-secrets", image)
	for _, line := range []string{
		`nvs.net80211 opmode u8 1 1`,
		`nvs.net80211 sta.ssid blob 36 "HomeNet"`,
		`nvs.net80211 sta.pswd blob 65 "secretpass"`,
		`nvs.net80211 bssid.set u8 1 0`,
	} {
		require.Contains(t, strings.Join(strings.Fields(out), " "), line, out)
	}
}

// An image of espprov's provisions the device: it joins at boot, with the
// network's passphrase or its key, which fills the blob.
func TestImageProvisions(t *testing.T) {
	imageProvisions(t, "secretpass")
	imageProvisions(t, "19d370006658a6a16d15991be28bfe93f84538fd5b5edbce0c77e1cba0529d00")
}

func imageProvisions(t *testing.T, passphrase string) {
	image := t.TempDir() + "/nvs.bin"
	csv := t.TempDir() + "/factory.csv"
	require.NoError(t, os.WriteFile(csv, []byte("key,type,encoding,value\n"+
		"nvs.net80211,namespace,,\n"+
		"opmode,data,u8,1\n"+
		"sta.ssid,data,blob_sz_fill(32;0x00),HomeNet\n"+
		"sta.pswd,data,blob_fill(64;0x00),"+passphrase+"\n"), 0o600))
	espprov(t, "nvs", "create", csv, image, "0x6000")
	synctest.Test(t, func(t *testing.T) {
		flash, err := fileflash.Open(image, sim.DefaultFlash)
		require.NoError(t, err)
		defer func() { require.NoError(t, flash.Close()) }()
		idftest.New(t, idftest.Config{Air: newAir(t), Flash: flash})
		dev, err := idf.Open(idf.Config{})
		require.NoError(t, err)
		defer func() { require.NoError(t, dev.Close()) }()
		stored, err := dev.StationConfig()
		require.NoError(t, err)
		require.NotEmpty(t, stored.SSID)
		joined := false
		dev.Subscribe(func(e hal.Event) { joined = joined || e.Kind == hal.EventGotIP })
		require.NoError(t, dev.SetMode(hal.ModeSTA))
		require.NoError(t, dev.Start())
		require.NoError(t, dev.Connect())
		for end := time.Now().Add(time.Minute); !joined && time.Now().Before(end); {
			dev.Pump(time.Second)
		}
		require.True(t, joined)
	})
}
