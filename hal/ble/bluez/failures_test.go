// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"slices"
	"strings"
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

// What is missing on the machine is named, with what to do about it.
func TestWhatIsMissing(t *testing.T) {
	noGoroutines(t)
	fails := func(cfg Config, want ...string) error {
		p := New(cfg)
		err := p.StartGATT(settings(), newHandler(p))
		for _, w := range want {
			require.ErrorContains(t, err, w)
		}
		require.NoError(t, p.StopGATT(ble.StopOptions{}))
		return err
	}
	fails(Config{Bus: "unix:path=/nonexistent/bus"}, "bluez: no message bus", "/nonexistent/bus", "dbus-daemon")
	bus := fakebluez.StartBus(t)
	fails(Config{Bus: bus}, "bluetoothd does not run", "systemctl start bluetooth")
	d := fakebluez.Start(t, bus, fakebluez.Config{Adapters: []fakebluez.Adapter{
		{Name: "hci0", Address: "02:00:00:00:00:01", Classic: true},
		{Name: "hci1", Address: "02:00:00:00:00:02", Off: true, Blocked: true},
	}})
	fails(Config{Bus: bus, Adapter: "hci7"}, "no adapter hci7", "/org/bluez/hci0 /org/bluez/hci1")
	require.ErrorIs(t, fails(Config{Bus: bus, Adapter: "hci0"}, "GattManager1"), hal.ErrNotSupported)
	fails(Config{Bus: bus}, "rfkill unblock bluetooth", "Powered") // hci1 is the first that can
	d.Unplug("hci1")
	require.ErrorIs(t, fails(Config{Bus: bus}, "GattManager1"), hal.ErrNotSupported)
	d.Unplug("hci0")
	fails(Config{Bus: bus}, "has no adapter")
}

// The bus's policy forbids something.
func TestPolicy(t *testing.T) {
	noGoroutines(t)
	for _, iface := range []string{bluezbus.ObjectManager, bluezbus.Properties, bluezbus.GattManager, bluezbus.AdvManager} {
		bus := fakebluez.StartBus(t, `<policy context="default"><deny send_destination="org.bluez" send_interface="`+iface+`"/></policy>`)
		d := fakebluez.Start(t, bus, fakebluez.Config{})
		p := New(Config{Bus: bus})
		err := p.StartGATT(settings(), newHandler(p))
		require.ErrorContains(t, err, "AccessDenied")
		require.ErrorContains(t, err, "group bluetooth")
		d.Wait("nothing is left", func(v fakebluez.View) bool { return v.Left() == "" })
	}
	bus := fakebluez.StartBus(t, `<limit name="max_match_rules_per_connection">1</limit>`)
	fakebluez.Start(t, bus, fakebluez.Config{})
	p := New(Config{Bus: bus})
	require.ErrorContains(t, p.StartGATT(settings(), newHandler(p)), "AddMatch")
}

// The adapter is chosen by its name, or the first that can.
func TestAdapterChosen(t *testing.T) {
	machine := fakebluez.Config{Adapters: []fakebluez.Adapter{
		{Name: "hci0", Address: "02:00:00:00:00:01", Classic: true},
		{Name: "hci2", Address: "02:00:00:00:00:03"},
		{Name: "hci1", Address: "02:00:00:00:00:02"},
	}}
	for name, want := range map[string]string{"": "hci1", "hci2": "hci2"} {
		t.Run(want, func(t *testing.T) {
			r := setUp(t, machine, Config{Adapter: name})
			r.start(t, settings())
			for _, a := range machine.Adapters {
				r.d.View(func(v fakebluez.View) { require.Equal(t, a.Name == want, v.Advertisement(a.Name) != nil) })
			}
			// A device of another adapter is no client.
			r.d.ConnectOther("hci0", phone1, 0).HangUp("Remote")
			r.connect(t, want, phone1)
			r.h.expect(t, "connected 1")
			r.stop(t)
		})
	}
}

// life starts with every option, has a client, and stops.
func (r *rig) life(t *testing.T) (start, stop error) {
	cfg := settings()
	cfg.Encrypt = true
	if start = r.p.StartGATT(cfg, r.h); start != nil {
		return start, nil
	}
	phone, err := r.d.Connect("hci0", phone1)
	require.NoError(t, err)
	_, err = phone.Describe(char(0))
	require.NoError(t, err)
	r.h.expect(t, "connected 1")
	return nil, r.p.StopGATT(ble.StopOptions{})
}

var offAndOn = fakebluez.Config{Adapters: []fakebluez.Adapter{{Name: "hci0", Address: "02:00:00:00:00:01", Off: true}}}

// Each call of D-Bus fails once: a start that fails leaves nothing; a stop that
// fails is repeated; then all works (Q-T39).
func TestQT39_EachCallFails(t *testing.T) {
	r := setUp(t, offAndOn, Config{})
	_, err := r.life(t)
	require.NoError(t, err)
	r.clean(t)
	calls := r.d.Calls()
	t.Log(calls)
	started := slices.Index(calls, "→GetAll")
	require.Greater(t, started, 8)
	for i, call := range calls {
		if strings.HasPrefix(call, "→ReadValue") {
			continue // of life's own client
		}
		r.d.SetHookAt(i, func(string) error {
			return dbus.NewError("org.bluez.Error.Failed", []any{"scripted " + call})
		})
		start, stop := r.life(t)
		r.d.SetHook(nil)
		if i <= started {
			require.ErrorContains(t, start, map[bool]string{true: "Failed", false: "scripted " + call}[call == "→GetAll"], call)
			require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
			r.log.never(t, "did not end a part")
		} else {
			require.NoError(t, start, call)
			switch call {
			case "UnregisterAdvertisement", "UnregisterApplication", "Set Alias", "Set Pairable":
				require.NoError(t, stop, call)
				r.log.wait(t, "scripted "+call)
			default:
				require.ErrorContains(t, stop, "scripted "+call)
				require.ErrorIs(t, r.p.StartGATT(settings(), r.h), hal.ErrBusy)
				require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
			}
		}
		r.clean(t)
		r.d.View(func(v fakebluez.View) { require.Equal(t, false, v.Property("hci0", "Powered"), call) })
		r.d.SetProperty("hci0", "Alias", "box")
		r.d.SetProperty("hci0", "Pairable", false)
		start, stop = r.life(t)
		require.NoError(t, start, call)
		require.NoError(t, stop, call)
		r.clean(t)
	}
}

// A client goes by itself while it is being disconnected, and an adapter does not
// go off after a start that failed.
func TestStopsThatFailOnTheWay(t *testing.T) {
	r := setUp(t, offAndOn, Config{})
	r.start(t, settings())
	r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	r.d.SetHook(func(call string) error {
		if call == "Disconnect" {
			r.d.Cut("Remote")
		}
		return nil
	})
	r.stop(t)
	n := 0
	var mu sync.Mutex
	r.d.SetHook(func(call string) error {
		mu.Lock()
		defer mu.Unlock()
		if call == "Set Powered" {
			n++
		}
		if call == "RegisterApplication" || call == "Set Powered" && n == 2 {
			return dbus.NewError("org.bluez.Error.Failed", []any{"scripted"})
		}
		return nil
	})
	cfg := settings()
	cfg.Encrypt = true
	require.ErrorContains(t, r.p.StartGATT(cfg, r.h), "scripted")
	r.log.wait(t, "could not be undone completely")
	r.clean(t)
}

// A call is not answered: start and stop end in time.
func TestNoAnswer(t *testing.T) {
	r := setUp(t, offAndOn, Config{})
	_, err := r.life(t)
	require.NoError(t, err)
	r.clean(t)
	calls := r.d.Calls()
	calls = calls[:slices.Index(calls, "→GetAll")+1]
	slices.Sort(calls)
	for _, silent := range slices.Compact(calls) {
		r.d.SetHook(func(call string) error {
			if call == silent {
				return fakebluez.ErrSilence
			}
			return nil
		})
		hasty := New(Config{Bus: r.bus, Timeout: 30 * time.Millisecond})
		cfg := settings()
		cfg.Encrypt = true
		require.Error(t, hasty.StartGATT(cfg, r.h), silent)
		r.d.SetHook(nil)
		r.d.Wait("nothing is left", func(v fakebluez.View) bool { return v.Left() == "" && v.Peers() == 0 })
		// The time may not have sufficed for these.
		r.d.SetProperty("hci0", "Powered", false)
		r.d.SetProperty("hci0", "Alias", "box")
		r.d.SetProperty("hci0", "Pairable", false)
	}
	r.drain()

	// A stop that gets no answer is repeated.
	r.start(t, settings())
	r.p.cfg.Timeout = 30 * time.Millisecond
	r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	r.d.SetHook(func(call string) error {
		if call == "Disconnect" {
			return fakebluez.ErrSilence
		}
		return nil
	})
	require.ErrorContains(t, r.p.StopGATT(ble.StopOptions{}), "Disconnect: no answer")
	r.d.SetHook(nil)
	r.p.cfg.Timeout = DefaultTimeout
	require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
	r.clean(t)
}

// bluetoothd crashes in each call of a start and a stop; on the next one all
// works.
func TestCrashInEachCall(t *testing.T) {
	r := setUp(t, offAndOn, Config{})
	_, err := r.life(t)
	require.NoError(t, err)
	r.clean(t)
	calls := r.d.Calls()
	for i, call := range calls {
		if strings.HasPrefix(call, "→ReadValue") {
			continue
		}
		d := r.d
		d.SetHookAt(i, func(string) error {
			d.Crash()
			return fakebluez.ErrSilence
		})
		start, stop := r.life(t)
		if i <= slices.Index(calls, "→GetAll") {
			require.Error(t, start, call)
		} else {
			require.NoError(t, stop, "%s: what bluetoothd had is gone with it", call)
		}
		d.Kill()
		r.h.quiet(t)
		r.d = fakebluez.Start(t, r.bus, offAndOn)
		start, stop = r.life(t)
		require.NoError(t, start, call)
		require.NoError(t, stop, call)
		r.clean(t)
	}
}
