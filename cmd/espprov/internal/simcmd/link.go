// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/hci"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// linkTime is how long a device waits for its Bluetooth controller when it boots.
const linkTime = 10 * time.Second

// links are the Bluetooth controllers outside of this process on which devices are.
type links struct {
	address string
	out     *output
	watched sync.WaitGroup
}

// links gives the Bluetooth devices their controllers.
func (c *Command) links(devices []simdevice.Config, out *output) (*links, error) {
	l := &links{address: c.Link, out: out}
	if c.Link == "" {
		return l, nil
	}
	n := 0
	for i := range devices {
		if d := &devices[i]; d.Transport == simdevice.BLE {
			n++
			d.Link = func() (att.Transport, error) { return l.open(d.Name) }
		}
	}
	switch {
	case n == 0:
		return nil, fmt.Errorf("--link %s: no device has Bluetooth; add transport: ble, or leave --link out", c.Link)
	case n > 1 && !strings.HasPrefix(c.Link, "netsim:"):
		return nil, fmt.Errorf("--link %s: that is one controller, for one device, and %d have Bluetooth; take netsim:, or fewer devices", c.Link, n)
	}
	return l, nil
}

// open opens the controller of a device that boots. Its loss becomes an event.
func (l *links) open(device string) (att.Transport, error) {
	ctx, cancel := context.WithTimeout(context.Background(), linkTime)
	defer cancel()
	t, err := hci.Open(ctx, l.address, hci.Config{Name: device})
	if err != nil {
		return nil, err
	}
	l.watched.Go(func() {
		<-t.Done()
		if err := t.Err(); err != nil {
			l.out.print(line{time.Now(), device, "ERROR", err.Error() + "; a reboot of the device opens it again"})
		}
	})
	return t, nil
}
