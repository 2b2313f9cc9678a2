// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// maxClients is how many clients a server remembers at most.
const maxClients = 253

// pool are the addresses that a server gives away. Its memory is bounded: when all
// are given away, the client that was not heard of for the longest time loses its own.
type pool struct {
	own    netip.Addr
	prefix netip.Prefix
	size   int
	next   netip.Addr // from here on a free address is looked for
	given  []given    // who was not heard of longest comes first
}

type given struct {
	client string
	addr   netip.Addr
	until  time.Time
	bound  bool // the client has asked for it; otherwise it was only offered
}

func newPool(own netip.Prefix) (*pool, error) {
	if !own.Addr().Is4() || own.Bits() > 30 || own.Bits() < 8 || !host(own.Addr()) ||
		own.Addr() == own.Masked().Addr() || own.Addr() == broadcast(own) {
		return nil, fmt.Errorf("dhcp4: %s is no address of a network with room for clients; one like 192.168.4.1/24 is needed", own)
	}
	hosts := 1<<(32-own.Bits()) - 3 // not the network's, the broadcast and the own address
	return &pool{own: own.Addr(), prefix: own, size: min(hosts, maxClients), next: own.Addr().Next()}, nil
}

// contains tells whether an address can be given away.
func (p *pool) contains(a netip.Addr) bool {
	return p.prefix.Contains(a) && a != p.own && a != p.prefix.Masked().Addr() && a != broadcast(p.prefix)
}

// offer finds an address for a client, if possible the wished one, and keeps it until
// then.
func (p *pool) offer(now, until time.Time, client string, wish netip.Addr) netip.Addr {
	if i := p.of(client); i >= 0 {
		g := p.given[i]
		if !g.bound || now.After(g.until) {
			g.bound, g.until = false, until
		}
		p.put(i, g)
		return g.addr
	}
	addr := wish
	if !p.contains(wish) || p.at(wish) >= 0 {
		addr = p.free(now)
	}
	p.add(given{client, addr, until, false})
	return addr
}

// bind gives a client the address that it asks for; false: it cannot have that one.
// An address that was only offered to another client goes to the first who asks.
func (p *pool) bind(now, until time.Time, client string, addr netip.Addr) bool {
	if !p.contains(addr) {
		return false
	}
	if i := p.at(addr); i >= 0 && p.given[i].client != client {
		if other := p.given[i]; other.bound && !now.After(other.until) {
			return false
		}
		p.given = slices.Delete(p.given, i, i+1)
	}
	if i := p.of(client); i >= 0 {
		p.given = slices.Delete(p.given, i, i+1)
	}
	p.add(given{client, addr, until, true})
	return true
}

// release takes back what a client has.
func (p *pool) release(client string) {
	if i := p.of(client); i >= 0 {
		p.given = slices.Delete(p.given, i, i+1)
	}
}

func (p *pool) of(client string) int {
	return slices.IndexFunc(p.given, func(g given) bool { return g.client == client })
}

func (p *pool) at(addr netip.Addr) int {
	return slices.IndexFunc(p.given, func(g given) bool { return g.addr == addr })
}

// put makes i the one that was heard of last.
func (p *pool) put(i int, g given) {
	p.given = append(slices.Delete(p.given, i, i+1), g)
}

func (p *pool) add(g given) {
	for len(p.given) >= p.size {
		p.given = slices.Delete(p.given, 0, 1)
	}
	p.given = append(p.given, g)
}

// free returns an address that nobody has, or takes one away: one whose time is over,
// else one that was only offered, else one from the client not heard of longest.
func (p *pool) free(now time.Time) netip.Addr {
	if len(p.given) < p.size {
		for a := p.next; ; a = a.Next() {
			if !p.prefix.Contains(a) {
				a = p.prefix.Masked().Addr()
			}
			if p.contains(a) && p.at(a) < 0 {
				p.next = a.Next()
				return a
			}
		}
	}
	i := slices.IndexFunc(p.given, func(g given) bool { return now.After(g.until) })
	if i < 0 {
		i = slices.IndexFunc(p.given, func(g given) bool { return !g.bound })
	}
	addr := p.given[max(i, 0)].addr
	p.given = slices.Delete(p.given, max(i, 0), max(i, 0)+1)
	return addr
}
