// SPDX-License-Identifier: Apache-2.0

package hci_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/hci"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/test/fakenetsim"
)

// nobody dials in vain.
func nobody(_ context.Context, network, address string) (net.Conn, error) {
	return nil, fmt.Errorf("dial %s %s: %w", network, address, syscall.ECONNREFUSED)
}

// Addresses that lead nowhere say why, and what to do.
func TestOpenErrors(t *testing.T) {
	refused := syscall.ECONNREFUSED.Error()
	for address, want := range map[string]string{
		"":                        "hci: : no address of a Bluetooth controller; want netsim:, tcp:HOST:PORT, hci0 or serial:DEVICE",
		"localhost:6402":          "hci: localhost:6402: no address of a Bluetooth controller; want netsim:, tcp:HOST:PORT, hci0 or serial:DEVICE",
		"hcitool":                 "hci: hcitool: want hci and the adapter's number, hci0",
		"hci:":                    "hci: hci: want hci and the adapter's number, hci0",
		"hci:65536":               "hci: hci:65536: want hci and the adapter's number, hci0",
		"hci-1":                   "hci: hci-1: want hci and the adapter's number, hci0",
		"tcp:6402":                "hci: tcp:6402: want tcp:HOST:PORT",
		"tcp:localhost:6402":      "hci: tcp:localhost:6402: dial tcp localhost:6402: " + refused + "; does the controller's program run there?",
		"netsim:localhost:8554":   "hci: netsim:localhost:8554: dial tcp localhost:8554: " + refused + "; is the emulator running?",
		"netsim:emulator":         "hci: netsim:emulator: want netsim:, netsim:HOST:PORT, or netsim: and the number of an instance",
		"netsim:-1":               "hci: netsim:-1: want netsim:, netsim:HOST:PORT, or netsim: and the number of an instance",
		"serial:":                 "hci: serial: want serial:DEVICE, serial:/dev/ttyUSB0",
		"serial:/dev/x?speed=9":   "hci: serial:/dev/x?speed=9: want serial:DEVICE?baud=N with N in bits a second",
		"serial:/dev/x?baud=fast": "hci: serial:/dev/x?baud=fast: want serial:DEVICE?baud=N with N in bits a second",
		"serial:/dev/x?baud=0":    "hci: serial:/dev/x?baud=0: want serial:DEVICE?baud=N with N in bits a second",
	} {
		_, err := hci.Open(t.Context(), address, hci.Config{Dial: nobody})
		require.EqualError(t, err, want)
	}
	_, err := hci.Open(t.Context(), "serial:"+filepath.Join(t.TempDir(), "tty"), hci.Config{})
	require.Error(t, err)
	_, err = hci.Open(t.Context(), "hci65000", hci.Config{})
	require.Error(t, err)
}

// netsim is found by the file that it writes.
func TestOpenDiscoversNetsim(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"XDG_RUNTIME_DIR", "TMPDIR", "LOCALAPPDATA"} {
		t.Setenv(name, folder)
	}
	file := filepath.Join(folder, "netsim.ini")
	second := filepath.Join(folder, "netsim_2.ini")
	if runtime.GOOS == "windows" {
		t.Skip("the folder is one below")
	}
	open := func(address string) error {
		_, err := hci.Open(t.Context(), address, hci.Config{Dial: nobody})
		return err
	}
	refused := syscall.ECONNREFUSED.Error()
	require.EqualError(t, open("netsim:"), "hci: netsim: no netsim runs on this machine; start an Android emulator, or name the address of one, netsim:HOST:PORT (open "+file+": no such file or directory)")
	require.NoError(t, os.WriteFile(file, []byte("web.port=7681\ngrpc.port=4242\r\n"), 0o600))
	require.EqualError(t, open("netsim:"), "hci: netsim: dial tcp localhost:4242: "+refused+"; is the emulator that wrote "+file+" still running?")
	require.NoError(t, os.WriteFile(second, []byte("grpc.port = 4243"), 0o600))
	require.ErrorContains(t, open("netsim:2"), "dial tcp localhost:4243: ")
	for _, text := range []string{"grpc.port=", "grpc.port=0", "grpc.port=65536", "grpc.port=x"} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		require.EqualError(t, open("netsim:"), "hci: netsim: "+file+": grpc.port is not a port; name netsim's address, netsim:HOST:PORT")
	}
	require.NoError(t, os.WriteFile(file, []byte("web.port=7681\n"), 0o600))
	require.EqualError(t, open("netsim:"), "hci: netsim: "+file+": there is no line grpc.port=N; name netsim's address, netsim:HOST:PORT")
}

// The wait for a connection ends with the context; the transport lives on after it.
func TestOpenContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, err := simnet.Loopback()
	require.NoError(t, err)
	defer l.Close()
	server := fakenetsim.Serve(l, sim.NewAir(sim.AirConfig{}))
	defer server.Close()
	transport, err := hci.Open(ctx, "netsim:"+l.Addr().String(), hci.Config{})
	require.NoError(t, err)
	cancel()
	answer := make(chan []byte, 1)
	transport.SetReceiver(func(packet []byte) { answer <- append([]byte(nil), packet...) })
	require.NoError(t, transport.Send(reset))
	require.Equal(t, resetDone, <-answer)
	require.NoError(t, transport.Close())
	<-transport.Done()
	_, err = hci.Open(ctx, "netsim:"+l.Addr().String(), hci.Config{})
	require.ErrorIs(t, err, context.Canceled)
}
