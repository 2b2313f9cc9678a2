// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"context"

	"github.com/wifiprov/wifiprov/client"
)

// TB is what Test needs of a *testing.T, *testing.B or *testing.F.
type TB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
	Context() context.Context
}

// Tested is a device of a test. Its methods end the test when they fail.
type Tested struct {
	*Device
	tb TB
}

// Test returns a device that has booted and is closed at the end of the test. In a
// testing/synctest bubble call it inside of the bubble.
func Test(tb TB, cfg Config) *Tested {
	tb.Helper()
	d, err := Start(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(d.Close)
	return &Tested{d, tb}
}

// Phone returns a client of the device, see Device.Client. It is closed at the end of
// the test.
func (t *Tested) Phone(cfg client.Config) *client.Client {
	t.tb.Helper()
	c, err := t.Client(cfg)
	if err != nil {
		t.tb.Fatal(err)
	}
	t.tb.Cleanup(func() { _ = c.Close() })
	return c
}

// Until waits for an event for which want is true, see Device.Await.
func (t *Tested) Until(want func(Event) bool) Event {
	t.tb.Helper()
	e, err := t.Await(t.tb.Context(), want)
	if err != nil {
		t.tb.Fatal(err)
	}
	return e
}
