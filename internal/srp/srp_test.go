// SPDX-License-Identifier: Apache-2.0

package srp

import (
	"bytes"
	"crypto/sha512"
	"errors"
	"hash"
	"io"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
)

// The file has fields that differ in case only, as the letters of SRP do, so
// that they are read by name.
func vectors(t *testing.T) []map[string]any {
	var file struct {
		N     string
		G     string
		Cases []map[string]any
	}
	spectest.ReadJSON(t, &file, "vectors", "sec2.json")
	require.Equal(t, bigN, new(big.Int).SetBytes(unhex(t, file.N)))
	require.Equal(t, "05", file.G)
	require.NotEmpty(t, file.Cases)
	return file.Cases
}

// TestVectors checks what lies between the messages.
func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		text := func(name string) string { return v[name].(string) }
		raw := func(name string) []byte { return unhex(t, text(name)) }
		t.Run(text("name"), func(t *testing.T) {
			g := theGroup()
			user, password := []byte(text("username")), []byte(text("password"))
			require.Equal(t, new(big.Int).SetBytes(raw("k")), g.big(&g.k))
			require.Equal(t, raw("H_N_xor_H_g"), g.hash[:])
			x := privateKey(user, password, raw("salt"))
			require.Equal(t, new(big.Int).SetBytes(raw("x")), new(big.Int).SetBytes(x[:]))
			require.Equal(t, raw("verifier"), Verifier(user, password, raw("salt")))

			check := func(p *Proofs) {
				t.Helper()
				require.Equal(t, raw("K"), p.K[:])
				require.Equal(t, raw("M1"), p.Client[:])
				require.Equal(t, raw("M2"), p.Device[:])
			}
			var u [HashSize]byte
			var a, b, s [Size]byte
			copy(a[Size-len(raw("A")):], raw("A"))
			copy(b[Size-len(raw("B")):], raw("B"))
			copy(s[Size-len(raw("S")):], raw("S"))
			scramble(sha512.New(), &u, a[:], &b)
			require.Equal(t, new(big.Int).SetBytes(raw("u")), new(big.Int).SetBytes(u[:]))
			var p Proofs
			name := [HashSize]byte(raw("H_I"))
			p.set(sha512.New(), g, &name, raw("salt"), raw("A"), raw("B"), &s)
			check(&p)

			// All table sizes come to the same, and no table too.
			for _, shape := range [][2]int{{6, 4}, {4, 1}, {}} {
				var g group
				g.set(max(shape[0], 4), max(shape[1], 1))
				d, err := newDevice(&g, raw("salt"), raw("verifier"), shape[0], shape[1])
				require.NoError(t, err)
				var p Proofs
				var public [Size]byte
				sent, err := d.Answer(&p, &public, user, a[:], again(raw("b")))
				require.NoError(t, err)
				require.Equal(t, raw("B"), sent)
				check(&p)
				if d.w != nil {
					require.Equal(t, work{h: d.w.h}, *d.w, "something was not wiped")
				}
			}

			c, err := NewClient(again(raw("a")))
			require.NoError(t, err)
			require.Equal(t, raw("A"), c.Public())
			require.NoError(t, c.Prove(&p, user, password, raw("salt"), raw("B")))
			check(&p)
		})
	}
}

// again reads the same bytes again and again.
func again(b []byte) io.Reader { return &repeater{b: b} }

type repeater struct {
	b     []byte
	reads int
}

func (r *repeater) Read(dst []byte) (int, error) {
	r.reads++
	return copy(dst, r.b), nil
}

func newTestDevice(t testing.TB) *Device {
	salt := []byte("a salt of length")
	d, err := NewDevice(salt, Verifier([]byte("user"), []byte("password"), salt))
	require.NoError(t, err)
	return d
}

// padded returns x with Size bytes.
func padded(x *big.Int) []byte {
	var b [Size]byte
	x.FillBytes(b[:])
	return b[:]
}

func TestQP4_MultiplesOfN(t *testing.T) {
	d := newTestDevice(t)
	var p Proofs
	var public [Size]byte
	for _, a := range []*big.Int{new(big.Int), bigN} {
		_, err := d.Answer(&p, &public, []byte("user"), padded(a), newSeeded(1))
		require.ErrorIs(t, err, ErrPublic)
		require.Zero(t, p)
	}
	// Neighbours, and what is above N, are as good as any other.
	for _, a := range []*big.Int{one, new(big.Int).Sub(bigN, one), new(big.Int).Add(bigN, one), new(big.Int).Sub(bigR, one)} {
		_, err := d.Answer(&p, &public, []byte("user"), padded(a), newSeeded(1))
		require.NoError(t, err)
	}
	for _, n := range []int{0, 1, Size - 1, Size + 1} {
		_, err := d.Answer(&p, &public, []byte("user"), bytes.Repeat([]byte{9}, n), newSeeded(1))
		require.ErrorIs(t, err, ErrPublic)
	}
	c, err := NewClient(newSeeded(1))
	require.NoError(t, err)
	for _, b := range [][]byte{nil, {}, {0}, make([]byte, Size), bigN.Bytes(), make([]byte, Size+1), append([]byte{0}, bigN.Bytes()...)} {
		require.ErrorIs(t, c.Prove(&p, []byte("user"), []byte("password"), []byte("salt"), b), ErrPublic)
	}
	require.NoError(t, c.Prove(&p, []byte("user"), []byte("password"), []byte("salt"), []byte{1}))
}

// TestScrambleZero: u = 0 would take the password out of the secret. No values
// are known that hash to zero; a hash that always does stands in.
func TestScrambleZero(t *testing.T) {
	d := newTestDevice(t)
	w := newWork()
	w.h = zeroHash{w.h}
	var p Proofs
	var public [Size]byte
	_, err := d.try(w, &p, &public, []byte("user"), padded(big.NewInt(9)), &[PrivateSize]byte{5}, true)
	require.ErrorIs(t, err, ErrPublic)
	c, err := NewClient(newSeeded(1))
	require.NoError(t, err)
	require.ErrorIs(t, c.prove(w, &p, []byte("user"), []byte("password"), []byte("salt"), []byte{9}), ErrPublic)
}

type zeroHash struct{ hash.Hash }

func (zeroHash) Sum(b []byte) []byte { return append(b, make([]byte, HashSize)...) }

func TestVerifierBounds(t *testing.T) {
	salt := []byte("salt")
	for _, v := range [][]byte{nil, {0}, {1}, {0, 1}, new(big.Int).Sub(bigN, one).Bytes(), bigN.Bytes(),
		new(big.Int).Add(bigN, one).Bytes(), new(big.Int).Sub(bigR, one).Bytes(), bigR.Bytes(), bytes.Repeat([]byte{1}, Size+1)} {
		_, err := NewDevice(salt, v)
		require.ErrorIs(t, err, ErrVerifier, "%x", v)
	}
	for _, v := range [][]byte{{2}, {0, 2}, new(big.Int).Sub(bigN, big.NewInt(2)).Bytes(), append(make([]byte, 9), padded(big.NewInt(7))...)} {
		_, err := NewDevice(salt, v)
		require.NoError(t, err)
	}
}

// TestDeviceKeepsNothingOfTheCaller: salt and verifier may be reused.
func TestDeviceKeepsNothingOfTheCaller(t *testing.T) {
	salt := []byte("salt")
	v := Verifier([]byte("user"), []byte("password"), salt)
	d, err := NewDevice(salt, v)
	require.NoError(t, err)
	clear(v)
	clear(salt)
	require.Equal(t, "salt", string(d.Salt()))
}

func TestNoRandomNumbers(t *testing.T) {
	dead := errors.New("dead")
	_, err := NewClient(io.MultiReader(bytes.NewReader(make([]byte, PrivateSize-1)), failing{dead}))
	require.ErrorIs(t, err, dead)
	var p Proofs
	var public [Size]byte
	_, err = newTestDevice(t).Answer(&p, &public, []byte("user"), padded(big.NewInt(9)), failing{dead})
	require.ErrorIs(t, err, dead)
	require.Zero(t, p)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// secretOf is S by math/big, with newTestDevice's password.
func secretOf(d *Device, a, public, b []byte) *big.Int {
	x := privateKey([]byte("user"), []byte("password"), d.salt)
	v := new(big.Int).Exp(big.NewInt(generator), new(big.Int).SetBytes(x[:]), bigN)
	u := sha512.Sum512(append(append([]byte(nil), a...), public...))
	s := v.Exp(v, new(big.Int).SetBytes(u[:]), bigN)
	s.Mul(s, new(big.Int).SetBytes(a))
	return s.Exp(s, new(big.Int).SetBytes(b), bigN)
}

// TestQP14_Redraw: b is drawn anew, not incremented, until no client can go
// wrong, and at most tries times. Each of the four reasons occurs alone.
func TestQP14_Redraw(t *testing.T) {
	d := newTestDevice(t)
	a := padded(new(big.Int).Sub(bigN, big.NewInt(1234)))
	found := map[string][]byte{}
	rnd := newSeeded(7)
	for n := 0; len(found) < 5; n++ {
		require.Less(t, n, 20000)
		b := make([]byte, PrivateSize)
		rnd.Read(b)
		var p Proofs
		var public [Size]byte
		even, err := d.try(newWork(), &p, &public, []byte("user"), a, (*[PrivateSize]byte)(b), false)
		require.NoError(t, err)
		var reasons []string
		if public[0] == 0 {
			require.Zero(t, p, "went on after a short B")
			reasons = append(reasons, "B")
		} else {
			if p.K[0] == 0 {
				reasons = append(reasons, "K")
			}
			if p.Client[0] == 0 {
				reasons = append(reasons, "M1")
			}
			if !even && len(reasons) == 0 {
				require.LessOrEqual(t, secretOf(d, a, public[:], b).BitLen(), 8*(Size-1), "re-drawn without a reason")
				reasons = append(reasons, "S")
			}
		}
		require.Equal(t, even, len(reasons) == 0)
		if even && found["none"] == nil {
			require.Greater(t, secretOf(d, a, public[:], b).BitLen(), 8*(Size-1))
			found["none"] = b
		}
		if len(reasons) == 1 && found[reasons[0]] == nil {
			found[reasons[0]] = b
		}
	}
	good := found["none"]
	var want Proofs
	var public [Size]byte
	_, err := d.Answer(&want, &public, []byte("user"), a, again(good))
	require.NoError(t, err)
	delete(found, "none")
	for reason, bad := range found {
		t.Run(reason, func(t *testing.T) {
			var p Proofs
			// Once and seven times bad, then good.
			for _, n := range []int{1, tries - 1} {
				random := bytes.NewReader(append(bytes.Repeat(bad, n), good...))
				sent, err := d.Answer(&p, &public, []byte("user"), a, random)
				require.NoError(t, err)
				require.Zero(t, random.Len())
				require.Len(t, sent, Size)
				require.Equal(t, want, p)
			}
			// Always bad: the last one is taken as it is.
			random := &repeater{b: bad}
			sent, err := d.Answer(&p, &public, []byte("user"), a, random)
			require.NoError(t, err)
			require.Equal(t, tries, random.reads)
			require.Equal(t, reason == "B", len(sent) < Size)
			require.Equal(t, reason == "K", p.K[0] == 0)
			require.Equal(t, reason == "M1", p.Client[0] == 0)
			require.NotEqual(t, want, p)
		})
	}
}

// TestClientRedraw: a is drawn anew until A has its full length.
func TestClientRedraw(t *testing.T) {
	rnd := newSeeded(3)
	var bad []byte
	for bad == nil {
		a := make([]byte, PrivateSize)
		rnd.Read(a)
		if new(big.Int).Exp(big.NewInt(generator), new(big.Int).SetBytes(a), bigN).BitLen() <= 8*(Size-1) {
			bad = a
		}
	}
	good := bytes.Repeat([]byte{3}, PrivateSize)
	want, err := NewClient(again(good))
	require.NoError(t, err)
	require.NotZero(t, want.Public()[0])
	random := bytes.NewReader(append(bytes.Repeat(bad, tries-1), good...))
	c, err := NewClient(random)
	require.NoError(t, err)
	require.Equal(t, want.Public(), c.Public())
	require.Zero(t, random.Len())
	// Always bad: sent with its zero byte, which devices take as it is.
	random2 := &repeater{b: bad}
	c, err = NewClient(random2)
	require.NoError(t, err)
	require.Equal(t, tries, random2.reads)
	require.Len(t, c.Public(), Size)
	require.Zero(t, c.Public()[0])
	c.Wipe()
	require.Equal(t, Client{g: c.g}, *c)
}
