// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/shard"
)

// Options are what the command decides, not the file.
type Options struct {
	// Shard is the part of the devices that this process runs.
	Shard shard.Shard
}

// Scenario is a scenario that can run.
type Scenario struct {
	// Config of the fleet. Until Fleet is called it may be changed, for example to
	// say where devices listen.
	Config fleet.Config

	scripts [][]*script // of the endpoints of each device
}

// Fleet makes the fleet. Call it once.
func (s *Scenario) Fleet() (*fleet.Fleet, error) {
	f, err := fleet.New(s.Config)
	if err != nil {
		return nil, err
	}
	for i, device := range f.Devices() {
		for _, script := range s.scripts[i] {
			script.device = device
		}
	}
	return f, nil
}

// MaxDevices is how many devices a scenario may have.
const MaxDevices = sim.MaxBoards - 1

// Compile makes a scenario that can run of a file. It checks everything, down to
// starting a device of each group in memory.
func (f *File) Compile(o Options) (*Scenario, error) {
	s := &Scenario{}
	if err := f.air(&s.Config); err != nil {
		return nil, err
	}
	if len(f.Devices) == 0 {
		return nil, f.fail("the scenario has no devices; add devices: and below it - name: PROV_1", nil, &f.Devices)
	}
	names := map[string]bool{}
	for i := range f.Devices {
		g := &f.Devices[i]
		maker, err := f.group(g)
		if err != nil {
			return nil, err
		}
		if len(names)+g.Count > MaxDevices {
			return nil, f.fail("these are more than %d devices; run several processes with other files", []any{MaxDevices}, &g.Count)
		}
		for n := range max(g.Count, 1) {
			name := g.Name
			if g.Count > 0 {
				name = fmt.Sprintf(g.Name, n+1)
			}
			if names[name] {
				return nil, f.fail("two devices are called %q; give each a name of its own", []any{name}, &g.Name, g)
			}
			names[name] = true
			if o.Shard.Has(name) {
				device, scripts := maker.device(name, len(names))
				s.Config.Devices = append(s.Config.Devices, device)
				s.scripts = append(s.scripts, scripts)
			}
		}
	}
	return s, nil
}
