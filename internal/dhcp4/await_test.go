// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
)

// Await sees what another client, here Lease, sets.
func TestAwait(t *testing.T) {
	server, client, inServer, inClient := cable(t)
	startServer(t, server, inServer, time.Hour)
	await := func() (*job, chan hal.IPConfig) {
		seen := make(chan hal.IPConfig, 10)
		return start(t, client, func(ctx context.Context) error {
			return Await(ctx, inClient, func(c hal.IPConfig) { seen <- c })
		}), seen
	}
	_, seen := await()
	want := first
	want.DNS = hal.IPv4{}
	lease, _ := startLease(t, client, fast(), inClient)
	require.Equal(t, want, receive(t, seen))
	_, late := await()
	require.Equal(t, want, receive(t, late), "an address that is there already")
	lease.end(errStop)

	// Without a gateway it is told a little later, and after a loss anew.
	other := binding{metric: 600}
	client.Do(func() {
		link, err := find(inClient)
		require.NoError(t, err)
		other.link = link
		require.NoError(t, other.set(terms{address: netip.MustParsePrefix("10.1.2.3/16"), lease: forever}))
	})
	require.Equal(t, hal.IPConfig{Address: hal.IPv4{10, 1, 2, 3}, Netmask: hal.IPv4{255, 255, 0, 0}}, receive(t, seen))
	require.Empty(t, seen)
	client.Do(func() { require.ErrorContains(t, Await(t.Context(), "nosuch0", nil), "nosuch0") })
}

// Name servers go through the system's resolvconf.
func TestResolvconf(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	t.Setenv("PATH", dir)
	require.NoError(t, Resolvconf("wlan0", []netip.Addr{network.Addr()}), "without the command")
	script := "#!/bin/sh\necho \"$@\" >>" + out + "\n[ \"$1\" = -d ] || while read -r line; do echo \"$line\" >>" + out + "; done\n"
	command := filepath.Join(dir, "resolvconf")
	require.NoError(t, os.WriteFile(command, []byte(script), 0o700))
	require.NoError(t, Resolvconf("wlan0", []netip.Addr{network.Addr(), netip.MustParseAddr("1.1.1.1")}))
	require.NoError(t, Resolvconf("wlan0", nil))
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "-a wlan0.wifiprov\nnameserver 192.168.4.1\nnameserver 1.1.1.1\n-d wlan0.wifiprov\n", string(text))
	require.NoError(t, os.WriteFile(command, []byte("#!/bin/sh\necho no luck; exit 3\n"), 0o700))
	err = Resolvconf("wlan0", nil)
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "no luck")
}
