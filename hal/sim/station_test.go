// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// TestJoin has every way in which an attempt to join can end, with its exact
// time.
func TestJoin(t *testing.T) {
	type config = sim.APConfig
	ok := []string{"500ms Connected", "500ms GotIP 192.168.1.77"}
	for _, tt := range []struct {
		name string
		air  sim.AirConfig
		ap   sim.APConfig
		sta  hal.StationConfig
		want []string
	}{
		{"right passphrase", sim.AirConfig{}, home, homeSTA, ok},
		{"not found", sim.AirConfig{}, home, hal.StationConfig{SSID: "homenet"}, []string{"500ms Disconnected 201"}},
		{"absent", sim.AirConfig{}, with(func(c *config) { c.Absent = true }), homeSTA, []string{"500ms Disconnected 201"}},
		{"other BSSID", sim.AirConfig{}, home,
			hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", BSSIDSet: true}, []string{"500ms Disconnected 201"}},
		{"its BSSID", sim.AirConfig{}, home,
			hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", BSSIDSet: true,
				BSSID: hal.BSSID{0x02, 0x11, 0x22, 0x33, 0x44, 1}}, ok},
		{"wrong channel is only a hint", sim.AirConfig{}, home,
			hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", Channel: 11}, ok},
		{"channel 14", sim.AirConfig{}, with(func(c *config) { c.Channel = 14 }), homeSTA, []string{"500ms Disconnected 201"}},
		{"channel 14 asked for", sim.AirConfig{}, with(func(c *config) { c.Channel = 14 }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", Channel: 14}, ok},

		{"wrong passphrase", sim.AirConfig{}, home,
			hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}, []string{"500ms Disconnected 15"}},
		{"wrong passphrase, handshake tries", sim.AirConfig{HandshakeTry: time.Second}, home,
			hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}, []string{"4.5s Disconnected 15"}},
		{"wrong passphrase, reason of the air", sim.AirConfig{WrongPassphrase: 202}, home,
			hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}, []string{"500ms Disconnected 202"}},
		{"wrong passphrase, reason of the access point", sim.AirConfig{WrongPassphrase: 202},
			with(func(c *config) { c.WrongPassphrase = 204 }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}, []string{"500ms Disconnected 204"}},
		{"7 characters", sim.AirConfig{}, with(func(c *config) { c.Passphrase = "1234567" }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "1234567"}, []string{"500ms Disconnected 15"}},
		{"8 characters", sim.AirConfig{}, with(func(c *config) { c.Passphrase = "12345678" }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "12345678"}, ok},
		{"no passphrase", sim.AirConfig{}, home, hal.StationConfig{SSID: "HomeNet"}, []string{"500ms Disconnected 210"}},

		{"open", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthOpen }), hal.StationConfig{SSID: "HomeNet"}, ok},
		{"open ignores the passphrase", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthOpen }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "whatever"}, ok},
		{"open below the threshold", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthOpen }),
			hal.StationConfig{SSID: "HomeNet", MinAuth: hal.AuthWPA2PSK}, []string{"500ms Disconnected 211"}},
		{"WPA below the threshold", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthWPAPSK }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", MinAuth: hal.AuthWPA2PSK}, []string{"500ms Disconnected 211"}},
		{"WPA2/WPA3 above the threshold", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthWPA2WPA3PSK }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", MinAuth: hal.AuthWPA2PSK}, ok},
		{"WEP", sim.AirConfig{}, with(func(c *config) { c.Auth, c.Passphrase = hal.AuthWEP, "abcde" }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "abcde"}, ok},
		{"WEP, wrong key", sim.AirConfig{}, with(func(c *config) { c.Auth, c.Passphrase = hal.AuthWEP, "abcde" }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "abcdf"}, []string{"500ms Disconnected 15"}},
		{"WPA", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthWPAPSK }), homeSTA, ok},
		{"WPA/WPA2", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthWPAWPA2PSK }), homeSTA, ok},
		{"WPA3", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthWPA3PSK }), homeSTA, ok},
		{"OWE", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthOWE }), hal.StationConfig{SSID: "HomeNet"}, ok},
		{"enterprise", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthWPA2Enterprise }), homeSTA, []string{"500ms Disconnected 210"}},
		{"WPA3 enterprise", sim.AirConfig{}, with(func(c *config) { c.Auth = hal.AuthWPA3Ent192 }), homeSTA, []string{"500ms Disconnected 210"}},

		{"hidden", sim.AirConfig{}, with(func(c *config) { c.Hidden = true }), homeSTA, ok},
		{"refused", sim.AirConfig{}, with(func(c *config) { c.Refuse = hal.ReasonAuthExpire }), homeSTA, []string{"500ms Disconnected 2"}},
		{"join time of the air", sim.AirConfig{JoinTime: 2 * time.Second}, home, homeSTA,
			[]string{"2s Connected", "2s GotIP 192.168.1.77"}},
		{"join time of the access point", sim.AirConfig{JoinTime: 2 * time.Second},
			with(func(c *config) { c.JoinTime = 3 * time.Second }), homeSTA, []string{"3s Connected", "3s GotIP 192.168.1.77"}},
		{"time scale", sim.AirConfig{TimeScale: 10}, home, homeSTA, []string{"50ms Connected", "50ms GotIP 192.168.1.77"}},

		{"DHCP delay", sim.AirConfig{}, with(func(c *config) { c.DHCPDelay, c.IP = time.Second, hal.IPv4{10, 0, 0, 5} }), homeSTA,
			[]string{"500ms Connected", "1.5s GotIP 10.0.0.5"}},
		{"DHCP silent", sim.AirConfig{}, with(func(c *config) { c.NoDHCP = true }), homeSTA, []string{"500ms Connected"}},
		{"DHCP silent, time-out", sim.AirConfig{}, with(func(c *config) { c.NoDHCP, c.DHCPTimeout = true, 5*time.Second }), homeSTA,
			[]string{"500ms Connected", "5.5s Disconnected 205"}},
		{"DHCP later than time-out", sim.AirConfig{}, with(func(c *config) { c.DHCPDelay, c.DHCPTimeout = 6*time.Second, 5*time.Second }), homeSTA,
			[]string{"500ms Connected", "5.5s Disconnected 205"}},
		{"DHCP before time-out", sim.AirConfig{}, with(func(c *config) { c.DHCPDelay, c.DHCPTimeout = 4*time.Second, 5*time.Second }), homeSTA,
			[]string{"500ms Connected", "4.5s GotIP 192.168.1.77"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				air := sim.NewAir(tt.air)
				addAP(t, air, tt.ap)
				b, j := started(t, air, sim.BoardConfig{})
				connect(t, b, tt.sta)
				time.Sleep(time.Hour)
				require.Equal(t, tt.want, j.take())
				_, err := b.Link()
				if last := tt.want[len(tt.want)-1]; last == "500ms Connected" || len(tt.want) == 1 {
					require.ErrorIs(t, err, hal.ErrNotConnected)
				}
			})
		})
	}
}

func TestRefuseFirstJoins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		ap := addAP(t, air, with(func(c *sim.APConfig) { c.Refuse, c.RefuseFirst = hal.ReasonAuthExpire, 2 }))
		b, j := started(t, air, sim.BoardConfig{})
		require.NoError(t, b.SetStationConfig(homeSTA))
		for range 3 {
			require.NoError(t, b.Connect())
			time.Sleep(time.Second)
		}
		require.Equal(t, []string{"500ms Disconnected 2", "1.5s Disconnected 2", "2.5s Connected", "2.5s GotIP 192.168.1.77"}, j.take())
		require.NoError(t, ap.Configure(ap.Config())) // counts anew
		require.NoError(t, b.Disconnect())
		require.NoError(t, b.Connect())
		time.Sleep(time.Second)
		require.Equal(t, []string{"3s Disconnected 8", "3.5s Disconnected 2"}, j.take())
	})
}

func TestVanishedBeforeAssociation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		ap := addAP(t, air, home)
		b, j := started(t, air, sim.BoardConfig{})
		connect(t, b, homeSTA)
		time.Sleep(499 * time.Millisecond)
		ap.Vanish()
		time.Sleep(time.Hour)
		require.Equal(t, []string{"500ms Disconnected 2"}, j.take())
	})
}

func TestClientLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		ap := addAP(t, air, with(func(c *sim.APConfig) { c.MaxStations = 1 }))
		a, ja := started(t, air, sim.BoardConfig{})
		b, jb := started(t, air, sim.BoardConfig{})
		connect(t, a, homeSTA)
		time.Sleep(time.Second)
		connect(t, b, homeSTA)
		time.Sleep(time.Second)
		require.Equal(t, []string{"500ms Connected", "500ms GotIP 192.168.1.77"}, ja.take())
		require.Equal(t, []string{"1.5s Disconnected 5"}, jb.take())
		require.Equal(t, 1, ap.Stations())

		require.NoError(t, a.Disconnect())
		require.NoError(t, b.Connect())
		time.Sleep(time.Second)
		require.Equal(t, []string{"2s Disconnected 8"}, ja.take())
		require.Equal(t, []string{"2.5s Connected", "2.5s GotIP 192.168.1.77"}, jb.take())
		require.Equal(t, 1, ap.Stations())
	})
}

func TestBeaconLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		ap := addAP(t, air, home)
		b, j := started(t, air, sim.BoardConfig{})
		connect(t, b, homeSTA)
		time.Sleep(time.Second)
		j.take()

		ap.Vanish() // at 1 s, comes back in time
		time.Sleep(5 * time.Second)
		ap.Appear()
		time.Sleep(time.Minute)
		require.Empty(t, j.take())

		ap.Vanish() // at 66 s, for good
		time.Sleep(5 * time.Second)
		_, err := b.Link()
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"1m12s Disconnected 200"}, j.take())
		require.Zero(t, ap.Stations())
	})
}

func TestBeaconLostWhileWaitingForAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		ap := addAP(t, air, with(func(c *sim.APConfig) { c.DHCPDelay = 2 * time.Second }))
		b, j := started(t, air, sim.BoardConfig{BeaconTimeout: 10 * time.Second})
		connect(t, b, homeSTA)
		time.Sleep(time.Second)
		ap.Vanish()
		time.Sleep(4 * time.Second)
		ap.Appear() // at 5 s; the address is asked for again
		time.Sleep(time.Minute)
		require.Equal(t, []string{"500ms Connected", "7s GotIP 192.168.1.77"}, j.take())
	})
}

func TestKick(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		ap := addAP(t, air, home)
		a, ja := started(t, air, sim.BoardConfig{})
		b, jb := started(t, air, sim.BoardConfig{})
		require.False(t, a.Kick(hal.ReasonAuthExpire))
		require.Zero(t, ap.Kick(hal.ReasonAuthExpire))
		connect(t, a, homeSTA)
		connect(t, b, homeSTA)
		time.Sleep(time.Second)
		ja.take()
		jb.take()
		require.True(t, a.Kick(hal.ReasonMICFailure))
		require.Equal(t, []string{"1s Disconnected 14"}, ja.take())
		require.NoError(t, a.Connect())
		time.Sleep(time.Second)
		ja.take()
		require.Equal(t, 2, ap.Kick(hal.ReasonAuthLeave))
		require.Equal(t, []string{"2s Disconnected 3"}, ja.take())
		require.Equal(t, []string{"2s Disconnected 3"}, jb.take())
	})
}

// TestChoice shows which of several access points of a network is joined.
func TestChoice(t *testing.T) {
	for _, tt := range []struct {
		name string
		sta  hal.StationConfig
		want byte // last byte of the BSSID
	}{
		{"fast: first channel", hal.StationConfig{}, 2},
		{"fast: the channel that is given first", hal.StationConfig{Channel: 11}, 3},
		{"all channels: strongest", hal.StationConfig{ScanMethod: hal.ScanAllChannel}, 4},
		{"only what is secure enough", hal.StationConfig{MinAuth: hal.AuthWPA3PSK}, 5},
		{"BSSID", hal.StationConfig{BSSIDSet: true, BSSID: hal.BSSID{2, 0x11, 0x22, 0x33, 0x44, 3}}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				air := sim.NewAir(sim.AirConfig{})
				addAP(t, air, sim.APConfig{SSID: "Other", Channel: 1, RSSI: -10})
				for _, c := range []sim.APConfig{
					{Channel: 4, RSSI: -80}, {Channel: 11, RSSI: -70}, {Channel: 9, RSSI: -30}, {Channel: 13, RSSI: -90, Auth: hal.AuthWPA3PSK},
					{Channel: 9, RSSI: -30}, {Channel: 1, RSSI: -20, Auth: hal.AuthWPA2Enterprise},
				} {
					c.SSID, c.Passphrase = "HomeNet", "secretpass"
					if c.Auth == 0 {
						c.Auth = hal.AuthWPA2PSK
					}
					addAP(t, air, c)
				}
				b, _ := started(t, air, sim.BoardConfig{})
				tt.sta.SSID, tt.sta.Passphrase = "HomeNet", "secretpass"
				connect(t, b, tt.sta)
				time.Sleep(time.Second)
				link, err := b.Link()
				require.NoError(t, err)
				require.Equal(t, hal.BSSID{2, 0x11, 0x22, 0x33, 0x44, tt.want}, link.AP.BSSID)
			})
		})
	}
}

func TestConnectErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		addAP(t, air, home)
		b, err := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		defer b.Close()
		j := watch(b)
		require.ErrorIs(t, b.Connect(), hal.ErrNotStarted)
		require.NoError(t, b.Start())
		require.ErrorContains(t, b.Connect(), "no network configured")
		require.NoError(t, b.SetStationConfig(homeSTA))
		require.NoError(t, b.SetMode(hal.ModeAP))
		require.ErrorContains(t, b.Connect(), "no station")
		require.NoError(t, b.SetMode(hal.ModeAPSTA))
		require.NoError(t, b.Connect())
		require.ErrorIs(t, b.Connect(), hal.ErrBusy)
		time.Sleep(time.Second)
		require.NoError(t, b.Connect(), "with a link there is nothing to do")
		time.Sleep(time.Second)
		require.Equal(t, []string{"0s StationStart", "0s StationStart", "500ms Connected", "500ms GotIP 192.168.1.77"}, j.take())
	})
}

// TestReasonOfSeveral: incompatible security is said before the threshold.
func TestReasonOfSeveral(t *testing.T) {
	open := sim.APConfig{SSID: "HomeNet"}
	enterprise := sim.APConfig{SSID: "HomeNet", Auth: hal.AuthWPA2Enterprise}
	for _, list := range [][]sim.APConfig{{open, enterprise}, {enterprise, open}} {
		bubble(t, func(t *testing.T) {
			air := sim.NewAir(sim.AirConfig{})
			for _, c := range list {
				addAP(t, air, c)
			}
			b, j := started(t, air, sim.BoardConfig{})
			connect(t, b, hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", MinAuth: hal.AuthWPAPSK})
			time.Sleep(time.Second)
			require.Equal(t, []string{"500ms Disconnected 210"}, j.take())
		})
	}
}

// A board's own refusals and silence hold whatever the network says.
func TestBoardRefuses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		_, err := air.AddAP(sim.APConfig{SSID: "Open"})
		require.NoError(t, err)
		board, err := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		defer board.Close()
		require.NoError(t, board.SetStationConfig(hal.StationConfig{SSID: "Open"}))
		require.NoError(t, board.Start())
		j := watch(board)
		board.RefuseJoins(hal.ReasonAssocFail, 2)
		board.SilenceDHCP(true)
		for range 3 {
			require.NoError(t, board.Connect())
			time.Sleep(time.Second)
		}
		require.Equal(t, []string{"500ms Disconnected 203", "1.5s Disconnected 203", "2.5s Connected"}, j.take())
		time.Sleep(time.Hour)
		board.SilenceDHCP(false)
		require.Equal(t, []string{"1h0m3s GotIP 192.168.1.77"}, j.take())

		require.NoError(t, board.Disconnect())
		board.RefuseJoins(hal.ReasonAssocFail, 0)
		for range 3 {
			require.NoError(t, board.Connect())
			time.Sleep(time.Second)
		}
		board.RefuseJoins(0, 0)
		require.NoError(t, board.Connect())
		time.Sleep(time.Second)
		require.Len(t, j.take(), 1+3+2)
	})
}
