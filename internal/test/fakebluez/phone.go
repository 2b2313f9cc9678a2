// SPDX-License-Identifier: Apache-2.0

package fakebluez

import (
	"context"
	"errors"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// Phone is a central that a test drives. Its methods block until the device has
// answered. An error is a ble.ATTError, or ErrGone.
type Phone struct {
	d       *Daemon
	address string
	l       *link
}

// Connect connects a phone to the application of an adapter.
func (d *Daemon) Connect(adapter, address string) (*Phone, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.adapters {
		if a.Name == adapter && a.onAir() != nil && a.props["Powered"].Value() == true {
			return &Phone{d, address, d.connect(a, address, nil)}, nil
		}
	}
	return nil, errors.New("fakebluez: nobody advertises on " + adapter)
}

// ConnectOther connects something that has nothing to do with provisioning: a
// headset has a class, a mouse over LE has none, 0.
func (d *Daemon) ConnectOther(adapter, address string, class uint32) *Phone {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.adapters {
		if a.Name == adapter {
			dev := d.deviceAt(a, address, bluezbus.Props{})
			if class != 0 {
				d.setDevice(dev, "Class", class)
			}
			return &Phone{d, address, d.connect(a, address, nil)}
		}
	}
	return nil
}

// Connected reports whether the connection lives.
func (p *Phone) Connected() bool { return !p.l.over() }

// Gone is closed when the connection is over.
func (p *Phone) Gone() <-chan struct{} { return p.l.gone }

// HangUp ends the connection; reason is the last part of org.bluez.Reason.*.
func (p *Phone) HangUp(reason string) {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	p.d.drop(p.l, reason)
}

// Forget removes the phone's device object without more.
func (p *Phone) Forget() {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	p.d.removeDevice(p.l.client)
}

// attr returns a characteristic.
func (p *Phone) attr(char ble.UUID) (attr, error) {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	_, at, found := p.l.find(func(a attr) bool { return a.iface == bluezbus.GattChar && a.uuid == char.String() })
	if !found {
		return at, ble.ATTInvalidHandle
	}
	return at, nil
}

// Chars returns the UUIDs of all characteristics.
func (p *Phone) Chars() []string {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	var list []string
	for _, x := range p.l.at.apps {
		for _, a := range x.attrs {
			if a.iface == bluezbus.GattChar {
				list = append(list, a.uuid)
			}
		}
	}
	return list
}

// Flags returns a characteristic's flags.
func (p *Phone) Flags(char ble.UUID) []string {
	at, _ := p.attr(char)
	return at.flags
}

// Describe reads a characteristic's user description.
func (p *Phone) Describe(char ble.UUID) (string, error) {
	at, err := p.attr(char)
	if err != nil {
		return "", err
	}
	p.d.mu.Lock()
	_, desc, found := p.l.find(func(a attr) bool { return a.parent == at.path && a.uuid == bluezbus.UserDescription })
	p.d.mu.Unlock()
	if !found {
		return "", ble.ATTAttributeNotFound
	}
	name, err := p.l.readAll(desc)
	return string(name), err
}

// Read reads a whole value.
func (p *Phone) Read(char ble.UUID) ([]byte, error) {
	at, err := p.attr(char)
	if err != nil {
		return nil, err
	}
	return p.l.readAll(at)
}

// ReadAt is one Read Blob Request.
func (p *Phone) ReadAt(char ble.UUID, offset int) ([]byte, error) {
	at, err := p.attr(char)
	if err != nil {
		return nil, err
	}
	return p.l.read(at, offset)
}

// Write writes a value with response.
func (p *Phone) Write(char ble.UUID, value []byte) error {
	at, err := p.attr(char)
	if err != nil {
		return err
	}
	return p.l.writeAll(at, value)
}

// Prepare prepares writes of a characteristic and executes them.
func (p *Phone) Prepare(char ble.UUID, parts ...Fragment) error {
	at, err := p.attr(char)
	if err != nil {
		return err
	}
	for i := range parts {
		parts[i].at = at
		if parts[i].Char != (ble.UUID{}) {
			if parts[i].at, err = p.attr(parts[i].Char); err != nil {
				return err
			}
		}
	}
	return p.l.execute(parts)
}

// Raw makes bluetoothd's call with options beyond the usual ones.
func (p *Phone) Raw(char ble.UUID, method string, value []byte, options bluezbus.Props) error {
	at, err := p.attr(char)
	if err != nil {
		return err
	}
	_, err = p.l.ask(at, method, value, options)
	return err
}

// Pair pairs by Just Works, if an agent agrees.
func (p *Phone) Pair() error {
	p.d.mu.Lock()
	agent, pairable := p.d.agent, p.l.at.props["Pairable"].Value() == true
	p.d.mu.Unlock()
	if agent == nil || !pairable {
		return errors.New("fakebluez: nobody pairs")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := p.d.conn.Call(ctx, agent.owner, agent.path, bluezbus.Agent+".RequestAuthorization", p.l.client.path); err != nil {
		return err
	}
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	p.l.paired = true
	return nil
}
