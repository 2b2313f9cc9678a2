// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net"
	"strings"
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
				c, err := client.New(transport, client.Config{Security: client.Security0 + client.Security(mode[0]-'0'), PoP: "abcd1234", Username: "wifiprov", Password: "abcd1234"})
				require.NoError(t, err)
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

// The end of the line ends the device: at once, in the middle of a request, and
// with credentials under way when their outcome is known.
func TestEndOfInput(t *testing.T) {
	const (
		hello = "prov-session 0 5203a20100\n" // security 0
		right = "prov-config 0 080262180a07486f6d654e6574120d636f727265637420686f727365\n"
		wrong = "prov-config 0 080262160a07486f6d654e6574120b77726f6e6720686f727365\n"
		apply = "prov-config 0 08047200\n"
	)
	for _, tt := range []struct {
		name, input string
		provisioned bool
	}{
		{"nothing", "", false},
		{"a question", "proto-ver 0 455350\n", false},
		{"half a line", "proto-ver 0 45", false},
		{"credentials that nobody applies", hello + right, false},
		{"credentials", hello + right + apply, true},
		{"wrong credentials", hello + wrong + apply, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stream := struct {
					io.Reader
					io.Writer
				}{strings.NewReader(tt.input), io.Discard}
				link, err := run(stream, "0")
				if tt.provisioned {
					require.NoError(t, err)
					require.Equal(t, hal.SSID("HomeNet"), link.AP.SSID)
				} else {
					require.ErrorIs(t, err, hal.ErrNotConnected)
				}
			})
		})
	}
}
