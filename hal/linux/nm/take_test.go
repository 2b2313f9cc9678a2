// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/fakenm"
)

// Release gives back what was before Take, with the configuration that is stored.
func TestRelease(t *testing.T) {
	for _, c := range []struct {
		name   string
		stored hal.StationConfig // before Take
		others bool              // a profile of somebody else is connected before Take
		join   hal.StationConfig
		save   *hal.StationConfig // while taken
		keep   bool
		up     string // afterwards
		left   []string
	}{
		{name: "nothing before", join: homeCfg},
		{name: "nothing before, stored", join: homeCfg, save: &homeCfg, up: "wifiprov", left: []string{"wifiprov*"}},
		{name: "stored and kept", join: homeCfg, save: &homeCfg, keep: true, up: "wifiprov", left: []string{"wifiprov*"}},
		{name: "kept without being stored", join: homeCfg, keep: true, up: "wifiprov", left: []string{"wifiprov"}},
		{name: "others come back", others: true, join: homeCfg, up: "cafe", left: []string{"cafe*"}},
		{name: "others come back although stored", others: true, join: homeCfg, save: &homeCfg, up: "cafe", left: []string{"cafe*", "wifiprov*"}},
		{name: "kept in place of others", others: true, join: homeCfg, save: &homeCfg, keep: true, up: "wifiprov", left: []string{"cafe*", "wifiprov*"}},
		{name: "others never left", others: true, up: "cafe", left: []string{"cafe*"}},
		{name: "the stored one comes back", stored: homeCfg, join: cafeCfg, up: "wifiprov", left: []string{"wifiprov*"}},
		{name: "another is stored", stored: homeCfg, join: homeCfg, save: &cafeCfg, up: "wifiprov", left: []string{"wifiprov*"}},
		{name: "none is stored any more", stored: homeCfg, join: cafeCfg, save: &hal.StationConfig{}},
		{name: "erased with its link", stored: homeCfg, save: &hal.StationConfig{}},
		{name: "kept, another is stored", stored: homeCfg, join: cafeCfg, keep: true, up: "wifiprov", left: []string{"wifiprov", "wifiprov*"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, fakenm.Config{}, home, cafe)
			if c.others {
				r.nm.AddProfile("cafe", "Cafe", "")
				r.up("cafe")
			}
			require.NoError(t, r.Save(t.Context(), c.stored))
			if c.stored.SSID != "" {
				r.up("wifiprov")
			}
			r.take()
			r.take() // once more does nothing
			if c.join.SSID != "" {
				j := r.join(c.join)
				j.wait("connected " + c.join.SSID.String())
				r.nm.Wait("link", func(v fakenm.View) bool { return v.State("wlan0") == 100 })
				if c.save != nil {
					require.NoError(t, r.Save(t.Context(), *c.save))
					r.nm.Look(func(v fakenm.View) { require.Equal(t, uint32(100), v.State("wlan0")) })
				}
				if c.keep {
					j.keep()
				} else {
					j.leave()
				}
			} else if c.save != nil {
				require.NoError(t, r.Save(t.Context(), *c.save))
				r.nm.Look(func(v fakenm.View) { require.Equal(t, uint32(100), v.State("wlan0"), "a present link is not touched") })
			}
			require.NoError(t, r.Release(t.Context(), c.keep))
			if c.up != "" {
				r.up(c.up)
			} else {
				require.NoError(t, pause(t.Context(), 20*time.Millisecond))
				r.nm.Look(func(v fakenm.View) { require.Equal(t, uint32(30), v.State("wlan0")) })
			}
			r.clean(c.left...)
			want := c.stored
			if c.save != nil {
				want = *c.save
			}
			got, err := r.Load(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.NoError(t, r.Release(t.Context(), false), "once more does nothing")
			r.clean(c.left...)
		})
	}
}

// When the process dies, NetworkManager brings the former network back, and the next
// process mends the rest.
func TestDeath(t *testing.T) {
	for _, c := range []struct {
		name   string
		former bool
		mend   func(r *rig)
	}{
		{"Release mends", true, func(r *rig) {}},
		{"Take and Release mend", true, func(r *rig) { r.take() }},
		{"nothing before", false, func(r *rig) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, fakenm.Config{Interfaces: []string{"wlan0", "uap0"}}, home, cafe)
			r.restart(2 * time.Second)
			if c.former {
				r.nm.AddProfile("home", "HomeNet", "secretpass")
				r.up("home")
			}
			r.take()
			j := r.join(cafeCfg)
			j.wait("address 10.0.0.5")
			r.up("wifiprov trial")
			require.NoError(t, r.OpenAP(t.Context(), softAP("uap0")))
			began := time.Now()
			r.die()
			r.nm.Wait("the access point closes", func(v fakenm.View) bool { return v.Up("uap0") == "" })
			if c.former {
				r.up("home")
				require.Less(t, time.Since(began), 10*time.Second)
			} else {
				r.nm.Wait("roll back", func(v fakenm.View) bool { return v.Checkpoints() == 0 })
			}
			r.start()
			c.mend(r)
			require.NoError(t, r.Release(t.Context(), false))
			if c.former {
				r.up("home")
				r.clean("home*")
			} else {
				r.nm.Look(func(v fakenm.View) { require.Equal(t, uint32(30), v.State("wlan0")) })
				r.clean()
			}
		})
	}
}

// What was stored after Take stays stored, although the checkpoint is older.
func TestDeathAfterSave(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home, cafe)
	r.restart(time.Second)
	require.NoError(t, r.Save(t.Context(), homeCfg))
	r.up("wifiprov")
	r.take()
	require.NoError(t, r.Save(t.Context(), cafeCfg))
	r.die()
	r.nm.Wait("roll back", func(v fakenm.View) bool { return v.Checkpoints() == 0 })
	r.start()
	got, err := r.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, cafeCfg, got)
}

// A process that comes soon after the death of another one inherits its checkpoint: the
// former network is that of the dead one.
func TestHeir(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home, cafe)
	r.restart(2 * time.Second)
	r.nm.AddProfile("home", "HomeNet", "secretpass")
	r.up("home")
	r.take()
	j := r.join(cafeCfg)
	j.wait("address 10.0.0.5")
	r.up("wifiprov trial")
	r.die()
	r.start()
	r.take()
	require.NoError(t, pause(t.Context(), 2500*time.Millisecond)) // longer than Rollback
	j = r.join(cafeCfg)
	j.wait("address 10.0.0.5")
	require.Equal(t, "4-way handshake Cafe", j.told()[0], "the link was not rolled back")
	j.leave()
	require.NoError(t, r.Release(t.Context(), false))
	r.up("home")
	r.clean("home*")
}

// As long as the process lives, nothing is rolled back.
func TestHeartbeat(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home, cafe)
	r.restart(2 * time.Second)
	r.nm.AddProfile("home", "HomeNet", "secretpass")
	r.up("home")
	r.take()
	j := r.join(cafeCfg)
	j.wait("address 10.0.0.5")
	r.nm.Wait("heartbeats", func(v fakenm.View) bool { return v.Calls("CheckpointAdjustRollbackTimeout") >= 4 }) // 2.7 s
	r.up("wifiprov trial")
	j.leave()
}

// Take fails with what to do, and leaves nothing behind.
func TestTakeFails(t *testing.T) {
	const denied = "org.freedesktop.NetworkManager.PermissionDenied"
	for _, c := range []struct {
		name string
		cfg  fakenm.Config
		do   func(r *rig)
		want string
	}{
		{"old", fakenm.Config{Version: "1.18.4"}, func(*rig) {}, "1.18.4 is too old; 1.20 or later"},
		{"no interface", fakenm.Config{Interfaces: []string{"wlan7"}}, func(*rig) {}, "no interface wlan0"},
		{"not running", fakenm.Config{}, func(r *rig) { r.nm.Kill() }, "systemctl start NetworkManager"},
		{"no checkpoint", fakenm.Config{}, func(r *rig) { r.nm.Refuse("CheckpointCreate", denied, "no") }, "polkit"},
		{"no marker", fakenm.Config{}, func(r *rig) { r.nm.Refuse("AddConnection2", denied, "no") }, "polkit"},
		{"no control", fakenm.Config{}, func(r *rig) { r.nm.Refuse("Set Autoconnect", denied, "no") }, "setting Autoconnect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.cfg, home)
			c.do(r)
			require.ErrorContains(t, r.Take(t.Context()), c.want)
			r.nm.Look(func(v fakenm.View) {
				require.Empty(t, v.Profiles())
				require.Zero(t, v.Checkpoints())
			})
			if c.name == "old" || c.name == "no interface" || c.name == "not running" {
				return
			}
			for _, member := range []string{"CheckpointCreate", "AddConnection2", "Set Autoconnect"} {
				r.nm.Refuse(member, "", "")
			}
			r.take()
			require.NoError(t, r.Release(t.Context(), false))
			r.clean()
		})
	}
}

// The radio is switched on, and off again.
func TestRadioOff(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.nm.SetWireless(false)
	r.nm.Refuse("CheckpointCreate", "org.freedesktop.NetworkManager.PermissionDenied", "no")
	require.Error(t, r.Take(t.Context()))
	r.nm.Look(func(v fakenm.View) { require.False(t, v.Wireless()) })
	r.nm.Refuse("CheckpointCreate", "", "")
	r.take()
	j := r.join(homeCfg)
	j.wait("address 192.168.1.77")
	j.leave()
	require.NoError(t, r.Release(t.Context(), false))
	r.nm.Look(func(v fakenm.View) { require.False(t, v.Wireless()) })
	r.clean()
}

// A radio that stays off is no riddle.
func TestRadioBlocked(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.nm.Block()
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := make(chan error)
	go func() { failed <- r.Take(ctx) }()
	r.nm.Wait("question", func(v fakenm.View) bool { return v.Calls("Get State") > 0 })
	cancel(errTest)
	err := <-failed
	require.ErrorIs(t, err, errTest)
	require.ErrorContains(t, err, "rfkill")
	r.nm.Look(func(v fakenm.View) { require.False(t, v.Wireless()) })
}

// A call that is not answered ends with its context.
func TestContext(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home)
	r.nm.Silence("ListConnections")
	r.nm.Silence("GetDeviceByIpIface")
	for _, call := range []func() error{
		func() error { return r.Take(ctxFor(t)) },
		func() error { _, err := r.Load(ctxFor(t)); return err },
		func() error { return r.Save(ctxFor(t), homeCfg) },
		func() error { return r.OpenAP(ctxFor(t), softAP("wlan0")) },
	} {
		require.ErrorIs(t, call(), errTest)
	}
	_, err := r.Scan(ctxFor(t), hal.ScanConfig{}) // has found nothing so far
	require.NoError(t, err)
}

// The network that an interface was in is left when Leave says so, and is back at Release.
func TestLeave(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home, cafe)
	r.nm.AddProfile("cafe", "Cafe", "")
	r.up("cafe")
	r.take()
	r.nm.Look(func(v fakenm.View) { require.Equal(t, uint32(100), v.State("wlan0")) })
	for range 2 {
		require.NoError(t, r.Leave(t.Context()))
		r.nm.Look(func(v fakenm.View) { require.Equal(t, uint32(30), v.State("wlan0")) })
	}
	require.NoError(t, r.Release(t.Context(), false))
	r.up("cafe")
	r.clean("cafe*")
}

// A network that was provisioned before is back as well, although its profile changed from
// that of an attempt to the stored one.
func TestDeathAfterProvisioning(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home, cafe)
	r.restart(2 * time.Second)
	r.take()
	j := r.join(homeCfg)
	j.wait("address 192.168.1.77")
	require.NoError(t, r.Save(t.Context(), homeCfg))
	j.keep()
	require.NoError(t, r.Release(t.Context(), true))
	r.up("wifiprov")

	r.take()
	r.join(cafeCfg).wait("address 10.0.0.5")
	r.die()
	r.nm.Wait("roll back", func(v fakenm.View) bool { return v.Checkpoints() == 0 })
	r.up("wifiprov")
	r.start()
}

// A network that was joined in another way than it is stored, beside an access point say,
// becomes the stored profile nevertheless.
func TestKeptBesideAccessPoint(t *testing.T) {
	r := newRig(t, fakenm.Config{}, home, cafe)
	r.take()
	beside := homeCfg
	beside.Channel, beside.ScanMethod = 6, hal.ScanAllChannel
	j := r.join(beside)
	j.wait("address 192.168.1.77")
	require.NoError(t, r.Save(t.Context(), homeCfg))
	j.keep()
	require.NoError(t, r.Release(t.Context(), true))
	r.up("wifiprov")
	r.clean("wifiprov*")
	got, err := r.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, homeCfg, got)
}
