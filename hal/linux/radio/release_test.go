// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package radio_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakelinux"
)

func TestRelease(t *testing.T) {
	former := hal.StationConfig{SSID: "Far"}
	join := func(b *bench, s hal.Storage, cfg hal.StationConfig) {
		require.NoError(b.t, b.SetStorage(s))
		require.NoError(b.t, b.SetStationConfig(cfg))
		require.NoError(b.t, b.Connect())
		time.Sleep(time.Second)
	}
	for _, tc := range []struct {
		name string
		act  func(b *bench)
		ssid hal.SSID
		told []string
	}{
		{"nothing was done", func(*bench) {}, "Far", nil},
		{"stored", func(b *bench) { join(b, hal.StorageFlash, network) }, "HomeNet", nil},
		{"stored later", func(b *bench) {
			join(b, hal.StorageRAM, network)
			require.NoError(b.t, b.SetStorage(hal.StorageFlash))
			require.NoError(b.t, b.SetStationConfig(network))
		}, "HomeNet", nil},
		{"a trial", func(b *bench) { join(b, hal.StorageRAM, network) }, "Far", []string{"0s Disconnected 8"}},
		{"a trial of another", func(b *bench) {
			join(b, hal.StorageFlash, network)
			require.NoError(b.t, b.Disconnect())
			join(b, hal.StorageRAM, former)
		}, "HomeNet", []string{"0s Disconnected 8"}},
		{"joining", func(b *bench) {
			b.configure(func(c *sim.APConfig) { c.JoinTime = 2 * time.Second })
			join(b, hal.StorageFlash, network)
		}, "HomeNet", []string{"0s Disconnected 8"}},
		{"scanning", func(b *bench) { require.NoError(b.t, b.StartScan(hal.ScanConfig{})) }, "Far", []string{"0s ScanDone failed"}},
		{"with an access point", func(b *bench) {
			join(b, hal.StorageFlash, network)
			require.NoError(b.t, b.StartSoftAP(prov))
		}, "HomeNet", nil},
	} {
		for _, how := range []string{"Release", "Close"} {
			t.Run(tc.name+"/"+how, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					b := newBench(t, policies["one channel"], func(b *bench) { b.sim.Former = former })
					time.Sleep(time.Second)
					require.Equal(t, 1, b.far.Stations())
					require.NoError(t, b.Start())
					tc.act(b)
					d := b.diary()
					joins := b.home.Stations()
					if how == "Release" {
						require.NoError(t, b.Release())
						require.Equal(t, tc.told, d.told())
						require.ErrorIs(t, b.Connect(), hal.ErrNotStarted)
					} else {
						require.NoError(t, b.Close())
						require.Empty(t, d.told())
					}
					require.Empty(t, b.box.Misuse())
					if tc.ssid == "HomeNet" && tc.told == nil {
						require.Equal(t, joins, b.home.Stations(), "it stayed joined")
					}
					time.Sleep(3 * time.Second)
					link, err := b.box.Board().Link()
					require.NoError(t, err)
					require.Equal(t, tc.ssid, link.AP.SSID)
					if how == "Release" {
						require.ErrorIs(t, func() error { _, err := b.Link(); return err }(), hal.ErrNotConnected)
						require.NoError(t, b.Start())
						join(b, hal.StorageFlash, network)
						_, err := b.Link()
						require.NoError(t, err)
					}
				})
			})
		}
	}
}

func TestTakenOver(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.Start())
		require.NoError(t, b.SetStationConfig(network))
		require.NoError(t, b.Connect())
		time.Sleep(time.Second)
		require.NoError(t, b.Close())
		b.boot()
		require.NoError(t, b.Start())
		d := b.diary()
		require.NoError(t, b.Connect())
		require.Equal(t, []string{"0s Connected", "0s GotIP 192.168.1.77"}, d.told())
	})
}

func TestTakeAndReleaseFail(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var broken fakelinux.Call
		cause := errors.New("no such thing")
		b := newBench(t, func(b *bench) {
			b.sim.Fault = func(c fakelinux.Call) error {
				if c == broken {
					return cause
				}
				return nil
			}
		})
		d := b.diary()
		broken = fakelinux.Take
		err := b.Start()
		require.ErrorIs(t, err, cause)
		require.Equal(t, "radio: taking wlan0 over: no such thing", err.Error())
		require.ErrorIs(t, b.Connect(), hal.ErrNotStarted)
		require.ErrorIs(t, b.StartSoftAP(prov), hal.ErrNotStarted)
		require.Empty(t, d.told())
		broken = ""
		require.NoError(t, b.Start())
		require.Equal(t, []string{"100ms StationStart"}, d.told())

		broken = fakelinux.Release
		err = b.Release()
		require.ErrorIs(t, err, cause)
		require.Equal(t, "radio: giving wlan0 back: no such thing", err.Error())
		broken = ""
		require.NoError(t, b.Release())
	})
}

func TestClose(t *testing.T) {
	for _, from := range []string{"outside", "a handler"} {
		inBubble(t, func(t *testing.T) {
			b := newBench(t)
			require.NoError(t, b.Start())
			b.connect(network)
			time.Sleep(time.Minute)
			d := b.diary()
			closed := make(chan error, 1)
			b.Subscribe(func(hal.Event) { closed <- b.Close() })
			require.NoError(t, b.StartScan(hal.ScanConfig{}))
			time.Sleep(time.Second)
			queued := make(chan error, 1)
			go func() { queued <- b.StartSoftAP(prov) }()
			synctest.Wait()
			if from == "outside" {
				require.NoError(t, b.Close())
				require.Empty(t, d.told())
			} else {
				require.NoError(t, b.StopScan())
				require.NoError(t, <-closed)
			}
			require.ErrorIs(t, <-queued, radio.ErrClosed)
			require.NoError(t, b.Close())
			_, linkErr := b.Link()
			_, ipErr := b.IPConfig()
			_, infoErr := b.JoinInfo()
			_, configErr := b.StationConfig()
			_, resultErr := b.ScanResults(nil)
			_, claimErr := b.Claim()
			for i, err := range []error{
				linkErr, ipErr, infoErr, configErr, resultErr, claimErr,
				b.Start(), b.SetMode(hal.ModeSTA), b.Connect(), b.Disconnect(), b.StartScan(hal.ScanConfig{}), b.StopScan(),
				b.SetStorage(hal.StorageRAM), b.SetStationConfig(network), b.Restore(),
				b.StartSoftAP(prov), b.StopSoftAP(), b.Release(),
			} {
				require.ErrorIs(t, err, radio.ErrClosed, i)
			}
			b.Subscribe(func(hal.Event) { t.Error("an event") })()
			time.Sleep(time.Minute)
		})
	}
}

// A network that is joined from before is left by Disconnect without an event, and before
// an access point opens that cannot be beside it.
func TestForeignNetwork(t *testing.T) {
	for name, leave := range map[string]func(b *bench) error{
		"Disconnect":   func(b *bench) error { return b.Disconnect() },
		"mode off":     func(b *bench) error { return b.SetMode(hal.ModeOff) },
		"access point": func(b *bench) error { return b.StartSoftAP(prov) },
		"both":         func(b *bench) error { return errors.Join(b.Disconnect(), b.StartSoftAP(prov)) },
		"Disconnect, AP": func(b *bench) error {
			err := b.Disconnect()
			time.Sleep(time.Second)
			return errors.Join(err, b.StartSoftAP(prov))
		},
	} {
		for _, policy := range []string{"one channel", "by turns"} {
			t.Run(name+", "+policy, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					b := newBench(t, policies[policy])
					require.NoError(t, b.Start())
					require.NoError(t, b.SetStationConfig(network))
					require.NoError(t, b.Connect())
					time.Sleep(time.Second)
					require.NoError(t, b.Close())
					b.boot()
					require.NoError(t, b.Start())
					require.Equal(t, 1, b.home.Stations())
					d := b.diary()
					require.NoError(t, leave(b))
					time.Sleep(time.Second)
					require.Zero(t, b.home.Stations())
					require.Empty(t, d.told())
					if _, open := b.box.AP(); open {
						require.EqualValues(t, 1, b.channel())
					}
				})
			})
		}
	}
}

// The access point's interface that a dead process left is removed.
func TestInterfaceOfDeadProcess(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, policies["one channel"])
		require.NoError(t, b.box.AddAP(fakelinux.Station, "ap-wlan0"))
		require.NoError(t, b.Start())
		require.NoError(t, b.Close())
		require.Empty(t, b.box.Misuse())
	})
}

// The same if an attempt was given up before it began, or if leaving fails once.
func TestForeignNetworkStays(t *testing.T) {
	var failing atomic.Bool
	for name, leave := range map[string]func(b *bench){
		"an attempt given up": func(b *bench) {
			require.NoError(b.t, b.Connect())
			require.NoError(b.t, b.Disconnect())
		},
		"leaving fails": func(b *bench) {
			failing.Store(true)
			require.NoError(b.t, b.Disconnect())
			time.Sleep(time.Second)
			require.Equal(b.t, 1, b.home.Stations())
			failing.Store(false)
			require.NoError(b.t, b.Disconnect())
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t, func(b *bench) {
					b.sim.Fault = func(c fakelinux.Call) error {
						if c == fakelinux.Leave && failing.Load() {
							return errors.New("not now")
						}
						return nil
					}
				})
				require.NoError(t, b.Start())
				require.NoError(t, b.SetStationConfig(network))
				require.NoError(t, b.Connect())
				time.Sleep(time.Second)
				require.NoError(t, b.Close())
				b.boot()
				require.NoError(t, b.Start())
				require.Equal(t, 1, b.home.Stations())
				leave(b)
				time.Sleep(time.Second)
				require.Zero(t, b.home.Stations())
			})
		})
	}
}

// A Release that overtakes a Start leaves a Radio that can be started.
func TestReleaseWhileStarting(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.SetStationConfig(network))
		started := make(chan error)
		go func() { started <- b.Start() }()
		time.Sleep(fakelinux.TakeTime / 2)
		require.NoError(t, b.Release())
		require.NoError(t, <-started)
		require.ErrorIs(t, b.Connect(), hal.ErrNotStarted)
		require.NoError(t, b.Start())
		b.connect(network)
		time.Sleep(time.Second)
		require.Equal(t, 1, b.home.Stations())
	})
}
