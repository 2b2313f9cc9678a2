// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package chip

import (
	"net/netip"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"tinygo.org/x/espradio"
)

// Bounds of a network stack, and how often a silent one looks for frames.
const (
	tcpPorts  = 4
	udpPorts  = 4
	peers     = 16 // of an access point, whose addresses it remembers
	pollStack = 5 * time.Millisecond
)

// network is the IP stack on the station's or the access point's interface, with
// the goroutine that moves its frames.
type network struct {
	mu    sync.Mutex
	stack *espradio.Stack // nil: none
	dev   *espradio.NetDev
	onAP  bool          // dev is the access point's interface, otherwise the station's
	quit  chan struct{} // closed: the goroutine is to end
	done  chan struct{} // closed: it has
}

func (n *network) current() *espradio.Stack {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stack
}

// run makes a stack and moves its frames.
func (n *network) run(dev *espradio.NetDev, cfg espradio.StackConfig) (*espradio.Stack, error) {
	cfg.MaxTCPPorts, cfg.MaxUDPPorts = tcpPorts, udpPorts
	stack, err := espradio.NewStack(dev, cfg)
	if err != nil {
		return nil, err
	}
	n.stop()
	n.mu.Lock()
	defer n.mu.Unlock()
	quit, done := make(chan struct{}), make(chan struct{})
	n.stack, n.quit, n.done = stack, quit, done
	go pump(stack, quit, done)
	return stack, nil
}

func pump(stack *espradio.Stack, quit, done chan struct{}) {
	defer close(done)
	for {
		select {
		case <-quit:
			return
		default:
		}
		if sent, received, err := stack.RecvAndSend(); err != nil || sent == 0 && received == 0 {
			time.Sleep(pollStack)
		}
	}
}

// stop ends the stack and waits until nothing touches the interface any more.
func (n *network) stop() {
	n.mu.Lock()
	quit, done := n.quit, n.done
	n.stack, n.quit, n.done = nil, nil, nil
	n.mu.Unlock()
	if quit != nil {
		close(quit)
		<-done
	}
}

// device returns the network interface of the station or the access point. There
// is one, which outlives Stop and is started anew only to become the other's. Its
// former stack must have been stopped.
func (n *network) device(ap bool) (dev *espradio.NetDev, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dev != nil && n.onAP == ap {
		return n.dev, nil
	}
	n.dev = nil
	if ap {
		dev, err = espradio.StartNetDevAP()
	} else {
		dev, err = espradio.StartNetDev()
	}
	if err == nil {
		n.dev, n.onAP = dev, ap
	}
	return dev, err
}

// join gets an address for the station. The stack of an earlier try goes on.
func (n *network) join(hostname string) (hal.IPConfig, error) {
	stack := n.current()
	if stack == nil {
		dev, err := n.device(false)
		if err != nil {
			return hal.IPConfig{}, err
		}
		if stack, err = n.run(dev, espradio.StackConfig{Hostname: hostname}); err != nil {
			return hal.IPConfig{}, err
		}
	}
	lease, err := stack.SetupWithDHCP(espradio.DHCPConfig{})
	if err != nil {
		return hal.IPConfig{}, err
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

// serve gives the access point its address, and its clients theirs.
func (n *network) serve() error {
	dev, err := n.device(true)
	if err != nil {
		return err
	}
	device := netip.AddrFrom4([4]byte{192, 168, 4, 1})
	stack, err := n.run(dev, espradio.StackConfig{
		Hostname: "esp32", StaticAddress: device, PassivePeers: peers, AcceptBroadcast4: true,
	})
	if err != nil {
		return err
	}
	// There is no gateway. Any address that is not that of everybody makes the
	// stack look for clients among its peers.
	stack.LnetoStack().SetGatewayHardwareAddr([6]byte{5: 1})
	return stack.SetupWithDHCPServer(netip.PrefixFrom(device, 24).Masked())
}

func ipv4(a netip.Addr) hal.IPv4 {
	if !a.Is4() {
		return hal.IPv4{}
	}
	return a.As4()
}
