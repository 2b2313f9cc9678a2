// SPDX-License-Identifier: Apache-2.0

package cyw43_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/cyw43test"
)

// told subscribes, and returns what happened with its time when it is called.
func (b *bench) told() func() []string {
	var lines []string
	began := time.Now()
	b.Subscribe(func(e hal.Event) {
		lines = append(lines, fmt.Sprint(time.Since(began).Round(10*time.Millisecond), " ", e.Kind, " ", uint8(e.Reason), " ", e.IP))
	})
	return func() []string {
		synctest.Wait()
		defer func() { lines = nil }()
		return lines
	}
}

// started starts the radio.
func (b *bench) started() *bench {
	b.t.Helper()
	require.NoError(b.t, b.Start())
	time.Sleep(time.Second)
	return b
}

// joins starts to join a network.
func (b *bench) joins(cfg hal.StationConfig) {
	b.t.Helper()
	require.NoError(b.t, b.SetStationConfig(cfg))
	require.NoError(b.t, b.Connect())
}

// How each way of joining ends, and when: the driver looks every 270 ms.
func TestOutcomes(t *testing.T) {
	for name, tc := range map[string]struct {
		home func(*sim.APConfig)
		cfg  hal.StationConfig
		want []string
	}{
		"success":          {nil, network, []string{"540ms Connected 0 0.0.0.0", "540ms GotIP 0 192.168.1.77"}},
		"open":             {func(c *sim.APConfig) { c.Auth, c.Passphrase = hal.AuthOpen, "" }, hal.StationConfig{SSID: "HomeNet"}, []string{"540ms Connected 0 0.0.0.0", "540ms GotIP 0 192.168.1.77"}},
		"wrong passphrase": {nil, wrong, []string{"540ms Disconnected 15 0.0.0.0"}},
		"missing":          {nil, missing, []string{"540ms Disconnected 201 0.0.0.0"}},
		"full":             {func(c *sim.APConfig) { c.Refuse = hal.ReasonAssocTooMany }, network, []string{"540ms Disconnected 5 0.0.0.0"}},
		"refused":          {func(c *sim.APConfig) { c.Refuse = hal.ReasonAuthFail }, network, []string{"540ms Disconnected 202 0.0.0.0"}},
		"for some reason":  {func(c *sim.APConfig) { c.Refuse = hal.ReasonUnspecified }, network, []string{"540ms Disconnected 205 0.0.0.0"}},
		"slow":             {func(c *sim.APConfig) { c.JoinTime = 20 * time.Second }, network, []string{"10.26s Disconnected 205 0.0.0.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				if tc.home != nil {
					home := b.home.Config()
					tc.home(&home)
					require.NoError(t, b.home.Configure(home))
				}
				b.started()
				told := b.told()
				b.joins(tc.cfg)
				time.Sleep(2 * time.Minute)
				require.Equal(t, tc.want, told())
				require.Equal(t, len(tc.want)-1, b.home.Stations(), "the firmware does not go on by itself")
			})
		})
	}
}

// A link is described as the firmware tells it, and its loss is noticed.
func TestLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t).started()
		b.joins(network)
		time.Sleep(time.Second)
		link, err := b.Link()
		require.NoError(t, err)
		require.Equal(t, hal.Link{AP: b.home.Info(), IP: hal.IPv4{192, 168, 1, 77}}, link)
		home := b.home.Config()
		home.RSSI = -70
		require.NoError(t, b.home.Configure(home))
		time.Sleep(tinygo.DefaultProbe)
		link, err = b.Link()
		require.NoError(t, err)
		require.EqualValues(t, -70, link.AP.RSSI)

		told := b.told()
		require.EqualValues(t, 1, b.home.Kick(hal.ReasonAuthLeave))
		time.Sleep(tinygo.DefaultProbe)
		require.Len(t, told(), 1)
		b.joins(network)
		time.Sleep(time.Second)
		require.Len(t, told(), 2)
		require.NoError(t, b.driver.Disconnect())
		_, err = b.driver.Link()
		require.ErrorIs(t, err, hal.ErrNotConnected, "at once")
		require.NoError(t, b.driver.Connect(network.SSID, network.Passphrase))
		require.NoError(t, b.SetMode(hal.ModeOff))
		time.Sleep(time.Second)
		require.Zero(t, b.home.Stations())
	})
}

// An attempt that is given up ends at once, also if the driver would wait for 10 s, and
// the next begins.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		home := b.home.Config()
		home.JoinTime = 9 * time.Second
		require.NoError(t, b.home.Configure(home))
		b.started()
		told := b.told()
		b.joins(network)
		time.Sleep(time.Second)
		require.NoError(t, b.Disconnect())
		b.joins(missing)
		time.Sleep(20 * time.Second)
		require.Equal(t, []string{"1s Disconnected 8 0.0.0.0", "1.62s Disconnected 201 0.0.0.0"}, told())
		require.Zero(t, b.home.Stations())

		// While it waits for an address.
		home.JoinTime, home.NoDHCP = 0, true
		require.NoError(t, b.home.Configure(home))
		b.joins(network)
		time.Sleep(3 * time.Second)
		require.NoError(t, b.Disconnect())
		time.Sleep(time.Second)
		require.Zero(t, b.home.Stations())
		require.Len(t, told(), 2)
	})
}

// A scan tells all that the firmware does.
func TestScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		extra := []hal.AccessPoint{{RSSI: -10, BSSID: hal.BSSID{9}}}
		for i, auth := range []hal.AuthMode{hal.AuthOpen, hal.AuthWEP, hal.AuthWPAPSK, hal.AuthWPA2PSK, hal.AuthWPAWPA2PSK, hal.AuthWPA2Enterprise, hal.AuthWPA3PSK, hal.AuthWPA2WPA3PSK, hal.AuthOWE, hal.AuthWPA3Ent192} {
			extra = append(extra, hal.AccessPoint{SSID: hal.SSID(auth.String()), BSSID: hal.BSSID{1, byte(i)}, Channel: uint8(i + 1), RSSI: int8(-20 - i), Auth: auth})
		}
		extra = append(extra, hal.AccessPoint{SSID: "open", BSSID: hal.BSSID{1, 0}, Channel: 2, RSSI: -90}) // heard again
		b := newBench(t, func(b *bench) { b.board.Extra = extra }).started()
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(10 * time.Second)
		list := make([]hal.AccessPoint, 20)
		n, err := b.ScanResults(list)
		require.NoError(t, err)
		want := append([]hal.AccessPoint{}, extra[1:11]...)
		want = append(want, b.home.Info(), hal.AccessPoint{SSID: "Far", BSSID: hal.BSSID{2, 0x11, 0x22, 0x33, 0x44, 2}, Channel: 11, RSSI: -80})
		require.Equal(t, want, list[:n])
	})
}

// A scan keeps each access point once, as it was heard best, and no more than fit.
func TestScanIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(b *bench) {
			for i := range 200 {
				b.board.Extra = append(b.board.Extra, hal.AccessPoint{SSID: "Many", BSSID: hal.BSSID{1, byte(i / 2)}, Channel: 1, RSSI: int8(-90 + i%2)})
			}
		}).started()
		found, err := b.driver.Scan()
		require.NoError(t, err)
		require.Len(t, found, 64)
		require.Equal(t, hal.SSID("Many"), found[63].SSID)
		require.EqualValues(t, -89, found[63].RSSI)
		require.NotEqual(t, found[62].BSSID, found[63].BSSID)
	})
}

// The firmware is told to give up after an attempt that failed, since it would try on.
func TestFirmwareIsToldToGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var commands []uint32
		b := newBench(t, func(b *bench) {
			b.board.Refuse = func(c uint32) uint32 {
				commands = append(commands, c)
				return 0
			}
		}).started()
		b.joins(wrong)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Equal(t, []uint32{cyw43test.SetPMK, cyw43test.SetSSID, cyw43test.Disassoc}, commands)
	})
}

// There is no SoftAP, and the station goes on without it.
func TestNoSoftAP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t).started()
		require.ErrorIs(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "PROV"}), hal.ErrNotSupported)
		b.joins(network)
		time.Sleep(time.Second)
		_, err := b.Link()
		require.NoError(t, err)
	})
}

// Commands that the firmware refuses, one kind at a time: a scan or a description fails,
// a join does not.
func TestRefusedCommands(t *testing.T) {
	for _, command := range []uint32{cyw43test.GetBSSID, cyw43test.GetRSSI, cyw43test.GetChannel, cyw43test.Disassoc, cyw43test.SetVar} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, func(b *bench) {
				b.board.Refuse = func(c uint32) uint32 {
					if c == command {
						return 0xffffffff
					}
					return 0
				}
			}).started()
			_, err := b.driver.Scan()
			require.Equal(t, command == cyw43test.SetVar, err != nil, err)
			b.joins(network)
			time.Sleep(time.Second)
			link, err := b.Link()
			require.NoError(t, err)
			require.Equal(t, hal.SSID("HomeNet"), link.AP.SSID)
			require.Equal(t, command != cyw43test.Disassoc && command != cyw43test.SetVar, link.AP.BSSID == hal.BSSID{})
			require.NoError(t, b.Disconnect())
			time.Sleep(time.Second)
			if command != cyw43test.Disassoc {
				require.Zero(t, b.home.Stations())
			}
		})
	}
}

// Every call of the board fails once at every place of a story: nothing hangs, and what
// is asked for anew works.
func TestEveryFault(t *testing.T) {
	broken := errors.New("fault of the board")
	for _, call := range cyw43test.Calls {
		for nth := 1; nth <= 12; nth++ {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				b := newBench(t, func(b *bench) {
					b.board.Fault = func(c cyw43test.Call) error {
						if c == call {
							if n++; n == nth {
								return broken
							}
						}
						return nil
					}
				})
				if err := b.Start(); err != nil {
					require.Equal(t, cyw43test.Enable, call)
					require.ErrorIs(t, err, broken)
					return
				}
				told := b.told()
				for _, cfg := range []hal.StationConfig{wrong, network, missing, network} {
					_ = b.StartScan(hal.ScanConfig{})
					time.Sleep(15 * time.Second)
					for try := 0; ; try++ {
						require.Less(t, try, 3)
						_ = b.Disconnect()
						time.Sleep(3 * time.Second)
						b.joins(cfg)
						time.Sleep(30 * time.Second)
						if _, err := b.Link(); cfg != network || err == nil {
							break
						}
					}
				}
				require.NotEmpty(t, told())
				require.Equal(t, 1, b.home.Stations())
			})
		}
	}
}
