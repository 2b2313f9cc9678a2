// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/hci"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakenetsim"
)

// Bluetooth devices join a netsim, where a phone finds one, and tell when it vanishes.
func TestLink(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := "netsim:" + l.Addr().String()
	netsim := fakenetsim.Serve(l, sim.NewAir(sim.AirConfig{}))
	defer netsim.Close()
	r := start(t, "--json", "--transport", "ble", "--count", "2", "--link", address, "--time-scale", "2")
	require.Equal(t, "Bluetooth on "+address, r.address("PROV_000001"))
	r.line("PROV_START", "PROV_000002")
	require.Subset(t, netsim.Chips(), []string{"PROV_000001", "PROV_000002"})

	transport, err := hci.Open(t.Context(), address, hci.Config{})
	require.NoError(t, err)
	defer transport.Close()
	central, err := blecentral.New(transport, blecentral.Config{})
	require.NoError(t, err)
	phone, err := client.NewBLE(client.BLEConfig{Central: central, Name: "PROV_000002"})
	require.NoError(t, err)
	require.NoError(t, over(t, phone, pop))
	r.line("PROV_END", "PROV_000002")
	netsim.Close()
	r.line("ERROR", "PROV_000001", "a reboot of the device opens it again")
	require.Zero(t, r.stop())
}

func TestWrongLinks(t *testing.T) {
	for want, args := range map[string][]string{
		"espprov: --link hci0: --netsim stands for --link netsim:; give one of the two\n":                                      {"--netsim", "--link", "hci0"},
		"espprov: --link netsim:: no device has Bluetooth; add transport: ble, or leave --link out\n":                          {"--link", "netsim:", "--transport", "softap"},
		"espprov: --link hci0: that is one controller, for one device, and 2 have Bluetooth; take netsim:, or fewer devices\n": {"--link", "hci0", "--transport", "ble", "--count", "2"},
		"espprov: hci: usb:1: no address of a Bluetooth controller; want netsim:, tcp:HOST:PORT, hci0 or serial:DEVICE\n":      {"--link", "usb:1", "--transport", "ble"},
	} {
		r := start(t, args...)
		require.Equal(t, 2, r.wait())
		require.Equal(t, want, r.errs.String())
	}
}
