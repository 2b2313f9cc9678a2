package provtest

import (
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
)

// onConsole runs fn with a device that serves a console, and a transport at the
// other end of the line.
func onConsole(t *testing.T, secure bool, fn func(t *testing.T, d *Device, host *client.Console)) {
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
		d.StartOnly(secure)
		require.NoError(t, d.Manager.RegisterEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
			return append([]byte("echo:"), req...), nil
		}))
		fn(t, d, host)
	})
}

// The whole story over a console, under both securities.
func TestConsoleProvisioning(t *testing.T) {
	for _, secure := range []bool{false, true} {
		onConsole(t, secure, func(t *testing.T, d *Device, host *client.Console) {
			c := client.New(host, client.Config{PoP: PoP, PollInterval: 700 * time.Millisecond})
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
		onConsole(t, true, func(t *testing.T, d *Device, host *client.Console) {
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
	onConsole(t, true, func(t *testing.T, d *Device, host *client.Console) {
		stranger := client.New(host, client.Config{PoP: "wrong"})
		require.ErrorIs(t, stranger.Connect(t.Context()), client.ErrPoP)
		c := client.New(host, client.Config{PoP: PoP})
		_, err := c.Provision(t.Context(), right)
		require.NoError(t, err)
	})
}
