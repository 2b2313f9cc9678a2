// SPDX-License-Identifier: Apache-2.0

package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/keeper"
)

// cleanup is how long a window of the double takes to end.
const cleanup = time.Second

// rig is a keeper in a bubble, with a journal of what happened and when.
type rig struct {
	*keeper.Keeper
	t     *testing.T
	began time.Time
	end   func()        // ends Run
	ended chan struct{} // Run has

	mu       sync.Mutex
	lines    []string
	failing  error   // of Open and Erase
	window   *window // the last one
	progress keeper.Progress
	stored   bool
}

type window struct {
	r      *rig
	done   chan struct{}
	closed bool
}

func (w *window) Close() {
	if !w.closed {
		w.closed = true
		time.AfterFunc(cleanup, func() { close(w.done) })
	}
}
func (w *window) Done() <-chan struct{}     { return w.done }
func (w *window) Progress() keeper.Progress { return get(w.r, &w.r.progress) }

func get[T any](r *rig, p *T) T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *p
}

func set[T any](r *rig, p *T, v T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*p = v
}

func (r *rig) Open(context.Context) (keeper.Window, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing != nil {
		return nil, r.failing
	}
	r.progress = keeper.Progress{}
	r.window = &window{r: r, done: make(chan struct{})}
	return r.window, nil
}

func (r *rig) Resume()           { r.note("resume") }
func (r *rig) Suspend()          { r.note("suspend") }
func (r *rig) Provisioned() bool { return get(r, &r.stored) }
func (r *rig) Erase() error {
	r.note("erase")
	err := get(r, &r.failing)
	set(r, &r.stored, err != nil)
	return err
}

func (r *rig) note(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("%s %s", time.Since(r.began), line))
}

func (r *rig) tell(e keeper.Event) {
	switch e.Kind {
	case keeper.Online:
		r.note("online")
	case keeper.Offline:
		r.note("offline")
	case keeper.Opened:
		r.note("opened: " + e.Trigger.String())
	case keeper.OpenFailed:
		r.note("no window: " + e.Err.Error())
	case keeper.Closed:
		r.note(fmt.Sprintf("closed, joined %v", e.Joined))
	case keeper.WasReset:
		r.note(fmt.Sprintf("reset, error %v", e.Err))
	}
}

// sees compares the journal with what is expected, and empties it.
func (r *rig) sees(lines ...string) {
	r.t.Helper()
	synctest.Wait()
	require.Equal(r.t, strings.Join(lines, "\n"), strings.Join(get(r, &r.lines), "\n"))
	set(r, &r.lines, nil)
}

// bubble runs a test with a keeper of a box that waits 5 min, or 1 min without
// credentials, and whose windows are 10 min.
func bubble(t *testing.T, stored bool, test func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := &rig{t: t, began: time.Now(), stored: stored, end: cancel, ended: make(chan struct{})}
		r.Keeper = keeper.New(keeper.Config{
			Service: r, Station: r, Tell: r.tell,
			NoNetwork: 5 * time.Minute, Unprovisioned: time.Minute, Window: 10 * time.Minute,
		})
		go func() {
			defer close(r.ended)
			r.Run(ctx)
		}()
		r.sees("0s resume")
		test(r)
		cancel()
		<-r.ended
		require.ErrorIs(t, r.Start(keeper.Command), keeper.ErrStopped)
		r.Network(true) // nobody is there, and that is no trouble
	})
}

// Without a network a window opens, to the second, ends, and opens again.
func TestNoNetwork(t *testing.T) {
	bubble(t, true, func(r *rig) {
		require.Equal(t, r.began.Add(5*time.Minute), r.Status().Until)
		time.Sleep(5*time.Minute - 1)
		r.sees()
		time.Sleep(1)
		r.sees("5m0s suspend", "5m0s opened: there is no network")
		require.Equal(t, keeper.Status{Open: true, Trigger: keeper.NoNetwork, Until: r.began.Add(15 * time.Minute)}, r.Status())
		time.Sleep(10*time.Minute + cleanup)
		r.sees("15m1s closed, joined false", "15m1s resume")
		time.Sleep(5 * time.Minute)
		r.sees("20m1s suspend", "20m1s opened: there is no network")
	})
}

// A box that was never provisioned waits less.
func TestUnprovisioned(t *testing.T) {
	bubble(t, false, func(r *rig) {
		time.Sleep(time.Minute)
		r.sees("1m0s suspend", "1m0s opened: there is no network")
		set(r, &r.stored, true)
		set(r, &r.progress, keeper.Progress{Used: true, Joined: true})
		r.Network(true)
		r.window.Close() // as after success
		time.Sleep(cleanup)
		r.sees("1m0s online", "1m1s closed, joined true", "1m1s resume")
		require.Equal(t, keeper.Status{Online: true}, r.Status())
		time.Sleep(1000 * time.Hour)
		r.sees()
	})
}

// A network that is there for a while sets the time back. While it is there,
// no timer runs, or the bubble's time would not stand still at the end.
func TestNetworkComesAndGoes(t *testing.T) {
	bubble(t, true, func(r *rig) {
		time.Sleep(4 * time.Minute)
		r.Network(true)
		r.Network(true)
		r.sees("4m0s online")
		time.Sleep(time.Hour)
		r.Network(false)
		r.sees("1h4m0s offline")
		time.Sleep(4 * time.Minute)
		r.Network(true)
		r.Network(false)
		r.sees("1h8m0s online", "1h8m0s offline")
		time.Sleep(5*time.Minute - 1)
		r.sees()
		time.Sleep(1)
		r.sees("1h13m0s suspend", "1h13m0s opened: there is no network")
	})
}

// When the network is back by itself, the window ends; not so if a client is at work,
// or if somebody asked for the window.
func TestNetworkBack(t *testing.T) {
	bubble(t, true, func(r *rig) {
		time.Sleep(6 * time.Minute)
		r.Network(true)
		time.Sleep(cleanup)
		r.sees("5m0s suspend", "5m0s opened: there is no network", "6m0s online", "6m1s closed, joined false", "6m1s resume")
	})
	bubble(t, true, func(r *rig) {
		time.Sleep(6 * time.Minute)
		set(r, &r.progress, keeper.Progress{Used: true})
		r.Network(true)
		time.Sleep(9*time.Minute - 1)
		r.sees("5m0s suspend", "5m0s opened: there is no network", "6m0s online")
	})
	bubble(t, true, func(r *rig) {
		time.Sleep(6 * time.Minute)
		require.NoError(t, r.Start(keeper.Button))
		r.Network(true)
		time.Sleep(10*time.Minute - 1)
		r.sees("5m0s suspend", "5m0s opened: there is no network", "6m0s online")
		time.Sleep(1 + cleanup) // counted from the button
		r.sees("16m1s closed, joined false", "16m1s resume")
	})
}

// Credentials that are tried at the end of the window get a grace, once.
func TestGrace(t *testing.T) {
	bubble(t, true, func(r *rig) {
		require.NoError(t, r.Start(keeper.Command))
		set(r, &r.progress, keeper.Progress{Used: true, Trying: true})
		time.Sleep(10*time.Minute + keeper.Grace - 1)
		r.sees("0s suspend", "0s opened: wifiprovd start asked for it")
		require.Equal(t, r.began.Add(11*time.Minute), r.Status().Until)
		time.Sleep(1 + cleanup)
		r.sees("11m1s closed, joined false", "11m1s resume")
	})
}

// Stop ends a window, and a start while it ends waits and opens another one.
func TestStop(t *testing.T) {
	bubble(t, true, func(r *rig) {
		require.NoError(t, r.Stop())
		require.NoError(t, r.Start(keeper.Signal))
		require.NoError(t, r.Stop())
		require.NoError(t, r.Stop())
		require.NoError(t, r.Start(keeper.Command))
		r.sees("0s suspend", "0s opened: a signal asked for it", "1s closed, joined false", "1s resume",
			"1s suspend", "1s opened: wifiprovd start asked for it")
	})
}

// A window that a client has used with success is about to end by itself, so a start opens
// another one.
func TestStartAfterSuccess(t *testing.T) {
	bubble(t, true, func(r *rig) {
		require.NoError(t, r.Start(keeper.Signal))
		set(r, &r.progress, keeper.Progress{Used: true, Joined: true})
		require.NoError(t, r.Start(keeper.Button))
		r.sees("0s suspend", "0s opened: a signal asked for it", "1s closed, joined true", "1s resume",
			"1s suspend", "1s opened: the button was pressed")
	})
}

// A window that cannot be opened leaves the station in its network, and the next
// attempt comes after the usual time.
func TestOpenFails(t *testing.T) {
	bubble(t, true, func(r *rig) {
		set(r, &r.failing, errors.New("bluetoothd does not run"))
		require.ErrorContains(t, r.Start(keeper.Button), "bluetoothd")
		r.sees("0s suspend", "0s no window: bluetoothd does not run", "0s resume")
		time.Sleep(5 * time.Minute)
		r.sees("5m0s suspend", "5m0s no window: bluetoothd does not run", "5m0s resume")
		set(r, &r.failing, nil)
		time.Sleep(5 * time.Minute)
		r.sees("10m0s suspend", "10m0s opened: there is no network")
	})
}

// A reset ends the window of a client, erases, and opens a new one.
func TestReset(t *testing.T) {
	bubble(t, true, func(r *rig) {
		r.Network(true)
		require.NoError(t, r.Start(keeper.Command))
		set(r, &r.lines, nil)
		require.NoError(t, r.Reset())
		r.sees("1s closed, joined false", "1s resume", "1s suspend", "1s erase", "1s reset, error <nil>", "1s suspend", "1s opened: the box was reset")
	})
	bubble(t, true, func(r *rig) {
		set(r, &r.failing, errors.New("the disk is full"))
		require.ErrorContains(t, r.Reset(), "disk")
		r.sees("0s suspend", "0s erase", "0s reset, error the disk is full", "0s resume")
		set(r, &r.failing, nil)
	})
}

// The end of the keeper ends the window.
func TestEnd(t *testing.T) {
	bubble(t, true, func(r *rig) {
		require.NoError(t, r.Start(keeper.Command))
		set(r, &r.lines, nil)
		r.end()
		<-r.ended
		r.sees("1s closed, joined false", "1s resume")
	})
}

// Times of 0 mean never.
func TestNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := &rig{t: t, began: time.Now()}
		r.Keeper = keeper.New(keeper.Config{Service: r, Station: r})
		var done sync.WaitGroup
		done.Go(func() { r.Run(ctx) })
		time.Sleep(1000 * time.Hour)
		require.Nil(t, r.window)
		require.NoError(t, r.Start(keeper.Command))
		time.Sleep(1000 * time.Hour)
		require.False(t, r.window.closed)
		require.Equal(t, keeper.Status{Open: true, Trigger: keeper.Command}, r.Status())
		cancel()
		done.Wait()
	})
}
