// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet/scenario"
)

// deviceFlags describe a device where there is no scenario.
type deviceFlags struct {
	Name      string   `placeholder:"NAME" help:"name of the device (default PROV_1); with --count a pattern (default PROV_%06d)"`
	Count     int      `placeholder:"N" help:"as many devices that are alike"`
	Transport string   `placeholder:"WORD" values:"softap,ble,console" help:"softap (default), ble or console"`
	Security  string   `placeholder:"N" values:"0,1,2" help:"0, 1 (default) or 2"`
	PoP       *string  `name:"pop" placeholder:"TEXT" help:"proof of possession of security 1 (default abcd1234); random: of each device's own, from the seed"`
	Username  *string  `placeholder:"NAME" help:"user name of security 2 (default wifiprov)"`
	Password  *string  `placeholder:"TEXT" help:"password of security 2 (default abcd1234), or random"`
	Key       *string  `placeholder:"TEXT" help:"passphrase of the devices' own access points, for the QR code; none: open"`
	NVS       string   `name:"nvs" placeholder:"FILE" help:"image of the NVS partition that the devices begin with"`
	Network   []string `sep:"none" placeholder:"NETWORK" help:"network on the air: \"SSID,passphrase\", and keys as in a scenario: \"HomeNet,correct horse, channel: 6\" (default that one)"`
	Fault     []string `sep:"none" placeholder:"FAULT" help:"kind and keys as in a scenario: \"delay-answer, endpoint: prov-config, delay: 5s\""`
	Endpoint  []string `sep:"none" placeholder:"ENDPOINT" help:"name of an endpoint, and what it answers: \"custom-data, answers: [{text: hello}, {echo: true}]\""`
	Manager   string   `placeholder:"KEYS" help:"options of the manager as in a scenario: \"attempts: 3, auto-stop: 60s\""`
	App       string   `placeholder:"KEYS" help:"what the firmware does, as in a scenario: \"serve-again: true\""`
}

// given returns the name of a flag that is given, or nothing.
func (d *deviceFlags) given() string {
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			return strings.ToLower(v.Type().Field(i).Name)
		}
	}
	return ""
}

// file is a scenario of what the flags say.
func (d *deviceFlags) file() (*scenario.File, error) {
	f := scenario.New()
	f.Devices = make([]scenario.Group, 1)
	g := &f.Devices[0]
	g.Name = "PROV_1"
	if d.Count != 0 {
		g.Name = "PROV_%06d"
		if err := f.SetText(&g.Count, "--count", strconv.Itoa(d.Count)); err != nil {
			return nil, err
		}
	}
	for _, one := range []struct {
		flag    string
		text    *string
		pointer any
	}{
		{"--name", some(d.Name), &g.Name}, {"--transport", some(d.Transport), &g.Transport}, {"--security", some(d.Security), &g.Security},
		{"--pop", d.PoP, &g.PoP}, {"--username", d.Username, &g.Username}, {"--password", d.Password, &g.Password},
		{"--key", d.Key, &g.Key}, {"--nvs", some(d.NVS), &g.NVS},
	} {
		if one.text == nil {
			continue
		}
		if err := f.SetText(one.pointer, one.flag, *one.text); err != nil {
			return nil, err
		}
	}
	if len(d.Network) > 0 {
		f.Air.Networks = make([]sim.APConfig, len(d.Network))
		for i, text := range d.Network {
			if err := setNetwork(f, &f.Air.Networks[i], text); err != nil {
				return nil, err
			}
		}
	}
	g.Faults = make([]simdevice.Fault, len(d.Fault))
	for i, text := range d.Fault {
		if err := f.Set(&g.Faults[i], "--fault", "{kind: "+text+"}"); err != nil {
			return nil, err
		}
	}
	g.Endpoints = make([]scenario.Endpoint, len(d.Endpoint))
	for i, text := range d.Endpoint {
		if err := f.Set(&g.Endpoints[i], "--endpoint", "{name: "+text+"}"); err != nil {
			return nil, err
		}
	}
	if err := f.Set(&g.Manager, "--manager", "{"+d.Manager+"}"); err != nil {
		return nil, err
	}
	return f, f.Set(&g.App, "--app", "{"+d.App+"}")
}

// some returns a pointer to a text that is not empty.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// setNetwork reads "SSID,passphrase, key: value".
func setNetwork(f *scenario.File, network *sim.APConfig, text string) error {
	const flag = "--network"
	parts := strings.SplitN(text, ",", 3)
	if len(parts) == 3 {
		if err := f.Set(network, flag, "{"+parts[2]+"}"); err != nil {
			return err
		}
	}
	if parts[0] == "" {
		return fmt.Errorf("%s: the SSID is missing; give \"SSID,passphrase\"", flag)
	}
	if err := f.SetText(&network.SSID, flag, parts[0]); err != nil {
		return err
	}
	if len(parts) == 1 || parts[1] == "" {
		return nil
	}
	return f.SetText(&network.Passphrase, flag, parts[1])
}
