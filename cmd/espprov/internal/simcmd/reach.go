// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
)

// maxPort is the last port there is.
const maxPort = 1<<16 - 1

// reach is how clients outside of this process reach the devices.
type reach struct {
	ports     map[string]*port     // softap devices with a port of their own, by name
	terminals map[string]*terminal // console devices
	front     *front               // of softap devices on one port; or nil
	links     *links               // of Bluetooth devices
}

// reach prepares the devices for clients, except for what serve does.
func (c *Command) reach(devices []simdevice.Config, out *output) (*reach, error) {
	if _, _, err := net.SplitHostPort(c.Listen); err == nil {
		return nil, fmt.Errorf("--listen %s: give the host alone, and the port with --port", c.Listen)
	}
	softap := 0
	for _, d := range devices {
		if d.Transport == simdevice.HTTP {
			softap++
		}
	}
	last := c.Port + softap - 1
	switch {
	case c.Port < 0 || c.Port > maxPort:
		return nil, fmt.Errorf("--port %d: a port is a number from 0 to %d", c.Port, maxPort)
	case c.Port > 0 && last > maxPort && !c.OnePort:
		return nil, fmt.Errorf("--port %d: %d devices need the ports up to %d, and the last one is %d; take --one-port, or parts with --shard", c.Port, softap, last, maxPort)
	}
	links, err := c.links(devices, out)
	if err != nil {
		return nil, err
	}
	r := &reach{ports: map[string]*port{}, terminals: map[string]*terminal{}, links: links}
	if softap > 0 && !isLoopback(c.Listen) {
		out.warn("--listen " + c.Listen + " lets everybody on the network reach these devices, and give them credentials; they are for tests only")
	}
	if softap > 0 && c.OnePort {
		if r.front, err = listen(net.JoinHostPort(c.Listen, strconv.Itoa(c.Port))); err != nil {
			return nil, err
		}
	}
	number := c.Port
	for i := range devices {
		d := &devices[i]
		switch {
		case d.Transport == simdevice.HTTP && !c.OnePort:
			p := &port{host: c.Listen, number: number}
			if number > 0 {
				number++
			}
			d.Listen, r.ports[d.Name] = p.listen, p
		case d.Transport == simdevice.Console:
			t, err := openTerminal()
			if err != nil {
				r.close()
				return nil, fmt.Errorf("%s: there is no pseudo-terminal for its console: %w", d.Name, err)
			}
			d.Open, r.terminals[d.Name] = t.open, t
		}
	}
	return r, nil
}

// serve begins to serve the common port.
func (r *reach) serve(f *fleet.Fleet) {
	if r.front != nil {
		r.front.serve(f.Devices())
	}
}

// close ends everything that reach has opened.
func (r *reach) close() {
	if r.front != nil {
		r.front.close()
	}
	for _, t := range r.terminals {
		t.close()
	}
	r.links.watched.Wait()
}

// address says where a device is.
func (r *reach) address(d *simdevice.Device) string {
	switch d.Transport() {
	case simdevice.BLE:
		if r.links.address == "" {
			return "Bluetooth, for nobody outside of this program; --link names a controller"
		}
		return "Bluetooth on " + r.links.address
	case simdevice.Console:
		return r.terminals[d.Name()].path
	}
	if r.front != nil {
		return r.front.url(d.Name())
	}
	if p := r.ports[d.Name()]; p.isKnown() {
		return "http://" + p.address()
	}
	return "a port to come, because it does not listen yet"
}

// port is the port of one device, which listens there from boot to boot. A free port
// that the system chose stays the same.
type port struct {
	host string

	mu     sync.Mutex
	number int
}

func (p *port) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", p.address())
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.number = l.Addr().(*net.TCPAddr).Port
	}
	return l, err
}

// isKnown reports whether the port has a number: a free one is chosen when the device
// first listens.
func (p *port) isKnown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.number > 0
}

func (p *port) address() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return net.JoinHostPort(p.host, strconv.Itoa(p.number))
}

// isLoopback reports whether only this machine can reach a host.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
