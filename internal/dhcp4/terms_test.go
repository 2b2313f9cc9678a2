// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

func message(t testing.TB, addr string, modifiers ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	m, err := dhcpv4.New(dhcpv4.PrependModifiers(modifiers,
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(192, 168, 4, 1))), dhcpv4.WithYourIP(net.ParseIP(addr).To4()))...)
	require.NoError(t, err)
	// As it comes over the network.
	m, err = dhcpv4.FromBytes(m.ToBytes())
	require.NoError(t, err)
	return m
}

func seconds(code dhcpv4.GenericOptionCode, n byte) dhcpv4.Modifier {
	return dhcpv4.WithGeneric(code, []byte{0, 0, 0, n})
}

func TestTerms(t *testing.T) {
	const renew, rebind = dhcpv4.GenericOptionCode(58), dhcpv4.GenericOptionCode(59)
	mask := dhcpv4.WithNetmask(net.CIDRMask(24, 32))
	for name, c := range map[string]struct {
		m                    *dhcpv4.DHCPv4
		address, gateway     string // "": refused
		lease, renew, rebind time.Duration
	}{
		"usual": {message(t, "192.168.4.2", mask, dhcpv4.WithLeaseTime(120), seconds(renew, 50), seconds(rebind, 100),
			dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4(192, 168, 4, 1)))), "192.168.4.2/24", "192.168.4.1", 120, 50, 100},
		"default times":       {message(t, "192.168.4.2", mask, dhcpv4.WithLeaseTime(80)), "192.168.4.2/24", "", 80, 40, 70},
		"times in disorder":   {message(t, "192.168.4.2", mask, dhcpv4.WithLeaseTime(80), seconds(renew, 90), seconds(rebind, 60)), "192.168.4.2/24", "", 80, 40, 70},
		"one time":            {message(t, "192.168.4.2", mask, dhcpv4.WithLeaseTime(80), seconds(renew, 20)), "192.168.4.2/24", "", 80, 40, 70},
		"no time":             {message(t, "192.168.4.2", mask), "192.168.4.2/24", "", 40, 20, 35},
		"forever":             {message(t, "192.168.4.2", mask, dhcpv4.WithLeaseTime(0xffffffff)), "192.168.4.2/24", "", 0xffffffff, 0, 0},
		"no mask":             {message(t, "10.2.3.4"), "10.2.3.4/8", "", 40, 20, 35},
		"second router":       {message(t, "192.168.4.2", mask, dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4zero, net.IPv4(192, 168, 4, 3)))), "192.168.4.2/24", "192.168.4.3", 40, 20, 35},
		"itself the router":   {message(t, "192.168.4.2", mask, dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4(192, 168, 4, 2)))), "192.168.4.2/24", "", 40, 20, 35},
		"one host":            {message(t, "192.168.4.2", dhcpv4.WithNetmask(net.CIDRMask(32, 32))), "192.168.4.2/32", "", 40, 20, 35},
		"two hosts":           {message(t, "192.168.4.2", dhcpv4.WithNetmask(net.CIDRMask(31, 32))), "192.168.4.2/31", "", 40, 20, 35},
		"no address":          {m: message(t, "0.0.0.0", mask)},
		"loopback":            {m: message(t, "127.0.0.2", mask)},
		"multicast":           {m: message(t, "224.0.0.2", mask)},
		"broadcast":           {m: message(t, "255.255.255.255", mask)},
		"the network's":       {m: message(t, "192.168.4.0", mask)},
		"network's broadcast": {m: message(t, "192.168.4.255", mask)},
		"whole world":         {m: message(t, "192.168.4.2", dhcpv4.WithNetmask(net.CIDRMask(0, 32)))},
		"mask with holes":     {m: message(t, "192.168.4.2", dhcpv4.WithNetmask(net.IPv4Mask(255, 0, 255, 0)))},
		"no server":           {m: message(t, "192.168.4.2", mask, dhcpv4.WithoutOption(dhcpv4.OptionServerIdentifier))},
	} {
		got, ok := parseTerms(c.m, 40*time.Second)
		require.Equal(t, c.address != "", ok, name)
		if !ok {
			continue
		}
		require.Equal(t, c.address, got.address.String(), name)
		require.Equal(t, c.gateway != "", got.gateway.IsValid(), name)
		if c.gateway != "" {
			require.Equal(t, c.gateway, got.gateway.String(), name)
		}
		require.Equal(t, c.lease*time.Second, got.lease, name)
		if c.renew != 0 {
			require.Equal(t, []time.Duration{c.renew * time.Second, c.rebind * time.Second}, []time.Duration{got.renew, got.rebind}, name)
		}
	}
}

func TestConfig(t *testing.T) {
	got, ok := parseTerms(message(t, "10.1.2.3", dhcpv4.WithNetmask(net.CIDRMask(20, 32)), dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4(10, 1, 0, 1))),
		dhcpv4.WithOption(dhcpv4.OptDNS(net.IPv4(127, 0, 0, 1), net.IPv4(1, 1, 1, 1), net.IPv4(2, 2, 2, 2), net.IPv4(3, 3, 3, 3), net.IPv4(4, 4, 4, 4)))), time.Second)
	require.True(t, ok)
	require.Equal(t, hal.IPConfig{Address: hal.IPv4{10, 1, 2, 3}, Netmask: hal.IPv4{255, 255, 240, 0}, Gateway: hal.IPv4{10, 1, 0, 1}, DNS: hal.IPv4{1, 1, 1, 1}}, got.config())
	require.Len(t, got.dns, maxDNS)
}

// What a client takes from a packet of strangers it can set on its interface.
func FuzzTerms(f *testing.F) {
	f.Add(message(f, "192.168.4.2", dhcpv4.WithNetmask(net.CIDRMask(24, 32)), dhcpv4.WithLeaseTime(120), dhcpv4.WithOption(dhcpv4.OptDNS(net.IPv4(1, 1, 1, 1))),
		dhcpv4.WithOption(dhcpv4.OptRouter(net.IPv4(192, 168, 4, 1))), seconds(58, 50), seconds(59, 100)).ToBytes())
	f.Add(message(f, "192.168.4.2", dhcpv4.WithGeneric(dhcpv4.OptionSubnetMask, []byte{255})).ToBytes())
	f.Add(message(f, "192.168.4.2", dhcpv4.WithGeneric(dhcpv4.OptionRouter, []byte{1, 2, 3, 4, 5})).ToBytes())
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := dhcpv4.FromBytes(packet)
		if err != nil {
			return
		}
		got, ok := parseTerms(m, shortest)
		if !ok {
			return
		}
		require.True(t, host(got.address.Addr()) && got.address.Bits() >= 8)
		require.True(t, got.gateway == netip.Addr{} || host(got.gateway))
		require.True(t, 0 < got.renew && got.renew < got.rebind && got.rebind < got.lease && got.lease >= shortest && got.lease <= forever)
		require.LessOrEqual(t, len(got.dns), maxDNS)
		got.config()
	})
}
