// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"errors"
	"io"
	"net"
	"sync"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// Client returns a client of the device, which knows its secrets unless cfg names a
// security or a secret. It sends nothing yet. Close it before the device.
func (d *Device) Client(cfg client.Config) (*client.Client, error) {
	transport, err := d.Dial()
	if err != nil {
		return nil, err
	}
	d.cfg.Security.fill(&cfg)
	c, err := client.New(transport, cfg)
	if err != nil {
		return nil, errors.Join(err, transport.Close())
	}
	return c, nil
}

// Dial returns the transport of one more client: HTTP in memory or to the address
// on which the device listens, a Bluetooth central with a simulated controller of
// its own, or the far end of the console in memory, which clients share one after
// the other. It fails with ErrOff without power if it needs an address, and for
// devices with a Link or Open of the configuration.
func (d *Device) Dial() (client.Transport, error) {
	switch d.cfg.Transport {
	case BLE:
		return d.DialBLE(blecentral.Config{}, client.BLEConfig{})
	case Console:
		if d.cfg.Open != nil {
			return nil, errors.New("simdevice: the console of this device is not in memory; open its other end")
		}
		return d.line.dial()
	}
	if d.cfg.Listen == nil {
		return client.NewHTTP(client.HTTPConfig{Dial: d.network.Dial})
	}
	addr := d.Addr()
	if addr == nil {
		return nil, ErrOff
	}
	return client.NewHTTP(client.HTTPConfig{Address: addr.String()})
}

// DialBLE is Dial for BLE with settings of the central and of the transport, except
// for what a device has to say.
func (d *Device) DialBLE(central blecentral.Config, cfg client.BLEConfig) (client.Transport, error) {
	if d.cfg.Link != nil {
		return nil, errors.New("simdevice: the Bluetooth controller of this device is not on the air; use a central that meets it")
	}
	controller, err := d.air.NewController(sim.ControllerConfig{})
	if err != nil {
		return nil, err
	}
	if central.Pairing == nil && d.cfg.BLE.Encrypt {
		central.Pairing = &blecentral.Pairing{}
	}
	if cfg.Central, err = blecentral.New(controller, central); err != nil {
		controller.Close()
		return nil, err
	}
	if cfg.Name == "" {
		cfg.Name = d.Name()
	}
	transport, err := client.NewBLE(cfg)
	if err != nil {
		controller.Close()
		return nil, err
	}
	return &phone{transport, controller}, nil
}

// phone is a transport with the controller that belongs to it.
type phone struct {
	*client.BLE // with what it can do beside: a scan's pages are short
	controller  *sim.Controller
}

// Close implements client.Transport.
func (p *phone) Close() error {
	err := p.BLE.Close()
	p.controller.Close()
	return err
}

// line is a serial line in memory.
type line struct {
	mu   sync.Mutex
	far  net.Conn        // the client's end since the device opened its own
	host *client.Console // on it; nil: not yet
}

// open is the device opening its end.
func (l *line) open() (io.ReadWriteCloser, error) {
	near, far := net.Pipe()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.far, l.host = far, nil // whoever has the former end reads its end
	return near, nil
}

func (l *line) dial() (client.Transport, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.far == nil {
		return nil, ErrOff
	}
	if l.host == nil {
		var err error
		if l.host, err = client.NewConsole(l.far, client.ConsoleConfig{}); err != nil {
			return nil, err
		}
	}
	return turn{l.host}, nil
}

// turn is a client's turn on the line, which stays open when it is over.
type turn struct{ *client.Console }

// Close implements client.Transport.
func (turn) Close() error { return nil }
