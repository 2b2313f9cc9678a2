// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet/scenario"
)

// A client provisions the device that the flags describe. The output is JSON and has
// no secret.
func TestProvision(t *testing.T) {
	for mode, cfg := range []client.Config{
		{Security: client.Security0}, pop, {Username: simdevice.DefaultUsername, Password: simdevice.DefaultPoP},
	} {
		t.Run(fmt.Sprint("security ", mode), func(t *testing.T) {
			r := start(t, "--json", "--port", "0", "--security", fmt.Sprint(mode), "--key", "12345678")
			require.NoError(t, provision(t, r.address("PROV_1"), cfg))
			r.line("PROV_END")
			require.Zero(t, r.stop())
			for _, text := range r.all {
				var l line
				require.NoError(t, json.Unmarshal([]byte(text), &l))
				require.Equal(t, "PROV_1", l.Device)
				require.NotEmpty(t, l.Event)
				require.WithinDuration(t, time.Now(), l.Time, time.Minute)
			}
			for _, secret := range []string{simdevice.DefaultPoP, string(right.Passphrase), "12345678"} {
				require.NotContains(t, strings.Join(r.all, "\n"), secret)
			}
			require.Contains(t, r.errs.String(), `QR {"ver":"v1","name":"PROV_1"`)
		})
	}
}

// Several devices have ports one after the other.
func TestPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	defer l.Close()
	r := start(t, "--port", fmt.Sprint(port))
	require.Equal(t, 2, r.wait())
	require.Equal(t, fmt.Sprintf("espprov: --port: another program listens on 127.0.0.1:%d; give another --port, or --port 0 for free ones\n", port), r.errs.String())
	r = start(t, "--port", fmt.Sprint(port), "--one-port")
	require.Equal(t, 2, r.wait())
	require.Contains(t, r.errs.String(), "another program listens on")
	l.Close()
	r = start(t, "--json", "--port", fmt.Sprint(port))
	require.Equal(t, fmt.Sprintf("http://127.0.0.1:%d", port), r.address("PROV_1"))
}

// A device that reboots has the same port as before.
func TestReboot(t *testing.T) {
	r := start(t, "--json", "--port", "0", "--fault", "reboot, endpoint: prov-config")
	address := r.address("PROV_1")
	require.Error(t, provision(t, address, pop))
	r.line("POWER_OFF")
	r.line("PROV_START")
	require.NoError(t, provision(t, address, pop))
}

// Many devices on one port are told apart by path and host, and clients by their
// connections.
func TestOnePort(t *testing.T) {
	r := start(t, "--json", "--port", "0", "--one-port", "--count", "3", "--name", "My lamp %d", "--pop", "random", "--seed", "5")
	file := scenario.New()
	file.Seed, file.Devices = 5, []scenario.Group{{Name: "My lamp %d", Count: 3, PoP: "random"}}
	require.NoError(t, file.SetText(&file.Devices[0].PoP, "", "random"))
	sc, err := file.Compile(scenario.Options{})
	require.NoError(t, err)
	var done sync.WaitGroup
	for i, device := range sc.Config.Devices {
		address := r.address(device.Name)
		require.True(t, strings.HasSuffix(address, fmt.Sprintf("/My%%20lamp%%20%d", i+1)), address)
		_, secret := device.Security.Login()
		for range 2 {
			done.Go(func() {
				transport, err := client.NewHTTP(client.HTTPConfig{Address: address})
				require.NoError(t, err)
				c, err := client.New(transport, client.Config{Security: client.Security1, PoP: secret})
				require.NoError(t, err)
				defer c.Close()
				require.NoError(t, c.Connect(t.Context()))
				networks, err := c.Scan(t.Context(), client.ScanOptions{})
				require.NoError(t, err)
				require.NotEmpty(t, networks)
			})
		}
	}
	done.Wait()
}

// A request for a device by its host name, and requests for nobody.
func TestHosts(t *testing.T) {
	r := start(t, "--json", "--port", "0", "--one-port", "--name", "PROV_A")
	address := strings.TrimSuffix(r.address("PROV_A"), "/PROV_A")
	for host, status := range map[string]int{"prov_a.local": 200, "PROV_A.local:8080": 200, "PROV_A": 200, "127.0.0.1": 404, "prov_b.local": 404} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/proto-ver", strings.NewReader("x"))
		require.NoError(t, err)
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, status, resp.StatusCode, host)
	}
	http.DefaultClient.CloseIdleConnections()
}

// What happens to a device's connection happens to that of its client.
func TestFaultsOnOnePort(t *testing.T) {
	for fault, want := range map[string]string{
		"cut-link, endpoint: prov-config":                  "connection closed without an answer",
		"truncate-answer, endpoint: prov-config, bytes: 2": "cut off after 2 bytes",
		"drop-answer, endpoint: prov-config":               "timed out",
		"power-cut, endpoint: prov-config":                 "connection closed without an answer",
		"stale-session, endpoint: prov-config":             "connection closed without an answer",
	} {
		t.Run(fault, func(t *testing.T) {
			r := start(t, "--json", "--port", "0", "--one-port", "--fault", fault)
			transport, err := client.NewHTTP(client.HTTPConfig{Address: r.address("PROV_1"), Timeout: 300 * time.Millisecond})
			require.NoError(t, err)
			err = over(t, transport, pop)
			require.ErrorContains(t, err, want)
		})
	}
}

// A part of the devices is the same at every start, and all parts are all devices.
func TestShards(t *testing.T) {
	found := map[string]int{}
	for shard := range 4 {
		r := start(t, "--port", "0", "--count", "40", "--transport", "ble", "--shard", fmt.Sprintf("%d/4", shard), "--json", "--for", "1s")
		require.Zero(t, r.wait())
		for _, line := range strings.Split(r.errs.String(), "\n") {
			if name, _, is := strings.Cut(line, ": "); is {
				found[name]++
			}
		}
	}
	require.Len(t, found, 40)
	for name, n := range found {
		require.Equal(t, 1, n, name)
	}
}

var clock = regexp.MustCompile(`\b\d\d:\d\d:\d\d\.\d{3}\b`)

// The commands of testdata/sim.txt, and what they print, both outputs together. A
// line with a command begins with $; behind the output is the exit status unless it is
// 0. Times are replaced, and the events are ordered by device. go test -rewrite writes the outputs anew.
func TestScript(t *testing.T) {
	const path = "testdata/sim.txt"
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	absolute, err := filepath.Abs(path)
	require.NoError(t, err)
	t.Chdir("testdata")
	var out strings.Builder
	for i, part := range strings.Split(string(old), "\n$ espprov sim") {
		command, _, _ := strings.Cut(part, "\n")
		if i == 0 {
			out.WriteString(strings.TrimRight(part, "\n") + "\n")
			continue
		}
		r := start(t, split(command)...)
		var printed []string
		for line := range r.lines {
			printed = append(printed, clock.ReplaceAllString(line, "TIME"))
		}
		slices.SortStableFunc(printed, func(a, b string) int { return strings.Compare(eventDevice(a), eventDevice(b)) })
		out.WriteString("\n$ espprov sim" + command + "\n" + r.errs.String())
		for _, line := range printed {
			out.WriteString(line + "\n")
		}
		if status := r.stop(); status != 0 {
			fmt.Fprintf(&out, "[%d]\n", status)
		}
	}
	if *rewrite {
		require.NoError(t, os.WriteFile(absolute, []byte(out.String()), 0o644))
		return
	}
	require.Equal(t, string(old), out.String(), "go test ./cmd/espprov/internal/simcmd -rewrite writes the outputs anew")
}

// eventDevice returns the device of a line that is an event.
func eventDevice(line string) string {
	if rest, is := strings.CutPrefix(line, "TIME "); is {
		name, _, _ := strings.Cut(rest, " ")
		return name
	}
	return ""
}

// split splits a command line, in which '…' quotes an argument.
func split(line string) (args []string) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		var arg string
		if line[0] == '\'' {
			arg, line, _ = strings.Cut(line[1:], "'")
		} else {
			arg, line, _ = strings.Cut(line, " ")
		}
		args = append(args, arg)
	}
	return args
}
