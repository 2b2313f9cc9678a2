// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
	"github.com/wifiprov/wifiprov/internal/test/output"
)

// Device and client meet on one machine with two adapters.
func TestBluezExample(t *testing.T) {
	bus := fakebluez.StartBus(t)
	d := fakebluez.Start(t, bus, fakebluez.Config{Adapters: []fakebluez.Adapter{
		{Name: "hci0", Address: "02:00:00:00:00:01"}, {Name: "hci1", Address: "02:00:00:00:00:02"},
	}})
	o := options{
		bus: bus, name: "PROV_TEST", pop: "abcd1234", ssid: "HomeNet", passphrase: "correct horse",
		poll: 50 * time.Millisecond,
	}
	var deviceOut, phoneOut output.Buffer
	ended := make(chan error, 1)
	o.adapter = "hci0"
	go func(o options) { ended <- device(t.Context(), o, &deviceOut) }(o)
	d.Wait("the device advertises", func(v fakebluez.View) bool { return v.Advertisement("hci0") != nil })
	o.adapter = "hci1"
	require.NoError(t, phone(t.Context(), o, &phoneOut))
	require.Contains(t, phoneOut.String(), "it sees HomeNet")
	require.Contains(t, phoneOut.String(), "it is online with the address 192.168.1.")
	require.NoError(t, <-ended)
	require.Contains(t, deviceOut.String(), "device: CRED_SUCCESS\n")
	require.Contains(t, deviceOut.String(), "device: provisioned for HomeNet\n")
	d.Wait("nothing is left", func(v fakebluez.View) bool { return v.Left() == "" })
}

// The errors say what is missing.
func TestBluezExampleWithoutBus(t *testing.T) {
	o := options{bus: "unix:path=/nonexistent", name: "PROV_TEST"}
	require.ErrorContains(t, device(t.Context(), o, io.Discard), "cannot be a BLE device")
	require.ErrorContains(t, phone(t.Context(), o, io.Discard), "no message bus")
}
