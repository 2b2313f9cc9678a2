// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
)

const homeNet = "HomeNet,secretpass,-40,6,3"

// bench runs fn with a device, and a client connected to it, in a bubble. The
// device ends at its end.
func bench(t *testing.T, args []string, cfg client.Config, fn func(t *testing.T, d *running, c *client.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var network simnet.Network
		d := runDevice(t, &network, args...)
		transport, err := client.NewHTTP(client.HTTPConfig{Dial: network.Dial})
		require.NoError(t, err)
		c, err := client.New(transport, cfg)
		require.NoError(t, err)
		defer c.Close()
		fn(t, d, c)
		if d.done != nil {
			d.end(t)
		}
	})
}

// A whole run prints every event in its order and ends by itself.
func TestPrintsEveryEvent(t *testing.T) {
	args := []string{"--ap", homeNet, "--reset-on-fail", "1", "--app-info", "my_app:1.0:cloud,local"}
	bench(t, args, client.Config{PoP: "abcd1234"}, func(t *testing.T, d *running, c *client.Client) {
		v, err := c.Version(t.Context())
		require.NoError(t, err)
		require.Equal(t, []client.App{{Label: "my_app", Version: "1.0", Capabilities: []string{"cloud", "local"}}}, v.Apps)
		require.NoError(t, c.Connect(t.Context()))
		_, err = c.Scan(t.Context(), client.ScanOptions{})
		require.NoError(t, err)
		for _, step := range []error{
			c.Configure(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"}), c.Apply(t.Context()),
		} {
			require.NoError(t, step)
		}
		time.Sleep(2 * time.Second)
		answer, err := c.Custom(t.Context(), "custom-data", []byte("hello ä"))
		require.NoError(t, err)
		require.Equal(t, "SUCCESS\x00", string(answer))
		conn, err := c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
		require.NoError(t, err)
		require.Equal(t, "192.168.1.77", conn.IP.String())
		require.NoError(t, <-d.done)
		d.done = nil
		require.Equal(t, []string{
			"listening on 127.0.0.1:0",
			"EVENT PROV_INIT",
			"EVENT STA_START",
			"EVENT PROV_START",
			"EVENT SECURITY_SESSION_SETUP_OK",
			"EVENT SCAN_DONE",
			"EVENT PROV_CRED_RECV ssid=HomeNet pass=wrongpass",
			"EVENT STA_DISCONNECTED reason=15",
			"EVENT PROV_CRED_FAIL reason=0",
			"EVENT custom-data 8 bytes: hello ä",
			"EVENT PROV_CRED_RECV ssid=HomeNet pass=secretpass",
			"EVENT STA_CONNECTED",
			"EVENT GOT_IP",
			"EVENT PROV_CRED_SUCCESS",
			"EVENT PROV_END",
			"EVENT PROV_DEINIT",
		}, d.printed())
	})
}

// The station's start, the driver's event, is told before the service's in every
// run, as the original tells it.
func TestStationStartsFirst(t *testing.T) {
	for i := range 200 {
		synctest.Test(t, func(t *testing.T) {
			var network simnet.Network
			lines := runDevice(t, &network, "--sec", "0").end(t)
			require.Equal(t, []string{"EVENT PROV_INIT", "EVENT STA_START", "EVENT PROV_START", "EVENT PROV_END", "EVENT PROV_DEINIT"}, lines[1:], "run %d", i)
		})
	}
}

// What custom-data can be asked for.
func TestCustomData(t *testing.T) {
	bench(t, []string{"--sec", "0"}, client.Config{}, func(t *testing.T, d *running, c *client.Client) {
		ask := func(request string) (string, error) {
			if err := c.Connect(t.Context()); err != nil {
				return "", err
			}
			answer, err := c.Custom(t.Context(), "custom-data", []byte(request))
			return string(answer), err
		}
		for request, want := range map[string]string{
			"anything": "SUCCESS\x00", "empty": "", "echo:me": "echo:me", "big:60000": strings.Repeat("x", 60000),
			"resetfail": "SUCCESS\x00", "drop:8": "SUCCESS\x00",
		} {
			answer, err := ask(request)
			require.NoError(t, err, request)
			require.Equal(t, want, answer, request)
		}
		for _, request := range []string{"fail", "big:many", "drop:300"} {
			_, err := ask(request)
			require.ErrorIs(t, err, client.ErrRefused, request)
		}
		_, err := ask("end")
		require.NoError(t, err)
		require.NoError(t, <-d.done)
		d.done = nil
	})
	bench(t, []string{"--sec", "0", "--no-custom"}, client.Config{}, func(t *testing.T, d *running, c *client.Client) {
		require.NoError(t, c.Connect(t.Context()))
		_, err := c.Custom(t.Context(), "custom-data", []byte("x"))
		require.ErrorIs(t, err, client.ErrNoEndpoint)
	})
}

// Access points that refuse, a link that is dropped, and an application that
// reconnects by itself.
func TestScriptedAir(t *testing.T) {
	args := []string{
		"--sec", "0", "--no-autostop", "500", "--reconnect", "--connect-ms", "100", "--ip", "10.1.2.3", "--timescale", "10",
		"--ap", homeNet + ",0a0b0c0d0e0f,0,15,2", "--ap", "Never,secretpass,-50,1,3,,1,202",
	}
	bench(t, args, client.Config{PollInterval: 10 * time.Millisecond}, func(t *testing.T, d *running, c *client.Client) {
		_, err := c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
		require.ErrorIs(t, err, client.ErrAuth)
		time.Sleep(time.Second)
		status, err := c.WaitConnected(t.Context())
		require.NoError(t, err)
		require.Equal(t, "10.1.2.3", status.IP.String())
		require.Equal(t, hal.BSSID{10, 11, 12, 13, 14, 15}, status.BSSID)
		_, err = c.Custom(t.Context(), "custom-data", []byte("drop:200"))
		require.NoError(t, err)
		time.Sleep(time.Second)
		lines := strings.Join(d.printed(), "\n")
		require.Equal(t, 2, strings.Count(lines, "EVENT STA_DISCONNECTED reason=15"))
		require.Contains(t, lines, "EVENT STA_DISCONNECTED reason=200\nEVENT STA_CONNECTED\nEVENT GOT_IP\nEVENT PROV_CRED_SUCCESS")
	})
}

// Handshakes that fail are printed, and the reason why; security 0 has none.
func TestPrintsSecurityEvents(t *testing.T) {
	security := func(d *running) (lines []string) {
		for _, line := range d.printed() {
			if strings.Contains(line, "SECURITY") {
				lines = append(lines, line)
			}
		}
		return lines
	}
	bench(t, nil, client.Config{PoP: "wrong"}, func(t *testing.T, d *running, c *client.Client) {
		require.ErrorIs(t, c.Connect(t.Context()), client.ErrPoP)
		conn, err := d.network.DialContext(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		require.Nil(t, post(t, conn, "prov-session", "\x10\x01\x5a\x03\xa2\x01\x00"))
		require.Equal(t, []string{
			"EVENT SECURITY_SESSION_CREDENTIALS_MISMATCH", "EVENT SECURITY_SESSION_CREDENTIALS_MISMATCH", // it tries twice
			"EVENT SECURITY_SESSION_INVALID_SECURITY_PARAMS",
		}, security(d))
	})
	bench(t, []string{"--sec", "0"}, client.Config{}, func(t *testing.T, d *running, c *client.Client) {
		require.NoError(t, c.Connect(t.Context()))
		require.Empty(t, security(d))
	})
}

// The request reprov starts over after a success, with auto-stop disabled, and
// a failed attempt leaves the number of those that are left.
func TestReprovAndAttempts(t *testing.T) {
	args := []string{"--ap", homeNet, "--no-autostop", "1000", "--attempts", "2"}
	bench(t, args, client.Config{PoP: "abcd1234"}, func(t *testing.T, d *running, c *client.Client) {
		_, err := c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
		require.NoError(t, err)
		_, err = c.Custom(t.Context(), "custom-data", []byte("reprov"))
		require.NoError(t, err)
		require.NoError(t, c.Configure(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"}))
		require.NoError(t, c.Apply(t.Context()))
		time.Sleep(1600 * time.Millisecond)
		status, err := c.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, client.Status{State: client.StateConnecting, Retrying: true, AttemptsLeft: 1}, status)
		_, err = c.WaitConnected(t.Context())
		require.ErrorIs(t, err, client.ErrAuth)
		_, err = c.Custom(t.Context(), "custom-data", []byte("reprov"))
		require.NoError(t, err)
		require.Equal(t, 3, strings.Count(d.out.String(), "EVENT PROV_START\n"))
		require.NotContains(t, d.out.String(), "ERROR")
	})
}

// Which disconnect reasons are final goes with the release whose style is asked
// for: an expired authentication is for v4.4.8, and is retried later.
func TestStyleSelectsReasons(t *testing.T) {
	for style, failures := range map[string]int{"v4.4": 1, "v5": 0, "netprov": 0} {
		args := []string{"--ap", homeNet, "--reason", "2", "--style", style}
		bench(t, args, client.Config{PoP: "abcd1234"}, func(t *testing.T, d *running, c *client.Client) {
			require.NoError(t, c.Connect(t.Context()))
			require.NoError(t, c.Configure(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"}))
			require.NoError(t, c.Apply(t.Context()))
			time.Sleep(10 * time.Second)
			lines := strings.Join(d.printed(), "\n")
			require.Contains(t, lines, "EVENT STA_DISCONNECTED reason=2")
			require.Equal(t, failures, strings.Count(lines, "EVENT PROV_CRED_FAIL reason=0"), style)
		})
	}
	for _, reason := range []string{"4", "8"} { // not final for v4.4.8 either
		bench(t, []string{"--ap", homeNet, "--reason", reason, "--style", "v4.4"}, client.Config{PoP: "abcd1234"}, func(t *testing.T, d *running, c *client.Client) {
			require.NoError(t, c.Connect(t.Context()))
			require.NoError(t, c.Configure(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"}))
			require.NoError(t, c.Apply(t.Context()))
			time.Sleep(10 * time.Second)
			require.NotContains(t, strings.Join(d.printed(), "\n"), "EVENT PROV_CRED_FAIL")
		})
	}
}

// --loop starts over, on the same port.
func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network simnet.Network
		d := runDevice(t, &network, "--sec", "0", "--loop")
		for range 3 {
			conn, err := network.DialContext(t.Context())
			require.NoError(t, err)
			require.Equal(t, "SUCCESS\x00", string(post(t, conn, "custom-data", "end")))
			conn.Close()
			time.Sleep(1500 * time.Millisecond)
		}
		d.loop.Store(false)
		d.end(t)
		require.Equal(t, 4, strings.Count(d.out.String(), "EVENT PROV_DEINIT"))
	})
}

// A port that is taken is an error, not a hang.
func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	opt, err := parseOptions([]string{"--port", strings.Split(l.Addr().String(), ":")[1]}, io.Discard)
	require.NoError(t, err)
	d, err := newDevice(opt, &bytes.Buffer{})
	require.NoError(t, err)
	require.ErrorContains(t, d.run(), "in use")
}

func TestBadOptions(t *testing.T) {
	for want, args := range map[string][]string{
		"--sec is 3":            {"--sec", "3"},
		"--sec is -1":           {"--sec", "-1"},
		"belong together":       {"--sec", "2", "--salt", "0102"},
		"odd length hex":        {"--sec", "2", "--salt", "012"},
		"password is empty":     {"--sec", "2", "--password", ""},
		"--port is 65536":       {"--port", "65536"},
		"--reason is 0":         {"--reason", "0"},
		"must be positive":      {"--timescale", "0"},
		"unexpected argument":   {"extra"},
		"got 4":                 {"--ap", "a,b,c,d"},
		"chan is \"15\"":        {"--ap", "a,b,-1,15,3"},
		"chan is \"178\"":       {"--ap", "a,b,-1,178,3"},
		"rssi is \"x\"":         {"--ap", "a,b,x,1,3"},
		"bssid is \"12345\"":    {"--ap", "a,b,-1,1,3,12345"},
		"label:version":         {"--app-info", "x"},
		"--gen-aps is -1":       {"--gen-aps", "-1"},
		"--attempts is -1":      {"--attempts", "-1"},
		"flag provided but not": {"--nonsense"},
		"want v4.4, v5":         {"--style", "v6"},
		"invalid syntax":        {"--no-autostop", "soon"},
	} {
		_, err := parseOptions(args, io.Discard)
		require.ErrorContains(t, err, want, "%q", args)
	}
}

// The generated access points are those that other implementations generate.
func TestGeneratedAPs(t *testing.T) {
	require.Equal(t, sim.APConfig{SSID: "GenAP00", Passphrase: "password00", RSSI: -30, Channel: 1}, generatedAP(0))
	require.Equal(t, sim.APConfig{SSID: "GenAP19", Passphrase: "password19", RSSI: -73, Channel: 5, Auth: 3}, generatedAP(19))
}
