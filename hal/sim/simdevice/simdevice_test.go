// SPDX-License-Identifier: Apache-2.0

package simdevice_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
)

var wrong = client.Credentials{SSID: simdevice.Home.SSID, Passphrase: "wrong horse"}

var quick = client.Config{PollInterval: 500 * time.Millisecond}

// everywhere runs a test in a bubble, for each transport and security.
func everywhere(t *testing.T, test func(t *testing.T, cfg simdevice.Config)) {
	for _, transport := range []simdevice.Transport{simdevice.HTTP, simdevice.BLE, simdevice.Console} {
		for mode, security := range []simdevice.Security{
			simdevice.Security0(), {}, simdevice.Security2(simdevice.DefaultUsername, simdevice.DefaultPoP),
		} {
			t.Run(fmt.Sprintf("%s/security %d", transport, mode), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					test(t, simdevice.Config{Transport: transport, Security: security})
				})
			})
		}
	}
}

func TestProvision(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg simdevice.Config) {
		device := simdevice.Test(t, cfg)
		phone := device.Phone(quick)
		_, err := phone.Provision(t.Context(), wrong)
		require.ErrorIs(t, err, client.ErrAuth)
		require.NoError(t, phone.Reset(t.Context()))
		conn, err := phone.Provision(t.Context(), simdevice.Right)
		require.NoError(t, err)
		require.Equal(t, simdevice.Right.SSID, conn.SSID)
		device.Until(simdevice.Is(wifiprov.EventEnd))
		require.True(t, device.Provisioned())
	})
}

// A device whose power was cut keeps what is in the flash and nothing else.
func TestPowerCut(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg simdevice.Config) {
		device := simdevice.Test(t, cfg)
		phone := device.Phone(quick)
		require.NoError(t, phone.Connect(t.Context()))
		device.PowerCut()
		require.False(t, device.On())
		require.Error(t, phone.Reset(t.Context()))
		require.NoError(t, device.PowerOn())
		phone = device.Phone(quick)
		_, err := phone.Provision(t.Context(), simdevice.Right)
		require.NoError(t, err)
		device.PowerCut() // before the service has ended
		require.NoError(t, device.PowerOn())
		require.Equal(t, "192.168.1.77", device.Until(simdevice.Named("GOT_IP")).Detail())
		device.Until(simdevice.Named("POWER_ON"))
		device.Until(simdevice.Named("GOT_IP"))
		require.True(t, device.Provisioned())
		require.NoError(t, device.FactoryReset())
		require.False(t, device.Provisioned())
	})
}

// A power cut takes no time, and nothing of the device happens after it.
func TestPowerCutIsSudden(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg simdevice.Config) {
		device := simdevice.Test(t, cfg)
		phone := device.Phone(quick)
		require.NoError(t, phone.Connect(t.Context()))
		go phone.Scan(t.Context(), client.ScanOptions{})
		time.Sleep(300 * time.Millisecond) // the scan is under way
		before := time.Now()
		device.PowerCut()
		synctest.Wait()
		require.Equal(t, before, time.Now())
		events := device.Events()
		require.Equal(t, "POWER_OFF power cut", events[len(events)-1].String())
		time.Sleep(time.Hour)
		require.Len(t, device.Events(), len(events))
	})
}

func TestReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{})
		mac, board := device.MAC(), device.Board()
		require.NoError(t, device.Reboot())
		require.Equal(t, mac, device.MAC())
		require.NotSame(t, board, device.Board())
		device.PowerCut()
		device.PowerCut()
		require.ErrorIs(t, device.Reboot(), simdevice.ErrOff)
		require.NoError(t, device.FactoryReset())
		require.NoError(t, device.PowerOn())
		require.ErrorIs(t, device.PowerOn(), simdevice.ErrOn)
		device.Close()
		require.ErrorIs(t, device.PowerOn(), simdevice.ErrClosed)
	})
}

func TestLoopback(t *testing.T) {
	device := simdevice.Test(t, simdevice.Config{Listen: simnet.Loopback})
	device.Until(simdevice.Is(wifiprov.EventStart))
	phone := device.Phone(client.Config{PollInterval: 20 * time.Millisecond})
	_, err := phone.Provision(t.Context(), simdevice.Right)
	require.NoError(t, err)
}

// A process that runs out of file descriptors is told the remedy.
func TestNoDescriptors(t *testing.T) {
	none := func() (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
	}
	_, err := simdevice.Start(simdevice.Config{Name: "PROV_1", Listen: none})
	require.ErrorIs(t, err, syscall.EMFILE)
	require.ErrorContains(t, err, "PROV_1")
	require.ErrorContains(t, err, "raise the limit (ulimit -n)")
}

func TestServeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{App: simdevice.App{ServeAgain: true}})
		for range 2 {
			device.Until(simdevice.Is(wifiprov.EventStart))
			_, err := device.Phone(quick).Provision(t.Context(), simdevice.Right)
			require.NoError(t, err)
		}
		device.Until(simdevice.Is(wifiprov.EventStart))
	})
}

// The names of the events of a provisioning.
func TestEventNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{})
		_, err := device.Phone(quick).Provision(t.Context(), simdevice.Right)
		require.NoError(t, err)
		device.Until(simdevice.Is(wifiprov.EventEnd))
		require.True(t, device.Board().Kick(hal.ReasonAuthLeave))
		device.Until(simdevice.Named("GOT_IP"))
		var lines []string
		for _, e := range device.Events() {
			line, _, _ := strings.Cut(e.String(), " session")
			lines = append(lines, line)
		}
		require.Equal(t, []string{
			"POWER_ON", "PROV_INIT", "STA_START", "PROV_START", "SECURITY_SESSION_SETUP_OK", "PROV_CRED_RECV HomeNet",
			"STA_CONNECTED", "GOT_IP 192.168.1.77", "PROV_CRED_SUCCESS", "PROV_END",
			"STA_DISCONNECTED access point left (3)", "STA_CONNECTED", "GOT_IP 192.168.1.77",
		}, lines)
	})
}

// A client at an address of its own reaches HTTP in memory.
func TestDialFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{})
		conn, err := device.DialFrom(t.Context(), netip.MustParseAddr("10.0.0.7"))
		require.NoError(t, err)
		require.Equal(t, "10.0.0.7", conn.LocalAddr().(*net.TCPAddr).IP.String())
		require.NoError(t, conn.Close())
		device.PowerCut()
		_, err = device.DialFrom(t.Context(), netip.Addr{})
		require.Error(t, err)
	})
}

// A phone sees all networks that a device lists, over every transport.
func TestManyNetworks(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg simdevice.Config) {
		device := simdevice.Test(t, cfg)
		for i := range 20 {
			_, err := device.Air().AddAP(sim.APConfig{SSID: hal.SSID(fmt.Sprintf("a network with a long name %d", i)), RSSI: -50, Channel: uint8(1 + i%13)})
			require.NoError(t, err)
		}
		phone := device.Phone(quick)
		require.NoError(t, phone.Connect(t.Context()))
		found, err := phone.Scan(t.Context(), client.ScanOptions{})
		require.NoError(t, err)
		require.Len(t, found, 16)
	})
}
