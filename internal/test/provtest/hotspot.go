// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
)

// hotspot is the network of a SoftAP that comes and goes: who is connected loses
// the connection.
type hotspot struct {
	network simnet.Network

	mu    sync.Mutex
	open  bool
	conns []net.Conn
	gaps  int
}

func (h *hotspot) onAP(open bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = open
	if !open {
		h.gaps++
		for _, c := range h.conns {
			c.Close()
		}
		h.conns = nil
	}
}

func (h *hotspot) dial(ctx context.Context) (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open {
		return nil, context.DeadlineExceeded // not in its Wi-Fi
	}
	c, err := h.network.DialContext(ctx)
	if err == nil {
		h.conns = append(h.conns, c)
	}
	return c, err
}

// transport returns what dials a client of the hotspot.
func (h *hotspot) transport(t *testing.T) func() client.Transport {
	return func() client.Transport {
		transport, err := client.NewHTTP(client.HTTPConfig{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return h.dial(ctx) }})
		if err != nil {
			t.Fatal(err)
		}
		return transport
	}
}
