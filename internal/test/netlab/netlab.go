// SPDX-License-Identifier: Apache-2.0

//go:build linux

package netlab

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Box is a network namespace, with its loopback interface up.
type Box struct{ handle netns.NsHandle }

// New makes a Box. It goes when the test ends.
func New(t testing.TB) *Box {
	t.Helper()
	var handle netns.NsHandle
	var err error
	onThread(func() {
		if handle, err = netns.New(); err == nil {
			err = setUp("lo")
		}
	})
	if os.IsPermission(err) {
		t.Skipf("needs CAP_SYS_ADMIN and CAP_NET_ADMIN for network namespaces: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { handle.Close() })
	return &Box{handle}
}

// Do calls fn in the namespace, and waits for it. Goroutines that fn starts are not in
// there.
func (b *Box) Do(fn func()) {
	onThread(func() {
		if err := netns.Set(b.handle); err != nil {
			panic(err)
		}
		fn()
	})
}

// onThread calls fn on a thread that ends with it.
func onThread(fn func()) {
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread()
		fn()
	})
	done.Wait()
}

var cables atomic.Uint32

// Cable connects two boxes, and returns the interfaces at its ends, which are up.
func Cable(t testing.TB, a, b *Box) (inA, inB string) {
	t.Helper()
	n := strconv.Itoa(int(cables.Add(1)))
	inA, inB = "a"+n, "b"+n
	var err error
	a.Do(func() {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = inA
		err = netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: inB, PeerNamespace: netlink.NsFd(int(b.handle))})
		if err == nil {
			err = setUp(inA)
		}
	})
	require.NoError(t, err)
	b.Do(func() { err = setUp(inB) })
	require.NoError(t, err)
	a.waitForCarrier(t, inA)
	b.waitForCarrier(t, inB)
	return inA, inB
}

func setUp(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(link)
}

// waitForCarrier waits until the kernel's own work on a cable is over.
func (b *Box) waitForCarrier(t testing.TB, name string) {
	b.Do(func() {
		for range 1_000_000 {
			link, err := netlink.LinkByName(name)
			if err != nil || link.Attrs().RawFlags&unix.IFF_RUNNING != 0 {
				return
			}
		}
	})
}
