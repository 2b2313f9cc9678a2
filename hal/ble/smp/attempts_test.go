// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// A client that goes in the middle of a pairing has failed as well, or it could do
// without end what costs the device time.
func TestGoingIsAFailure(t *testing.T) {
	for _, lost := range []bool{false, true} { // Disconnected comes late
		for _, secure := range []bool{false, true} {
			r := newRig(t, secure, false)
			for range freeAttempts + 1 {
				r.advance(2)
				require.True(t, r.State().Running)
				if !lost {
					r.Disconnected()
				}
				r.phone.step = 0
				r.connect(false)
			}
			r.say(r.phone.next())
			require.EqualValues(t, reasonRepeated, r.phone.failed)
		}
	}
	// Without a pairing under way it is none.
	r := newRig(t, true, false)
	for range freeAttempts + 1 {
		r.Disconnected()
		r.connect(false)
	}
	require.Zero(t, r.m.attempts.list[0].failures)
}

// The name of a key goes over the air in clear: who repeats it fails for himself, and
// does not make its owner wait.
func TestNamingAKeyProvesNothing(t *testing.T) {
	r := newRig(t, false, true)
	n, _ := r.phone.steps()
	r.advance(n)
	b, ok := r.m.bondOf(phoneIdentity)
	require.True(t, ok)
	stranger := att.Address{1, 0xC0, 1, 2, 3, 4, 5}
	r.phone = newPhone(false)
	r.phone.address = stranger
	r.connect(true)
	_, ok = r.LongTermKey(b.Random, b.Diversifier)
	require.True(t, ok)
	for range freeAttempts + 1 {
		r.phone.step = 0
		r.advance(1)
		r.say([]byte{pduFailed, reasonUnspecified})
	}
	require.True(t, r.m.attempts.refused(stranger))
	require.False(t, r.m.attempts.refused(phoneIdentity))
}
