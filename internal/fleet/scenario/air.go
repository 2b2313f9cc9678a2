// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"slices"
	"strings"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
)

// air compiles what is common to all devices.
func (f *File) air(cfg *fleet.Config) error {
	if f.TimeScale < 0 {
		return f.fail("time-scale is %v; it is a positive number: 10 is ten times as fast", []any{f.TimeScale}, &f.TimeScale)
	}
	cfg.Air = sim.AirConfig{
		Seed: f.Seed, TimeScale: f.TimeScale, JoinTime: f.Air.JoinTime, HandshakeTry: f.Air.HandshakeTry, WrongPassphrase: f.Air.WrongPassphrase,
	}
	switch {
	case f.Air.JoinTime < 0:
		return f.fail("join-time is negative; give a duration such as 500ms", nil, &f.Air.JoinTime)
	case f.Air.HandshakeTry < 0:
		return f.fail("handshake-try is negative; give a duration such as 1s", nil, &f.Air.HandshakeTry)
	}
	cfg.Networks = f.Air.Networks
	if !f.given(&f.Air.Networks) && len(f.Air.Networks) == 0 {
		cfg.Networks = []sim.APConfig{simdevice.Home}
	}
	air := sim.NewAir(sim.AirConfig{})
	for i := range f.Air.Networks {
		network := &f.Air.Networks[i]
		f.assumeAuth(network)
		if _, err := air.AddAP(*network); err != nil {
			return f.fail("network %q: %s", []any{network.SSID.String(), plainly(err)}, &network.Channel, network)
		}
	}
	present := slices.Clone(cfg.Networks)
	order := make([]*Change, len(f.Air.Changes))
	for i := range f.Air.Changes {
		order[i] = &f.Air.Changes[i]
	}
	slices.SortStableFunc(order, func(a, b *Change) int { return int(max(-1, min(1, a.At-b.At))) })
	for _, c := range order {
		change, err := f.change(c, &present)
		if err != nil {
			return err
		}
		cfg.Changes = append(cfg.Changes, change)
	}
	return nil
}

// plainly is an error without the name of the package that found it.
func plainly(err error) string { return strings.TrimPrefix(err.Error(), "sim: ") }

// assumeAuth gives a network with a passphrase WPA2 if the file does not say what it
// has.
func (f *File) assumeAuth(network *sim.APConfig) {
	if network.Passphrase != "" && !f.given(&network.Auth) {
		network.Auth = hal.AuthWPA2PSK
	}
}

// change compiles a change of the networks that there are at its time.
func (f *File) change(c *Change, present *[]sim.APConfig) (fleet.Change, error) {
	change := fleet.Change{At: c.At, Do: c.Do, Network: c.Network, Reason: c.Reason}
	var found []int
	for i, network := range *present {
		if network.SSID == c.Network {
			found = append(found, i)
		}
	}
	switch {
	case c.Do == "":
		return change, f.fail("the change does not say what it does; add do: vanish, appear, kick, configure or add", nil, c)
	case c.Network == "":
		return change, f.fail("the change names no network; add network: with its ssid", nil, c)
	case c.Do != fleet.Add && len(found) == 0:
		return change, f.fail("there is no network %q at %s; the names are those of networks: and of earlier changes", []any{c.Network.String(), c.At}, &c.Network)
	case c.Do == fleet.Configure && len(found) > 1:
		return change, f.fail("%d networks are called %q, and configure is for one; give them different names", []any{len(found), c.Network.String()}, &c.Network)
	case f.given(&c.To) != (c.Do == fleet.Configure || c.Do == fleet.Add):
		return change, f.fail("%s: to: has the new settings of networks with do: configure or add, and of no others", []any{string(c.Do)}, &c.To, c)
	}
	switch c.Do {
	case fleet.Add:
		*present = append(*present, sim.APConfig{SSID: c.Network})
		found = []int{len(*present) - 1}
		fallthrough
	case fleet.Configure:
		network := &(*present)[found[0]]
		to := *network
		if err := f.binder.bind(c.To.node, elem(&to), "to"); err != nil {
			return change, err
		}
		if c.Do == fleet.Add {
			f.assumeAuth(&to)
		}
		*network, change.Config = to, to
	case fleet.Appear, fleet.Vanish:
		for _, i := range found {
			(*present)[i].Absent = c.Do == fleet.Vanish
		}
	}
	if err := change.Check(); err != nil {
		return change, f.fail("%s", []any{plainly(err)}, &c.To, &c.Reason, &c.At, c)
	}
	return change, nil
}
