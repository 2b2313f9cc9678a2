// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// newAir is an air with a few access points.
func newAir(t testing.TB) *sim.Air {
	air, _ := newAirAndHome(t)
	return air
}

// newAirAndHome returns the access points of HomeNet, too.
func newAirAndHome(t testing.TB) (air *sim.Air, home []*sim.AP) {
	air = sim.NewAir(sim.AirConfig{Seed: 1})
	for _, cfg := range []sim.APConfig{
		{SSID: "SlowDHCP", RSSI: -95, Channel: 3, DHCPDelay: 10 * time.Second},
		{SSID: "Weak", RSSI: -90, Channel: 1},
		{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6, Drift: 3},
		{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -70, Channel: 6},
		{SSID: "Secret", Hidden: true, RSSI: -20, Channel: 11},
	} {
		ap, err := air.AddAP(cfg)
		require.NoError(t, err)
		if cfg.SSID == "HomeNet" {
			home = append(home, ap)
		}
	}
	return air, home
}

// pumping is a device with a goroutine that is the application's task.
type pumping struct {
	*idf.Device
	t    testing.TB
	stop chan struct{}
	done chan struct{}
}

func pumped(t testing.TB, cfg idf.Config) *pumping {
	t.Helper()
	p := &pumping{t: t}
	p.open(cfg)
	t.Cleanup(p.close)
	return p
}

func (p *pumping) open(cfg idf.Config) {
	dev, err := idf.Open(cfg)
	require.NoError(p.t, err)
	stop, done := make(chan struct{}), make(chan struct{})
	p.Device, p.stop, p.done = dev, stop, done
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				dev.Pump(time.Hour)
			}
		}
	}()
}

func (p *pumping) close() {
	close(p.stop)
	p.Wake()
	<-p.done
	require.NoError(p.t, p.Device.Close())
}
