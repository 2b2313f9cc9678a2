// SPDX-License-Identifier: Apache-2.0

package att

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// fail is what a controller says that has reset itself.
func (r *rig) fail() { r.ctl.deliver([]byte{PacketEvent, evHardwareError, 1, 7}) }

// A controller that fails is set up again as it was, and advertises; its clients
// are told to be gone, and nothing of them is left.
func TestHardwareError(t *testing.T) {
	for _, random := range []bool{false, true} {
		m := &manager{}
		r := newRig(t, Config{MaxConns: 3, Pairing: m})
		r.ctl.noCredit, r.ctl.aclNum = true, 4
		cfg := gattConfig(true)
		cfg.ManufacturerData = []byte{0xe5, 0x02, 7}
		if random {
			cfg.RandomAddress = [6]byte{0xc1, 2, 3, 4, 5, 6}
		}
		require.NoError(t, r.h.StartGATT(cfg, r.v))
		want := []string{"0c03 "}
		for _, c := range r.ctl.sent() {
			if op := c[:4]; op != "0c03" && op != "1009" && op != "2002" { // what is read does not change
				want = append(want, c)
			}
		}
		r.connect(1)
		synced(r)
		r.connect(2)
		synced(r)
		r.v.hold = true
		r.askAs(1, "0a0500")
		r.askAs(2, "12 0900 01")
		m.state.Running = true
		r.frame(2, cidSecurity, []byte{1}, 27)
		r.v.taken()
		r.ctl.sent()
		m.taken()
		r.fail()
		synced(r)
		require.Equal(t, []string{"disconnected 10001 3", "disconnected 20002 3"}, r.v.taken())
		require.Equal(t, []string{"disconnected", "disconnected"}, m.taken())
		require.Eventually(t, func() bool { synced(r); return r.ctl.count() == len(want) }, time.Second, time.Millisecond)
		require.Equal(t, want, r.ctl.sent())
		free, inFlight := r.buffers()
		require.Equal(t, []int{4, 0}, []int{free, inFlight})
		r.h.Respond(0x20002, ble.ATTSuccess)
		require.Empty(t, r.ctl.taken())
		m.state.Running = false
		r.connect(1)
		synced(r)
		require.Equal(t, "0b0000", r.ask("0a0500"))
		require.Equal(t, []string{"connected 30001"}, r.v.taken())
	}
}

// What the host waited for when the controller failed does not come: it begins
// anew, with a controller that takes one command.
func TestHardwareErrorWithCommandsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := up(t, Config{}, false)
		r.ctl.mute = map[int]bool{opDisconnect: true}
		require.NoError(t, r.h.Disconnect(0x10001, ble.ReasonRemoteUser))
		r.fail()
		synctest.Wait()
		sent := r.ctl.sent()
		require.Equal(t, "0c03 ", sent[1])
		require.Equal(t, "200a 01", sent[len(sent)-1])
		require.Equal(t, []string{"connected 10001", "disconnected 10001 3"}, r.v.taken())
	})
}

// The service may be stopped by the handler that is told of it, and then hears no
// more. A stack that was kept up is kept up, without advertising; one that is down,
// or about to be, stays so.
func TestHardwareErrorAndStop(t *testing.T) {
	for _, keep := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Config{MaxConns: 2})
			v := &stopper{values: r.v, how: ble.StopOptions{KeepOn: keep}}
			require.NoError(t, r.h.StartGATT(gattConfig(false), v))
			r.connect(1)
			synctest.Wait()
			r.connect(2)
			synctest.Wait()
			r.v.taken()
			r.ctl.sent()
			r.fail()
			synctest.Wait()
			require.Equal(t, []string{"disconnected 10001 3"}, r.v.taken())
			sent := r.ctl.sent()
			if keep {
				require.Equal(t, "200a 00", sent[len(sent)-1])
				r.fail()
				synctest.Wait()
				require.Equal(t, []string{"0c03 ", "0c01 ffffffffff1f0020", "2001 1100000000000000"}, r.ctl.sent())
				require.NoError(t, r.h.StopGATT(ble.StopOptions{}))
				synctest.Wait()
				sent = r.ctl.sent()
			}
			require.Equal(t, "0c03 ", sent[len(sent)-1])
			r.fail()
			synctest.Wait()
			require.Empty(t, r.ctl.sent())
			require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
			r.connect(1)
			require.Equal(t, "0b0000", r.ask("0a0500"))
		})
	}
	synctest.Test(t, func(t *testing.T) { // a client was being disconnected
		r := up(t, Config{}, false)
		r.ctl.mute = map[int]bool{opDisconnect: true}
		require.NoError(t, r.h.StopGATT(ble.StopOptions{}))
		r.ctl.sent()
		done := make(chan error, 1)
		began := time.Now()
		go func() { done <- r.h.StartGATT(gattConfig(false), r.v) }()
		synctest.Wait()
		require.Empty(t, r.ctl.sent(), "the start waits for it")
		r.fail()
		require.NoError(t, <-done)
		require.Zero(t, time.Since(began))
		require.Equal(t, []string{"0c03 ", "0c03 "}, r.ctl.sent()[:2])
		require.Equal(t, []string{"connected 10001"}, r.v.taken())
	})
}

// stopper stops the service when a client is gone.
type stopper struct {
	*values
	how ble.StopOptions
}

func (s *stopper) Disconnected(c ble.Conn, r ble.HCIReason) {
	s.values.Disconnected(c, r)
	_ = s.h.StopGATT(s.how)
}

// A start fails at once, wherever it is, and leaves the controller reset.
func TestHardwareErrorDuringStart(t *testing.T) {
	for _, op := range []int{opReset, opSetEventMask, opLEReadBufferSize, opLEAdvParams, opLEAdvEnable} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Config{})
			r.ctl.mute = map[int]bool{op: true}
			done := make(chan error, 1)
			began := time.Now()
			go func() { done <- r.h.StartGATT(gattConfig(false), r.v) }()
			synctest.Wait()
			r.ctl.lock.Lock()
			r.ctl.mute = nil
			r.ctl.lock.Unlock()
			r.fail()
			require.ErrorIs(t, <-done, errHardware)
			require.Zero(t, time.Since(began))
			synctest.Wait()
			sent := r.ctl.sent()
			require.Equal(t, "0c03 ", sent[len(sent)-1])
			require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
		})
	}
}

// Advertising that the controller refuses, or that the transport loses, is tried
// again if no client is there whose end would be the occasion.
func TestAdvertisingIsTriedAgain(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := up(t, Config{}, false)
			synctest.Wait()
			fails := func(on bool) {
				r.ctl.lock.Lock()
				defer r.ctl.lock.Unlock()
				r.ctl.status, r.ctl.sendErr = nil, nil
				switch {
				case on && lost:
					r.ctl.sendErr = errQueue
				case on:
					r.ctl.status = map[int]byte{opLEAdvEnable: 0x0C}
				}
			}
			fails(true)
			r.disconnect(1, 0x13)
			for range 3 {
				time.Sleep(DefaultTimeout)
				synctest.Wait()
			}
			fails(false)
			r.ctl.sent()
			time.Sleep(DefaultTimeout)
			synctest.Wait()
			require.Equal(t, []string{"200a 01"}, r.ctl.sent())
			time.Sleep(time.Hour)
			synctest.Wait()
			require.Empty(t, r.ctl.sent())

			// Not if the service has ended.
			r.connect(1)
			synctest.Wait()
			fails(true)
			r.disconnect(1, 0x13)
			synctest.Wait()
			fails(false)
			require.NoError(t, r.h.StopGATT(ble.StopOptions{}))
			synctest.Wait()
			r.ctl.sent()
			time.Sleep(time.Hour)
			synctest.Wait()
			require.Empty(t, r.ctl.sent())
		})
	}
}
