// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
)

// before is what an interface did before Take. The marker profile keeps it.
type before struct {
	Autoconnect bool            `json:"autoconnect"`
	Wireless    bool            `json:"wireless"`         // the radio was on
	Former      string          `json:"former,omitempty"` // UUID of the profile it was connected with
	Stored      bool            `json:"stored,omitempty"` // that was the stored configuration
	Checkpoint  dbus.ObjectPath `json:"checkpoint,omitempty"`
}

// taken belongs to a taken interface.
type taken struct {
	stop context.CancelFunc // ends keeping
	done chan struct{}      // keeping has ended
	heir bool               // before is what a dead process found
	lit  bool               // the radio was off

	mu     sync.Mutex // guards what follows; held while the checkpoint is changed
	before before
}

// Take implements radio.Daemon.
func (d *Daemon) Take(ctx context.Context) (err error) {
	ctx, end, err := d.alone(ctx)
	if err != nil {
		return err
	}
	defer end()
	if d.isTaken() != nil {
		return nil
	}
	if err := d.checkVersion(ctx); err != nil {
		return err
	}
	if err := d.listen(ctx, true); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			d.unlisten()
		}
	}()
	if err := d.findOwner(ctx); err != nil {
		return err
	}
	mine, err := d.profiles(ctx)
	if err != nil {
		return err
	}
	t := &taken{}
	dev, err := d.take(ctx, t, mine)
	if err != nil {
		d.giveUp(t)
		return fmt.Errorf("taking %s: %w", d.cfg.Interface, err)
	}
	d.clean(ctx, dev, mine)
	keeping, stop := context.WithCancel(d.ctx)
	t.stop, t.done = stop, make(chan struct{})
	d.mu.Lock()
	d.taken = t
	d.mu.Unlock()
	d.wg.Add(1)
	go d.keep(keeping, t)
	return nil
}

func (d *Daemon) isTaken() *taken {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.taken
}

func (d *Daemon) checkVersion(ctx context.Context) error {
	version, err := get[string](ctx, d, pathRoot, service, "Version")
	if err != nil {
		return err
	}
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return nil // nothing that one could compare
	}
	major, _ := strconv.Atoi(parts[0])
	minor, _ := strconv.Atoi(parts[1])
	if major == 1 && minor < 20 || major < 1 {
		return fmt.Errorf("nm: NetworkManager %s is too old; 1.20 or later is needed", version)
	}
	return nil
}

// findOwner learns who sends NetworkManager's signals.
func (d *Daemon) findOwner(ctx context.Context) error {
	body, err := d.callTo(ctx, ifBus, "/org/freedesktop/DBus", ifBus+".GetNameOwner", service)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return dbus.Store(body, &d.owner)
}

// unlisten takes back listen, also when the caller's context is done.
func (d *Daemon) unlisten() {
	ctx, cancel := context.WithTimeout(d.ctx, 5*time.Second)
	defer cancel()
	if err := d.listen(ctx, false); err != nil {
		d.cfg.Logger.Log(hal.LevelDebug, "signals of NetworkManager cannot be given up", hal.Err(err))
	}
}

// take remembers what the interface does, and stops NetworkManager from deciding.
func (d *Daemon) take(ctx context.Context, t *taken, mine []owned) (dbus.ObjectPath, error) {
	wireless, err := get[bool](ctx, d, pathRoot, service, "WirelessEnabled")
	if err != nil {
		return "", err
	}
	signals, unwatch := d.watch()
	defer unwatch()
	if !wireless {
		t.lit = true
		if err := d.set(ctx, pathRoot, service, "WirelessEnabled", true); err != nil {
			return "", err
		}
	}
	dev, err := d.ours(ctx)
	if err != nil {
		return "", err
	}
	if err := d.usable(ctx, signals, dev, d.cfg.Interface, false); err != nil {
		return "", err
	}
	marker, found := marked(mine)
	if found {
		// A process died. What the interface did before that one counts.
		t.before, t.heir = marker.before, true
	} else {
		t.before.Wireless = wireless
		if t.before.Autoconnect, err = get[bool](ctx, d, dev, ifDevice, "Autoconnect"); err != nil {
			return "", err
		}
		l, err := d.present(ctx, dev)
		if err != nil {
			return "", err
		}
		if l != nil {
			d.refresh(ctx, dev, l, mine)
			t.before.Former = l.uuid
			for _, o := range mine {
				t.before.Stored = t.before.Stored || o.path == l.profile && o.role() == roleStored
			}
		}
	}
	if err := d.guard(t, dev); err != nil {
		return "", err
	}
	return dev, d.set(ctx, dev, ifDevice, "Autoconnect", false)
}

// refreshIn limits the wait for a network that is joined again.
const refreshIn = 7 * time.Second

// refresh has NetworkManager join a network again whose profile changed since, as that of
// an attempt does which became the stored one (it has another name). A checkpoint could not
// bring it back: "The connection was modified since activation". So the link is down for a
// moment at the first Take after a provisioning.
func (d *Daemon) refresh(ctx context.Context, dev dbus.ObjectPath, l *link, mine []owned) {
	if !slices.ContainsFunc(mine, func(o owned) bool { return o.path == l.profile }) {
		return
	}
	signals, unwatch := d.watch()
	defer unwatch()
	ctx, cancel := context.WithTimeout(ctx, refreshIn)
	defer cancel()
	body, err := d.call(ctx, dev, ifDevice+".GetAppliedConnection", uint32(0))
	var applied settings
	var version uint64
	if err != nil || dbus.Store(body, &applied, &version) != nil {
		return // it is not joined yet
	}
	now, err := d.settings(ctx, l.profile)
	if err != nil || applied[setConnection]["id"] == now[setConnection]["id"] {
		return
	}
	_, err = d.call(ctx, pathRoot, service+".ActivateConnection", l.profile, dev, pathNone)
	if err == nil {
		_, err = d.until(ctx, signals, dev, func(state uint32) bool { return state != stateActivated })
	}
	if err == nil {
		_, err = d.until(ctx, signals, dev, func(state uint32) bool { return state == stateActivated || state == stateFailed })
	}
	if err != nil {
		d.cfg.Logger.Log(hal.LevelWarn, "the former network is not joined again", hal.Err(err))
	}
}

// giveUp takes back what a failed Take has done. What a dead process left stays for the
// next one.
func (d *Daemon) giveUp(t *taken) {
	if t.heir {
		return
	}
	ctx, cancel := context.WithTimeout(d.ctx, 5*time.Second)
	defer cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lit {
		_ = d.set(ctx, pathRoot, service, "WirelessEnabled", false)
	}
	if t.before.Checkpoint == "" {
		return
	}
	_, _ = d.call(ctx, pathRoot, service+".CheckpointDestroy", t.before.Checkpoint)
	if mine, err := d.profiles(ctx); err == nil {
		d.removeAll(ctx, mine, "", roleMark)
	}
}

// usable waits until a device can be used, as long as the caller wants. manage says whether
// NetworkManager is told to manage it.
func (d *Daemon) usable(ctx context.Context, signals <-chan *dbus.Signal, dev dbus.ObjectPath, name string, manage bool) error {
	state, err := get[uint32](ctx, d, dev, ifDevice, "State")
	if err == nil && state <= stateUnmanaged {
		if !manage {
			return fmt.Errorf("nm: NetworkManager does not manage %s; nmcli device set %s managed yes", name, name)
		}
		err = d.set(ctx, dev, ifDevice, "Managed", true)
	}
	if err == nil {
		_, err = d.until(ctx, signals, dev, func(state uint32) bool { return state >= stateDisconnected })
	}
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("nm: %s is not available to NetworkManager (%w); is wpa_supplicant installed, and the radio not blocked (rfkill list)?", name, err)
	}
	return err
}

// clean removes profiles that a dead process left, but none that is in use.
func (d *Daemon) clean(ctx context.Context, dev dbus.ObjectPath, mine []owned) {
	l, err := d.present(ctx, dev)
	if err != nil {
		return
	}
	for _, o := range mine {
		switch o.role() {
		case roleTrial, roleKept:
			if l == nil || l.profile != o.path {
				d.remove(ctx, o.path)
			}
		case roleAP:
			d.remove(ctx, o.path)
		}
	}
}

// remove deletes a profile, which may be gone already.
func (d *Daemon) remove(ctx context.Context, profile dbus.ObjectPath) {
	if _, err := d.call(ctx, profile, ifProfile+".Delete"); err != nil && !gone(err) {
		d.cfg.Logger.Log(hal.LevelWarn, "a profile of NetworkManager is left", hal.Err(err))
	}
}

// gone reports whether an error says that an object is not there.
func gone(err error) bool {
	return is(err, "UnknownMethod") || is(err, "UnknownObject") || is(err, "InvalidConnection") || is(err, "ConnectionRemoved")
}

// guard has NetworkManager remember what the interface does now, unless it does already,
// and writes that to the marker. It is not given up in the middle, since nobody would know
// the checkpoint. t.mu is not held.
func (d *Daemon) guard(t *taken, dev dbus.ObjectPath) error {
	ctx := d.ctx
	t.mu.Lock()
	defer t.mu.Unlock()
	seconds := max(1, uint32((d.cfg.Rollback+time.Second-1)/time.Second))
	if t.before.Checkpoint != "" {
		_, err := d.call(ctx, pathRoot, service+".CheckpointAdjustRollbackTimeout", t.before.Checkpoint, seconds)
		var r *refused
		if err == nil || !errors.As(err, &r) {
			return err
		}
		// It is gone: rolled back, or NetworkManager was restarted.
	}
	const overlap = 8 // others may have checkpoints too
	var err error
	if t.before.Checkpoint, err = d.path(ctx, pathRoot, service+".CheckpointCreate", []dbus.ObjectPath{dev}, seconds, uint32(overlap)); err != nil {
		return err
	}
	return d.mark(ctx, t)
}

// mark writes the marker. t.mu is held.
func (d *Daemon) mark(ctx context.Context, t *taken) error {
	s := marker(d.cfg.ProfileName, d.cfg.Interface, t.before)
	mine, err := d.profiles(ctx)
	if err != nil {
		return err
	}
	if m, found := marked(mine); found {
		return d.update(ctx, m.path, s, inMemoryOnly)
	}
	_, err = d.add(ctx, s, inMemory)
	return err
}

// keep prolongs the checkpoint until ctx is done, and takes the interface again
// when NetworkManager was restarted.
func (d *Daemon) keep(ctx context.Context, t *taken) {
	defer d.wg.Done()
	defer close(t.done)
	signals, unwatch := d.watch()
	defer unwatch()
	tick := time.NewTicker(d.cfg.Rollback / 3)
	defer tick.Stop()
	for {
		news := false // NetworkManager is new
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case s := <-signals:
			if news = restarted(s); !news && !value[bool](changed(s, ifDevice), "Autoconnect") {
				continue
			}
		}
		err := d.again(ctx, t)
		if err == nil && news {
			err = d.sweep(ctx)
		}
		if err != nil && ctx.Err() == nil {
			d.cfg.Logger.Log(hal.LevelWarn, "NetworkManager does not keep the interface taken", hal.Err(err))
		}
	}
}

// sweep removes the profiles of attempts that ended while NetworkManager did not run.
func (d *Daemon) sweep(ctx context.Context) error {
	mine, err := d.profiles(ctx)
	for _, o := range mine {
		d.mu.Lock()
		known := d.joined != nil && d.joined.uuid == o.uuid()
		d.mu.Unlock()
		if o.role() == roleTrial && !known {
			d.remove(ctx, o.path)
		}
	}
	return err
}

// again does the lasting part of Take: the checkpoint, and no own decisions.
func (d *Daemon) again(ctx context.Context, t *taken) error {
	dev, err := d.ours(ctx)
	if err != nil {
		return err
	}
	if err := d.guard(t, dev); err != nil {
		return err
	}
	on, err := get[bool](ctx, d, dev, ifDevice, "Autoconnect")
	if err == nil && on {
		err = d.set(ctx, dev, ifDevice, "Autoconnect", false)
	}
	return err
}

// marked finds the marker among the profiles.
func marked(mine []owned) (m struct {
	owned
	before before
}, found bool) {
	for _, o := range mine {
		if o.role() == roleMark && json.Unmarshal([]byte(o.user(keyBefore)), &m.before) == nil {
			m.owned = o
			return m, true
		}
	}
	return m, false
}
