// SPDX-License-Identifier: Apache-2.0

package tinygo_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/tinygotest"
)

var prov = hal.SoftAPConfig{SSID: "PROV_TEST"}

// phone is another station, which looks for the device's SoftAP.
func (b *bench) phone() func() bool {
	b.t.Helper()
	return func() bool {
		_, open := b.driver.Board().SoftAP()
		return open
	}
}

// openAP starts the radio with a SoftAP.
func (b *bench) openAP() {
	b.t.Helper()
	require.NoError(b.t, b.SetMode(hal.ModeSTA))
	require.NoError(b.t, b.Start())
	began := time.Now()
	require.NoError(b.t, b.StartSoftAP(prov))
	require.Greater(b.t, time.Since(began), tinygotest.ScanTime-time.Second, "it looked around")
}

// The SoftAP closes for an attempt and comes back with the outcome; a link is
// lent out, and taken up again at the end.
func TestSoftAPByTurns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		b.openAP()
		open := b.phone()
		require.True(t, open())
		time.Sleep(time.Minute)
		d := b.diary()
		require.NoError(t, b.SetStationConfig(wrong))
		require.NoError(t, b.Connect())
		time.Sleep(100 * time.Millisecond)
		require.False(t, open(), "the station has the radio")
		time.Sleep(time.Second)
		require.Equal(t, []string{"505ms Disconnected 15"}, d.told())
		require.True(t, open(), "it came back")

		// At once again: the SoftAP stays for a while first, from 0.51 s on.
		require.NoError(t, b.SetStationConfig(network))
		require.NoError(t, b.Connect())
		require.ErrorIs(t, b.Connect(), hal.ErrBusy)
		require.ErrorIs(t, b.StartScan(hal.ScanConfig{}), hal.ErrBusy)
		time.Sleep(19 * time.Second)
		require.True(t, open())
		time.Sleep(500 * time.Millisecond)
		require.False(t, open())
		time.Sleep(time.Second)
		require.Equal(t, []string{"21.015s Connected", "21.015s GotIP 192.168.1.77"}, d.told())
		require.True(t, open())
		require.Zero(t, b.home.Stations(), "no link beside a SoftAP")
		link, err := b.Link()
		require.NoError(t, err)
		require.Equal(t, hal.Link{AP: b.home.Info(), IP: hal.IPv4{192, 168, 1, 77}}, link, "for clients that ask")
		_, err = b.IPConfig()
		require.NoError(t, err)
		require.NoError(t, b.Connect(), "there is a link")
		time.Sleep(time.Minute)
		require.Empty(t, d.told(), "it is not looked at")

		require.NoError(t, b.StopSoftAP())
		_, err = b.Link()
		require.ErrorIs(t, err, hal.ErrNotConnected, "nothing can be sent yet")
		time.Sleep(time.Second)
		require.False(t, open())
		require.Equal(t, []string{"1m22.105s Connected", "1m22.105s GotIP 192.168.1.77"}, d.told())
		require.Equal(t, 1, b.home.Stations())
		_, err = b.Link()
		require.NoError(t, err)
	})
}

// What ends a link that is lent out.
func TestSoftAPAndLentLink(t *testing.T) {
	for name, tc := range map[string]struct {
		act  func(b *bench) error
		want []string
	}{
		"told to leave":    {func(b *bench) error { return errors.Join(b.Disconnect(), b.StopSoftAP()) }, []string{"0s Disconnected 8"}},
		"network gone":     {func(b *bench) error { b.home.Vanish(); return b.StopSoftAP() }, []string{"505ms Disconnected 201"}},
		"no station":       {func(b *bench) error { return b.SetMode(hal.ModeOff) }, []string{"0s Disconnected 8"}},
		"station mode":     {func(b *bench) error { return b.SetMode(hal.ModeSTA) }, []string{"505ms Connected", "505ms GotIP 192.168.1.77"}},
		"another SoftAP":   {func(b *bench) error { return b.StartSoftAP(hal.SoftAPConfig{SSID: "OTHER"}) }, nil},
		"other config set": {func(b *bench) error { return errors.Join(b.SetStationConfig(missing), b.StopSoftAP()) }, []string{"505ms Connected", "505ms GotIP 192.168.1.77"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t)
				b.openAP()
				require.NoError(t, b.SetStationConfig(network))
				require.NoError(t, b.Connect())
				time.Sleep(time.Minute)
				_, err := b.Link()
				require.NoError(t, err)
				d := b.diary()
				require.NoError(t, tc.act(b))
				time.Sleep(time.Minute)
				require.Equal(t, tc.want, d.told())
			})
		})
	}
}

// A SoftAP opens beside whatever the station does.
func TestSoftAPOpensBesideStation(t *testing.T) {
	for name, tc := range map[string]struct {
		before func(b *bench)
		wait   time.Duration
		want   []string
	}{
		"with a link": {func(b *bench) { b.online() }, 0, nil},
		"joining": {func(b *bench) {
			require.NoError(b.t, b.Start())
			require.NoError(b.t, b.SetStationConfig(network))
			require.NoError(b.t, b.Connect())
		}, 0, []string{"500ms Connected", "500ms GotIP 192.168.1.77"}},
		"waiting for an address": {func(b *bench) {
			home := b.home.Config()
			home.NoDHCP = true
			require.NoError(b.t, b.home.Configure(home))
			require.NoError(b.t, b.Start())
			require.NoError(b.t, b.SetStationConfig(network))
			require.NoError(b.t, b.Connect())
			time.Sleep(25 * time.Second)
		}, 60 * time.Second, []string{"34.5s Disconnected 205"}}, // the try under way, and 30 s
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t)
				tc.before(b)
				d := b.diary()
				require.NoError(t, b.StartSoftAP(prov))
				time.Sleep(tc.wait + 5*time.Second)
				require.True(t, b.phone()())
				require.Equal(t, tc.want, d.told())
			})
		})
	}
}

// Another SoftAP takes the place of one, also while an attempt waits for it; and
// none is left when it is closed.
func TestSoftAPReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		b.openAP()
		require.NoError(t, b.SetStationConfig(missing))
		require.NoError(t, b.Connect())
		time.Sleep(time.Second)
		require.NoError(t, b.Connect()) // it waits
		other := hal.SoftAPConfig{SSID: "OTHER"}
		require.NoError(t, b.StartSoftAP(other))
		time.Sleep(time.Second)
		cfg, open := b.driver.Board().SoftAP()
		require.True(t, open)
		require.Equal(t, other.SSID, cfg.SSID)
		time.Sleep(time.Minute)
		require.True(t, b.phone()())
		require.NoError(t, b.StopSoftAP())
		require.NoError(t, b.StopSoftAP())
		time.Sleep(time.Second)
		require.False(t, b.phone()())
	})
}

// Clients that scan find what was there before the SoftAP opened.
func TestSoftAPScans(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		b.openAP()
		b.home.Vanish()
		for range 2 {
			d := b.diary()
			require.NoError(t, b.StartScan(hal.ScanConfig{}))
			require.Equal(t, []string{"0s ScanDone"}, d.told())
			list := make([]hal.AccessPoint, 4)
			n, err := b.ScanResults(list)
			require.NoError(t, err)
			require.Equal(t, 2, n)
			require.Equal(t, hal.SSID("HomeNet"), list[0].SSID)
			time.Sleep(time.Minute)
		}
		require.True(t, b.phone()(), "it was open all the time")
	})
}

// An address that never comes does not keep the SoftAP away for ever.
func TestSoftAPComesBackWithoutAddress(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		home := b.home.Config()
		home.NoDHCP = true
		require.NoError(t, b.home.Configure(home))
		b.openAP()
		d := b.diary()
		require.NoError(t, b.SetStationConfig(network))
		require.NoError(t, b.Connect())
		time.Sleep(time.Minute)
		require.Equal(t, []string{"505ms Connected", "39.505s Disconnected 205"}, d.told())
		require.True(t, b.phone()())
		require.Zero(t, b.home.Stations())
	})
}

// A driver that fails to open the SoftAP again is asked again.
func TestSoftAPOpensAgainAfterFaults(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		faults := 0
		b := newBench(t, func(b *bench) {
			b.driver.Fault = func(c tinygotest.Call) error {
				if c == tinygotest.StartAP && faults > 0 {
					faults--
					return errFault
				}
				return nil
			}
		})
		b.openAP()
		faults = 5
		require.NoError(t, b.SetStationConfig(missing))
		require.NoError(t, b.Connect())
		time.Sleep(5 * time.Second)
		require.False(t, b.phone()())
		time.Sleep(time.Second)
		require.True(t, b.phone()())

		// When it is asked for, the caller is told.
		require.NoError(t, b.StopSoftAP())
		faults = 1
		err := b.StartSoftAP(prov)
		require.ErrorIs(t, err, errFault)
		require.Equal(t, "tinygo: opening the access point: "+errFault.Error(), err.Error())
		time.Sleep(time.Minute)
		require.False(t, b.phone()())
		b.online()
	})
}

// Other stations can join it with its key, also when it came back.
func TestSoftAPKey(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.Start())
		require.NoError(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "PROV_TEST", Key: "12345678", Channel: 9}))
		for range 2 {
			cfg, open := b.driver.Board().SoftAP()
			require.True(t, open)
			require.Equal(t, hal.SoftAPConfig{SSID: "PROV_TEST", Key: "12345678", Channel: 9}, cfg)
			phone, err := b.air.NewBoard(sim.BoardConfig{})
			require.NoError(t, err)
			require.NoError(t, errors.Join(phone.Start(), phone.SetStationConfig(hal.StationConfig{SSID: "PROV_TEST", Passphrase: "12345678"}), phone.Connect()))
			time.Sleep(time.Second)
			_, err = phone.Link()
			require.NoError(t, err)
			require.NoError(t, b.SetStationConfig(missing))
			require.NoError(t, b.Connect())
			time.Sleep(time.Minute)
			_, err = phone.Link()
			require.ErrorIs(t, err, hal.ErrNotConnected)
			phone.Close()
		}
	})
}

// Every call of the driver fails once, at every place of a story with a station
// and a SoftAP: nothing hangs, the driver is called as it is to be, and what is
// asked for anew works.
func TestEveryDriverFault(t *testing.T) {
	story := func(t *testing.T, call tinygotest.Call, nth int) (happened bool) {
		inBubble(t, func(t *testing.T) {
			n := 0
			b := newBench(t, func(b *bench) {
				b.driver.Fault = func(c tinygotest.Call) error {
					if c == call {
						if n++; n == nth {
							return errFault
						}
					}
					return nil
				}
			})
			fatal := call == tinygotest.Enable
			if err := b.Start(); err != nil {
				require.ErrorIs(t, err, errFault)
				if fatal {
					require.Error(t, b.Start())
					happened = true
					return
				}
				require.NoError(t, b.Start())
			}
			again := func(fn func() error) {
				if err := fn(); err != nil {
					require.ErrorIs(t, err, errFault)
					require.NoError(t, fn())
				}
			}
			d := b.diary()
			scan := func() {
				for try := 0; ; try++ {
					require.Less(t, try, 3)
					d.told()
					require.NoError(t, b.StartScan(hal.ScanConfig{}))
					time.Sleep(10 * time.Second)
					if lines := d.told(); len(lines) == 1 && lines[0][len(lines[0])-6:] != "failed" {
						return
					}
				}
			}
			join := func(cfg hal.StationConfig, want string) {
				require.NoError(t, b.SetStationConfig(cfg))
				for try := 0; ; try++ {
					require.Less(t, try, 3, want)
					d.told()
					require.NoError(t, b.Connect())
					time.Sleep(2 * time.Minute)
					lines := d.told()
					require.NotEmpty(t, lines)
					if last := lines[len(lines)-1]; last[len(last)-len(want):] == want {
						return
					}
				}
			}
			scan()
			join(network, "GotIP 192.168.1.77")
			require.NoError(t, b.Disconnect())
			time.Sleep(time.Minute)
			require.Zero(t, b.home.Stations(), "left")
			join(network, "GotIP 192.168.1.77")
			b.home.Kick(hal.ReasonAuthLeave)
			time.Sleep(time.Minute)
			require.Len(t, d.told(), 1, "the loss is noticed")
			again(func() error { return b.StartSoftAP(prov) })
			scan()
			join(wrong, "Disconnected 15")
			join(network, "GotIP 192.168.1.77")
			time.Sleep(time.Minute)
			require.True(t, b.phone()())
			require.NoError(t, b.StopSoftAP())
			time.Sleep(time.Minute)
			if _, err := b.Link(); err != nil { // the way back into the network failed
				join(network, "GotIP 192.168.1.77")
			}
			require.NoError(t, b.SetMode(hal.ModeOff))
			time.Sleep(time.Minute)
			require.NoError(t, b.SetMode(hal.ModeSTA))
			time.Sleep(time.Minute)
			join(network, "GotIP 192.168.1.77")
			happened = n >= nth
		})
		return happened
	}
	total := 0
	for _, call := range tinygotest.Calls {
		nth := 1
		for ; story(t, call, nth); nth++ {
			if t.Failed() {
				t.Fatal(call, nth)
			}
			require.Less(t, nth, 200)
			if call == tinygotest.Enable {
				nth++
				break
			}
			if call == tinygotest.Link && nth == 40 {
				break // one look at the link is like another
			}
		}
		total += nth - 1
		t.Log(fmt.Sprint(call, ": ", nth-1))
	}
	require.Greater(t, total, 40)
}
