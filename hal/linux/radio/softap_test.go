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

var prov = hal.SoftAPConfig{SSID: "PROV_TEST"}

// openAP starts the radio with an access point.

func (b *bench) openAP() {
	b.t.Helper()
	require.NoError(b.t, b.Start())
	require.NoError(b.t, b.StartSoftAP(prov))
}

// channel returns the channel of the access point; 0: it is closed.

func (b *bench) channel() uint8 {
	ap, _ := b.box.AP()
	return ap.Channel
}

// connect begins an attempt to join.

func (b *bench) connect(cfg hal.StationConfig) {
	b.t.Helper()
	require.NoError(b.t, b.SetStorage(hal.StorageRAM))
	require.NoError(b.t, b.SetStationConfig(cfg))
	require.NoError(b.t, b.Connect())
}

// configure changes the network.

func (b *bench) configure(change func(*sim.APConfig)) {
	b.t.Helper()
	cfg := b.home.Config()
	change(&cfg)
	require.NoError(b.t, b.home.Configure(cfg))
}

// The access point stays beside attempts and a link, and where it was asked for.

func TestSoftAPBeside(t *testing.T) {
	for name, iface := range map[string]string{"another radio": fakelinux.Second, "two channels": "ap-wlan0"} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t, policies[name])
				require.NoError(t, b.Start())
				began := time.Now()
				cfg := hal.SoftAPConfig{SSID: "PROV_TEST", Key: "12345678", Channel: 9, MaxStations: 3}
				require.NoError(t, b.StartSoftAP(cfg))
				require.Equal(t, fakelinux.OpenTime, time.Since(began))
				d := b.diary()
				b.connect(wrong)
				time.Sleep(time.Second)
				b.connect(network)
				time.Sleep(time.Minute)
				require.Equal(t, []string{"500ms Disconnected 15", "1.5s Connected", "1.5s GotIP 192.168.1.77"}, d.told())
				ap, _ := b.box.AP()
				require.Equal(t, radio.AP{SoftAPConfig: cfg, Interface: iface, Address: radio.DefaultAPAddress}, ap)
				require.Zero(t, b.box.Moves())
				require.NoError(t, b.StopSoftAP())
				time.Sleep(time.Second)
				require.Zero(t, b.channel())
				require.Empty(t, b.box.Virtual())
				require.Equal(t, 1, b.home.Stations())
				require.Empty(t, d.told())
			})
		})
	}
}

// Times of the simulated radio.

const (
	oneChannel  = sim.ActiveDwell
	allChannels = 13 * sim.ActiveDwell
	joinTime    = sim.DefaultJoinTime
	move        = fakelinux.OpenTime
)

// lines puts times before events.

func lines(pairs ...any) (list []string) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, fmt.Sprint(pairs[i], " ", pairs[i+1]))
	}
	return list
}

// On one channel the access point moves to that of the network before the station

// joins, and stays there after a failure.

// Where the network is may be told, or be known from a scan.

// A channel that the radio does not have says nothing.

// Another access point opens where the station joins.

// With a link the access point opens on its channel, whatever was asked for.

// A network on 5 GHz, and whether the access point can be there.

// A network that may hide its name can be anywhere. It is joined by turns, and when its

// channel is known the access point is beside it again.

// Of a network with several access points the strongest is joined where both can be,

// and no other.

// The access point closes for an attempt and comes back with the outcome; a link is

// lent out, and taken up again at the end.

// What ends a link that is lent out.

// An access point is asked for while the station is busy.

func TestSoftAPBesideBusyStation(t *testing.T) {
	quick := lines(joinTime, "Connected", joinTime, "GotIP 192.168.1.77")
	for _, policy := range []string{"another radio", "two channels", "one channel", "by turns"} {
		for name, tc := range map[string]struct {
			before func(b *bench)
			want   []string
		}{
			"linked":  {func(b *bench) { b.connect(network); time.Sleep(time.Second) }, nil},
			"joining": {func(b *bench) { b.connect(network) }, quick},
			"leaving": {func(b *bench) { b.connect(network); time.Sleep(time.Second); _ = b.Disconnect() }, nil},
			"asked": {func(b *bench) {
				b.connect(network)
				time.Sleep(time.Second)
				_ = b.Disconnect()
				b.connect(missing)
			}, lines(fakelinux.LeaveTime+joinTime, "Disconnected 201")},
		} {
			t.Run(policy+"/"+name, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					b := newBench(t, policies[policy])
					require.NoError(t, b.Start())
					tc.before(b)
					d := b.diary()
					require.NoError(t, b.StartSoftAP(prov))
					crowded := policy == "one channel" || policy == "by turns"
					if !crowded && name == "asked" { // it waits until the access point is open
						tc.want = lines(fakelinux.OpenTime+joinTime, "Disconnected 201")
					}
					require.Equal(t, !crowded || name == "linked" || name == "leaving", b.channel() != 0)
					time.Sleep(time.Minute)
					require.Equal(t, tc.want, d.told())
					require.NotZero(t, b.channel())
				})
			})
		}
	}
}

// An address that never comes does not keep the access point away for ever.

// An access point that does not open again is tried again, less and less often.

func TestSoftAPOpensAgainAfterFaults(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		faults := 0
		broken := errors.New("no beacon")
		b := newBench(t, func(b *bench) {
			b.sim.Fault = func(c fakelinux.Call) error {
				if c == fakelinux.OpenAP && faults > 0 {
					faults--
					return broken
				}
				return nil
			}
		})
		b.openAP()
		faults = 4
		b.connect(missing)
		time.Sleep(fakelinux.CloseTime + joinTime + 4*fakelinux.CloseTime + 15*time.Second) // after 1, 2, 4 and 8 s
		require.Zero(t, b.channel())
		time.Sleep(fakelinux.OpenTime + time.Millisecond)
		require.NotZero(t, b.channel())

		// When it is asked for, the caller is told.
		require.NoError(t, b.StopSoftAP())
		faults = 1
		err := b.StartSoftAP(prov)
		require.ErrorIs(t, err, broken)
		require.Equal(t, "radio: opening the access point on wlan0, channel 1: no beacon", err.Error())
		time.Sleep(time.Minute)
		require.Zero(t, b.channel())
		require.ErrorContains(t, b.StartSoftAP(hal.SoftAPConfig{}), "SSID")
	})
}

// An access point that does not close is closed later, or when the next is to open.

func TestSoftAPDoesNotClose(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				faults := 0
				b := newBench(t, policy, func(b *bench) {
					b.sim.Fault = func(c fakelinux.Call) error {
						if c == fakelinux.CloseAP && faults > 0 {
							faults--
							return errFault
						}
						return nil
					}
				})
				b.openAP()
				for _, again := range []bool{true, false} {
					faults = 2
					require.NoError(t, b.StopSoftAP())
					time.Sleep(time.Second / 2)
					require.NotZero(t, b.channel())
					if again {
						require.NoError(t, b.StartSoftAP(prov))
						require.NotZero(t, b.channel())
						continue
					}
					time.Sleep(time.Second)
					require.Zero(t, b.channel())
					require.Empty(t, b.box.Virtual())
				}
			})
		})
	}
}

// An access point that is lost opens again, beside a link on its channel.

func TestSoftAPLost(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t, policy)
				b.openAP()
				b.connect(network)
				time.Sleep(time.Minute)
				channel := b.channel()
				for range 3 {
					b.box.LoseAP()
					time.Sleep(time.Second)
					require.Zero(t, b.channel())
					time.Sleep(time.Second)
					require.Equal(t, channel, b.channel())
				}
				require.NoError(t, b.Disconnect())
				time.Sleep(time.Second)
				d := b.diary() // it came back 2 s ago, and stays for a while where it is in the way
				require.NoError(t, b.Connect())
				time.Sleep(time.Minute)
				took := joinTime
				switch name {
				case "one channel":
					took += 18*time.Second + fakelinux.OpenTime + oneChannel
				case "by turns":
					took = 0
				}
				if took != 0 {
					require.Equal(t, lines(took, "Connected", took, "GotIP 192.168.1.77"), d.told())
				}
				require.NoError(t, b.StopSoftAP())
				time.Sleep(time.Second)
				b.box.LoseAP() // too late to be of interest
				time.Sleep(time.Minute)
				require.Zero(t, b.channel())
			})
		})
	}
}

// Without a Phy there is nothing to know, so the two take turns.

// Without a virtual interface the two take turns.

// Another access point takes the place of one, also while an attempt waits for it.

// Scans by turns give what was there before the access point opened; others look.

// Without a wish the access point is on the one of three channels where the fewest

// others are.

func TestSoftAPChannel(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, policies["two channels"])
		require.NoError(t, b.Start())
		open := func() uint8 {
			require.NoError(t, b.StartSoftAP(prov))
			return b.channel()
		}
		scan := func() {
			require.NoError(t, b.StartScan(hal.ScanConfig{}))
			time.Sleep(time.Minute)
		}
		require.EqualValues(t, 1, open(), "nothing is known")
		scan()
		require.EqualValues(t, 1, open())
		for _, c := range []uint8{1, 4} {
			_, err := b.air.AddAP(sim.APConfig{SSID: "x", Channel: c})
			require.NoError(t, err)
		}
		scan()
		require.EqualValues(t, 11, open())
		for range 2 {
			_, err := b.air.AddAP(sim.APConfig{SSID: "x", Channel: 13})
			require.NoError(t, err)
		}
		scan()
		require.EqualValues(t, 1, open(), "2, 2 and 3")
	})
}
