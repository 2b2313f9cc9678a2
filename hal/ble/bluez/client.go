// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// device is a device that bluetoothd knows.
type device struct {
	path      dbus.ObjectPath
	connected bool
	classic   bool          // of classic Bluetooth too
	reason    ble.HCIReason // of the next disconnection; 0: unknown
	client    *client       // nil: it is no client
}

// client is a connection that the handler was told of.
type client struct {
	conn    ble.Conn
	mtu     int
	write   *bluezbus.Message // waits for respond; or nil
	leaving bool              // we end the connection
}

// device returns the device at a path, and makes it if need be. mu is held, or
// nothing else runs yet.
func (s *service) device(path dbus.ObjectPath) *device {
	d := s.devices[path]
	if d == nil {
		d = &device{path: path}
		s.devices[path] = d
	}
	return d
}

// find returns the device of a connection, or nil. mu is held.
func (s *service) find(conn ble.Conn) *device {
	for _, d := range s.devices {
		if d.client != nil && d.client.conn == conn {
			return d
		}
	}
	return nil
}

// freeHandle returns the lowest number that no connection has. mu is held.
func (s *service) freeHandle() ble.Conn {
	used := map[uint16]bool{}
	for _, d := range s.devices {
		if d.client != nil {
			used[d.client.conn.Handle()] = true
		}
	}
	n := uint16(1)
	for used[n] {
		n++
	}
	return ble.Conn(n)
}

// connect makes a device a client. mu is held; it is released for the call of
// the handler.
func (s *service) connect(d *device) {
	s.count++
	d.client = &client{conn: ble.Conn(s.count)<<16 | s.freeHandle(), mtu: 23}
	d.connected, d.reason = true, 0
	conn := d.client.conn
	s.call(func() { s.handler.Connected(conn) })
}

// disconnect ends a client. mu is held; it is released for the call of the
// handler.
func (s *service) disconnect(d *device, otherwise ble.HCIReason) {
	c, reason := d.client, d.reason
	d.client, d.reason, d.connected = nil, 0, false
	if c == nil {
		return
	}
	switch {
	case reason != 0:
	case c.leaving:
		reason = ble.ReasonLocalHost
	default:
		reason = otherwise
	}
	if m := c.write; m != nil {
		c.write = nil
		s.unlocked(func() { s.refuse(*m, ble.ATTUnlikely) }) // nobody reads it
	}
	s.call(func() { s.handler.Disconnected(c.conn, reason) })
}

// call calls the handler, without mu, unless the service has ended. mu is held.
func (s *service) call(fn func()) {
	if s.ended {
		return
	}
	s.mu.Unlock()
	fn()
	s.mu.Lock()
}

// changed takes new properties of a device. mu is held.
func (s *service) changed(path dbus.ObjectPath, props bluezbus.Props) {
	if !s.ours(path) {
		return
	}
	d := s.device(path)
	if v, told := props["Class"].Value().(uint32); told {
		d.classic = v != 0
	}
	connected, told := props["Connected"].Value().(bool)
	switch {
	case !told:
	case !connected:
		s.disconnect(d, ble.ReasonRemoteUser)
	case !d.connected && !d.classic:
		s.connect(d)
	default:
		d.connected = true
	}
}

// ours reports whether an object belongs to the adapter.
func (s *service) ours(path dbus.ObjectPath) bool {
	n := len(s.adapter)
	return len(path) > n && path[:n] == s.adapter && path[n] == '/'
}

// reasons are those of Device1's signal Disconnected that have a number in HCI.
var reasons = map[string]ble.HCIReason{
	"org.bluez.Reason.Timeout": ble.ReasonSupervisionTimeout,
	"org.bluez.Reason.Local":   ble.ReasonLocalHost,
	"org.bluez.Reason.Remote":  ble.ReasonRemoteUser,
}

// respond answers a client's write.
func (s *service) respond(conn ble.Conn, code ble.ATTError) {
	s.mu.Lock()
	var m *bluezbus.Message
	if d := s.find(conn); d != nil {
		m, d.client.write = d.client.write, nil
	}
	s.mu.Unlock()
	switch {
	case m == nil:
	case code == ble.ATTSuccess:
		s.bus.Reply(*m)
	default:
		s.refuse(*m, code)
	}
}
