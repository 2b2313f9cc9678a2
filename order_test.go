// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// starting is a driver that says in its own time that the station is up.
type starting struct {
	*fakeWiFi
	tell func(w *fakeWiFi)
}

func (w *starting) Start() error {
	err := w.fakeWiFi.Start()
	w.tell(w.fakeWiFi)
	return err
}

func stationUp(w *fakeWiFi) { w.emit(hal.Event{Kind: hal.EventStationStart}) }

// startedIn makes the rig's radio one that is off before the start, and tells of
// its station as said, among the manager's events.
func (r *rig) startedIn(tell func(w *fakeWiFi)) {
	r.wifi.linkErr = hal.ErrNotConnected
	r.cfg.WiFi = &starting{r.wifi, tell}
	r.onDriver(func(e hal.Event) {
		if e.Kind == hal.EventStationStart {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, "STA_START")
		}
	})
}

// onDriver subscribes the application to the driver's events.
func (r *rig) onDriver(fn func(hal.Event)) {
	r.unsubscribe = append(r.unsubscribe, r.wifi.Subscribe(fn))
}

// The station's start is told before the service's, whenever the driver tells it
// (observed.md). StartProvisioning does not wait for either.
func TestStationStartsFirst(t *testing.T) {
	for name, tell := range map[string]func(w *fakeWiFi){
		"inside of Start":            stationUp,
		"in another goroutine":       func(w *fakeWiFi) { go stationUp(w) },
		"at the next tick":           func(w *fakeWiFi) { time.AfterFunc(0, func() { stationUp(w) }) },
		"after 100 ms":               func(w *fakeWiFi) { time.AfterFunc(100*time.Millisecond, func() { stationUp(w) }) },
		"just before it is too late": func(w *fakeWiFi) { time.AfterFunc(time.Second-1, func() { stationUp(w) }) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.startedIn(tell)
				r.init()
				require.Zero(t, elapsed(r.startOnly))
				sleep(time.Second)
				require.Equal(t, []string{"INIT", "STA_START", "START"}, r.takeEvents())
				require.Zero(t, r.clock.pending.Load())
			})
		})
	}
}

// While the driver is waited for, clients are served, and what happens comes
// after EventStart.
func TestServedBeforeTheStationStarts(t *testing.T) {
	for name, then := range map[string]struct {
		do   func(r *rig)
		want []string
	}{
		"credentials": {(*rig).apply, []string{"START", "CRED_RECV MyNetwork", "STA_START"}},
		"stop":        {func(r *rig) { r.m.StopProvisioning(); r.m.Wait() }, []string{"STA_START", "START", "END"}},
		"deinit":      {func(r *rig) { require.NoError(r.t, r.m.Deinit()) }, []string{"STA_START", "START", "END", "DEINIT"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.startedIn(func(w *fakeWiFi) { time.AfterFunc(500*time.Millisecond, func() { stationUp(w) }) })
				r.init()
				r.startOnly()
				require.Equal(t, []string{"INIT"}, r.takeEvents())
				require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
				then.do(r)
				sleep(time.Minute)
				events := r.takeEvents()
				require.Equal(t, then.want, events[:len(then.want)])
			})
		})
	}
}

// A client that is quicker than the station is told after EventStart, and strangers
// who knock meanwhile take no memory without end.
func TestClientBeforeTheStationStarts(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.startedIn(func(w *fakeWiFi) { time.AfterFunc(500*time.Millisecond, func() { stationUp(w) }) })
		r.init()
		told := make(chan wifiprov.EventKind, 64)
		r.m.Subscribe(func(e wifiprov.Event) { told <- e.Kind })
		require.NoError(t, r.m.StartProvisioning(secWith(t, "abcd1234"), "PROV_TEST", ""))
		require.NotNil(t, handshake(t, r, "abcd1234"))
		for range 100 {
			require.Nil(t, handshake(t, r, "wrong"))
		}
		require.Empty(t, told)
		sleep(time.Second)
		require.Len(t, told, 32)
		require.Equal(t, wifiprov.EventStart, <-told)
		require.Equal(t, wifiprov.EventSessionSetupOK, <-told)
		require.Equal(t, wifiprov.EventSessionMismatch, <-told)
	})
}

// A driver that never tells, or whose radio was started before, delays EventStart
// by a second at most, once.
func TestStationNeverStarts(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.startedIn(func(*fakeWiFi) {})
		r.init()
		r.startOnly()
		sleep(time.Second - 1)
		require.Equal(t, []string{"INIT"}, r.takeEvents())
		sleep(1)
		require.Equal(t, []string{"START"}, r.takeEvents())
		require.Zero(t, r.clock.pending.Load())
		stationUp(r.wifi) // too late
		require.Equal(t, []string{"STA_START"}, r.takeEvents())
		r.m.StopProvisioning()
		r.m.Wait()
		r.startOnly() // the radio is not started again
		require.Equal(t, []string{"END", "START"}, r.takeEvents())
	})
	bubble(t, func(t *testing.T, r *rig) { // a radio with a link is started
		r.startedIn(func(*fakeWiFi) {})
		r.wifi.linkErr = nil
		r.init()
		r.startOnly()
		require.Equal(t, []string{"INIT", "START"}, r.takeEvents())
	})
	bubble(t, func(t *testing.T, r *rig) { // a start that fails has nobody waiting
		r.startedIn(func(*fakeWiFi) {})
		r.init()
		r.scheme.failing["Start"] = errDriver
		require.ErrorIs(t, r.m.StartProvisioning(sec0.New(), "PROV_TEST", ""), errDriver)
		require.Equal(t, 1, r.wifi.subscribers(), "the application's")
		require.Equal(t, []string{"INIT"}, r.takeEvents())
		r.scheme.failing["Start"] = nil
		r.startOnly() // the radio was left started
		require.Equal(t, []string{"START"}, r.takeEvents())
	})
	bubble(t, func(t *testing.T, r *rig) { // a radio that could not be started has told nothing
		r.startedIn(stationUp)
		r.init()
		r.wifi.failNext("Start", errDriver)
		r.cfg.WiFi.(*starting).tell = func(*fakeWiFi) {}
		require.ErrorIs(t, r.m.StartProvisioning(sec0.New(), "PROV_TEST", ""), errDriver)
		r.wifi.failNext("Start", nil)
		r.cfg.WiFi.(*starting).tell = func(w *fakeWiFi) { time.AfterFunc(1, func() { stationUp(w) }) }
		r.startOnly()
		sleep(1)
		require.Equal(t, []string{"INIT", "STA_START", "START"}, r.takeEvents())
	})
}

// Started from an event handler, or by a subscriber of the driver, the service
// comes up as well.
func TestStartInsideHandlers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.startedIn(func(w *fakeWiFi) { time.AfterFunc(time.Millisecond, func() { stationUp(w) }) })
		again := 0
		r.onEvent = func(e wifiprov.Event) {
			switch {
			case e.Kind == wifiprov.EventInit:
				r.startOnly()
			case e.Kind == wifiprov.EventStart && again < 2:
				r.m.StopProvisioning()
			case e.Kind == wifiprov.EventEnd && again < 2:
				again++
				r.startOnly()
			}
		}
		r.init()
		sleep(time.Minute)
		require.Equal(t, []string{"INIT", "STA_START", "START", "END", "START", "STA_START", "END", "START", "STA_START"}, r.takeEvents())
		require.Equal(t, 2, again)
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.startedIn(func(*fakeWiFi) {})
		r.init()
		r.onDriver(func(hal.Event) { r.startOnly() })
		require.Zero(t, elapsed(func() { r.wifi.lost(hal.ReasonBeaconTimeout) }))
		sleep(time.Second)
		require.Equal(t, []string{"INIT", "START"}, r.takeEvents())
	})
}

// A reprovisioning tells of no station, and waits for none.
func TestReprovisionWaitsForNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.startedIn(stationUp)
		r.init()
		require.NoError(t, r.m.DisableAutoStop(time.Second))
		r.startOnly()
		require.NoError(t, r.m.ResetForReprovision())
		require.Equal(t, []string{"INIT", "STA_START", "START", "START"}, r.takeEvents())
	})
}
