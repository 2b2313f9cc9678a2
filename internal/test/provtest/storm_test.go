// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim"
	wire "github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// unhurried is a phone that thinks before each request.
type unhurried struct{ client.Transport }

func (u unhurried) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	time.Sleep(2 * time.Second)
	return u.Transport.Do(ctx, endpoint, body)
}

// command0 is what begins a handshake.
func command0(t *testing.T, mode int) []byte {
	var c wire.Client
	var err error
	if mode == 1 {
		c, err = sec1.NewClient(sec1.Config{})
	} else {
		c, err = sec2.NewClient(sec2.ClientConfig{Username: "x", Password: "y"})
	}
	require.NoError(t, err)
	req, _, err := c.Step(nil)
	require.NoError(t, err)
	return req
}

// storm begins 30 handshakes a second at a device, each on a connection of its
// own, until it is stopped.
func storm(t *testing.T, d *Device, from netip.Addr, body []byte) (stop func()) {
	request := fmt.Sprintf("POST /prov-session HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		var conns []net.Conn
		for ctx.Err() == nil {
			if nc, err := d.Boot.Device().DialFrom(ctx, from); err == nil {
				_, _ = io.WriteString(nc, request) // it may have been closed already
				conns = append(conns, nc)
			}
			time.Sleep(time.Second / 30)
		}
		for _, nc := range conns {
			nc.Close()
		}
	}()
	return func() {
		cancel()
		<-over
	}
}

// One stranger who begins handshakes as fast as he can does not keep a phone from
// provisioning, also when all places for sessions are taken.
func TestProvisionInAStorm(t *testing.T) {
	for mode := 1; mode <= 2; mode++ {
		for _, idle := range []int{0, 8} {
			t.Run(fmt.Sprintf("security %d, %d idle sessions", mode, idle), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := New(t, sim.AirConfig{})
					defer d.Stop()
					require.NoError(t, d.Manager.Init(d.Config()))
					require.NoError(t, d.Manager.StartProvisioning(security(t, mode), "PROV_TEST", ""))
					phone := func(host int) *client.Client {
						from := netip.AddrFrom4([4]byte{192, 168, 4, byte(host)})
						transport, err := client.NewHTTP(client.HTTPConfig{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
							return d.Boot.Device().DialFrom(ctx, from)
						}})
						require.NoError(t, err)
						c, err := client.New(unhurried{transport}, client.Config{PoP: PoP, Username: Username, Password: Password})
						require.NoError(t, err)
						return c
					}
					for i := range idle {
						c := phone(100 + i)
						require.NoError(t, c.Connect(t.Context()))
						defer c.Close()
					}
					defer storm(t, d, netip.MustParseAddr("192.168.4.66"), command0(t, mode))()
					time.Sleep(time.Second)
					c := phone(2)
					conn, err := c.Provision(t.Context(), Right)
					require.NoError(t, err)
					require.Equal(t, Right.SSID, conn.SSID)
					require.NoError(t, c.Close())
				})
			})
		}
	}
}
