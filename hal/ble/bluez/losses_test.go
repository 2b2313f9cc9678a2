// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

// bluetoothd ends while clients are connected, and is back later.
func TestBluetoothdEnds(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	for range 3 {
		r.start(t, settings())
		phone := r.connect(t, "hci0", phone1)
		r.h.expect(t, "connected 1")
		r.connect(t, "hci0", phone2)
		r.h.expect(t, "connected 2")
		r.h.set(func() { r.h.hold = true })
		go func() { _ = phone.Write(char(0), []byte("waits")) }()
		r.h.expect(t, "mtu 1 517", "write 0 5")
		old := r.h.conn()
		r.d.Kill()
		got := []string{<-r.h.events, <-r.h.events}
		slices.Sort(got)
		require.Equal(t, []string{"disconnected 1 22", "disconnected 2 22"}, got)
		r.log.wait(t, "start it again")
		r.p.Respond(old, ble.ATTSuccess)
		require.NoError(t, r.p.Disconnect(old, ble.ReasonRemoteUser))
		require.ErrorContains(t, r.p.StartGATT(settings(), r.h), "bluetoothd does not run")
		r.h.set(func() { r.h.hold = false })
		r.d = fakebluez.Start(t, r.bus, fakebluez.Config{})
	}
	r.start(t, settings())
	r.stop(t)
}

// The adapter is unplugged; another one is taken by the next start.
func TestAdapterVanishes(t *testing.T) {
	r := setUp(t, fakebluez.Config{Adapters: []fakebluez.Adapter{
		{Name: "hci0", Address: "02:00:00:00:00:01"}, {Name: "hci1", Address: "02:00:00:00:00:02"},
	}}, Config{})
	r.start(t, settings())
	r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	r.d.Unplug("hci0")
	r.h.expect(t, "disconnected 1 22")
	r.log.wait(t, "start it again")
	require.NoError(t, r.p.StopGATT(ble.StopOptions{}), "it has stopped")
	r.start(t, settings())
	r.d.View(func(v fakebluez.View) { require.NotNil(t, v.Advertisement("hci1")) })
	r.stop(t)
}

// The adapter stays, and loses what is needed of it.
func TestManagerVanishes(t *testing.T) {
	for _, iface := range []string{bluezbus.Adapter, bluezbus.GattManager, bluezbus.AdvManager} {
		t.Run(iface, func(t *testing.T) {
			r := setUp(t, fakebluez.Config{}, Config{})
			r.start(t, settings())
			r.d.Emit("/", bluezbus.ObjectManager+".InterfacesRemoved", dbus.ObjectPath("/org/bluez/hci0"), []string{iface})
			r.log.wait(t, "start it again")
			r.d.Wait("it is gone", func(v fakebluez.View) bool { return v.Left() == "" })
			r.start(t, settings())
			r.stop(t)
		})
	}
}

// The bus itself ends.
func TestBusEnds(t *testing.T) {
	noGoroutines(t)
	bus, stop := fakebluez.StartBusToStop(t)
	defer stop()
	d := fakebluez.Start(t, bus, fakebluez.Config{})
	log := newLogger()
	p := New(Config{Bus: bus, Logger: log.log})
	h := newHandler(p)
	require.NoError(t, p.StartGATT(settings(), h))
	_, err := d.Connect("hci0", phone1)
	require.NoError(t, err)
	h.expect(t, "connected 1")
	stop()
	h.expect(t, "disconnected 1 22")
	log.wait(t, "the message bus is gone")
	require.NoError(t, p.StopGATT(ble.StopOptions{}))
	require.ErrorContains(t, p.StartGATT(settings(), h), "no message bus")
}

// A handler that never returns does not make memory grow without bound.
func TestStuckHandler(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	r.start(t, settings())
	block := make(chan struct{})
	r.h.set(func() { r.h.block = block })
	r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	for i := range maxQueue + 10 {
		r.d.Emit("/org/bluez/hci0/dev_AA_00_00_00_00_01", bluezbus.Properties+".PropertiesChanged", bluezbus.Device,
			bluezbus.Props{"Connected": dbus.MakeVariant(true), "N": dbus.MakeVariant(int32(i))}, []string{})
	}
	require.Eventually(t, func() bool {
		s := r.p.current()
		s.mu.Lock()
		defer s.mu.Unlock()
		require.LessOrEqual(t, len(s.events), maxQueue)
		return s.tooMany
	}, patience, time.Millisecond)
	close(block)
	r.h.expect(t, "disconnected 1 22")
	r.log.wait(t, "does not return")
	r.d.Wait("the service is gone", func(v fakebluez.View) bool { return v.Advertisement("hci0") == nil })
	r.d.Cut("Local")
}

// Signals that make no sense change nothing.
func TestOddSignals(t *testing.T) {
	r := setUp(t, fakebluez.Config{OldReasons: true}, Config{})
	r.start(t, settings())
	r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	path := dbus.ObjectPath("/org/bluez/hci0/dev_AA_00_00_00_00_01")
	off := bluezbus.Props{"Connected": dbus.MakeVariant(false)}
	for _, s := range []struct {
		path dbus.ObjectPath
		name string
		body []any
	}{
		{path, bluezbus.Properties + ".PropertiesChanged", nil},
		{path, bluezbus.Properties + ".PropertiesChanged", []any{bluezbus.Device}},
		{path, bluezbus.Properties + ".PropertiesChanged", []any{bluezbus.Device, "x", []string{}}},
		{path, bluezbus.Properties + ".PropertiesChanged", []any{bluezbus.Device, bluezbus.Props{"Connected": dbus.MakeVariant("no")}, []string{}}},
		{"/org/bluez/hci0", bluezbus.Properties + ".PropertiesChanged", []any{bluezbus.Device, off, []string{}}},
		{"/org/bluez/hci00/dev", bluezbus.Properties + ".PropertiesChanged", []any{bluezbus.Device, off, []string{}}},
		{"/", bluezbus.ObjectManager + ".InterfacesRemoved", []any{path}},
		{"/", bluezbus.ObjectManager + ".InterfacesRemoved", []any{path, []string{bluezbus.Adapter}}},
		{"/", bluezbus.ObjectManager + ".InterfacesRemoved", []any{"x", []string{bluezbus.Device}}},
		{"/", bluezbus.ObjectManager + ".InterfacesAdded", []any{path, "x"}},
		{"/", "org.freedesktop.DBus.NameOwnerChanged", []any{"org.bluez", "x", ""}}, // not the bus's
		{path, bluezbus.Device + ".Disconnected", nil},
		{path, bluezbus.Device + ".Disconnected", []any{int32(1)}},
	} {
		r.d.Emit(s.path, s.name, s.body...)
	}
	// Neither bluetoothd nor the bus, and sent to us alone, so that no match is
	// needed.
	other, err := dbus.Connect(r.bus)
	require.NoError(t, err)
	forge := func(path dbus.ObjectPath, iface, member string, body ...any) {
		other.Send(&dbus.Message{Type: dbus.TypeSignal, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(r.owner(t)), dbus.FieldPath: dbus.MakeVariant(path),
			dbus.FieldInterface: dbus.MakeVariant(iface), dbus.FieldMember: dbus.MakeVariant(member),
			dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(body...)),
		}}, nil)
	}
	forge(path, bluezbus.Properties, "PropertiesChanged", bluezbus.Device, off, []string{})
	forge(path, bluezbus.Device, "Disconnected", "org.bluez.Reason.Timeout", "")
	forge("/", bluezbus.ObjectManager, "InterfacesRemoved", path, []string{bluezbus.Device})
	forge("/", bluezbus.ObjectManager, "InterfacesRemoved", dbus.ObjectPath("/org/bluez/hci0"), []string{bluezbus.Adapter})
	forge("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "org.bluez", "x", "")
	require.Error(t, other.Object(r.owner(t), "/").Call("x.y.Z", 0).Err) // they have come
	require.NoError(t, other.Close())
	r.connect(t, "hci0", phone2)
	r.h.expect(t, "connected 2")
	r.d.Cut("Remote")
	r.h.expect(t, "disconnected 1 19", "disconnected 2 19")
	r.stop(t)
}

// Starts and stops from many goroutines: the last stop leaves nothing.
func TestStartsAndStopsAtOnce(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				if i%2 == 0 {
					if err := r.p.StartGATT(settings(), r.h); err != nil {
						require.ErrorIs(t, err, hal.ErrBusy)
					}
				} else {
					require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
				}
				r.p.Respond(1, ble.ATTSuccess)
				_ = r.p.Disconnect(1, ble.ReasonRemoteUser)
			}
		})
	}
	wg.Wait()
	r.stop(t)
}
