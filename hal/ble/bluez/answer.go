// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// answer answers bluetoothd's calls of our objects, except accesses to
// characteristics. Other callers are refused.
func (s *service) answer(m bluezbus.Message) {
	switch {
	case m.Sender != s.bus.Owner:
		s.bus.ReplyUnknown(m)
	case m.Interface == bluezbus.ObjectManager && m.Member == "GetManagedObjects" && m.Path == appPath:
		s.bus.ReplyAs(m, objectsSignature, s.objects[:len(s.objects)-1])
	case m.Interface == bluezbus.Properties:
		s.property(m)
	case m.Interface == bluezbus.GattDesc && m.Member == "ReadValue":
		s.describe(m)
	case m.Interface == bluezbus.GattChar && (m.Member == "StartNotify" || m.Member == "StopNotify"):
		s.bus.Reply(m) // nothing ever notifies (Q-T35)
	case m.Interface == bluezbus.Advertisement && m.Member == "Release":
		s.log.Log(hal.LevelWarn, "bluetoothd ended the advertisement")
		s.bus.Reply(m)
		s.released()
	case m.Interface == bluezbus.Agent && m.Path == agentPath && s.cfg.Encrypt:
		s.pair(m)
	default:
		s.bus.ReplyUnknown(m)
	}
}

// props returns the properties of an object's interface; nil: there is none.
func (s *service) props(path dbus.ObjectPath, iface any) bluezbus.Props {
	name, _ := iface.(string)
	for _, o := range s.objects {
		if o.Path == path {
			return o.Interfaces[name]
		}
	}
	return nil
}

func (s *service) property(m bluezbus.Message) {
	if len(m.Body) == 0 {
		s.bus.ReplyUnknown(m)
		return
	}
	props := s.props(m.Path, m.Body[0])
	switch {
	case props == nil:
		s.bus.ReplyUnknown(m)
	case m.Member == "GetAll":
		s.bus.Reply(m, props)
	case m.Member == "Get" && len(m.Body) == 2:
		name, _ := m.Body[1].(string)
		if v, found := props[name]; found {
			s.bus.Reply(m, v)
			return
		}
		s.bus.ReplyUnknown(m)
	default:
		s.bus.ReplyError(m, errReadOnly, "properties are read-only")
	}
}

// describe returns a user description.
func (s *service) describe(m bluezbus.Message) {
	for i, c := range s.cfg.Characteristics {
		if m.Path != charPath(i)+"/desc0" {
			continue
		}
		var opts bluezbus.Props
		if len(m.Body) > 0 {
			opts, _ = m.Body[0].(bluezbus.Props)
		}
		offset := int(bluezbus.Get[uint16](opts, "offset"))
		if offset > len(c.Name) {
			s.refuse(m, ble.ATTInvalidOffset)
			return
		}
		s.bus.Reply(m, []byte(c.Name[offset:]))
		return
	}
	s.bus.ReplyUnknown(m)
}

// pair answers for an agent without input and output: clients can pair by Just Works
// only.
func (s *service) pair(m bluezbus.Message) {
	switch m.Member {
	case "RequestAuthorization", "RequestConfirmation", "Cancel", "Release":
		s.bus.Reply(m)
	default:
		s.bus.ReplyError(m, errRejected, "this device has no input and no output")
	}
}
