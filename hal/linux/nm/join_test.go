// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
	"github.com/wifiprov/wifiprov/internal/test/fakenm"
)

// Each outcome of an attempt has its reason. A network that joins by itself is there all
// the time, and must not.
func TestJoinFails(t *testing.T) {
	with := func(n fakenm.Network, change func(*fakenm.Network)) fakenm.Network {
		change(&n)
		return n
	}
	wpa3 := with(home, func(n *fakenm.Network) { n.Auth = hal.AuthWPA3PSK })
	mixed := with(home, func(n *fakenm.Network) { n.Auth = hal.AuthWPA2WPA3PSK })
	wrong := hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}
	for _, c := range []struct {
		name    string
		network fakenm.Network
		cfg     hal.StationConfig
		want    hal.Reason
		step    string // last told
	}{
		{"wrong passphrase", home, wrong, hal.Reason4WayHandshakeTimeout, "4-way handshake HomeNet"},
		{"short passphrase", home, hal.StationConfig{SSID: "HomeNet", Passphrase: "short"}, hal.Reason4WayHandshakeTimeout, "4-way handshake HomeNet"},
		{"wrong WPA3 passphrase", wpa3, wrong, hal.ReasonAuthFail, "authentication HomeNet"},
		{"wrong passphrase, both", mixed, wrong, hal.ReasonAuthFail, "authentication HomeNet"},
		{"an agent is asked", with(wpa3, func(n *fakenm.Network) { n.Agent = true }), wrong, hal.ReasonAuthFail, "authentication HomeNet"},
		{"absent", with(home, func(n *fakenm.Network) { n.Absent = true }), homeCfg, hal.ReasonNoAPFound, "scan "},
		{"other BSSID", home, hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", BSSIDSet: true}, hal.ReasonNoAPFound, "scan "},
		{"no passphrase", home, hal.StationConfig{SSID: "HomeNet"}, hal.ReasonNoAPCompatibleSec, "scan "},
		{"enterprise", with(home, func(n *fakenm.Network) { n.Auth = hal.AuthWPA2Enterprise }), homeCfg, hal.ReasonNoAPCompatibleSec, "scan "},
		{"WEP", with(home, func(n *fakenm.Network) { n.Auth = hal.AuthWEP }), homeCfg, hal.ReasonNoAPCompatibleSec, "scan "},
		{"too weak", home, hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", MinAuth: hal.AuthWPA3PSK}, hal.ReasonNoAPAuthModeThreshold, "scan "},
		{"open is too weak", with(cafe, func(n *fakenm.Network) { n.SSID = "HomeNet" }), hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", MinAuth: hal.AuthWPA2PSK}, hal.ReasonNoAPAuthModeThreshold, "scan "},
		{"deaf", with(home, func(n *fakenm.Network) { n.Deaf = true }), homeCfg, hal.ReasonConnectionFail, "authentication HomeNet"},
		{"deaf, WPA3", with(wpa3, func(n *fakenm.Network) { n.Deaf = true }), homeCfg, hal.ReasonAuthFail, "authentication HomeNet"},
		{"DHCP is silent", with(home, func(n *fakenm.Network) { n.NoDHCP = true }), homeCfg, hal.ReasonConnectionFail, "connected HomeNet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func(old time.Duration) { secretsIn = old }(secretsIn)
			secretsIn = 50 * time.Millisecond
			office := fakenm.Network{SSID: "Office", BSSID: hal.BSSID{2, 0, 0, 0, 0, 9}}
			r := newRig(t, fakenm.Config{}, c.network, office)
			r.take()
			r.nm.AddProfile("office", "Office", "")
			j := r.join(c.cfg)
			require.Equal(t, c.want, j.over())
			told := j.told()
			require.Equal(t, c.step, told[len(told)-1], "%q", told)
			// Time enough for an attempt that nobody wants.
			require.NoError(t, pause(t.Context(), 30*time.Millisecond))
			r.nm.Look(func(v fakenm.View) {
				require.Equal(t, uint32(30), v.State("wlan0"), v)
				require.NotContains(t, v.Profiles(), "wifiprov trial")
			})
			require.NoError(t, r.Release(t.Context(), false))
			r.up("office")
			r.clean("office*")
		})
	}
}

func TestJoin(t *testing.T) {
	with := func(n fakenm.Network, change func(*fakenm.Network)) fakenm.Network {
		change(&n)
		return n
	}
	for _, c := range []struct {
		name    string
		network fakenm.Network
		cfg     hal.StationConfig
		kind    string // key-mgmt
	}{
		{"WPA2", home, homeCfg, "wpa-psk"},
		{"WPA", with(home, func(n *fakenm.Network) { n.Auth = hal.AuthWPAPSK }), homeCfg, "wpa-psk"},
		{"WPA3", with(home, func(n *fakenm.Network) { n.Auth = hal.AuthWPA3PSK }), homeCfg, "sae"},
		{"both", with(home, func(n *fakenm.Network) { n.Auth = hal.AuthWPA2WPA3PSK }), homeCfg, "wpa-psk"},
		{"both, WPA3 wanted", with(home, func(n *fakenm.Network) { n.Auth = hal.AuthWPA2WPA3PSK }),
			hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", MinAuth: hal.AuthWPA3PSK}, "sae"},
		{"open", with(cafe, func(n *fakenm.Network) { n.SSID = "HomeNet" }), hal.StationConfig{SSID: "HomeNet"}, ""},
		{"open, with a passphrase", with(cafe, func(n *fakenm.Network) { n.SSID = "HomeNet" }), homeCfg, ""},
		{"OWE", with(cafe, func(n *fakenm.Network) { n.SSID, n.Auth = "HomeNet", hal.AuthOWE }), hal.StationConfig{SSID: "HomeNet"}, "owe"},
		{"hidden", with(home, func(n *fakenm.Network) { n.Hidden = true }), homeCfg, "wpa-psk"},
		{"key", home, hal.StationConfig{SSID: "HomeNet", Passphrase: home.Key()}, "wpa-psk"},
		{"BSSID", home, hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", BSSIDSet: true, BSSID: hal.BSSID{2, 0, 0, 0, 0, 1}}, "wpa-psk"},
		{"bytes", with(home, func(n *fakenm.Network) { n.SSID, n.Passphrase = "\x00\xff", "\xfe passphrase" }),
			hal.StationConfig{SSID: "\x00\xff", Passphrase: "\xfe passphrase"}, "wpa-psk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, fakenm.Config{}, c.network)
			r.take()
			j := r.join(c.cfg)
			ip := "192.168.1.77"
			if c.network.Address != "" {
				ip = c.network.Address
			}
			j.wait("address " + ip)
			name := c.cfg.SSID.String()
			require.Equal(t, []string{"scan ", "authentication " + name, "4-way handshake " + name, "connected " + name, "address " + ip}, j.told())
			r.nm.Wait("link", func(v fakenm.View) bool { return v.Up("wlan0") == "wifiprov trial" })
			r.nm.Look(func(v fakenm.View) {
				p := settings(v.Profile("wifiprov trial"))
				require.Equal(t, c.kind, prop[string](p, setSecurity, "key-mgmt"))
				require.Equal(t, []string{"wifiprov (in use)", "wifiprov trial"}, v.Profiles(), "nothing is on disk")
			})
			j.leave()
			r.nm.Look(func(v fakenm.View) { require.Equal(t, uint32(30), v.State("wlan0")) })
			require.Equal(t, []string{"wifiprov (in use)"}, r.profiles())
		})
	}
}

// A lost link ends the Join, and so does whoever takes the interface away.
func TestLinkEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(r *rig)
		want hal.Reason
	}{
		{"access point gone", func(r *rig) { r.nm.Lose("wlan0", whySSIDNotFound) }, hal.ReasonBeaconTimeout},
		{"supplicant", func(r *rig) { r.nm.Lose("wlan0", whySupplicantDropped) }, hal.ReasonBeaconTimeout},
		{"lease", func(r *rig) { r.nm.Lose("wlan0", whyIPExpired) }, hal.ReasonConnectionFail},
		{"other activation", func(r *rig) { r.nm.Activate("wlan0", "office") }, hal.ReasonAssocLeave},
		{"profile deleted", func(r *rig) { r.nm.Remove("wifiprov trial") }, hal.ReasonAssocLeave},
		{"NetworkManager crashed", func(r *rig) { r.nm.Kill() }, hal.ReasonBeaconTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			office := fakenm.Network{SSID: "Office", BSSID: hal.BSSID{2, 0, 0, 0, 0, 9}}
			r := newRig(t, fakenm.Config{}, home, office)
			r.take()
			r.nm.AddProfile("office", "Office", "")
			j := r.join(homeCfg)
			j.wait("address 192.168.1.77")
			r.up("wifiprov trial")
			c.do(r)
			require.Equal(t, c.want, j.over())
			if c.name != "NetworkManager crashed" {
				r.nm.Wait("no link", func(v fakenm.View) bool { return v.State("wlan0") == 30 })
				require.NotContains(t, r.profiles(), "wifiprov trial")
			}
		})
	}
}

func TestAddressChanges(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.take()
	j := r.join(homeCfg)
	j.wait("address 192.168.1.77")
	r.up("wifiprov trial")
	r.nm.Address("wlan0", "192.168.1.78")
	j.wait("address 192.168.1.78")
	j.leave()
}

// A network that is joined already is taken over, without a new attempt.
func TestTakeOver(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home, cafe)
	r.nm.AddProfile("home", "HomeNet", "secretpass")
	r.up("home")
	r.take()
	for range 2 {
		j := r.join(homeCfg)
		j.wait("address 192.168.1.77")
		require.Equal(t, []string{"4-way handshake HomeNet", "connected HomeNet", "address 192.168.1.77"}, j.told())
		j.keep()
		r.up("home")
	}
	r.nm.Look(func(v fakenm.View) { require.Zero(t, v.Calls("RequestScan")) })
	// Another passphrase is another configuration.
	require.Equal(t, hal.Reason4WayHandshakeTimeout, r.join(hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}).over())
	// So is another network; the former link makes place for it.
	j := r.join(cafeCfg)
	j.wait("address 10.0.0.5")
	j.keep()
	j = r.join(cafeCfg)
	j.wait("address 10.0.0.5")
	require.Equal(t, "4-way handshake Cafe", j.told()[0])
	j.leave()
	require.NoError(t, r.Release(t.Context(), false))
	r.up("home")
	r.clean("home*")
}

// A failed attempt leaves the network that was there before it, too.
func TestFormerIsLeft(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.nm.AddProfile("home", "HomeNet", "secretpass")
	r.up("home")
	r.take()
	require.Equal(t, hal.ReasonNoAPFound, r.join(cafeCfg).over())
	r.nm.Look(func(v fakenm.View) { require.Equal(t, uint32(30), v.State("wlan0")) })
	require.NoError(t, r.Release(t.Context(), false))
	r.up("home")
}

// The end of its context ends an attempt at every moment.
func TestLeaveAtEveryMoment(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.take()
	for i := range 30 {
		j := r.join(homeCfg)
		require.NoError(t, pause(t.Context(), time.Duration(i)*time.Millisecond))
		j.leave()
		r.nm.Look(func(v fakenm.View) {
			require.Equal(t, uint32(30), v.State("wlan0"))
			require.Equal(t, []string{"wifiprov (in use)"}, v.Profiles())
		})
	}
}

// NetworkManager comes back: what was joined is left, and the interface is taken again.
func TestRestart(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.nm.AddProfile("home", "HomeNet", "secretpass")
	r.up("home")
	r.take()
	j := r.join(hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass", MinAuth: hal.AuthWPA2PSK})
	j.wait("address 192.168.1.77")
	r.nm.Kill()
	require.Equal(t, hal.ReasonBeaconTimeout, j.over())
	r.nm.Restart()
	r.nm.Wait("the interface is taken again", func(v fakenm.View) bool {
		return v.Checkpoints() == 1 && !v.Autoconnect("wlan0")
	})
	r.nm.Wait("the attempt's profile goes", func(v fakenm.View) bool { return len(v.Profiles()) == 2 })
	j = r.join(homeCfg)
	j.wait("address 192.168.1.77")
	j.leave()
	require.NoError(t, r.Release(t.Context(), false))
	r.up("home")
	r.clean("home*")
}

func TestCloseEndsJoin(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.take()
	j := r.join(homeCfg)
	j.wait("address 192.168.1.77")
	require.NoError(t, r.Close())
	require.NotZero(t, j.over())
	require.ErrorIs(t, r.Take(t.Context()), errClosed)
	_, err := r.Load(t.Context())
	require.ErrorIs(t, err, errClosed)
}

// A lost bus ends everything, and says so.
func TestBusLost(t *testing.T) {
	fakebluez.NoGoroutines(t, "nm.(*Daemon)")
	r := &rig{t: t, rollback: time.Minute}
	var stop func()
	r.address, stop = fakebluez.StartBusToStop(t)
	defer stop()
	r.nm = fakenm.Start(t, r.address, fakenm.Config{}, home)
	r.start()
	r.take()
	j := r.join(homeCfg)
	j.wait("address 192.168.1.77")
	stop()
	require.Equal(t, hal.ReasonBeaconTimeout, j.over())
	require.ErrorContains(t, r.Save(t.Context(), homeCfg), "bus is lost")
	require.NoError(t, r.Close())
}
