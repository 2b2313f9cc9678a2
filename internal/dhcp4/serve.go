// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	// leaseTime is that of ESP-IDF's server.
	leaseTime = 2 * time.Hour
	// offerTime is how long an offer is kept for a client that has not asked yet.
	offerTime = time.Minute
)

// Serve gives the interface the address of prefix, for example 192.168.4.1/24, and the
// other addresses of its network to its clients, 253 at most, until ctx is done. Then
// it removes the address and returns the cause of ctx. It calls ready when clients can
// come. Other errors: the interface is not there, a privilege is missing, or
// another DHCP server runs on it.
//
// As ESP-IDF's server it calls itself the router and the name server, though it is
// neither: some phones do not stay in a network without.
func Serve(ctx context.Context, iface string, prefix netip.Prefix, ready func()) error {
	return serve(ctx, iface, prefix, leaseTime, ready)
}

func serve(ctx context.Context, iface string, prefix netip.Prefix, lease time.Duration, ready func()) error {
	s, err := newServer(prefix, lease)
	if err != nil {
		return err
	}
	link, err := find(iface)
	if err != nil {
		return err
	}
	conn, err := listen(ctx, iface)
	if err != nil {
		return err
	}
	defer conn.Close()
	address := addressOf(prefix)
	if err := netlink.AddrReplace(link, address); err != nil {
		return fmt.Errorf("dhcp4: setting address %s on %s: %w%s", prefix, iface, err, hint(err))
	}
	defer netlink.AddrDel(link, address)
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	ready()
	for buf := make([]byte, 2048); ; {
		n, peer, err := conn.ReadFromUDPAddrPort(buf)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("dhcp4: server on %s: %w", iface, err)
		}
		answer := s.answer(time.Now(), buf[:n])
		if answer == nil {
			continue
		}
		// Who has no address yet cannot be asked for its hardware address.
		to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), dhcpv4.ClientPort)
		if known, _ := netip.AddrFromSlice(answer.ClientIPAddr); s.pool.contains(known) && peer.Addr() == known {
			to = netip.AddrPortFrom(known, dhcpv4.ClientPort)
		}
		// A lost answer is asked for again; the interface may be down for a moment.
		_, _ = conn.WriteToUDPAddrPort(answer.ToBytes(), to)
	}
}

// listen opens the server's port on an interface alone.
func listen(ctx context.Context, iface string) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var bind, broadcast error
		err := raw.Control(func(fd uintptr) {
			bind = unix.BindToDevice(int(fd), iface)
			broadcast = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
		})
		return errors.Join(err, bind, broadcast)
	}}
	conn, err := config.ListenPacket(context.WithoutCancel(ctx), "udp4", fmt.Sprintf(":%d", dhcpv4.ServerPort))
	if err != nil {
		why := hint(err)
		if errors.Is(err, unix.EADDRINUSE) {
			why = " (does another DHCP server run, for example dnsmasq?)"
		}
		return nil, fmt.Errorf("dhcp4: server on %s: %w%s", iface, err, why)
	}
	return conn.(*net.UDPConn), nil
}

// server decides what is answered.
type server struct {
	pool    *pool
	address netip.Prefix
	lease   time.Duration
}

func newServer(address netip.Prefix, lease time.Duration) (*server, error) {
	p, err := newPool(address)
	return &server{p, address, lease}, err
}

// answer returns the answer to a packet; nil: none. Packets come from strangers.
func (s *server) answer(now time.Time, packet []byte) *dhcpv4.DHCPv4 {
	m, err := dhcpv4.FromBytes(packet)
	if err != nil || m.OpCode != dhcpv4.OpcodeBootRequest || len(m.ClientHWAddr) == 0 || m.GatewayIPAddr != nil && !m.GatewayIPAddr.IsUnspecified() {
		return nil // no request, or one through a relay, of which there is none here
	}
	client := string(m.Options.Get(dhcpv4.OptionClientIdentifier))
	if client == "" {
		client = "\x00" + string(m.ClientHWAddr)
	}
	if len(client) > 255 {
		return nil // an option in parts; no client is named like that
	}
	wish, wished := netip.AddrFromSlice(m.RequestedIPAddress())
	has, _ := netip.AddrFromSlice(m.ClientIPAddr.To4())
	switch m.MessageType() {
	case dhcpv4.MessageTypeDiscover:
		addr := s.pool.offer(now, now.Add(offerTime), client, wish)
		return s.reply(m, dhcpv4.MessageTypeOffer, addr)
	case dhcpv4.MessageTypeRequest:
		if id, chosen := netip.AddrFromSlice(m.ServerIdentifier()); chosen && id != s.address.Addr() {
			s.pool.release(client) // it has chosen another server
			return nil
		}
		if !wished {
			wish = has
		}
		if !s.pool.bind(now, now.Add(s.lease), client, wish) {
			return s.reply(m, dhcpv4.MessageTypeNak, netip.Addr{})
		}
		return s.reply(m, dhcpv4.MessageTypeAck, wish)
	case dhcpv4.MessageTypeInform:
		return s.reply(m, dhcpv4.MessageTypeAck, netip.Addr{})
	case dhcpv4.MessageTypeRelease, dhcpv4.MessageTypeDecline:
		s.pool.release(client) // the next one gets another address
	}
	return nil
}

// reply makes an answer, with an address where there is one.
func (s *server) reply(m *dhcpv4.DHCPv4, kind dhcpv4.MessageType, addr netip.Addr) *dhcpv4.DHCPv4 {
	own := s.address.Addr().AsSlice()
	r, err := dhcpv4.NewReplyFromRequest(m, dhcpv4.WithMessageType(kind), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(own)))
	if err != nil {
		return nil
	}
	if kind == dhcpv4.MessageTypeNak {
		return r
	}
	r.ClientIPAddr = m.ClientIPAddr
	for _, o := range []dhcpv4.Option{
		dhcpv4.OptSubnetMask(net.CIDRMask(s.address.Bits(), 32)),
		dhcpv4.OptBroadcastAddress(broadcast(s.address).AsSlice()),
		dhcpv4.OptRouter(own),
		dhcpv4.OptDNS(own),
	} {
		r.UpdateOption(o)
	}
	if addr.IsValid() {
		r.YourIPAddr = addr.AsSlice()
		r.UpdateOption(dhcpv4.OptIPAddressLeaseTime(s.lease))
	}
	return r
}
