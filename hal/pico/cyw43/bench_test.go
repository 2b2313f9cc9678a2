// SPDX-License-Identifier: Apache-2.0

package cyw43_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/haltest"
	"github.com/wifiprov/wifiprov/hal/pico/cyw43"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/cyw43test"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// bench is a Pico W on the air, with its configuration on a flash.
type bench struct {
	*tinygo.Radio
	t      *testing.T
	air    *sim.Air
	home   *sim.AP
	board  *cyw43test.Board
	driver *cyw43.Driver
	flash  *flash.Memory
}

var (
	network = hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}
	missing = hal.StationConfig{SSID: "Nowhere"}
	wrong   = hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}
)

// newBench boots a board in a synctest bubble, and takes it down at its end.
func newBench(t *testing.T, set ...func(*bench)) *bench {
	t.Helper()
	b := &bench{t: t, air: sim.NewAir(sim.AirConfig{}), flash: flash.NewMemory(tinygo.DefaultRegion)}
	var err error
	b.home, err = b.air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6})
	require.NoError(t, err)
	_, err = b.air.AddAP(sim.APConfig{SSID: "Far", RSSI: -80, Channel: 11})
	require.NoError(t, err)
	b.board, err = cyw43test.NewBoard(b.air)
	require.NoError(t, err)
	for _, fn := range set {
		fn(b)
	}
	b.boot()
	t.Cleanup(func() {
		b.Close()
		time.Sleep(time.Minute)
		b.board.Close()
		require.Empty(t, b.board.Misuse())
	})
	return b
}

func (b *bench) boot() {
	b.t.Helper()
	partition, err := nvs.Open(b.flash, nvs.Options{})
	require.NoError(b.t, err)
	b.driver = cyw43.New(b.board, b.board.Bus)
	b.Radio, err = tinygo.New(tinygo.Config{Driver: b.driver, Store: partition})
	require.NoError(b.t, err)
}

// reboot resets the board.
func (b *bench) reboot() (hal.WiFi, error) {
	b.Close()
	time.Sleep(cyw43test.JoinTime + time.Second)
	if err := b.board.Reset(); err != nil {
		return nil, err
	}
	b.boot()
	return b.Radio, nil
}

func (b *bench) rig() haltest.Rig {
	return haltest.Rig{
		WiFi: b.Radio, Network: network, Missing: missing, Wrong: wrong, Reboot: b.reboot,
		Probes: b.home.Probes, Channel: 6, OneMode: true,
	}
}
