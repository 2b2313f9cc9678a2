// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"errors"
	"sync/atomic"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
)

// BuiltIn is the firmware of devices that are given none: it joins the network in the
// flash, or else starts the service, and joins when that has led to a network. A
// Firmware may change the boot's Config and then call it.
func BuiltIn(b *Boot) error {
	f := &firmware{Boot: b, app: b.device.cfg.App}
	handler := b.Config.EventHandler
	b.Config.EventHandler = func(e wifiprov.Event) {
		handler(e)
		f.event(e)
	}
	b.Driver.Subscribe(f.wifiEvent)
	if err := b.Manager.Init(b.Config); err != nil {
		return err
	}
	provisioned, err := b.Manager.IsProvisioned()
	if err != nil {
		return err
	}
	if provisioned && !f.app.AlwaysServe {
		f.joins.Store(true)
		return errors.Join(b.Driver.SetMode(hal.ModeSTA), b.Driver.Start())
	}
	return f.serve()
}

// firmware is the built-in firmware.
type firmware struct {
	*Boot
	app   App
	joins atomic.Bool // whenever the station starts or loses its link

	fails int // EventCredFail so far; in the manager's event handler only
}

// serve starts the service.
func (f *firmware) serve() error {
	cfg := &f.device.cfg
	if f.app.NoAutoStop {
		if err := f.Manager.DisableAutoStop(0); err != nil {
			return err
		}
	}
	for _, info := range cfg.AppInfo {
		if err := f.Manager.SetAppInfo(info.Label, info.Version, info.Capabilities); err != nil {
			return err
		}
	}
	for _, endpoint := range cfg.Endpoints {
		if err := f.Manager.CreateEndpoint(endpoint.Name); err != nil {
			return err
		}
	}
	security, err := f.Security()
	if err != nil {
		return err
	}
	if err := f.Manager.StartProvisioning(security, f.device.Name(), string(cfg.Key)); err != nil {
		return err
	}
	for _, endpoint := range cfg.Endpoints {
		f.report(f.Manager.RegisterEndpoint(endpoint.Name, endpoint.Handler))
	}
	return nil
}

func (f *firmware) event(e wifiprov.Event) {
	switch e.Kind {
	case wifiprov.EventCredFail:
		if f.fails++; f.app.ResetOnFailure > 0 && f.fails%f.app.ResetOnFailure == 0 {
			f.report(f.Manager.ResetOnFailure())
		}
	case wifiprov.EventEnd:
		if f.app.ServeAgain {
			f.clock.AfterFunc(0, f.serveAgain)
		} else {
			f.joins.Store(true)
		}
	}
}

// serveAgain begins anew when the service has ended.
func (f *firmware) serveAgain() {
	if f.isOff() {
		return
	}
	err := f.Manager.Deinit()
	if err == nil {
		err = f.Manager.Init(f.Config)
	}
	if err == nil {
		err = f.serve()
	}
	f.report(err)
}

func (f *firmware) wifiEvent(e hal.Event) {
	if (f.joins.Load() || f.app.Reconnect) && (e.Kind == hal.EventStationStart || e.Kind == hal.EventDisconnected) {
		_ = f.Driver.Connect() // it fails without a network and during an attempt: no matter
	}
}

// report tells an error of a call by the firmware.
func (f *firmware) report(err error) {
	if err != nil && !f.isOff() {
		f.device.journal.add(Event{Kind: Trouble, Text: err.Error()})
	}
}
