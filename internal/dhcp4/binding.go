// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// binding is what a Lease has set on its interface.
type binding struct {
	link   netlink.Link
	metric int
	terms  terms // zero: nothing is set
}

// set sets address and routes, or extends their time, and removes those of the terms
// before. When the lease ends the kernel removes the address, and with it the routes,
// also if this process has died.
func (b *binding) set(t terms) error {
	// First, since the kernel drops newer addresses of a network with an older one.
	b.sweep(t.address.Addr().AsSlice())
	address := addressOf(t.address)
	// The kernel's own route to the network would come before that of a cable to
	// the same network.
	address.Flags = unix.IFA_F_NOPREFIXROUTE
	if t.lease < forever {
		seconds := int(min(t.lease.Seconds(), 1<<31-1))
		address.ValidLft, address.PreferedLft = seconds, seconds
	}
	if err := netlink.AddrReplace(b.link, address); err != nil {
		return fmt.Errorf("dhcp4: setting address %s: %w%s", t.address, err, hint(err))
	}
	old := b.terms
	b.terms = t
	routes := b.routes(t)
	for _, r := range routes {
		// Appended, since replacing takes the route of another interface with
		// the same metric.
		if err := netlink.RouteAppend(&r); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("dhcp4: setting route %s: %w%s", r, err, hint(err))
		}
	}
	for _, r := range b.routes(old) {
		if !slices.ContainsFunc(routes, r.Equal) {
			_ = netlink.RouteDel(&r)
		}
	}
	if old.address.IsValid() && old.address != t.address {
		_ = netlink.AddrDel(b.link, addressOf(old.address))
	}
	return nil
}

// sweep removes other addresses of ours with their routes, also those that a process before
// this one kept: their default route would come first. own is the address to keep.
func (b *binding) sweep(own net.IP) {
	routes, _ := netlink.RouteList(b.link, netlink.FAMILY_V4)
	var stale []net.IP
	for _, r := range routes {
		if r.Protocol == unix.RTPROT_DHCP && r.Priority == b.metric && r.Src != nil && !r.Src.Equal(own) {
			stale = append(stale, r.Src)
			_ = netlink.RouteDel(&r)
		}
	}
	addresses, _ := netlink.AddrList(b.link, netlink.FAMILY_V4)
	for _, a := range addresses {
		if slices.ContainsFunc(stale, a.IP.Equal) {
			_ = netlink.AddrDel(b.link, &a)
		}
	}
}

// clear removes what is set, as far as it is still there.
func (b *binding) clear() error {
	if !b.terms.address.IsValid() {
		return nil
	}
	var errs []error
	for _, r := range b.routes(b.terms) {
		errs = append(errs, gone(netlink.RouteDel(&r)))
	}
	errs = append(errs, gone(netlink.AddrDel(b.link, addressOf(b.terms.address))))
	b.terms = terms{}
	return errors.Join(errs...)
}

// gone drops the errors that say that something was removed already.
func gone(err error) error {
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENETDOWN) {
		return nil
	}
	return err
}

// routes are those to the network and to everywhere, in the order in which the kernel
// takes them.
func (b *binding) routes(t terms) []netlink.Route {
	if !t.address.IsValid() {
		return nil
	}
	route := netlink.Route{LinkIndex: b.link.Attrs().Index, Priority: b.metric, Src: t.address.Addr().AsSlice(),
		Protocol: unix.RTPROT_DHCP, Table: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST}
	var list []netlink.Route
	if t.address.Bits() < 32 {
		near := route
		near.Scope, near.Dst = netlink.SCOPE_LINK, ipNet(t.address.Masked())
		list = append(list, near)
	}
	if t.gateway.IsValid() {
		far := route
		far.Dst, far.Gw = ipNet(netip.PrefixFrom(netip.IPv4Unspecified(), 0)), t.gateway.AsSlice()
		if t.address.Bits() == 32 || !t.address.Contains(t.gateway) {
			far.Flags = int(netlink.FLAG_ONLINK)
		}
		list = append(list, far)
	}
	return list
}

func addressOf(p netip.Prefix) *netlink.Addr { return &netlink.Addr{IPNet: ipNet(p)} }

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
}

// find returns an interface.
func find(iface string) (netlink.Link, error) {
	link, err := netlink.LinkByName(iface)
	if err != nil {
		return nil, fmt.Errorf("dhcp4: interface %q: %w", iface, err)
	}
	return link, nil
}

// hint says what to do about an error, where it is known.
func hint(err error) string {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return " (it needs CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE: run as root, or give the capabilities)"
	}
	return ""
}
