// SPDX-License-Identifier: Apache-2.0

package tinygo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/tinygotest"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// bench is a device on the air, with its Wi-Fi on the double of a driver and
// its configuration on a flash.
type bench struct {
	*tinygo.Radio
	t      *testing.T
	air    *sim.Air
	home   *sim.AP
	driver *tinygotest.Driver
	flash  *flash.Memory
	cfg    tinygo.Config
}

// errFault is a failure of the driver that says nothing.
var errFault = errors.New("fault of the driver")

var (
	network = hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}
	missing = hal.StationConfig{SSID: "Nowhere"}
	wrong   = hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}
)

// newBench boots a device in a synctest bubble, and takes it down at its end.
func newBench(t *testing.T, set ...func(*bench)) *bench {
	t.Helper()
	b := &bench{t: t, air: sim.NewAir(sim.AirConfig{}), flash: flash.NewMemory(tinygo.DefaultRegion)}
	var err error
	b.home, err = b.air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6})
	require.NoError(t, err)
	_, err = b.air.AddAP(sim.APConfig{SSID: "Far", RSSI: -80, Channel: 11})
	require.NoError(t, err)
	b.driver, err = tinygotest.New(b.air)
	require.NoError(t, err)
	for _, fn := range set {
		fn(b)
	}
	b.boot()
	t.Cleanup(func() {
		b.Close()
		time.Sleep(time.Minute)
		b.driver.Close()
		require.Empty(t, b.driver.Misuse())
	})
	return b
}

func (b *bench) boot() {
	b.t.Helper()
	partition, err := nvs.Open(b.flash, nvs.Options{})
	require.NoError(b.t, err)
	b.cfg.Driver, b.cfg.Store = b.driver, partition
	b.Radio, err = tinygo.New(b.cfg)
	require.NoError(b.t, err)
}

// reboot resets the chip.
func (b *bench) reboot() (hal.WiFi, error) {
	b.Close()
	time.Sleep(tinygotest.ConnectTime)
	if err := b.driver.Reset(); err != nil {
		return nil, err
	}
	b.boot()
	return b.Radio, nil
}

func (b *bench) rig() haltest.Rig {
	return haltest.Rig{
		WiFi: b.Radio, SoftAP: b.Radio, Network: network, Missing: missing, Wrong: wrong, Reboot: b.reboot,
		Probes:  b.home.Probes,
		Channel: 0, SparseScan: true, // a scan tells neither channel nor BSSID
		OneMode: true, // the link goes when the SoftAP opens
	}
}
