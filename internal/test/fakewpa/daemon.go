// SPDX-License-Identifier: Apache-2.0

package fakewpa

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// Names of wpa_supplicant.
const (
	Name      = "fi.w1.wpa_supplicant1"
	root      = dbus.ObjectPath("/fi/w1/wpa_supplicant1")
	ifaceName = Name + ".Interface"
	netName   = Name + ".Network"
	bssName   = Name + ".BSS"
)

// patience limits waiting for things that should take no time at all.
const patience = 20 * time.Second

// Config says what a machine has.
type Config struct {
	// Interfaces of the machine; none: wlan0.
	Interfaces []string
	// Known are the interfaces that the daemon controls from its start on.
	Known []string
	// Networks are in the configuration file of each known interface.
	Networks []Network
	// Release of wpa_supplicant: 210, 211 (has PskMismatch) or 212 (has
	// SaePasswordMismatch too); 0: 210.
	Release int
	// NoSAE is a build without WPA3.
	NoSAE bool
	// Off are interfaces that rfkill blocks.
	Off []string
	// OneChannel: the radio is on one channel at a time. While an access point is
	// open no network on another channel is joined.
	OneChannel bool
	// Times; zero fields: the defaults.
	Times Times
}

// Network is a network of the configuration file.
type Network struct {
	SSID       hal.SSID
	Passphrase hal.Secret // empty: an open network
	Disabled   bool
}

// Times are how long things take.
type Times struct {
	Scan      time.Duration // of all channels; 0: 20 ms, for 8 s
	Channel   time.Duration // a scan of one; 0: 2 ms, for 0.1 s
	Step      time.Duration // authentication, association, handshake, DHCP; 0: 2 ms
	Handshake time.Duration // until a wrong passphrase is noticed; 0: 15 ms, for 4 s
	Retry     time.Duration // until the daemon tries again; 0: 40 ms, for 10 s
	Interval  time.Duration // between its scans for a network; 0: 20 ms, for 5 s
	Flush     time.Duration // properties change to PropertiesChanged; 0: 5 ms, as it is
}

// Daemon is a wpa_supplicant and its surroundings. Methods may be called from any
// goroutine.
type Daemon struct {
	tb      testing.TB
	address string
	cfg     Config

	wg sync.WaitGroup

	mu     sync.Mutex // guards what follows; held while signals are sent
	state  *sync.Cond // broadcast whenever something changed
	conn   *bluezbus.Conn
	life   int // changes when the daemon ends
	down   bool
	queue  []bluezbus.Message
	hook   func(call string) error
	calls  []string
	air    []*AP
	ifaces []*iface
	number int // of the next interface
	bsses  int // of the next BSS
	probes int
	leases map[string]int
	served map[string]string
}

// Start runs a wpa_supplicant on a bus.
func Start(tb testing.TB, address string, cfg Config) *Daemon {
	tb.Helper()
	if len(cfg.Interfaces) == 0 {
		cfg.Interfaces = []string{"wlan0"}
	}
	for value, zero := range map[*time.Duration]time.Duration{
		&cfg.Times.Scan: 20 * time.Millisecond, &cfg.Times.Channel: 2 * time.Millisecond,
		&cfg.Times.Step: 2 * time.Millisecond, &cfg.Times.Handshake: 15 * time.Millisecond,
		&cfg.Times.Retry: 40 * time.Millisecond, &cfg.Times.Interval: 20 * time.Millisecond,
		&cfg.Times.Flush: 5 * time.Millisecond,
	} {
		if *value == 0 {
			*value = zero
		}
	}
	d := &Daemon{tb: tb, address: address, cfg: cfg, down: true, leases: map[string]int{}, served: map[string]string{}}
	d.state = sync.NewCond(&d.mu)
	d.Restart()
	tb.Cleanup(d.Kill)
	return d
}

// Restart ends the daemon, if it runs, and starts it again: it knows what is in its
// configuration file.
func (d *Daemon) Restart() {
	d.tb.Helper()
	d.Kill()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := bluezbus.Dial(ctx, d.address, d.receive)
	if err != nil {
		d.tb.Fatal(err)
	}
	d.mu.Lock()
	d.conn, d.down, d.queue, d.number = conn, false, nil, 0
	d.wg.Add(1)
	go d.run(d.life)
	if err := conn.RequestName(Name); err != nil {
		d.tb.Error(err)
	}
	for _, name := range d.cfg.Known {
		d.addIface(name).load()
	}
	d.state.Broadcast()
	d.mu.Unlock()
}

// Kill ends the daemon as a crash does.
func (d *Daemon) Kill() {
	d.mu.Lock()
	d.life++
	was := d.down
	d.down, d.ifaces = true, nil
	d.state.Broadcast()
	conn := d.conn
	d.mu.Unlock()
	if !was {
		conn.Close()
	}
	d.wg.Wait()
}

// Unplug takes an interface out of the machine.
func (d *Daemon) Unplug(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cfg.Interfaces = slices.DeleteFunc(slices.Clone(d.cfg.Interfaces), func(n string) bool { return n == name })
	if i := d.iface(name); i != nil {
		d.removeIface(i)
	}
}

// Plug puts an interface into the machine.
func (d *Daemon) Plug(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cfg.Interfaces = append(slices.Clone(d.cfg.Interfaces), name)
}

// SetHook has fn called before each call takes effect, which then fails with a
// *dbus.Error that it returns. Calls have their member's name, with that of the property
// for Get and Set ("Get BSSs"). fn may call everything but Kill and Restart.
func (d *Daemon) SetHook(fn func(call string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook = fn
}

// Calls returns the names of all calls so far, as a hook sees them.
func (d *Daemon) Calls() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// Probes returns how many probe requests the access points have received.
func (d *Daemon) Probes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.probes
}

// Wait waits until cond is true. cond may call the methods of the View, but none of the
// daemon's.
func (d *Daemon) Wait(what string, cond func(v View) bool) {
	d.tb.Helper()
	late := false
	timer := time.AfterFunc(patience, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		late = true
		d.state.Broadcast()
	})
	defer timer.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for !cond(View{d}) {
		if late {
			d.tb.Errorf("waited in vain: %s; %s", what, View{d}.String())
			return
		}
		d.state.Wait()
	}
}

// View calls fn with the state now.
func (d *Daemon) View(fn func(v View)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn(View{d})
}

// after calls fn with mu held, unless the daemon has ended or *turn has changed.
func (d *Daemon) after(wait time.Duration, turn *int, fn func()) {
	life, now := d.life, *turn
	time.AfterFunc(wait, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.life == life && *turn == now {
			fn()
			d.state.Broadcast()
		}
	})
}

// emit sends a signal. mu is held.
func (d *Daemon) emit(path dbus.ObjectPath, name string, body ...any) {
	if !d.down {
		_ = d.conn.Emit(path, name, body...)
	}
	d.state.Broadcast()
}

// emitChanged sends PropertiesChanged in both forms. mu is held.
func (d *Daemon) emitChanged(path dbus.ObjectPath, of string, p bluezbus.Props) {
	d.emit(path, bluezbus.Properties+".PropertiesChanged", of, p, []string{})
	d.emit(path, of+".PropertiesChanged", p)
}

func (d *Daemon) iface(name string) *iface {
	for _, i := range d.ifaces {
		if i.name == name {
			return i
		}
	}
	return nil
}

// at returns what a path is about; net or bss may be nil.
func (d *Daemon) at(path dbus.ObjectPath) (i *iface, n *network, b *bss) {
	for _, i := range d.ifaces {
		rest, is := strings.CutPrefix(string(path), string(i.path))
		if !is || rest != "" && rest[0] != '/' {
			continue
		}
		for _, n := range i.networks {
			if n.path == path {
				return i, n, nil
			}
		}
		for _, b := range i.bsses {
			if b.path == path {
				return i, nil, b
			}
		}
		if rest == "" {
			return i, nil, nil
		}
	}
	return nil, nil, nil
}
