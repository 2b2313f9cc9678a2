// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// FuzzPairing does anything in any order with a host: PDUs of a phone that keeps
// to the protocol, in turn or not, changed ones, any others, and what a controller
// says of encryption. The host gives the controller no key but one that the phone
// has come to by the protocol, and a value is read over a link that is encrypted
// with it only.
func FuzzPairing(f *testing.F) {
	f.Add([]byte{1, 1, 1, 1, 3, 4, 1, 1, 7})
	f.Add([]byte{0, 1, 1, 1, 3, 4, 1, 1, 1, 1, 7, 8, 3, 4, 7})
	f.Add([]byte{1, 1, 1, 1, 4, 7, 3, 7, 4, 7, 5, 7})
	f.Add([]byte{1, 1, 6, 2, 13, 9, 1, 1, 3, 4})
	f.Add([]byte{1, 1, 1, 1, 1, 9, 10})
	f.Add([]byte{3, 1, 2, 5, 7, 1, 1, 1, 3, 4, 7, 9, 1, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || len(data) > 300 {
			return
		}
		r := newHosted(t, data[0]&1 != 0, data[0]&2 != 0)
		good := map[[16]byte]bool{} // keys that the phone has come to and proven
		encrypted := false
		proven := func() {
			if _, n := r.phone.steps(); r.phone.step >= n {
				good[r.phone.key] = true
			}
			good[r.phone.ltk] = true
			delete(good, [16]byte{})
		}
		ask := func(name ...byte) {
			r.ask(name...)
			if r.key != nil {
				require.True(t, good[smpcrypto.Reversed16(r.key)], "a key out of nowhere")
			}
		}
		data = data[1:]
		take := func() (b byte) {
			if len(data) > 0 {
				b, data = data[0], data[1:]
			}
			return b
		}
		given := false // a key, in this connection
		for len(data) > 0 {
			switch take() % 10 {
			case 1:
				n, _ := r.phone.steps()
				if r.phone.step < n {
					r.frame(6, r.phone.next())
					proven()
				}
			case 2: // the next one, changed
				n, _ := r.phone.steps()
				if r.phone.step < n {
					pdu := r.phone.next()
					pdu[int(take())%len(pdu)] ^= take() | 1
					r.phone.key = [16]byte{}
					r.frame(6, pdu)
				}
			case 3:
				ask()
				given = given || r.key != nil
			case 4:
				r.encryption(1)
				encrypted = given
				proven()
			case 5:
				r.encryption(0)
				encrypted = false
			case 6: // anything
				pdu := make([]byte, 1+int(take())%66)
				pdu[0] = take() % 16
				for i := 1; i < len(pdu) && len(data) > 0; i++ {
					pdu[i] = take()
				}
				r.frame(6, pdu)
			case 7:
				if !r.hung {
					require.Equal(t, encrypted, r.read() == ble.ATTSuccess)
				}
			case 8:
				r.disconnect()
				p := newPhone(r.phone.secure)
				p.random = source(uint64(len(data)))
				p.address = []att.Address{phoneAddress, phoneIdentity}[len(data)%2]
				r.phone = p
				r.connect()
				given, encrypted = false, false
			case 9: // begin anew
				r.phone.step = 0
			default:
				ask(append(append([]byte{}, r.phone.name[2:]...), r.phone.name[:2]...)...)
				given = given || r.key != nil
			}
		}
		require.Equal(t, encrypted && !r.hung, r.read() == ble.ATTSuccess)
	})
}

// FuzzController feeds any packets, each a length and its bytes, to a host with a
// client that has begun to pair. There is never a key, since nobody shows that he
// has one, and the value is never read.
func FuzzController(f *testing.F) {
	f.Add(byte(1), []byte{6, att.PacketEvent, 0x08, 4, 0, 1, 0, 1, 16, att.PacketEvent, 0x3E, 13, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(byte(4), []byte{5, att.PacketEvent, 0x30, 3, 0, 1, 0, 7, att.PacketEvent, 0x05, 4, 0, 1, 0, 19})
	f.Add(byte(3), []byte{11, att.PacketACL, 1, 0x20, 6, 0, 2, 0, 6, 0, pduFailed, 5, 12, att.PacketACL, 1, 0x20, 7, 0, 3, 0, 4, 0, 0x0A, 9, 0})
	f.Fuzz(func(t *testing.T, begun byte, data []byte) {
		r := newHosted(t, begun&8 != 0, true)
		for range begun % 4 { // the check comes with the fourth at the latest
			if n, encrypted := r.phone.steps(); r.phone.step < encrypted-1 && r.phone.step < n {
				r.frame(6, r.phone.next())
			}
		}
		for len(data) > 0 {
			n := min(int(data[0]), len(data)-1)
			r.w.fn(bytes.Clone(data[1 : 1+n]))
			data = data[1+n:]
			r.collect(6)
			require.Nil(t, r.key)
		}
		require.NotEqual(t, ble.ATTSuccess, r.read())
	})
}

// BenchmarkPairing is the device's half of a pairing. Its floor, a key and an
// agreement on P-256, is BenchmarkP256 of package smpcrypto.
func BenchmarkPairing(b *testing.B) {
	for _, secure := range []bool{false, true} {
		b.Run(fmt.Sprint("secure ", secure), func(b *testing.B) {
			r := newRig(b, secure, false)
			n, encrypted := r.phone.steps()
			var pdus [][]byte
			for range n {
				pdus = append(pdus, r.phone.next())
				r.say(pdus[len(pdus)-1])
				if r.phone.step == encrypted {
					require.True(b, r.encrypt())
				}
			}
			require.Zero(b, r.phone.failed)
			dst := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				r.m.cfg.Rand = source(1) // the same answers, so the same PDUs
				r.connect(false)
				for i, pdu := range pdus {
					r.Receive(dst, pdu)
					if i+1 == encrypted {
						if _, ok := r.LongTermKey(0, 0); !ok {
							b.Fatal("no key")
						}
						r.Encrypted(dst, true)
					}
				}
				if r.State().Running || r.run.step != idle {
					b.Fatal("not paired")
				}
			}
		})
	}
}
