// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package radio_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

// scripted is a daemon whose Join the test tells what to say.
type scripted struct {
	radio.Daemon
	watcher radio.Watcher
	end     chan hal.Reason
}

func (s *scripted) Join(ctx context.Context, _ hal.StationConfig, w radio.Watcher) hal.Reason {
	s.watcher = w
	select {
	case reason := <-s.end:
		return reason
	case <-ctx.Done():
		return hal.ReasonAssocLeave
	}
}

// inScript runs fn with a Radio that is joining as s says.
func inScript(t *testing.T, fn func(b *bench, s *scripted, d *diary)) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.Close())
		s := &scripted{Daemon: b.box.Daemon(), end: make(chan hal.Reason)}
		var err error
		b.Radio, err = radio.New(s, b.cfg)
		require.NoError(t, err)
		require.NoError(t, b.Start())
		d := b.diary()
		b.connect(network)
		synctest.Wait()
		fn(b, s, d)
	})
}

// What a daemon tells of an attempt, and what becomes of it.
func TestWatcher(t *testing.T) {
	nearby := hal.AccessPoint{BSSID: hal.BSSID{1}, Channel: 6, RSSI: -40, Auth: hal.AuthWPA2PSK}
	named := nearby
	named.SSID = network.SSID
	inScript(t, func(b *bench, s *scripted, d *diary) {
		info := func() hal.JoinInfo {
			i, err := b.JoinInfo()
			require.NoError(t, err)
			return i
		}
		require.Equal(t, hal.JoinInfo{Step: hal.JoinScan}, info())
		s.watcher.Step(hal.JoinInfo{Step: hal.JoinAuth, AP: nearby})
		require.Equal(t, hal.JoinInfo{Step: hal.JoinAuth, AP: named}, info())
		s.watcher.Step(hal.JoinInfo{Step: hal.JoinHandshake})
		require.Equal(t, hal.JoinInfo{Step: hal.JoinHandshake, AP: named}, info())
		s.watcher.Address(hal.IPConfig{Address: hal.IPv4{10, 0, 0, 9}}) // too early
		require.Equal(t, hal.JoinHandshake, info().Step)
		s.watcher.Connected(nearby)
		require.Equal(t, hal.JoinInfo{Step: hal.JoinDHCP, AP: named}, info())
		require.NoError(t, b.Connect(), "there is a link")
		require.ErrorIs(t, b.StartScan(hal.ScanConfig{}), hal.ErrBusy)
		s.watcher.Address(hal.IPConfig{Address: hal.IPv4{10, 0, 0, 1}})
		s.watcher.Address(hal.IPConfig{Address: hal.IPv4{10, 0, 0, 1}, DNS: hal.IPv4{1, 1, 1, 1}}) // renewed
		s.watcher.Address(hal.IPConfig{Address: hal.IPv4{10, 0, 0, 2}})
		s.watcher.Step(hal.JoinInfo{Step: hal.JoinScan}) // too late
		require.Equal(t, hal.JoinInfo{Step: hal.JoinDone, AP: named}, info())
		other := named
		other.BSSID, other.Channel = hal.BSSID{2}, 11
		s.watcher.Connected(other)
		link, err := b.Link()
		require.NoError(t, err)
		require.Equal(t, hal.Link{AP: other, IP: hal.IPv4{10, 0, 0, 2}}, link)
		require.Equal(t, []string{"0s Connected", "0s GotIP 10.0.0.1", "0s GotIP 10.0.0.2"}, d.told())
		s.end <- hal.ReasonBeaconTimeout
		require.Equal(t, []string{"0s Disconnected 200"}, d.told())
		require.Equal(t, hal.JoinDone, info().Step)
	})
}

// The reason of a failure tells how far the attempt was, if the daemon did not.
func TestReasonTellsStep(t *testing.T) {
	inScript(t, func(b *bench, s *scripted, d *diary) {
		require.ErrorIs(t, b.Connect(), hal.ErrBusy)
		s.watcher.Step(hal.JoinInfo{Step: hal.JoinAuth})
		s.end <- hal.Reason4WayHandshakeTimeout
		require.Equal(t, []string{"0s Disconnected 15"}, d.told())
		info, err := b.JoinInfo()
		require.NoError(t, err)
		require.Equal(t, hal.JoinHandshake, info.Step)
	})
}

// What a daemon tells of an attempt that was given up is of no effect.
func TestWatcherTooLate(t *testing.T) {
	inScript(t, func(b *bench, s *scripted, d *diary) {
		old := s.watcher
		require.NoError(t, b.Disconnect())
		require.NoError(t, b.Connect())
		synctest.Wait()
		old.Step(hal.JoinInfo{Step: hal.JoinHandshake})
		old.Connected(hal.AccessPoint{Channel: 1})
		old.Address(hal.IPConfig{Address: hal.IPv4{10, 0, 0, 1}})
		time.Sleep(time.Second)
		require.Equal(t, []string{"0s Disconnected 8"}, d.told())
		info, err := b.JoinInfo()
		require.NoError(t, err)
		require.Equal(t, hal.JoinInfo{Step: hal.JoinScan}, info)
	})
}

// recorder is a daemon that remembers what it was to join.
type recorder struct {
	radio.Daemon
	joined hal.StationConfig
}

func (r *recorder) Join(ctx context.Context, cfg hal.StationConfig, w radio.Watcher) hal.Reason {
	r.joined = cfg
	return r.Daemon.Join(ctx, cfg, w)
}

// Beside an access point on one channel the daemon is told where to join, and at which
// access point if the network has others elsewhere.
func TestJoinIsTold(t *testing.T) {
	for _, elsewhere := range []bool{false, true} {
		for _, beside := range []bool{false, true} {
			inBubble(t, func(t *testing.T) {
				b := newBench(t, policies["one channel"])
				if elsewhere {
					second := b.home.Config()
					second.BSSID, second.Channel, second.RSSI = hal.BSSID{2}, 11, -60
					_, err := b.air.AddAP(second)
					require.NoError(t, err)
				}
				require.NoError(t, b.Close())
				r := &recorder{Daemon: b.box.Daemon()}
				var err error
				b.Radio, err = radio.New(r, b.cfg)
				require.NoError(t, err)
				require.NoError(t, b.Start())
				want := network
				want.ScanMethod = hal.ScanAllChannel
				if beside {
					require.NoError(t, b.StartSoftAP(prov))
				}
				b.connect(want)
				if beside {
					want.Channel, want.ScanMethod = 6, hal.ScanFast
				}
				if beside && elsewhere {
					want.BSSID, want.BSSIDSet = b.home.Info().BSSID, true
				}
				time.Sleep(time.Minute)
				_, err = b.Link()
				require.NoError(t, err)
				require.Equal(t, want, r.joined)
			})
		}
	}
}
