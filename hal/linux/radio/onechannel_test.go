// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package radio_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakelinux"
)

func TestSoftAPFollows(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, policies["one channel"])
		b.openAP()
		require.EqualValues(t, 1, b.channel())
		d := b.diary()
		b.connect(wrong)
		time.Sleep(time.Minute)
		require.Equal(t, lines(allChannels+move+joinTime, "Disconnected 15"), d.told())
		require.EqualValues(t, 6, b.channel())
		require.Equal(t, 1, b.box.Moves())

		d = b.diary() // the channel is known, and verified
		b.connect(network)
		time.Sleep(time.Minute)
		require.Equal(t, lines(oneChannel+joinTime, "Connected", oneChannel+joinTime, "GotIP 192.168.1.77"), d.told())
		require.Equal(t, 1, b.box.Moves())
		require.NoError(t, b.Disconnect())
		time.Sleep(time.Minute)

		d = b.diary() // a missing network moves nothing
		b.connect(missing)
		time.Sleep(time.Minute)
		require.Equal(t, lines(allChannels+joinTime, "Disconnected 201"), d.told())
		require.EqualValues(t, 6, b.channel())

		d = b.diary() // nor does an attempt that is given up
		b.configure(func(c *sim.APConfig) { c.Channel = 11 })
		b.connect(network)
		time.Sleep(oneChannel + time.Second)
		require.NoError(t, b.Disconnect())
		time.Sleep(time.Minute)
		require.Equal(t, lines(oneChannel+time.Second, "Disconnected 8"), d.told())
		require.EqualValues(t, 6, b.channel())
		require.Equal(t, 1, b.box.Moves())

		d = b.diary() // the network has moved
		b.connect(network)
		time.Sleep(time.Minute)
		took := allChannels + move + joinTime
		require.Equal(t, lines(took, "Connected", took, "GotIP 192.168.1.77"), d.told())
		require.EqualValues(t, 11, b.channel())
	})
}

func TestSoftAPKnowsTheChannel(t *testing.T) {
	for name, prepare := range map[string]func(b *bench, cfg *hal.StationConfig){
		"configured": func(_ *bench, cfg *hal.StationConfig) { cfg.Channel = 6 },
		"scanned": func(b *bench, _ *hal.StationConfig) {
			require.NoError(b.t, b.StartScan(hal.ScanConfig{}))
			time.Sleep(time.Minute)
		},
		"scanned, and another scan stopped": func(b *bench, _ *hal.StationConfig) {
			require.NoError(b.t, b.StartScan(hal.ScanConfig{}))
			time.Sleep(time.Minute)
			require.NoError(b.t, b.StartScan(hal.ScanConfig{}))
			time.Sleep(100 * time.Millisecond)
			require.NoError(b.t, b.StopScan())
			time.Sleep(time.Minute)
		},
		"scanned alone": func(b *bench, _ *hal.StationConfig) {
			require.NoError(b.t, b.StartScan(hal.ScanConfig{Channel: 6}))
			time.Sleep(time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t, policies["one channel"])
				b.openAP()
				cfg := network
				prepare(b, &cfg)
				d := b.diary()
				b.connect(cfg)
				time.Sleep(time.Minute)
				took := oneChannel + move + joinTime
				require.Equal(t, lines(took, "Connected", took, "GotIP 192.168.1.77"), d.told())
				require.EqualValues(t, 6, b.channel())
			})
		})
	}
}

func TestSoftAPAndUnknownChannel(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, policies["one channel"])
		b.openAP()
		cfg := network
		cfg.Channel = 36
		d := b.diary()
		b.connect(cfg)
		time.Sleep(time.Minute)
		took := allChannels + move + joinTime
		require.Equal(t, lines(took, "Connected", took, "GotIP 192.168.1.77"), d.told())
		require.EqualValues(t, 6, b.channel())
	})
}

func TestSoftAPReplacedWhileJoining(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, policies["one channel"])
		b.configure(func(c *sim.APConfig) { c.JoinTime, c.DHCPDelay = 10*time.Second, 10*time.Second })
		b.openAP()
		b.connect(network)
		for range 2 { // joining, and waiting for an address
			time.Sleep(8 * time.Second)
			require.NoError(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "OTHER", Channel: 3}))
			require.EqualValues(t, 6, b.channel())
		}
		time.Sleep(time.Minute)
		_, err := b.Link()
		require.NoError(t, err)
		require.Equal(t, 3, b.box.Moves())
	})
}

func TestSoftAPBesideLink(t *testing.T) {
	for _, fault := range []error{nil, errors.New("not now")} {
		inBubble(t, func(t *testing.T) {
			b := newBench(t, policies["one channel"], func(b *bench) {
				b.sim.Fault = func(c fakelinux.Call) error {
					if c == fakelinux.Channel {
						return fault
					}
					return nil
				}
			})
			require.NoError(t, b.Start())
			b.connect(network)
			time.Sleep(time.Second)
			d := b.diary()
			require.NoError(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "PROV_TEST", Channel: 3}))
			require.EqualValues(t, 6, b.channel())
			require.NoError(t, b.StartSoftAP(prov))
			require.EqualValues(t, 6, b.channel())
			require.NoError(t, b.StopSoftAP())
			time.Sleep(time.Minute)
			require.Empty(t, d.told())
			require.Equal(t, 1, b.home.Stations())
		})
	}
}

func TestSoftAPOnFiveGHz(t *testing.T) {
	for _, tc := range []struct {
		name    string
		channel uint8
		listen  []uint8
		follows bool
	}{
		{"36", 36, nil, true},
		{"165", 165, nil, true},
		{"radar", 100, nil, false},
		{"does not open", 36, []uint8{36}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t, policies["one channel"], func(b *bench) { b.sim.FiveGHz, b.sim.Listen = true, tc.listen })
				b.configure(func(c *sim.APConfig) { c.Channel = tc.channel })
				b.openAP()
				b.connect(network)
				time.Sleep(time.Minute)
				_, err := b.Link()
				require.NoError(t, err, "for clients that ask")
				if tc.follows {
					require.Equal(t, tc.channel, b.channel())
					require.Equal(t, 1, b.home.Stations())
					return
				}
				require.EqualValues(t, 1, b.channel())
				require.Zero(t, b.home.Stations(), "the access point has the radio")
				require.NoError(t, b.StopSoftAP())
				time.Sleep(time.Second)
				require.Zero(t, b.channel())
				require.Empty(t, b.box.Virtual())
				require.Equal(t, 1, b.home.Stations())

				// The other way round: the link was there before.
				require.NoError(t, b.StartSoftAP(prov))
				require.EqualValues(t, 1, b.channel())
				require.Zero(t, b.home.Stations())
				_, err = b.Link()
				require.NoError(t, err)
			})
		})
	}
}

func TestSoftAPAndHiddenNetwork(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, policies["one channel"])
		b.configure(func(c *sim.APConfig) { c.Hidden = true })
		b.box.SetExtra(hal.AccessPoint{BSSID: b.home.Info().BSSID, Channel: 6, RSSI: -40})
		b.openAP()
		d := b.diary()
		b.connect(network)
		time.Sleep(allChannels + fakelinux.CloseTime + joinTime/2)
		require.Zero(t, b.channel())
		time.Sleep(time.Minute)
		took := allChannels + fakelinux.CloseTime + joinTime
		require.Equal(t, lines(took, "Connected", took, "GotIP 192.168.1.77"), d.told())
		require.EqualValues(t, 6, b.channel())
		require.Equal(t, 1, b.home.Stations())
	})
}

func TestSoftAPAndMesh(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, policies["one channel"], func(b *bench) { b.sim.FiveGHz = true })
		best := b.home.Config()
		for i, where := range []struct {
			channel uint8
			rssi    int8
		}{{11, -70}, {36, -35}, {100, -20}} {
			cfg := best
			cfg.Channel, cfg.RSSI, cfg.BSSID = where.channel, where.rssi, hal.BSSID{2, 0, 0, 0, 0, byte(i)}
			_, err := b.air.AddAP(cfg)
			require.NoError(t, err)
		}
		b.openAP()
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Minute)
		for _, want := range []uint8{36, 6} {
			cfg := network
			if want == 6 {
				cfg.BSSID, cfg.BSSIDSet = b.home.Info().BSSID, true
			}
			b.connect(cfg)
			time.Sleep(time.Minute)
			link, err := b.Link()
			require.NoError(t, err)
			require.Equal(t, want, link.AP.Channel)
			require.Equal(t, want, b.channel())
			require.NoError(t, b.Disconnect())
		}
	})
}
