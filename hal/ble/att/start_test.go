// SPDX-License-Identifier: Apache-2.0

package att

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

const advData = "2008 150201061107" + ffUUID + "00000000000000000000"

// What StartGATT tells the controller, with the payloads of transports.md 2.3.
func TestStart(t *testing.T) {
	r := newRig(t, Config{})
	cfg := gattConfig(false)
	cfg.ManufacturerData = []byte{0xe5, 0x02, 7}
	cfg.RandomAddress = [6]byte{0xc1, 2, 3, 4, 5, 6}
	require.NoError(t, r.h.StartGATT(cfg, r.v))
	require.Equal(t, []string{
		"0c03 ", "0c01 ffffffffff1f0020", "2001 1100000000000000", "2002 ",
		"2005 0605040302c1",
		"2006 00010001000100000000000000" + "0700",
		advData,
		"2009 0d0709" + "50524f565f31" + "04ffe50207" + strings.Repeat("00", 18),
		"200a 01",
	}, r.ctl.sent())
	require.ErrorIs(t, r.h.StartGATT(cfg, r.v), hal.ErrBusy)
	require.NoError(t, r.h.StopGATT(ble.StopOptions{}))
	require.NoError(t, r.h.StopGATT(ble.StopOptions{}))
	require.Eventually(t, func() bool { r.ctl.deliver(nil); return len(r.h.conns) == 1 && r.ctl.count() == 2 }, time.Second, time.Millisecond)
	require.Equal(t, []string{"200a 00", "0c03 "}, r.ctl.sent())
}

// A start without manufacturer data after one with it shows none, and the
// caller may use its buffers again.
func TestQT20_QT29_NothingOfTheStartBefore(t *testing.T) {
	r := newRig(t, Config{})
	cfg := gattConfig(false)
	cfg.ManufacturerData = []byte{1, 2, 3}
	require.NoError(t, r.h.StartGATT(cfg, r.v))
	cfg.ManufacturerData[0] = 9
	cfg.Characteristics[0].Name = "changed"
	r.connect(1)
	require.Equal(t, "0b"+session, r.ask("0a0a00"))
	require.NoError(t, r.h.StopGATT(ble.StopOptions{KeepOn: true}))
	cfg.ManufacturerData = nil
	r.ctl.sent()
	require.NoError(t, r.h.StartGATT(cfg, r.v))
	require.Contains(t, r.ctl.sent(), "2009 080709"+"50524f565f31"+strings.Repeat("00", 23))
}

// A failure at each step of a start leaves the controller reset, and the next
// start works.
func TestQT39_StartFailsAtEachStep(t *testing.T) {
	steps := []int{opReset, opSetEventMask, opLESetEventMask, opLEReadBufferSize, opLEAdvParams, opLEAdvData, opLEScanResponse, opLEAdvEnable}
	for _, op := range steps {
		for _, mute := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{})
				if mute {
					r.ctl.mute = map[int]bool{op: true}
				} else {
					r.ctl.status = map[int]byte{op: 0x0C}
				}
				began := time.Now()
				require.Error(t, r.h.StartGATT(gattConfig(false), r.v), "%04x", op)
				if mute {
					require.Equal(t, DefaultTimeout, time.Since(began))
				}
				synctest.Wait()
				sent := r.ctl.sent()
				require.Equal(t, "0c03 ", sent[len(sent)-1], "%04x", op)
				r.connect(1)
				require.Empty(t, r.v.taken())
				r.ctl.lock.Lock()
				r.ctl.mute, r.ctl.status = nil, nil
				r.ctl.lock.Unlock()
				require.NoError(t, r.h.StartGATT(gattConfig(false), r.v), "%04x", op)
				r.connect(1)
				require.Equal(t, "0b0000", r.ask("0a0500"))
			})
		}
	}
}

// A transport that takes nothing fails start and stop; stop can be repeated.
func TestSendFails(t *testing.T) {
	r := newRig(t, Config{})
	broken := errors.New("UART is gone")
	r.ctl.sendErr = broken
	require.ErrorIs(t, r.h.StartGATT(gattConfig(false), r.v), broken)
	r.ctl.sendErr = nil
	require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
	r.ctl.sendErr = broken
	require.ErrorIs(t, r.h.StopGATT(ble.StopOptions{}), broken)
	require.ErrorIs(t, r.h.StopGATT(ble.StopOptions{}), broken)
	r.ctl.sendErr = nil
	require.NoError(t, r.h.StopGATT(ble.StopOptions{}))
}

// A transport that reports the loss of its controller while a start waits: the start fails
// with the transport's reason.
func TestTransportLostDuringTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{})
		r.ctl.mute = map[int]bool{opLEReadBufferSize: true}
		done := make(chan error, 1)
		go func() { done <- r.h.StartGATT(gattConfig(false), r.v) }()
		synctest.Wait()
		broken := errors.New("UART is gone")
		r.ctl.sendErr = broken
		r.h.receive([]byte{PacketEvent, evHardwareError, 1, 0})
		err := <-done
		require.ErrorIs(t, err, broken)
		require.EqualError(t, err, "att: the controller cannot be reached: UART is gone")
	})
}

// A stop that the transport failed is repeated: the client is disconnected then,
// and the controller reset after it.
func TestStopRepeatedWithAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := up(t, Config{}, false)
		synctest.Wait()
		broken := errors.New("UART is gone")
		r.ctl.sendErr = broken
		require.ErrorIs(t, r.h.StopGATT(ble.StopOptions{}), broken)
		r.ctl.sendErr = nil
		r.ctl.sent()
		require.NoError(t, r.h.StopGATT(ble.StopOptions{}))
		synctest.Wait()
		require.Equal(t, []string{"200a 00", "0406 010013", "0c03 "}, r.ctl.sent())
		require.Equal(t, []string{"connected 10001"}, r.v.taken())
	})
}

// A stop that the transport failed is repeated also if the stack stays up.
func TestStopRepeatedWithTheStackKeptOn(t *testing.T) {
	for _, client := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Config{MaxConns: 2})
			require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
			want := []string{"200a 00"}
			if client {
				r.connect(1)
				want = append(want, "0406 010013")
			}
			synctest.Wait()
			broken := errors.New("UART is gone")
			r.ctl.sendErr = broken
			require.ErrorIs(t, r.h.StopGATT(ble.StopOptions{KeepOn: true}), broken)
			r.ctl.sendErr = nil
			r.ctl.sent()
			require.NoError(t, r.h.StopGATT(ble.StopOptions{KeepOn: true}))
			synctest.Wait()
			require.Equal(t, want, r.ctl.sent())
			require.NoError(t, r.h.StopGATT(ble.StopOptions{KeepOn: true}))
			require.Empty(t, r.ctl.sent(), "stopped already")
		})
	}
}

// A stop that comes while a stack that was kept up is being started makes the start
// fail: nothing may be left that advertises and that no stop reaches.
func TestStopDuringStart(t *testing.T) {
	for _, op := range []int{opLEAdvParams, opLEAdvData, opLEScanResponse} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Config{})
			require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
			require.NoError(t, r.h.StopGATT(ble.StopOptions{KeepOn: true}))
			synctest.Wait()
			r.ctl.mute = map[int]bool{op: true}
			r.ctl.sent()
			done := make(chan error, 1)
			go func() { done <- r.h.StartGATT(gattConfig(false), r.v) }()
			synctest.Wait()
			require.NoError(t, r.h.StopGATT(ble.StopOptions{}))
			r.ctl.replies <- []byte{PacketEvent, evComplete, 4, 1, byte(op), byte(op >> 8), 0}
			require.Error(t, <-done)
			synctest.Wait()
			sent := r.ctl.sent()
			require.NotContains(t, sent, "200a 01")
			require.Equal(t, "0c03 ", sent[len(sent)-1])
			r.ctl.lock.Lock()
			r.ctl.mute = nil
			r.ctl.lock.Unlock()
			require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
			r.connect(1)
			require.Equal(t, "0b0000", r.ask("0a0500"))
		})
	}
}

func TestConfigRefused(t *testing.T) {
	for _, cfg := range []Config{{MTU: 22}, {MTU: 518}, {MaxConns: 9}, {MaxConns: -1}} {
		_, err := New(newController(t), cfg)
		require.Error(t, err)
	}
	_, err := New(nil, Config{})
	require.Error(t, err)
	r := newRig(t, Config{})
	for _, change := range []func(*ble.Config){
		func(c *ble.Config) { c.DeviceName = "" },
		func(c *ble.Config) { c.DeviceName = strings.Repeat("n", 30) },
		func(c *ble.Config) { c.ManufacturerData = []byte{1} },
		func(c *ble.Config) { c.ManufacturerData = make([]byte, 22) },
		func(c *ble.Config) { c.Encrypt = true },
		func(c *ble.Config) { c.RandomAddress = [6]byte{0x41, 2, 3, 4, 5, 6} },
		func(c *ble.Config) { c.Characteristics = make([]ble.Characteristic, 33) },
	} {
		cfg := gattConfig(false)
		change(&cfg)
		require.Error(t, r.h.StartGATT(cfg, r.v))
	}
	require.Empty(t, r.ctl.sent())
	cfg := gattConfig(false)
	cfg.Encrypt = true
	require.ErrorIs(t, r.h.StartGATT(cfg, r.v), hal.ErrNotSupported)
}

// Advertising ends with a connection and begins again at its end, and when a
// connection fails.
func TestAdvertisingRestarts(t *testing.T) {
	r := up(t, Config{}, false)
	require.Empty(t, r.ctl.sent())
	r.disconnect(1, 0x13)
	require.Equal(t, []string{"200a 01"}, r.ctl.sent())
	synced(r)
	r.ctl.deliver([]byte{PacketEvent, evLE, 19, subConnected, 0x3E, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	require.Equal(t, []string{"200a 01"}, r.ctl.sent())
	require.Equal(t, []string{"connected 10001", "disconnected 10001 19"}, r.v.taken())
}

// synced waits until the fake has answered all commands.
func synced(r *rig) {
	require.Eventually(r, func() bool {
		r.h.mu.Lock()
		defer r.h.mu.Unlock()
		return r.h.credits == 1
	}, time.Second, time.Millisecond)
}

// With the stack kept up, a kept client's reads and writes are refused
// (CVE-2026-25507), and the handler hears nothing of it.
func TestQT16_QT18_KeptOn(t *testing.T) {
	r := up(t, Config{}, false)
	r.ask("16 0900 0000 01")
	r.v.taken()
	require.NoError(t, r.h.StopGATT(ble.StopOptions{KeepOn: true, KeepConnections: true}))
	require.Empty(t, r.ctl.sent(), "nothing to stop: a client is connected")
	require.Equal(t, "010a09000e", r.ask("0a0900"))
	require.Equal(t, "011209000e", r.ask("12090001"))
	require.Equal(t, "011609000e", r.ask("160900000001"))
	require.Equal(t, "011809000e", r.ask("1801"))
	require.Equal(t, "0b"+session, r.ask("0a0a00"))
	// A new start is not for the old client either.
	require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
	require.Equal(t, "011209000e", r.ask("12090001"))
	r.disconnect(1, 0x13)
	require.Empty(t, r.v.taken())
	r.connect(1)
	require.Equal(t, "13", r.ask("12090001"))
	require.Equal(t, []string{"connected 20001", "write 20001 0 01"}, r.v.taken())

	// Otherwise the link is ended with reason 0x13.
	synced(r)
	r.ctl.sent()
	require.NoError(t, r.h.StopGATT(ble.StopOptions{KeepOn: true}))
	require.Equal(t, []string{"0406 010013"}, r.ctl.sent())
	require.Eventually(t, func() bool {
		r.h.mu.Lock()
		defer r.h.mu.Unlock()
		return !r.h.anyConn()
	}, time.Second, time.Millisecond)
	require.Empty(t, r.v.taken())
	require.NoError(t, r.h.StopGATT(ble.StopOptions{}))
	require.Equal(t, []string{"0c03 "}, r.ctl.sent())
}

// A write that waits for its answer when the service ends gets one, if its client
// stays; a late answer of the handler goes nowhere.
func TestQT16_WriteWaitsAtStop(t *testing.T) {
	for _, execute := range []bool{false, true} {
		r := up(t, Config{}, false)
		r.v.hold = true
		r.ask("16 0900 0000 01")
		want := "4:011809000e"
		if execute {
			require.Empty(t, r.ask("1801"))
		} else {
			require.Empty(t, r.ask("12 0900 01"))
			want = "4:011209000e"
		}
		require.NoError(t, r.h.StopGATT(ble.StopOptions{KeepOn: true, KeepConnections: true}))
		require.Equal(t, []string{want}, r.ctl.taken())
		r.h.Respond(0x10001, ble.ATTSuccess)
		require.Empty(t, r.ctl.taken())
		r.ctl.giveBack()
		require.Equal(t, "011209000e", r.ask("12 0900 01"))
		require.Equal(t, "0b0000", r.ask("0a0500"))
	}
}

// Packets cost no allocation.
func TestNoAllocations(t *testing.T) {
	r := up(t, Config{MTU: 517}, false)
	r.ask("020502")
	sink := discard{}
	r.h.t = sink
	r.v.silent = true
	write := append([]byte{PacketACL, 1, 0x20, 111, 0, 107, 0, 4, 0, reqWrite, 9, 0}, make([]byte, 104)...)
	read := []byte{PacketACL, 1, 0x20, 7, 0, 3, 0, 4, 0, reqRead, 9, 0}
	part := append([]byte{PacketACL, 1, 0x20, 15, 0, 11, 0, 4, 0, reqPrepare, 9, 0, 0, 0}, make([]byte, 6)...)
	execute := []byte{PacketACL, 1, 0x20, 6, 0, 2, 0, 4, 0, reqExecute, 1}
	find := []byte{PacketACL, 1, 0x20, 11, 0, 7, 0, 4, 0, reqReadByType, 1, 0, 0xff, 0xff, 3, 0x28}
	sent := []byte{PacketEvent, evSentPackets, 5, 1, 1, 0, 1, 0}
	r.v.value[0] = make([]byte, 0, 512)
	round := func() {
		for _, p := range [][]byte{write, read, part, execute, find} {
			r.h.receive(p)
			r.h.receive(sent)
		}
	}
	round()
	require.Equal(t, 6, len(r.v.value[0]))
	require.Zero(t, testing.AllocsPerRun(100, round))
}

// Clients that come, leave things half done, and go cost no memory.
func TestClientsCostNothing(t *testing.T) {
	r := up(t, Config{MTU: 517, MaxConns: 2, ConnParams: bluedroidParams}, true)
	r.ctl.giveBack()
	r.h.t = discard{}
	r.v.silent, r.v.hold = true, true
	packets := [][]byte{
		{PacketEvent, evLE, 19, subConnected, 0, 2, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xF4, 1, 0},
		{PacketEvent, evComplete, 4, 1, 0x0A, 0x20, 0},
		{PacketACL, 2, 0x20, 7, 0, 3, 0, cidATT, 0, reqMTU, 5, 2},
		{PacketEvent, evSentPackets, 5, 1, 2, 0, 2, 0},
		{PacketACL, 2, 0x20, 12, 0, 8, 0, cidATT, 0, reqPrepare, 9, 0, 0, 0, 1, 2, 3},
		{PacketEvent, evSentPackets, 5, 1, 2, 0, 1, 0},
		{PacketACL, 2, 0x20, 8, 0, 4, 0, cidATT, 0, reqWrite, 9, 0, 1},
		{PacketACL, 2, 0x20, 8, 0, 60, 0, cidATT, 0, reqWrite, 9, 0, 1},
		{PacketEvent, evDisconnected, 4, 0, 2, 0, 8},
		{PacketEvent, evComplete, 4, 1, 0x0A, 0x20, 0},
	}
	r.v.value[0] = make([]byte, 0, 512)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, p := range packets {
			r.h.receive(p)
		}
	}))
	free, inFlight := r.buffers()
	require.Equal(t, []int{8, 0}, []int{free, inFlight})
}

// discard takes all packets.
type discard struct{}

func (discard) Send([]byte) error        { return nil }
func (discard) SetReceiver(func([]byte)) {}

// The attribute server with 8 characteristics takes at most 4 KiB beside its
// buffers.
func TestMemory(t *testing.T) {
	const n = 100
	cfg := gattConfig(true)
	for len(cfg.Characteristics) < 8 {
		cfg.Characteristics = append(cfg.Characteristics, cfg.Characteristics[0])
	}
	hosts := make([]*Host, n)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range hosts {
		h, err := New(discard{}, Config{MTU: 256})
		require.NoError(t, err)
		h.gatt = cfg
		h.gatt.Characteristics = append([]ble.Characteristic(nil), cfg.Characteristics...)
		h.table = newTable(&h.gatt)
		hosts[i] = h
	}
	each := int(heap()-before) / n
	c := &hosts[0].conns[0]
	buffers := len(c.rx) + len(c.tx) + len(c.queue.value) + len(hosts[0].out)
	runtime.KeepAlive(hosts)
	t.Logf("%d bytes, of which %d are buffers", each, buffers)
	require.Less(t, each-buffers, 2048, "what the package's documentation says")
	require.Greater(t, each, buffers)
}

func (c *controller) count() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	return len(c.commands)
}
