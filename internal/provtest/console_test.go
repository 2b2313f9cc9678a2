package provtest

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// consoleClient is a client that knows the credentials of all securities.
var consoleClient = client.Config{
	PoP: PoP, Username: "wifiprov", Password: "abcd1234", PollInterval: 700 * time.Millisecond,
}

// consoleSecurity makes the device's half of a security mode.
func consoleSecurity(t *testing.T, mode int) protocomm.Security {
	t.Helper()
	var sec protocomm.Security = sec0.New()
	var err error
	switch mode {
	case 1:
		sec, err = sec1.New(sec1.Config{PoP: PoP})
	case 2:
		var salt, verifier []byte
		salt, verifier, err = sec2.Generate(consoleClient.Username, consoleClient.Password, sec2.DefaultSaltSize, rand.Reader)
		require.NoError(t, err)
		sec, err = sec2.New(sec2.Config{Salt: salt, Verifier: verifier})
	}
	require.NoError(t, err)
	return sec
}

// onConsole runs fn with a device that serves a console under a security mode,
// and a transport at the other end of the line.
func onConsole(t *testing.T, mode int, fn func(t *testing.T, d *Device, host *client.Console)) {
	t.Helper()
	bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
		near, far := net.Pipe()
		host, err := client.NewConsole(far, client.ConsoleConfig{})
		require.NoError(t, err)
		defer host.Close()
		cfg := d.Config()
		cfg.Scheme = console.New(console.Config{Open: func() (io.ReadWriteCloser, error) { return near, nil }})
		require.NoError(t, d.Manager.Init(cfg))
		require.NoError(t, d.Manager.CreateEndpoint("custom-data"))
		require.NoError(t, d.Manager.StartProvisioning(consoleSecurity(t, mode), "PROV_TEST", ""))
		require.NoError(t, d.Manager.RegisterEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
			return append([]byte("echo:"), req...), nil
		}))
		fn(t, d, host)
	})
}

// The whole story over a console, under all securities; security 2 is
// impossible over the original's.
func TestQT12_ConsoleProvisioning(t *testing.T) {
	for _, mode := range []int{0, 1, 2} {
		onConsole(t, mode, func(t *testing.T, d *Device, host *client.Console) {
			c := client.New(host, consoleClient)
			ctx := t.Context()
			require.NoError(t, c.Connect(ctx))
			networks, err := c.Scan(ctx, client.ScanOptions{})
			require.NoError(t, err)
			require.Len(t, networks, 1)
			answer, err := c.Custom(ctx, "custom-data", []byte("hello"))
			require.NoError(t, err)
			require.Equal(t, "echo:hello", string(answer))
			_, err = c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"})
			require.ErrorIs(t, err, client.ErrAuth)
			require.NoError(t, c.Reset(ctx))
			_, err = c.Provision(ctx, client.Credentials{SSID: "Nowhere", Passphrase: "secretpass"})
			require.ErrorIs(t, err, client.ErrNetworkNotFound)
			require.NoError(t, c.Reset(ctx))
			conn, err := c.Provision(ctx, right)
			require.NoError(t, err)
			require.Equal(t, "192.168.1.77", conn.IP.String())
			d.Manager.Wait()
			_, err = c.Status(ctx)
			require.ErrorIs(t, err, client.ErrSessionLost, "the line was closed with the service")

			require.NoError(t, d.Board.Reboot())
			config, err := d.Board.StationConfig()
			require.NoError(t, err)
			require.Equal(t, hal.Secret("secretpass"), config.Passphrase)
		})
	}
}

// A list of any length comes over the line, at most 16 networks.
func TestConsoleScans(t *testing.T) {
	for _, n := range []int{0, 1, 20} {
		onConsole(t, 1, func(t *testing.T, d *Device, host *client.Console) {
			require.NoError(t, d.Home.Configure(sim.APConfig{SSID: "HomeNet", Channel: 6, Absent: true}))
			for i := range n {
				_, err := d.Air.AddAP(sim.APConfig{SSID: hal.SSID(fmt.Sprint("net ", i)), Channel: uint8(1 + i%13), RSSI: int8(-30 - i)})
				require.NoError(t, err)
			}
			c := client.New(host, client.Config{PoP: PoP})
			require.NoError(t, c.Connect(t.Context()))
			networks, err := c.Scan(t.Context(), client.ScanOptions{})
			require.NoError(t, err)
			require.Len(t, networks, min(n, 16))
		})
	}
}

// A wrong proof of possession is noticed; the right client comes next on the
// same line and under the same number.
func TestConsoleWrongPoP(t *testing.T) {
	onConsole(t, 1, func(t *testing.T, d *Device, host *client.Console) {
		stranger := client.New(host, client.Config{PoP: "wrong"})
		require.ErrorIs(t, stranger.Connect(t.Context()), client.ErrPoP)
		c := client.New(host, client.Config{PoP: PoP})
		_, err := c.Provision(t.Context(), right)
		require.NoError(t, err)
	})
}
