// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/netwatch"
)

// routeTime is how long Await waits for the gateway of a new address. Programs set it
// right afterwards, if there is one.
const routeTime = time.Second

// Await is for systems whose own DHCP client, such as dhcpcd or systemd-networkd,
// serves the interface. It calls told with the first IPv4 address that the interface
// has or gets, and with every other, from its own goroutine, until ctx is done; then it
// returns the cause. The name server stays unknown. Other errors: the interface is not
// there, or the kernel refuses.
func Await(ctx context.Context, iface string, told func(hal.IPConfig)) error {
	changes, err := netwatch.Changes(ctx)
	if err != nil {
		return err
	}
	link, err := find(iface)
	if err != nil {
		return err
	}
	var is hal.IPConfig
	var patience <-chan time.Time // runs while a new address has no gateway yet
	late := false
	for {
		c, err := look(link)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("dhcp4: asking for the address of %s: %w", iface, err)
		case c.Address == hal.IPv4{}:
			is, patience, late = c, nil, false
		case c.Address == is.Address && c.Netmask == is.Netmask:
			patience, late = nil, false
		case c.Gateway != hal.IPv4{} || late:
			is, patience, late = c, nil, false
			told(c)
		case patience == nil:
			patience = time.After(routeTime)
		}
		select {
		case _, ok := <-changes:
			if !ok && ctx.Err() == nil {
				return errors.New("dhcp4: the kernel's reports about the network have ended")
			}
		case <-patience:
			late = true
		}
	}
}

// look returns address and gateway of an interface, zero without an address.
func look(link netlink.Link) (c hal.IPConfig, err error) {
	addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return c, gone(err)
	}
	for _, a := range addresses {
		ip, _ := netip.AddrFromSlice(a.IP.To4())
		if ones, _ := a.Mask.Size(); host(ip) && ip.IsGlobalUnicast() {
			c = ipConfig(netip.PrefixFrom(ip, ones))
			break
		}
	}
	routes, err := netlink.RouteList(link, netlink.FAMILY_V4)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return c, gone(err)
	}
	for _, r := range routes {
		if gw, ok := netip.AddrFromSlice(r.Gw.To4()); ok && netwatch.Default(r) && c.Address != (hal.IPv4{}) {
			c.Gateway = gw.As4()
			break
		}
	}
	return c, nil
}
