// SPDX-License-Identifier: Apache-2.0

package fakebluez

import (
	"context"
	"errors"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
)

// The two adapters of a connection stand for two machines. The agents of the
// peripheral's are those of its application's owner, all others the central's.

// agentsOf returns the agents of the central's machine, the default one first, and
// the peripheral's; one without an owner is none. mu is held.
func (l *link) agentsOf() (central []registration, peripheral registration) {
	owner := ""
	if len(l.at.apps) > 0 {
		owner = l.at.apps[0].owner
	}
	all := l.d.agents
	if l.d.agent != nil {
		all = append([]registration{*l.d.agent}, all...)
	}
	for _, a := range all {
		switch {
		case a.owner != owner:
			central = append(central, a)
		case peripheral.owner == "":
			peripheral = a
		}
	}
	return central, peripheral
}

// secured is an access by a client of bluetoothd's. When the device refuses it for
// want of encryption, bluetoothd pairs with the machine's default agent; without an
// agent the access does not end.
func (l *link) secured(access func() error) error {
	err := access()
	if err != attEncryption && err != attAuthentication {
		return err
	}
	l.d.mu.Lock()
	agents, _ := l.agentsOf()
	l.d.mu.Unlock()
	if len(agents) == 0 {
		<-l.gone
		return ErrGone
	}
	if l.authorize(agents[0], l.server.path) != nil || l.pair() != nil {
		return err
	}
	return access()
}

// authorize asks an agent.
func (l *link) authorize(agent registration, path dbus.ObjectPath) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := l.d.conn.Call(ctx, agent.owner, agent.path, bluezbus.Agent+".RequestAuthorization", path)
	return err
}

// pair pairs, if the peripheral's agent agrees.
func (l *link) pair() error {
	l.d.mu.Lock()
	_, agent := l.agentsOf()
	pairable := l.at.props["Pairable"].Value() == true
	l.d.mu.Unlock()
	if agent.owner == "" || !pairable {
		return errors.New("the device does not pair")
	}
	if err := l.authorize(agent, l.client.path); err != nil {
		return err
	}
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	l.paired = true
	for _, dev := range []*device{l.client, l.server} {
		l.d.setDevice(dev, "Paired", true)
	}
	return nil
}

// pairCall is Device1.Pair: its caller has agreed. mu is held, but not while the
// device is asked.
func (d *Daemon) pairCall(dev *device, m bluezbus.Message) {
	l := dev.link
	switch {
	case l == nil:
		d.fail(m, "Failed", "Not connected")
	case l.paired:
		d.fail(m, "AlreadyExists", "Already Exists")
	default:
		d.later(func(context.Context) {
			if err := l.pair(); err != nil {
				d.fail(m, "AuthenticationFailed", "Authentication Failed")
				return
			}
			d.conn.Reply(m)
		})
	}
}

// AskAgent calls the agent that was registered last.
func (d *Daemon) AskAgent(method string, args ...any) error {
	d.mu.Lock()
	var agent registration
	if n := len(d.agents); n > 0 {
		agent = d.agents[n-1]
	}
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := d.conn.Call(ctx, agent.owner, agent.path, bluezbus.Agent+"."+method, args...)
	return err
}

// Agents returns how many agents are registered, and who is the default one.
func (v View) Agents() (n int, def string) {
	if v.d.agent != nil {
		def = v.d.agent.owner
	}
	return len(v.d.agents), def
}
