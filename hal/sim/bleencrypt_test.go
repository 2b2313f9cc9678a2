// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim"
)

// encrypt is the central's command, with a key of 16 equal bytes.
func (h *bleHost) encrypt(key byte) {
	p := []byte{0x40, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	h.command(0x2019, append(p, bytes.Repeat([]byte{key}, 16)...)...)
}

// reply is the peripheral's key.
func (h *bleHost) reply(key byte) {
	h.command(0x201A, append([]byte{0x40, 0}, bytes.Repeat([]byte{key}, 16)...)...)
}

const keyRequest = "043e0d054000" + "0102030405060708" + "090a"

// A link is encrypted when both hosts have the same key; meanwhile data waits, and
// what was sent before passes before. A second time refreshes the key.
func TestControllerEncryption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, phone := linked(t, sim.NewAir(sim.AirConfig{}))
		var seen []string
		phone.c.SetSniffer(func(p sim.LinkPacket) {
			seen = append(seen, fmt.Sprintf("%s sent %v encrypted %v", p.Data, p.Sent, p.Encrypted))
		})
		for i, events := range [][2]string{{"04080400400001", "04080400400001"}, {"043003004000", "043003004000"}} {
			encrypted := i == 1
			require.NoError(t, phone.data("before"))
			phone.encrypt(7)
			require.Equal(t, []string{"040f0400011920"}, phone.taken())
			require.NoError(t, phone.data("after"))
			time.Sleep(60 * time.Millisecond)
			require.Equal(t, []string{"0240200600" + "6265666f7265", keyRequest}, device.taken())
			require.NoError(t, device.data("answer"))
			time.Sleep(time.Second)
			require.Empty(t, device.taken())
			phone.taken()
			device.reply(7)
			time.Sleep(60 * time.Millisecond)
			require.Equal(t, []string{"040e06011a20004000", events[1], "0240200500" + "6166746572", "0413050140000100"}, device.taken())
			require.Equal(t, []string{events[0], "0413050140000100", "0240200600" + "616e73776572"}, phone.taken())
			require.Equal(t, []string{
				fmt.Sprint("before sent true encrypted ", encrypted),
				"after sent true encrypted true", "answer sent false encrypted true",
			}, seen)
			seen = nil
		}
		phone.c.SetSniffer(nil)
		require.NoError(t, phone.data("x"))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Empty(t, seen)
	})
}

// Different keys end the link; no key leaves it as it was, unless it was encrypted;
// a host that says nothing loses it after 40 s.
func TestControllerEncryptionFails(t *testing.T) {
	bubble := func(fn func(device, phone *bleHost)) {
		synctest.Test(t, func(t *testing.T) {
			device, phone := linked(t, sim.NewAir(sim.AirConfig{}))
			phone.encrypt(7)
			time.Sleep(30 * time.Millisecond)
			require.Equal(t, []string{keyRequest}, device.taken())
			phone.taken()
			fn(device, phone)
		})
	}
	bubble(func(device, phone *bleHost) {
		device.reply(8)
		time.Sleep(30 * time.Millisecond)
		require.Equal(t, []string{"040504004000" + "3d"}, phone.taken())
		require.Equal(t, []string{"040e06011a20004000", "040504004000" + "3d"}, device.taken())
	})
	bubble(func(device, phone *bleHost) {
		device.command(0x201B, 0x40, 0)
		time.Sleep(30 * time.Millisecond)
		require.Equal(t, []string{"040e06011b20004000"}, device.taken())
		require.Equal(t, []string{"04080406400000"}, phone.taken())
		require.NoError(t, phone.data("x"))
		time.Sleep(30 * time.Millisecond)
		require.Len(t, device.taken(), 1)
		phone.taken()
		// Once more, now with a key, and once more without.
		phone.encrypt(7)
		time.Sleep(40 * time.Millisecond)
		device.reply(7)
		time.Sleep(40 * time.Millisecond)
		phone.encrypt(7)
		time.Sleep(40 * time.Millisecond)
		device.taken()
		phone.taken()
		device.command(0x201B, 0x40, 0)
		time.Sleep(40 * time.Millisecond)
		require.Equal(t, []string{"04050400400006"}, phone.taken())
		require.Equal(t, []string{"040e06011b20004000", "04050400400016"}, device.taken())
	})
	bubble(func(device, phone *bleHost) {
		time.Sleep(40*time.Second - time.Millisecond)
		require.Empty(t, append(device.taken(), phone.taken()...))
		time.Sleep(time.Millisecond)
		require.Equal(t, []string{"04050400400022"}, device.taken())
		require.Equal(t, []string{"04050400400022"}, phone.taken())
	})
	synctest.Test(t, func(t *testing.T) { // a peripheral does not begin it
		device, _ := linked(t, sim.NewAir(sim.AirConfig{}))
		device.encrypt(7)
		device.reply(7)
		require.Equal(t, []string{"040f040c011920", "040e06011a200c4000"}, device.taken())
	})
	bubble(func(device, phone *bleHost) { // out of turn
		phone.encrypt(7)
		phone.reply(7)
		device.encrypt(7)
		require.Equal(t, []string{"040f040c011920", "040e06011a200c4000"}, phone.taken())
		require.Equal(t, []string{"040f040c011920"}, device.taken())
		device.reply(7)
		device.reply(7)
		device.command(0x201B, 0x41, 0)
		require.Equal(t, []string{"040e06011a20004000", "040e06011a200c4000", "040e06011b20024100"}, device.taken())
		phone.c.Drop(0x13)
		device.taken()
		device.reply(7)
		require.Equal(t, []string{"040e06011a20024000"}, device.taken())
	})
}

// Lost packets are repeated, and packets of the procedure count as others do.
func TestControllerEncryptionLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, phone := linked(t, sim.NewAir(sim.AirConfig{Seed: 3}))
		phone.c.SetLoss(800)
		device.c.SetLoss(800)
		phone.encrypt(7)
		time.Sleep(3 * time.Second)
		require.Equal(t, []string{keyRequest}, device.taken())
		device.reply(7)
		time.Sleep(3 * time.Second)
		require.Contains(t, device.taken(), "04080400400001")
	})
	// Nothing passes: the link is lost, as with data.
	for _, deaf := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			device, phone := linked(t, sim.NewAir(sim.AirConfig{}))
			if deaf {
				phone.encrypt(7)
				time.Sleep(40 * time.Millisecond)
				require.Equal(t, []string{keyRequest}, device.taken())
				device.c.SetLoss(1000)
				device.reply(7)
				require.Len(t, device.taken(), 1)
			} else {
				phone.c.SetLoss(1000)
				phone.encrypt(7)
			}
			time.Sleep(5 * time.Second)
			require.Equal(t, []string{"04050400400008"}, device.taken())
		})
	}
	for cut := range 3 {
		synctest.Test(t, func(t *testing.T) {
			device, phone := linked(t, sim.NewAir(sim.AirConfig{}))
			device.c.CutAfter(cut)
			phone.encrypt(7)
			time.Sleep(100 * time.Millisecond)
			asked := len(device.taken()) == 1
			require.Equal(t, cut > 0, asked)
			if asked {
				device.reply(7)
			}
			time.Sleep(100 * time.Millisecond)
			got := device.taken()
			require.Equal(t, cut == 2, len(got) == 2 && got[1] == "04080400400001", "%v", got)
			time.Sleep(4 * time.Second)
			require.Equal(t, []string{"04050400400008"}, device.taken())
		})
	}
}

// A central that connects under its random address is seen with it.
func TestControllerRandomCentral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		device, phone := newBLEHost(t, air, sim.ControllerConfig{}), newBLEHost(t, air, sim.ControllerConfig{})
		device.advertise(0)
		phone.command(0x2005, 6, 5, 4, 3, 2, 0x41)
		phone.command(0x200D, 0x60, 0, 0x60, 0, 0, 0, 0xBE, 1, 0, 0x66, 0x77, 0x02, 1, 24, 0, 24, 0, 0, 0, 0x90, 1, 0, 0, 0, 0)
		time.Sleep(time.Second)
		require.Equal(t, []string{"043e1301004000" + "0101060504030241" + "1800000090010" + "0"}, device.taken())
	})
}
