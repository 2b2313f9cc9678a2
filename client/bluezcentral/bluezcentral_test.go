// SPDX-License-Identifier: Apache-2.0

package bluezcentral

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

// What a scan tells, discovery, and values of all lengths around the limits of
// requests.
func TestValuesOfAllLengths(t *testing.T) {
	for _, mtu := range []int{23, 24, 185, 517} {
		t.Run(fmt.Sprint(mtu), func(t *testing.T) {
			r := setUp(t, mtu, Config{})
			device := r.scan(t)
			require.Equal(t, client.Advertisement{
				Address: "/org/bluez/hci1/dev_02_00_00_00_00_01", Name: "PROV_1", Services: []ble.UUID{service},
				ManufacturerData: device.ManufacturerData, RSSI: device.RSSI,
			}, device)
			l, list := r.connect(t)
			for i, c := range list {
				require.Equal(t, service.With16(uint16(0xFF50+i)), c.UUID)
				require.Equal(t, fmt.Sprint("a name that is longer than an MTU of 23, ", i), c.Name)
				declaration := string(l.(*link).chars[c.Handle])
				require.True(t, strings.HasSuffix(declaration, fmt.Sprintf("/char%04x", c.Handle-1)), declaration)
			}
			for _, n := range []int{0, 2, mtu - 4, mtu - 3, mtu - 2, mtu - 1, mtu, 2*mtu - 2, 511, 512} {
				value := bytes.Repeat([]byte{byte(n)}, min(n, 512))
				require.NoError(t, l.Write(t.Context(), list[1], value))
				got, err := l.Read(t.Context(), list[1])
				require.NoError(t, err)
				require.True(t, bytes.Equal(value, got), "%d: %d", n, len(got))
			}
			require.NoError(t, l.Write(t.Context(), list[1], nil))
			require.ErrorIs(t, l.Write(t.Context(), list[0], make([]byte, 513)), ble.ATTInvalidLength)
			other, err := l.Discover(t.Context(), ble.UUID{})
			require.NoError(t, err)
			require.Equal(t, list, other)
			_, err = l.Discover(t.Context(), ble.UUID{1})
			require.ErrorContains(t, err, "no service")
			require.NoError(t, l.Close())
			require.NoError(t, l.Close())
			require.ErrorIs(t, l.Write(t.Context(), list[0], []byte("xy")), errLinkLost)
			_, err = l.Read(t.Context(), list[0])
			require.ErrorIs(t, err, errLinkLost)
			_, err = l.Discover(t.Context(), service)
			require.ErrorIs(t, err, errLinkLost)
			r.d.Wait("the link is over", func(v fakebluez.View) bool { return v.Links() == 0 })
			l, list = r.connect(t)
			_, err = l.Read(t.Context(), client.BLECharacteristic{Handle: list[0].Handle + 100})
			require.ErrorContains(t, err, "not discovered")
			require.NoError(t, l.Close())
		})
	}
}

// A scan tells more as more is known, name and all.
func TestScanTellsAll(t *testing.T) {
	r := setUp(t, 517, Config{})
	require.NoError(t, r.c.Scan(t.Context(), func(a client.Advertisement) bool {
		return !bytes.Equal(a.ManufacturerData, []byte{1, 2, 3}) || a.RSSI != -50
	}))
	// Who is not heard any more is not told of, before it is heard again.
	path := dbus.ObjectPath("/org/bluez/hci1/dev_02_00_00_00_00_01")
	changed := func(props bluezbus.Props, gone ...string) {
		r.d.Emit(path, bluezbus.Properties+".PropertiesChanged", bluezbus.Device, props, append([]string{}, gone...))
	}
	lost := false
	require.NoError(t, r.c.Scan(t.Context(), func(a client.Advertisement) bool {
		switch {
		case !lost && a.RSSI == -50 && a.Name != "" && a.ManufacturerData != nil:
			lost = true
			changed(bluezbus.Props{}, "RSSI")
			changed(bluezbus.Props{"Name": dbus.MakeVariant("again")})
			changed(bluezbus.Props{"RSSI": dbus.MakeVariant(int16(-10))})
		case a.Name == "again":
			require.Equal(t, -10, a.RSSI)
			return false
		}
		return true
	}))
	// What is known from before and not there now is not told.
	require.NoError(t, r.v.p.StopGATT(ble.StopOptions{}))
	r.d.Wait("nobody advertises", func(v fakebluez.View) bool { return v.Advertisement("hci0") == nil && v.Left() == "" })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		r.d.Wait("a discovery", func(v fakebluez.View) bool { return v.Left() != "" })
		cancel()
	}()
	require.ErrorIs(t, r.c.Scan(ctx, func(a client.Advertisement) bool {
		require.Fail(t, "told", "%+v", a)
		return false
	}), context.Canceled)

	// Services that the Bluetooth SIG assigned are no provisioning service.
	var got []ble.UUID
	props := bluezbus.Props{
		"RSSI":  dbus.MakeVariant(int16(-1)),
		"UUIDs": dbus.MakeVariant([]string{ble.UUID16(0x1800).String(), ble.UUID16(0xFFFF).String(), service.String(), "x"}),
		"ManufacturerData": dbus.MakeVariant(map[uint16]dbus.Variant{
			9: dbus.MakeVariant([]byte{9}), 0x0102: dbus.MakeVariant([]byte{}),
		}),
	}
	require.True(t, report("/x", bluezbus.Props{}, nil))
	report("/x", props, func(a client.Advertisement) bool {
		got = a.Services
		require.Equal(t, []byte{9, 0, 9}, a.ManufacturerData)
		return true
	})
	require.Equal(t, []ble.UUID{ble.UUID16(0xFFFF), service}, got)
}

// What bluetoothd says of earlier links does not end a new one, and a device
// that is connected already is connected.
func TestConnectTwice(t *testing.T) {
	r := setUp(t, 517, Config{})
	device := r.scan(t)
	r.d.SetHook(func(call string) error {
		if call == "Connect" {
			r.d.Emit(dbus.ObjectPath(device.Address), bluezbus.Properties+".PropertiesChanged",
				bluezbus.Device, bluezbus.Props{"Connected": dbus.MakeVariant(false)}, []string{})
		}
		return nil
	})
	l, err := r.c.Connect(t.Context(), device)
	require.NoError(t, err)
	r.d.SetHook(nil)
	_, err = l.Discover(t.Context(), service)
	require.NoError(t, err)
	again, err := r.c.Connect(t.Context(), device)
	require.NoError(t, err)
	list, err := again.Discover(t.Context(), service)
	require.NoError(t, err)
	_, err = again.Read(t.Context(), list[0])
	require.NoError(t, err)
	require.NoError(t, again.Close())
	require.NoError(t, l.Close())
}

// Refusals by the device are ble.ATTErrors and leave the link usable.
func TestRefusals(t *testing.T) {
	r := setUp(t, 517, Config{})
	l, list := r.connect(t)
	for code, want := range map[ble.ATTError]ble.ATTError{
		ble.ATTWriteNotPermitted: ble.ATTWriteNotPermitted, ble.ATTInvalidOffset: ble.ATTInvalidOffset,
		ble.ATTInvalidLength: ble.ATTInvalidLength, ble.ATTRequestNotSupported: ble.ATTRequestNotSupported,
		ble.ATTInvalidPDU: ble.ATTUnlikely, 0x85: 0x85,
	} {
		require.Equal(t, want, l.Write(t.Context(), list[0], []byte{byte(code)}))
		require.NoError(t, l.Write(t.Context(), list[0], []byte("fine")))
	}
	// Errors without a code are no refusals.
	for text, lost := range map[string]bool{"Operation failed": true, "Not connected": true, "Failed to initiate write": false} {
		r.d.SetHookAt(0, func(string) error { return dbus.NewError("org.bluez.Error.Failed", []any{text}) })
		err := l.Write(t.Context(), list[0], []byte("xy"))
		require.Equal(t, lost, errors.Is(err, errLinkLost), "%v", err)
		require.False(t, errors.As(err, new(ble.ATTError)))
	}
	require.NoError(t, l.Close())
	for _, tc := range []struct {
		name, text string
		want       ble.ATTError // 0: no refusal
	}{
		{"Failed", "Operation failed with ATT error: 0x0e", 0x0E},
		{"Failed", "Operation failed with ATT error: 0x00", 0},
		{"Failed", "Operation failed with ATT error: 0x100", 0},
		{"Failed", "Operation failed", 0},
		{"Failed", "Not connected", 0},
		{"NotPermitted", "Read not permitted", 0x02},
		{"NotPermitted", "Write not permitted", 0x03},
		{"NotPermitted", "Not paired", 0x05},
		{"NotPermitted", "Write acquired", 0},
		{"NotAuthorized", "Operation Not Authorized", 0x08},
		{"InvalidArguments", "Invalid offset", 0x07},
		{"InvalidArguments", "Invalid Length", 0x0D},
		{"InvalidArguments", "Invalid arguments in method call", 0},
		{"InvalidOffset", "", 0x07},
		{"InvalidValueLength", "", 0x0D},
		{"NotSupported", "", 0x06},
		{"InProgress", "In Progress", 0},
	} {
		code, refused := attError(&bluezbus.Error{Name: "org.bluez.Error." + tc.name, Text: tc.text})
		require.Equal(t, tc.want != 0, refused, "%+v", tc)
		if refused {
			require.Equal(t, tc.want, code, "%+v", tc)
		}
	}
}

// Contexts end scans, connections and requests.
func TestContexts(t *testing.T) {
	r := setUp(t, 517, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, r.c.Scan(ctx, func(client.Advertisement) bool { cancel(); return true }), context.Canceled)
	require.ErrorIs(t, r.c.Scan(ctx, nil), context.Canceled)
	r.d.View(func(v fakebluez.View) { require.NotContains(t, v.Left(), "discovery") })

	l, list := r.connect(t)
	told := make(chan struct{}, 1)
	r.v.setHold(told)
	ctx, cancel = context.WithCancel(t.Context())
	go func() { <-told; cancel() }()
	require.ErrorIs(t, l.Write(ctx, list[0], []byte("xy")), context.Canceled)
	require.ErrorIs(t, l.Write(ctx, list[0], []byte("xy")), context.Canceled)
	_, err := l.Discover(ctx, service)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, l.Close())
	r.v.setHold(nil)

	// The device is out of reach.
	device := r.scan(t)
	require.NoError(t, r.v.p.StopGATT(ble.StopOptions{}))
	ctx, cancel = context.WithCancel(t.Context())
	r.d.SetHook(func(call string) error {
		if call == "Connect" {
			cancel()
		}
		return nil
	})
	_, err = r.c.Connect(ctx, device)
	require.ErrorIs(t, err, context.Canceled)
	_, err = r.c.Connect(ctx, device)
	require.ErrorIs(t, err, context.Canceled)
	r.d.Wait("the attempt was given up", func(v fakebluez.View) bool { return v.Called("Disconnect") })
}

// A link that is lost ends requests, and says so.
func TestLostLinks(t *testing.T) {
	top, r := t, setUp(t, 517, Config{})
	for name, lose := range map[string]func(){
		"out of range": func() { r.d.Cut("Timeout") },
		"hung up":      func() { r.d.Cut("Remote") },
		"removed":      func() { r.d.Unplug("hci1") },
		"bluetoothd":   func() { r.d.Crash() },
	} {
		t.Run(name, func(t *testing.T) {
			l, list := r.connect(t)
			told := make(chan struct{}, 1)
			r.v.setHold(told)
			go func() { <-told; lose() }()
			err := l.Write(t.Context(), list[0], []byte("xy"))
			require.ErrorIs(t, err, errLinkLost)
			require.Equal(t, name == "hung up", errors.Is(err, client.ErrHungUp))
			_, err = l.Read(t.Context(), list[0])
			require.ErrorIs(t, err, errLinkLost)
			_, err = l.Discover(t.Context(), service)
			require.ErrorIs(t, err, errLinkLost)
			require.NoError(t, l.Close())
			r.v.setHold(nil)
			require.NoError(t, r.v.p.StopGATT(ble.StopOptions{}))
			r.d.Kill()
			r.d = fakebluez.Start(top, r.bus, fakebluez.Config{Adapters: machine})
			r.serve(t)
		})
	}
	l, _ := r.connect(t)
	require.NoError(t, l.Close())
}

// bluetoothd or the adapter ends a scan.
func TestLostScans(t *testing.T) {
	for name, lose := range map[string]func(r *rig){
		"adapter":    func(r *rig) { r.d.Unplug("hci1") },
		"bluetoothd": func(r *rig) { r.d.Crash() },
	} {
		t.Run(name, func(t *testing.T) {
			r := setUp(t, 517, Config{})
			once := false
			err := r.c.Scan(t.Context(), func(client.Advertisement) bool {
				if !once {
					once = true
					lose(r)
				}
				return true
			})
			require.ErrorContains(t, err, "adapter is gone")
		})
	}
	c := New(Config{Bus: "unix:path=/nonexistent"})
	require.ErrorContains(t, c.Scan(t.Context(), nil), "no message bus")
	_, err := c.Connect(t.Context(), client.Advertisement{Address: "/org/bluez/hci0/dev_1"})
	require.ErrorContains(t, err, "no message bus")
}

// Each call of D-Bus fails once, and then all works.
func TestEachCallFails(t *testing.T) {
	r := setUp(t, 23, Config{Forget: true})
	life := func() (err error, closed error) {
		var device client.Advertisement
		if err := r.c.Scan(t.Context(), func(a client.Advertisement) bool { device = a; return a.Name == "" }); err != nil {
			return err, nil
		}
		l, err := r.c.Connect(t.Context(), device)
		if err != nil {
			return err, nil
		}
		list, err := l.Discover(t.Context(), service)
		if err == nil {
			err = l.Write(t.Context(), list[0], []byte("value"))
		}
		if err == nil {
			_, err = l.Read(t.Context(), list[0])
		}
		return err, l.Close()
	}
	before := len(r.d.Calls())
	r.d.SetProperty("hci1", "Powered", false)
	err, closed := life()
	require.NoError(t, err)
	require.NoError(t, closed)
	calls := r.d.Calls()[before:]
	t.Log(calls)
	require.Greater(t, len(calls), 20)
	for i, call := range calls {
		r.d.SetProperty("hci1", "Powered", false)
		r.d.SetHookAt(i, func(string) error { return dbus.NewError("org.bluez.Error.Failed", []any{"scripted"}) })
		err, closed := life()
		r.d.SetHook(nil)
		switch call {
		case "StopDiscovery":
			require.NoError(t, err) // the connection's end ends it
		case "Disconnect", "RemoveDevice":
			require.NoError(t, err)
			require.ErrorContains(t, closed, "scripted", call)
		default:
			require.Error(t, err, "%d %s", i, call)
		}
		r.d.Cut("Remote")
		err, closed = life()
		require.NoError(t, err, call)
		require.NoError(t, closed, call)
	}
	r.d.Wait("nothing is left", func(v fakebluez.View) bool {
		return v.Left() == "hci0: application, hci0: advertisement" && v.Peers() == 1
	})
}

// What is missing is named.
func TestWhatIsMissing(t *testing.T) {
	noGoroutines(t)
	bus := fakebluez.StartBus(t)
	scan := func(adapter string) error {
		return New(Config{Bus: bus, Adapter: adapter}).Scan(t.Context(), func(client.Advertisement) bool { return true })
	}
	require.ErrorContains(t, scan(""), "bluetoothd does not run")
	d := fakebluez.Start(t, bus, fakebluez.Config{Adapters: []fakebluez.Adapter{{Name: "hci0", Address: "02:00:00:00:00:01", Off: true, Blocked: true}}})
	require.ErrorContains(t, scan("hci1"), "no adapter hci1")
	require.ErrorContains(t, scan(""), "rfkill unblock")
	_, err := New(Config{Bus: bus}).Connect(t.Context(), client.Advertisement{Address: "/org/bluez/hci0/dev_1"})
	require.ErrorContains(t, err, "scan again")
	for _, address := range []string{"", "x", "/x", "/org/bluez/ä"} {
		_, err = New(Config{Bus: bus}).Connect(t.Context(), client.Advertisement{Address: address})
		require.ErrorContains(t, err, "no address of this central")
	}
	d.Unplug("hci0")
	require.ErrorContains(t, scan(""), "no adapter")
}

// Only what a scan found is forgotten.
func TestForget(t *testing.T) {
	for _, forget := range []bool{false, true} {
		t.Run(fmt.Sprint(forget), func(t *testing.T) {
			r := setUp(t, 517, Config{Forget: forget})
			known := func() (yes bool) {
				r.d.View(func(v fakebluez.View) { yes = slices.Contains(v.Devices("hci1"), machine[0].Address) })
				return yes
			}
			l, _ := r.connect(t)
			require.True(t, known())
			require.NoError(t, l.Close())
			require.Equal(t, !forget, known())
			// Another program finds it first.
			other := New(Config{Bus: r.bus, Adapter: "hci1"})
			require.NoError(t, other.Scan(t.Context(), func(a client.Advertisement) bool { return a.Name == "" }))
			l, _ = r.connect(t)
			require.NoError(t, l.Close())
			require.True(t, known())
		})
	}
}
