// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/protocomm"
)

// tryOut starts a device of the group on an air of its own, because the manager and the
// schemes know best what they can do.
func (m *maker) tryOut() error {
	f, g := m.file, m.group
	name := g.Name
	if g.Count > 0 {
		name = fmt.Sprintf(name, 1)
	}
	cfg, _ := m.device(name, 1)
	cfg.Faults, cfg.App.AlwaysServe = nil, true
	device, err := simdevice.New(cfg)
	if err == nil {
		err = device.PowerOn()
		device.Close()
	}
	if err == nil {
		return nil
	}
	return f.fail("%s", []any{m.inWords(err)}, m.blame(err), g)
}

// fieldName is the name of a field in the words of an error.
var fieldName = regexp.MustCompile(`(Config\.)?\b[A-Z]\w+\b`)

// inWords returns an error of a device that did not start, with keys in place of the
// names of fields.
func (m *maker) inWords(err error) string {
	text := err.Error()
	var reason *protocomm.Error
	if errors.As(err, &reason) {
		_, text, _ = strings.Cut(reason.Error(), reason.Op+": ")
	}
	return fieldName.ReplaceAllStringFunc(text, func(name string) string {
		if key, _ := m.option(name); key != "" {
			return key
		}
		return name
	})
}

// blame returns a pointer to what an error of a device that did not start is about.
func (m *maker) blame(err error) any {
	for _, name := range fieldName.FindAllString(err.Error(), -1) {
		if _, pointer := m.option(name); pointer != nil && m.file.given(pointer) {
			return pointer
		}
	}
	var reason *protocomm.Error
	if errors.As(err, &reason) {
		switch _, op, _ := strings.Cut(reason.Op, ": "); op {
		case "Init":
			return &m.group.Manager
		case "SetAppInfo":
			return &m.group.AppInfo
		case "CreateEndpoint", "RegisterEndpoint":
			for i := range m.group.Endpoints {
				if name := &m.group.Endpoints[i].Name; strings.Contains(err.Error(), *name) {
					return name
				}
			}
		}
	}
	return m.group
}

// option returns the key of an option of the manager, and a pointer to its value.
func (m *maker) option(name string) (key string, pointer any) {
	v := elem(&m.group.Manager)
	f, is := v.Type().FieldByName(strings.TrimPrefix(name, "Config."))
	if !is || !bindable(f.Type) {
		return "", nil
	}
	return keyOf(f), v.FieldByIndex(f.Index).Addr().Interface()
}
