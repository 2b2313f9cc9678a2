// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"errors"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/protover"
	"github.com/wifiprov/wifiprov/protocomm"
)

// StartProvisioning brings the service up under serviceName (SoftAP: the SSID;
// BLE: the device name) with security sec: sec0.New, sec1.New, sec2.New.
// serviceKey protects the service if the scheme has a use for it; empty: open.
//
// EventStart follows. At the first start EventStart waits for the driver's
// EventStationStart, and may come after StartProvisioning has returned. It waits
// for one second at most, because a driver that was started before does not
// report the station.
//
// The station is disconnected and its configuration blanked in RAM; the stored
// credentials stay until a client applies new ones. After an error the former
// configuration is back, and the radio stays started in station mode.
//
// Errors: ErrInvalidState unless initialised and idle, and while another
// manager's service uses the driver (hal.Claimer); ErrInvalidArg for a nil
// security or a name or key that the scheme cannot use; otherwise the error of
// the driver, scheme or transport.
func (m *Manager) StartProvisioning(sec protocomm.Security, serviceName, serviceKey string) error {
	c := call{op: "StartProvisioning", done: fsm.StartDone, sec: sec, name: serviceName, key: serviceKey}
	return m.withInstance(c.op, func(in *instance) error {
		if sec == nil {
			return fail(c.op, ErrInvalidArg, "the security is nil; give sec1.New(…), or sec0.New() for none", nil)
		}
		if in.request(&c, fsm.Start) != fsm.OK {
			return fail(c.op, ErrInvalidState, "the service is "+in.snapshot().Phase.String()+
				"; call StopProvisioning and Wait first", nil)
		}
		return c.err
	})
}

// bringUp starts the service.
func (in *instance) bringUp(c *call) {
	in.m.begin()
	in.finish(c, in.start(c))
	if c.err != nil {
		in.step(fsm.Input{Kind: fsm.StartFailed})
		in.release()
		close(in.m.runningSince())
	}
}

// announce emits EventStart after the driver's EventStationStart. An application
// that listens to both then sees them in the order of the C original, whose
// driver reports the station while it is started. Drivers here may report it
// later. Meanwhile the service runs.
func (in *instance) announce() {
	if !in.unseen {
		in.emit(Event{Kind: EventStart}, nil)
		return
	}
	in.unseen = false
	in.held = true
	in.after(&in.patience, stationStart, in.tellStart)
}

// tellStart emits an EventStart that is held back.
func (in *instance) tellStart() {
	if in.held {
		in.held = false
		in.patience.stop()
		in.emit(Event{Kind: EventStart}, nil)
		for _, e := range in.early {
			in.m.events.tell(e)
		}
		in.early = nil
	}
}

// begin makes Wait block.
func (m *Manager) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = make(chan struct{})
}

// runningSince returns the channel that Wait waits for.
func (m *Manager) runningSince() chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ended
}

// start carries out rows 2 to 13 of manager.md 4.4. The station is blanked
// before it is disconnected, so that an application which reconnects at every
// disconnect has nothing to connect to (Q-M29).
func (in *instance) start(c *call) (err error) {
	wifi, op := in.cfg.WiFi, c.op
	if err := in.claim(op); err != nil {
		return err
	}
	_, offline := wifi.Link() // with a link the radio was started before
	in.unseen = offline != nil && !in.m.up
	in.unsubscribe = wifi.Subscribe(func(e hal.Event) {
		in.m.post(func() { in.wifiEvent(e) })
	})
	defer func() {
		if err != nil {
			in.unsubscribe()
		}
	}()
	if err := wifi.SetMode(hal.ModeSTA); err != nil {
		return fail(op, nil, "setting the Wi-Fi mode STA", err)
	}
	if err := wifi.Start(); err != nil {
		return fail(op, nil, "starting Wi-Fi", err)
	}
	in.m.up = true
	former, formerErr := wifi.StationConfig()
	in.keepFormer(former, formerErr)
	if err := wifi.SetStorage(hal.StorageRAM); err != nil {
		return fail(op, nil, "keeping the stored credentials safe", err)
	}
	if err := wifi.SetStationConfig(hal.StationConfig{}); err != nil {
		in.restoreStorage()
		return fail(op, nil, "blanking the station configuration", err)
	}
	if err = wifi.Disconnect(); err != nil {
		err = fail(op, nil, "disconnecting the station", err)
	} else {
		err = in.startService(c)
	}
	if err != nil && formerErr == nil {
		if undo := wifi.SetStationConfig(former); undo != nil {
			in.log(hal.LevelError, "the former station configuration could not be restored", undo)
		}
	}
	in.restoreStorage()
	return err
}

// claim reserves the driver for this manager while the service runs. Otherwise
// another manager could take the station and the access point away.
func (in *instance) claim(op string) error {
	in.release = func() {}
	c, ok := in.cfg.WiFi.(hal.Claimer)
	if !ok {
		return nil
	}
	switch release, err := c.Claim(); {
	case err == nil:
		in.release = release
	case errors.Is(err, hal.ErrInUse):
		return fail(op, ErrInvalidState, "another manager's service runs on this Wi-Fi driver; stop that first, or give this manager a board of its own", err)
	case !errors.Is(err, hal.ErrNotSupported):
		return fail(op, nil, "the Wi-Fi driver could not be claimed", err)
	}
	return nil
}

// restoreStorage makes the driver keep configurations in flash again, wherever it
// kept them before (Q-M8).
func (in *instance) restoreStorage() {
	if err := in.cfg.WiFi.SetStorage(hal.StorageFlash); err != nil {
		in.log(hal.LevelError, "the Wi-Fi storage could not be set back to flash", err)
	}
}

// startService brings up transport and endpoints, and leaves nothing behind
// after an error.
func (in *instance) startService(c *call) error {
	op := c.op
	if err := in.svc.SetService(c.name, c.key); err != nil {
		return fail(op, nil, "the scheme refused the service name or key", err)
	}
	in.note(func(p *report) { *p = report{} })
	in.pc = protocomm.New(protocomm.Config{
		MaxSessions:    in.cfg.MaxSessions,
		MaxHalfOpen:    in.cfg.MaxHalfOpen,
		MismatchDelay:  in.cfg.ProofDelay,
		OnSessionClose: in.sessionClosed,
		OnSessionEvent: in.sessionEvent,
		Middleware:     in.cfg.Middleware,
		Logger:         in.cfg.Logger,
	})
	// Endpoints come before the transport. An early client then never finds
	// them missing, as it may with the C original.
	if err := in.addEndpoints(c.sec); err != nil {
		in.pc.Close()
		return fail(op, nil, "setting up the endpoints", err)
	}
	if err := in.svc.Start(in.pc); err != nil {
		in.pc.Close()
		return fail(op, nil, "starting the transport", err)
	}
	in.tornDown = make(chan struct{})
	in.stopErr = nil
	return nil
}

// addEndpoints registers the built-in endpoints. The order is that of the
// newer releases, in which proto-ver needs the security's patch version.
func (in *instance) addEndpoints(sec protocomm.Security) error {
	if err := in.pc.SetSecurity("prov-session", sec); err != nil {
		return err
	}
	text := protover.Append(nil, in.versionInfo(sec))
	if err := in.pc.SetVersion("proto-ver", string(text)); err != nil {
		return err
	}
	if err := in.pc.AddAppendEndpoint("prov-config", in.handleConfig); err != nil {
		return err
	}
	if err := in.pc.AddAppendEndpoint("prov-scan", in.handleScan); err != nil {
		return err
	}
	if in.cfg.StatusEndpoint {
		if err := in.pc.AddAppendEndpoint(statusEndpoint, in.handleStatus); err != nil {
			return err
		}
	}
	return in.pc.AddAppendEndpoint("prov-ctrl", in.handleCtrl)
}

func (in *instance) versionInfo(sec protocomm.Security) protover.Info {
	info := protover.Info{
		Style:      in.cfg.Version,
		Apps:       in.apps,
		Security:   sec.Version(),
		Patch:      sec.PatchVersion(),
		Capability: sec.Capability(),
	}
	if in.cfg.Version == VersionNetProv {
		info.Networks = append(info.Networks, "wifi_prov")
	}
	info.Networks = append(info.Networks, "wifi_scan")
	if in.cfg.StatusEndpoint {
		info.Networks = append(info.Networks, statusCapability)
	}
	return info
}
