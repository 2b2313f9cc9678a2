// SPDX-License-Identifier: Apache-2.0

package tinygo_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/tinygotest"
)

func inBubble(t *testing.T, fn func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, fn)
}

// diary is what a subscriber was told, with the time since it subscribed.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (b *bench) diary() *diary {
	d := &diary{}
	began := time.Now()
	b.Subscribe(func(e hal.Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		line := fmt.Sprint(time.Since(began), " ", e.Kind)
		switch {
		case e.Kind == hal.EventDisconnected:
			line += fmt.Sprint(" ", uint8(e.Reason))
		case e.Kind == hal.EventGotIP:
			line += fmt.Sprint(" ", e.IP)
		case e.ScanFailed:
			line += " failed"
		}
		d.lines = append(d.lines, line)
	})
	return d
}

// told returns the lines since the last call.
func (d *diary) told() []string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines = nil
	return lines
}

// online starts the radio and joins the network.
func (b *bench) online() {
	b.t.Helper()
	require.NoError(b.t, b.Start())
	require.NoError(b.t, b.SetStationConfig(network))
	require.NoError(b.t, b.Connect())
	time.Sleep(time.Second)
	_, err := b.Link()
	require.NoError(b.t, err)
}

// How each way of joining ends, and when.
func TestOutcomes(t *testing.T) {
	for _, tc := range []struct {
		name string
		home func(*sim.APConfig)
		cfg  hal.StationConfig
		want []string
	}{
		{"success", nil, network, []string{"500ms Connected", "500ms GotIP 192.168.1.77"}},
		{"wrong passphrase", nil, wrong, []string{"500ms Disconnected 15"}},
		{"missing", nil, missing, []string{"500ms Disconnected 201"}},
		{"full", func(c *sim.APConfig) { c.Refuse = hal.ReasonAssocTooMany }, network, []string{"500ms Disconnected 5"}},
		// The driver gives up after 15 s.
		{"slow", func(c *sim.APConfig) { c.JoinTime = 20 * time.Second }, network, []string{"15s Disconnected 205"}},
		// Each try to get an address lasts 9 s, then there is a second of pause.
		{"slow DHCP", func(c *sim.APConfig) { c.DHCPDelay = 25 * time.Second }, network, []string{"500ms Connected", "25.5s GotIP 192.168.1.77"}},
		{"no DHCP", func(c *sim.APConfig) { c.NoDHCP = true }, network, []string{"500ms Connected"}},
		{"kicked before DHCP", func(c *sim.APConfig) { c.NoDHCP, c.DHCPTimeout = true, 4*time.Second }, network, []string{"500ms Connected", "4.5s Disconnected 200"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := newBench(t)
				home := b.home.Config()
				if tc.home != nil {
					tc.home(&home)
					require.NoError(t, b.home.Configure(home))
				}
				require.NoError(t, b.Start())
				time.Sleep(time.Second)
				d := b.diary()
				require.NoError(t, b.SetStationConfig(tc.cfg))
				require.NoError(t, b.Connect())
				time.Sleep(2 * time.Minute)
				require.Equal(t, tc.want, d.told())
				stations := 1
				if strings.Contains(tc.want[len(tc.want)-1], "Disconnected") {
					stations = 0
				}
				require.Equal(t, stations, b.home.Stations(), "the driver does not go on by itself")
			})
		})
	}
}

// What the driver says of an attempt that failed, and what is reported.
func TestJoinErrors(t *testing.T) {
	for code, want := range map[error]string{
		tinygo.JoinError(2): "Disconnected 2", tinygo.JoinError(255): "Disconnected 255",
		fmt.Errorf("wrapped: %w", tinygo.JoinError(202)): "Disconnected 202",
		errors.New("other"): "Disconnected 205",
	} {
		inBubble(t, func(t *testing.T) {
			b := newBench(t, func(b *bench) {
				b.driver.Fault = func(c tinygotest.Call) error {
					if c == tinygotest.Connect {
						return code
					}
					return nil
				}
			})
			require.NoError(t, b.Start())
			time.Sleep(time.Second)
			d := b.diary()
			require.NoError(t, b.SetStationConfig(network))
			require.NoError(t, b.Connect())
			time.Sleep(time.Second)
			require.Equal(t, []string{"0s " + want}, d.told(), code)
		})
	}
	require.Equal(t, "tinygo: no access point found (201)", tinygo.JoinError(201).Error())
}

// A loss is noticed at the next look at the link, whatever its reason was, and
// at none before.
func TestLossIsNoticed(t *testing.T) {
	for probe, want := range map[time.Duration]string{0: "4.5s", 20 * time.Second: "19.5s"} {
		inBubble(t, func(t *testing.T) {
			b := newBench(t, func(b *bench) { b.cfg.Probe = probe })
			b.online() // 0.5 s ago
			d := b.diary()
			require.EqualValues(t, 1, b.home.Kick(hal.ReasonAuthLeave))
			time.Sleep(time.Minute)
			require.Equal(t, []string{want + " Disconnected 200"}, d.told())
			_, err := b.Link()
			require.ErrorIs(t, err, hal.ErrNotConnected)
			require.NoError(t, b.Connect())
			time.Sleep(time.Second)
			require.Len(t, d.told(), 2)
		})
	}
}

// Looking at the link costs no memory.
func TestProbeAllocates(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		b.online()
		require.Zero(t, testing.AllocsPerRun(10, func() { time.Sleep(tinygo.DefaultProbe) }))
	})
}

// The link as it is told, with what the driver knows of it.
func TestLinkAndIPConfig(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		_, err := b.IPConfig()
		require.ErrorIs(t, err, hal.ErrNotConnected)
		b.online()
		link, err := b.Link()
		require.NoError(t, err)
		require.Equal(t, hal.Link{AP: b.home.Info(), IP: hal.IPv4{192, 168, 1, 77}}, link)
		ip, err := b.IPConfig()
		require.NoError(t, err)
		require.Equal(t, hal.IPv4{192, 168, 1, 1}, ip.Gateway)
		home := b.home.Config()
		home.RSSI = -70
		require.NoError(t, b.home.Configure(home))
		time.Sleep(tinygo.DefaultProbe)
		link, err = b.Link()
		require.NoError(t, err)
		require.EqualValues(t, -70, link.AP.RSSI)
		d := b.diary()
		require.NoError(t, b.Connect(), "there is a link")
		time.Sleep(time.Minute)
		require.Empty(t, d.told())
	})
}

// A driver that does not know its access point: what can be made up is.
func TestLinkWithoutDetails(t *testing.T) {
	for passphrase, want := range map[hal.Secret]hal.AuthMode{"": hal.AuthOpen, "secretpass": hal.AuthWPA2PSK} {
		inBubble(t, func(t *testing.T) {
			b := newBench(t, func(b *bench) {
				b.driver.Fault = func(c tinygotest.Call) error {
					if c == tinygotest.Link {
						return errors.New("not known")
					}
					return nil
				}
			})
			if passphrase == "" {
				require.NoError(t, b.home.Configure(sim.APConfig{SSID: "HomeNet"}))
			}
			require.NoError(t, b.Start())
			require.NoError(t, b.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: passphrase}))
			require.NoError(t, b.Connect())
			time.Sleep(time.Minute)
			link, err := b.Link()
			require.NoError(t, err, "an error that says nothing is no loss")
			require.Equal(t, hal.AccessPoint{SSID: "HomeNet", Auth: want}, link.AP)
		})
	}
}

// Without a use for the radio it is switched off, if that can be done.
func TestModeOff(t *testing.T) {
	for _, cannot := range []bool{false, true} {
		inBubble(t, func(t *testing.T) {
			b := newBench(t, func(b *bench) { b.driver.CannotStop = cannot })
			b.online()
			d := b.diary()
			require.NoError(t, b.SetMode(hal.ModeOff))
			time.Sleep(time.Second)
			require.Equal(t, cannot, b.driver.Board().Mode() != hal.ModeOff)
			require.Zero(t, b.home.Stations())
			require.NoError(t, b.SetMode(hal.ModeSTA))
			time.Sleep(time.Second)
			require.NoError(t, b.Connect())
			time.Sleep(time.Second)
			require.Len(t, d.told(), 4) // Disconnected, StationStart, Connected, GotIP
		})
	}
}

// Who subscribes sees what happens from then on, not what others have yet to be
// told.
func TestSubscribeLate(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		release := make(chan struct{})
		b.Subscribe(func(hal.Event) { <-release })
		require.NoError(t, b.Start())
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(10 * time.Second) // its end waits behind StationStart
		d := b.diary()
		close(release)
		time.Sleep(time.Second)
		require.Empty(t, d.told())
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(10 * time.Second)
		require.Len(t, d.told(), 1)
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
			if err = b.StartScan(hal.ScanConfig{}); err == nil {
				err = b.StopScan()
			}
			time.Sleep(10 * time.Second)
		}
		require.ErrorIs(t, err, hal.ErrBusy)
		require.Equal(t, 65, n)
		close(release)
		time.Sleep(time.Second)
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
	})
}

// An attempt that was given up ends at once, for its caller and for the driver,
// and the next begins.
func TestGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.Start())
		time.Sleep(time.Second)
		home := b.home.Config()
		home.JoinTime = 14 * time.Second
		require.NoError(t, b.home.Configure(home))
		d := b.diary()
		require.NoError(t, b.SetStationConfig(network))
		require.NoError(t, b.Connect())
		time.Sleep(time.Second)
		require.NoError(t, b.Disconnect())
		require.NoError(t, b.SetStationConfig(missing))
		require.NoError(t, b.Connect())
		time.Sleep(time.Minute)
		require.Equal(t, []string{"1s Disconnected 8", "1.51s Disconnected 201"}, d.told())
		require.Zero(t, b.home.Stations())

		// While it waits for an address.
		home.JoinTime, home.NoDHCP = 0, true
		require.NoError(t, b.home.Configure(home))
		require.NoError(t, b.SetStationConfig(network))
		require.NoError(t, b.Connect())
		time.Sleep(time.Second)
		require.Len(t, d.told(), 1)
		require.NoError(t, b.Connect(), "there is a link")
		require.NoError(t, b.Disconnect())
		time.Sleep(time.Second)
		require.Len(t, d.told(), 1)
		require.Zero(t, b.home.Stations())
	})
}

// Scans: what is not known, the channels, and the time that they take.
func TestScans(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.Start())
		time.Sleep(time.Second)
		scan := func(channel uint8) ([]hal.AccessPoint, time.Duration) {
			began := time.Now()
			done := make(chan time.Duration, 1)
			cancel := b.Subscribe(func(e hal.Event) { done <- time.Since(began) })
			defer cancel()
			require.NoError(t, b.StartScan(hal.ScanConfig{Channel: channel}))
			took := <-done
			list := make([]hal.AccessPoint, 4)
			n, err := b.ScanResults(list)
			require.NoError(t, err)
			return list[:n], took
		}
		all := []hal.AccessPoint{{SSID: "HomeNet", RSSI: -40, Auth: hal.AuthWPA2PSK}, {SSID: "Far", RSSI: -80, Auth: hal.AuthWPA2PSK}}
		b.driver.Extra = []hal.AccessPoint{{RSSI: -10}, {SSID: "\x00\x00", RSSI: -20}}
		list, took := scan(0)
		require.Equal(t, all, list)
		require.Equal(t, tinygotest.ScanTime, took.Round(50*time.Millisecond))
		// Channel by channel: each once, and one look of the radio.
		for channel := range uint8(13) {
			list, took = scan(channel + 1)
			if channel == 0 {
				require.Equal(t, all, list)
				require.Greater(t, took, tinygotest.ScanTime-time.Second)
			} else {
				require.Empty(t, list)
				require.Zero(t, took)
			}
		}
		time.Sleep(time.Minute)
		list, took = scan(7)
		require.Empty(t, list)
		require.Greater(t, took, tinygotest.ScanTime-time.Second, "what was seen is too old")

		b.driver.Details = true
		list, _ = scan(0)
		require.Equal(t, []hal.AccessPoint{b.home.Info(), {SSID: "Far", BSSID: hal.BSSID{2, 0x11, 0x22, 0x33, 0x44, 2}, Channel: 11, RSSI: -80}}, list)
		list, _ = scan(11)
		require.Len(t, list, 1)
		require.Equal(t, hal.SSID("Far"), list[0].SSID)
		list, _ = scan(1)
		require.Empty(t, list)
		for _, c := range []uint8{15, 38, 255} {
			require.ErrorContains(t, b.StartScan(hal.ScanConfig{Channel: c}), "channel")
		}

		// What the driver should not have reported is left out.
		b.driver.Extra = []hal.AccessPoint{{RSSI: -10, BSSID: hal.BSSID{1}}, {SSID: "\x00", RSSI: -10}, b.home.Info()}
		list, _ = scan(0)
		require.Len(t, list, 2)
		require.Equal(t, b.home.Info(), list[0])
	})
}

// UnknownAuth is the application's choice.
func TestUnknownAuth(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, func(b *bench) { b.cfg.UnknownAuth = hal.AuthWPA2WPA3PSK })
		require.NoError(t, b.Start())
		require.NoError(t, b.StartScan(hal.ScanConfig{}))
		time.Sleep(5 * time.Second)
		list := make([]hal.AccessPoint, 1)
		_, err := b.ScanResults(list)
		require.NoError(t, err)
		require.Equal(t, hal.AuthWPA2WPA3PSK, list[0].Auth)
	})
}

// A radio that was enabled by the application, and one that cannot be.
func TestEnabling(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		require.NoError(t, b.driver.Enable())
		require.ErrorIs(t, b.driver.Enable(), tinygo.ErrEnabled)
		b.online()
	})
	for _, broken := range []error{errors.New("no memory"), tinygo.ErrEnableFailed} {
		cannotEnable(t, broken)
	}
}

func cannotEnable(t *testing.T, broken error) {
	inBubble(t, func(t *testing.T) {
		calls := 0
		b := newBench(t, func(b *bench) {
			b.driver.Fault = func(c tinygotest.Call) error {
				if c != tinygotest.Enable {
					return nil
				}
				calls++
				return broken
			}
		})
		for range 3 {
			err := b.Start()
			require.ErrorIs(t, err, broken)
			require.ErrorContains(t, err, "reset the chip")
		}
		require.ErrorIs(t, b.Connect(), hal.ErrNotStarted)
		require.ErrorIs(t, b.StartSoftAP(hal.SoftAPConfig{SSID: "x"}), hal.ErrNotStarted)
		require.Equal(t, 1, calls, "a second time means nothing")
	})
}

// After Close nothing runs, calls fail and those who wait are told.
func TestClose(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		b.online()
		d := b.diary()
		opened := make(chan error, 1)
		go func() { opened <- b.StartSoftAP(hal.SoftAPConfig{SSID: "PROV"}) }()
		time.Sleep(time.Second)
		queued := make(chan error, 1)
		go func() { queued <- b.StartSoftAP(hal.SoftAPConfig{SSID: "PROV2"}) }()
		synctest.Wait()
		b.Close()
		b.Close()
		<-opened
		require.ErrorIs(t, <-queued, tinygo.ErrClosed)
		for _, err := range []error{b.Start(), b.SetMode(hal.ModeSTA), b.Connect(), b.SetStorage(hal.StorageRAM), b.SetStationConfig(network),
			b.Restore(), b.StartScan(hal.ScanConfig{}), b.StartSoftAP(hal.SoftAPConfig{SSID: "x"})} {
			require.ErrorIs(t, err, tinygo.ErrClosed)
		}
		_, err := b.StationConfig()
		require.ErrorIs(t, err, tinygo.ErrClosed)
		_, err = b.ScanResults(nil)
		require.ErrorIs(t, err, tinygo.ErrClosed)
		require.NoError(t, errors.Join(b.Disconnect(), b.StopScan(), b.StopSoftAP()))
		b.Subscribe(func(hal.Event) { t.Error("an event") })()
		time.Sleep(time.Minute)
		require.Empty(t, d.told())
	})
	inBubble(t, func(t *testing.T) { // an address that comes too late
		b := newBench(t)
		home := b.home.Config()
		home.DHCPDelay = 5 * time.Second
		require.NoError(t, b.home.Configure(home))
		require.NoError(t, b.Start())
		require.NoError(t, b.SetStationConfig(network))
		require.NoError(t, b.Connect())
		time.Sleep(2 * time.Second)
		b.Close()
		time.Sleep(time.Minute)
		_, err := b.Link()
		require.ErrorIs(t, err, hal.ErrNotConnected)
	})
}

// What is out of range is refused.
func TestArguments(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t)
		long := make([]byte, 65)
		for _, cfg := range []hal.StationConfig{{SSID: hal.SSID(long[:33])}, {Passphrase: hal.Secret(long)}, {Channel: 15}, {ScanMethod: 2}} {
			require.Error(t, b.SetStationConfig(cfg))
		}
		for _, cfg := range []hal.SoftAPConfig{{}, {SSID: hal.SSID(long[:33])}, {SSID: "x", Key: "short"}, {SSID: "x", Key: hal.Secret(long)}, {SSID: "x", Channel: 14}} {
			require.Error(t, b.StartSoftAP(cfg))
		}
		require.Error(t, b.SetMode(4))
		require.Error(t, b.SetStorage(2))
		cfg := b.cfg
		for _, change := range []func(*tinygo.Config){
			func(c *tinygo.Config) { c.Driver = nil }, func(c *tinygo.Config) { c.Store = nil }, func(c *tinygo.Config) { c.Probe = -1 },
			func(c *tinygo.Config) { c.Presence = -1 }, func(c *tinygo.Config) { c.Lease = -1 },
		} {
			bad := cfg
			change(&bad)
			_, err := tinygo.New(bad)
			require.Error(t, err)
		}
	})
}
