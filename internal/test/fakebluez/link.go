// SPDX-License-Identifier: Apache-2.0

package fakebluez

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// ErrGone: the connection is gone.
var ErrGone = errors.New("Not connected")

// ATT errors beyond those of hal.
const (
	attAuthentication = ble.ATTError(0x05)
	attAuthorization  = ble.ATTError(0x08)
	attEncryption     = ble.ATTError(0x0F)
	attOwn            = ble.ATTError(0x80)
	attInProgress     = ble.ATTError(0xFE)
)

// link is a connection: the client has a device object on the peripheral's
// adapter, and the peripheral one on the central's, if that is an adapter.
type link struct {
	d      *Daemon
	at     *adapter // the peripheral's
	client *device
	server *device // nil: the central is a Phone
	mtu    int
	paired bool
	gone   chan struct{} // closed when it is over
	turn   sync.Mutex    // one request at a time
}

// connect makes a connection. mu is held.
func (d *Daemon) connect(a *adapter, address string, server *device) *link {
	l := &link{d: d, at: a, server: server, mtu: d.cfg.MTU, gone: make(chan struct{})}
	l.client = d.deviceAt(a, address, bluezbus.Props{})
	d.links = append(d.links, l)
	d.setDevice(l.client, "Connected", true)
	if server != nil {
		server.link = l
		d.setDevice(server, "Connected", true)
	}
	return l
}

// drop ends a connection. mu is held.
func (d *Daemon) drop(l *link, reason string) {
	i := slices.Index(d.links, l)
	if i < 0 {
		return
	}
	d.links = slices.Delete(d.links, i, i+1)
	close(l.gone)
	for _, dev := range []*device{l.client, l.server} {
		if dev == nil {
			continue
		}
		if !d.cfg.OldReasons {
			d.emit(dev.path, bluezbus.Device+".Disconnected", "org.bluez.Reason."+reason, "Connection terminated")
		}
		if dev == l.server {
			dev.link = nil
			d.removeRemote(dev)
			d.setDevice(dev, "ServicesResolved", false)
		}
		d.setDevice(dev, "Connected", false)
	}
}

// app returns the application that has an attribute with a UUID, below a
// parent if one is given. mu is held.
func (l *link) find(match func(attr) bool) (*app, attr, bool) {
	for _, x := range l.at.apps {
		for _, at := range x.attrs {
			if match(at) {
				return x, at, true
			}
		}
	}
	return nil, attr{}, false
}

// ask makes bluetoothd's call of an application.
func (l *link) ask(at attr, method string, value []byte, options bluezbus.Props) ([]byte, error) {
	l.d.mu.Lock()
	x, _, found := l.find(func(o attr) bool { return o.path == at.path })
	paired := l.paired
	l.d.mu.Unlock()
	needs := map[string]string{"ReadValue": "encrypt-read", "WriteValue": "encrypt-write"}[method]
	switch {
	case l.over():
		return nil, ErrGone
	case !found:
		return nil, ble.ATTInvalidHandle
	case !paired && slices.Contains(at.flags, needs):
		return nil, attEncryption
	}
	if err := l.d.hooked("→" + method); err != nil {
		return nil, attError(err, method)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-l.gone: // bluetoothd forgets the call
			cancel()
		case <-stop:
		}
	}()
	options["device"] = dbus.MakeVariant(l.client.path)
	options["link"] = dbus.MakeVariant("LE")
	options["mtu"] = dbus.MakeVariant(uint16(l.mtu))
	args := []any{options}
	if method == "WriteValue" {
		args = []any{value, options}
	}
	body, err := l.d.conn.Call(ctx, x.owner, at.path, at.iface+"."+method, args...)
	switch {
	case l.over():
		return nil, ErrGone
	case err != nil:
		return nil, attError(err, method)
	case method == "WriteValue":
		return nil, nil
	}
	if err := dbus.Store(body, &value); err != nil {
		return nil, ble.ATTRequestNotSupported
	}
	return value, nil
}

func (l *link) over() bool {
	select {
	case <-l.gone:
		return true
	default:
		return false
	}
}

// attError is what a client gets when the application answers with an error.
func attError(err error, method string) ble.ATTError {
	name, text := "", ""
	var e *bluezbus.Error
	var scripted *dbus.Error
	switch {
	case errors.As(err, &e):
		name, text = e.Name, e.Text
	case errors.As(err, &scripted):
		name = scripted.Name
	}
	switch strings.TrimPrefix(name, bluezbus.Name+".Error.") {
	case "Failed":
		code, err := strconv.ParseUint(text, 0, 32)
		switch {
		case err != nil:
			return attOwn
		case code < 0x80 || code > 0x9F:
			return ble.ATTUnlikely
		}
		return ble.ATTError(code)
	case "NotSupported":
		return ble.ATTRequestNotSupported
	case "NotAuthorized":
		return attAuthorization
	case "InvalidValueLength":
		return ble.ATTInvalidLength
	case "InvalidOffset":
		return ble.ATTInvalidOffset
	case "InProgress":
		return attInProgress
	case "NotPermitted":
		if method == "ReadValue" {
			return ble.ATTReadNotPermitted
		}
		return ble.ATTWriteNotPermitted
	}
	return ble.ATTUnlikely
}

// read is a Read Request, or a Read Blob Request: a part of a value.
func (l *link) read(at attr, offset int) ([]byte, error) {
	options := bluezbus.Props{}
	if offset > 0 {
		options["offset"] = dbus.MakeVariant(uint16(offset))
	}
	part, err := l.ask(at, "ReadValue", nil, options)
	if err != nil {
		return nil, err
	}
	return part[:min(len(part), l.mtu-1)], nil
}

// readAll reads a value in parts.
func (l *link) readAll(at attr) ([]byte, error) {
	l.turn.Lock()
	defer l.turn.Unlock()
	value := []byte{}
	for {
		part, err := l.read(at, len(value))
		if err != nil {
			return nil, err
		}
		value = append(value, part...)
		if len(part) < l.mtu-1 || len(value) >= ble.MaxValue {
			return value, nil
		}
	}
}

// Fragment is a Prepare Write Request.
type Fragment struct {
	Offset int
	Value  []byte
	Char   ble.UUID // of another characteristic than the one that is named; zero: of that
	at     attr
}

// writeAll writes a value: by one request, or by prepared ones.
func (l *link) writeAll(at attr, value []byte) error {
	if len(value) <= l.mtu-3 {
		l.turn.Lock()
		defer l.turn.Unlock()
		_, err := l.ask(at, "WriteValue", value, bluezbus.Props{})
		return err
	}
	var parts []Fragment
	for offset := 0; offset < len(value); {
		n := min(len(value)-offset, l.mtu-5)
		parts = append(parts, Fragment{Offset: offset, Value: value[offset : offset+n], at: at})
		offset += n
	}
	return l.execute(parts)
}

// execute sends prepared writes and executes them. The daemon keeps them, puts
// those together that follow on each other, and hands over the result.
func (l *link) execute(parts []Fragment) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	var queue []Fragment
	for _, p := range parts {
		switch {
		case l.over():
			return ErrGone
		case p.Offset > ble.MaxValue:
			return ble.ATTInvalidOffset
		case p.Offset+len(p.Value) > ble.MaxValue:
			return ble.ATTInvalidLength
		}
		if n := len(queue) - 1; n >= 0 && queue[n].at.path == p.at.path && queue[n].Offset+len(queue[n].Value) == p.Offset {
			queue[n].Value = append(slices.Clip(queue[n].Value), p.Value...)
			continue
		}
		queue = append(queue, p)
	}
	reliable := func(p Fragment) bool { return slices.Contains(p.at.flags, "reliable-write") }
	if len(queue) > 1 && slices.ContainsFunc(queue, func(p Fragment) bool { return !reliable(p) }) {
		return ble.ATTRequestNotSupported
	}
	for _, p := range queue {
		options := bluezbus.Props{}
		if p.Offset > 0 {
			options["offset"] = dbus.MakeVariant(uint16(p.Offset))
		}
		if _, err := l.ask(p.at, "WriteValue", p.Value, options); err != nil {
			return err
		}
	}
	return nil
}

// bluezError returns the error that bluetoothd gives its own client.
func bluezError(err error) error {
	var code ble.ATTError
	if !errors.As(err, &code) {
		return failure("Failed", "Operation failed") // the connection is gone
	}
	switch code {
	case ble.ATTReadNotPermitted:
		return failure("NotPermitted", "Read not permitted")
	case ble.ATTWriteNotPermitted:
		return failure("NotPermitted", "Write not permitted")
	case attAuthentication, attEncryption:
		return failure("NotPermitted", "Not paired")
	case ble.ATTInvalidOffset:
		return failure("InvalidArguments", "Invalid offset")
	case ble.ATTInvalidLength:
		return failure("InvalidArguments", "Invalid Length")
	case attAuthorization:
		return failure("NotAuthorized", "Operation Not Authorized")
	case ble.ATTRequestNotSupported:
		return failure("NotSupported", "Operation is not supported")
	}
	return failure("Failed", fmt.Sprintf("Operation failed with ATT error: 0x%02x", int(code)))
}
