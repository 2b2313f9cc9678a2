// SPDX-License-Identifier: Apache-2.0

package att

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// manager is a security manager that does what a test says, and keeps a log.
type manager struct {
	state   PairingState
	key     [16]byte
	has     bool
	answers [][]byte

	mu     sync.Mutex // guards what follows
	log    []string
	during func() // in the next call
}

func (m *manager) NewPeer() PairingPeer { return m }

func (m *manager) note(format string, args ...any) {
	m.mu.Lock()
	m.log = append(m.log, fmt.Sprintf(format, args...))
	during := m.during
	m.during = nil
	m.mu.Unlock()
	if during != nil {
		during()
	}
}

// next sets what is done in the next call.
func (m *manager) next(fn func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.during = fn
}

func (m *manager) taken() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.log
	m.log = nil
	return l
}

func (m *manager) Connected(l PairingLink) {
	m.note("connected %x %x %v %v", l.Local, l.Peer, l.Bonding, l.SecureConnections)
}
func (m *manager) Disconnected() { m.note("disconnected") }
func (m *manager) Receive(dst, pdu []byte) []byte {
	m.note("receive %x", pdu)
	for _, a := range m.answers {
		dst = AppendPairing(dst, a...)
	}
	return dst
}

func (m *manager) LongTermKey(random uint64, diversifier uint16) ([16]byte, bool) {
	m.note("key %x %x", random, diversifier)
	return m.key, m.has
}

func (m *manager) Encrypted(dst []byte, on bool) []byte {
	m.note("encrypted %v", on)
	for _, a := range m.answers {
		dst = AppendPairing(dst, a...)
	}
	return dst
}
func (m *manager) State() PairingState { return m.state }

// paired returns a rig with a security manager and a client on handle 1.
func paired(t *testing.T, cfg Config) (*rig, *manager) {
	m := &manager{}
	cfg.Pairing = m
	r := newRig(t, cfg)
	gatt := gattConfig(false)
	gatt.Encrypt, gatt.Bonding, gatt.RandomAddress = true, true, [6]byte{0xC1, 2, 3, 4, 5, 6}
	require.NoError(t, r.h.StartGATT(gatt, r.v))
	require.Equal(t, []string{"0c03 ", "1009 ", "0c01 ffffffffff9f0020", "2001 1100000000000000", "2002 "}, r.ctl.sent()[:5])
	r.connect(1)
	require.Equal(t, []string{"connected 01c10203040506 00060504030201 true false"}, m.taken())
	return r, m
}

func (r *rig) ltkRequest() {
	r.ctl.deliver([]byte{PacketEvent, evLE, 13, subLTKRequest, 1, 0, 8, 7, 6, 5, 4, 3, 2, 1, 10, 9})
	synced(r)
}

// What the controller asks and says reaches the security manager, and its keys the
// controller. A link counts as encrypted only with a key that was given.
func TestKeysAndEncryption(t *testing.T) {
	r, m := paired(t, Config{})
	on := []byte{PacketEvent, evEncryption, 4, 0, 1, 0, 1}
	r.ctl.deliver(on)
	require.Equal(t, []string{"encrypted false"}, m.taken())
	require.Equal(t, "010a090005", r.ask("0a0900"))
	m.state.Bonded = true
	r.ltkRequest()
	require.Equal(t, []string{"key 102030405060708 90a"}, m.taken())
	require.Equal(t, []string{"201b 0100"}, r.ctl.sent())
	require.Equal(t, "010a09000f", r.ask("0a0900"))

	m.key, m.has = [16]byte{1, 2, 3, 15: 16}, true
	r.ltkRequest()
	require.Equal(t, []string{"201a 0100" + "01020300000000000000000000000010"}, r.ctl.sent())
	require.Equal(t, "010a09000f", r.ask("0a0900"), "not yet")
	m.taken()
	for _, tc := range []struct {
		event []byte
		on    bool
	}{
		{on, true},
		{[]byte{PacketEvent, evEncryption, 4, 0, 1, 0, 0}, false},
		{on, true},
		{[]byte{PacketEvent, evEncryption, 4, 6, 1, 0, 1}, false},
		{[]byte{PacketEvent, evKeyRefresh, 3, 0, 1, 0}, true},
		{[]byte{PacketEvent, evKeyRefresh, 3, 6, 1, 0}, false},
	} {
		r.ctl.deliver(tc.event)
		require.Equal(t, []string{fmt.Sprint("encrypted ", tc.on)}, m.taken())
		require.Equal(t, map[bool]string{true: "0baabb", false: "010a09000f"}[tc.on], func() string {
			r.v.value[0] = []byte{0xaa, 0xbb}
			return r.ask("0a0900")
		}())
	}
	// Events that are too short, and of other links.
	for _, p := range [][]byte{
		{PacketEvent, evEncryption, 3, 0, 1, 0}, {PacketEvent, evKeyRefresh, 2, 0, 1},
		{PacketEvent, evEncryption, 4, 0, 2, 0, 1}, {PacketEvent, evLE, 1, subLTKRequest},
	} {
		r.ctl.deliver(p)
	}
	require.Empty(t, m.taken())
	r.ctl.sent()
	r.ctl.deliver([]byte{PacketEvent, evLE, 12, subLTKRequest, 1, 0, 8, 7, 6, 5, 4, 3, 2, 1, 10})
	synced(r)
	r.ctl.deliver([]byte{PacketEvent, evLE, 13, subLTKRequest, 2, 0, 8, 7, 6, 5, 4, 3, 2, 1, 10, 9})
	synced(r)
	require.Equal(t, []string{"201b 0100", "201b 0200"}, r.ctl.sent())
	require.Empty(t, m.taken())

	// The next connection begins without.
	r.disconnect(1, 0x13)
	require.Equal(t, []string{"disconnected"}, m.taken())
	m.state.Bonded = false
	r.connect(1)
	r.ctl.deliver(on)
	require.Equal(t, "010a090005", r.ask("0a0900"))
}

// Answers of several frames go out whole, each with a beginning, between those of
// the attribute protocol. What comes before they are gone is dropped, except the
// client's Pairing Failed.
func TestPairingFrames(t *testing.T) {
	long := bytes.Repeat([]byte{0x0C}, 65)
	for _, size := range []int{27, 251} {
		m := &manager{answers: [][]byte{long, bytes.Repeat([]byte{3}, 17), {5, 1}}}
		r := newRig(t, Config{Pairing: m})
		r.ctl.aclLen, r.ctl.aclNum, r.ctl.noCredit = size, 2, true
		require.NoError(t, r.h.StartGATT(gattConfig(false), r.v))
		r.connect(1)
		m.taken()
		want := []string{fmt.Sprintf("6:%x", long), "6:" + fmt.Sprintf("%x", m.answers[1]), "6:0501"}
		for range 3 {
			r.frame(1, cidSecurity, []byte{1, 2, 3}, 27)
			require.NotContains(t, string(r.h.conns[0].rx), "\x01\x02\x03")
			r.frame(1, cidSecurity, []byte{4}, 27)
			r.frame(1, cidATT, []byte{reqRead, 3, 0}, 27)
			require.Equal(t, []string{"receive 010203"}, m.taken())
			answers := m.answers
			m.answers = nil
			r.frame(1, cidSecurity, []byte{5, 8}, 27)
			require.Equal(t, []string{"receive 0508"}, m.taken())
			r.ctl.giveBack()
			got := r.ctl.taken()
			require.Len(t, got, 4)
			var security []string
			for _, f := range got {
				if f[0] == '6' {
					security = append(security, f)
				}
			}
			require.Equal(t, want, security, "%d", size)
			m.answers = answers
			require.False(t, r.h.conns[0].sec.waiting())
			// Nothing of it is left anywhere.
			for _, b := range [][]byte{r.h.out[:cap(r.h.out)], r.h.burst[:cap(r.h.burst)], r.h.conns[0].sec.out[:pairingRoom]} {
				require.NotContains(t, string(b), "\x0c\x0c\x0c\x0c")
			}
		}
	}
}

// A key is gone from the command queue and the packet buffer when the controller
// has it.
func TestKeyIsWiped(t *testing.T) {
	r, m := paired(t, Config{})
	m.key, m.has = [16]byte{0xE1, 0xE2, 0xE3, 0xE4, 0xE5}, true
	r.ltkRequest()
	for i := range r.h.queue {
		require.NotContains(t, string(r.h.queue[i].params[:]), "\xe1\xe2\xe3")
	}
	require.NotContains(t, string(r.h.out), "\xe1\xe2\xe3")
}

// So it is if the controller never takes it.
func TestKeyThatWaitsIsWiped(t *testing.T) {
	for name, drop := range map[string]func(r *rig){
		"controller": func(r *rig) {
			require.NoError(r, r.h.StopGATT(ble.StopOptions{})) // or what sets it up takes the place
			r.fail()
		},
		"transport": func(r *rig) {
			r.ctl.sendErr = errQueue
			r.ctl.deliver([]byte{PacketEvent, evComplete, 3, 1, 0, 0})
		},
		"start": func(r *rig) {
			r.h.mu.Lock()
			defer r.h.mu.Unlock()
			_ = r.h.takeDown(errTimeout)
		},
	} {
		r, m := paired(t, Config{})
		synced(r)
		m.key, m.has = [16]byte{0xE1, 0xE2, 0xE3, 0xE4, 0xE5}, true
		r.ctl.mute = map[int]bool{opDisconnect: true}
		require.NoError(t, r.h.Disconnect(r.h.conns[0].id, ble.ReasonRemoteUser))
		// Behind it, a command in front of the key is lost.
		r.h.mu.Lock()
		r.h.enqueue(opLEAdvEnable, 1)
		r.h.mu.Unlock()
		r.ctl.deliver([]byte{PacketEvent, evLE, 13, subLTKRequest, 1, 0, 8, 7, 6, 5, 4, 3, 2, 1, 10, 9})
		require.Contains(t, string(r.h.queue[(r.h.first+1)%len(r.h.queue)].params[:]), "\xe1\xe2\xe3", name)
		drop(r)
		r.h.mu.Lock()
		queue := r.h.queue
		r.h.mu.Unlock()
		for i := range queue {
			require.NotContains(t, string(queue[i].params[:]), "\xe1\xe2\xe3", name)
		}
	}
}

// Calls of the security manager are made without a lock: the service may be
// stopped and connections ended meanwhile, and what it says then is not sent.
func TestNoLockOverPairing(t *testing.T) {
	r, m := paired(t, Config{})
	m.answers = [][]byte{{5, 1}}
	m.state.Running = true
	m.next(func() {
		r.h.Respond(0, ble.ATTSuccess)
		require.NoError(t, r.h.Disconnect(r.h.conns[0].id, ble.ReasonRemoteUser))
	})
	r.frame(1, cidSecurity, []byte{1}, 27)
	require.Eventually(t, func() bool { return slices.Contains(m.taken(), "disconnected") }, time.Second, time.Millisecond)
	synced(r)

	// The stack is reset while a key is being computed.
	m.state.Running = false
	r.connect(1)
	r.ctl.sent()
	r.ctl.taken()
	m.taken()
	m.key, m.has = [16]byte{1}, true
	m.next(func() {
		r.h.mu.Lock()
		r.h.forgetConns()
		r.h.mu.Unlock()
	})
	r.ltkRequest()
	require.Empty(t, r.ctl.sent())
	require.Equal(t, []string{"key 102030405060708 90a", "disconnected"}, m.taken())
	// The service ends while the security manager looks for a bond.
	r.v.taken()
	m.next(func() {
		require.NoError(t, r.h.StopGATT(ble.StopOptions{KeepOn: true, KeepConnections: true}))
	})
	r.connect(1)
	require.Empty(t, r.v.taken())
	require.Equal(t, "010a09000e", r.ask("0a0900"))
}

// Requests cost no allocation with a security manager either, and a connection
// takes some hundred bytes more.
func TestPairingCosts(t *testing.T) {
	h, err := New(discard{}, Config{Pairing: &manager{}})
	require.NoError(t, err)
	v := &values{h: h, silent: true}
	h.gatt, h.handler = gattConfig(false), v
	h.gatt.Encrypt = true
	h.table = newTable(&h.gatt)
	h.up, h.serving, h.era, h.aclLen, h.aclFree = true, true, 1, 251, 8
	h.receive([]byte{PacketEvent, evLE, 19, subConnected, 0, 1, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xF4, 1, 0})
	h.conns[0].sec.encrypted = true
	v.value[0] = make([]byte, 0, 512)
	read := []byte{PacketACL, 1, 0x20, 7, 0, 3, 0, 4, 0, reqRead, 9, 0}
	write := []byte{PacketACL, 1, 0x20, 8, 0, 4, 0, 4, 0, reqWrite, 9, 0, 1}
	sent := []byte{PacketEvent, evSentPackets, 5, 1, 1, 0, 1, 0}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, p := range [][]byte{read, sent, write, sent} {
			h.receive(p)
		}
	}))
	require.Equal(t, []byte{1}, v.value[0])
}
