// SPDX-License-Identifier: Apache-2.0

package batchcmd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/batch"
)

// targets opens the devices of a batch.
type targets struct {
	s         cli.Streams
	bluetooth string
	timeout   time.Duration // of a request

	adapter      chan struct{}  // full while a device uses this machine's Bluetooth
	central      client.Central // opened for the first device that needs it
	closeCentral func()
}

func newTargets(c *Command, s cli.Streams) *targets {
	return &targets{s: s, bluetooth: c.Bluetooth, timeout: c.RequestTimeout, adapter: make(chan struct{}, 1)}
}

func (t *targets) close() {
	if t.closeCentral != nil {
		t.closeCentral()
	}
}

// open returns the client of a device. It is a batch.Opener.
func (t *targets) open(ctx context.Context, d *batch.Device, cfg client.Config) (*client.Client, error) {
	to := target.Device{Name: d.Address, Timeout: t.timeout, Client: cfg}
	if err := to.Transport.UnmarshalText([]byte(d.Transport)); err != nil {
		return nil, err
	}
	if d.Transport == batch.BLE {
		central, err := t.take(ctx)
		if err != nil {
			return nil, err
		}
		giveBack := sync.OnceFunc(func() { <-t.adapter })
		to.Name, to.Central = d.Name, central
		to.Wrap = func(inner client.Transport) client.Transport { return &lent{inner, giveBack} }
	}
	c, err := to.Open(t.s)
	var f *cli.Failure
	if errors.As(err, &f) && f.Status == cli.TryAgain {
		err = fmt.Errorf("%w (%w)", err, client.ErrUnreachable) // a serial line that is not there
	}
	return c, err
}

// take waits until no other device uses this machine's Bluetooth, and returns it. Adapters
// differ in how many links they have; all have one.
func (t *targets) take(ctx context.Context) (client.Central, error) {
	select {
	case t.adapter <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if t.central == nil {
		// The adapter outlives the device that opens it.
		central, closeCentral, err := target.OpenCentral(context.WithoutCancel(ctx), t.bluetooth)
		if err != nil {
			<-t.adapter
			return nil, fmt.Errorf("--bluetooth: %w: %w", batch.ErrEnvironment, err)
		}
		t.central, t.closeCentral = central, closeCentral
	}
	return t.central, nil
}

// lent is a transport that gives the adapter back when it is closed.
type lent struct {
	client.Transport
	giveBack func()
}

func (l *lent) Close() error {
	defer l.giveBack()
	return l.Transport.Close()
}
