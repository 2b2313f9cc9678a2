// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/wifiprov/wifiprov/client"
)

// Phase is a part of a try.
type Phase int

// Phases, in their order.
const (
	Connecting  Phase = iota // to the device, until it has told its security
	Handshake                // opening a session
	Configuring              // sending the credentials
	Joining                  // until the device has an address in its network
	Phases                   // their number
)

// String returns a short word.
func (p Phase) String() string { return [...]string{"connect", "handshake", "configure", "join"}[p] }

// Try is one try to provision a device.
type Try struct {
	Device *Device
	// AskFirst: an earlier try may have given the device its credentials.
	AskFirst bool
	// Reached says that a phase begins. Call it from the goroutine of the try. A try begins
	// with Connecting; to call it then says that the device waited until now for something
	// that devices share, which does not count.
	Reached func(Phase)
}

// Opener opens the client of a device. It may wait until something that devices share is
// free, and returns when ctx ends. Calls overlap.
type Opener func(ctx context.Context, d *Device, cfg client.Config) (*client.Client, error)

// Provisioner is what a batch does with each device: it gives the device its credentials,
// and waits until the device has joined its network, which it asks for every interval.
// timeout bounds that, counted from when the device is open; 0: none.
func Provisioner(open Opener, interval, timeout time.Duration) func(context.Context, *Try) (netip.Addr, error) {
	return func(ctx context.Context, t *Try) (netip.Addr, error) {
		cfg := t.Device.Config()
		cfg.PollInterval = interval
		cfg.Progress = func(p client.Progress) {
			if p.Step == client.StepHandshake {
				t.Reached(Handshake)
			}
		}
		c, err := open(ctx, t.Device, cfg)
		if err != nil {
			return netip.Addr{}, err
		}
		defer c.Close()
		t.Reached(Connecting)
		if timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		if err := c.Connect(ctx); err != nil {
			return netip.Addr{}, err
		}
		t.Reached(Configuring)
		conn, err := provision(ctx, c, t)
		if err == nil && !t.isRight(conn) {
			err = errOtherNetwork
		}
		return conn.IP, err
	}
}

// isRight reports whether a connection is to the network of the row. Some devices do not
// tell.
func (t *Try) isRight(c client.Connection) bool {
	return c.SSID == "" || c.SSID == t.Device.Credentials().SSID
}

// provision goes on behind the handshake.
func provision(ctx context.Context, c *client.Client, t *Try) (client.Connection, error) {
	if t.AskFirst {
		s, err := c.Status(ctx)
		switch {
		case err != nil:
			return client.Connection{}, err
		case s.State == client.StateConnected && t.isRight(s.Connection):
			return s.Connection, nil
		case s.State == client.StateConnected:
			err = c.Reprovision(ctx)
		case s.State == client.StateFailed:
			err = c.Reset(ctx)
		}
		if err != nil {
			return client.Connection{}, err
		}
	}
	err := c.Configure(ctx, t.Device.Credentials())
	if err == nil {
		err = c.Apply(ctx)
	}
	var status *client.StatusError
	if t.AskFirst && errors.As(err, &status) && status.Code == client.StatusInternalError {
		err = nil // the device is at work on the credentials of the earlier try
	}
	if err != nil {
		return client.Connection{}, err
	}
	t.Reached(Joining)
	return c.WaitConnected(ctx)
}
