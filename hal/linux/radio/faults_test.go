// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package radio_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/internal/test/fakelinux"
)

var errFault = errors.New("a fault")

// Every call of daemon and kernel fails once, at every place of a story with a station
// and an access point: nothing hangs, the daemon is called as it is to be, what is asked
// for anew works, and nothing is left behind.
func TestEveryFault(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			total := 0
			for _, call := range fakelinux.Calls {
				nth := 1
				for ; faultStory(t, policy, call, nth); nth++ {
					if t.Failed() {
						t.Fatal(call, nth)
					}
					require.Less(t, nth, 100)
				}
				total += nth - 1
			}
			t.Log(total, "faults")
			require.Greater(t, total, 15)
		})
	}
}

// faultStory tells the story with one fault, and reports whether that happened.
func faultStory(t *testing.T, policy func(*bench), call fakelinux.Call, nth int) (happened bool) {
	inBubble(t, func(t *testing.T) {
		n := 0
		b := newBench(t, policy, func(b *bench) {
			b.sim.Fault = func(c fakelinux.Call) error {
				if c == call {
					if n++; n == nth {
						return errFault
					}
				}
				return nil
			}
		})
		again := func(fn func() error) {
			if err := fn(); err != nil {
				require.ErrorIs(t, err, errFault)
				require.NoError(t, fn())
			}
		}
		d := b.diary()
		scan := func() {
			for try := 0; ; try++ {
				require.Less(t, try, 2)
				d.told()
				require.NoError(t, b.StartScan(hal.ScanConfig{}))
				time.Sleep(10 * time.Second)
				if lines := d.told(); len(lines) == 1 && !strings.HasSuffix(lines[0], "failed") {
					return
				}
			}
		}
		join := func(cfg hal.StationConfig, want string) {
			again(func() error { return b.SetStationConfig(cfg) })
			for try := 0; ; try++ {
				require.Less(t, try, 2, want)
				d.told()
				require.NoError(t, b.Connect())
				time.Sleep(2 * time.Minute)
				lines := d.told()
				require.NotEmpty(t, lines)
				if strings.HasSuffix(lines[len(lines)-1], want) {
					return
				}
			}
		}
		again(b.Start)
		scan()
		join(network, "GotIP 192.168.1.77")
		require.NoError(t, b.Disconnect())
		again(func() error { return b.StartSoftAP(prov) })
		scan()
		join(wrong, "Disconnected 15")
		join(network, "GotIP 192.168.1.77")
		time.Sleep(time.Minute)
		require.NotZero(t, b.channel())
		require.NoError(t, b.StopSoftAP())
		time.Sleep(time.Minute)
		if _, err := b.Link(); err != nil { // the way back into the network failed
			join(network, "GotIP 192.168.1.77")
		}
		again(b.Restore)
		again(func() error { return b.SetStationConfig(network) })
		require.NoError(t, b.SetMode(hal.ModeOff))
		time.Sleep(time.Minute)
		require.Zero(t, b.home.Stations())
		require.NoError(t, b.SetMode(hal.ModeSTA))
		join(network, "GotIP 192.168.1.77")
		again(func() error { return b.StartSoftAP(prov) })
		switch err := b.Close(); {
		case err == nil:
			require.Empty(t, b.box.Misuse())
		default: // what is left is the fault's
			require.ErrorIs(t, err, errFault)
			require.Equal(t, err, b.Close(), "told again")
			require.ErrorIs(t, b.Start(), radio.ErrClosed)
			b.box.Forgive()
			b.boot()
		}
		happened = n >= nth
	})
	return happened
}
