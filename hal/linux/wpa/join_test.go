// SPDX-License-Identifier: Apache-2.0

package wpa_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/hal/linux/wpa"
	"github.com/wifiprov/wifiprov/internal/test/fakewpa"
)

func ap(change func(*fakewpa.AP)) []fakewpa.AP {
	a := homeAP
	change(&a)
	return []fakewpa.AP{a}
}

func with(change func(*hal.StationConfig)) hal.StationConfig {
	c := home
	change(&c)
	return c
}

func auth(m hal.AuthMode, passphrase hal.Secret) []fakewpa.AP {
	return ap(func(a *fakewpa.AP) { a.Auth, a.Passphrase = m, passphrase })
}

// A network that was heard lately is looked for where it was; all channels take an hour
// here.
func TestJoinAfterScan(t *testing.T) {
	r := taken(t, fakewpa.Config{Times: fakewpa.Times{Scan: time.Hour}})
	r.wpa.Add(homeAP)
	_, err := r.Scan(r.ctx, hal.ScanConfig{Channel: 6})
	require.NoError(t, err)
	j := r.join(home)
	j.until("address")
}

// Networks that are joined.
func TestJoin(t *testing.T) {
	hex := fakewpa.PSK("HomeNet", "correct horse")
	for _, c := range []struct {
		name string
		air  []fakewpa.AP
		cfg  hal.StationConfig
		fake fakewpa.Config
		want string // begin of what Connected told
		set  string // a setting of the network, "key=value"
	}{
		{"WPA2", []fakewpa.AP{homeAP}, home, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm, WPA2", "key_mgmt=WPA-PSK SAE"},
		{"WPA2 with PMF", []fakewpa.AP{homeAP}, home, fakewpa.Config{}, "connected to HomeNet", "ieee80211w=1"},
		{"without SAE", []fakewpa.AP{homeAP}, home, fakewpa.Config{NoSAE: true}, "connected to HomeNet", "key_mgmt=WPA-PSK"},
		{"mixed without SAE", auth(hal.AuthWPA2WPA3PSK, "correct horse"), home, fakewpa.Config{NoSAE: true}, "connected to HomeNet", "key_mgmt=WPA-PSK"},
		{"WPA3", auth(hal.AuthWPA3PSK, "correct horse"), home, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm, WPA3", "key_mgmt=WPA-PSK SAE"},
		{"WPA3, short passphrase", auth(hal.AuthWPA3PSK, "abc"), with(func(c *hal.StationConfig) { c.Passphrase = "abc" }), fakewpa.Config{}, "connected", "key_mgmt=SAE"},
		{"mixed", auth(hal.AuthWPA2WPA3PSK, "correct horse"), home, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm, WPA2/WPA3", ""},
		{"WPA", auth(hal.AuthWPAPSK, "correct horse"), home, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm, WPA", ""},
		{"WPA and WPA2", auth(hal.AuthWPAWPA2PSK, "correct horse"), home, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm, WPA/WPA2", ""},
		{"open", auth(hal.AuthOpen, ""), hal.StationConfig{SSID: "HomeNet"}, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm, open", "key_mgmt=NONE"},
		{"open with a passphrase", auth(hal.AuthOpen, ""), home, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm, open", "key_mgmt=NONE"},
		{"OWE", auth(hal.AuthOWE, ""), hal.StationConfig{SSID: "HomeNet"}, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm, OWE", "ieee80211w=2"},
		{"key", []fakewpa.AP{homeAP}, with(func(c *hal.StationConfig) { c.Passphrase = hex }), fakewpa.Config{}, "connected to HomeNet", "psk=" + string(hex)},
		{"bytes that are not text", ap(func(a *fakewpa.AP) { a.SSID, a.Passphrase = "\x00\xff\x80", "\x80\x81\x82\x83\x84\x85\x86\"" }),
			hal.StationConfig{SSID: "\x00\xff\x80", Passphrase: "\x80\x81\x82\x83\x84\x85\x86\""}, fakewpa.Config{}, "connected to \\x00\\xff\\x80", "ssid=00ff80"},
		{"WPA3 bytes that are not text", auth(hal.AuthWPA3PSK, "\x80\x81"), with(func(c *hal.StationConfig) { c.Passphrase = "\x80\x81" }), fakewpa.Config{}, "connected", ""},
		{"hidden", ap(func(a *fakewpa.AP) { a.Hidden = true }), home, fakewpa.Config{}, "connected to HomeNet", "scan_ssid=1"},
		{"5 GHz", ap(func(a *fakewpa.AP) { a.Channel = 149 }), home, fakewpa.Config{}, "connected to HomeNet, channel 149", ""},
		{"channel known", []fakewpa.AP{homeAP}, with(func(c *hal.StationConfig) { c.Channel = 6 }), fakewpa.Config{Times: fakewpa.Times{Scan: time.Hour}}, "connected to HomeNet", ""},
		{"wrong channel known", []fakewpa.AP{homeAP}, with(func(c *hal.StationConfig) { c.Channel = 1 }), fakewpa.Config{}, "connected to HomeNet, channel 6", ""},
		{"intermediate codes of SAE", ap(func(a *fakewpa.AP) { a.Auth, a.Codes = hal.AuthWPA3PSK, []int32{76, 126} }), home, fakewpa.Config{}, "connected", ""},
		{"BSSID", []fakewpa.AP{{SSID: "HomeNet", BSSID: hal.BSSID{2, 7}, RSSI: -80, Auth: hal.AuthWPA2PSK, Passphrase: "correct horse", Channel: 3}, homeAP},
			with(func(c *hal.StationConfig) { c.BSSID, c.BSSIDSet = hal.BSSID{2, 7}, true }), fakewpa.Config{}, "connected to HomeNet, channel 3, -80 dBm", "bssid=02:07:00:00:00:00"},
		{"the stronger one", []fakewpa.AP{{SSID: "HomeNet", RSSI: -80, Auth: hal.AuthWPA2PSK, Passphrase: "correct horse"}, homeAP}, home, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm", "bssid="},
		{"not the one below MinAuth", []fakewpa.AP{{SSID: "HomeNet", RSSI: -80, Auth: hal.AuthWPA3PSK, Passphrase: "correct horse", Channel: 3}, homeAP},
			with(func(c *hal.StationConfig) { c.MinAuth = hal.AuthWPA3PSK }), fakewpa.Config{}, "connected to HomeNet, channel 3, -80 dBm, WPA3", ""},
		{"not the open one", []fakewpa.AP{{SSID: "HomeNet", RSSI: -20, Auth: hal.AuthWPA2Enterprise}, homeAP}, home, fakewpa.Config{}, "connected to HomeNet, channel 6, -40 dBm, WPA2", "bssid=02:00:00:00:01:02"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := taken(t, c.fake)
			for _, a := range c.air {
				r.wpa.Add(a)
			}
			j := r.join(c.cfg)
			told := j.until("connected")
			require.Equal(t, "scan", told[0])
			require.Contains(t, told[len(told)-1], c.want)
			require.True(t, slices.IsSorted(steps(told)), "%q", told)
			require.Equal(t, []string{"address 192.168.77.10"}, j.until("address"))
			if key, want, _ := strings.Cut(c.set, "="); key != "" {
				r.wpa.View(func(v fakewpa.View) { require.Equal(t, want, v.Config("wlan0", key)) })
			}
			j.cancel(errEnough)
			reason, after := j.ended()
			require.Equal(t, hal.ReasonAssocLeave, reason)
			require.Empty(t, after)
			r.clean()
		})
	}
}

// steps are the numbers of the steps that were told.
func steps(told []string) (list []int) {
	for _, e := range told {
		for s := hal.JoinScan; s <= hal.JoinHandshake; s++ {
			if s.String() == e {
				list = append(list, int(s))
			}
		}
	}
	return list
}

// Attempts that fail have one outcome, and leave nothing that could join later.
func TestJoinFails(t *testing.T) {
	wrong := with(func(c *hal.StationConfig) { c.Passphrase = "wrong horse" })
	for _, c := range []struct {
		name   string
		air    []fakewpa.AP
		cfg    hal.StationConfig
		fake   fakewpa.Config
		reason hal.Reason
		step   hal.JoinStep
	}{
		{"wrong passphrase, WPA2", []fakewpa.AP{homeAP}, wrong, fakewpa.Config{}, hal.Reason4WayHandshakeTimeout, hal.JoinHandshake},
		{"wrong passphrase, WPA2, 2.11", []fakewpa.AP{homeAP}, wrong, fakewpa.Config{Release: 211}, hal.Reason4WayHandshakeTimeout, hal.JoinHandshake},
		{"wrong passphrase, WPA3", auth(hal.AuthWPA3PSK, "correct horse"), wrong, fakewpa.Config{}, hal.ReasonAuthFail, hal.JoinAuth},
		{"wrong passphrase, WPA3, after 2.11", auth(hal.AuthWPA3PSK, "correct horse"), wrong, fakewpa.Config{Release: 212}, hal.ReasonAuthFail, hal.JoinAuth},
		{"wrong passphrase, mixed", auth(hal.AuthWPA2WPA3PSK, "correct horse"), wrong, fakewpa.Config{}, hal.ReasonAuthFail, hal.JoinAuth},
		{"wrong passphrase, mixed, without SAE", auth(hal.AuthWPA2WPA3PSK, "correct horse"), wrong, fakewpa.Config{NoSAE: true}, hal.Reason4WayHandshakeTimeout, hal.JoinHandshake},
		{"passphrase too short", []fakewpa.AP{homeAP}, with(func(c *hal.StationConfig) { c.Passphrase = "short" }), fakewpa.Config{}, hal.ReasonAuthFail, hal.JoinAuth},
		{"absent", nil, home, fakewpa.Config{}, hal.ReasonNoAPFound, hal.JoinScan},
		{"absent, channel known", nil, with(func(c *hal.StationConfig) { c.Channel = 6 }), fakewpa.Config{}, hal.ReasonNoAPFound, hal.JoinScan},
		{"other BSSID", []fakewpa.AP{homeAP}, with(func(c *hal.StationConfig) { c.BSSIDSet = true }), fakewpa.Config{}, hal.ReasonNoAPFound, hal.JoinScan},
		{"no passphrase", []fakewpa.AP{homeAP}, hal.StationConfig{SSID: "HomeNet"}, fakewpa.Config{}, hal.ReasonNoAPCompatibleSec, hal.JoinScan},
		{"open below MinAuth", auth(hal.AuthOpen, ""), with(func(c *hal.StationConfig) { c.MinAuth = hal.AuthWPA2PSK }), fakewpa.Config{}, hal.ReasonNoAPAuthModeThreshold, hal.JoinScan},
		{"WPA2 below MinAuth", []fakewpa.AP{homeAP}, with(func(c *hal.StationConfig) { c.MinAuth = hal.AuthWPA3PSK }), fakewpa.Config{}, hal.ReasonNoAPAuthModeThreshold, hal.JoinScan},
		{"enterprise", auth(hal.AuthWPA2Enterprise, ""), home, fakewpa.Config{}, hal.ReasonNoAPCompatibleSec, hal.JoinScan},
		{"WEP", auth(hal.AuthWEP, "12345"), home, fakewpa.Config{}, hal.ReasonNoAPCompatibleSec, hal.JoinScan},
		{"WPA3 without SAE", auth(hal.AuthWPA3PSK, "correct horse"), home, fakewpa.Config{NoSAE: true}, hal.ReasonNoAPCompatibleSec, hal.JoinScan},
		{"WPA3 with a key", auth(hal.AuthWPA3PSK, "correct horse"), with(func(c *hal.StationConfig) { c.Passphrase = fakewpa.PSK("HomeNet", "correct horse") }), fakewpa.Config{}, hal.ReasonNoAPCompatibleSec, hal.JoinScan},
		{"full", ap(func(a *fakewpa.AP) { a.Refuse = 17 }), home, fakewpa.Config{}, hal.ReasonAssocTooMany, hal.JoinAssoc},
		{"refused", ap(func(a *fakewpa.AP) { a.Refuse = 1 }), home, fakewpa.Config{}, hal.ReasonAssocFail, hal.JoinAssoc},
		{"deaf", ap(func(a *fakewpa.AP) { a.Deaf = true }), home, fakewpa.Config{}, hal.ReasonConnectionFail, hal.JoinAuth},
		{"stuck", ap(func(a *fakewpa.AP) { a.Stuck = true }), home, fakewpa.Config{}, hal.ReasonHandshakeTimeout, hal.JoinHandshake},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.fake)
			if c.name == "stuck" {
				r.late = time.Second
				r.reboot()
			}
			require.NoError(t, r.Take(r.ctx))
			for _, a := range c.air {
				r.wpa.Add(a)
			}
			// Twice: the properties have the codes of the first time at the second.
			for range 2 {
				j := r.join(c.cfg)
				reason, told := j.ended()
				require.Equal(t, c.reason, reason)
				require.Equal(t, "scan", told[0])
				require.Equal(t, c.step.String(), told[len(told)-1])
				if c.step > hal.JoinScan {
					require.Equal(t, hal.SSID("HomeNet"), j.last.AP.SSID)
				}
				r.clean()
			}
		})
	}
}

// Codes of earlier attempts are not those of the next one.
func TestStaleCodes(t *testing.T) {
	r := taken(t, fakewpa.Config{})
	r.wpa.Add(homeAP)
	sae := r.wpa.Add(fakewpa.AP{SSID: "Sae", Auth: hal.AuthWPA3PSK, Passphrase: "correct horse"})
	reason, _ := r.join(with(func(c *hal.StationConfig) { c.Passphrase = "wrong horse" })).ended()
	require.Equal(t, hal.Reason4WayHandshakeTimeout, reason)
	reason, _ = r.join(hal.StationConfig{SSID: "Sae", Passphrase: "wrong horse"}).ended()
	require.Equal(t, hal.ReasonAuthFail, reason)
	r.wpa.View(func(v fakewpa.View) {
		require.NotZero(t, v.Setting("wlan0", "AuthStatusCode"))
		require.NotZero(t, v.Setting("wlan0", "DisconnectReason"))
	})
	r.wpa.Change(sae, func(a *fakewpa.AP) { a.Deaf = true })
	reason, _ = r.join(hal.StationConfig{SSID: "Sae", Passphrase: "correct horse"}).ended()
	require.Equal(t, hal.ReasonConnectionFail, reason)
	r.wpa.Remember("wlan0", fakewpa.AP{SSID: "Gone", BSSID: hal.BSSID{2, 9}, Channel: 1, Auth: hal.AuthOpen}, 100*time.Second)
	reason, _ = r.join(hal.StationConfig{SSID: "Gone"}).ended()
	require.Equal(t, hal.ReasonNoAPFound, reason, "wpa_supplicant keeps what it has heard for 180 s")
	j := r.join(home)
	j.until("address")
}

// Links that end do not come back by themselves.
func TestLinkLost(t *testing.T) {
	for _, c := range []struct {
		name   string
		lose   func(*fakewpa.Daemon, *fakewpa.AP)
		reason hal.Reason
	}{
		{"out of range", (*fakewpa.Daemon).Off, hal.ReasonBeaconTimeout},
		{"access point leaves", func(d *fakewpa.Daemon, a *fakewpa.AP) { d.Deauth(a, 3) }, hal.ReasonAuthLeave},
		{"inactive", func(d *fakewpa.Daemon, a *fakewpa.AP) { d.Deauth(a, 4) }, hal.ReasonAssocExpire},
		{"somebody else leaves", func(d *fakewpa.Daemon, a *fakewpa.AP) { d.Deauth(a, -3) }, hal.ReasonAssocLeave},
		{"own reason", func(d *fakewpa.Daemon, a *fakewpa.AP) { d.Deauth(a, -14) }, hal.ReasonMICFailure},
		{"no code of 802.11 here", func(d *fakewpa.Daemon, a *fakewpa.AP) { d.Deauth(a, 300) }, hal.ReasonUnspecified},
		{"daemon ends", func(d *fakewpa.Daemon, _ *fakewpa.AP) { d.Kill() }, hal.ReasonConnectionFail},
		{"daemon restarts", func(d *fakewpa.Daemon, _ *fakewpa.AP) { d.Restart() }, hal.ReasonConnectionFail},
		{"unplugged", func(d *fakewpa.Daemon, _ *fakewpa.AP) { d.Unplug("wlan0") }, hal.ReasonConnectionFail},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := taken(t, fakewpa.Config{})
			a := r.wpa.Add(homeAP)
			j := r.join(home)
			j.until("address")
			c.lose(r.wpa, a)
			reason, told := j.ended()
			require.Equal(t, c.reason, reason)
			require.Empty(t, told)
			r.wpa.Wait("nothing is joined", func(v fakewpa.View) bool { return v.At("wlan0") == "" && v.Leases("wlan0") == 0 })
			// What ended can be used again.
			r.wpa.On(a)
			if c.name == "unplugged" {
				r.wpa.Plug("wlan0")
			}
			if c.name == "daemon ends" {
				r.wpa.Restart()
			}
			j = r.join(home) // without another Take
			j.until("address")
			j.cancel(nil)
			j.ended()
			r.clean()
		})
	}
}

// A Join that is broken off at any time leaves nothing.
func TestJoinBrokenOff(t *testing.T) {
	for _, at := range stages {
		t.Run(at, func(t *testing.T) {
			r := taken(t, fakewpa.Config{Times: fakewpa.Times{Step: 10 * time.Millisecond, Scan: 50 * time.Millisecond}})
			r.wpa.Add(homeAP)
			j := r.join(home)
			j.reached(at)
			j.cancel(errEnough)
			reason, _ := j.ended()
			require.Equal(t, hal.ReasonAssocLeave, reason)
			r.clean()
		})
	}
	t.Run("before", func(t *testing.T) {
		r := taken(t, fakewpa.Config{})
		ctx, cancel := context.WithCancel(r.ctx)
		cancel()
		require.Equal(t, hal.ReasonAssocLeave, r.Join(ctx, home, nil))
	})
}

// A DHCP server that does not answer does not end the attempt.
func TestNoAddress(t *testing.T) {
	r := taken(t, fakewpa.Config{})
	r.wpa.Add(ap(func(a *fakewpa.AP) { a.Silent = true })[0])
	j := r.join(home)
	j.until("connected")
	r.wpa.Wait("a lease is asked for", func(v fakewpa.View) bool { return v.Leases("wlan0") == 1 })
	select {
	case reason := <-j.done:
		t.Fatal(reason)
	case <-time.After(50 * time.Millisecond):
	}
	j.cancel(nil)
	j.ended()
	r.clean()
}

// A station that roams keeps its address, and tells where it is.
func TestRoam(t *testing.T) {
	r := taken(t, fakewpa.Config{})
	r.wpa.Add(homeAP)
	j := r.join(home)
	j.until("address")
	second := homeAP
	second.Channel, second.RSSI = 11, -30
	r.wpa.Roam("wlan0", r.wpa.Add(second))
	require.Equal(t, []string{"connected to HomeNet, channel 11, -30 dBm, WPA2"}, j.until("connected"))
	r.wpa.View(func(v fakewpa.View) { require.Equal(t, 1, v.Leases("wlan0")) })
	j.cancel(nil)
	j.ended()
	r.clean()
}

// Access points that change after our scan, before wpa_supplicant's choice: it scans again
// and again, without a word.
func TestChanges(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*fakewpa.Daemon, *fakewpa.AP)
		reason hal.Reason
	}{
		{"out of range", func(d *fakewpa.Daemon, a *fakewpa.AP) {
			d.Off(a)
			d.Forget("wlan0")
		}, hal.ReasonNoAPFound},
		{"other security", func(d *fakewpa.Daemon, a *fakewpa.AP) {
			d.Change(a, func(a *fakewpa.AP) { a.Auth = hal.AuthWPA2Enterprise })
		}, hal.ReasonNoAPCompatibleSec},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := taken(t, fakewpa.Config{})
			a := r.wpa.Add(homeAP)
			r.wpa.SetHook(func(call string) error {
				if call == "SelectNetwork" {
					c.change(r.wpa, a)
				}
				return nil
			})
			reason, told := r.join(home).ended()
			require.Equal(t, c.reason, reason)
			require.Equal(t, []string{"scan"}, told)
			r.clean()
		})
	}
}

// A Join whose cause is ErrKeep leaves the link, and the next one takes it over.
func TestKeep(t *testing.T) {
	r := taken(t, fakewpa.Config{})
	r.wpa.Add(homeAP)
	j := r.join(home)
	j.until("address")
	j.cancel(radio.ErrKeep)
	reason, _ := j.ended()
	require.Equal(t, hal.ReasonAssocLeave, reason)
	r.wpa.View(func(v fakewpa.View) { require.Equal(t, hal.SSID("HomeNet"), v.At("wlan0")) })
	before := len(r.wpa.Calls())
	j = r.join(home)
	require.Equal(t, []string{"connected to HomeNet, channel 6, -40 dBm, WPA2", "address 192.168.77.10"}, j.until("address"))
	require.NotContains(t, r.wpa.Calls()[before:], "SelectNetwork")
	j.cancel(radio.ErrKeep)
	j.ended()
	// Another configuration is another attempt.
	reason, _ = r.join(with(func(c *hal.StationConfig) { c.Passphrase = "wrong horse" })).ended()
	require.Equal(t, hal.Reason4WayHandshakeTimeout, reason)
	r.clean()
}

// Refused calls end an attempt, and nothing stays.
func TestJoinRefused(t *testing.T) {
	for _, call := range []string{"Scan", "AddNetwork", "SelectNetwork", "Get BSSs", "Get Networks", "Get CurrentNetwork"} {
		t.Run(call, func(t *testing.T) {
			r := taken(t, fakewpa.Config{})
			r.wpa.Add(homeAP)
			r.wpa.SetHook(func(c string) error {
				if c == call {
					return fakewpa.Refusal("fi.w1.wpa_supplicant1.UnknownError", "no")
				}
				return nil
			})
			reason, _ := r.join(home).ended()
			require.Equal(t, hal.ReasonConnectionFail, reason)
			r.wpa.SetHook(nil)
			r.clean()
		})
	}
}

// Join without Take joins nothing.
func TestJoinWithoutTake(t *testing.T) {
	r := newRig(t, fakewpa.Config{})
	r.wpa.Add(homeAP)
	reason, _ := r.join(home).ended()
	require.Equal(t, hal.ReasonConnectionFail, reason)
}

// A Lease that cannot work ends the attempt: nobody would get an address any more.
func TestLeaseFails(t *testing.T) {
	r := newRig(t, fakewpa.Config{})
	r.wpa.Add(homeAP)
	d, err := wpa.New(wpa.Config{Interface: "wlan0", Store: r.store, Bus: r.bus, Lease: noLease})
	require.NoError(t, err)
	require.NoError(t, r.Close())
	r.Daemon = d
	t.Cleanup(func() { _ = d.Close() })
	require.NoError(t, r.Take(r.ctx))
	reason, _ := r.join(home).ended()
	require.Equal(t, hal.ReasonConnectionFail, reason)
	r.clean()
}
