// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/wifiprov/wifiprov/hal"
	bt "github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// maker makes the devices of a group.
type maker struct {
	file     *File
	group    *Group
	image    []byte // of the flash; nil: an erased one
	keys     *nvs.Keys
	security simdevice.Security // of all of them, unless random
	random   bool
}

var pattern = regexp.MustCompile(`^[^%]*%(0?[1-9])?[dxX][^%]*$`)

func (f *File) group(g *Group) (*maker, error) {
	if err := f.checkName(g); err != nil {
		return nil, err
	}
	m := &maker{file: f, group: g}
	if err := m.readSecurity(); err != nil {
		return nil, err
	}
	if err := m.readFlash(); err != nil {
		return nil, err
	}
	switch {
	case g.Key != "" && (len(g.Key) < softap.MinKey || len(g.Key) > softap.MaxKey):
		return nil, f.fail("key has %d bytes; an access point takes %d to %d, or none at all", []any{len(g.Key), softap.MinKey, softap.MaxKey}, &g.Key)
	case g.MTU != 0 && (g.MTU < att.MinMTU || g.MTU > att.MaxMTU):
		return nil, f.fail("mtu is %d; it is %d to %d", []any{g.MTU, att.MinMTU, att.MaxMTU}, &g.MTU)
	case g.MTU != 0 && g.Transport != simdevice.BLE:
		return nil, f.fail("mtu is for transport: ble; leave it out", nil, &g.MTU)
	}
	for i := range g.Endpoints {
		if err := f.checkEndpoint(g, &g.Endpoints[i]); err != nil {
			return nil, err
		}
	}
	for i := range g.Faults {
		fault := &g.Faults[i]
		switch err := fault.Check(); {
		case fault.Kind == "":
			return nil, f.fail("the fault has no kind; add kind: drop-answer, for example", nil, fault)
		case err != nil:
			return nil, f.fail("%w", []any{err}, fault)
		case fault.Kind == simdevice.SmallMTU && g.Transport != simdevice.BLE:
			return nil, f.fail("small-mtu is for transport: ble; leave it out", nil, fault)
		}
	}
	return m, m.tryOut()
}

func (f *File) checkName(g *Group) error {
	longest := hal.MaxSSID
	if g.Transport == simdevice.BLE {
		longest = bt.MaxDeviceName
	}
	name := g.Name
	switch {
	case g.Count < 0 || g.Count == 0 && f.given(&g.Count):
		return f.fail("count is %d; it is 1 or more", []any{g.Count}, &g.Count)
	case name == "":
		return f.fail("the device has no name; add name: PROV_1, or name: PROV_%%06d with a count", nil, &g.Name, g)
	case g.Count > 0 && !pattern.MatchString(name):
		return f.fail("name is %q; with a count it is a pattern such as PROV_%%06d or LAMP%%X", []any{name}, &g.Name)
	case g.Count > 0:
		name = fmt.Sprintf(name, g.Count)
	}
	if hal.SSID(name).String() != name {
		return f.fail("the name %q has characters that nobody can read; leave them out", []any{name}, &g.Name)
	}
	if len(name) > longest {
		return f.fail("the name %q has %d bytes; devices with transport: %s have at most %d", []any{name, len(name), g.Transport, longest}, &g.Name)
	}
	return nil
}

// readFlash reads the image of the partition.
func (m *maker) readFlash() (err error) {
	f, g := m.file, m.group
	read := func(path *string) ([]byte, error) {
		name := *path
		if !filepath.IsAbs(name) {
			name = filepath.Join(f.dir, name)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, f.fail("%s: %s; give the path of a file, relative to the scenario", []any{*path, files.Reason(err)}, path)
		}
		return b, nil
	}
	if g.NVSKeys != "" {
		b, err := read(&g.NVSKeys)
		if err != nil {
			return err
		}
		if m.keys, err = nvs.ParseKeys(b); err != nil {
			return f.fail("%s: %w; give a file that espprov nvs keys generate has made", []any{g.NVSKeys, err}, &g.NVSKeys)
		}
	}
	if g.NVS == "" {
		return nil
	}
	if m.image, err = read(&g.NVS); err != nil {
		return err
	}
	if len(m.image)%nvs.SectorSize != 0 || len(m.image) < 3*nvs.SectorSize {
		return f.fail("%s has %d bytes; a partition has a multiple of %d, at least three times that", []any{g.NVS, len(m.image), nvs.SectorSize}, &g.NVS)
	}
	if _, err := nvs.Open(flash.FromBytes(slices.Clone(m.image)), nvs.Options{Keys: m.keys, ReadOnly: true}); err != nil {
		return f.fail("%s: %w; espprov nvs check tells more", []any{g.NVS, err}, &g.NVS)
	}
	return nil
}

// device returns the configuration of a device of the group.
func (m *maker) device(name string, number int) (simdevice.Config, []*script) {
	g := m.group
	cfg := simdevice.Config{
		Name: name, Key: g.Key, Transport: g.Transport, Security: m.security,
		Board:   sim.BoardConfig{FiveGHz: g.FiveGHz, Keys: m.keys, MAC: hal.BSSID{0x02, 0x77, 0x66, byte(number >> 8), byte(number)}},
		SoftAP:  g.SoftAP,
		BLE:     g.BLE,
		Console: g.Console,
		ATT:     att.Config{MTU: g.MTU},
		Manager: g.Manager,
		AppInfo: g.AppInfo,
		App:     g.App,
		Faults:  g.Faults,
	}
	if m.image != nil {
		cfg.Board.Flash = flash.FromBytes(slices.Clone(m.image))
	}
	if m.random {
		cfg.Security = m.randomSecurity(name)
	}
	var scripts []*script
	for i := range g.Endpoints {
		s := &script{answers: g.Endpoints[i].Answers}
		scripts = append(scripts, s)
		cfg.Endpoints = append(cfg.Endpoints, simdevice.Endpoint{Name: g.Endpoints[i].Name, Handler: s.answer})
	}
	return cfg, scripts
}
