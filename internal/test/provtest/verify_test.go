// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// medium is a store whose content outlives a power cut.
type medium struct {
	// boot returns the store as it is found after a power cut.
	boot func() store.Store
}

// media are the stores to try, each with its factory.
var media = map[string]func(t *testing.T) medium{
	"memory": func(*testing.T) medium {
		var m store.Memory
		return medium{func() store.Store {
			m.Restore(m.Snapshot())
			return &m
		}}
	},
	"memory, each key at once": func(*testing.T) medium {
		var m store.Memory
		return medium{func() store.Store { return &m }}
	},
	"NVS": func(t *testing.T) medium {
		f := flash.NewMemory(3 * nvs.SectorSize)
		return medium{func() store.Store { return openNVS(t, f) }}
	},
}

func openNVS(t *testing.T, f nvs.Flash) *nvs.Partition {
	t.Helper()
	p, err := nvs.Open(f, nvs.Options{})
	require.NoError(t, err)
	return p
}

var errFlash = errors.New("flash says no")

// fuse is a store that counts what changes it and can fail.
type fuse struct {
	store.Store
	ops  int
	blow func(op int) error // of each, before it is done
}

func (f *fuse) op() error {
	f.ops++
	if f.blow == nil {
		return nil
	}
	return f.blow(f.ops)
}

func (f *fuse) Set(namespace, key string, t store.Type, value []byte) error {
	if err := f.op(); err != nil {
		return err
	}
	return f.Store.Set(namespace, key, t, value)
}

func (f *fuse) Erase(namespace, key string) error {
	if err := f.op(); err != nil {
		return err
	}
	return f.Store.Erase(namespace, key)
}

func (f *fuse) EraseAll(namespace string) error {
	if err := f.op(); err != nil {
		return err
	}
	return f.Store.EraseAll(namespace)
}

func (f *fuse) Commit() error {
	if err := f.op(); err != nil {
		return err
	}
	return f.Store.Commit()
}

// sta is a network's configuration as flash should have it.
type sta struct {
	ssid hal.SSID
	pass hal.Secret
}

var (
	none = sta{}
	old  = sta{"OldNet", "old-password"}
	good = sta{Home.SSID, Home.Passphrase}
	bad  = sta{Home.SSID, "wrong-password"}
)

// inFlash boots a board of the medium and returns what it finds.
func inFlash(t *testing.T, m medium) sta {
	t.Helper()
	b, err := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{Store: m.boot()})
	require.NoError(t, err)
	defer b.Close()
	cfg, err := b.StationConfig()
	require.NoError(t, err)
	return sta{cfg.SSID, cfg.Passphrase}
}

// plot is a run of a device that verifies credentials.
type plot struct {
	name string
	from sta
	// to is what flash has at the end of an undisturbed run.
	to sta
	// config may be changed; act is what happens after the start.
	config func(*wifiprov.Config)
	act    func(apply func(sta), m *wifiprov.Manager)
}

var plots = []plot{
	{name: "first time", from: none, to: good, act: func(apply func(sta), _ *wifiprov.Manager) { apply(good) }},
	{name: "other network", from: old, to: good, act: func(apply func(sta), _ *wifiprov.Manager) { apply(good) }},
	{name: "wrong passphrase", from: old, to: old, act: func(apply func(sta), _ *wifiprov.Manager) { apply(bad) }},
	{name: "wrong passphrase, first time", from: none, to: none, act: func(apply func(sta), _ *wifiprov.Manager) { apply(bad) }},
	{name: "wrong, reset, right", from: old, to: good, act: func(apply func(sta), m *wifiprov.Manager) {
		apply(bad)
		_ = m.ResetOnFailure()
		apply(good)
	}},
	{name: "wrong, right without reset", from: old, to: good,
		config: func(c *wifiprov.Config) { c.RetryAfterFailure, c.ReconnectFormer = true, true },
		act: func(apply func(sta), _ *wifiprov.Manager) {
			apply(bad)
			apply(good)
		}},
	{name: "reprovisioned, wrong", from: good, to: good, act: func(apply func(sta), m *wifiprov.Manager) {
		_ = m.ResetForReprovision()
		apply(bad)
	}},
	{name: "stopped in mid-attempt", from: old, to: old, act: func(_ func(sta), m *wifiprov.Manager) {
		_ = m.ConfigureStation(hal.StationConfig{SSID: good.ssid, Passphrase: good.pass})
		m.StopProvisioning()
	}},
}

// outcome is how a run went.
type outcome struct {
	ops       int // changes of the store after the start
	succeeded bool
	ram       sta // configuration in use at the end
}

// run plays a plot on a medium, in which from is stored already. Operations of
// the store count from the service's start.
func run(t *testing.T, p plot, m medium, blow func(op int) error) (o outcome) {
	air := sim.NewAir(sim.AirConfig{})
	_, err := air.AddAP(Home)
	require.NoError(t, err)
	kept := &fuse{Store: m.boot()}
	board, err := air.NewBoard(sim.BoardConfig{Store: kept})
	require.NoError(t, err)
	defer board.Close()
	if p.from != none {
		require.NoError(t, board.SetStationConfig(hal.StationConfig{SSID: p.from.ssid, Passphrase: p.from.pass}))
	}
	var network simnet.Network
	cfg := wifiprov.Config{
		WiFi:              board,
		Scheme:            softap.New(softap.Config{AP: board, Server: httpd.Config{Listen: network.Listen}}),
		VerifyCredentials: true,
		EventHandler: func(e wifiprov.Event) {
			switch e.Kind {
			case wifiprov.EventCredSuccess:
				o.succeeded = true
			case wifiprov.EventCredFail:
				o.succeeded = false
			}
		},
	}
	if p.config != nil {
		p.config(&cfg)
	}
	var manager wifiprov.Manager
	require.NoError(t, manager.Init(cfg))
	require.NoError(t, manager.DisableAutoStop(0))
	require.NoError(t, manager.StartProvisioning(sec0.New(), "PROV_TEST", ""))
	kept.ops, kept.blow = 0, blow
	p.act(func(c sta) {
		_ = manager.ConfigureStation(hal.StationConfig{SSID: c.ssid, Passphrase: c.pass})
		time.Sleep(5 * time.Second)
		synctest.Wait()
	}, &manager)
	require.NoError(t, manager.Deinit())
	now, err := board.StationConfig()
	require.NoError(t, err)
	o.ops, o.ram = kept.ops, sta{now.SSID, now.Passphrase}
	return o
}

// each runs fn for every plot on every medium, each run in a bubble on a new
// medium.
func each(t *testing.T, fn func(t *testing.T, p plot, fresh func(*testing.T) medium)) {
	for name, open := range media {
		for _, p := range plots {
			t.Run(name+"/"+p.name, func(t *testing.T) { fn(t, p, open) })
		}
	}
}

// Undisturbed, flash has at the end what led to an address, and otherwise what
// it had; a run that fails does not even touch it.
func TestVerifyThenCommit(t *testing.T) {
	each(t, func(t *testing.T, p plot, open func(*testing.T) medium) {
		synctest.Test(t, func(t *testing.T) {
			m := open(t)
			o := run(t, p, m, nil)
			require.Equal(t, p.to, inFlash(t, m))
			require.Equal(t, p.to, o.ram, "in use after the service")
			if p.from == p.to {
				require.Zero(t, o.ops, "a failed attempt wrote to flash")
			} else {
				require.NotZero(t, o.ops)
			}
		})
	})
}

// A power cut before any operation on the store, from which on nothing reaches
// it, leaves the old credentials or the new ones.
func TestVerifyUnderPowerCuts(t *testing.T) {
	cuts := 0
	each(t, func(t *testing.T, p plot, open func(*testing.T) medium) {
		for cut := 1; ; cut++ {
			done := false
			synctest.Test(t, func(t *testing.T) {
				m := open(t)
				o := run(t, p, m, func(op int) error {
					if op >= cut {
						return errFlash // nothing reaches flash any more
					}
					return nil
				})
				found := inFlash(t, m)
				require.Contains(t, []sta{p.from, p.to}, found, "cut at operation %d", cut)
				done = o.ops < cut
			})
			if done {
				break
			}
			cuts++
		}
	})
	t.Logf("%d cuts", cuts)
	require.Greater(t, cuts, 50)
}

// Every operation on the store failing once leaves the new credentials if the
// client was told so, and otherwise the old ones, in flash and in use.
func TestVerifyUnderStoreFaults(t *testing.T) {
	each(t, func(t *testing.T, p plot, open func(*testing.T) medium) {
		for fault := 1; ; fault++ {
			done := false
			synctest.Test(t, func(t *testing.T) {
				m := open(t)
				o := run(t, p, m, func(op int) error {
					if op == fault {
						return errFlash
					}
					return nil
				})
				want := p.from
				if o.succeeded {
					want = p.to
				}
				require.Equal(t, want, inFlash(t, m), "fault at operation %d", fault)
				require.Equal(t, want, o.ram)
				done = o.ops < fault
			})
			if done {
				break
			}
		}
	})
}

// Every call of the driver failing once, or every time from then on, leaves
// flash with old or new credentials, and with the new ones if the client was
// told so.
func TestVerifyUnderDriverFaults(t *testing.T) {
	methods := []sim.Method{sim.MethodSetMode, sim.MethodSetStorage, sim.MethodSetStationConfig, sim.MethodStationConfig,
		sim.MethodConnect, sim.MethodDisconnect, sim.MethodLink}
	for _, p := range plots {
		for _, method := range methods {
			t.Run(fmt.Sprintf("%s/%v", p.name, method), func(t *testing.T) {
				for nth := 1; nth <= 12; nth++ {
					synctest.Test(t, func(t *testing.T) {
						m := media["memory"](t)
						var faults *sim.Faults
						q := p
						q.config = func(c *wifiprov.Config) {
							if p.config != nil {
								p.config(c)
							}
							faults = sim.NewFaults(c.WiFi, nil)
							c.WiFi = faults
						}
						q.act = func(apply func(sta), manager *wifiprov.Manager) {
							faults.Fail(method, nth, errFlash)
							p.act(apply, manager)
						}
						o := run(t, q, m, nil)
						found := inFlash(t, m)
						require.Contains(t, []sta{p.from, p.to}, found, "call %d", nth)
						if o.succeeded && p.to != p.from {
							require.Equal(t, p.to, found, "call %d", nth)
						}
					})
				}
			})
		}
	}
}
