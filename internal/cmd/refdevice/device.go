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
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
	"github.com/wifiprov/wifiprov/store"
)

// device is the simulated board, its air and the application on it.
type device struct {
	opt   *options
	out   *lines
	air   *sim.Air
	board *sim.Board
	m     wifiprov.Manager
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
	d.air = sim.NewAir(sim.AirConfig{
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
		if _, err := d.air.AddAP(ap); err != nil {
			return nil, err
		}
	}
	board, err := d.air.NewBoard(sim.BoardConfig{Store: &store.Memory{}, FiveGHz: fiveGHz})
	if err != nil {
		return nil, err
	}
	d.board = board
	board.Subscribe(d.wifiEvent)
	d.m.Subscribe(d.sessionEvent)
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
	defer d.board.Close()
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
		return errors.Join(err, d.m.Deinit())
	}
	d.m.Wait()
	return d.m.Deinit()
}

func (d *device) start() error {
	err := d.m.Init(wifiprov.Config{
		WiFi:         d.board,
		Scheme:       softap.New(softap.Config{AP: d.board, Server: httpd.Config{Listen: d.takeListener}}),
		EventHandler: d.event,
		Clock:        d.air.Clock(),
		Version:      d.opt.style.version,
		Reasons:      d.opt.style.reasons,
		Attempts:     d.opt.attempts,
	})
	if err != nil {
		return err
	}
	if !d.opt.autoStop {
		if err := d.m.DisableAutoStop(d.opt.cleanup); err != nil {
			return err
		}
	}
	for _, a := range d.opt.apps {
		if err := d.m.SetAppInfo(a.label, a.version, a.capabilities); err != nil {
			return err
		}
	}
	if d.opt.custom {
		if err := d.m.CreateEndpoint(customEndpoint); err != nil {
			return err
		}
	}
	sec, err := d.security()
	if err != nil {
		return err
	}
	mac := d.board.MAC()
	return d.m.StartProvisioning(sec, fmt.Sprintf("PROV_%02X%02X%02X", mac[3], mac[4], mac[5]), "")
}

func (d *device) security() (protocomm.Security, error) {
	switch d.opt.security {
	case 0:
		return sec0.New(), nil
	case 2:
		return sec2.New(sec2.Config{Salt: d.opt.login.salt, Verifier: d.opt.login.verifier})
	}
	pop := d.opt.pop
	if d.opt.noPoP {
		pop = ""
	}
	return sec1.New(sec1.Config{PoP: security.Secret(pop)})
}

const customEndpoint = "custom-data"

// event prints the manager's events, and does what the application does at them.
func (d *device) event(e wifiprov.Event) {
	switch e.Kind {
	case wifiprov.EventCredRecv:
		d.out.printf("EVENT PROV_CRED_RECV ssid=%s pass=%s", e.Station.SSID, string(e.Station.Passphrase))
	case wifiprov.EventCredFail:
		d.out.printf("EVENT PROV_CRED_FAIL reason=%d", e.Reason-1) // the protocol's number
		if d.fails++; d.opt.resetOnFail > 0 && d.fails%d.opt.resetOnFail == 0 {
			d.report(d.m.ResetOnFailure())
		}
	default:
		d.out.printf("EVENT PROV_%s", e.Kind)
	}
	if e.Kind == wifiprov.EventEnd {
		d.registered = false
	}
	if e.Kind == wifiprov.EventStart && d.opt.custom && !d.registered {
		d.registered = true // START comes again after a reprovision
		d.report(d.m.RegisterEndpoint(customEndpoint, d.answerCustom))
	}
}

// sessionEvent prints how handshakes went.
func (d *device) sessionEvent(e wifiprov.Event) {
	switch e.Kind {
	case wifiprov.EventSessionSetupOK, wifiprov.EventSessionInvalidParams, wifiprov.EventSessionMismatch:
		d.out.printf("EVENT %s", e.Kind)
	}
}

// wifiEvent prints the driver's events.
func (d *device) wifiEvent(e hal.Event) {
	switch e.Kind {
	case hal.EventStationStart:
		d.out.printf("EVENT STA_START")
	case hal.EventConnected:
		d.out.printf("EVENT STA_CONNECTED")
	case hal.EventDisconnected:
		d.out.printf("EVENT STA_DISCONNECTED reason=%d", e.Reason)
	case hal.EventScanDone:
		d.out.printf("EVENT SCAN_DONE")
	case hal.EventGotIP:
		d.out.printf("EVENT GOT_IP")
	}
	if d.opt.reconnect && (e.Kind == hal.EventStationStart || e.Kind == hal.EventDisconnected) {
		// It fails without a network and during an attempt: no matter.
		_ = d.board.Connect()
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
		d.board.Kick(hal.Reason(reason))
	case "end":
		d.m.StopProvisioning()
	case "resetfail":
		d.report(d.m.ResetOnFailure())
	case "reprov":
		d.report(d.m.ResetForReprovision())
	}
	return []byte("SUCCESS\x00"), nil
}
