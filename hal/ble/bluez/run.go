// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"fmt"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// receive sorts messages into queues, in the goroutine that reads the socket.
func (s *service) receive(m bluezbus.Message) {
	access := m.Interface == bluezbus.GattChar && (m.Member == "ReadValue" || m.Member == "WriteValue")
	if !m.Call && !relevant(m) {
		return
	}
	s.mu.Lock()
	switch {
	case m.Call && !access:
		s.calls = append(s.calls, m)
	case len(s.events) >= maxQueue:
		s.tooMany = true
	default:
		s.events = append(s.events, m)
	}
	s.mu.Unlock()
	s.kick()
}

// relevant leaves out the many signals of a radio that scans.
func relevant(m bluezbus.Message) bool {
	if m.Interface != bluezbus.Properties || len(m.Body) < 2 {
		return true
	}
	props, _ := m.Body[1].(bluezbus.Props)
	_, connected := props["Connected"]
	_, class := props["Class"]
	_, powered := props["Powered"]
	return connected || class || powered
}

func (s *service) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run handles messages one at a time. It answers bluetoothd's calls of our objects at
// once, since a start waits for them. Events wait for goLive.
func (s *service) run() {
	closed := s.bus.Done()
	for {
		s.mu.Lock()
		switch {
		case len(s.calls) > 0:
			m := s.calls[0]
			s.calls = s.calls[1:]
			s.mu.Unlock()
			s.answer(m)
		case s.tooMany && s.live:
			s.mu.Unlock()
			s.lose(errStuck)
			return
		case s.back && s.live:
			s.back = false
			s.mu.Unlock()
			s.endLoss()
		case len(s.events) > 0 && s.live:
			m := s.events[0]
			s.events = s.events[1:]
			s.event(m)
			gone := s.gone
			s.mu.Unlock()
			if gone {
				s.lose(errLost)
				return
			}
		default:
			s.mu.Unlock()
			select {
			case <-s.wake:
			case <-s.lossLasts():
				s.tellLost()
			case <-closed:
				s.lose(errBus) // or the service has ended
				return
			}
		}
	}
}

// lose ends a service whose bus, bluetoothd or adapter is gone, and begins to bring it
// back, unless it was stopped.
func (s *service) lose(why error) {
	s.mu.Lock()
	if s.ended {
		s.gone = true // nothing is left for a stop to do
		s.mu.Unlock()
		s.stopLoss()
		s.bus.Close()
		return
	}
	s.gone = true
	for _, d := range s.devices {
		s.disconnect(d, ble.ReasonLocalHost)
	}
	s.ended = true
	s.mu.Unlock()
	s.bus.Close()
	s.beginLoss(why)
	if why == errStuck {
		s.tellLost()
		s.stopLoss()
		return
	}
	s.log.Log(hal.LevelError, "the BLE service was lost; bluez tries to start it again", hal.Err(why))
	s.bringBack()
}

// event takes a signal or an access. mu is held, but not during calls of the handler.
func (s *service) event(m bluezbus.Message) {
	if m.Call {
		s.access(m)
		return
	}
	for _, iface := range []string{bluezbus.Adapter, bluezbus.GattManager, bluezbus.AdvManager} {
		if s.bus.Lost(m, s.adapter, iface) {
			s.gone = true
			return
		}
	}
	if path, props, ok := s.bus.Changed(m, bluezbus.Device); ok {
		s.changed(path, props)
		return
	}
	if path, props, ok := s.bus.Changed(m, bluezbus.Adapter); ok && path == s.adapter {
		if powered, told := props["Powered"].Value().(bool); told && !s.ended {
			s.power(powered)
		}
		return
	}
	if d := s.devices[m.Path]; d != nil && m.Sender == s.bus.Owner && m.Interface == bluezbus.Device && m.Member == "Disconnected" && len(m.Body) > 0 {
		name, _ := m.Body[0].(string)
		d.reason = reasons[name]
	}
	if len(m.Body) > 0 {
		path, _ := m.Body[0].(dbus.ObjectPath)
		if d := s.devices[path]; d != nil && s.bus.Lost(m, path, bluezbus.Device) {
			s.disconnect(d, ble.ReasonRemoteUser)
			delete(s.devices, path)
		}
	}
}

// power is called when somebody else has switched the adapter on or off. mu is held.
func (s *service) power(on bool) {
	was := !s.off
	s.off = !on
	switch {
	case !on:
		s.log.Log(hal.LevelWarn, "the adapter was switched off; nobody can connect until it is on again")
		s.beginLoss(errOff)
	case !was:
		s.advertiseAgain(0)
	}
}

// access takes a read or a write of a characteristic. mu is held, but not during
// calls of the handler.
func (s *service) access(m bluezbus.Message) {
	char := -1
	for i := range s.cfg.Characteristics {
		if m.Path == charPath(i) {
			char = i
		}
	}
	var value []byte
	var opts bluezbus.Props
	ok := len(m.Body) > 0
	if ok {
		opts, ok = m.Body[len(m.Body)-1].(bluezbus.Props)
	}
	if m.Member == "WriteValue" && ok {
		value, ok = m.Body[0].([]byte)
	}
	path := bluezbus.Get[dbus.ObjectPath](opts, "device")
	switch {
	case char < 0 || m.Sender != s.bus.Owner:
		s.unlocked(func() { s.bus.ReplyUnknown(m) })
		return
	case !ok || !s.ours(path):
		s.unlocked(func() { s.bus.ReplyError(m, errArgs, "the options name no device of the adapter") })
		return
	}
	d := s.device(path)
	if d.client == nil {
		s.connect(d)
	}
	if mtu := int(bluezbus.Get[uint16](opts, "mtu")); mtu >= 23 {
		mtu = min(mtu, ble.MaxValue+5)
		if c := d.client; c != nil && mtu != c.mtu {
			c.mtu = mtu
			s.call(func() { s.handler.MTU(c.conn, mtu) })
		}
	}
	c := d.client
	if c == nil || s.ended {
		s.unlocked(func() { s.refuse(m, ble.ATTUnlikely) })
		return
	}
	offset := int(bluezbus.Get[uint16](opts, "offset"))
	if m.Member == "ReadValue" {
		s.read(m, c, char, offset)
		return
	}
	code := ble.ATTSuccess
	switch {
	case offset > ble.MaxValue:
		code = ble.ATTInvalidOffset
	case offset+len(value) > ble.MaxValue:
		code = ble.ATTInvalidLength
	case bluezbus.Get[bool](opts, "prepare-authorize"):
		s.unlocked(func() { s.bus.Reply(m) }) // asks whether a prepared write may follow
		return
	case offset > 0:
		code = ble.ATTInvalidOffset // what is before it is missing
	case bluezbus.Get[string](opts, "type") == "command":
		code = ble.ATTRequestNotSupported
	case c.write != nil:
		s.unlocked(func() { s.bus.ReplyError(m, errBusy, "a write is being handled") })
		return
	}
	if code != ble.ATTSuccess {
		s.unlocked(func() { s.refuse(m, code) })
		return
	}
	c.write = &m
	s.call(func() { s.handler.Write(c.conn, char, value) })
}

func (s *service) read(m bluezbus.Message, c *client, char, offset int) {
	dst := make([]byte, ble.MaxValue)
	n, code := 0, ble.ATTUnlikely
	s.call(func() { n, code = s.handler.Read(c.conn, char, offset, dst) })
	s.unlocked(func() {
		if code == ble.ATTSuccess {
			s.bus.Reply(m, dst[:n])
		} else {
			s.refuse(m, code)
		}
	})
}

// unlocked calls fn without mu, which is held.
func (s *service) unlocked(fn func()) {
	s.mu.Unlock()
	defer s.mu.Lock()
	fn()
}

// Names of D-Bus errors.
const (
	errPrefix   = bluezbus.Name + ".Error."
	errArgs     = errPrefix + "InvalidArguments"
	errBusy     = errPrefix + "InProgress"
	errRejected = errPrefix + "Rejected"
	errOther    = "org.freedesktop.DBus.Error.Failed" // for bluetoothd: Unlikely Error
	errReadOnly = "org.freedesktop.DBus.Error.PropertyReadOnly"
)

// refuse answers an access with an error; bluetoothd cannot pass on every code.
func (s *service) refuse(m bluezbus.Message, code ble.ATTError) {
	name, text := errOther, code.String()
	switch {
	case code == ble.ATTReadNotPermitted || code == ble.ATTWriteNotPermitted:
		name = errPrefix + "NotPermitted"
	case code == ble.ATTRequestNotSupported:
		name = errPrefix + "NotSupported"
	case code == ble.ATTInvalidOffset:
		name = errPrefix + "InvalidOffset"
	case code == ble.ATTInvalidLength:
		name = errPrefix + "InvalidValueLength"
	case code >= 0x80 && code <= 0x9F: // the application's own
		name, text = errPrefix+"Failed", fmt.Sprintf("0x%02x", int(code))
	}
	s.bus.ReplyError(m, name, text)
}
