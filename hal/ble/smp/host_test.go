// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"bytes"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// wire is a transport that keeps what the host sends.
type wire struct {
	fn func([]byte)

	mu   sync.Mutex // guards what follows
	sent [][]byte
}

func (w *wire) SetReceiver(fn func([]byte)) { w.fn = fn }
func (w *wire) Send(p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, bytes.Clone(p))
	return nil
}

// next returns the first packet that was not taken yet.
func (w *wire) next() (p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sent) > 0 {
		p, w.sent = w.sent[0], w.sent[1:]
	}
	return p
}

// value is a service with one value.
type value struct{ h *att.Host }

func (value) Connected(ble.Conn)                   {}
func (value) Disconnected(ble.Conn, ble.HCIReason) {}
func (value) MTU(ble.Conn, int)                    {}
func (value) Read(_ ble.Conn, _, _ int, dst []byte) (int, ble.ATTError) {
	return copy(dst, "v"), ble.ATTSuccess
}
func (v value) Write(c ble.Conn, _ int, _ []byte) { v.h.Respond(c, ble.ATTSuccess) }

// hosted is a host with a security manager, and a phone at its controller, which
// the test is.
type hosted struct {
	testing.TB
	w     *wire
	h     *att.Host
	m     *Manager
	phone *phone
	// keys that the host gave the controller for the link: none since the
	// phone last asked, or 16 bytes, the least significant first.
	key  []byte
	hung bool
}

func newHosted(t testing.TB, secure, bonding bool) *hosted {
	return newHostedWith(t, att.Config{}, secure, bonding)
}

func newHostedWith(t testing.TB, stack att.Config, secure, bonding bool) *hosted {
	m, err := New(Config{Rand: source(1)})
	require.NoError(t, err)
	r := &hosted{TB: t, w: &wire{}, m: m, phone: newPhone(secure)}
	cfg := ble.Config{
		DeviceName: "PROV_1", Encrypt: true, Bonding: bonding, SecureConnections: true,
		Characteristics: []ble.Characteristic{{UUID: ble.UUID16(0xFF51), Name: "prov-session"}},
	}
	done := make(chan error, 1)
	replies := make(chan []byte, 16)
	starting := &starter{wire: r.w, replies: replies}
	stack.Pairing = m
	r.h, err = att.New(starting, stack)
	require.NoError(t, err)
	go func() { done <- r.h.StartGATT(cfg, value{r.h}) }()
	for {
		select {
		case p := <-replies:
			r.w.fn(p)
			continue
		case err := <-done:
			require.NoError(t, err)
		}
		break
	}
	starting.replies = nil
	r.connect()
	return r
}

// starter completes the commands of a start.
type starter struct {
	*wire
	replies chan []byte
}

func (s *starter) Send(p []byte) error {
	if s.replies != nil {
		reply := []byte{att.PacketEvent, 0x0E, 0, 1, p[1], p[2], 0}
		switch op := int(p[1]) | int(p[2])<<8; op {
		case 0x2002:
			reply = append(reply, 27, 0, 4)
		case 0x1009:
			a := deviceAddress
			reply = append(reply, a[6], a[5], a[4], a[3], a[2], a[1])
		}
		reply[2] = byte(len(reply) - 3)
		s.replies <- reply
		return nil
	}
	return s.wire.Send(p)
}

func (r *hosted) connect() {
	a := r.phone.address
	r.w.fn([]byte{
		att.PacketEvent, 0x3E, 19, 1, 0, 1, 0, 1, a[0], a[6], a[5], a[4], a[3], a[2], a[1],
		0x18, 0, 0, 0, 0xF4, 1, 0,
	})
	r.key, r.hung = nil, false
}

func (r *hosted) disconnect() { r.w.fn([]byte{att.PacketEvent, 0x05, 4, 0, 1, 0, 0x13}) }

// frame gives the host a frame, and returns its answers on that channel.
func (r *hosted) frame(channel byte, pdu []byte) [][]byte {
	f := append([]byte{byte(len(pdu)), byte(len(pdu) >> 8), channel, 0}, pdu...)
	for flags := byte(0x20); len(f) > 0; flags = 0x10 {
		n := min(len(f), 27)
		r.w.fn(append([]byte{att.PacketACL, 1, flags, byte(n), 0}, f[:n]...))
		f = f[n:]
	}
	return r.collect(channel)
}

// collect completes commands and gives buffers back until nothing more comes.
func (r *hosted) collect(channel byte) (answers [][]byte) {
	var b []byte
	for p := r.w.next(); p != nil; p = r.w.next() {
		if p[0] == att.PacketCommand {
			switch op := int(p[1]) | int(p[2])<<8; op {
			case 0x201A:
				r.key = p[6:22]
			case 0x201B:
				r.key = nil
			case 0x0406:
				r.hung = true
			}
			r.w.fn([]byte{att.PacketEvent, 0x0E, 4, 1, p[1], p[2], 0})
			continue
		}
		if p[2]&0x30 == 0 {
			b = nil
		}
		b = append(b, p[5:]...)
		r.w.fn([]byte{att.PacketEvent, 0x13, 5, 1, 1, 0, 1, 0})
		if len(b) == 4+int(b[0]) {
			if b[2] == 6 {
				r.phone.heard(b[4:])
			}
			if b[2] == channel {
				answers = append(answers, b[4:])
			}
		}
	}
	return answers
}

// ask makes the controller ask for a key.
func (r *hosted) ask(name ...byte) {
	r.key = nil
	r.w.fn(append([]byte{att.PacketEvent, 0x3E, 13, 5, 1, 0}, append(name, make([]byte, 10-len(name))...)...))
	r.collect(6)
}

// encryption tells the host that the link is encrypted, or not.
func (r *hosted) encryption(on byte) [][]byte {
	r.w.fn([]byte{att.PacketEvent, 0x08, 4, 0, 1, 0, on})
	return r.collect(6)
}

// read reads the value.
func (r *hosted) read() ble.ATTError {
	answers := r.frame(4, []byte{0x0A, 9, 0})
	if len(answers) != 1 {
		return 0xFF // the link is being ended
	}
	if a := answers[0]; a[0] == 0x01 {
		return ble.ATTError(a[4])
	}
	return ble.ATTSuccess
}

// advance brings the pairing forward by n PDUs.
func (r *hosted) advance(n int) {
	_, encrypted := r.phone.steps()
	for range n {
		r.frame(6, r.phone.next())
		if r.phone.step == encrypted {
			r.ask()
			r.encryption(1)
		}
	}
}

// Values are refused until the link is encrypted: with Insufficient
// Authentication to a client without keys, with Insufficient Encryption to one
// that has some. Descriptors and discovery are open.
func TestValuesNeedEncryption(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := newHosted(t, secure, true)
		n, _ := r.phone.steps()
		for name, tc := range map[string]struct{ request, want string }{
			"read":            {"\x0a\x09\x00", "\x01\x0a\x09\x00\x05"},
			"read blob":       {"\x0c\x09\x00\x00\x00", "\x01\x0c\x09\x00\x05"},
			"read by type":    {"\x08\x01\x00\xff\xff\x51\xff", "\x01\x08\x09\x00\x05"},
			"write":           {"\x12\x09\x00v", "\x01\x12\x09\x00\x05"},
			"prepare":         {"\x16\x09\x00\x00\x00v", "\x01\x16\x09\x00\x05"},
			"description":     {"\x0a\x0a\x00", "\x0bprov-session"},
			"device name":     {"\x0a\x03\x00", "\x0bPROV_1"},
			"characteristics": {"\x08\x07\x00\xff\xff\x03\x28", "\x09\x15\x08\x00\x0a\x09\x00\xfb\x34\x9b\x5f\x80\x00\x00\x80\x00\x10\x00\x00\x51\xff\x00\x00"},
		} {
			require.Equal(t, [][]byte{[]byte(tc.want)}, r.frame(4, []byte(tc.request)), name)
		}
		r.advance(n)
		require.Empty(t, r.phone.wrong)
		require.Zero(t, r.phone.failed)
		require.Equal(t, ble.ATTSuccess, r.read())
		require.Equal(t, [][]byte{{0x13}}, r.frame(4, []byte("\x12\x09\x00v")))
		require.Equal(t, [][]byte{[]byte("\x17\x09\x00\x00\x00v")}, r.frame(4, []byte("\x16\x09\x00\x00\x00v")))
		// Encryption ends: so does the right to what was prepared.
		r.encryption(0)
		require.Equal(t, [][]byte{[]byte("\x01\x18\x09\x00\x0f")}, r.frame(4, []byte("\x18\x01")))
		require.Equal(t, ble.ATTInsufficientEncryption, r.read())

		r.disconnect()
		r.phone.address = r.phone.identity
		r.connect()
		require.Equal(t, ble.ATTInsufficientEncryption, r.read())
		require.Empty(t, r.encryption(1))
		require.Equal(t, ble.ATTInsufficientEncryption, r.read(), "nobody asked for a key")
		if secure {
			r.ask()
			require.Equal(t, pdu16(0, r.phone.key)[1:], r.key)
		} else {
			r.ask(append(append([]byte{}, r.phone.name[2:]...), r.phone.name[:2]...)...)
			require.Equal(t, pdu16(0, r.phone.ltk)[1:], r.key)
		}
		// The same by Encryption Key Refresh Complete.
		r.w.fn([]byte{att.PacketEvent, 0x30, 3, 0, 1, 0})
		require.Equal(t, ble.ATTSuccess, r.read())
	}
}

// A pairing that stands still for 30 s ends the link, whatever it waits for; each
// packet gives it 30 s more.
func TestPairingTimeout(t *testing.T) {
	for _, secure := range []bool{false, true} {
		n, _ := newPhone(secure).steps()
		for step := range n + 1 {
			synctest.Test(t, func(t *testing.T) {
				r := newHosted(t, secure, false)
				for range step {
					time.Sleep(att.PairingTimeout - 1)
					synctest.Wait()
					r.advance(1)
				}
				time.Sleep(att.PairingTimeout - 1)
				synctest.Wait()
				r.collect(6)
				require.False(t, r.hung, "step %d", step)
				time.Sleep(1)
				synctest.Wait()
				r.collect(6)
				require.Equal(t, step > 0 && step < n, r.hung, "step %d", step)
				if r.hung { // nothing is taken any more
					require.Empty(t, r.frame(6, []byte{pduRequest, 3, 0, 8, 16, 0, 0}))
					r.ask()
					require.Nil(t, r.key)
				}
				r.disconnect()
				r.phone = newPhone(secure)
				r.connect()
				r.advance(n)
				require.Equal(t, ble.ATTSuccess, r.read())
				time.Sleep(time.Hour)
				synctest.Wait()
				r.collect(6)
				require.False(t, r.hung)
			})
		}
	}
}

// The keys are gone from the host's memory with the connection.
func TestNothingIsLeft(t *testing.T) {
	for _, secure := range []bool{false, true} {
		n, encrypted := newPhone(secure).steps()
		for step := range n + 1 {
			m, err := New(Config{Rand: source(1)})
			require.NoError(t, err)
			r := &rig{TB: t, m: m, peer: m.NewPeer().(*peer), phone: newPhone(secure)}
			r.connect(true)
			for range step {
				r.say(r.phone.next())
				if r.phone.step == encrypted {
					require.True(t, r.encrypt())
				}
			}
			r.Disconnected()
			require.Equal(t, peer{m: m}, *r.peer)
		}
	}
}

// Who is above the host can ask whether a client pairs: from its request on until it
// is done, has failed, or is gone.
func TestWhoPairs(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := newHosted(t, secure, false)
		const conn = 1<<16 | 1
		n, _ := r.phone.steps()
		for step := range n {
			require.Equal(t, step > 0, r.h.Pairing(conn), "step %d", step)
			require.False(t, r.h.Pairing(conn+1), "another connection")
			r.advance(1)
		}
		require.False(t, r.h.Pairing(conn))
		r.phone = newPhone(secure)
		r.advance(1)
		require.True(t, r.h.Pairing(conn))
		r.frame(6, []byte{pduFailed, reasonUnspecified})
		require.False(t, r.h.Pairing(conn))
		r.phone = newPhone(secure)
		r.advance(1)
		r.disconnect()
		require.False(t, r.h.Pairing(conn))
		r.connect()
		require.False(t, r.h.Pairing(2<<16|1))
	}
}
