// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"fmt"
	"net"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/simapi"
)

// keptExchanges is how many requests and answers each device remembers for the control
// interface.
const keptExchanges = 64

// control is the control interface of --control, and its page.
type control struct {
	listener net.Listener // nil: there is none
	secrets  bool
	api      *simapi.API
	done     chan struct{}
}

// control opens the port of the control interface, and lets the devices remember what it
// shows.
func (c *Command) control(devices []simdevice.Config, out *output) (*control, error) {
	if c.Control == "" {
		return &control{}, nil
	}
	host, _, err := net.SplitHostPort(c.Control)
	if err != nil {
		return nil, fmt.Errorf("--control %s: give host and port, such as 127.0.0.1:8081", c.Control)
	}
	l, err := net.Listen("tcp", c.Control)
	if err != nil {
		return nil, fmt.Errorf("--control %s: nothing can listen there: %w; give another port", c.Control, err)
	}
	if !isLoopback(host) {
		out.warn("--control " + c.Control + " lets everybody on the network control these devices, and read their secrets")
	}
	for i := range devices {
		devices[i].KeepExchanges = keptExchanges
	}
	return &control{listener: l, secrets: c.Secrets}, nil
}

// serve begins to serve.
func (c *control) serve(f *fleet.Fleet, r *reach) {
	if c.listener == nil {
		return
	}
	c.api = simapi.New(f, simapi.Config{ShowSecrets: c.secrets, Address: func(name string) string {
		if d := f.Device(name); d != nil {
			return r.address(d)
		}
		return ""
	}})
	c.done = make(chan struct{})
	go func() {
		defer close(c.done)
		_ = c.api.Serve(c.listener)
	}()
}

// close ends the control interface.
func (c *control) close() {
	switch {
	case c.api != nil:
		c.api.Close()
		<-c.done
	case c.listener != nil:
		_ = c.listener.Close()
	}
}

// url is where the page of the devices is; "": there is none.
func (c *control) url() string {
	if c.listener == nil {
		return ""
	}
	return "http://" + c.listener.Addr().String() + "/"
}
