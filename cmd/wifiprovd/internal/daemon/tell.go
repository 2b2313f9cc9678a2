// SPDX-License-Identifier: Apache-2.0

//go:build linux

package daemon

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/control"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/keeper"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/sdnotify"
	"github.com/wifiprov/wifiprov/hal"
)

// hook has the hooks told of an event.
func (d *daemon) hook(event string, env ...string) {
	d.hooks.Run(event, append(env, "WIFIPROV_INTERFACE="+d.box.Interface)...)
}

// say tells the log and systemd.
func (d *daemon) say(level hal.Level, text string) {
	d.Log.Log(level, text)
	d.notify(sdnotify.Status(text))
}

// keeping takes the events of the keeper.
func (d *daemon) keeping(e keeper.Event) {
	switch e.Kind {
	case keeper.Online:
		go debug.FreeOSMemory() // joining needs more than what follows
		d.say(hal.LevelInfo, "the network is there")
		d.hook("online")
	case keeper.Offline:
		d.say(hal.LevelInfo, "the network is gone")
		d.hook("offline")
	case keeper.Opened:
		span := "until the box is provisioned"
		if e.For != 0 {
			span = "for " + e.For.String()
		}
		d.say(hal.LevelInfo, fmt.Sprintf("phones can provision the box %s, as %s (%s), because %s", span, d.id.Name, d.Config.Transport, e.Trigger))
		d.hook("open", "WIFIPROV_WHY="+e.Trigger.Word(), "WIFIPROV_SERVICE="+d.id.Name, "WIFIPROV_TRANSPORT="+d.Config.Transport,
			"WIFIPROV_SECONDS="+strconv.Itoa(int(e.For/time.Second)))
	case keeper.OpenFailed:
		d.fail("phones cannot provision the box: " + e.Err.Error())
		d.say(hal.LevelError, fmt.Sprintf("phones could have provisioned the box because %s, but: %v", e.Trigger, e.Err))
		d.hook("open-failed", "WIFIPROV_ERROR="+e.Err.Error())
	case keeper.Closed:
		text, joined := "phones cannot provision the box any more; what it had stored has not changed", "no"
		if e.Joined {
			text, joined = "the box is provisioned, and phones cannot change that any more", "yes"
		}
		go debug.FreeOSMemory() // a window needs more than the time until the next one
		d.say(hal.LevelInfo, text)
		d.hook("closed", "WIFIPROV_JOINED="+joined)
	case keeper.WasReset:
		if e.Err != nil {
			d.fail("the reset failed: " + e.Err.Error())
			d.say(hal.LevelError, "the box could not be reset: "+e.Err.Error())
			return
		}
		d.fail("")
		d.say(hal.LevelInfo, "the box was reset, and has forgotten its network")
		d.hook("reset")
	}
}

// provisioning takes the events of the service.
func (d *daemon) provisioning(e wifiprov.Event) {
	switch e.Kind {
	case wifiprov.EventCredRecv:
		d.mu.Lock()
		d.network = e.Station.SSID.String()
		d.mu.Unlock()
		d.say(hal.LevelInfo, "a phone has sent credentials, and the box tries to join "+quoted(e.Station.SSID))
		d.hook("credentials", "WIFIPROV_NETWORK="+e.Station.SSID.String())
	case wifiprov.EventCredFail:
		reason := reasonText(e.Reason)
		d.fail("the network could not be joined: " + reason)
		d.say(hal.LevelWarn, "the network could not be joined: "+reason)
		d.hook("failed", "WIFIPROV_REASON="+e.Reason.String())
	case wifiprov.EventCredSuccess:
		d.fail("")
		d.mu.Lock()
		network := d.network
		d.mu.Unlock()
		d.say(hal.LevelInfo, "the box has joined the network, and its credentials are stored")
		d.hook("joined", "WIFIPROV_NETWORK="+network)
	case wifiprov.EventSessionSetupOK:
		d.Log.Log(hal.LevelInfo, "a phone has proven that it knows the password")
	case wifiprov.EventSessionMismatch:
		d.Log.Log(hal.LevelWarn, "somebody tried a wrong password")
	case wifiprov.EventTransportLost:
		d.Log.Log(hal.LevelWarn, "phones cannot reach the box for a while", hal.Err(e.Err))
	case wifiprov.EventTransportRestored:
		d.Log.Log(hal.LevelInfo, "phones can reach the box again")
	}
}

func quoted(ssid hal.SSID) string { return "\"" + ssid.String() + "\"" }

// reasonText says a reason and what it usually means.
func reasonText(r wifiprov.FailReason) string {
	switch r {
	case wifiprov.ReasonAuthError:
		return "it refused the box, usually because of a wrong passphrase"
	case wifiprov.ReasonAPNotFound:
		return "no access point of that name is in reach"
	}
	return r.String()
}

// fail keeps what went wrong last; "": nothing.
func (d *daemon) fail(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failure = text
}

// control does what a command asks for.
func (d *daemon) control(do string) (*control.Status, error) {
	var err error
	switch do {
	case control.AskStatus:
	case control.AskStart:
		err = d.keeper.Start(keeper.Command)
	case control.AskStop:
		err = d.keeper.Stop()
	case control.AskReset:
		err = d.keeper.Reset()
	case control.AskQR:
		text, err := d.id.Text()
		return &control.Status{QR: string(text)}, err
	default:
		err = fmt.Errorf("this wifiprovd cannot %q", do)
	}
	if err != nil {
		return nil, err
	}
	return d.status(), nil
}

func (d *daemon) status() *control.Status {
	is := d.keeper.Status()
	s := &control.Status{
		State: "offline", Interface: d.box.Interface, Backend: d.box.Backend,
		Service: d.id.Name, Transport: d.Config.Transport, Security: d.Config.Security, Version: d.Version,
	}
	switch {
	case is.Open:
		s.State, s.Why, s.Closes = "provisioning", is.Trigger.Word(), is.Until
	case is.Online:
		s.State = "online"
	default:
		s.Opens = is.Until
	}
	if cfg, err := d.box.Radio.StationConfig(); err == nil && !is.Open {
		s.Stored = cfg.SSID != ""
	}
	if link, err := d.box.Radio.Link(); err == nil {
		s.Network, s.Address = link.AP.SSID.String(), link.IP.String()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s.Failure = d.failure
	return s
}
