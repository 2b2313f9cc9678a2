// SPDX-License-Identifier: Apache-2.0

package fakewpa_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
	"github.com/wifiprov/wifiprov/internal/test/fakewpa"
)

const (
	root  = dbus.ObjectPath("/fi/w1/wpa_supplicant1")
	lo    = root + "/Interfaces/0"
	iface = fakewpa.Name + ".Interface"
)

type props = map[string]dbus.Variant

func v(value any) dbus.Variant { return dbus.MakeVariant(value) }

// The fake answers as a genuine wpa_supplicant, which runs on the loopback interface
// without a radio. Where there is none, or the user is not root, only the fake is
// checked.
func TestLikeGenuine(t *testing.T) {
	t.Run("fake", func(t *testing.T) {
		bus := fakebluez.StartBus(t)
		fakewpa.Start(t, bus, fakewpa.Config{Interfaces: []string{"lo"}})
		calls(t, bus)
	})
	t.Run("genuine", func(t *testing.T) {
		program, err := exec.LookPath("/usr/sbin/wpa_supplicant")
		if err != nil || os.Getuid() != 0 {
			t.Skip("needs wpa_supplicant and root")
		}
		bus := fakebluez.StartBus(t)
		cmd := exec.Command(program, "-u")
		cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+bus)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		calls(t, bus)
	})
}

func calls(t *testing.T, bus string) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := dbus.Connect(bus, dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	require.NoError(t, err)
	defer conn.Close()
	signals := make(chan *dbus.Signal, 100)
	conn.Signal(signals)
	require.NoError(t, conn.AddMatchSignal(dbus.WithMatchSender(fakewpa.Name)))
	call := func(path dbus.ObjectPath, method string, args ...any) ([]any, error) {
		c := conn.Object(fakewpa.Name, path).CallWithContext(ctx, method, 0, args...)
		return c.Body, c.Err
	}
	wants := func(name, text string, path dbus.ObjectPath, method string, args ...any) {
		t.Helper()
		_, err := call(path, method, args...)
		var e dbus.Error
		require.ErrorAs(t, err, &e, method)
		require.Equal(t, name, e.Name)
		require.Equal(t, []any{text}, e.Body)
	}
	// It may need a moment to come.
	require.Eventually(t, func() bool {
		_, err := call(root, "org.freedesktop.DBus.Properties.GetAll", fakewpa.Name)
		return err == nil || err.(dbus.Error).Name == "org.freedesktop.DBus.Error.UnknownObject"
	}, 10*time.Second, 10*time.Millisecond)

	const name = fakewpa.Name
	wants(name+".InterfaceUnknown", "wpa_supplicant knows nothing about this interface.", root, name+".GetInterface", "lo")
	create := func(ifname string) []any { return []any{props{"Ifname": v(ifname), "Driver": v("wired")}} }
	wants(name+".UnknownError", "wpa_supplicant couldn't grab this interface.", root, name+".CreateInterface", create("nosuch0")...)
	body, err := call(root, name+".CreateInterface", create("lo")...)
	require.NoError(t, err)
	require.Equal(t, []any{lo}, body)
	wants(name+".InterfaceExists", "wpa_supplicant already controls this interface.", root, name+".CreateInterface", create("lo")...)
	body, err = call(root, name+".GetInterface", "lo")
	require.NoError(t, err)
	require.Equal(t, []any{lo}, body)
	wants(name+".NotConnected", "This interface is not connected", lo, iface+".Disconnect")
	wants(iface+".ScanError", "Abort failed or no scan in progress", lo, iface+".AbortScan")

	ssid := v([]byte("Net\xff"))
	for what, bad := range map[string]props{
		"short psk": {"ssid": ssid, "psk": v("short")}, "unknown": {"ssid": ssid, "nonsense": v(uint32(1))},
		"short key": {"ssid": ssid, "psk": v(make([]byte, 31))}, "long SSID": {"ssid": v(make([]byte, 33))},
		"key_mgmt": {"ssid": ssid, "key_mgmt": v("NOTHING")}, "empty SSID": {"ssid": v([]byte{})}, "boolean": {"ssid": ssid, "scan_ssid": v(true)},
		"mode": {"ssid": ssid, "mode": v(uint32(9))}, "bssid": {"ssid": ssid, "bssid": v("x")},
	} {
		_, err := call(lo, iface+".AddNetwork", bad)
		var e dbus.Error
		require.ErrorAs(t, err, &e, what)
		require.Equal(t, dbus.Error{Name: "org.freedesktop.DBus.Error.InvalidArgs", Body: []any{"invalid message format"}}, e)
	}
	body, err = call(lo, iface+".AddNetwork", props{
		"ssid": ssid, "scan_ssid": v(uint32(1)), "psk": v(make([]byte, 32)), "sae_password": v([]byte("\x80\x81")), "key_mgmt": v("WPA-PSK SAE"),
		"ieee80211w": v(uint32(1)), "proto": v("RSN"), "bssid": v(hal.BSSID{2, 3}.String()), "id_str": v("wifiprov net 0"), "priority": v(uint32(7)),
	})
	require.NoError(t, err)
	net := body[0].(dbus.ObjectPath)
	require.Regexp(t, "^"+string(lo)+"/Networks/[0-9]+$", net)
	body, err = call(net, "org.freedesktop.DBus.Properties.GetAll", name+".Network")
	require.NoError(t, err)
	all := body[0].(props)
	require.Equal(t, false, all["Enabled"].Value())
	config := all["Properties"].Value().(props)
	for key, want := range map[string]string{
		"ssid": "4e6574ff", "id_str": `"wifiprov net 0"`, "priority": "7", "disabled": "1", "key_mgmt": "WPA-PSK SAE", "bssid": "02:03:00:00:00:00",
	} {
		require.Equal(t, want, config[key].Value(), key)
	}
	require.NotContains(t, config, "psk")
	require.NotContains(t, config, "sae_password")
	body, err = call(lo, "org.freedesktop.DBus.Properties.Get", iface, "Networks")
	require.NoError(t, err)
	require.Equal(t, []any{v([]dbus.ObjectPath{net})}, body)
	wants(name+".NetworkUnknown", "There is no such a network in this interface.", lo, iface+".RemoveNetwork", lo+"/Networks/99")
	wants(name+".NetworkUnknown", "There is no such a network in this interface.", lo, iface+".SelectNetwork", lo+"/Networks/99")

	// Selected, the network is switched on, and NetworkSelected comes before the
	// answer.
	for len(signals) > 0 {
		<-signals
	}
	_, err = call(lo, iface+".SelectNetwork", net)
	require.NoError(t, err)
	var order []string
	for enabled := false; !enabled; {
		select {
		case s := <-signals:
			order = append(order, s.Name)
			enabled = s.Path == net
		case <-ctx.Done():
			t.Fatal(order)
		}
	}
	require.Contains(t, order, iface+".NetworkSelected", "it comes before the changes")
	_, err = call(lo, "org.freedesktop.DBus.Properties.Set", iface, "MaxNumSta", v("4"))
	require.NoError(t, err)
	body, err = call(lo, "org.freedesktop.DBus.Properties.Get", iface, "MaxNumSta")
	require.NoError(t, err)
	require.Equal(t, []any{v("4")}, body)
	_, err = call(lo, iface+".Disconnect")
	require.NoError(t, err)
	_, err = call(net, "org.freedesktop.DBus.Properties.Set", name+".Network", "Enabled", v(false))
	require.NoError(t, err)
	_, err = call(net, "org.freedesktop.DBus.Properties.Set", name+".Network", "Properties", v(props{"priority": v(uint32(9))}))
	require.NoError(t, err)
	_, err = call(lo, iface+".RemoveNetwork", net)
	require.NoError(t, err)
	_, err = call(root, name+".RemoveInterface", lo)
	require.NoError(t, err)
	wants(name+".InterfaceUnknown", "wpa_supplicant knows nothing about this interface.", root, name+".GetInterface", "lo")
}
