// SPDX-License-Identifier: Apache-2.0

package cyw43_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/pico/cyw43"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/cyw43test"
)

// controller is a Bluetooth controller that says what it is told to.
type controller struct {
	send    func(packet []byte) error
	receive func(packet []byte)
}

func (c *controller) Send(p []byte) error           { return c.send(p) }
func (c *controller) SetReceiver(fn func(p []byte)) { c.receive = fn }

// Packets come whole and in order, whatever their length is, and a host is told of
// buffers that the driver can fill.
func TestHCI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent [][]byte
		c := &controller{send: func(p []byte) error {
			sent = append(sent, bytes.Clone(p))
			return nil
		}}
		vhci := tinygo.NewVHCI(cyw43.NewHCI(cyw43test.NewPackets(c)), nil)
		defer func() {
			vhci.Close()
			time.Sleep(time.Second)
		}()
		var got [][]byte
		vhci.SetReceiver(func(p []byte) { got = append(got, bytes.Clone(p)) })
		var want [][]byte
		for n := range 252 {
			p := append([]byte{2, 1, 0x20, byte(n), 0}, bytes.Repeat([]byte{byte(n)}, n)...)
			want = append(want, p, []byte{4, 0x0f, 4, 0, 1, 0, byte(n)})
		}
		for _, p := range want {
			c.receive(p)
		}
		size := func(low, high byte) []byte { return []byte{4, 0x0e, 7, 1, 0x02, 0x20, 0, low, high, 8} }
		c.receive(size(251, 0))
		c.receive(size(27, 0))
		c.receive([]byte{4, 0x0e, 7, 1, 0x05, 0x10, 0, 251, 0, 8}) // of another command
		want = append(want, size(247, 0), size(27, 0), []byte{4, 0x0e, 7, 1, 0x05, 0x10, 0, 251, 0, 8})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, want, got)

		require.NoError(t, vhci.Send(make([]byte, 252)))
		require.Error(t, vhci.Send(make([]byte, 253)))
		require.Len(t, sent, 1)
		c.send = func([]byte) error { return errors.New("full") }
		require.ErrorContains(t, vhci.Send([]byte{1}), "full")
	})
}
