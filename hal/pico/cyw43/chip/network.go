// SPDX-License-Identifier: Apache-2.0

package chip

import (
	"net/netip"
	"sync"
	"time"

	"github.com/soypat/cyw43439"
	"github.com/soypat/lneto/x/xnet"
	"github.com/wifiprov/wifiprov/hal"
)

// Bounds of a network stack.
const (
	tcpPorts = 4
	udpPorts = 4
	peers    = tcpPorts + udpPorts + 1
	mtu      = 1500
)

// Times of getting an address.
const (
	tryLease   = 3 * time.Second
	leaseTries = 3
	tryRouter  = 500 * time.Millisecond
	routerTry  = 4
)

// network is the IP stack of a link.
type network struct {
	dev *cyw43439.Device

	mu    sync.Mutex
	stack *xnet.StackAsync // nil: none
	moved bool             // a frame came since the last move
	frame [cyw43439.MaxFrameSize]byte
}

func (n *network) current() *xnet.StackAsync {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stack
}

// Stack returns the IP stack of the link; nil: there is none. It is another one after
// each join.
func (b *Board) Stack() *xnet.StackAsync { return b.net.current() }

// receive takes a frame from the chip.
func (n *network) receive(frame []byte) {
	n.mu.Lock()
	stack := n.stack
	n.moved = true
	n.mu.Unlock()
	if stack != nil {
		_ = stack.IngressEthernet(frame)
	}
}

// move sends a frame, if there is one, and reports whether it did or one came.
func (n *network) move() bool {
	n.mu.Lock()
	stack, moved := n.stack, n.moved
	n.moved = false
	n.mu.Unlock()
	if stack == nil {
		return false
	}
	size, err := stack.EgressEthernet(n.frame[:])
	if err != nil || size == 0 {
		return moved
	}
	return n.dev.SendEth(n.frame[:size]) == nil
}

// leave ends the stack.
func (n *network) leave() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stack = nil
}

// join gets an address. The stack of an earlier try goes on.
func (n *network) join(hostname string) (hal.IPConfig, error) {
	stack := n.current()
	if stack == nil {
		mac, err := n.dev.HardwareAddr6()
		if err != nil {
			return hal.IPConfig{}, err
		}
		stack = new(xnet.StackAsync)
		err = stack.Reset(xnet.StackConfig{
			HardwareAddress: mac, Hostname: hostname, RandSeed: time.Now().UnixNano(), MTU: mtu,
			MaxActiveTCPPorts: tcpPorts, MaxActiveUDPPorts: udpPorts, PassivePeers: peers,
		})
		if err != nil {
			return hal.IPConfig{}, err
		}
		n.mu.Lock()
		n.stack = stack
		n.mu.Unlock()
	}
	tries := stack.StackRetrying(backoff)
	lease, err := tries.DoDHCPv4([4]byte{}, tryLease, leaseTries)
	if err != nil {
		return hal.IPConfig{}, err
	}
	if err := stack.AssimilateDHCPResults(lease); err != nil {
		return hal.IPConfig{}, err
	}
	// Without the router's address there is no way beyond the network, but a link.
	if router, err := tries.DoResolveHardwareAddress6(lease.Router, tryRouter, routerTry); err == nil {
		stack.SetGatewayHardwareAddr(router)
	}
	cfg := hal.IPConfig{Address: lease.AssignedAddr4, Gateway: ipv4(lease.Router)}
	if bits := lease.Subnet.Bits(); bits > 0 && bits <= 32 {
		mask := ^uint32(0) << (32 - bits)
		cfg.Netmask = hal.IPv4{byte(mask >> 24), byte(mask >> 16), byte(mask >> 8), byte(mask)}
	}
	if len(lease.DNSServers) > 0 {
		cfg.DNS = ipv4(lease.DNSServers[0])
	}
	return cfg, nil
}

// backoff is how long the stack waits for its answers.
func backoff(uint) time.Duration { return pause }

func ipv4(a netip.Addr) hal.IPv4 {
	if !a.Is4() {
		return hal.IPv4{}
	}
	return a.As4()
}
