// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/client"
)

// job is one device to provision.
type job struct {
	name string
	dial func() (*client.Client, error)
}

// outcome is what came of a job.
type outcome struct {
	name  string
	tries int
	err   error // of the last try; nil: the device has joined the network
}

// provisioner provisions many devices.
type provisioner struct {
	credentials client.Credentials
	atOnce      int           // clients at a time
	tries       int           // for each device
	pause       time.Duration // before the second try; it doubles with each further one
}

// all provisions the devices, and hands each outcome to report, one at a time. When ctx
// ends it returns soon, and the devices that are left have no outcome.
func (p *provisioner) all(ctx context.Context, jobs []job, report func(outcome)) {
	queue := make(chan job)
	outcomes := make(chan outcome)
	var workers sync.WaitGroup
	for range p.atOnce {
		workers.Go(func() {
			for j := range queue {
				outcomes <- p.one(ctx, j)
			}
		})
	}
	go func() {
		for _, j := range jobs {
			if ctx.Err() != nil {
				break
			}
			queue <- j
		}
		close(queue)
		workers.Wait()
		close(outcomes)
	}()
	for o := range outcomes {
		report(o)
	}
}

// one provisions a device, with a new client at each try.
func (p *provisioner) one(ctx context.Context, j job) outcome {
	o := outcome{name: j.name}
	pause := p.pause
	for {
		o.tries++
		o.err = p.try(ctx, j, o.tries > 1)
		if _, again := class(o.err); !again || o.tries == p.tries {
			return o
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return o
		}
	}
}

// try is one try. Before another one the device is asked how far the last one went.
func (p *provisioner) try(ctx context.Context, j job, another bool) error {
	c, err := j.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	if another {
		if err := c.Connect(ctx); err != nil {
			return err
		}
		s, err := c.Status(ctx)
		switch {
		case err != nil:
			return err
		case s.State == client.StateConnected:
			return nil
		case s.State == client.StateFailed:
			if err := c.Reset(ctx); err != nil {
				return err
			}
		}
	}
	_, err = c.Provision(ctx, p.credentials)
	return err
}

// class says in a few words what an error means for many devices, and whether another
// try may succeed.
func class(err error) (words string, again bool) {
	switch {
	case err == nil:
		return "provisioned", false
	case errors.Is(err, context.Canceled):
		return "interrupted", false
	case errors.Is(err, client.ErrPoP), errors.Is(err, client.ErrSecurity), errors.Is(err, client.ErrUsername):
		return "other secrets than in the list", false
	case errors.Is(err, client.ErrCredentials), errors.Is(err, client.ErrAuth):
		return "wrong passphrase of the network", false
	case errors.Is(err, client.ErrConnectionFailed):
		return "network not joined", true
	case errors.Is(err, client.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return "too late: out of range, or too many at a time", true
	}
	return "link lost", true
}
