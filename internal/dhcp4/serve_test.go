// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/netlab"
)

// packet is one of a client with a name.
func packet(t testing.TB, kind dhcpv4.MessageType, client string, modifiers ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	m, err := dhcpv4.New(dhcpv4.PrependModifiers(modifiers, dhcpv4.WithMessageType(kind),
		dhcpv4.WithHwAddr(net.HardwareAddr{2, 0, 0, 0, 0, 1}), dhcpv4.WithOption(dhcpv4.OptClientIdentifier([]byte(client))))...)
	require.NoError(t, err)
	return m
}

func wish(addr netip.Addr) dhcpv4.Modifier {
	return dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(addr.AsSlice()))
}

func to(addr string) dhcpv4.Modifier {
	return dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.ParseIP(addr)))
}

// table is a server, time and a test's short words.
type table struct {
	testing.TB
	*server
	now time.Time
}

func newTable(t testing.TB, own string) *table {
	s, err := newServer(netip.MustParsePrefix(own), time.Hour)
	require.NoError(t, err)
	return &table{t, s, time.Unix(1e9, 0)}
}

// says returns type and address of the answer; "": none.
func (s *table) says(m *dhcpv4.DHCPv4) string {
	r := s.answer(s.now, m.ToBytes())
	if r == nil {
		return ""
	}
	require.Equal(s, m.TransactionID, r.TransactionID)
	require.Equal(s, m.ClientHWAddr, r.ClientHWAddr)
	require.LessOrEqual(s, len(s.pool.given), s.pool.size)
	if r.MessageType() == dhcpv4.MessageTypeNak {
		return "NAK"
	}
	return fmt.Sprintf("%s %s", r.MessageType(), r.YourIPAddr)
}

func (s *table) discover(client string, more ...dhcpv4.Modifier) string {
	return s.says(packet(s, dhcpv4.MessageTypeDiscover, client, more...))
}

func (s *table) request(client, addr string, more ...dhcpv4.Modifier) string {
	return s.says(packet(s, dhcpv4.MessageTypeRequest, client, append(more, wish(netip.MustParseAddr(addr)))...))
}

func TestAnswers(t *testing.T) {
	s := newTable(t, "192.168.4.1/24")
	require.Equal(t, "OFFER 192.168.4.2", s.discover("a"))
	require.Equal(t, "OFFER 192.168.4.2", s.discover("a"), "the same again")
	require.Equal(t, "OFFER 192.168.4.3", s.discover("b"))
	require.Equal(t, "OFFER 192.168.4.77", s.discover("c", wish(netip.MustParseAddr("192.168.4.77"))))
	require.Equal(t, "OFFER 192.168.4.4", s.discover("d", wish(netip.MustParseAddr("192.168.4.77"))), "another's")
	require.Equal(t, "OFFER 192.168.4.5", s.discover("e", wish(netip.MustParseAddr("192.168.4.1"))), "the server's")
	require.Equal(t, "ACK 192.168.4.2", s.request("a", "192.168.4.2", to("192.168.4.1")))
	require.Equal(t, "NAK", s.request("b", "192.168.4.2"))
	for _, addr := range []string{"192.168.4.0", "192.168.4.1", "192.168.4.255", "10.0.0.7", "0.0.0.0"} {
		require.Equal(t, "NAK", s.request("b", addr), addr)
	}
	require.Equal(t, "ACK 192.168.4.2", s.says(packet(t, dhcpv4.MessageTypeRequest, "a", dhcpv4.WithClientIP(net.IPv4(192, 168, 4, 2)))), "renewed")
	require.Equal(t, "ACK 192.168.4.200", s.request("f", "192.168.4.200"), "from before a restart")
	require.Equal(t, "NAK", s.says(packet(t, dhcpv4.MessageTypeRequest, "g")), "without an address")

	require.Empty(t, s.request("b", "192.168.4.3", to("192.168.4.66")), "another server is meant")
	require.Less(t, s.pool.of("b"), 0)
	require.Equal(t, "ACK 0.0.0.0", s.says(packet(t, dhcpv4.MessageTypeInform, "x", dhcpv4.WithClientIP(net.IPv4(192, 168, 4, 9)))))
	require.Empty(t, s.says(packet(t, dhcpv4.MessageTypeDecline, "a")))
	require.NotEqual(t, "OFFER 192.168.4.2", s.discover("a"), "it is in use elsewhere")
	require.Empty(t, s.says(packet(t, dhcpv4.MessageTypeRelease, "f")))
	require.Less(t, s.pool.of("f"), 0)

	for _, odd := range []*dhcpv4.DHCPv4{
		packet(t, dhcpv4.MessageTypeOffer, "a"),
		packet(t, dhcpv4.MessageTypeDiscover, "a", dhcpv4.WithRelay(net.IPv4(192, 168, 4, 9))),
		packet(t, dhcpv4.MessageTypeDiscover, "a", func(m *dhcpv4.DHCPv4) { m.OpCode = dhcpv4.OpcodeBootReply }),
		packet(t, dhcpv4.MessageTypeDiscover, string(make([]byte, 300))),
		packet(t, dhcpv4.MessageTypeDiscover, "a", func(m *dhcpv4.DHCPv4) { m.ClientHWAddr = nil }),
	} {
		require.Empty(t, s.says(odd), odd.Summary())
	}
}

// What the offer says beside the address.
func TestOptions(t *testing.T) {
	s := newTable(t, "192.168.4.1/24")
	r := s.answer(s.now, packet(t, dhcpv4.MessageTypeDiscover, "a").ToBytes())
	own := net.IPv4(192, 168, 4, 1).To4()
	require.Equal(t, own, r.ServerIdentifier().To4())
	require.Equal(t, net.CIDRMask(24, 32), r.SubnetMask())
	require.Equal(t, net.IPv4(192, 168, 4, 255).To4(), r.BroadcastAddress().To4())
	require.True(t, own.Equal(r.Router()[0]) && own.Equal(r.DNS()[0]))
	require.Equal(t, time.Hour, r.IPAddressLeaseTime(0))
	require.Equal(t, []byte("a"), r.Options.Get(dhcpv4.OptionClientIdentifier))
	nak := s.answer(s.now, packet(t, dhcpv4.MessageTypeRequest, "a").ToBytes())
	require.Nil(t, nak.SubnetMask())
}

// When there is no room: who loses the address.
func TestNoRoom(t *testing.T) {
	s := newTable(t, "192.168.4.1/29") // 2 to 6
	for i, c := range []string{"a", "b", "c", "d", "e"} {
		addr := fmt.Sprintf("192.168.4.%d", i+2)
		require.Equal(t, "OFFER "+addr, s.discover(c))
		if c != "c" {
			require.Equal(t, "ACK "+addr, s.request(c, addr))
		}
	}
	require.Equal(t, "OFFER 192.168.4.4", s.discover("f"), "c has not asked for its own")
	require.Equal(t, "ACK 192.168.4.4", s.request("f", "192.168.4.4"))
	require.Equal(t, "ACK 192.168.4.2", s.request("a", "192.168.4.2"), "a is heard of")
	require.Equal(t, "OFFER 192.168.4.3", s.discover("g"), "b was not for longest")
	require.Equal(t, "ACK 192.168.4.3", s.request("b", "192.168.4.3"), "b asks first")
	require.Equal(t, "NAK", s.request("g", "192.168.4.3"))
	s.now = s.now.Add(59 * time.Minute)
	for c, addr := range map[string]string{"a": "192.168.4.2", "b": "192.168.4.3", "d": "192.168.4.5", "f": "192.168.4.4"} {
		require.Equal(t, "ACK "+addr, s.request(c, addr))
	}
	s.now = s.now.Add(2 * time.Minute)
	require.Equal(t, "OFFER 192.168.4.6", s.discover("h"), "e's time is over")
}

func TestPrefixes(t *testing.T) {
	for _, bad := range []string{"192.168.4.1/31", "192.168.4.1/32", "192.168.4.0/24", "192.168.4.255/24", "127.0.0.1/8", "fd00::1/64", "192.168.4.1/4", "0.0.0.1/24"} {
		_, err := newServer(netip.MustParsePrefix(bad), time.Hour)
		require.ErrorContains(t, err, bad)
	}
	require.Error(t, Serve(context.Background(), "lo", netip.Prefix{}, nil))
	s := newTable(t, "192.168.4.1/30")
	require.Equal(t, "OFFER 192.168.4.2", s.discover("a"))
	require.Equal(t, "OFFER 192.168.4.2", s.discover("b"))
	// In a large network memory is bounded as well.
	s = newTable(t, "10.0.0.1/8")
	for i := range 1000 {
		s.request(fmt.Sprint(i), netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}).String())
		s.discover(fmt.Sprint("d", i))
	}
	require.Len(t, s.pool.given, maxClients)
	s = newTable(t, "192.168.4.254/24")
	require.Equal(t, "OFFER 192.168.4.1", s.discover("a"), "addresses are looked for in a circle")
}

// A thousand strangers do not keep an honest client out, and two clients are told apart.
func TestStrangers(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	startServer(t, server, inServer, time.Hour)
	lease, told := startLease(t, client, fast(), inClient)
	require.Equal(t, first, receive(t, told))
	lease.end(errStop)
	client.Do(func() {
		conn, err := nclient4.NewRawUDPConn(inClient, dhcpv4.ClientPort)
		require.NoError(t, err)
		defer conn.Close()
		buf := make([]byte, 2048)
		ask := func(m *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
			require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
			_, err := conn.WriteTo(m.ToBytes(), &net.UDPAddr{IP: net.IPv4bcast, Port: dhcpv4.ServerPort})
			require.NoError(t, err)
			for {
				n, _, err := conn.ReadFrom(buf)
				require.NoError(t, err)
				if r, err := dhcpv4.FromBytes(buf[:n]); err == nil && r.TransactionID == m.TransactionID {
					return r
				}
			}
		}
		for i := range 1000 {
			name := fmt.Sprint("stranger", i)
			offer := ask(packet(t, dhcpv4.MessageTypeDiscover, name))
			addr, _ := netip.AddrFromSlice(offer.YourIPAddr.To4())
			require.Equal(t, dhcpv4.MessageTypeAck, ask(packet(t, dhcpv4.MessageTypeRequest, name, wish(addr))).MessageType())
		}
	})
	_, told = startLease(t, client, fast(), inClient)
	require.NotZero(t, receive(t, told).Address)
}

func TestTwoClients(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	other := netlab.New(t)
	toOther, inOther := netlab.Cable(t, server, other)
	var err error
	server.Do(func() {
		bridge := netlink.NewLinkAttrs()
		bridge.Name = "br0"
		if err = netlink.LinkAdd(&netlink.Bridge{LinkAttrs: bridge}); err != nil {
			return
		}
		br, err := find("br0")
		require.NoError(t, err)
		for _, port := range []string{inServer, toOther} {
			link, err := find(port)
			require.NoError(t, err)
			require.NoError(t, netlink.LinkSetMaster(link, br))
		}
		require.NoError(t, netlink.LinkSetUp(br))
	})
	if errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("the kernel has no bridges")
	}
	require.NoError(t, err)
	startServer(t, server, "br0", time.Hour)
	_, told := startLease(t, client, fast(), inClient)
	_, toldOther := startLease(t, other, fast(), inOther)
	got := []hal.IPv4{receive(t, told).Address, receive(t, toldOther).Address}
	require.ElementsMatch(t, []hal.IPv4{{192, 168, 4, 2}, {192, 168, 4, 3}}, got)
}

func TestServeFails(t *testing.T) {
	server, _, inServer, _ := cable(t)
	ready := func() { t.Error("ready") }
	server.Do(func() {
		require.ErrorContains(t, Serve(context.Background(), "nosuch0", network, ready), "nosuch0")
	})
	err := unprivileged(server, func() error { return Serve(context.Background(), inServer, network, ready) })
	require.ErrorIs(t, err, unix.EACCES)
	require.ErrorContains(t, err, "CAP_NET_BIND_SERVICE")
	startServer(t, server, inServer, time.Hour)
	server.Do(func() {
		err := Serve(context.Background(), inServer, network, ready)
		require.ErrorIs(t, err, unix.EADDRINUSE)
		require.ErrorContains(t, err, "another DHCP server")
	})
	require.NotEmpty(t, state(t, server, inServer), "the running server's address stays")
}

// Packets of strangers, one after the other: addresses are given away once, and
// memory is bounded.
func FuzzServer(f *testing.F) {
	add := func(list ...*dhcpv4.DHCPv4) {
		var b []byte
		for _, m := range list {
			b = binary.BigEndian.AppendUint16(b, uint16(len(m.ToBytes())))
			b = append(b, m.ToBytes()...)
		}
		f.Add(b)
	}
	two := netip.MustParseAddr("192.168.4.2")
	add(packet(f, dhcpv4.MessageTypeDiscover, "a"), packet(f, dhcpv4.MessageTypeRequest, "a", wish(two)), packet(f, dhcpv4.MessageTypeDiscover, "b", wish(two)))
	add(packet(f, dhcpv4.MessageTypeRequest, "a", wish(two)), packet(f, dhcpv4.MessageTypeRelease, "a"), packet(f, dhcpv4.MessageTypeInform, "a", dhcpv4.WithClientIP(two.AsSlice())))
	add(packet(f, dhcpv4.MessageTypeDecline, "a"), packet(f, dhcpv4.MessageTypeRequest, "", to("192.168.4.1")))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newTable(t, "192.168.4.1/29")
		for len(b) >= 2 {
			n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
			if r := s.answer(s.now, b[2:2+n]); r != nil {
				require.NotEmpty(t, r.ToBytes())
			}
			b = b[2+n:]
			s.now = s.now.Add(20 * time.Second)
			seen := map[netip.Addr]bool{}
			clients := map[string]bool{}
			for _, g := range s.pool.given {
				require.True(t, s.pool.contains(g.addr) && !seen[g.addr] && !clients[g.client] && len(g.client) <= 255)
				seen[g.addr], clients[g.client] = true, true
			}
			require.LessOrEqual(t, len(seen), 5)
		}
	})
}
