// SPDX-License-Identifier: Apache-2.0

package fakebluez

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// patience limits waiting for things that should take no time at all.
const patience = 20 * time.Second

// Config says what a machine has.
type Config struct {
	Adapters []Adapter
	MTU      int // of every connection; 0: 517
	// OldReasons leaves out the signal Disconnected, as before BlueZ 5.83.
	OldReasons bool
}

// Adapter is a Bluetooth adapter.
type Adapter struct {
	Name    string // hci0
	Address string
	Off     bool // not powered
	Blocked bool // by rfkill: Powered cannot be set
	Classic bool // without GattManager1 and LEAdvertisingManager1
}

// Daemon is a bluetoothd. Its methods may be called from any goroutine.
type Daemon struct {
	tb   testing.TB
	cfg  Config
	conn *bluezbus.Conn

	wg sync.WaitGroup

	mu       sync.Mutex // guards what follows; held while signals are sent
	state    *sync.Cond // broadcast whenever something changed
	queue    []bluezbus.Message
	down     bool
	hook     func(call string) error
	calls    []string
	adapters []*adapter
	agent    *registration // the default one
	agents   []registration
	links    []*link
	handles  int
	peers    map[string]bool // clients on the bus that came after the daemon
}

// registration is something that a client registered.
type registration struct {
	owner string
	path  dbus.ObjectPath
}

// adapter is an adapter with what is registered there, and the devices it knows.
type adapter struct {
	Adapter
	path     dbus.ObjectPath
	props    bluezbus.Props
	apps     []*app
	ads      []*ad
	scanning map[string]bool // by whom
	filters  map[string]bluezbus.Props
	devices  []*device
	alias    string // as it was set
}

// ad is an advertisement.
type ad struct {
	registration
	props bluezbus.Props
	dark  bool // not on the air: the adapter was switched off since
}

// ErrSilence is what a hook returns for a call that is never answered.
var ErrSilence = errors.New("fakebluez: no answer")

// Start runs a bluetoothd on a bus.
func Start(tb testing.TB, address string, cfg Config) *Daemon {
	tb.Helper()
	return StartWith(tb, address, cfg, func(*Daemon) {})
}

// StartWith is Start that calls before first, while nobody has heard of the daemon:
// for example to set a hook.
func StartWith(tb testing.TB, address string, cfg Config, before func(*Daemon)) *Daemon {
	tb.Helper()
	if len(cfg.Adapters) == 0 {
		cfg.Adapters = []Adapter{{Name: "hci0", Address: "02:00:00:00:00:01"}}
	}
	if cfg.MTU == 0 {
		cfg.MTU = 517
	}
	d := &Daemon{tb: tb, cfg: cfg, handles: 0x20, peers: map[string]bool{}}
	d.state = sync.NewCond(&d.mu)
	for _, a := range cfg.Adapters {
		d.adapters = append(d.adapters, newAdapter(a))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	if d.conn, err = bluezbus.Dial(ctx, address, d.receive); err == nil {
		err = d.conn.Match(ctx, "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'")
	}
	if err != nil {
		tb.Fatal(err)
	}
	before(d)
	d.wg.Add(1)
	go d.run()
	if err := d.conn.RequestName(bluezbus.Name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(d.Kill)
	return d
}

// Kill ends the daemon as a crash does, and waits until nothing of it runs.
func (d *Daemon) Kill() {
	d.Crash()
	d.wg.Wait()
}

// Crash is Kill without waiting; a hook may call it.
func (d *Daemon) Crash() {
	d.mu.Lock()
	d.down = true
	for _, l := range d.links {
		close(l.gone)
	}
	d.links = nil
	d.state.Broadcast()
	d.mu.Unlock()
	d.conn.Close()
}

// SetHook has fn called before each call takes effect, which then fails with a
// *dbus.Error that it returns. Calls of clients have their member's name, with
// that of the property for Set ("Set Powered"); those that the daemon makes begin
// with an arrow ("→WriteValue"). fn may call everything but Kill.
func (d *Daemon) SetHook(fn func(call string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook = fn
}

// SetHookAt is SetHook for the call after n others only.
func (d *Daemon) SetHookAt(n int, fn func(call string) error) {
	var mu sync.Mutex
	d.SetHook(func(call string) error {
		mu.Lock()
		n--
		now := n == -1
		mu.Unlock()
		if now {
			return fn(call)
		}
		return nil
	})
}

// Calls returns the names of all calls so far, as a hook sees them.
func (d *Daemon) Calls() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// hooked tells the hook of a call.
func (d *Daemon) hooked(call string) error {
	d.mu.Lock()
	d.calls = append(d.calls, call)
	hook := d.hook
	d.state.Broadcast()
	d.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(call)
}

// Wait waits until cond is true. cond may call the methods of the View, but none of
// the daemon's.
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
			d.tb.Errorf("waited in vain: %s", what)
			return
		}
		d.state.Wait()
	}
}

// View is the daemon's state.
type View struct{ d *Daemon }

// View returns the state now.
func (d *Daemon) View(fn func(v View)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn(View{d})
}

// Property returns a property of an adapter.
func (v View) Property(adapter, name string) any {
	for _, a := range v.d.adapters {
		if a.Name == adapter {
			return a.props[name].Value()
		}
	}
	return nil
}

// Alias returns the alias that was set last for an adapter; empty: none.
func (v View) Alias(adapter string) string {
	for _, a := range v.d.adapters {
		if a.Name == adapter {
			return a.alias
		}
	}
	return ""
}

// Advertisement returns the properties of what an adapter advertises; nil:
// nothing.
func (v View) Advertisement(adapter string) map[string]any {
	for _, a := range v.d.adapters {
		if a.Name == adapter && a.onAir() != nil {
			props := map[string]any{}
			for name, value := range a.onAir().props {
				props[name] = value.Value()
			}
			return props
		}
	}
	return nil
}

// Called reports whether there was a call of that name, as a hook sees it.
func (v View) Called(name string) bool { return slices.Contains(v.d.calls, name) }

// Peers returns how many clients are on the bus that came after the daemon. The
// requests of clients that have left are done.
func (v View) Peers() int { return len(v.d.peers) }

// Links returns how many connections there are.
func (v View) Links() int { return len(v.d.links) }

// Left describes registrations that clients have not ended, and connections.
func (v View) Left() string {
	var left []string
	for _, a := range v.d.adapters {
		for range a.apps {
			left = append(left, a.Name+": application")
		}
		for range a.ads {
			left = append(left, a.Name+": advertisement")
		}
		for range a.scanning {
			left = append(left, a.Name+": discovery")
		}
	}
	if v.d.agent != nil {
		left = append(left, "agent")
	}
	for range v.d.links {
		left = append(left, "connection")
	}
	return strings.Join(left, ", ")
}

// Devices returns the addresses of the devices that an adapter knows.
func (v View) Devices(adapter string) []string {
	var list []string
	for _, a := range v.d.adapters {
		for _, dev := range a.devices {
			if a.Name == adapter {
				list = append(list, dev.address)
			}
		}
	}
	return list
}

// Unplug removes an adapter.
func (d *Daemon) Unplug(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, a := range d.adapters {
		if a.Name != name {
			continue
		}
		for _, dev := range slices.Clone(a.devices) {
			d.removeDevice(dev)
		}
		d.adapters = slices.Delete(d.adapters, i, i+1)
		d.emit("/", bluezbus.ObjectManager+".InterfacesRemoved", a.path, []string{bluezbus.Adapter, bluezbus.GattManager, bluezbus.AdvManager})
		break
	}
}

// SetProperty sets a property of an adapter, as bluetoothctl does.
func (d *Daemon) SetProperty(adapter, name string, value any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.adapters {
		if a.Name == adapter {
			d.setProp(a, name, value)
		}
	}
}

// Cut breaks all connections.
func (d *Daemon) Cut(reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range slices.Clone(d.links) {
		d.drop(l, reason)
	}
}

// emit sends a signal. mu is held.
func (d *Daemon) emit(path dbus.ObjectPath, name string, body ...any) {
	if !d.down {
		_ = d.conn.Emit(path, name, body...)
	}
	d.state.Broadcast()
}

// emitChanged sends PropertiesChanged. mu is held.
func (d *Daemon) emitChanged(path dbus.ObjectPath, iface string, props bluezbus.Props, gone ...string) {
	if gone == nil {
		gone = []string{}
	}
	d.emit(path, bluezbus.Properties+".PropertiesChanged", iface, props, gone)
}

func (d *Daemon) setProp(a *adapter, name string, value any) {
	a.props[name] = dbus.MakeVariant(value)
	if name == "Powered" && value == false {
		d.goDark(a)
	}
	d.emitChanged(a.path, bluezbus.Adapter, bluezbus.Props{name: a.props[name]})
}

// Emit sends any signal, and Call makes any call, as bluetoothd could.
func (d *Daemon) Emit(path dbus.ObjectPath, name string, body ...any) {
	_ = d.conn.Emit(path, name, body...)
}

// Call calls the owner of an adapter's first application.
func (d *Daemon) Call(adapter string, path dbus.ObjectPath, method string, args ...any) ([]any, error) {
	d.mu.Lock()
	owner := ""
	for _, a := range d.adapters {
		if a.Name == adapter && len(a.apps) > 0 {
			owner = a.apps[0].owner
		}
	}
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if owner == "" {
		return nil, fmt.Errorf("fakebluez: %s serves nobody", adapter)
	}
	return d.conn.Call(ctx, owner, path, method, args...)
}
