// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"net"
	"net/netip"

	"github.com/wifiprov/wifiprov/protocomm"
)

// place is where a client is, whatever connection it uses: its IP address, or a name in a
// network without such addresses. The zero place is an unknown one.
type place struct {
	ip   netip.Addr // an IPv4 address has one form only; a zone is a part of it
	name string
}

// placeOf returns the place at the other end of a connection.
func placeOf(addr net.Addr) place {
	switch a := addr.(type) {
	case nil:
		return place{}
	case *net.TCPAddr:
		return place{ip: a.AddrPort().Addr().Unmap()}
	}
	return placeNamed(addr.String())
}

// placeNamed reads a host with or without a port. Anything else is a name.
func placeNamed(s string) place {
	host, _, err := net.SplitHostPort(s)
	if err != nil {
		host = s
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return place{ip: ip.Unmap()}
	}
	return place{name: host}
}

// source is the place as the instance knows it.
func (p place) source() protocomm.Source {
	if p.ip.IsValid() {
		return protocomm.Source(p.ip.String())
	}
	return protocomm.Source(p.name)
}
