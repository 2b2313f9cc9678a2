// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/netlab"
)

var (
	first  = hal.IPConfig{Address: hal.IPv4{192, 168, 4, 2}, Netmask: hal.IPv4{255, 255, 255, 0}, Gateway: hal.IPv4{192, 168, 4, 1}, DNS: hal.IPv4{192, 168, 4, 1}}
	leased = []string{"0.0.0.0/0 via 192.168.4.1 metric 600", "192.168.4.0/24 metric 600", "192.168.4.2/24"}
)

// Client and server, from end to end: address, routes, name servers; nothing is left.
func TestLease(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	serving := startServer(t, server, inServer, time.Hour)
	require.Equal(t, []string{"192.168.4.0/24", "192.168.4.1/24"}, state(t, server, inServer))
	dns := make(chan []netip.Addr, 10)
	c := fast()
	c.SetDNS = func(iface string, servers []netip.Addr) error {
		require.Equal(t, inClient, iface)
		dns <- servers
		return errors.New("not allowed to write")
	}
	lease, told := startLease(t, client, c, inClient)
	require.Equal(t, first, receive(t, told))
	require.Equal(t, []netip.Addr{network.Addr()}, receive(t, dns))
	require.Equal(t, leased, state(t, client, inClient))
	client.Do(func() {
		link, err := find(inClient)
		require.NoError(t, err)
		list, err := netlink.AddrList(link, netlink.FAMILY_V4)
		require.NoError(t, err)
		require.InDelta(t, 3600, list[0].ValidLft, 10, "the kernel ends the lease if nobody else does")
	})

	lease.end(errStop)
	require.Empty(t, receive(t, dns))
	require.Empty(t, state(t, client, inClient))
	serving.end(errStop)
	require.Empty(t, state(t, server, inServer))
	require.Empty(t, told)
}

// With the cause that says so, everything stays; the next Lease takes it over.
func TestKeep(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	startServer(t, server, inServer, time.Hour)
	c := fast()
	c.Keep = errors.New("keep")
	lease, told := startLease(t, client, c, inClient)
	receive(t, told)
	lease.end(c.Keep)
	require.Equal(t, leased, state(t, client, inClient))

	lease, told = startLease(t, client, c, inClient)
	require.Equal(t, first, receive(t, told))
	require.Equal(t, leased, state(t, client, inClient))
	lease.end(errStop)
	require.Empty(t, state(t, client, inClient))
}

// What was kept does not outlive a lease in another network.
func TestKeptElsewhere(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	s := &scripted{}
	s.set(grant("192.168.4.9", dhcpv4.WithLeaseTime(3600), dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4(192, 168, 4, 1)))))
	s.start(t, server, inServer)
	c := fast()
	c.Keep = errors.New("keep")
	lease, told := startLease(t, client, c, inClient)
	receive(t, told)
	lease.end(c.Keep)
	s.set(grant("192.168.4.10", dhcpv4.WithLeaseTime(3600), dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4(192, 168, 4, 3)))))
	_, told = startLease(t, client, c, inClient)
	require.Equal(t, hal.IPv4{192, 168, 4, 10}, receive(t, told).Address)
	require.Equal(t, []string{"0.0.0.0/0 via 192.168.4.3 metric 600", "192.168.4.0/24 metric 600", "192.168.4.10/24"}, state(t, client, inClient))
}

// A lease is renewed in time, which nobody is told. When the server is silent the
// address goes with the lease, and when it is back there is one again.
func TestRenewal(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	serving := startServer(t, server, inServer, 4*time.Second)
	updates := addresses(t, client)
	c := fast()
	dns := make(chan []netip.Addr, 10)
	c.SetDNS = func(_ string, servers []netip.Addr) error { dns <- servers; return nil }
	_, told := startLease(t, client, c, inClient)
	require.Equal(t, first, receive(t, told))
	require.NotEmpty(t, receive(t, dns))
	for range 2 { // set, and renewed at half the time
		u := receive(t, updates)
		require.True(t, u.NewAddr)
		require.Equal(t, 4, u.ValidLft)
	}
	require.Empty(t, told)
	serving.end(errStop)
	require.Empty(t, receive(t, dns), "given up")
	require.Empty(t, state(t, client, inClient))
	require.Empty(t, told)
	startServer(t, server, inServer, time.Hour)
	require.Equal(t, first, receive(t, told))
	require.Equal(t, leased, state(t, client, inClient))
}

// Before there is a server, the client tries again and again.
func TestSilentServer(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	tries := make(chan string, 100)
	c := fast()
	c.Logger = func(_ hal.Level, msg string, attrs ...hal.Attr) { tries <- msg + " " + attrs[1].Value }
	_, told := startLease(t, client, c, inClient)
	for range 3 {
		require.Contains(t, receive(t, tries), "no offer")
	}
	startServer(t, server, inServer, time.Hour)
	require.Equal(t, first, receive(t, told))
}

// reply makes an answer of a scripted server.
func reply(m *dhcpv4.DHCPv4, kind dhcpv4.MessageType, modifiers ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	r, err := dhcpv4.NewReplyFromRequest(m, dhcpv4.PrependModifiers(modifiers, dhcpv4.WithMessageType(kind),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(network.Addr().AsSlice())), dhcpv4.WithNetmask(net.CIDRMask(24, 32)))...)
	if err != nil {
		panic(err)
	}
	return r
}

func grant(addr string, more ...dhcpv4.Modifier) func(*dhcpv4.DHCPv4) []*dhcpv4.DHCPv4 {
	return func(m *dhcpv4.DHCPv4) []*dhcpv4.DHCPv4 {
		kind := dhcpv4.MessageTypeOffer
		if m.MessageType() == dhcpv4.MessageTypeRequest {
			kind = dhcpv4.MessageTypeAck
		}
		return []*dhcpv4.DHCPv4{reply(m, kind, append(more, dhcpv4.WithYourIP(net.ParseIP(addr).To4()))...)}
	}
}

// Other terms at a renewal replace the former ones.
func TestOtherTerms(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	s := &scripted{}
	times := func(m *dhcpv4.DHCPv4) { // renewed each second
		dhcpv4.WithLeaseTime(60)(m)
		seconds(58, 1)(m)
		seconds(59, 50)(m)
	}
	s.set(grant("192.168.4.9", times, dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4(192, 168, 4, 1)))))
	s.start(t, server, inServer)
	lease, told := startLease(t, client, fast(), inClient)
	require.Equal(t, hal.IPv4{192, 168, 4, 1}, receive(t, told).Gateway)
	s.set(grant("192.168.4.9", times, dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4(192, 168, 4, 3)))))
	require.Equal(t, hal.IPv4{192, 168, 4, 3}, receive(t, told).Gateway)
	require.Equal(t, []string{"0.0.0.0/0 via 192.168.4.3 metric 600", "192.168.4.0/24 metric 600", "192.168.4.9/24"}, state(t, client, inClient))

	// Refused: from the beginning. A router outside of the network can be reached.
	again := grant("192.168.4.10", dhcpv4.WithLeaseTime(60), dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4(10, 0, 0, 1))))
	s.set(func(m *dhcpv4.DHCPv4) []*dhcpv4.DHCPv4 {
		if !m.ClientIPAddr.IsUnspecified() {
			return []*dhcpv4.DHCPv4{reply(m, dhcpv4.MessageTypeNak)}
		}
		return again(m)
	})
	require.Equal(t, hal.IPv4{192, 168, 4, 10}, receive(t, told).Address)
	require.Equal(t, []string{"0.0.0.0/0 via 10.0.0.1 metric 600", "192.168.4.0/24 metric 600", "192.168.4.10/24"}, state(t, client, inClient))
	lease.end(errStop)
	require.Empty(t, state(t, client, inClient))
}

// Answers that cannot be used, or are of another server, are passed over.
func TestWrongAnswers(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	s := &scripted{}
	s.set(func(m *dhcpv4.DHCPv4) []*dhcpv4.DHCPv4 {
		right := grant("192.168.4.9", dhcpv4.WithLeaseTime(60))(m)[0]
		kind := right.MessageType()
		other := dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(192, 168, 4, 66)))
		list := []*dhcpv4.DHCPv4{
			reply(m, kind),
			reply(m, kind, dhcpv4.WithYourIP(net.IPv4(127, 0, 0, 1))),
			reply(m, kind, dhcpv4.WithYourIP(net.IPv4(192, 168, 4, 8)), dhcpv4.WithNetmask(net.CIDRMask(0, 32))),
		}
		if kind == dhcpv4.MessageTypeAck {
			list = append(list, reply(m, dhcpv4.MessageTypeNak, other),
				reply(m, kind, other, dhcpv4.WithYourIP(net.IPv4(192, 168, 4, 66))),
				reply(m, kind, dhcpv4.WithYourIP(net.IPv4(192, 168, 4, 66))))
		}
		return append(list, right)
	})
	s.start(t, server, inServer)
	_, told := startLease(t, client, fast(), inClient)
	require.Equal(t, hal.IPConfig{Address: hal.IPv4{192, 168, 4, 9}, Netmask: hal.IPv4{255, 255, 255, 0}}, receive(t, told))
	require.Empty(t, told)
}

// The routes of another interface stay, with whatever metric.
func TestOtherInterfaces(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	_, other := netlab.Cable(t, server, client)
	client.Do(func() {
		link, err := find(other)
		require.NoError(t, err)
		require.NoError(t, netlink.AddrAdd(link, addressOf(netip.MustParsePrefix("192.168.4.77/24"))))
		require.NoError(t, netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.IPv4(192, 168, 4, 1), Priority: 600}))
	})
	before := state(t, client, other)
	require.Len(t, before, 3)
	startServer(t, server, inServer, time.Hour)
	lease, told := startLease(t, client, fast(), inClient)
	require.Equal(t, first, receive(t, told))
	require.Equal(t, leased, state(t, client, inClient))
	require.Equal(t, before, state(t, client, other))
	lease.end(errStop)
	require.Equal(t, before, state(t, client, other))
	require.Empty(t, state(t, client, inClient))
}

// What makes no sense to try again ends Lease and says why.
func TestHopeless(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client.Do(func() {
		require.ErrorContains(t, fast().Lease(ctx, "nosuch0", nil), `dhcp4: interface "nosuch0"`)
	})
	err := unprivileged(client, func() error { return fast().Lease(ctx, inClient, nil) })
	require.ErrorIs(t, err, unix.EPERM)
	require.ErrorContains(t, err, "CAP_NET_RAW")

	startServer(t, server, inServer, 2*time.Second)
	lease, told := startLease(t, client, fast(), inClient)
	receive(t, told)
	client.Do(func() {
		link, err := find(inClient)
		require.NoError(t, err)
		require.NoError(t, netlink.LinkDel(link))
	})
	err = lease.err()
	require.Error(t, err)
	require.ErrorContains(t, err, inClient)
	lease.stop = nil
}

// An interface that is down is waited for.
func TestDown(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	startServer(t, server, inServer, time.Hour)
	set := func(change func(netlink.Link) error) {
		client.Do(func() {
			link, err := find(inClient)
			require.NoError(t, err)
			require.NoError(t, change(link))
		})
	}
	set(netlink.LinkSetDown)
	tries := make(chan struct{}, 100)
	c := fast()
	c.Logger = func(hal.Level, string, ...hal.Attr) { tries <- struct{}{} }
	_, told := startLease(t, client, c, inClient)
	receive(t, tries)
	receive(t, tries)
	set(netlink.LinkSetUp)
	require.Equal(t, first, receive(t, told))
}
