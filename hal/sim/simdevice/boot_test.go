// SPDX-License-Identifier: Apache-2.0

package simdevice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// closer is a link that counts how often it is closed.
type closer struct{ closed int }

func (*closer) Send([]byte) error        { return nil }
func (*closer) SetReceiver(func([]byte)) {}
func (c *closer) Close() error           { c.closed++; return nil }

// A device that cannot boot leaves its link to the controller to others.
func TestFailedBootClosesTheLink(t *testing.T) {
	link := &closer{}
	device, err := simdevice.New(simdevice.Config{
		Transport: simdevice.BLE, ATT: att.Config{MTU: 1}, Link: func() (att.Transport, error) { return link, nil },
	})
	require.NoError(t, err)
	defer device.Close()
	require.Error(t, device.PowerOn())
	require.Equal(t, 1, link.closed)
}
