// SPDX-License-Identifier: Apache-2.0

package att

import (
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// controller is a fake that completes every command and keeps what is sent.
type controller struct {
	mu      sync.Mutex // one delivery at a time
	fn      func([]byte)
	replies chan []byte

	lock     sync.Mutex // guards what follows
	commands []string
	acl      [][]byte
	frame    []byte // being put together
	frames   []string
	status   map[int]byte // of commands that fail
	mute     map[int]bool // commands that are not answered
	sendErr  error
	dataErr  error // of data packets only
	aclLen   int
	aclNum   int
	owed     [][]byte // events that give buffers back
	noCredit bool     // they are not delivered
}

func newController(t testing.TB) *controller {
	c := &controller{replies: make(chan []byte, 1000), aclLen: 251, aclNum: 8}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case p := <-c.replies:
				c.deliver(p)
			case <-quit:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(quit)
		<-done
	})
	return c
}

func (c *controller) SetReceiver(fn func([]byte)) { c.fn = fn }

func (c *controller) deliver(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fn(p)
}

func (c *controller) Send(p []byte) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.sendErr != nil {
		return c.sendErr
	}
	if c.dataErr != nil && p[0] == PacketACL {
		return c.dataErr
	}
	if p[0] == PacketCommand {
		op := le.Uint16(p[1:])
		c.commands = append(c.commands, fmt.Sprintf("%04x %x", op, p[4:]))
		if c.mute[op] {
			return nil
		}
		reply := []byte{PacketEvent, evComplete, 0, 1, p[1], p[2], c.status[op]}
		switch op {
		case opLEReadBufferSize:
			reply = append(reply, byte(c.aclLen), byte(c.aclLen>>8), byte(c.aclNum))
		case opDisconnect:
			c.replies <- []byte{PacketEvent, evStatus, 4, 0, 1, p[1], p[2]}
			reply = []byte{PacketEvent, evDisconnected, 0, 0, p[4], p[5], 0x16}
		}
		reply[2] = byte(len(reply) - 3)
		c.replies <- reply
		return nil
	}
	c.acl = append(c.acl, append([]byte(nil), p...))
	if le.Uint16(p[1:])&pbMask == pbStart {
		c.frame = nil
	}
	c.frame = append(c.frame, p[5:]...)
	if len(c.frame) >= 4 && len(c.frame) == 4+le.Uint16(c.frame) {
		c.frames = append(c.frames, fmt.Sprintf("%d:%x", le.Uint16(c.frame[2:]), c.frame[4:]))
	}
	c.owed = append(c.owed, []byte{PacketEvent, evSentPackets, 5, 1, p[1], p[2] & 0x0F, 1, 0})
	return nil
}

// giveBack returns the buffers of what was sent, until nothing more is.
func (c *controller) giveBack() {
	for {
		c.lock.Lock()
		owed := c.owed
		c.owed = nil
		c.lock.Unlock()
		if len(owed) == 0 {
			return
		}
		for _, p := range owed {
			c.deliver(p)
		}
	}
}

// taken returns the frames sent since the last call.
func (c *controller) taken() []string {
	c.lock.Lock()
	defer c.lock.Unlock()
	f := c.frames
	c.frames = nil
	return f
}

func (c *controller) sent() []string {
	c.lock.Lock()
	defer c.lock.Unlock()
	s := c.commands
	c.commands = nil
	return s
}

// values is a handler that keeps a value for each characteristic.
type values struct {
	mu     sync.Mutex
	h      *Host
	log    []string
	value  [8][]byte
	code   ble.ATTError
	hold   bool // do not respond
	silent bool // do not log
}

func (v *values) note(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.log = append(v.log, fmt.Sprintf(format, args...))
}

func (v *values) taken() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.log
	v.log = nil
	return l
}

func (v *values) Connected(c ble.Conn) {
	if !v.silent { // and nothing is allocated
		v.note("connected %x", c)
	}
}

func (v *values) Disconnected(c ble.Conn, r ble.HCIReason) {
	if !v.silent {
		v.note("disconnected %x %d", c, r)
	}
}

func (v *values) MTU(c ble.Conn, mtu int) {
	if !v.silent {
		v.note("mtu %x %d", c, mtu)
	}
}

func (v *values) Read(c ble.Conn, char, offset int, dst []byte) (int, ble.ATTError) {
	if offset > len(v.value[char]) {
		return 0, ble.ATTInvalidOffset
	}
	return copy(dst, v.value[char][offset:]), ble.ATTSuccess
}

func (v *values) Write(c ble.Conn, char int, value []byte) {
	if !v.silent {
		v.note("write %x %d %x", c, char, value)
	}
	if v.code == ble.ATTSuccess {
		v.value[char] = append(v.value[char][:0], value...)
	}
	if !v.hold {
		v.h.Respond(c, v.code)
	}
}

// bluedroidParams are the connection parameters that Bluedroid requests
// (transports.md 2.4).
var bluedroidParams = ConnParams{16, 32, 0, 400}

var service = ble.UUID{0xb4, 0xdf, 0x5a, 0x1c, 0x3f, 0x6b, 0xf4, 0xbf, 0xea, 0x4a, 0x82, 0x03, 0x04, 0x90, 0x1a, 0x02}

func gattConfig(notify bool) ble.Config {
	return ble.Config{
		DeviceName: "PROV_1", Service: service, Notify: notify,
		Characteristics: []ble.Characteristic{
			{UUID: service.With16(0xFF51), Name: "prov-session"},
			{UUID: service.With16(0xFF53), Name: "proto-ver"},
		},
	}
}

type rig struct {
	*testing.T
	ctl *controller
	h   *Host
	v   *values
}

func newRig(t *testing.T, cfg Config) *rig {
	r := &rig{T: t, ctl: newController(t)}
	var err error
	r.h, err = New(r.ctl, cfg)
	require.NoError(t, err)
	r.v = &values{h: r.h}
	return r
}

// up returns a rig with a client on handle 1.
func up(t *testing.T, cfg Config, notify bool) *rig {
	r := newRig(t, cfg)
	require.NoError(t, r.h.StartGATT(gattConfig(notify), r.v))
	r.connect(1)
	r.ctl.sent()
	return r
}

func (r *rig) connect(handle byte) {
	r.ctl.deliver([]byte{PacketEvent, evLE, 19, subConnected, 0, handle, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xF4, 1, 0})
}

func (r *rig) disconnect(handle, reason byte) {
	r.ctl.deliver([]byte{PacketEvent, evDisconnected, 4, 0, handle, 0, reason})
}

// frame delivers one L2CAP frame in fragments of size.
func (r *rig) frame(handle byte, cid int, pdu []byte, size int) {
	f := make([]byte, 4, 4+len(pdu))
	le.PutUint16(f, len(pdu))
	le.PutUint16(f[2:], cid)
	f = append(f, pdu...)
	flags := byte(pbAuto >> 8)
	for len(f) > 0 {
		n := min(size, len(f))
		p := append([]byte{PacketACL, handle, flags, byte(n), byte(n >> 8)}, f[:n]...)
		r.ctl.deliver(p)
		f, flags = f[n:], pbContinue>>8
	}
	if !r.ctl.noCredit {
		r.ctl.giveBack()
	}
}

// ask sends a PDU, in hex, and returns the answers, in hex.
func (r *rig) ask(pdu string) string {
	r.Helper()
	return r.askAs(1, pdu)
}

// askAs is ask for the client with that handle.
func (r *rig) askAs(handle byte, pdu string) string {
	r.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(pdu, " ", ""))
	require.NoError(r, err)
	r.ctl.taken()
	r.frame(handle, cidATT, b, 27)
	return strings.ReplaceAll(strings.Join(r.ctl.taken(), " "), "4:", "")
}
