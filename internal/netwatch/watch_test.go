// SPDX-License-Identifier: Apache-2.0

//go:build linux

package netwatch_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/internal/netwatch"
	"github.com/wifiprov/wifiprov/internal/test/leak"
	"github.com/wifiprov/wifiprov/internal/test/netlab"
)

const patience = 20 * time.Second

// watch runs a Watch in box. next waits for its next call.
func watch(t *testing.T, box *netlab.Box, cfg netwatch.Config) (next func() bool) {
	t.Helper()
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancelCause(context.Background())
	calls, done := make(chan bool, 100), make(chan error)
	go box.Do(func() { done <- netwatch.Watch(ctx, cfg, func(up bool) { calls <- up }) })
	t.Cleanup(func() {
		stop := errors.New("stop")
		cancel(stop)
		require.ErrorIs(t, <-done, stop)
		require.Empty(t, calls)
		leak.Goroutines(t, before)
	})
	return func() bool {
		t.Helper()
		select {
		case up := <-calls:
			return up
		case <-time.After(patience):
			require.FailNow(t, "no call")
			return false
		}
	}
}

// set changes box.
func set(t *testing.T, box *netlab.Box, iface string, change func(netlink.Link) error) {
	t.Helper()
	var err error
	box.Do(func() {
		var link netlink.Link
		if link, err = netlink.LinkByName(iface); err == nil {
			err = change(link)
		}
	})
	require.NoError(t, err)
}

func address(text string, change func(netlink.Link, *netlink.Addr) error) func(netlink.Link) error {
	return func(link netlink.Link) error {
		a, err := netlink.ParseAddr(text)
		if err != nil {
			return err
		}
		a.Flags = unix.IFA_F_NODAD
		return change(link, a)
	}
}

func route(gateway string, change func(*netlink.Route) error) func(netlink.Link) error {
	return func(link netlink.Link) error {
		return change(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP(gateway)})
	}
}

// Address and default route, both, make a network, by IPv4 or by IPv6.
func TestWatch(t *testing.T) {
	for name, c := range map[string]struct{ address, gateway string }{
		"IPv4": {"192.0.2.7/24", "192.0.2.1"},
		"IPv6": {"2001:db8::7/64", "2001:db8::1"},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := netlab.New(t), netlab.New(t)
			iface, far := netlab.Cable(t, a, b)
			next := watch(t, a, netwatch.Config{})
			require.False(t, next())
			set(t, a, iface, address("169.254.3.4/16", netlink.AddrAdd))
			set(t, a, iface, address(c.address, netlink.AddrAdd))
			set(t, a, iface, route(c.gateway, netlink.RouteAdd))
			require.True(t, next())
			set(t, a, iface, route(c.gateway, netlink.RouteDel))
			require.False(t, next(), "without a default route")
			set(t, a, iface, route(c.gateway, netlink.RouteAdd))
			require.True(t, next())
			set(t, b, far, netlink.LinkSetDown)
			require.False(t, next(), "without a carrier")
			set(t, b, far, netlink.LinkSetUp)
			require.True(t, next())
			set(t, a, iface, address(c.address, netlink.AddrDel))
			require.False(t, next(), "without an address")
		})
	}
}

// One interface, or all but some.
func TestWhichInterface(t *testing.T) {
	a, b := netlab.New(t), netlab.New(t)
	wlan, _ := netlab.Cable(t, a, b)
	eth, _ := netlab.Cable(t, a, b)
	set(t, a, eth, address("192.0.2.7/24", netlink.AddrAdd))
	set(t, a, eth, route("192.0.2.1", netlink.RouteAdd))
	require.True(t, watch(t, a, netwatch.Config{})())
	require.True(t, watch(t, a, netwatch.Config{Interface: eth})())
	require.False(t, watch(t, a, netwatch.Config{Exclude: []string{eth, wlan, "wlan9"}})())
	next := watch(t, a, netwatch.Config{Interface: wlan})
	require.False(t, next())
	later := watch(t, a, netwatch.Config{Interface: "wlan9"})
	require.False(t, later())

	set(t, a, wlan, address("198.51.100.7/24", netlink.AddrAdd))
	set(t, a, wlan, func(link netlink.Link) error {
		return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP("198.51.100.1"), Priority: 600})
	})
	require.True(t, next())
	set(t, a, wlan, netlink.LinkSetDown)
	require.False(t, next())
	set(t, a, wlan, func(link netlink.Link) error { return netlink.LinkSetName(link, "wlan9") })
	set(t, a, "wlan9", netlink.LinkSetUp)
	set(t, a, "wlan9", func(link netlink.Link) error {
		return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP("198.51.100.1"), Priority: 600})
	})
	require.True(t, later(), "an interface that came later")
}

// A route that refuses, which is on the loopback interface, is no way out.
func TestUnreachable(t *testing.T) {
	a, b := netlab.New(t), netlab.New(t)
	iface, _ := netlab.Cable(t, a, b)
	set(t, a, iface, address("2001:db8::7/64", netlink.AddrAdd))
	set(t, a, "lo", address("2001:db8::8/128", netlink.AddrAdd))
	set(t, a, "lo", func(link netlink.Link) error {
		return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Type: unix.RTN_UNREACHABLE, Dst: &net.IPNet{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}})
	})
	require.False(t, watch(t, a, netwatch.Config{})())
}

// A watch that is stopped before it begins makes no call.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, netwatch.Watch(ctx, netwatch.Config{}, func(bool) { t.Error("called") }), context.Canceled)
}

// Bursts of changes are looked at a few times, and an idle watch does nothing.
func TestIdle(t *testing.T) {
	box := netlab.New(t)
	changes := make(chan (<-chan struct{}), 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	box.Do(func() {
		c, err := netwatch.Changes(ctx)
		require.NoError(t, err)
		changes <- c
	})
	c := <-changes
	select {
	case <-c:
		require.Fail(t, "a change where nothing changes")
	case <-time.After(50 * time.Millisecond):
	}
	set(t, box, "lo", address("192.0.2.9/32", netlink.AddrAdd))
	<-c
	cancel()
	for range c {
	}
}
