// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

// Config of a Daemon.
type Config struct {
	// Interface to own, for example wlan0. Required.
	Interface string
	// Bus is the address of the message bus, "unix:path=…"; empty: the system bus.
	Bus string
	// ProfileName is the name of the stored profile, which nmcli shows; empty:
	// wifiprov. Those of other profiles begin with it.
	ProfileName string
	// Rollback is how soon NetworkManager brings the former network back after this
	// process died, in whole seconds; 0: 60 s.
	Rollback time.Duration
	// Logger is told of trouble; nil is silent.
	Logger hal.Logger
}

// Daemon is a radio.Daemon on NetworkManager. It also implements radio.APWatch and
// hal.Limited.
type Daemon struct {
	cfg     Config
	conn    *dbus.Conn
	ctx     context.Context // ends at Close, or with the connection to the bus
	stop    context.CancelCauseFunc
	signals chan *dbus.Signal
	wg      sync.WaitGroup
	op      chan struct{} // holds a value while Take, Release, Save, OpenAP or CloseAP runs

	mu       sync.Mutex // guards what follows; never held during a call
	owner    string     // NetworkManager's unique name on the bus; empty: it does not run
	watchers map[chan *dbus.Signal]struct{}
	closed   bool
	taken    *taken // nil: not taken
	joined   *joined
	ap       *openAP // nil: none is open
	apLost   chan struct{}
}

var (
	_ radio.Daemon  = (*Daemon)(nil)
	_ radio.APWatch = (*Daemon)(nil)
	_ hal.Limited   = (*Daemon)(nil)
)

// New connects to the bus. NetworkManager need not run yet.
func New(cfg Config) (*Daemon, error) {
	if cfg.Interface == "" {
		return nil, errors.New("nm: Config.Interface is empty; name the Wi-Fi interface, for example wlan0")
	}
	if cfg.ProfileName == "" {
		cfg.ProfileName = "wifiprov"
	}
	if cfg.Rollback <= 0 {
		cfg.Rollback = 60 * time.Second
	}
	connect := dbus.ConnectSystemBus
	if cfg.Bus != "" {
		connect = func(opts ...dbus.ConnOption) (*dbus.Conn, error) { return dbus.Connect(cfg.Bus, opts...) }
	}
	conn, err := connect(dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	if err != nil {
		return nil, fmt.Errorf("nm: no message bus: %w; is dbus-daemon running, and its socket reachable from here?", err)
	}
	d := &Daemon{
		cfg: cfg, conn: conn,
		signals:  make(chan *dbus.Signal, 512),
		op:       make(chan struct{}, 1),
		watchers: map[chan *dbus.Signal]struct{}{},
		apLost:   make(chan struct{}, 1),
	}
	d.ctx, d.stop = context.WithCancelCause(context.Background())
	conn.Signal(d.signals)
	d.wg.Add(1)
	go d.run()
	return d, nil
}

// Limits implements hal.Limited.
func (d *Daemon) Limits() hal.Limits { return hal.LimitPassive }

// Close implements radio.Daemon. Without Release it leaves the interface as after the
// death of this process.
func (d *Daemon) Close() error {
	d.mu.Lock()
	closed := d.closed
	d.closed, d.taken = true, nil
	d.mu.Unlock()
	if closed {
		return nil
	}
	lost := d.ctx.Err() != nil
	d.stop(errClosed)
	d.wg.Wait()
	d.conn.RemoveSignal(d.signals)
	if err := d.conn.Close(); !lost {
		return err
	}
	return nil
}

// begin gives a context that also ends at Close.
func (d *Daemon) begin(ctx context.Context) (context.Context, context.CancelFunc) {
	both, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(d.ctx, func() { cancel(context.Cause(d.ctx)) })
	if d.ctx.Err() != nil {
		cancel(context.Cause(d.ctx))
	}
	return both, func() { stop(); cancel(nil) }
}

// alone is begin for methods that change what others rely on: one runs at a time.
func (d *Daemon) alone(ctx context.Context) (context.Context, context.CancelFunc, error) {
	ctx, cancel := d.begin(ctx)
	select {
	case d.op <- struct{}{}:
		if ctx.Err() == nil {
			return ctx, func() { <-d.op; cancel() }, nil
		}
		<-d.op
	case <-ctx.Done():
	}
	defer cancel()
	return nil, nil, context.Cause(ctx)
}

// device returns the object of a network interface.
func (d *Daemon) device(ctx context.Context, iface string) (dbus.ObjectPath, error) {
	dev, err := d.path(ctx, pathRoot, service+".GetDeviceByIpIface", iface)
	if is(err, "UnknownDevice") {
		return "", fmt.Errorf("nm: NetworkManager has no interface %s: %w; nmcli device shows those it has", iface, err)
	}
	return dev, err
}

// ours returns the object of the interface.
func (d *Daemon) ours(ctx context.Context) (dbus.ObjectPath, error) {
	return d.device(ctx, d.cfg.Interface)
}

// until waits until a device's state is one that ok accepts, and returns it. signals must
// have been watched since before what changes the state.
func (d *Daemon) until(ctx context.Context, signals <-chan *dbus.Signal, dev dbus.ObjectPath, ok func(state uint32) bool) (uint32, error) {
	state, err := get[uint32](ctx, d, dev, ifDevice, "State")
	for {
		if err != nil || ok(state) {
			return state, err
		}
		select {
		case <-ctx.Done():
			return state, context.Cause(ctx)
		case s := <-signals:
			if restarted(s) {
				return state, errNotThere
			}
			if n := numbers(s, ifDevice+".StateChanged", 3); n != nil && s.Path == dev {
				state = n[0]
			}
		}
	}
}

// idle says that a device is in no network and joins none.
func idle(state uint32) bool { return state <= stateDisconnected }

// link is what a device is connected to, or connects to.
type link struct {
	active  dbus.ObjectPath
	profile dbus.ObjectPath
	uuid    string
}

// byUUID returns the object of a profile.
func (d *Daemon) byUUID(ctx context.Context, uuid string) (dbus.ObjectPath, error) {
	return d.path(ctx, pathSettings, ifSettings+".GetConnectionByUuid", uuid)
}

// present returns what a device is connected to; nil: nothing.
func (d *Daemon) present(ctx context.Context, dev dbus.ObjectPath) (*link, error) {
	active, err := get[dbus.ObjectPath](ctx, d, dev, ifDevice, "ActiveConnection")
	if err != nil || active == pathNone {
		return nil, err
	}
	props, err := d.all(ctx, active, ifActive)
	if err != nil {
		if is(err, "UnknownMethod") || is(err, "UnknownObject") {
			return nil, nil // it has just ended
		}
		return nil, err
	}
	return &link{active, value[dbus.ObjectPath](props, "Connection"), value[string](props, "Uuid")}, nil
}
