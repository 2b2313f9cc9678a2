// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Names of wpa_supplicant.
const (
	name    = "fi.w1.wpa_supplicant1"
	root    = dbus.ObjectPath("/fi/w1/wpa_supplicant1")
	iface   = name + ".Interface"
	bssIf   = name + ".BSS"
	netIf   = name + ".Network"
	busName = "org.freedesktop.DBus"
	propsIf = busName + ".Properties"
)

// rules describe the signals that we want.
var rules = []string{
	"type='signal',sender='" + busName + "',interface='" + busName + "',member='NameOwnerChanged',arg0='" + name + "'",
	"type='signal',sender='" + name + "',interface='" + propsIf + "',member='PropertiesChanged',arg0='" + iface + "'",
	"type='signal',sender='" + name + "',interface='" + iface + "',member='ScanDone'",
	"type='signal',sender='" + name + "',interface='" + iface + "',member='PskMismatch'",
	"type='signal',sender='" + name + "',interface='" + iface + "',member='SaePasswordMismatch'",
	"type='signal',sender='" + name + "',interface='" + name + "',member='InterfaceRemoved'",
}

// props are properties of an object.
type props = map[string]dbus.Variant

// get returns a property, or the zero value if there is none.
func get[T any](p props, key string) T {
	v, _ := p[key].Value().(T)
	return v
}

// bus is a connection to the message bus.
type bus struct {
	conn *dbus.Conn
	end  context.CancelFunc

	mu        sync.Mutex // guards what follows
	listeners map[*listener]bool
	restarts  int                      // how often wpa_supplicant came or went
	removed   map[dbus.ObjectPath]bool // interfaces, since it came last
}

// dial connects to a message bus; empty: the system bus.
func dial(ctx context.Context, address string) (*bus, error) {
	own, cancel := context.WithCancel(context.Background())
	b := &bus{end: cancel, listeners: map[*listener]bool{}, removed: map[dbus.ObjectPath]bool{}}
	opts := []dbus.ConnOption{dbus.WithContext(own), dbus.WithIncomingInterceptor(b.receive)}
	// The handshake takes no context; closing the connection ends it.
	stop := context.AfterFunc(ctx, cancel)
	var err error
	if address == "" {
		b.conn, err = dbus.ConnectSystemBus(opts...)
	} else {
		b.conn, err = dbus.Connect(address, opts...)
	}
	stop()
	if err == nil {
		for _, rule := range rules {
			if err = b.conn.BusObject().CallWithContext(ctx, busName+".AddMatch", 0, rule).Err; err != nil {
				b.close()
				break
			}
		}
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("wpa: no message bus: %w; is dbus-daemon running, and its socket reachable from here?", err)
	}
	return b, nil
}

func (b *bus) close() {
	_ = b.conn.Close()
	b.end()
}

// lost reports whether the connection is gone.
func (b *bus) lost() bool { return b.conn.Context().Err() != nil }

// call calls a method, and stores what it returns where the pointers of into say.
func (b *bus) call(ctx context.Context, path dbus.ObjectPath, method string, args []any, into ...any) error {
	call := b.conn.Object(name, path).CallWithContext(ctx, method, 0, args...)
	return b.result(ctx, call, into...)
}

// result is what came of a call.
func (b *bus) result(ctx context.Context, call *dbus.Call, into ...any) error {
	member := call.Method[strings.LastIndexByte(call.Method, '.')+1:]
	var refused dbus.Error
	switch {
	case call.Err == nil:
		if err := call.Store(into...); err != nil && len(into) > 0 {
			return fmt.Errorf("wpa: %s: unexpected answer: %w", member, err)
		}
		return nil
	case errors.As(call.Err, &refused):
		e := &callError{call: member, name: refused.Name}
		if len(refused.Body) > 0 {
			e.text, _ = refused.Body[0].(string)
		}
		return e
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fmt.Errorf("wpa: %s: the connection to the message bus is gone: %w", member, call.Err)
}

// prop reads a property.
func prop[T any](ctx context.Context, b *bus, path dbus.ObjectPath, of, key string) (T, error) {
	var zero T
	var v dbus.Variant
	if err := b.call(ctx, path, propsIf+".Get", []any{of, key}, &v); err != nil {
		return zero, fmt.Errorf("reading %s: %w", key, err)
	}
	t, ok := v.Value().(T)
	if !ok {
		return zero, fmt.Errorf("wpa: property %s has type %s", key, v.Signature())
	}
	return t, nil
}

// set sets a property.
func (b *bus) set(ctx context.Context, path dbus.ObjectPath, of, key string, value any) error {
	if err := b.call(ctx, path, propsIf+".Set", []any{of, key, dbus.MakeVariant(value)}); err != nil {
		return fmt.Errorf("setting %s: %w", key, err)
	}
	return nil
}

// signal is a signal of an interface.
type signal struct {
	member  string // "ScanDone"; or gone
	changed props  // PropertiesChanged
	ok      bool   // ScanDone: with results
}

// gone is the member of the last signal: wpa_supplicant or the interface went away.
const gone = "gone"

// listener gets the signals of an interface, in their order.
type listener struct {
	b    *bus
	path dbus.ObjectPath
	c    chan signal
}

// listen starts a listener. Signals that came before are not for it.
func (b *bus) listen(path dbus.ObjectPath) *listener {
	l := &listener{b, path, make(chan signal, 1024)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners[l] = true
	return l
}

func (l *listener) stop() {
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	delete(l.b.listeners, l)
}

// put never blocks. wpa_supplicant makes few signals a second, and nobody takes long to
// fetch them; what does not fit is lost.
func (l *listener) put(s signal) {
	select {
	case l.c <- s:
	default:
	}
}

// receive gets every message, in the goroutine that reads the socket.
func (b *bus) receive(m *dbus.Message) {
	if m.Type != dbus.TypeSignal {
		return
	}
	path, _ := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	s := signal{}
	s.member, _ = m.Headers[dbus.FieldMember].Value().(string)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch s.member {
	case "NameOwnerChanged":
		if len(m.Body) != 3 || m.Body[0] != name {
			return
		}
		b.restarts++
		b.removed = map[dbus.ObjectPath]bool{}
		for l := range b.listeners {
			l.put(signal{member: gone})
		}
		return
	case "InterfaceRemoved":
		if len(m.Body) == 1 {
			path, _ = m.Body[0].(dbus.ObjectPath)
		}
		b.removed[path] = true
		s.member = gone
	case "PropertiesChanged":
		if len(m.Body) < 2 || m.Body[0] != iface {
			return // the old form of the signal, or of another object
		}
		s.changed, _ = m.Body[1].(props)
	case "ScanDone":
		s.ok = len(m.Body) == 1 && m.Body[0] == true
	}
	for l := range b.listeners {
		if l.path == path {
			l.put(s)
		}
	}
}
