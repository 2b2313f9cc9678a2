// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/leak"
	"github.com/wifiprov/wifiprov/internal/test/netlab"
)

const patience = 20 * time.Second

var (
	errStop = errors.New("stop")
	network = netip.MustParsePrefix("192.168.4.1/24")
)

// fast is a client that does not wait long.
func fast() Client {
	return Client{first: 200 * time.Millisecond, last: 400 * time.Millisecond, least: time.Second,
		SetDNS: func(string, []netip.Addr) error { return nil }}
}

// job is a call that runs in a box until it is stopped.
type job struct {
	t    *testing.T
	stop context.CancelCauseFunc
	done chan error
}

func start(t *testing.T, box *netlab.Box, fn func(context.Context) error) *job {
	ctx, cancel := context.WithCancelCause(context.Background())
	j := &job{t, cancel, make(chan error, 1)}
	go box.Do(func() { j.done <- fn(ctx) })
	t.Cleanup(func() { j.end(errStop) })
	return j
}

// end stops the job with a cause; it has to return it.
func (j *job) end(cause error) {
	j.t.Helper()
	if j.stop == nil {
		return
	}
	j.stop(cause)
	j.stop = nil
	require.ErrorIs(j.t, j.err(), cause)
}

// err waits for what the job returns.
func (j *job) err() error {
	j.t.Helper()
	return receive(j.t, j.done)
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

// startServer runs a server, and returns when it is ready.
func startServer(t *testing.T, box *netlab.Box, iface string, lease time.Duration) *job {
	t.Helper()
	ready := make(chan struct{})
	j := start(t, box, func(ctx context.Context) error {
		return serve(ctx, iface, network, lease, func() { close(ready) })
	})
	select {
	case <-ready:
	case err := <-j.done:
		require.NoError(t, err)
	case <-time.After(patience):
		require.FailNow(t, "the server is not ready")
	}
	return j
}

// startLease runs a client; told are its configurations.
func startLease(t *testing.T, box *netlab.Box, c Client, iface string) (j *job, told chan hal.IPConfig) {
	told = make(chan hal.IPConfig, 10)
	return start(t, box, func(ctx context.Context) error {
		return c.Lease(ctx, iface, func(c hal.IPConfig) { told <- c })
	}), told
}

// state is what an interface has: its IPv4 addresses and routes, as ip(8) writes them.
func state(t *testing.T, box *netlab.Box, iface string) (list []string) {
	t.Helper()
	box.Do(func() {
		link, err := netlink.LinkByName(iface)
		require.NoError(t, err)
		addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
		require.NoError(t, err)
		for _, a := range addresses {
			list = append(list, a.IPNet.String())
		}
		routes, err := netlink.RouteList(link, netlink.FAMILY_V4)
		require.NoError(t, err)
		for _, r := range routes {
			text := r.Dst.String()
			if r.Gw != nil {
				text += " via " + r.Gw.String()
			}
			if r.Priority != 0 {
				text += " metric " + strconv.Itoa(r.Priority)
			}
			list = append(list, text)
		}
	})
	slices.Sort(list)
	return list
}

// addresses reports what happens to the IPv4 addresses of a box.
func addresses(t *testing.T, box *netlab.Box) <-chan netlink.AddrUpdate {
	t.Helper()
	updates, done := make(chan netlink.AddrUpdate, 100), make(chan struct{})
	var err error
	box.Do(func() { err = netlink.AddrSubscribe(updates, done) })
	require.NoError(t, err)
	v4 := make(chan netlink.AddrUpdate, 100)
	go func() {
		defer close(v4)
		for u := range updates {
			if u.LinkAddress.IP.To4() != nil {
				v4 <- u
			}
		}
	}()
	t.Cleanup(func() {
		close(done)
		for range v4 {
		}
	})
	return v4
}

// noLeak fails if goroutines are left after everything that the test starts later.
func noLeak(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() { leak.Goroutines(t, before) })
}

// cable returns a box for the server and one for the client, and their interfaces.
func cable(t *testing.T) (server, client *netlab.Box, inServer, inClient string) {
	t.Helper()
	noLeak(t)
	server, client = netlab.New(t), netlab.New(t)
	inServer, inClient = netlab.Cable(t, server, client)
	return server, client, inServer, inClient
}

// scripted is a server whose answers the test decides.
type scripted struct {
	mu     sync.Mutex
	answer func(*dhcpv4.DHCPv4) []*dhcpv4.DHCPv4
}

func (s *scripted) set(fn func(*dhcpv4.DHCPv4) []*dhcpv4.DHCPv4) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = fn
}

func (s *scripted) start(t *testing.T, box *netlab.Box, iface string) {
	ready := make(chan struct{})
	start(t, box, func(ctx context.Context) error {
		link, err := find(iface)
		require.NoError(t, err)
		require.NoError(t, netlink.AddrReplace(link, addressOf(network)))
		conn, err := listen(ctx, iface)
		require.NoError(t, err)
		close(ready)
		context.AfterFunc(ctx, func() { conn.Close() })
		for buf := make([]byte, 2048); ; {
			n, _, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return context.Cause(ctx)
			}
			m, err := dhcpv4.FromBytes(buf[:n])
			require.NoError(t, err)
			s.mu.Lock()
			answers := s.answer(m)
			s.mu.Unlock()
			for _, a := range answers {
				_, err := conn.WriteToUDPAddrPort(a.ToBytes(), netip.MustParseAddrPort("255.255.255.255:68"))
				require.True(t, err == nil || ctx.Err() != nil, "%v", err)
			}
		}
	})
	receive(t, ready)
}

// unprivileged calls fn in a box on a thread without capabilities.
func unprivileged(box *netlab.Box, fn func() error) (err error) {
	box.Do(func() {
		var none [2]unix.CapUserData
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		if err = unix.Capset(&header, &none[0]); err == nil {
			err = fn()
		}
	})
	return err
}
