// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package radio_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakelinux"
)

// How each way of joining ends, and when.

func TestOutcomes(t *testing.T) {
	for _, tc := range []struct {
		name string
		home func(*sim.APConfig)
		cfg  hal.StationConfig
		want []string
		step hal.JoinStep
	}{
		{"success", nil, network, []string{"500ms Connected", "500ms GotIP 192.168.1.77"}, hal.JoinDone},
		{"wrong passphrase", nil, wrong, []string{"500ms Disconnected 15"}, hal.JoinHandshake},
		{"missing", nil, missing, []string{"500ms Disconnected 201"}, hal.JoinScan},
		{"full", func(c *sim.APConfig) { c.Refuse = hal.ReasonAssocTooMany }, network, []string{"500ms Disconnected 5"}, hal.JoinAssoc},
		{"slow DHCP", func(c *sim.APConfig) { c.DHCPDelay = 25 * time.Second }, network, []string{"500ms Connected", "25.5s GotIP 192.168.1.77"}, hal.JoinDone},
		{"no DHCP", func(c *sim.APConfig) { c.NoDHCP = true }, network, []string{"500ms Connected"}, hal.JoinDHCP},
		{"DHCP fails", func(c *sim.APConfig) { c.NoDHCP, c.DHCPTimeout = true, 4*time.Second }, network, []string{"500ms Connected", "4.5s Disconnected 205"}, hal.JoinDHCP},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t)
				if tc.home != nil {
					b.configure(tc.home)
				}
				require.NoError(t, b.Start())
				d := b.diary()
				b.connect(tc.cfg)
				time.Sleep(2 * time.Minute)
				require.Equal(t, tc.want, d.told())
				info, err := b.JoinInfo()
				require.NoError(t, err)
				require.Equal(t, tc.step, info.Step)
			})
		})
	}
}

// A lost link is told at once, with its reason, and can be joined again.

func TestLoss(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.Start())
		b.connect(network)
		time.Sleep(time.Minute)
		d := b.diary()
		b.home.Kick(hal.ReasonAuthLeave)
		require.Equal(t, []string{"0s Disconnected 3"}, d.told())
		_, err := b.Link()
		require.ErrorIs(t, err, hal.ErrNotConnected)
		require.NoError(t, b.Connect())
		time.Sleep(time.Minute)
		require.Equal(t, []string{"500ms Connected", "500ms GotIP 192.168.1.77"}, d.told())
		link, err := b.Link()
		require.NoError(t, err)
		require.Equal(t, hal.Link{AP: b.home.Info(), IP: hal.IPv4{192, 168, 1, 77}}, link)
		ip, err := b.IPConfig()
		require.NoError(t, err)
		require.Equal(t, hal.IPv4{192, 168, 1, 1}, ip.Gateway)
	})
}

// An attempt that was given up ends at once for its caller. The next waits until the

// daemon has left.

func TestGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		b.configure(func(c *sim.APConfig) { c.JoinTime = 14 * time.Second })
		require.NoError(t, b.Start())
		d := b.diary()
		b.connect(network)
		time.Sleep(time.Second)
		require.NoError(t, b.Disconnect())
		b.connect(missing)
		time.Sleep(time.Minute)
		// 50 ms to leave; 10 ms more passed in storing nothing.
		require.Equal(t, lines("1s", "Disconnected 8", time.Second+fakelinux.LeaveTime+joinTime, "Disconnected 201"), d.told())
		require.Zero(t, b.home.Stations())
	})
}

// How an interface is given back, and whether its network stays.

// A network that stayed joined is taken over by the next process.

// What fails when the interface cannot be taken over or given back, and that it can be

// tried again.

// The stored configuration cannot be read or written.

func TestStorageFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		broken := fakelinux.Load
		cause := errors.New("read-only file system")
		b := newBench(t, func(b *bench) {
			b.sim.Fault = func(c fakelinux.Call) error {
				if c == broken {
					return cause
				}
				return nil
			}
		})
		_, err := b.StationConfig()
		require.ErrorIs(t, err, cause)
		require.Equal(t, "radio: loading the configuration: read-only file system", err.Error())
		require.NoError(t, b.SetStationConfig(missing))
		cfg, err := b.StationConfig()
		require.NoError(t, err)
		require.Equal(t, missing, cfg)
		require.NoError(t, b.Restore())

		require.NoError(t, b.Close())
		b.boot()
		_, err = b.StationConfig()
		require.ErrorIs(t, err, cause)
		broken = ""
		require.NoError(t, b.Start())
		cfg, err = b.StationConfig()
		require.NoError(t, err)
		require.Zero(t, cfg)

		require.NoError(t, b.SetStationConfig(network))
		broken = fakelinux.Save
		for _, change := range []func() error{b.Restore, func() error { return b.SetStationConfig(missing) }} {
			err = change()
			require.ErrorIs(t, err, cause)
			require.NotContains(t, err.Error(), "secretpass")
			cfg, err = b.StationConfig()
			require.NoError(t, err)
			require.Equal(t, network, cfg)
		}
		require.NoError(t, b.SetStorage(hal.StorageRAM))
		require.NoError(t, b.SetStationConfig(missing))
		require.ErrorContains(t, b.SetStorage(7), "storage")
		require.Error(t, b.SetStationConfig(hal.StationConfig{SSID: "123456789012345678901234567890123"}))
		broken = ""
		require.NoError(t, b.Restore())
		cfg, err = b.StationConfig()
		require.NoError(t, err)
		require.Zero(t, cfg)
	})
}

// Scans: their channels, the daemon's own, one that is stopped, one that fails.

func TestScans(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		busy := 0
		var broken error
		b := newBench(t, func(b *bench) {
			b.sim.FiveGHz = true
			b.sim.Fault = func(c fakelinux.Call) error {
				switch {
				case c != fakelinux.Scan:
					return nil
				case busy > 0:
					busy--
					return fmt.Errorf("its own scan: %w", hal.ErrBusy)
				}
				return broken
			}
		})
		require.NoError(t, b.Start())
		require.Contains(t, b.ScanChannels(), uint8(36))
		for _, c := range []uint8{14, 15, 38, 255} {
			require.EqualError(t, b.StartScan(hal.ScanConfig{Channel: c}), fmt.Sprint("radio: wlan0 has no channel ", c))
		}
		scan := func() []string {
			d := b.diary()
			require.NoError(t, b.StartScan(hal.ScanConfig{Channel: 6}))
			time.Sleep(time.Minute)
			return d.told()
		}
		list := make([]hal.AccessPoint, 4)
		busy = 3
		require.Equal(t, []string{"3.12s ScanDone"}, scan())
		n, err := b.ScanResults(list)
		require.NoError(t, err)
		require.Equal(t, []hal.AccessPoint{b.home.Info()}, list[:n])
		n, err = b.ScanResults(list)
		require.NoError(t, err)
		require.Zero(t, n, "they are forgotten")
		busy = 100
		require.Equal(t, []string{"9s ScanDone failed"}, scan())
		busy, broken = 0, errors.New("gone")
		require.Equal(t, []string{"0s ScanDone failed"}, scan())
		broken = nil

		d := b.diary()
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Second)
		require.NoError(t, b.StopScan())
		require.ErrorIs(t, b.Connect(), hal.ErrBusy, "until the event")
		_, err = b.ScanResults(list)
		require.ErrorIs(t, err, hal.ErrBusy)
		time.Sleep(time.Second)
		require.Equal(t, lines(time.Second+fakelinux.LeaveTime, "ScanDone"), d.told())
		n, err = b.ScanResults(list)
		require.NoError(t, err)
		require.Equal(t, 1, n, "what was found so far")

		d = b.diary() // stopped while it waits
		busy = 100
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(time.Second / 2)
		require.NoError(t, b.StopScan())
		require.Equal(t, []string{"500ms ScanDone"}, d.told())
		busy = 0

		d = b.diary() // beside a link
		b.connect(network)
		time.Sleep(time.Minute)
		require.NoError(t, b.StartScan(hal.ScanConfig{Channel: 11}))
		time.Sleep(time.Minute)
		require.Len(t, d.told(), 3)
	})
}

// Methods that do not wait return at once, whatever the daemon is doing.

func TestNothingWaits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		hang := make(chan struct{})
		hangs := false
		b := newBench(t, func(b *bench) {
			b.sim.Fault = func(c fakelinux.Call) error {
				if hangs && (c == fakelinux.Scan || c == fakelinux.Join) {
					<-hang
				}
				return nil
			}
		})
		require.NoError(t, b.Start())
		require.NoError(t, b.SetStorage(hal.StorageRAM))
		require.NoError(t, b.SetStationConfig(network))
		hangs = true
		d := b.diary()
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		synctest.Wait()
		require.NoError(t, b.SetMode(hal.ModeOff))
		require.NoError(t, b.SetMode(hal.ModeSTA))
		require.NoError(t, b.Connect())
		require.NoError(t, b.Disconnect())
		require.NoError(t, b.StopSoftAP())
		require.Equal(t, []string{"0s ScanDone failed", "0s StationStart", "0s Disconnected 8"}, d.told())
		require.NoError(t, b.Connect())
		close(hang)
		time.Sleep(time.Minute)
		took := 2*fakelinux.LeaveTime + joinTime // after the scan has stopped, and the network from before is left
		require.Equal(t, lines(took, "Connected", took, "GotIP 192.168.1.77"), d.told())
	})
}

// The station's start is told when there is one, and each time again.

func TestModes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		d := b.diary()
		for _, m := range []hal.Mode{hal.ModeSTA, hal.ModeOff, hal.ModeAPSTA, hal.ModeAP} {
			require.NoError(t, b.SetMode(m))
		}
		require.ErrorContains(t, b.SetMode(4), "mode")
		require.NoError(t, b.Start())
		require.Empty(t, d.told())
		require.ErrorContains(t, b.Connect(), "station")
		for _, m := range []hal.Mode{hal.ModeSTA, hal.ModeAPSTA, hal.ModeOff, hal.ModeAPSTA} {
			require.NoError(t, b.SetMode(m))
		}
		require.Equal(t, lines(fakelinux.TakeTime, "StationStart", fakelinux.TakeTime, "StationStart"), d.told())
		require.ErrorContains(t, b.Connect(), "network")
	})
}

// Subscribers that do not return hold methods up, not the radio.

func TestSlowSubscriber(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		release := make(chan struct{})
		b.Subscribe(func(hal.Event) { <-release })
		require.NoError(t, b.Start())
		var err error
		n := 0
		for ; err == nil && n < 100; n++ {
			err = b.StartScan(hal.ScanConfig{Channel: 6})
			time.Sleep(time.Second)
		}
		require.ErrorIs(t, err, hal.ErrBusy)
		require.Equal(t, 65, n)
		close(release)
		time.Sleep(time.Second)
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
	})
}

// After Close nothing runs, calls fail, those who wait are told, and a handler can

// close.

// limited is a daemon with limits.

type limited struct{ radio.Daemon }

func (limited) Limits() hal.Limits { return hal.LimitBSSID }

func TestLimits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.Zero(t, b.Limits())
		r, err := radio.New(limited{b.box.Daemon()}, b.cfg)
		require.NoError(t, err)
		require.Equal(t, hal.LimitBSSID, r.Limits())
		require.NoError(t, r.Close())
	})
}

func TestNewRefuses(t *testing.T) {
	for want, cfg := range map[string]radio.Config{
		"Interface":   {},
		"APInterface": {Interface: "wlan0", APInterface: "wlan0"},
		"APAddress":   {Interface: "wlan0", APAddress: netip.MustParsePrefix("fd00::1/64")},
		"time":        {Interface: "wlan0", Presence: -1},
	} {
		_, err := radio.New(limited{}, cfg)
		require.ErrorContains(t, err, want)
	}
	_, err := radio.New(nil, radio.Config{Interface: "wlan0"})
	require.ErrorContains(t, err, "Daemon")
	_, err = radio.New(limited{}, radio.Config{Interface: "wlan0", APAddress: netip.MustParsePrefix("10.0.0.1/31")})
	require.ErrorContains(t, err, "APAddress")
}

// A Radio prints no secrets.

func TestPrint(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.SetStationConfig(network))
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			require.Equal(t, "radio.Radio(wlan0)", fmt.Sprintf(verb, b.Radio))
		}
	})
}
