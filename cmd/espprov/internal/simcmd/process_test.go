// SPDX-License-Identifier: Apache-2.0

//go:build unix

package simcmd

import (
	"bufio"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.bug.st/serial"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/internal/test/leak"
)

// A signal ends the program with status 0, and nothing of it is left.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "sim", "--json", "--port", "0")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		text := bufio.NewScanner(out)
		require.True(t, text.Scan())
		var l line
		require.NoError(t, json.Unmarshal(text.Bytes(), &l))
		address := strings.TrimPrefix(l.Detail, "http://")
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(sig))
		for text.Scan() {
		}
		require.NoError(t, cmd.Wait())
		conn.Close()
		again, err := net.Listen("tcp", address)
		require.NoError(t, err)
		again.Close()
	}
}

// No goroutine is left of the command, whatever clients do.
func TestNothingIsLeft(t *testing.T) {
	require.Zero(t, start(t, "--for", "1ms", "--transport", "ble").wait()) // os/signal keeps one for ever
	before := runtime.NumGoroutine()
	for _, args := range [][]string{{"--one-port"}, {}, {"--transport", "console"}, {"--transport", "ble"}} {
		r := start(t, append(args, "--json", "--port", "0", "--count", "5")...)
		address := strings.TrimPrefix(r.address("PROV_000003"), "http://")
		address, _, _ = strings.Cut(address, "/")
		if conn, err := net.Dial("tcp", address); err == nil {
			defer conn.Close() // behind the end of the command
		}
		require.Zero(t, r.stop())
	}
	leak.Goroutines(t, before)
}

// A console device is a terminal that stays while the device reboots.
func TestConsole(t *testing.T) {
	r := start(t, "--json", "--transport", "console", "--fault", "reboot, endpoint: prov-config")
	path := r.address("PROV_1")
	dial := func() client.Transport {
		port, err := serial.Open(path, &serial.Mode{BaudRate: 115200})
		require.NoError(t, err)
		c, err := client.NewConsole(port, client.ConsoleConfig{Timeout: time.Second})
		require.NoError(t, err)
		return c
	}
	require.Error(t, over(t, dial(), pop))
	r.line("POWER_OFF")
	r.line("PROV_START")
	require.NoError(t, over(t, dial(), pop))
	require.Zero(t, r.stop())
	_, err := os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A client that leaves takes its connections to devices with it.
func TestClientLeaves(t *testing.T) {
	r := start(t, "--json", "--one-port", "--port", "0")
	address := r.address("PROV_1")
	r.line("PROV_START")
	before := runtime.NumGoroutine()
	for range 5 {
		transport, err := client.NewHTTP(client.HTTPConfig{Address: address})
		require.NoError(t, err)
		c, err := client.New(transport, pop)
		require.NoError(t, err)
		require.NoError(t, c.Connect(t.Context()))
		require.NoError(t, c.Close())
	}
	leak.Goroutines(t, before)
}
