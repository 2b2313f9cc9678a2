// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// bleHost is a host that writes down what its controller says.
type bleHost struct {
	t   *testing.T
	c   *sim.Controller
	mu  sync.Mutex
	got []string
}

func newBLEHost(t *testing.T, air *sim.Air, cfg sim.ControllerConfig) *bleHost {
	c, err := air.NewController(cfg)
	require.NoError(t, err)
	h := &bleHost{t: t, c: c}
	c.SetReceiver(func(p []byte) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, fmt.Sprintf("%x", p))
	})
	return h
}

func (h *bleHost) command(op int, params ...byte) {
	h.t.Helper()
	require.NoError(h.t, h.c.Send(append([]byte{1, byte(op), byte(op >> 8), byte(len(params))}, params...)))
}

// taken returns what came, without the ends of commands that succeeded.
func (h *bleHost) taken() (got []string) {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.got {
		if len(p) == 14 && p[:6] == "040e04" && p[12:] == "00" {
			continue
		}
		got = append(got, p)
	}
	h.got = nil
	return got
}

// advertise begins to advertise "abc", with "xyz" as scan response.
func (h *bleHost) advertise(random byte) {
	h.command(0x2006, 0, 1, 0, 1, 0, random, 0, 0, 0, 0, 0, 0, 0, 7, 0)
	h.command(0x2008, append([]byte{3, 'a', 'b', 'c'}, make([]byte, 28)...)...)
	h.command(0x2009, append([]byte{3, 'x', 'y', 'z'}, make([]byte, 28)...)...)
	h.command(0x200A, 1)
}

// connect makes h the central of a link to the controller with the default
// address of number n, with 30 ms and a supervision time-out of 4 s.
func (h *bleHost) connect(n byte) {
	h.command(0x200D, 0x60, 0, 0x60, 0, 0, 0, 0xBE, n, 0, 0x66, 0x77, 0x02, 0, 24, 0, 24, 0, 0, 0, 0x90, 1, 0, 0, 0, 0)
}

func (h *bleHost) data(s string) error {
	return h.c.Send(append([]byte{2, 0x40, 0, byte(len(s)), 0}, s...))
}

func linked(t *testing.T, air *sim.Air) (device, phone *bleHost) {
	device, phone = newBLEHost(t, air, sim.ControllerConfig{}), newBLEHost(t, air, sim.ControllerConfig{})
	device.advertise(0)
	phone.connect(1)
	time.Sleep(time.Second)
	device.taken()
	phone.taken()
	return device, phone
}

// Scanners see advertising data every 160 ms, and with an active scan the scan
// response; the filter lets each device through once.
func TestControllerAdvertising(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		device := newBLEHost(t, air, sim.ControllerConfig{RSSI: -60})
		active, passive, filtered := newBLEHost(t, air, sim.ControllerConfig{}), newBLEHost(t, air, sim.ControllerConfig{}), newBLEHost(t, air, sim.ControllerConfig{})
		device.command(0x2005, 6, 5, 4, 3, 2, 0xC1)
		device.advertise(1)
		_, _, on := device.c.Advertising()
		require.True(t, on)
		time.Sleep(time.Hour)
		active.command(0x200B, 1, 0x60, 0, 0x60, 0, 0, 0)
		active.command(0x200C, 1, 0)
		passive.command(0x200C, 1, 0)
		filtered.command(0x200C, 1, 1)
		time.Sleep(330 * time.Millisecond) // two events
		adv, rsp := "043e0f020100010605040302c103616263c4", "043e0f020104010605040302c10378797ac4"
		require.Equal(t, []string{adv, rsp, adv, rsp}, active.taken())
		require.Equal(t, []string{adv, adv}, passive.taken())
		require.Equal(t, []string{adv}, filtered.taken())
		device.command(0x200A, 0)
		time.Sleep(time.Second)
		require.Empty(t, active.taken())
		require.Empty(t, device.taken())
	})
}

// A connection ends advertising; data passes both ways in order and gives
// buffers back; who hangs up and who is hung up learn the reasons.
func TestControllerLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		device, phone := newBLEHost(t, air, sim.ControllerConfig{}), newBLEHost(t, air, sim.ControllerConfig{ACLLength: 27, ACLBuffers: 2})
		device.advertise(0)
		phone.connect(1)
		time.Sleep(160 * time.Millisecond)
		require.Equal(t, []string{"040f0400010d20", "043e1301004000" + "0000be0100667702" + "1800000090010" + "0"}, phone.taken())
		require.Equal(t, []string{"043e1301004000" + "0100be0200667702" + "1800000090010" + "0"}, device.taken())
		_, _, on := device.c.Advertising()
		require.False(t, on)

		require.NoError(t, phone.data("12"))
		require.NoError(t, phone.data("34"))
		require.ErrorContains(t, phone.data("56"), "no buffer")
		time.Sleep(30 * time.Millisecond)
		require.Equal(t, []string{"02402002003132", "02402002003334"}, device.taken())
		require.Equal(t, []string{"04130501400001" + "00", "04130501400001" + "00"}, phone.taken())
		require.NoError(t, device.data(string(bytes.Repeat([]byte{7}, 30))))
		time.Sleep(30 * time.Millisecond)
		require.Equal(t, []string{"0240201b00" + fmt.Sprintf("%x", bytes.Repeat([]byte{7}, 27)), "0240100300070707"}, phone.taken())

		require.NoError(t, phone.data("bye"))
		phone.command(0x0406, 0x40, 0, 0x13)
		time.Sleep(30 * time.Millisecond)
		require.Equal(t, []string{"0413050140000100", "0240200300627965", "04050400400013"}, device.taken())
		require.Equal(t, []string{"040f0400010604", "0413050140000100", "04050400400016"}, phone.taken())
		require.Zero(t, device.c.Links()+phone.c.Links())
		require.NoError(t, phone.data("late"))
		phone.command(0x0406, 0x40, 0, 0x13)
		require.Equal(t, []string{"040f0402010604"}, phone.taken())
	})
}

// Links that break: out of range, cut after some packets, a controller that is
// reset or taken off the air; each side knows after the supervision time-out.
func TestControllerLinkLoss(t *testing.T) {
	for name, breakIt := range map[string]func(device, phone *bleHost){
		"loss":  func(device, phone *bleHost) { phone.c.SetLoss(1000); require.NoError(t, phone.data("x")) },
		"cut":   func(device, phone *bleHost) { device.c.CutAfter(0) },
		"reset": func(device, phone *bleHost) { phone.command(0x0C03) },
		"close": func(device, phone *bleHost) { phone.c.Close(); phone.c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device, phone := linked(t, sim.NewAir(sim.AirConfig{}))
				breakIt(device, phone)
				time.Sleep(3990 * time.Millisecond)
				require.Empty(t, device.taken())
				time.Sleep(100 * time.Millisecond)
				require.Equal(t, []string{"04050400400008"}, device.taken())
				if name == "loss" || name == "cut" {
					require.Equal(t, []string{"04050400400008"}, phone.taken())
				} else {
					require.Empty(t, phone.taken())
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		device, phone := linked(t, sim.NewAir(sim.AirConfig{}))
		require.Equal(t, 1, phone.c.Drop(ble.ReasonRemoteUser))
		require.Equal(t, []string{"04050400400013"}, device.taken())
		require.Equal(t, []string{"04050400400013"}, phone.taken())

		device, phone = linked(t, sim.NewAir(sim.AirConfig{}))
		device.c.CutAfter(2)
		for range 5 {
			require.NoError(t, phone.data("x"))
		}
		time.Sleep(time.Second)
		require.Len(t, device.taken(), 2)
	})
}

func TestControllerRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		for _, cfg := range []sim.ControllerConfig{{ACLLength: 26}, {ACLLength: 252}, {ACLBuffers: 256}, {ACLBuffers: -1}} {
			_, err := air.NewController(cfg)
			require.Error(t, err)
		}
		h := newBLEHost(t, air, sim.ControllerConfig{})
		for _, p := range [][]byte{nil, {1}, {1, 3, 12, 1}, {2, 0, 0, 1, 0}, {3, 0, 0, 0}, {4, 0, 0, 0}} {
			require.Error(t, h.c.Send(p))
		}
		h.command(0x1234)
		h.command(0x200A)
		h.command(0x200E)
		h.command(0x2008, append([]byte{32}, make([]byte, 31)...)...)
		require.Equal(t, []string{"040e0401341201", "040e04010a2012", "040e04010e200c", "040e0401082012"}, h.taken())
		h.connect(9)
		h.connect(9)
		h.command(0x200E)
		require.Equal(t, []string{"040f0400010d20", "040f040c010d20", "043e130102" + "0000000000000000000000000000000000"}, h.taken())
		h.c.Close()
		require.ErrorIs(t, h.c.Send([]byte{1, 3, 12, 0}), sim.ErrClosed)
		_, phone := linked(t, sim.NewAir(sim.AirConfig{}))
		for _, reason := range []byte{0, 0x08, 0x16, 0x77} { // none that a host may name
			phone.command(0x0406, 0x40, 0, reason)
			require.Equal(t, []string{"040f0412010604"}, phone.taken())
		}
	})
}

// The same seed gives the same losses.
func TestControllerDeterminism(t *testing.T) {
	run := func(seed uint64) (times []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			device, phone := linked(t, sim.NewAir(sim.AirConfig{Seed: seed}))
			phone.c.SetLoss(500)
			began := time.Now()
			device.c.SetReceiver(func([]byte) { times = append(times, time.Since(began)) })
			for range 30 {
				require.NoError(t, phone.data("x"))
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			require.Len(t, times, 30)
		})
		return times
	}
	require.Equal(t, run(1), run(1))
	require.NotEqual(t, run(1), run(2))
}

// checked is a host that looks at what its controller says.
type checked struct {
	t         *testing.T
	c         *sim.Controller
	mu        sync.Mutex
	sent      int          // data packets that the controller took
	completed int          // and gave back
	linked    map[int]bool // by handle
}

func (h *checked) receive(p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case len(p) >= 3 && p[0] == 4 && int(p[2]) == len(p)-3:
		switch {
		case p[1] == 0x13:
			h.completed += int(p[6]) | int(p[7])<<8
			require.LessOrEqual(h.t, h.completed, h.sent, "buffers come back that were not taken")
		case p[1] == 0x05:
			handle := int(p[4]) | int(p[5])<<8
			require.True(h.t, h.linked[handle], "a link ends that there is not")
			require.NotZero(h.t, p[6], "without a reason")
			delete(h.linked, handle)
		case p[1] == 0x3E && p[3] == 1 && p[4] == 0:
			handle := int(p[5]) | int(p[6])<<8
			require.False(h.t, h.linked[handle], "two links of one handle")
			h.linked[handle] = true
		}
	case len(p) >= 5 && p[0] == 2 && int(p[3])|int(p[4])<<8 == len(p)-5:
		head := int(p[1]) | int(p[2])<<8
		require.True(h.t, h.linked[head&0x0FFF], "data of no link")
		require.LessOrEqual(h.t, len(p)-5, sim.DefaultACLLength)
	default:
		require.Fail(h.t, "no packet for a host", "%x", p)
	}
}

func (h *checked) send(p []byte) {
	if err := h.c.Send(p); err == nil && p[0] == 2 {
		h.mu.Lock()
		h.sent++
		h.mu.Unlock()
	}
}

// FuzzController sends any packets of two hosts to their controllers, with
// pauses: a host, the length, the bytes. What comes back are packets; buffers
// and links come and go in pairs; after a reset the two make a link.
func FuzzController(f *testing.F) {
	f.Add([]byte{0, 4, 1, 0x0A, 0x20, 1, 1, 6, 1, 0x0C, 0x20, 2, 1, 0})
	connect := []byte{1, 29, 1, 0x0D, 0x20, 25, 0x60, 0, 0x60, 0, 0, 0, 0xBE, 1, 0, 0x66, 0x77, 0x02, 0, 24, 0, 24, 0, 0, 0, 0x90, 1, 0, 0, 0, 0}
	link := append([]byte{0, 5, 1, 0x0A, 0x20, 1, 1}, connect...)
	link = append(link, 0x81, 0)
	f.Add(append(link[:len(link):len(link)], 1, 6, 2, 0x40, 0, 1, 0, 7, 0x81, 0, 0, 7, 1, 6, 4, 3, 0x40, 0, 0x13, 0x81, 0))
	f.Add(append(link[:len(link):len(link)], 0, 6, 2, 0x40, 0, 1, 0, 7, 1, 4, 1, 3, 0x0C, 0, 0xFF, 0))
	f.Add(append(link[:len(link):len(link)], 0, 7, 1, 6, 4, 3, 0x40, 0, 0, 0xFF, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		synctest.Test(t, func(t *testing.T) {
			air := sim.NewAir(sim.AirConfig{})
			var hosts [2]*checked
			for i := range hosts {
				c, err := air.NewController(sim.ControllerConfig{})
				require.NoError(t, err)
				hosts[i] = &checked{t: t, c: c, linked: map[int]bool{}}
				c.SetReceiver(hosts[i].receive)
			}
			for len(data) > 1 {
				n := min(int(data[1]), len(data)-2)
				if p := data[2 : 2+n]; len(p) > 0 {
					hosts[data[0]&1].send(p)
				}
				time.Sleep(time.Duration(data[0]&0xFE) * 4 * time.Millisecond)
				data = data[2+n:]
			}
			for _, h := range hosts {
				h.send([]byte{1, 3, 12, 0})
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			for _, h := range hosts {
				require.Zero(t, h.c.Links())
				h.mu.Lock()
				h.linked = map[int]bool{} // a reset says nothing of them
				h.mu.Unlock()
			}
			hosts[0].send([]byte{1, 0x0A, 0x20, 1, 1})
			hosts[1].send(connect[2:])
			time.Sleep(time.Second)
			synctest.Wait()
			require.Len(t, hosts[0].linked, 1)
			require.Len(t, hosts[1].linked, 1)
			hosts[0].c.Close()
			hosts[1].c.Close()
			time.Sleep(time.Hour)
		})
	})
}

// A controller that fails says so, and knows nothing any more; the other side
// notices when its supervision time-out is over.
func TestControllerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, phone := linked(t, sim.NewAir(sim.AirConfig{}))
		device.c.Fail()
		require.Equal(t, []string{"04100100"}, device.taken())
		require.Zero(t, device.c.Links())
		require.NoError(t, phone.data("x"))
		time.Sleep(4*time.Second - time.Millisecond)
		require.Empty(t, phone.taken())
		time.Sleep(time.Millisecond)
		require.Equal(t, []string{"04050400400008"}, phone.taken())
		device.advertise(0)
		device.c.Fail()
		_, _, on := device.c.Advertising()
		require.False(t, on)
		require.Equal(t, []string{"04100100"}, device.taken())
	})
}
