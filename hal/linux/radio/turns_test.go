// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package radio_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakelinux"
)

func TestSoftAPByTurns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.Start())
		began := time.Now()
		require.NoError(t, b.StartSoftAP(prov))
		require.Equal(t, allChannels+fakelinux.LeaveTime+fakelinux.OpenTime, time.Since(began), "it looked around")
		ap, _ := b.box.AP()
		require.Equal(t, fakelinux.Station, ap.Interface)
		time.Sleep(time.Minute)
		d := b.diary()
		b.connect(wrong)
		time.Sleep(100 * time.Millisecond)
		require.Zero(t, b.channel(), "the station has the radio")
		time.Sleep(time.Minute)
		require.Equal(t, lines(fakelinux.CloseTime+joinTime, "Disconnected 15"), d.told())
		require.NotZero(t, b.channel(), "it came back")

		d = b.diary()
		b.connect(missing)
		time.Sleep(time.Second) // it came back 250 ms ago
		d.told()

		// At once again: the access point stays for a while first.
		b.connect(network)
		require.ErrorIs(t, b.Connect(), hal.ErrBusy)
		require.ErrorIs(t, b.StartScan(hal.ScanConfig{}), hal.ErrBusy)
		time.Sleep(19 * time.Second)
		require.NotZero(t, b.channel())
		time.Sleep(time.Minute)
		took := fakelinux.CloseTime + joinTime + fakelinux.OpenTime + radio.DefaultPresence + fakelinux.CloseTime + joinTime
		require.Equal(t, lines(took, "Connected", took, "GotIP 192.168.1.77"), d.told())
		require.NotZero(t, b.channel())
		require.Zero(t, b.home.Stations(), "no link beside the access point")
		link, err := b.Link()
		require.NoError(t, err)
		require.Equal(t, hal.Link{AP: b.home.Info(), IP: hal.IPv4{192, 168, 1, 77}}, link, "for clients that ask")
		_, err = b.IPConfig()
		require.NoError(t, err)
		require.NoError(t, b.Connect(), "there is a link")
		time.Sleep(time.Minute)
		require.Empty(t, d.told())

		d = b.diary()
		require.NoError(t, b.StopSoftAP())
		_, err = b.Link()
		require.ErrorIs(t, err, hal.ErrNotConnected, "nothing can be sent yet")
		time.Sleep(time.Minute)
		require.Zero(t, b.channel())
		took = fakelinux.CloseTime + joinTime
		require.Equal(t, lines(took, "Connected", took, "GotIP 192.168.1.77"), d.told())
		require.Equal(t, 1, b.home.Stations())
	})
}

func TestSoftAPAndLentLink(t *testing.T) {
	took := fakelinux.CloseTime + joinTime
	back := lines(took, "Connected", took, "GotIP 192.168.1.77")
	for name, tc := range map[string]struct {
		act  func(b *bench) error
		want []string
	}{
		"told to leave":    {func(b *bench) error { return errors.Join(b.Disconnect(), b.StopSoftAP()) }, []string{"0s Disconnected 8"}},
		"network gone":     {func(b *bench) error { b.home.Vanish(); return b.StopSoftAP() }, lines(took, "Disconnected 201")},
		"no station":       {func(b *bench) error { return b.SetMode(hal.ModeOff) }, []string{"0s Disconnected 8"}},
		"access point":     {func(b *bench) error { return b.SetMode(hal.ModeAP) }, []string{"0s Disconnected 8"}},
		"station mode":     {func(b *bench) error { return b.SetMode(hal.ModeSTA) }, back},
		"another SoftAP":   {func(b *bench) error { return b.StartSoftAP(hal.SoftAPConfig{SSID: "OTHER"}) }, nil},
		"other config set": {func(b *bench) error { return errors.Join(b.SetStationConfig(missing), b.StopSoftAP()) }, back},
		"released":         {func(b *bench) error { return b.Release() }, []string{"0s Disconnected 8"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t)
				b.openAP()
				b.connect(network)
				time.Sleep(time.Minute)
				_, err := b.Link()
				require.NoError(t, err)
				d := b.diary()
				require.NoError(t, tc.act(b))
				time.Sleep(time.Minute)
				require.Equal(t, tc.want, d.told())
				require.Equal(t, name == "another SoftAP" || name == "access point", b.channel() != 0)
			})
		})
	}
}

func TestSoftAPComesBackWithoutAddress(t *testing.T) {
	for _, before := range []bool{true, false} {
		inBubble(t, func(t *testing.T) {
			b := newBench(t)
			b.configure(func(c *sim.APConfig) { c.NoDHCP = true })
			want := fakelinux.CloseTime + joinTime + radio.DefaultLease
			if before {
				b.openAP()
				b.connect(network)
			} else {
				require.NoError(t, b.Start())
				b.connect(network)
				time.Sleep(time.Hour) // without an access point it waits
				require.NoError(t, b.StartSoftAP(prov))
				want = radio.DefaultLease
			}
			d := b.diary()
			time.Sleep(want - time.Millisecond)
			require.Zero(t, b.channel())
			time.Sleep(time.Second)
			lines := d.told()
			require.Equal(t, fmt.Sprint(want, " Disconnected 205"), lines[len(lines)-1])
			require.NotZero(t, b.channel())
			require.Zero(t, b.home.Stations())
		})
	}
}

func TestWithoutPhy(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, policies["one channel"])
		require.NoError(t, b.Close())
		b.cfg.Phy = nil
		var err error
		b.Radio, err = radio.New(b.box.Daemon(), b.cfg)
		require.NoError(t, err)
		require.Empty(t, b.ScanChannels())
		b.openAP()
		ap, _ := b.box.AP()
		require.Equal(t, fakelinux.Station, ap.Interface)
		b.connect(network)
		time.Sleep(time.Minute)
		require.NotZero(t, b.channel())
	})
}

func TestSoftAPWithoutInterface(t *testing.T) {
	for _, call := range []fakelinux.Call{fakelinux.Beside, fakelinux.AddAP} {
		inBubble(t, func(t *testing.T) {
			b := newBench(t, policies["two channels"], func(b *bench) {
				b.sim.Fault = func(c fakelinux.Call) error {
					if c == call {
						return errors.New("not supported")
					}
					return nil
				}
			})
			b.openAP()
			ap, _ := b.box.AP()
			require.Equal(t, fakelinux.Station, ap.Interface)
			b.connect(network)
			time.Sleep(100 * time.Millisecond)
			require.Zero(t, b.channel())
		})
	}
}

func TestSoftAPReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		b.openAP()
		b.connect(missing)
		time.Sleep(time.Second)
		require.NoError(t, b.Connect()) // it waits
		require.NoError(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "OTHER"}))
		ap, _ := b.box.AP()
		require.Equal(t, hal.SSID("OTHER"), ap.SSID)
		time.Sleep(time.Minute)
		require.NotZero(t, b.channel())
		for range 2 {
			require.NoError(t, b.StopSoftAP())
			time.Sleep(time.Second)
			require.Zero(t, b.channel())
		}
	})
}

func TestSoftAPScans(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t, policy)
				b.openAP()
				b.home.Vanish()
				for range 2 {
					for channel, want := range map[uint8]int{0: 2, 6: 1, 11: 1, 1: 0} {
						d := b.diary()
						require.NoError(t, b.StartScan(hal.ScanConfig{Channel: channel}))
						time.Sleep(10 * time.Second)
						list := make([]hal.AccessPoint, 4)
						n, err := b.ScanResults(list)
						require.NoError(t, err)
						if name == "by turns" {
							require.Equal(t, []string{"0s ScanDone"}, d.told())
							require.Equal(t, want, n)
						} else {
							require.NotEqual(t, []string{"0s ScanDone"}, d.told())
							require.Equal(t, channel == 0 || channel == 11, n == 1)
						}
					}
				}
				require.NotZero(t, b.channel())
			})
		})
	}
}
