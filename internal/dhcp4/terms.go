// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/wifiprov/wifiprov/hal"
)

const (
	// shortest is the shortest lease that is believed, so that a server cannot
	// keep the client busy.
	shortest = 30 * time.Second
	forever  = 0xffffffff * time.Second // as DHCP says it
	maxDNS   = 3                        // resolv.conf takes no more
)

// terms are what a server offers or grants. They are valid: what a client cannot use,
// parseTerms refuses or leaves out.
type terms struct {
	address       netip.Prefix
	gateway       netip.Addr // zero: none
	dns           []netip.Addr
	server        netip.Addr
	renew, rebind time.Duration // renew < rebind < lease
	lease         time.Duration
}

// parseTerms reads an offer or an acknowledgement. Leases shorter than least are taken
// for least.
func parseTerms(m *dhcpv4.DHCPv4, least time.Duration) (terms, bool) {
	addr, ok := netip.AddrFromSlice(m.YourIPAddr)
	server, named := netip.AddrFromSlice(m.ServerIdentifier())
	if !ok || !named || !host(addr) {
		return terms{}, false
	}
	mask := m.SubnetMask()
	if mask == nil {
		mask = net.IP(addr.AsSlice()).DefaultMask()
	}
	ones, bits := mask.Size()
	t := terms{address: netip.PrefixFrom(addr, ones), server: server}
	if bits != 32 || ones < 8 || ones < 31 && (addr == t.address.Masked().Addr() || addr == broadcast(t.address)) {
		return terms{}, false
	}
	for _, ip := range m.Router() {
		if gw, ok := netip.AddrFromSlice(ip); ok && host(gw) && gw != addr {
			t.gateway = gw
			break
		}
	}
	for _, ip := range m.DNS() {
		if dns, ok := netip.AddrFromSlice(ip); ok && host(dns) && len(t.dns) < maxDNS {
			t.dns = append(t.dns, dns)
		}
	}
	t.lease = max(m.IPAddressLeaseTime(0), least)
	t.renew, t.rebind = m.IPAddressRenewalTime(0), m.IPAddressRebindingTime(0)
	if t.renew <= 0 || t.renew >= t.rebind || t.rebind >= t.lease {
		t.renew, t.rebind = t.lease/2, t.lease/8*7
	}
	return t, true
}

// host tells whether an address can be that of a host on a network.
func host(a netip.Addr) bool {
	return a.Is4() && a.As4()[0] != 0 && a.As4()[0] < 240 && !a.IsLoopback() && !a.IsMulticast()
}

// broadcast returns the last address of a network.
func broadcast(p netip.Prefix) netip.Addr {
	a := p.Addr().As4()
	for i, m := range net.CIDRMask(p.Bits(), 32) {
		a[i] |= ^m
	}
	return netip.AddrFrom4(a)
}

func (t terms) config() hal.IPConfig {
	c := ipConfig(t.address)
	if t.gateway.IsValid() {
		c.Gateway = t.gateway.As4()
	}
	if len(t.dns) > 0 {
		c.DNS = t.dns[0].As4()
	}
	return c
}

func ipConfig(p netip.Prefix) hal.IPConfig {
	return hal.IPConfig{Address: p.Addr().As4(), Netmask: hal.IPv4(net.CIDRMask(p.Bits(), 32))}
}
