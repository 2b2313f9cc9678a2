// SPDX-License-Identifier: Apache-2.0

package bluezcentral

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// link is a connection to a device. It implements client.BLELink.
type link struct {
	c        *Central
	bus      *bluezbus.Bus
	path     dbus.ObjectPath // the device's
	signals  *queue
	calls    chan bluezbus.Message // of the agent
	hungUp   atomic.Bool           // the device ended the link
	gone     chan struct{}         // closed when the link is over
	resolved chan struct{}         // closed when bluetoothd knows the services
	once     sync.Once             // of Close
	err      error                 // of Close

	chars map[uint16]dbus.ObjectPath // by handle
}

var _ client.BLELink = (*link)(nil)

// Connect implements client.Central.
func (c *Central) Connect(ctx context.Context, device client.Advertisement) (client.BLELink, error) {
	l := &link{
		c: c, path: dbus.ObjectPath(device.Address), signals: newQueue(), calls: make(chan bluezbus.Message, maxCalls),
		gone: make(chan struct{}), resolved: make(chan struct{}),
	}
	if !l.path.IsValid() || !strings.HasPrefix(device.Address, string(bluezbus.Root)+"/") {
		return nil, fmt.Errorf("bluezcentral: %q is no address of this central", device.Address)
	}
	var err error
	if l.bus, _, err = bluezbus.Open(ctx, c.cfg.Bus, l.receive); err == nil {
		if err = l.connect(ctx); err == nil {
			return l, nil
		}
		_ = l.Close()
	}
	switch {
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		return nil, ctx.Err()
	case bluezbus.Is(err, "UnknownObject") || bluezbus.Is(err, "UnknownMethod"):
		err = errUnknown
	}
	return nil, fmt.Errorf("bluezcentral: connecting to %s: %w", device.Address, err)
}

func (l *link) connect(ctx context.Context) error {
	if err := l.registerAgent(ctx); err != nil {
		return err
	}
	err := l.bus.Do(ctx, l.path, bluezbus.Device+".Connect")
	if err != nil && !bluezbus.Is(err, "AlreadyConnected") {
		return err
	}
	l.signals.drop() // of earlier links
	go l.watch()
	body, err := l.bus.Call(ctx, l.path, bluezbus.Properties+".GetAll", bluezbus.Device)
	if err != nil {
		return err
	}
	var props bluezbus.Props
	if err := dbus.Store(body, &props); err != nil {
		return err
	}
	switch {
	case !bluezbus.Get[bool](props, "Connected"):
		return errLinkLost
	case bluezbus.Get[bool](props, "ServicesResolved"):
		return nil
	}
	select {
	case <-l.resolved:
		return nil
	case <-l.gone:
		return errLinkLost
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watch looks for the end of the link, until the connection to the bus ends.
func (l *link) watch() {
	resolved := false
	for {
		m, err := l.signals.get(context.Background(), l.bus.Done())
		path, props, changed := l.bus.Changed(m, bluezbus.Device)
		changed = changed && path == l.path
		connected, told := props["Connected"].Value().(bool)
		if m.Member == "Disconnected" && m.Path == l.path && len(m.Body) > 0 && m.Body[0] == reasonRemote {
			l.hungUp.Store(true)
		}
		if err != nil || l.bus.Lost(m, l.path, bluezbus.Device) || changed && told && !connected {
			close(l.gone)
			return
		}
		if changed && bluezbus.Get[bool](props, "ServicesResolved") && !resolved {
			resolved = true
			close(l.resolved)
		}
	}
}

// Close implements client.BLELink. It waits until bluetoothd has ended the connection,
// at most Config.Timeout.
func (l *link) Close() error {
	l.once.Do(func() {
		defer l.bus.Close()
		err := l.c.atEnd(context.Background(), func(ctx context.Context) error {
			err := l.bus.Do(ctx, l.path, bluezbus.Device+".Disconnect")
			if err == nil || bluezbus.Is(err, "NotConnected") {
				err = nil
				if l.c.toForget(l.path) {
					adapter := l.path[:strings.LastIndexByte(string(l.path), '/')]
					err = l.bus.Do(ctx, adapter, bluezbus.Adapter+".RemoveDevice", l.path)
				}
			}
			return err
		})
		for _, name := range []string{"UnknownObject", "UnknownMethod", "DoesNotExist"} {
			if bluezbus.Is(err, name) {
				err = nil // the device is gone altogether
			}
		}
		if err != nil && !bluezbus.Gone(err) {
			l.err = fmt.Errorf("bluezcentral: closing the link: %w", err)
		}
	})
	return l.err
}

// Write implements client.BLELink.
func (l *link) Write(ctx context.Context, c client.BLECharacteristic, value []byte) error {
	if len(value) > ble.MaxValue {
		return fmt.Errorf("bluezcentral: a value of %d bytes is longer than %d: %w", len(value), ble.MaxValue, ble.ATTInvalidLength)
	}
	options := bluezbus.Props{"type": dbus.MakeVariant("request")}
	_, err := l.access(ctx, c, "WriteValue", value, options)
	return err
}

// Read implements client.BLELink.
func (l *link) Read(ctx context.Context, c client.BLECharacteristic) ([]byte, error) {
	return l.value(l.access(ctx, c, "ReadValue", bluezbus.Props{}))
}

// value returns the value in an answer.
func (l *link) value(body []any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	var value []byte
	if err := dbus.Store(body, &value); err != nil {
		return nil, fmt.Errorf("bluezcentral: ReadValue: %w", err)
	}
	return value, nil
}

func (l *link) access(ctx context.Context, c client.BLECharacteristic, method string, args ...any) ([]any, error) {
	path, known := l.chars[c.Handle]
	if !known {
		return nil, fmt.Errorf("bluezcentral: characteristic %v was not discovered on this link", c.UUID)
	}
	return l.call(ctx, path, bluezbus.GattChar+"."+method, args...)
}

// reasonRemote is bluetoothd's reason for a link that the device ended.
const reasonRemote = bluezbus.Name + ".Reason.Remote"

// call makes a call that the device answers. If the device wants an encrypted link and
// bluetoothd has not made one, call pairs with the device and makes the call again.
func (l *link) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) ([]any, error) {
	body, err := l.try(ctx, path, method, args...)
	if err != ble.ATTInsufficientAuthentication {
		return body, err
	}
	if failed := l.pair(ctx); failed != nil {
		return nil, fmt.Errorf("bluezcentral: the device wants an encrypted link: %w; pairing: %w", err, failed)
	}
	return l.try(ctx, path, method, args...)
}

func (l *link) try(ctx context.Context, path dbus.ObjectPath, method string, args ...any) ([]any, error) {
	if l.over() {
		return nil, errLinkLost
	}
	body, err := l.bus.Call(ctx, path, method, args...)
	if err == nil {
		return body, nil
	}
	var e *bluezbus.Error
	if errors.As(err, &e) {
		if code, refused := attError(e); refused {
			return nil, code
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case l.over() || bluezbus.Gone(err) || bluezbus.Is(err, "UnknownObject") || bluezbus.Is(err, "UnknownMethod") || e != nil && (e.Text == "Not connected" || e.Text == "Operation failed"):
		// A call that waits when the link is lost fails with the last of these
		// texts, without a code.
		return nil, l.lost(ctx)
	}
	return nil, fmt.Errorf("bluezcentral: %w", err)
}

// lost is the error of a request during which the link ended. The signals that say
// why may arrive after the answer.
func (l *link) lost(ctx context.Context) error {
	late := time.NewTimer(lateSignals)
	defer late.Stop()
	select {
	case <-l.gone:
	case <-late.C:
	case <-ctx.Done():
	}
	if l.hungUp.Load() {
		return fmt.Errorf("%w: %w", errLinkLost, client.ErrHungUp)
	}
	return errLinkLost
}

// lateSignals is how long to wait for the signals at the end of a link.
const lateSignals = 100 * time.Millisecond

func (l *link) over() bool {
	select {
	case <-l.gone:
		return true
	default:
		return false
	}
}

// attError returns the device's refusal that an error of bluetoothd contains, if any.
func attError(e *bluezbus.Error) (ble.ATTError, bool) {
	const numbered = "Operation failed with ATT error: "
	switch strings.TrimPrefix(e.Name, bluezbus.Name+".Error.") {
	case "Failed":
		if text, found := strings.CutPrefix(e.Text, numbered); found {
			code, err := strconv.ParseUint(text, 0, 8)
			return ble.ATTError(code), err == nil && code != 0
		}
	case "NotPermitted":
		switch e.Text {
		case "Read not permitted":
			return ble.ATTReadNotPermitted, true
		case "Write not permitted":
			return ble.ATTWriteNotPermitted, true
		case "Not paired":
			return ble.ATTInsufficientAuthentication, true
		}
	case "NotAuthorized":
		return 0x08, true
	case "NotSupported":
		return ble.ATTRequestNotSupported, true
	case "InvalidOffset":
		return ble.ATTInvalidOffset, true
	case "InvalidValueLength":
		return ble.ATTInvalidLength, true
	case "InvalidArguments":
		switch e.Text {
		case "Invalid offset":
			return ble.ATTInvalidOffset, true
		case "Invalid Length":
			return ble.ATTInvalidLength, true
		}
	}
	return 0, false
}
