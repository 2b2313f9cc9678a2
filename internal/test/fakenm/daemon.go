// SPDX-License-Identifier: Apache-2.0

//go:build linux

package fakenm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// Names on the bus.
const (
	Name          = "org.freedesktop.NetworkManager"
	ifDevice      = Name + ".Device"
	ifWireless    = ifDevice + ".Wireless"
	ifAccessPoint = Name + ".AccessPoint"
	ifActive      = Name + ".Connection.Active"
	ifIP4         = Name + ".IP4Config"
	ifCheckpoint  = Name + ".Checkpoint"
	ifSettings    = Name + ".Settings"
	ifProfile     = ifSettings + ".Connection"
	root          = dbus.ObjectPath("/org/freedesktop/NetworkManager")
	none          = dbus.ObjectPath("/")
)

// patience limits waiting for what should take no time.
const patience = 20 * time.Second

// Config says what a machine has. Zero fields have defaults.
type Config struct {
	Interfaces []string      // Wi-Fi interfaces; empty: wlan0
	Version    string        // empty: 1.42.4
	Step       time.Duration // of an activation; 0: 2 ms
	Timeout    time.Duration // of association and DHCP; 0: 50 ms
	ScanTime   time.Duration // 0: 10 ms
	Behind     time.Duration // LastSeen is so much too early
}

// disk is what stays when a daemon ends.
type disk struct {
	files map[string]Settings // by UUID: kept over a reboot
	run   map[string]Settings // those in memory, which a restart of the daemon keeps
	up    map[string]string   // UUIDs of active profiles by interface
	next  int                 // numbers of objects
}

// Settings is a profile.
type Settings map[string]map[string]dbus.Variant

// Daemon is a NetworkManager. Its methods may be called from any goroutine.
type Daemon struct {
	tb      testing.TB
	address string
	cfg     Config
	conn    *bluezbus.Conn
	wg      sync.WaitGroup

	mu          sync.Mutex // guards what follows
	state       *sync.Cond // broadcast whenever something changed
	queue       []bluezbus.Message
	down        bool
	ended       chan struct{}
	wireless    bool
	blocked     bool // wireless does not help
	air         []*network
	profiles    []*profile
	devices     []*device
	actives     []*active
	checkpoints []*checkpoint
	refusals    map[string]*dbus.Error
	silent      map[string]bool
	remembers   bool // what a scan does not hear
	calls       []string
	disk        disk
}

// Start runs a NetworkManager on a bus.
func Start(tb testing.TB, address string, cfg Config, networks ...Network) *Daemon {
	tb.Helper()
	if len(cfg.Interfaces) == 0 {
		cfg.Interfaces = []string{"wlan0"}
	}
	if cfg.Version == "" {
		cfg.Version = "1.42.4"
	}
	if cfg.Step == 0 {
		cfg.Step = 2 * time.Millisecond
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 50 * time.Millisecond
	}
	if cfg.ScanTime == 0 {
		cfg.ScanTime = 10 * time.Millisecond
	}
	d := &Daemon{tb: tb, address: address, cfg: cfg, disk: disk{files: map[string]Settings{}, run: map[string]Settings{}, up: map[string]string{}}, wireless: true,
		ended: make(chan struct{}), refusals: map[string]*dbus.Error{}, silent: map[string]bool{}}
	d.state = sync.NewCond(&d.mu)
	for _, n := range networks {
		d.air = append(d.air, &network{Network: n.filled()})
	}
	d.connect()
	tb.Cleanup(func() {
		d.Kill()
		d.wg.Wait()
	})
	return d
}

// connect brings the daemon onto the bus with what the disk has.
func (d *Daemon) connect() {
	d.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := bluezbus.Dial(ctx, d.address, d.receive)
	if err == nil {
		err = conn.Match(ctx, "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'")
	}
	if err != nil {
		d.tb.Fatal(err)
	}
	d.mu.Lock()
	d.conn, d.down, d.ended = conn, false, make(chan struct{})
	d.queue, d.profiles, d.devices, d.actives, d.checkpoints = nil, nil, nil, nil, nil
	for _, n := range d.air {
		n.path = ""
	}
	all := maps.Clone(d.disk.files)
	maps.Copy(all, d.disk.run) // one in memory hides that in a file
	for _, uuid := range slices.Sorted(maps.Keys(all)) {
		d.profiles = append(d.profiles, &profile{path: d.newPath("Settings"), s: clone(all[uuid])})
	}
	for _, name := range d.cfg.Interfaces {
		d.addDevice(name)
	}
	for _, dev := range d.devices {
		if p := d.byUUID(d.disk.up[dev.name]); p != nil {
			d.assume(dev, p)
		}
	}
	d.wg.Add(1)
	go d.serve(conn, d.ended)
	d.mu.Unlock()
	if err := conn.RequestName(Name); err != nil {
		d.tb.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, dev := range d.devices {
		d.autoconnect(dev)
	}
}

// newPath makes the path of a new object. mu is held.
func (d *Daemon) newPath(kind string) dbus.ObjectPath {
	d.disk.next++
	return root + dbus.ObjectPath(fmt.Sprintf("/%s/%d", kind, d.disk.next))
}

// Kill ends the daemon as a crash does. The links of its interfaces stay.
func (d *Daemon) Kill() {
	d.mu.Lock()
	if d.down {
		d.mu.Unlock()
		return
	}
	d.down = true
	close(d.ended)
	for _, c := range d.checkpoints {
		c.timer.Stop()
	}
	for _, a := range d.actives {
		a.end()
	}
	d.state.Broadcast()
	conn := d.conn
	d.mu.Unlock()
	conn.Close()
	<-conn.Done()
}

// Restart kills the daemon and starts another one, which finds the links and the
// profiles in memory.
func (d *Daemon) Restart() {
	d.tb.Helper()
	d.Kill()
	d.connect()
}

// Reboot restarts the whole machine: what is in memory is lost.
func (d *Daemon) Reboot() {
	d.tb.Helper()
	d.Kill()
	d.mu.Lock()
	d.disk.run, d.disk.up = map[string]Settings{}, map[string]string{}
	d.wireless = true
	d.mu.Unlock()
	d.connect()
}

// Refuse has calls of a member fail with an error of that name; empty: not any more. The
// name of a property set is the member's: "Set Autoconnect".
func (d *Daemon) Refuse(member, name, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.refusals, member)
	if name != "" {
		d.refusals[member] = &dbus.Error{Name: name, Body: []any{text}}
	}
}

// Silence has calls of a member be neither carried out nor answered.
func (d *Daemon) Silence(member string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent[member] = true
}

// Wait waits until cond is true. cond may call no methods of the daemon.
func (d *Daemon) Wait(what string, cond func(View) bool) {
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
			d.tb.Fatalf("fakenm: %s does not happen; %s", what, View{d})
		}
		d.state.Wait()
	}
}

// Look calls fn with the present state.
func (d *Daemon) Look(fn func(View)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn(View{d})
}

// receive takes what comes from the bus.
func (d *Daemon) receive(m bluezbus.Message) {
	if !m.Call && m.Member != "NameOwnerChanged" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, m)
	d.state.Broadcast()
}

// serve handles calls in their order.
func (d *Daemon) serve(conn *bluezbus.Conn, ended chan struct{}) {
	defer d.wg.Done()
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		for len(d.queue) == 0 && d.ended == ended && !d.down {
			d.state.Wait()
		}
		if d.ended != ended || d.down {
			return
		}
		m := d.queue[0]
		d.queue = d.queue[1:]
		if !m.Call {
			d.left(m)
			continue
		}
		d.handle(m)
		d.state.Broadcast()
	}
}

// left ends what was bound to a client that has left the bus. mu is held.
func (d *Daemon) left(m bluezbus.Message) {
	name, _ := m.Body[0].(string)
	if owner, _ := m.Body[2].(string); owner != "" {
		return
	}
	for _, a := range slices.Clone(d.actives) {
		if a.client == name {
			d.deactivate(a, 39)
		}
	}
}
