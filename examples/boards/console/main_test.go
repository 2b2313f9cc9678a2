package main

import (
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
)

// A client provisions the device in each mode. The echo is that of a terminal.
func TestProvisioning(t *testing.T) {
	for _, mode := range []string{"0", "1", "2"} {
		t.Run("security "+mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				type outcome struct {
					link hal.Link
					err  error
				}
				ended := make(chan outcome)
				go func() {
					link, err := run(near, mode)
					ended <- outcome{link, err}
				}()
				transport, err := client.NewConsole(far, client.ConsoleConfig{})
				require.NoError(t, err)
				c := client.New(transport, client.Config{PoP: "abcd1234", Username: "wifiprov", Password: "abcd1234"})
				conn, err := c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"})
				require.NoError(t, err)
				require.Equal(t, hal.SSID("HomeNet"), conn.SSID)
				end := <-ended
				require.NoError(t, end.err)
				require.Equal(t, hal.IPv4{192, 168, 1, 77}, end.link.IP)
				require.NoError(t, c.Close())
				_ = near.Close()
			})
		})
	}
}
