// SPDX-License-Identifier: Apache-2.0

//go:build linux

package netwatch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Config says which network counts.
type Config struct {
	// Interface that has to have the network. It need not exist yet. "": any but
	// loopback.
	Interface string
	// Exclude are interfaces that do not count, for example that of a tunnel, whose
	// default route stays when the network below it is lost.
	Exclude []string
}

// settle is how long Watch collects changes, which come in bursts, before it looks.
const settle = 100 * time.Millisecond

// Watch calls fn with whether there is a network, at once and at each change, until ctx
// is done; then it returns the cause. Other errors: the kernel refuses.
//
// There is a network if an interface with a carrier has a global address, of IPv4 or
// IPv6, and a default route of the same kind in the main table. The calls come from the
// goroutine of Watch.
func Watch(ctx context.Context, cfg Config, fn func(up bool)) error {
	changes, err := Changes(ctx)
	if err != nil {
		return err
	}
	for known, was := false, false; ; {
		up, err := cfg.up()
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !known || up != was {
			fn(up)
		}
		known, was = true, up
		if _, ok := <-changes; !ok {
			return ended(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(settle):
		}
		select { // what came meanwhile is seen by the look that follows
		case <-changes:
		default:
		}
	}
}

func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.New("netwatch: the kernel's reports about the network have ended")
}

func (c Config) up() (bool, error) {
	type key struct{ index, family int }
	links, err := again(netlink.LinkList)
	if err != nil {
		return false, fmt.Errorf("netwatch: asking for interfaces: %w", err)
	}
	counts := map[int]bool{}
	for _, link := range links {
		a := link.Attrs()
		if c.counts(a) {
			counts[a.Index] = true
		}
	}
	addresses, err := again(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return false, fmt.Errorf("netwatch: asking for addresses: %w", err)
	}
	has := map[key]bool{}
	for _, a := range addresses {
		if counts[a.LinkIndex] && global(a) {
			has[key{a.LinkIndex, family(a.IP)}] = true
		}
	}
	if len(has) == 0 {
		return false, nil
	}
	for _, f := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := again(func() ([]netlink.Route, error) { return netlink.RouteList(nil, f) })
		if err != nil {
			return false, fmt.Errorf("netwatch: asking for routes: %w", err)
		}
		for _, r := range routes {
			if Default(r) && slices.ContainsFunc(through(r), func(index int) bool { return has[key{index, f}] }) {
				return true, nil
			}
		}
	}
	return false, nil
}

func (c Config) counts(a *netlink.LinkAttrs) bool {
	const flags = unix.IFF_UP | unix.IFF_RUNNING
	switch {
	case a.RawFlags&flags != flags || a.RawFlags&unix.IFF_LOOPBACK != 0 || slices.Contains(c.Exclude, a.Name):
		return false
	}
	return c.Interface == "" || c.Interface == a.Name
}

// global tells whether an address can be used, and beyond its link.
func global(a netlink.Addr) bool {
	const unusable = unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED | unix.IFA_F_DEPRECATED
	return a.Scope == int(netlink.SCOPE_UNIVERSE) && a.Flags&unusable == 0 && a.IP.IsGlobalUnicast()
}

func family(ip net.IP) int {
	if ip.To4() != nil {
		return netlink.FAMILY_V4
	}
	return netlink.FAMILY_V6
}

// Default tells whether r is a default route. One that refuses packets has the loopback
// interface or none.
func Default(r netlink.Route) bool {
	if r.Dst == nil {
		return true
	}
	ones, _ := r.Dst.Mask.Size()
	return ones == 0
}

// through returns the interfaces of a route.
func through(r netlink.Route) []int {
	list := []int{r.LinkIndex}
	for _, hop := range r.MultiPath {
		list = append(list, hop.LinkIndex)
	}
	return list
}

// tries is how often a list is asked for that was changed meanwhile.
const tries = 5

// again asks for a list until it was not changed meanwhile. One that always is, is
// taken as it is; the change is reported.
func again[T any](ask func() ([]T, error)) ([]T, error) {
	for try := 1; ; try++ {
		list, err := ask()
		switch {
		case !errors.Is(err, netlink.ErrDumpInterrupted):
			return list, err
		case try == tries:
			return list, nil
		}
	}
}
