// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names of NetworkManager.
const (
	service       = "org.freedesktop.NetworkManager"
	ifDevice      = service + ".Device"
	ifWireless    = ifDevice + ".Wireless"
	ifAccessPoint = service + ".AccessPoint"
	ifActive      = service + ".Connection.Active"
	ifIP4         = service + ".IP4Config"
	ifSettings    = service + ".Settings"
	ifProfile     = ifSettings + ".Connection"
	ifProperties  = "org.freedesktop.DBus.Properties"
	ifBus         = "org.freedesktop.DBus"

	pathRoot     = dbus.ObjectPath("/org/freedesktop/NetworkManager")
	pathSettings = pathRoot + "/Settings"
	pathNone     = dbus.ObjectPath("/")
)

// answerIn limits the wait for one answer of NetworkManager.
const answerIn = 30 * time.Second

var (
	errClosed   = errors.New("nm: closed")
	errNoAnswer = fmt.Errorf("nm: NetworkManager does not answer within %v", answerIn)
	errBusLost  = errors.New("nm: the connection to the message bus is lost; restart this program once dbus-daemon runs again")
	errNotThere = errors.New("nm: NetworkManager does not run; start it, with systemctl start NetworkManager")
)

// refused is an error that NetworkManager or the bus returned.
type refused struct {
	call string // member
	name string
	text string
}

// Error adds what to do about it.
func (e *refused) Error() string {
	s := "nm: " + e.call + ": " + e.text + " (" + e.name + ")"
	switch {
	case strings.HasSuffix(e.name, ".PermissionDenied"), strings.HasSuffix(e.name, ".AccessDenied"), strings.HasSuffix(e.name, ".NotAuthorized"):
		s += "; run as root, or allow this user in a rule of polkit the actions network-control, settings.modify.system, " +
			"checkpoint-rollback and wifi.share.protected of org.freedesktop.NetworkManager"
	case strings.HasSuffix(e.name, ".UnknownMethod") && e.call == "AddConnection2":
		s += "; NetworkManager 1.20 or later is needed"
	}
	return s
}

// is reports whether NetworkManager refused with an error of that last name.
func is(err error, name string) bool {
	var e *refused
	return errors.As(err, &e) && strings.HasSuffix(e.name, "."+name)
}

// call calls a method, "interface.member", and returns the answer's body.
func (d *Daemon) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) ([]any, error) {
	return d.callTo(ctx, service, path, method, args...)
}

func (d *Daemon) callTo(ctx context.Context, dest string, path dbus.ObjectPath, method string, args ...any) ([]any, error) {
	limited, cancel := context.WithTimeoutCause(ctx, answerIn, errNoAnswer)
	defer cancel()
	call := d.conn.Object(dest, path).CallWithContext(limited, method, dbus.FlagNoAutoStart, args...)
	var e dbus.Error
	switch {
	case call.Err == nil:
		return call.Body, nil
	case errors.As(call.Err, &e):
		switch e.Name {
		case ifBus + ".Error.ServiceUnknown", ifBus + ".Error.NameHasNoOwner", ifBus + ".Error.NoReply":
			return nil, errNotThere
		}
		r := &refused{call: method[strings.LastIndexByte(method, '.')+1:], name: e.Name}
		if len(e.Body) > 0 {
			r.text, _ = e.Body[0].(string)
		}
		return nil, r
	case limited.Err() != nil:
		return nil, context.Cause(limited)
	}
	if d.conn.Connected() { // an argument that D-Bus does not take
		return nil, fmt.Errorf("nm: %s: %w", method, call.Err)
	}
	return nil, errBusLost
}

// path is call for methods whose first result is an object.
func (d *Daemon) path(ctx context.Context, path dbus.ObjectPath, method string, args ...any) (dbus.ObjectPath, error) {
	body, err := d.call(ctx, path, method, args...)
	if err != nil {
		return "", err
	}
	if len(body) > 0 {
		if p, ok := body[0].(dbus.ObjectPath); ok {
			return p, nil
		}
	}
	return "", fmt.Errorf("nm: %s returned no object", method)
}

// get returns a property.
func get[T any](ctx context.Context, d *Daemon, path dbus.ObjectPath, iface, name string) (v T, err error) {
	body, err := d.call(ctx, path, ifProperties+".Get", iface, name)
	if err != nil {
		return v, err
	}
	if len(body) == 1 {
		if variant, ok := body[0].(dbus.Variant); ok {
			if v, ok = variant.Value().(T); ok {
				return v, nil
			}
		}
	}
	return v, fmt.Errorf("nm: property %s is %v, no %T", name, body, v)
}

// all returns the properties of an object.
func (d *Daemon) all(ctx context.Context, path dbus.ObjectPath, iface string) (map[string]dbus.Variant, error) {
	body, err := d.call(ctx, path, ifProperties+".GetAll", iface)
	if err != nil {
		return nil, err
	}
	var props map[string]dbus.Variant
	return props, dbus.Store(body, &props)
}

func (d *Daemon) set(ctx context.Context, path dbus.ObjectPath, iface, name string, v any) error {
	_, err := d.call(ctx, path, ifProperties+".Set", iface, name, dbus.MakeVariant(v))
	var r *refused
	if errors.As(err, &r) {
		r.call = "setting " + name
	}
	return err
}

// value is a property in a dictionary, or the zero value.
func value[T any](props map[string]dbus.Variant, name string) T {
	v, _ := props[name].Value().(T)
	return v
}

// rules are the signals that a taken interface needs.
var rules = [][]dbus.MatchOption{
	{dbus.WithMatchSender(ifBus), dbus.WithMatchInterface(ifBus), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, service)},
	{dbus.WithMatchSender(service), dbus.WithMatchInterface(service), dbus.WithMatchMember("DeviceAdded")},
	{dbus.WithMatchSender(service), dbus.WithMatchInterface(ifDevice), dbus.WithMatchMember("StateChanged")},
	{dbus.WithMatchSender(service), dbus.WithMatchInterface(ifActive), dbus.WithMatchMember("StateChanged")},
	changes(ifDevice), changes(ifWireless), changes(ifIP4),
}

func changes(iface string) []dbus.MatchOption {
	return []dbus.MatchOption{
		dbus.WithMatchSender(service), dbus.WithMatchInterface(ifProperties),
		dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchArg(0, iface),
	}
}

// listen asks the bus for NetworkManager's signals, or for none.
func (d *Daemon) listen(ctx context.Context, on bool) error {
	var errs []error
	for _, r := range rules {
		var err error
		if on {
			err = d.conn.AddMatchSignalContext(ctx, r...)
		} else {
			err = d.conn.RemoveMatchSignalContext(ctx, r...)
		}
		errs = append(errs, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

// watch gives NetworkManager's signals from now on, until the function is called.
// Who watches has to read soon, or loses signals.
func (d *Daemon) watch() (<-chan *dbus.Signal, func()) {
	ch := make(chan *dbus.Signal, 512)
	d.mu.Lock()
	d.watchers[ch] = struct{}{}
	d.mu.Unlock()
	return ch, func() {
		d.mu.Lock()
		delete(d.watchers, ch)
		d.mu.Unlock()
	}
}

// run hands out signals. The bus lets everybody send signals to one client, so those that
// are not of NetworkManager are dropped.
func (d *Daemon) run() {
	defer d.wg.Done()
	for {
		select {
		case <-d.ctx.Done():
			return
		case s, ok := <-d.signals:
			if !ok {
				d.stop(errBusLost)
				return
			}
			d.mu.Lock()
			switch {
			case s.Sender == ifBus && s.Name == ifBus+".NameOwnerChanged":
				if len(s.Body) != 3 || s.Body[0] != service {
					d.mu.Unlock()
					continue
				}
				d.owner, _ = s.Body[2].(string)
			case s.Sender != d.owner:
				d.mu.Unlock()
				continue
			}
			d.noteAP(s)
			for ch := range d.watchers {
				select {
				case ch <- s:
				default:
				}
			}
			d.mu.Unlock()
		}
	}
}

// restarted reports whether a signal says that NetworkManager is gone or new.
func restarted(s *dbus.Signal) bool { return s.Name == ifBus+".NameOwnerChanged" }

// changed returns the properties of an interface that a signal says have changed.
func changed(s *dbus.Signal, iface string) map[string]dbus.Variant {
	if s.Name != ifProperties+".PropertiesChanged" || len(s.Body) < 2 || s.Body[0] != iface {
		return nil
	}
	props, _ := s.Body[1].(map[string]dbus.Variant)
	return props
}

// numbers returns the numbers in the body of a signal of that name; nil: it is another.
func numbers(s *dbus.Signal, name string, n int) []uint32 {
	if s.Name != name || len(s.Body) != n {
		return nil
	}
	list := make([]uint32, n)
	for i, v := range s.Body {
		list[i], _ = v.(uint32)
	}
	return list
}
