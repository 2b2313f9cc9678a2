// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// A stop returns at once, clients are answered in the cleanup delay, and the
// service is down exactly when it is over (manager.md 6.1; Q-M11, Q-M16).
func TestQM16_StopTimes(t *testing.T) {
	for set, want := range map[time.Duration]time.Duration{
		-1:                      100 * time.Millisecond,
		0:                       100 * time.Millisecond,
		99 * time.Millisecond:   100 * time.Millisecond,
		2500 * time.Millisecond: 2500 * time.Millisecond,
	} {
		bubble(t, func(t *testing.T, r *rig) {
			r.init()
			require.NoError(t, r.m.DisableAutoStop(set))
			r.startOnly()
			require.Zero(t, elapsed(r.m.StopProvisioning))
			time.Sleep(want - 1)
			synctest.Wait()
			require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
			require.Equal(t, time.Duration(1), elapsed(r.m.Wait))
			require.Equal(t, []string{"INIT", "START", "END"}, r.takeEvents())
			_, err := r.request("prov-config", "5200")
			require.ErrorIs(t, err, wifiprov.ErrNotFound)
		})
	}
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.m.StopProvisioning()
		require.Equal(t, time.Second, elapsed(r.m.Wait), "the default cleanup delay")
		require.Equal(t, []string{"Stop"}, r.scheme.calls[len(r.scheme.calls)-1:])
		require.Equal(t, []string{"SetMode STA"}, r.wifi.takeCalls(), "the Wi-Fi mode after the tear-down")
		r.m.StopProvisioning() // idle: nothing
		r.m.Wait()
		require.Equal(t, []string{"END"}, r.takeEvents())
	})
}

// Wait returns after the handlers of END, not before (Q-M15).
func TestQM15_WaitSeesEnd(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.at(wifiprov.EventEnd, func() { time.Sleep(3 * time.Second) })
		r.m.StopProvisioning()
		require.Equal(t, 4*time.Second, elapsed(r.m.Wait))
	})
}

// Deinit stops a running service, which takes the cleanup delay, and END comes
// before DEINIT.
func TestDeinitStops(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		require.Equal(t, time.Second, elapsed(func() { require.NoError(t, r.m.Deinit()) }))
		require.Equal(t, []string{"END", "DEINIT"}, r.takeEvents())
		require.Equal(t, []string{"Stop", "Close"}, r.scheme.calls[len(r.scheme.calls)-2:])
	})
}

// Deinit while a stop is under way waits for it.
func TestDeinitWhileStopping(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.m.StopProvisioning()
		time.Sleep(400 * time.Millisecond)
		var wg sync.WaitGroup
		for range 3 { // several at once do no harm
			wg.Go(func() {
				require.Equal(t, 600*time.Millisecond, elapsed(func() { require.NoError(t, r.m.Deinit()) }))
			})
		}
		wg.Wait()
		synctest.Wait()
		require.Equal(t, []string{"END", "DEINIT"}, r.takeEvents())
	})
}

// A scheme that cannot be stopped is reported, and everything else goes on.
func TestDeinitReportsScheme(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.scheme.failing["Stop"] = errDriver
		r.wifi.failNext("SetMode", errDriver)
		require.ErrorIs(t, r.m.Deinit(), errDriver)
		require.Equal(t, []string{"END", "DEINIT"}, r.takeEvents())
	})
}

// provisioning walks through a failure and a success, so that every event
// happens, until Deinit puts an end to it.
func (r *rig) provisioning() {
	_ = r.m.Init(r.cfg)
	_ = r.m.StartProvisioning(sec0.New(), "PROV_TEST", "")
	_ = r.m.ConfigureStation(hal.StationConfig{SSID: "x"})
	r.wifi.lost(hal.Reason4WayHandshakeTimeout)
	_ = r.m.ResetOnFailure()
	_ = r.m.ConfigureStation(hal.StationConfig{SSID: "y"})
	r.wifi.gotIP()
	r.m.StopProvisioning()
	r.m.Wait()
	_ = r.m.Deinit()
}

// Deinit from every event of every kind of handler: no hang, END at most once
// and only if the service ran, DEINIT exactly once (Q-M2).
func TestQM2_DeinitFromEventHandlers(t *testing.T) {
	kinds := []wifiprov.EventKind{
		wifiprov.EventInit, wifiprov.EventStart, wifiprov.EventCredRecv, wifiprov.EventCredFail,
		wifiprov.EventCredSuccess, wifiprov.EventEnd, wifiprov.EventDeinit,
	}
	for _, kind := range kinds {
		for _, where := range []string{"app", "loop"} {
			t.Run(where+" "+kind.String(), func(t *testing.T) {
				bubble(t, func(t *testing.T, r *rig) {
					called := false
					handler := func(e wifiprov.Event) {
						if e.Kind == kind && !called {
							called = true
							require.NoError(t, r.m.Deinit())
							_, err := r.m.WiFiState()
							require.ErrorIs(t, err, wifiprov.ErrInvalidState, "still initialised after Deinit")
						}
					}
					switch where {
					case "app":
						r.onEvent = handler
					case "loop":
						defer r.m.Subscribe(handler)()
					}
					r.provisioning()
					synctest.Wait()
					require.True(t, called)
					events := r.takeEvents()
					count := map[string]int{}
					for _, e := range events {
						count[e]++
					}
					require.Equal(t, 1, count["DEINIT"], "%v", events)
					require.Equal(t, count["START"], count["END"], "%v", events)
					require.Equal(t, "DEINIT", events[len(events)-1])
				})
			})
		}
	}
}

// Deinit and stop from an endpoint handler.
func TestQM2_DeinitFromEndpointHandler(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		pc := r.scheme.pc
		require.NoError(t, r.m.RegisterEndpoint("bye", func(protocomm.SessionID, []byte) ([]byte, error) {
			return []byte("bye"), r.m.Deinit()
		}))
		took := elapsed(func() { _, _ = pc.Handle(nil, "bye", 1, []byte("x")) })
		require.Equal(t, time.Second, took)
		require.Equal(t, []string{"END", "DEINIT"}, r.takeEvents())
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		require.NoError(t, r.m.RegisterEndpoint("end", func(protocomm.SessionID, []byte) ([]byte, error) {
			r.m.StopProvisioning()
			return []byte("bye"), nil
		}))
		require.Equal(t, "627965", r.answer("end", "00"))
		require.Equal(t, time.Second, elapsed(r.m.Wait))
	})
}

// A handler may do anything: here the END handler starts all over, as a device
// that loops does.
func TestRestartFromEndHandler(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.at(wifiprov.EventEnd, func() {
			require.NoError(t, r.m.Deinit())
			require.NoError(t, r.m.Init(r.cfg))
			require.NoError(t, r.m.StartProvisioning(sec0.New(), "PROV_TEST", ""))
		})
		r.m.StopProvisioning()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []string{"END", "DEINIT", "INIT", "START"}, r.takeEvents())
		require.Equal(t, "08015a021001", r.answer("prov-config", "5200"))
	})
}

// Deinit and an END handler that starts again: the start is refused, because
// Deinit came first.
func TestStartFromEndHandlerOfDeinit(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.at(wifiprov.EventEnd, func() {
			require.ErrorIs(t, r.m.StartProvisioning(sec0.New(), "PROV_TEST", ""), wifiprov.ErrInvalidState)
		})
		require.NoError(t, r.m.Deinit())
		require.Equal(t, []string{"END", "DEINIT"}, r.takeEvents())
	})
}

// A handler that does not return does not stop the service from stopping, and
// what piles up behind it is bounded (Q-M11, Q-M21).
func TestQM11_QM21_StuckHandler(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		release := make(chan struct{})
		r.at(wifiprov.EventCredRecv, func() { <-release })
		go r.apply()
		synctest.Wait()
		for range 1000 {
			r.wifi.lost(hal.Reason4WayHandshakeTimeout)
		}
		r.m.StopProvisioning()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, "Stop", r.scheme.calls[len(r.scheme.calls)-1], "the service did not stop")
		close(release)
		r.m.Wait()
		events := r.takeEvents()
		require.LessOrEqual(t, len(events), 34)
		require.Equal(t, "CRED_RECV MyNetwork", events[0])
		require.Equal(t, "END", events[len(events)-1])
	})
}

// A handler that panics takes the goroutine with it that it was called from,
// but not the manager.
func TestPanicInHandler(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.at(wifiprov.EventCredRecv, func() { panic("a bug in the application") })
		require.Panics(t, r.apply)
		r.onEvent = nil
		r.wifi.gotIP()
		require.Equal(t, []string{"CRED_RECV MyNetwork", "CRED_SUCCESS"}, r.takeEvents())
	})
}

// panicking is a driver whose Link panics when told to, and which a test can use
// while a job runs.
type panicking struct {
	*fakeWiFi
	panics int
	inJob  func() // at SetStorage, once
}

func (w *panicking) SetStorage(s hal.Storage) error {
	if fn := w.inJob; fn != nil {
		w.inJob = nil
		fn()
	}
	return w.fakeWiFi.SetStorage(s)
}

func (w *panicking) Link() (hal.Link, error) {
	if w.panics > 0 {
		w.panics--
		panic("a bug in the driver")
	}
	return w.fakeWiFi.Link()
}

// Jobs that panic while others wait in the queue take the goroutine with them that
// ran the queue, but neither the others nor the manager.
func TestPanicInQueuedJob(t *testing.T) {
	for panics := range 4 {
		bubble(t, func(t *testing.T, r *rig) {
			wifi := &panicking{fakeWiFi: r.wifi}
			r.cfg.WiFi = wifi
			r.start()
			waiting := make(chan struct{})
			wifi.inJob = func() {
				wifi.panics = panics
				for range panics {
					r.wifi.gotIP() // queued
				}
				go func() {
					defer close(waiting)
					r.m.StopProvisioning() // waits in the queue
				}()
				time.Sleep(time.Millisecond)
			}
			apply := func() { r.apply() }
			if panics > 0 {
				require.Panics(t, apply)
			} else {
				apply()
			}
			<-waiting
			require.Zero(t, wifi.panics)
			require.Equal(t, time.Second, elapsed(r.m.Wait))
			r.startOnly()
		})
	}
}

// Many goroutines at once, for the race detector: the manager ends where the
// last call left it.
func TestConcurrentCalls(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 50 {
					for range everyCall(&r.m) {
					}
					r.wifi.lost(hal.ReasonNoAPFound)
					r.wifi.gotIP()
					r.m.StopProvisioning()
					r.m.Wait()
				}
			})
		}
		wg.Wait()
		require.NoError(t, r.m.Deinit())
		events := r.takeEvents()
		require.Equal(t, "INIT", events[0])
		require.Equal(t, "DEINIT", events[len(events)-1])
	})
}
