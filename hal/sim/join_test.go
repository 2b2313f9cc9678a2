// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// How far attempts get, at each moment.
func TestJoinInfo(t *testing.T) {
	wrong := hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}
	type config = sim.APConfig
	for _, tt := range []struct {
		name   string
		ap     sim.APConfig
		sta    hal.StationConfig
		at     []time.Duration
		want   []hal.JoinStep
		nobody bool // no access point chosen
	}{
		{"right", with(func(c *config) { c.DHCPDelay = time.Second }), homeSTA,
			[]time.Duration{100 * time.Millisecond, 600 * time.Millisecond, time.Second},
			[]hal.JoinStep{hal.JoinAuth, hal.JoinDHCP, hal.JoinDone}, false},
		{"wrong passphrase", home, wrong,
			[]time.Duration{100 * time.Millisecond, 600 * time.Millisecond, 10 * time.Second},
			[]hal.JoinStep{hal.JoinAuth, hal.JoinHandshake, hal.JoinHandshake}, false},
		{"not found", home, hal.StationConfig{SSID: "Nowhere"},
			[]time.Duration{100 * time.Millisecond, time.Second},
			[]hal.JoinStep{hal.JoinScan, hal.JoinScan}, true},
		{"full", with(func(c *config) { c.Refuse = hal.ReasonAssocTooMany }), homeSTA,
			[]time.Duration{time.Second}, []hal.JoinStep{hal.JoinAssoc}, false},
		{"refused for an odd reason", with(func(c *config) { c.Refuse = 99 }), homeSTA,
			[]time.Duration{time.Second}, []hal.JoinStep{hal.JoinAuth}, false},
		{"no address", with(func(c *config) { c.NoDHCP = true }), homeSTA,
			[]time.Duration{time.Hour}, []hal.JoinStep{hal.JoinDHCP}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				air := sim.NewAir(sim.AirConfig{HandshakeTry: time.Second})
				ap, err := air.AddAP(tt.ap)
				require.NoError(t, err)
				b, err := air.NewBoard(sim.BoardConfig{})
				require.NoError(t, err)
				defer b.Close()
				info, err := b.JoinInfo()
				require.NoError(t, err)
				require.Zero(t, info)
				require.NoError(t, b.Start())
				require.NoError(t, b.SetStationConfig(tt.sta))
				require.NoError(t, b.Connect())
				for i, d := range tt.at {
					time.Sleep(d)
					info, err := b.JoinInfo()
					require.NoError(t, err)
					require.Equal(t, tt.want[i], info.Step)
					if tt.nobody {
						require.Zero(t, info.AP)
					} else {
						require.Equal(t, ap.Info(), info.AP)
					}
				}
				require.NoError(t, b.Reboot())
				info, err = b.JoinInfo()
				require.NoError(t, err)
				require.Zero(t, info, "after a reboot")
			})
		})
	}
}

func TestIPConfig(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		_, err := air.AddAP(with(func(c *sim.APConfig) { c.IP = hal.IPv4{10, 1, 2, 3} }))
		require.NoError(t, err)
		b, err := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		require.NoError(t, b.Start())
		require.NoError(t, b.SetStationConfig(homeSTA))
		require.NoError(t, b.Connect())
		_, err = b.IPConfig()
		require.ErrorIs(t, err, hal.ErrNotConnected)
		time.Sleep(time.Second)
		cfg, err := b.IPConfig()
		require.NoError(t, err)
		require.Equal(t, hal.IPConfig{
			Address: hal.IPv4{10, 1, 2, 3}, Netmask: hal.IPv4{255, 255, 255, 0},
			Gateway: hal.IPv4{10, 1, 2, 1}, DNS: hal.IPv4{10, 1, 2, 1},
		}, cfg)
		b.Close()
		_, err = b.JoinInfo()
		require.ErrorIs(t, err, sim.ErrClosed)
		_, err = b.IPConfig()
		require.Error(t, err)
	})
}

// Around a driver without the ability, wrappers say so.
func TestWrappersWithoutJoinReporter(t *testing.T) {
	b, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	require.NoError(t, err)
	defer b.Close()
	plain := struct{ hal.WiFi }{b}
	for _, r := range []hal.JoinReporter{sim.NewFaults(plain, nil), sim.NewRecorder(plain)} {
		_, err := r.JoinInfo()
		require.ErrorIs(t, err, hal.ErrNotSupported)
		_, err = r.IPConfig()
		require.ErrorIs(t, err, hal.ErrNotSupported)
	}
}
