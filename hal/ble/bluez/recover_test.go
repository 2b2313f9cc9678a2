// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

// watcher is a handler that is told of outages.
type watcher struct{ *handler }

func (w watcher) Lost(why error) { defer w.enter("lost: %v", why)() }
func (w watcher) Restored()      { defer w.enter("restored")() }

// quick are pauses for tests.
var quick = pauses{time.Millisecond, 8 * time.Millisecond, time.Millisecond}

// watched is setUp with a handler that is told of outages that last as long as that.
func watched(t *testing.T, machine fakebluez.Config, cfg Config, lasts time.Duration) *rig {
	cfg.LossTimeout = lasts
	r := setUp(t, machine, cfg)
	r.p.pauses = quick
	require.NoError(t, r.p.StartGATT(settings(), watcher{r.h}))
	return r
}

// onAir waits until an adapter advertises, and connects a phone.
func (r *rig) onAir(t *testing.T, adapter string) *fakebluez.Phone {
	t.Helper()
	r.d.Wait("the device advertises", func(v fakebluez.View) bool { return v.Advertisement(adapter) != nil })
	return r.connect(t, adapter, phone1)
}

// lost takes the event of a loss, which names its cause.
func (r *rig) lost(t *testing.T, why string) {
	t.Helper()
	select {
	case e := <-r.h.events:
		require.Contains(t, e, "lost: ")
		require.Contains(t, e, why)
	case <-time.After(patience):
		require.Fail(t, "no event")
	}
}

const soon = patience // before which a loss is over, for tests that wait for none

// bluetoothd ends while a client is connected, and is back: the client is told to be
// gone, and the device is there again without a call from the application, for a client
// of another number. What it changed on the adapter is undone in the end.
func TestBluetoothdRestarts(t *testing.T) {
	r := watched(t, fakebluez.Config{}, Config{}, soon)
	for range 3 {
		phone := r.onAir(t, "hci0")
		r.h.expect(t, "connected 1")
		conn := r.h.conn()
		r.d.Kill()
		<-phone.Gone()
		r.h.expect(t, "disconnected 1 22")
		r.d = fakebluez.Start(t, r.bus, fakebluez.Config{})
		r.d.SetProperty("hci0", "Alias", "PROV_A1B2C3") // which bluetoothd has stored
		phone = r.onAir(t, "hci0")
		r.h.expect(t, "connected 1")
		require.NotEqual(t, conn, r.h.conn(), "a late answer reaches nobody else")
		require.NoError(t, phone.Write(char(0), []byte("hello")))
		r.h.expect(t, "mtu 1 517", "write 0 5")
		phone.HangUp("Remote")
		r.h.expect(t, "disconnected 1 19")
	}
	require.ErrorIs(t, r.p.StartGATT(settings(), r.h), hal.ErrBusy, "it runs")
	r.stop(t)
	r.d.View(func(v fakebluez.View) { require.Equal(t, "", v.Alias("hci0")) })
}

// A loss that lasts reaches the handler, once, with its cause; and so does its end.
func TestLossThatLasts(t *testing.T) {
	r := watched(t, fakebluez.Config{}, Config{}, 20*time.Millisecond)
	for range 2 {
		began := time.Now()
		r.d.Kill()
		r.lost(t, "bluetoothd")
		require.Greater(t, time.Since(began), 20*time.Millisecond)
		time.Sleep(50 * time.Millisecond) // several attempts
		require.Empty(t, r.h.events)
		r.d = fakebluez.Start(t, r.bus, fakebluez.Config{})
		r.h.expect(t, "restored")
		r.onAir(t, "hci0").HangUp("Remote")
		r.h.expect(t, "connected 1", "disconnected 1 19")
	}
	r.stop(t)
}

// A short loss is not told; nor is anything after a stop, and the stop ends all attempts,
// whatever stage they are at.
func TestStopWhileItIsLost(t *testing.T) {
	for wait := range 12 {
		t.Run(time.Duration(wait).String(), func(t *testing.T) {
			r := watched(t, fakebluez.Config{}, Config{}, 10*time.Millisecond)
			r.d.Kill()
			r.log.wait(t, "tries to start it again")
			if wait%2 > 0 {
				r.d = fakebluez.Start(t, r.bus, fakebluez.Config{})
			}
			time.Sleep(time.Duration(wait) * time.Millisecond)
			require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
			r.drain()
			if wait%2 > 0 {
				r.clean(t)
				time.Sleep(20 * time.Millisecond)
				r.d.View(func(v fakebluez.View) { require.Empty(t, v.Left()) })
			}
			require.Empty(t, r.h.events)
			require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
		})
	}
}

// The application may start it again itself, also while it is being brought back.
func TestStartWhileItIsLost(t *testing.T) {
	r := watched(t, fakebluez.Config{}, Config{}, soon)
	for range 10 {
		r.d.Kill()
		r.d = fakebluez.Start(t, r.bus, fakebluez.Config{})
		if err := r.p.StartGATT(settings(), watcher{r.h}); err != nil {
			require.ErrorIs(t, err, hal.ErrBusy, "it was back already, or has not noticed")
		}
		r.onAir(t, "hci0").HangUp("Remote")
		r.h.expect(t, "connected 1", "disconnected 1 19")
		r.d.Wait("one service", func(v fakebluez.View) bool { return strings.Count(v.Left(), "application") == 1 })
	}
	r.stop(t)
}

// The adapter is unplugged and plugged in again. One that was named is waited for, even
// if there is another one, which would do otherwise.
func TestHotPlug(t *testing.T) {
	first := fakebluez.Adapter{Name: "hci0", Address: "02:00:00:00:00:01"}
	other := fakebluez.Adapter{Name: "hci1", Address: "02:00:00:00:00:02"}
	r := watched(t, fakebluez.Config{Adapters: []fakebluez.Adapter{first, other}}, Config{Adapter: "hci0"}, 20*time.Millisecond)
	r.onAir(t, "hci0")
	r.h.expect(t, "connected 1")
	r.d.Unplug("hci0")
	r.h.expect(t, "disconnected 1 22")
	r.lost(t, "no adapter hci0")
	r.d.View(func(v fakebluez.View) { require.Nil(t, v.Advertisement("hci1")) })
	r.d.Plug(first)
	r.h.expect(t, "restored")
	r.onAir(t, "hci0").HangUp("Remote")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	r.stop(t)
}

func TestAnotherAdapter(t *testing.T) {
	r := watched(t, fakebluez.Config{Adapters: []fakebluez.Adapter{
		{Name: "hci0", Address: "02:00:00:00:00:01"}, {Name: "hci1", Address: "02:00:00:00:00:02"},
	}}, Config{}, soon)
	r.d.Unplug("hci0")
	r.onAir(t, "hci1").HangUp("Remote")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	r.stop(t)
}

// Somebody switches the adapter off and on: the device advertises again. It is not
// switched on by us.
func TestSwitchedOffAndOn(t *testing.T) {
	r := watched(t, fakebluez.Config{}, Config{}, 20*time.Millisecond)
	for range 2 {
		r.onAir(t, "hci0")
		r.h.expect(t, "connected 1")
		r.d.SetProperty("hci0", "Powered", false)
		r.h.expect(t, "disconnected 1 22")
		r.lost(t, "switched off")
		r.d.View(func(v fakebluez.View) { require.Equal(t, false, v.Property("hci0", "Powered")) })
		r.d.SetProperty("hci0", "Powered", true)
		r.h.expect(t, "restored")
	}
	r.onAir(t, "hci0").HangUp("Remote")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	r.log.never(t, "begun anew")
	// It does not take the advertisement: the service is begun anew.
	refused := false
	r.d.SetHook(func(call string) error {
		if call == "RegisterAdvertisement" && !refused {
			refused = true
			return dbus.NewError("org.bluez.Error.Failed", []any{"scripted"})
		}
		return nil
	})
	r.d.SetProperty("hci0", "Powered", false)
	r.lost(t, "switched off")
	r.d.SetProperty("hci0", "Powered", true)
	r.h.expect(t, "restored")
	r.log.wait(t, "scripted")
	r.onAir(t, "hci0").HangUp("Remote")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	r.stop(t)
	r.d.View(func(v fakebluez.View) { require.Equal(t, "", v.Alias("hci0")) })
}

// What somebody has switched off stays off, although bluetoothd ends the advertisement,
// and is itself started again meanwhile.
func TestSwitchedOffStaysOff(t *testing.T) {
	r := watched(t, fakebluez.Config{}, Config{}, 20*time.Millisecond)
	r.d.SetProperty("hci0", "Powered", false)
	r.lost(t, "switched off")
	require.NoError(t, r.d.Release("hci0"))
	stays := func() {
		time.Sleep(30 * time.Millisecond) // several pauses
		r.d.View(func(v fakebluez.View) { require.Equal(t, false, v.Property("hci0", "Powered")) })
	}
	stays()
	r.log.never(t, "begun anew")
	r.d.Kill()
	r.log.wait(t, "tries to start it again")
	r.d = fakebluez.Start(t, r.bus, offAndOn)
	r.log.wait(t, "not back yet bluez: the adapter was switched off")
	stays()
	require.Empty(t, r.h.events)
	r.d.SetProperty("hci0", "Powered", true)
	r.h.expect(t, "restored")
	r.onAir(t, "hci0").HangUp("Remote")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	r.stop(t)
}

// When it is on again, and the service is back, all is as before.
func TestOnAgainAfterALoss(t *testing.T) {
	r := watched(t, fakebluez.Config{}, Config{}, soon)
	r.d.SetProperty("hci0", "Powered", false)
	r.log.wait(t, "switched off")
	r.d.Kill()
	r.d = fakebluez.Start(t, r.bus, offAndOn)
	r.log.wait(t, "not back yet bluez: the adapter was switched off")
	r.d.SetProperty("hci0", "Powered", true)
	for range 2 {
		r.onAir(t, "hci0").HangUp("Remote")
		r.h.expect(t, "connected 1", "disconnected 1 19")
		require.NoError(t, r.d.Release("hci0"))
	}
	r.onAir(t, "hci0").HangUp("Remote")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	r.stop(t)
}

// Both at once, in whichever order we hear of them.
func TestReleasedAndSwitchedOff(t *testing.T) {
	r := watched(t, fakebluez.Config{}, Config{}, soon)
	for range 20 {
		_ = r.d.Release("hci0") // it may be beginning anew
		r.d.SetProperty("hci0", "Powered", false)
		time.Sleep(5 * time.Millisecond)
		r.d.View(func(v fakebluez.View) { require.Equal(t, false, v.Property("hci0", "Powered")) })
		r.d.SetProperty("hci0", "Powered", true)
		r.d.Wait("the device advertises", func(v fakebluez.View) bool { return v.Advertisement("hci0") != nil })
	}
	require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
	r.clean(t)
}

// bluetoothd ends the advertisement by itself.
func TestAdvertisementReleased(t *testing.T) {
	r := watched(t, fakebluez.Config{}, Config{}, soon)
	require.NoError(t, r.d.Release("hci0"))
	r.onAir(t, "hci0").HangUp("Remote")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	r.stop(t)
}

// The message bus itself is started again.
func TestBusRestarts(t *testing.T) {
	noGoroutines(t)
	link := filepath.Join(t.TempDir(), "bus")
	if len(link) > 100 {
		t.Skip("the path of a socket is too long here: " + link)
	}
	start := func() (stop func(), d *fakebluez.Daemon) {
		bus, stop := fakebluez.StartBusToStop(t)
		_ = os.Remove(link)
		require.NoError(t, os.Symlink(strings.TrimPrefix(bus, "unix:path="), link))
		return stop, fakebluez.Start(t, bus, fakebluez.Config{})
	}
	stop, d := start()
	log := newLogger()
	r := &rig{d: d, log: log, p: New(Config{Bus: "unix:path=" + link, Logger: log.log, LossTimeout: 20 * time.Millisecond})}
	r.p.pauses = quick
	r.h = newHandler(r.p)
	require.NoError(t, r.p.StartGATT(settings(), watcher{r.h}))
	r.onAir(t, "hci0")
	r.h.expect(t, "connected 1")
	stop()
	r.h.expect(t, "disconnected 1 22")
	r.lost(t, "bus")
	stop, r.d = start()
	defer stop()
	r.h.expect(t, "restored")
	r.onAir(t, "hci0").HangUp("Remote")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	r.stop(t)
}

// bluetoothd crashes in each call of coming back, and comes again each time.
func TestCrashInEachCallOfComingBack(t *testing.T) {
	r := watched(t, fakebluez.Config{}, Config{}, soon)
	n := 0
	for crashed := true; crashed; n++ {
		r.d.Kill()
		r.d = fakebluez.StartWith(t, r.bus, fakebluez.Config{}, func(d *fakebluez.Daemon) {
			d.SetHookAt(n, func(string) error {
				d.Crash()
				return fakebluez.ErrSilence
			})
		})
		r.d.Wait("it is there, or down", func(v fakebluez.View) bool {
			crashed = v.Down()
			return crashed || v.Advertisement("hci0") != nil
		})
		if crashed {
			r.d.Kill()
			r.d = fakebluez.Start(t, r.bus, fakebluez.Config{})
		}
		r.d.SetHook(nil)
		r.onAir(t, "hci0").HangUp("Remote")
		r.h.expect(t, "connected 1", "disconnected 1 19")
		require.Less(t, n, 100)
	}
	require.Greater(t, n, 5)
	r.stop(t)
}

// Attempts become rarer, up to a bound; whoever comes is not waited for so long.
func TestAttemptsBecomeRarer(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	r.p.pauses = pauses{10 * time.Millisecond, time.Hour, 0}
	r.start(t, settings())
	r.d.Kill()
	r.log.wait(t, "not back yet")
	time.Sleep(200 * time.Millisecond)
	r.log.mu.Lock()
	attempts := strings.Count(strings.Join(r.log.text, "\n"), "not back yet")
	r.log.mu.Unlock()
	require.LessOrEqual(t, attempts, 5, "after 10, 30, 70 and 150 ms")
	r.d = fakebluez.Start(t, r.bus, fakebluez.Config{})
	r.onAir(t, "hci0").HangUp("Remote")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	r.stop(t)
}

// What the watch looks at.
func TestWhoComes(t *testing.T) {
	bus := fakebluez.StartBus(t)
	came := make(chan struct{}, 100)
	c, err := bluezbus.Watch(t.Context(), bus, func() { came <- struct{}{} })
	require.NoError(t, err)
	defer c.Close()
	d := fakebluez.Start(t, bus, fakebluez.Config{})
	<-came
	d.Plug(fakebluez.Adapter{Name: "hci1", Address: "02:00:00:00:00:02"})
	<-came
	d.ConnectOther("hci0", phone1, 0).Forget()
	d.Unplug("hci1")
	d.Kill()
	d = fakebluez.Start(t, bus, fakebluez.Config{})
	<-came
	require.Empty(t, came, "neither devices nor what goes")
}
