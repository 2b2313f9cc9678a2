// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

// Pairings as they should be: what the device offers (transports.md 2.4), the
// keys that it sends, and the bond that is kept.
func TestPairing(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for _, bonding := range []bool{false, true} {
			t.Run(fmt.Sprint("secure ", secure, ", bonding ", bonding), func(t *testing.T) {
				r := newRig(t, secure, bonding)
				n, _ := r.phone.steps()
				require.False(t, r.State().Running)
				r.advance(n - 1)
				require.Equal(t, att.PairingState{Running: true}, r.State())
				require.Zero(t, r.run.key, "it is with the controller")
				r.advance(1)
				require.Equal(t, att.PairingState{Bonded: bonding}, r.State())
				require.Equal(t, deviceAddress, r.phone.devices)

				auth, dist := byte(0x04|0x08), byte(0x03) // MITM, SC; keys and identity
				if bonding {
					auth |= 0x01
				}
				if secure {
					dist = 0x02
				}
				require.Equal(t, [7]byte{0x02, 0x03, 0, auth, 16, dist, dist}, r.phone.rsp)
				require.Equal(t, secure, r.phone.ltk == [16]byte{})

				b, ok := r.m.bondOf(phoneIdentity)
				require.Equal(t, bonding, ok)
				if !ok {
					_, ok = r.LongTermKey(0, 0)
					require.False(t, ok, "the key is gone with the pairing")
					return
				}
				require.Equal(t, phoneIRK, b.IRK)
				require.Equal(t, secure, b.SecureConnections)
				if secure {
					require.Equal(t, Key(r.phone.key), b.LTK)
					require.True(t, b.Random == 0 && b.Diversifier == 0)
				} else {
					require.Equal(t, Key(r.phone.ltk), b.LTK)
				}
			})
		}
	}
	// The options are the device's and the client's.
	for _, tc := range []struct{ device, client, wantSecure bool }{{true, false, false}, {false, true, false}, {true, true, true}} {
		r := newRig(t, tc.client, false)
		r.link.SecureConnections = tc.device
		r.say(r.phone.next())
		require.Equal(t, tc.wantSecure, r.run.secure, "%+v", tc)
		require.Equal(t, tc.device, r.phone.rsp[3]&0x08 != 0)
	}
	// A client that does not bond is not kept.
	r := newRig(t, true, true)
	r.phone.auth &^= 0x01
	r.advance(6)
	require.False(t, r.State().Bonded)
}

// Keys are sent and taken as both sides ask for.
func TestDistribution(t *testing.T) {
	for dist := range byte(4) {
		r := newRig(t, false, true)
		r.phone.dist = dist | 0xFC // signing and link key are not for us
		r.advance(3)
		require.Equal(t, [2]byte{dist, dist}, [2]byte(r.phone.rsp[5:]))
		require.Equal(t, dist&1 != 0, r.phone.ltk != [16]byte{})
		require.Equal(t, dist&2 != 0, r.phone.devices == deviceAddress)
		if dist&1 != 0 {
			r.advance(2)
		} else {
			r.phone.step += 2
		}
		if dist&2 != 0 {
			r.advance(2)
		}
		// Without a long-term key there is nothing to keep.
		require.Equal(t, att.PairingState{Bonded: dist&1 != 0}, r.State(), "%d", dist)
		if dist == 1 {
			b, ok := r.m.bondOf(phoneAddress)
			require.True(t, ok, "without identity a client is known by its address")
			require.Zero(t, b.IRK)
		}
	}
	r := newRig(t, true, true)
	r.phone.dist = 0
	r.advance(4)
	require.Equal(t, att.PairingState{Bonded: true}, r.State())
}

// Every PDU at every step: in order or not, shorter, longer.
func TestEveryPDUAtEveryStep(t *testing.T) {
	for _, secure := range []bool{false, true} {
		// The code that each step waits for, and what becomes of one that is
		// full of ones: 0 is accepted.
		inOrder := []struct{ code, reason byte }{
			{pduRequest, reasonInvalid}, {pduConfirm, 0}, {pduRandom, reasonConfirm},
			{pduKey, 0}, {pduKeyName, 0}, {pduIRK, 0}, {pduIdentity, reasonInvalid},
		}
		if secure {
			inOrder = []struct{ code, reason byte }{
				{pduRequest, reasonInvalid}, {pduPublicKey, reasonCheck}, {pduRandom, 0}, {pduCheck, reasonCheck},
				{pduIRK, 0}, {pduIdentity, reasonInvalid},
			}
		}
		n, encrypted := newPhone(secure).steps()
		for step := range n + 1 {
			for _, keyed := range []bool{false, true} { // before and after encryption
				if keyed && step != encrypted {
					continue
				}
				for code := range 0x11 {
					for _, longer := range []int{-1, 0, 1} {
						name := fmt.Sprintf("secure %v, step %d, keyed %v, code %02x, longer by %d", secure, step, keyed, code, longer)
						r := newRig(t, secure, true)
						if step < encrypted || step == encrypted && !keyed {
							for range step {
								r.say(r.phone.next())
							}
						} else {
							r.advance(step)
						}
						waiting := step == encrypted && !keyed
						size := length(byte(code))
						pdu := bytes.Repeat([]byte{0xFF}, max(size+longer, 1))
						pdu[0] = byte(code)
						next := inOrder[step%n]
						want := byte(reasonUnspecified)
						switch {
						case code == pduFailed:
							want = 0
						case size == 0:
							want = reasonNotSupported
						case longer != 0:
							want = reasonInvalid
						case byte(code) == next.code && !waiting:
							want = next.reason
						}
						r.phone.failed = 0
						r.say(pdu)
						require.Equal(t, want, r.phone.failed, name)
						accepted := want == 0 && code != pduFailed
						require.Equal(t, accepted, r.State().Running, name)
						if !accepted {
							require.Zero(t, r.run, "%s: a secret is left", name)
							_, ok := r.LongTermKey(0, 0)
							require.Equal(t, step == n && secure, ok, "%s: only the bond's key", name)
						}
					}
				}
			}
		}
	}
	r := newRig(t, true, true)
	require.Empty(t, r.say(nil))
	require.Empty(t, r.say([]byte{pduFailed}))
}

// Pairing Requests that are refused, and with which reason.
func TestRequestsRefused(t *testing.T) {
	for _, tc := range []struct {
		capability, oob, auth, size byte
		want                        byte
	}{
		{4, 0, 0x0D, 16, 0}, {0, 0, 0, 16, 0}, {3, 0, 0x01, 16, 0},
		{3, 0, 0xF9, 16, 0}, // reserved bits
		{5, 0, 0x0D, 16, reasonInvalid}, {3, 2, 0x0D, 16, reasonInvalid},
		{3, 0, 0x0D, 6, reasonInvalid}, {3, 0, 0x0D, 17, reasonInvalid},
		{3, 0, 0x0D, 7, reasonKeySize}, {3, 0, 0x0D, 15, reasonKeySize},
		{3, 1, 0x0D, 16, reasonOOB}, {3, 1, 0x05, 16, 0},
	} {
		r := newRig(t, true, true)
		r.say([]byte{pduRequest, tc.capability, tc.oob, tc.auth, tc.size, 3, 3})
		require.Equal(t, tc.want, r.phone.failed, "%+v", tc)
	}
}

// Values that are wrong in one bit, a public key that is our own, and one off the
// curve: there is never a key.
func TestWrongValues(t *testing.T) {
	flip := func(t *testing.T, secure bool, step, bit int, want byte) {
		r := newRig(t, secure, true)
		r.advance(step)
		pdu := r.phone.next()
		pdu[1+bit/8] ^= 1 << (bit % 8)
		r.say(pdu)
		if r.phone.failed == 0 { // found out with the next one
			r.say(r.phone.next())
		}
		require.Equal(t, want, r.phone.failed, "step %d, bit %d", step, bit)
		_, ok := r.LongTermKey(0, 0)
		require.False(t, ok)
		require.Empty(t, r.Encrypted(nil, true), "no keys are sent")
	}
	for bit := range 128 {
		flip(t, false, 1, bit, reasonConfirm)
		flip(t, false, 2, bit, reasonConfirm)
	}
	for bit := 0; bit < 128; bit += 9 {
		flip(t, true, 2, bit, reasonCheck)
		flip(t, true, 3, bit, reasonCheck)
	}
	for bit := 0; bit < 512; bit += 37 {
		flip(t, true, 1, bit, reasonCheck)
	}
	// The device's key is the first that its source gives.
	own, err := smpcrypto.NewKeyPair(source(1))
	require.NoError(t, err)
	r := newRig(t, true, true)
	r.advance(1)
	pdu := r.phone.next()
	smpcrypto.Reverse(pdu[1:33], own.X[:])
	smpcrypto.Reverse(pdu[33:], own.Y[:])
	r.say(pdu)
	require.EqualValues(t, reasonCheck, r.phone.failed)
}

// Private keys and random numbers are new in each pairing.
func TestNewKeysEachTime(t *testing.T) {
	r := newRig(t, true, false)
	seen := map[[32]byte]bool{}
	nonces := map[[16]byte]bool{}
	for range 5 {
		r.phone = newPhone(true)
		r.advance(6)
		seen[r.phone.x] = true
		nonces[r.phone.nb] = true
	}
	require.Len(t, seen, 5)
	require.Len(t, nonces, 5)
}

// There is no key before the check, or when the link was encrypted with another
// one, or when encryption failed.
func TestKeyOnlyAfterTheCheck(t *testing.T) {
	for _, secure := range []bool{false, true} {
		n, encrypted := newPhone(secure).steps()
		for step := range n {
			r := newRig(t, secure, true)
			if step < encrypted {
				r.advance(step)
				_, ok := r.LongTermKey(0, 0)
				require.False(t, ok, "step %d", step)
				require.Empty(t, r.Encrypted(nil, true), "step %d", step)
				require.Equal(t, step > 0, r.State().Running)
			}
		}
		r := newRig(t, secure, true)
		for range encrypted {
			r.say(r.phone.next())
		}
		require.Empty(t, r.Encrypted(nil, true), "not with this key")
		_, ok := r.LongTermKey(1, 0)
		require.False(t, ok)
		_, ok = r.LongTermKey(0, 1)
		require.False(t, ok)
		require.True(t, r.State().Running)
		_, ok = r.LongTermKey(0, 0)
		require.True(t, ok)
		require.Empty(t, r.Encrypted(nil, false))
		require.False(t, r.State().Running)
		_, ok = r.LongTermKey(0, 0)
		require.False(t, ok)
	}
}

// From the fourth failure on a client waits, 1 s and twice as long each time;
// others do not wait for it.
func TestRepeatedAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, false, true)
		try := func(address att.Address) byte {
			r.phone = newPhone(false)
			r.phone.address = address
			r.connect(true)
			r.say(r.phone.next())
			if r.phone.failed == 0 {
				r.say([]byte{pduFailed, reasonUnspecified})
			}
			return r.phone.failed
		}
		for range freeAttempts + 1 {
			require.Zero(t, try(phoneAddress))
		}
		for _, delay := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 64} {
			require.EqualValues(t, reasonRepeated, try(phoneAddress))
			time.Sleep(delay*time.Second - 1)
			require.EqualValues(t, reasonRepeated, try(phoneAddress))
			require.Zero(t, try(phoneIdentity), "another one")
			r.m.attempts.succeeded(phoneIdentity)
			time.Sleep(1)
			synctest.Wait()
			require.Zero(t, try(phoneAddress))
		}
		// A minute after the last delay all is forgotten.
		time.Sleep(longestDelay + forgiveAfter)
		synctest.Wait()
		require.Equal(t, [knownFailures]attempt{}, clean(r.m.attempts.list))
		for range freeAttempts + 1 {
			require.Zero(t, try(phoneAddress))
		}
		// So it is by a pairing that succeeds, once it may.
		time.Sleep(time.Second)
		synctest.Wait()
		r.phone = newPhone(false)
		r.connect(true)
		r.advance(7)
		r.phone.address = phoneAddress
		require.Equal(t, [knownFailures]attempt{}, clean(r.m.attempts.list))
		// Strangers without number take no memory, and lock out nobody.
		for i := range 1000 {
			require.Zero(t, try(att.Address{1, 0xC0, byte(i >> 8), byte(i)}))
		}
		time.Sleep(time.Hour)
	})
}

func clean(list [knownFailures]attempt) [knownFailures]attempt {
	for i := range list {
		list[i].armed = 0
	}
	return list
}

// Without random numbers there is no pairing.
func TestNoRandomNumbers(t *testing.T) {
	_, err := New(Config{})
	require.Error(t, err)
	for _, secure := range []bool{false, true} {
		n, encrypted := newPhone(secure).steps()
		for fail := range 6 {
			r := newRig(t, secure, true)
			reads := 0
			r.m.cfg.Rand = readerFunc(func(b []byte) (int, error) {
				if reads++; reads > fail {
					return 0, errors.New("no entropy")
				}
				return r.phone.random.Read(b)
			})
			for range n {
				r.say(r.phone.next())
				if r.phone.failed == 0 && r.phone.step == encrypted {
					require.True(t, r.encrypt())
				}
				if r.phone.failed != 0 {
					break
				}
			}
			enough := fail >= map[bool]int{false: 4, true: 3}[secure]
			require.Equal(t, enough, r.phone.failed == 0, "%d reads", fail)
			require.Equal(t, enough, r.State().Bonded)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// A PDU that is longer than any frame of the host's is refused as others of a wrong
// length are, although its beginning may be a whole Pairing Public Key.
func TestPDULongerThanTheBuffer(t *testing.T) {
	for _, mtu := range []int{att.MinMTU, att.DefaultMTU} {
		for _, more := range []int{0, 1, 1000} {
			r := newHostedWith(t, att.Config{MTU: mtu}, true, false)
			r.frame(6, r.phone.next())
			answers := r.frame(6, append(r.phone.next(), make([]byte, more)...))
			if more == 0 {
				require.Len(t, answers, 2)
				continue
			}
			require.Equal(t, [][]byte{{pduFailed, reasonInvalid}}, answers, "MTU %d, %d bytes too many", mtu, more)
		}
	}
}
