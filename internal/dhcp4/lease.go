// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal"
)

// Client is a DHCP client. The zero value is ready.
type Client struct {
	// Metric of the routes: among several the lowest is used. 0: 600, as
	// NetworkManager has it for Wi-Fi, so that a cable (100) comes first.
	Metric int

	// Keep is the cause of a context at whose end address, routes and name
	// servers stay. They stay for the rest of the lease, since nobody renews it
	// then. nil: they never stay.
	Keep error

	// SetDNS is told the name servers, at most three, at the first and each other
	// list of them, and an empty list at the end. It may block for seconds.
	// nil: Resolvconf.
	SetDNS func(iface string, servers []netip.Addr) error

	// Logger takes what goes wrong on the way; nil is silent.
	Logger hal.Logger

	first, last, least time.Duration // for tests; 0: as below
}

// How long an answer is waited for. Each packet is sent twice: the second time after
// that, and then the wait is double. A first packet is easily lost on a link that has
// just come up, and servers that look whether an address is in use take three seconds
// for an offer.
const (
	firstWait = 2 * time.Second
	lastWait  = 16 * time.Second
	renewWait = 5 * time.Second // when a lease is renewed
	sends     = 2
)

// Lease gets an address for an interface by DHCP, sets it with routes and name servers,
// renews it, and removes all when ctx is done. It calls told at the first and at every
// other configuration, from its own goroutine. Without an address, which also happens
// when a lease ends without renewal, it tries for ever; it returns the cause of ctx, or
// an error if the interface is not there (any more) or a privilege is missing.
func (c Client) Lease(ctx context.Context, iface string, told func(hal.IPConfig)) (err error) {
	link, err := find(iface)
	if err != nil {
		return err
	}
	if c.SetDNS == nil {
		c.SetDNS = Resolvconf
	}
	c.Metric = valueOr(c.Metric, 600)
	c.first, c.last, c.least = valueOr(c.first, firstWait), valueOr(c.last, lastWait), valueOr(c.least, shortest)
	l := &lessee{Client: c, iface: iface, told: told, binding: binding{link: link, metric: c.Metric}}
	defer func() {
		if c.Keep == nil || !errors.Is(err, c.Keep) {
			l.drop()
		}
	}()
	for wait := c.first; ; {
		began := time.Now()
		t, err := l.obtain(ctx, wait)
		if err == nil {
			err = l.apply(t)
		}
		if err == nil {
			err = l.hold(ctx, t, began)
			wait = c.first
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case l.hopeless(err):
			return fmt.Errorf("dhcp4: %s: %w%s", iface, err, hint(err))
		}
		c.Logger.Log(hal.LevelInfo, "dhcp4: no address", hal.Attr{Key: "interface", Value: iface}, hal.Err(err))
		if !sleep(ctx, began.Add(wait+rand.N(wait/4))) {
			return context.Cause(ctx)
		}
		wait = min(wait*2, c.last)
	}
}

func valueOr[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// lessee is a running Lease.
type lessee struct {
	Client
	iface   string
	told    func(hal.IPConfig)
	binding binding
	config  hal.IPConfig // what told was told; zero without an address
	dns     []netip.Addr // what SetDNS was told
	wish    netip.Addr   // the last address; zero: none
}

var (
	errRefused = errors.New("the server refused the address")
	errExpired = errors.New("the lease ended, and no server renewed it")
)

// obtain makes one attempt to get an address. It waits at least so long for each answer.
func (l *lessee) obtain(ctx context.Context, wait time.Duration) (t terms, err error) {
	err = l.exchange(wait, func(c *nclient4.Client) error {
		options := l.options()
		if l.wish.IsValid() {
			options = append(options, dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(l.wish.AsSlice())))
		}
		discover, err := dhcpv4.NewDiscovery(c.InterfaceAddr(), options...)
		if err != nil {
			return err
		}
		var offered terms
		offer, err := c.SendAndRead(ctx, c.RemoteAddr(), discover, func(m *dhcpv4.DHCPv4) (ok bool) {
			offered, ok = parseTerms(m, l.least)
			return ok && m.MessageType() == dhcpv4.MessageTypeOffer
		})
		if err != nil {
			return fmt.Errorf("no offer: %w", err)
		}
		request, err := dhcpv4.NewRequestFromOffer(offer, l.options()...)
		if err != nil {
			return err
		}
		t, err = l.confirm(ctx, c, request, offered, false)
		return err
	})
	return t, err
}

// renew asks to extend the lease; with any of every server, otherwise of its own.
func (l *lessee) renew(ctx context.Context, t terms, wait time.Duration, any bool) (fresh terms, err error) {
	err = l.exchange(wait, func(c *nclient4.Client) error {
		// It is broadcast, and so is heard by the own server and by all others.
		request, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithHwAddr(c.InterfaceAddr()),
			dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest), dhcpv4.WithClientIP(t.address.Addr().AsSlice())}, l.options()...)...)
		if err != nil {
			return err
		}
		fresh, err = l.confirm(ctx, c, request, t, any)
		return err
	})
	return fresh, err
}

// confirm sends a request for the address of t, and returns what the server grants.
func (l *lessee) confirm(ctx context.Context, c *nclient4.Client, request *dhcpv4.DHCPv4, t terms, any bool) (granted terms, err error) {
	answer, err := c.SendAndRead(ctx, c.RemoteAddr(), request, func(m *dhcpv4.DHCPv4) (ok bool) {
		server, _ := netip.AddrFromSlice(m.ServerIdentifier())
		if server != t.server && !any {
			return false
		}
		if m.MessageType() == dhcpv4.MessageTypeNak {
			return true
		}
		granted, ok = parseTerms(m, l.least)
		return ok && m.MessageType() == dhcpv4.MessageTypeAck && granted.address.Addr() == t.address.Addr()
	})
	switch {
	case err != nil:
		return terms{}, fmt.Errorf("no confirmation: %w", err)
	case answer.MessageType() == dhcpv4.MessageTypeNak:
		return terms{}, errRefused
	}
	return granted, nil
}

// exchange opens a client for a few packets. It is not kept open, since it receives
// everything that comes to the interface.
func (l *lessee) exchange(wait time.Duration, fn func(*nclient4.Client) error) error {
	c, err := nclient4.New(l.iface, nclient4.WithTimeout(wait), nclient4.WithRetry(sends))
	if err != nil {
		return err
	}
	defer c.Close()
	return fn(c)
}

func (l *lessee) options() []dhcpv4.Modifier {
	list := []dhcpv4.Modifier{
		dhcpv4.WithOption(dhcpv4.OptMaxMessageSize(nclient4.MaxMessageSize)),
		dhcpv4.WithOption(dhcpv4.OptParameterRequestList(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer,
			dhcpv4.OptionIPAddressLeaseTime, dhcpv4.OptionRenewTimeValue, dhcpv4.OptionRebindingTimeValue)),
	}
	if name, err := os.Hostname(); err == nil && name != "" && name != "localhost" && len(name) <= 63 {
		list = append(list, dhcpv4.WithOption(dhcpv4.OptHostName(name)))
	}
	return list
}

// hold keeps a lease that began at a time until it is lost, and returns why, or until
// ctx is done.
func (l *lessee) hold(ctx context.Context, t terms, began time.Time) error {
	for next := t.renew; sleep(ctx, began.Add(next)); {
		now := time.Now()
		age := now.Sub(began)
		if age >= t.lease {
			l.drop()
			return errExpired
		}
		limit, any := t.rebind, false
		if age >= t.rebind {
			limit, any = t.lease, true
		}
		fresh, err := l.renew(ctx, t, min(renewWait, (limit-age)/3), any)
		switch {
		case errors.Is(err, errRefused):
			l.drop()
			l.wish = netip.Addr{}
			return err
		case err == nil:
			if err := l.apply(fresh); err != nil {
				return err
			}
			t, began, next = fresh, now, fresh.renew
		default:
			age = time.Since(began)
			next = min(age+max((limit-age)/2, time.Minute), max(limit, age))
		}
	}
	return context.Cause(ctx)
}

// apply sets what the server granted, and tells it if it is something else than before.
func (l *lessee) apply(t terms) error {
	if err := l.binding.set(t); err != nil {
		return err
	}
	l.wish = t.address.Addr()
	l.setDNS(t.dns)
	if c := t.config(); c != l.config {
		l.config = c
		l.told(c)
	}
	return nil
}

// drop removes everything.
func (l *lessee) drop() {
	l.config = hal.IPConfig{}
	if err := l.binding.clear(); err != nil {
		l.Logger.Log(hal.LevelWarn, "dhcp4: removing address", hal.Attr{Key: "interface", Value: l.iface}, hal.Err(err))
	}
	l.setDNS(nil)
}

func (l *lessee) setDNS(servers []netip.Addr) {
	if slices.Equal(servers, l.dns) {
		return
	}
	l.dns = servers
	if err := l.SetDNS(l.iface, servers); err != nil {
		l.Logger.Log(hal.LevelWarn, "dhcp4: setting name servers", hal.Attr{Key: "interface", Value: l.iface}, hal.Err(err))
	}
}

// hopeless tells whether it makes no sense to try again after err.
func (l *lessee) hopeless(err error) bool {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return true
	}
	_, gone := netlink.LinkByIndex(l.binding.link.Attrs().Index)
	return errors.As(gone, &netlink.LinkNotFoundError{})
}

// sleep waits until a time; false: ctx is done.
func sleep(ctx context.Context, until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
