// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/hci"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/test/fakenetsim"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// Addresses of the controllers of links.
const (
	inNetsim = "netsim:localhost:8554"
	overH4   = "tcp:localhost:6402"
)

// links is an air that controllers outside of the process lead to: of a netsim, and of a
// server that speaks H4.
type links struct {
	*Device
	netsim     *fakenetsim.Server
	networks   map[string]*simnet.Network
	h4         net.Listener
	transports []*hci.Transport
}

func newLinks(t *testing.T) *links {
	l := &links{Device: New(t, sim.AirConfig{}), networks: map[string]*simnet.Network{inNetsim: {}, overH4: {}}}
	listener, err := l.networks[inNetsim].Listen()
	require.NoError(t, err)
	l.netsim = fakenetsim.Serve(listener, l.Air)
	l.h4, err = l.networks[overH4].Listen()
	require.NoError(t, err)
	go fakenetsim.ServeH4(l.h4, l.Air)
	return l
}

func (l *links) open(t *testing.T, address string) *hci.Transport {
	transport, err := hci.Open(t.Context(), address, hci.Config{Dial: l.networks[address].Dial})
	require.NoError(t, err)
	l.transports = append(l.transports, transport)
	return transport
}

// device returns the configuration of a device on a controller.
func (l *links) device(t *testing.T, address string) wifiprov.Config {
	host, err := att.New(l.open(t, address), att.Config{Clock: l.Air.Clock()})
	require.NoError(t, err)
	cfg := l.Config()
	cfg.Scheme = ble.New(ble.Config{GATT: host})
	return cfg
}

// phone returns the transport of a client with a controller of its own.
func (l *links) phone(t *testing.T, address string) client.Transport {
	central, err := blecentral.New(l.open(t, address), blecentral.Config{})
	require.NoError(t, err)
	transport, err := client.NewBLE(client.BLEConfig{Central: central, ConnectTimeout: 10 * time.Minute, Timeout: 10 * time.Minute})
	require.NoError(t, err)
	return transport
}

// close closes all transports, of which none has left anything behind.
func (l *links) close(t *testing.T) {
	l.Board.Close()
	for _, transport := range l.transports {
		require.NoError(t, transport.Close())
		<-transport.Done()
	}
	l.netsim.Close()
	require.NoError(t, l.h4.Close())
}

// linkRig is a device whose controller and those of its clients are outside of the process.
func linkRig(device, phone string) func(t *testing.T) *Rig {
	return func(t *testing.T) *Rig {
		l := newLinks(t)
		r := l.rig()
		r.Config = l.device(t, device)
		r.Dial = func() client.Transport { return l.phone(t, phone) }
		r.Close = func() {
			for _, transport := range l.transports {
				require.NoError(t, transport.Err())
			}
			l.close(t)
		}
		return r
	}
}

// Every scenario, with controllers outside of the process on both sides.
func TestSuiteOverLinks(t *testing.T) {
	t.Run("netsim", func(t *testing.T) { Suite(t, linkRig(inNetsim, overH4)) })
	t.Run("H4", func(t *testing.T) { Suite(t, linkRig(overH4, inNetsim)) })
}

// The controller of one side is lost in a session. The other side notices when the link has
// been silent for as long as the central allows, 4 s.
func TestControllerLost(t *testing.T) {
	for name, tc := range map[string]struct {
		device, phone string
		notices       time.Duration // the phone
	}{
		"device's": {inNetsim, overH4, 4 * time.Second},
		"phone's":  {overH4, inNetsim, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLinks(t)
				defer l.close(t)
				require.NoError(t, l.Manager.Init(l.device(t, tc.device)))
				l.StartOnly(true)
				c, err := client.New(l.phone(t, tc.phone), client.Config{PoP: PoP})
				require.NoError(t, err)
				require.NoError(t, c.Connect(t.Context()))
				l.netsim.Close()
				began := time.Now()
				_, err = c.Version(t.Context())
				require.ErrorIs(t, err, blecentral.ErrLinkLost)
				require.Equal(t, tc.notices, time.Since(began))
				require.NoError(t, c.Close())

				if tc.device == inNetsim {
					require.ErrorIs(t, l.Manager.Deinit(), l.transports[0].Err())
					require.ErrorContains(t, l.transports[0].Err(), "the connection to netsim is lost")
					return
				}
				time.Sleep(4 * time.Second)
				next, err := client.New(l.phone(t, overH4), client.Config{PoP: PoP})
				require.NoError(t, err)
				_, err = next.Provision(t.Context(), Right)
				require.NoError(t, err)
				require.NoError(t, next.Close())
				require.NoError(t, l.Manager.Deinit())
			})
		})
	}
}
