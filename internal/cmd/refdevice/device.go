// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/store"
)

// device is a simulated device whose firmware is the program.
type device struct {
	*simdevice.Boot
	opt   *options
	out   *lines
	fails int         // CRED_FAIL events so far; in event handlers only
	loop  atomic.Bool // start again after the end

	registered bool // the custom endpoint; in event handlers only

	// open opens the port; tests put a network in memory here.
	open     func() (net.Listener, error)
	listener net.Listener // open already, for the next start
}

// lines writes one line per event. The file behind it is unbuffered, so every
// line is out when it returns.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, format+"\n", args...)
}

func newDevice(opt *options, w io.Writer) (*device, error) {
	d := &device{opt: opt, out: &lines{w: w}}
	d.open = d.openTCP
	d.loop.Store(opt.loop)
	air := sim.NewAir(sim.AirConfig{
		Seed:            opt.seed,
		TimeScale:       opt.timeScale,
		JoinTime:        opt.connectTime,
		WrongPassphrase: hal.Reason(opt.reason),
	})
	aps := opt.aps
	for i := range opt.generated {
		aps = append(aps, generatedAP(i))
	}
	fiveGHz := false
	for _, ap := range aps {
		ap.IP = opt.ip
		fiveGHz = fiveGHz || ap.Channel > 14
		if _, err := air.AddAP(ap); err != nil {
			return nil, err
		}
	}
	_, err := simdevice.Start(simdevice.Config{
		Air:      air,
		Board:    sim.BoardConfig{Store: &store.Memory{}, FiveGHz: fiveGHz},
		Listen:   d.takeListener,
		Security: opt.secrets(),
		Manager: wifiprov.Config{
			EventHandler: d.act, Version: opt.style.version, Reasons: opt.style.reasons, Attempts: opt.attempts,
		},
		Firmware: func(b *simdevice.Boot) error { d.Boot = b; return nil },
		OnEvent:  d.print,
	})
	if err != nil {
		return nil, err
	}
	if opt.reconnect {
		d.Driver.Subscribe(d.reconnect)
	}
	return d, nil
}

// openTCP opens the device's port. A port that the system chose stays the same for
// later starts.
func (d *device) openTCP() (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(d.opt.port)))
	if err == nil {
		d.opt.port = l.Addr().(*net.TCPAddr).Port
	}
	return l, err
}

// takeListener hands the open listener to the scheme.
func (d *device) takeListener() (net.Listener, error) {
	l := d.listener
	d.listener = nil
	if l == nil {
		return nil, errors.New("refdevice: the listener is in use")
	}
	return l, nil
}

// run serves once, with --loop again and again.
func (d *device) run() error {
	defer d.Device().Close()
	for {
		if err := d.serveOnce(); err != nil {
			return err
		}
		if !d.loop.Load() {
			return nil
		}
	}
}

// serveOnce is the main program of the firmware that is simulated.
func (d *device) serveOnce() error {
	l, err := d.open()
	if err != nil {
		return err
	}
	d.listener = l
	d.out.printf("listening on 127.0.0.1:%d", d.opt.port)
	if err := d.start(); err != nil {
		if d.listener != nil {
			d.listener.Close()
			d.listener = nil
		}
		return errors.Join(err, d.Manager.Deinit())
	}
	d.Manager.Wait()
	return d.Manager.Deinit()
}

func (d *device) start() error {
	if err := d.Manager.Init(d.Config); err != nil {
		return err
	}
	if !d.opt.autoStop {
		if err := d.Manager.DisableAutoStop(d.opt.cleanup); err != nil {
			return err
		}
	}
	for _, a := range d.opt.apps {
		if err := d.Manager.SetAppInfo(a.Label, a.Version, a.Capabilities); err != nil {
			return err
		}
	}
	if d.opt.custom {
		if err := d.Manager.CreateEndpoint(customEndpoint); err != nil {
			return err
		}
	}
	sec, err := d.Security()
	if err != nil {
		return err
	}
	return d.Manager.StartProvisioning(sec, d.Device().Name(), "")
}

const customEndpoint = "custom-data"

// print prints the events that scripts know.
func (d *device) print(e simdevice.Event) {
	switch {
	case e.Kind == simdevice.WiFi && e.WiFi.Kind == hal.EventDisconnected:
		d.out.printf("EVENT STA_DISCONNECTED reason=%d", e.WiFi.Reason)
	case e.Kind == simdevice.WiFi:
		d.out.printf("EVENT %s", e.Name())
	case e.Kind != simdevice.Prov:
	case e.Prov.Kind == wifiprov.EventCredRecv:
		d.out.printf("EVENT PROV_CRED_RECV ssid=%s pass=%s", e.Prov.Station.SSID, string(e.Prov.Station.Passphrase))
	case e.Prov.Kind == wifiprov.EventCredFail:
		d.out.printf("EVENT PROV_CRED_FAIL reason=%d", e.Prov.Reason-1) // the protocol's number
	default:
		d.out.printf("EVENT %s", e.Name())
	}
}

// act does what the application does at the manager's events.
func (d *device) act(e wifiprov.Event) {
	switch e.Kind {
	case wifiprov.EventCredFail:
		if d.fails++; d.opt.resetOnFail > 0 && d.fails%d.opt.resetOnFail == 0 {
			d.report(d.Manager.ResetOnFailure())
		}
	case wifiprov.EventEnd:
		d.registered = false
	case wifiprov.EventStart:
		if d.opt.custom && !d.registered {
			d.registered = true // START comes again after a reprovision
			d.report(d.Manager.RegisterEndpoint(customEndpoint, d.answerCustom))
		}
	}
}

// reconnect connects whenever there is no link.
func (d *device) reconnect(e hal.Event) {
	if e.Kind == hal.EventStationStart || e.Kind == hal.EventDisconnected {
		// It fails without a network and during an attempt: no matter.
		_ = d.Board.Connect()
	}
}

// report prints the error of a call by the simulated application.
func (d *device) report(err error) {
	if err != nil {
		d.out.printf("ERROR %v", err)
	}
}

var errScripted = errors.New("custom-data: asked to fail")

// answerCustom is the application's endpoint. Some requests are orders; it answers
// all others as the published examples do.
func (d *device) answerCustom(_ protocomm.SessionID, req []byte) ([]byte, error) {
	d.out.printf("EVENT custom-data %d bytes: %s", len(req), hal.SSID(req))
	word, arg, _ := bytes.Cut(req, []byte(":"))
	switch string(word) {
	case "fail":
		return nil, errScripted
	case "empty":
		return nil, nil
	case "echo":
		return append([]byte(nil), req...), nil
	case "big":
		n, err := strconv.ParseUint(string(arg), 10, 24)
		return bytes.Repeat([]byte{'x'}, int(n)), err
	case "drop":
		reason, err := strconv.ParseUint(string(arg), 10, 8)
		if err != nil {
			return nil, err
		}
		d.Board.Kick(hal.Reason(reason))
	case "end":
		d.Manager.StopProvisioning()
	case "resetfail":
		d.report(d.Manager.ResetOnFailure())
	case "reprov":
		d.report(d.Manager.ResetForReprovision())
	}
	return []byte("SUCCESS\x00"), nil
}
