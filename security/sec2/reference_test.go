// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha512"
	"encoding/binary"
	"math/big"
	"math/rand"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/security"
)

// The scheme once more, by other means: numbers by math/big, messages put
// together by hand. It draws nothing anew.

// modulusBytes is N.
func modulusBytes(testing.TB) []byte { return refN.Bytes() }

var (
	refN, _ = new(big.Int).SetString(""+
		"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"+
		"ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"+
		"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f"+
		"83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"+
		"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510"+
		"15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7"+
		"abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c"+
		"bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff", 16)
	refG = big.NewInt(5)
)

func refPad(x *big.Int) []byte { return x.FillBytes(make([]byte, 384)) }

func refHash(parts ...[]byte) []byte {
	sum := sha512.Sum512(bytes.Join(parts, nil))
	return sum[:]
}

func num(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

func refExp(x, e *big.Int) *big.Int { return new(big.Int).Exp(x, e, refN) }

func refK() *big.Int { return num(refHash(refN.Bytes(), refPad(refG))) }

func refX(name, word string, salt []byte) *big.Int {
	return num(refHash(salt, refHash([]byte(name+":"+word))))
}

// reference is what both sides of one handshake come to.
type reference struct {
	name     string
	salt     []byte
	a, b     []byte // A and B as transmitted
	secret   *big.Int
	k        []byte
	m1, m2   []byte
	aead     cipher.AEAD
	nonce    []byte
	counting bool
}

// finish computes keys and proofs from the secret.
func (r *reference) finish(secret *big.Int) {
	r.secret = secret
	r.k = refHash(secret.Bytes())
	n, g := refHash(refN.Bytes()), refHash(refPad(refG))
	for i := range n {
		n[i] ^= g[i]
	}
	r.m1 = refHash(n, refHash([]byte(r.name)), r.salt, r.a, r.b, r.k)
	r.m2 = refHash(r.a, r.m1, r.k)
}

func (r *reference) u() *big.Int { return num(refHash(refPad(num(r.a)), refPad(num(r.b)))) }

// asClient computes the client's secret.
func (r *reference) asClient(word string, a *big.Int) {
	x := refX(r.name, word, r.salt)
	base := new(big.Int).Mul(refK(), refExp(refG, x))
	base.Sub(num(r.b), base).Mod(base, refN)
	e := new(big.Int).Mul(r.u(), x)
	r.finish(refExp(base, e.Add(e, a)))
}

// asDevice computes the device's secret.
func (r *reference) asDevice(v, b *big.Int) {
	base := refExp(v, r.u())
	base.Mul(base, num(r.a)).Mod(base, refN)
	r.finish(refExp(base, b))
}

// start makes the cipher.
func (r *reference) start(t testing.TB, nonce []byte) {
	block, err := aes.NewCipher(r.k[:32])
	require.NoError(t, err)
	r.aead, err = cipher.NewGCMWithNonceSize(block, len(nonce))
	require.NoError(t, err)
	r.nonce = bytes.Clone(nonce)
	r.counting = len(nonce) == 12
}

// iv returns the nonce of message n, from 0.
func (r *reference) iv(n int) []byte {
	iv := bytes.Clone(r.nonce)
	if r.counting {
		binary.BigEndian.PutUint32(iv[8:], uint32(n+1))
	}
	return iv
}

// field is a field of bytes, by hand; tag is its number and type as on the wire.
func field(tag string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(binary.AppendUvarint([]byte(tag), uint64(len(body))), body...)
}

func (r *reference) command0() []byte {
	return append([]byte("\x10\x02"), field("\x62", field("\xa2\x01", field("\x0a", []byte(r.name)), field("\x12", r.a)))...)
}

func (r *reference) response0() []byte {
	return append([]byte("\x10\x02"), field("\x62", []byte("\x08\x01"), field("\xaa\x01", field("\x12", r.b), field("\x1a", r.salt)))...)
}

func (r *reference) command1() []byte {
	return append([]byte("\x10\x02"), field("\x62", []byte("\x08\x02"), field("\xb2\x01", field("\x0a", r.m1)))...)
}

func (r *reference) response1(nonce []byte) []byte {
	return append([]byte("\x10\x02"), field("\x62", []byte("\x08\x03"), field("\xba\x01", field("\x12", r.m2), field("\x1a", nonce)))...)
}

// account is one device of the simulated world.
type account struct {
	name, word     string
	salt, verifier []byte
	v              *big.Int
}

// accounts are a few devices; the salts of some begin with zero bytes, and so
// do the inner hashes of others.
var accounts = sync.OnceValue(func() []account {
	rnd := rand.New(rand.NewSource(99))
	var list []account
	for i := range 16 {
		acc := account{name: "user" + strconv.Itoa(i), word: strconv.FormatInt(rnd.Int63(), 10), salt: make([]byte, 1+rnd.Intn(40))}
		rnd.Read(acc.salt)
		if i%4 == 0 {
			acc.salt[0] = 0
		}
		for i%4 == 1 && refHash([]byte(acc.name + ":" + acc.word))[0] != 0 {
			acc.word = strconv.FormatInt(rnd.Int63(), 10)
		}
		acc.v = refExp(refG, refX(acc.name, acc.word, acc.salt))
		acc.verifier = acc.v.Bytes()
		list = append(list, acc)
	}
	return list
})

// zeros counts handshakes in which a value began with a zero byte.
type zeros struct{ A, B, S, K, M1, Salt, Redrawn int }

func (z *zeros) count(r *reference) {
	add := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	add(&z.A, r.a[0] == 0)
	add(&z.B, len(r.b) < 384)
	add(&z.S, r.secret.BitLen() <= 8*383)
	add(&z.K, r.k[0] == 0)
	add(&z.M1, r.m1[0] == 0)
	add(&z.Salt, r.salt[0] == 0)
}

// counted counts how often a private value was read.
type counted struct {
	*rand.Rand
	private int
}

func (c *counted) Read(b []byte) (int, error) {
	if len(b) == 32 {
		c.private++
	}
	return c.Rand.Read(b)
}

// handshake plays handshake number n, which settles all that is random in it.
func handshake(t testing.TB, n int64, ourClient, ourDevice bool, z *zeros) {
	rnd := &counted{Rand: rand.New(rand.NewSource(n))}
	acc := accounts()[n%16]
	counts := n/16%2 == 0
	patch := map[bool]int{true: 1}[counts]

	r := &reference{name: acc.name, salt: acc.salt}
	var c *Client
	var s *session
	private := make([]byte, 32)
	var msg []byte
	var err error
	if ourClient {
		c, err = NewClient(ClientConfig{Username: acc.name, Password: security.Secret(acc.word), PatchVersion: patch, Rand: rnd})
		require.NoError(t, err)
		msg, _, err = c.Step(nil)
		require.NoError(t, err)
		r.a = bytes.Clone(c.srp.Public())
		require.NotZero(t, r.a[0])
		require.Equal(t, r.command0(), msg)
	} else {
		rnd.Rand.Read(private)
		r.a = refPad(refExp(refG, num(private)))
		msg = r.command0()
	}
	rnd.private = 0
	if ourDevice {
		// One device's tables serve all its handshakes.
		sec := *deviceOfAccount(int(n%16), counts)
		sec.rand = rnd
		s = sessionOf(t, &sec)
		msg, err = s.Handshake(nil, msg)
		require.NoError(t, err)
		z.Redrawn += rnd.private - 1
		r.b = msg[len(msg)-len(r.salt)-2-384 : len(msg)-len(r.salt)-2]
		require.Equal(t, r.response0(), msg)
		require.NotZero(t, r.b[0])
		require.NotZero(t, s.proofs.K[0])
		require.NotZero(t, s.proofs.Client[0])
	}
	b := make([]byte, 32)
	if !ourDevice {
		rnd.Rand.Read(b)
		public := new(big.Int).Mul(refK(), acc.v)
		public.Add(public, refExp(refG, num(b))).Mod(public, refN)
		r.b = public.Bytes()
		msg = r.response0()
		r.asDevice(acc.v, num(b))
	}
	if ourClient {
		msg, _, err = c.Step(msg)
		require.NoError(t, err)
		require.Equal(t, byte(0x0a), msg[len(msg)-66])
	} else {
		r.asClient(acc.word, num(private))
		require.Greater(t, r.secret.BitLen(), 8*383, "S should have been re-drawn")
		msg = r.command1()
	}
	nonce := make([]byte, 16)
	if ourDevice {
		msg, err = s.Handshake(nil, msg)
		require.NoError(t, err)
		nonce = s.box.nonce
	} else {
		require.Equal(t, r.command1(), msg)
		if rnd.Rand.Read(nonce); counts {
			nonce = append(nonce[:8], 0, 0, 0, 1)
		}
		msg = r.response1(nonce)
	}
	if ourClient {
		_, isDone, err := c.Step(msg)
		require.NoError(t, err)
		require.True(t, isDone)
	} else {
		require.Equal(t, r.response1(nonce), msg)
	}
	if ourClient && ourDevice {
		exchange(t, s, c, 20)
		exchange(t, s, c, 0)
		return
	}
	z.count(r)
	// Messages, through whichever half is ours.
	r.start(t, nonce)
	for i := 0; i < 4; i += 2 {
		text := bytes.Repeat([]byte{byte(i)}, 20*i)
		request, answer := r.aead.Seal(nil, r.iv(i), text, nil), r.aead.Seal(nil, r.iv(i+1), text, nil)
		var gotText, gotWire []byte
		if ourClient {
			gotWire, err = c.Encrypt(nil, text)
			require.NoError(t, err)
			require.Equal(t, request, gotWire)
			gotText, err = c.Decrypt(nil, answer)
		} else {
			gotText, err = s.Decrypt(request)
			require.NoError(t, err)
			gotWire, err = s.Encrypt(nil, text)
			require.Equal(t, answer, gotWire)
		}
		require.NoError(t, err)
		require.True(t, bytes.Equal(text, gotText))
	}
}

var devices struct {
	sync.Mutex
	of map[[2]int]*Security
}

func deviceOfAccount(i int, counts bool) *Security {
	devices.Lock()
	defer devices.Unlock()
	key := [2]int{i, map[bool]int{true: 1}[counts]}
	if devices.of[key] == nil {
		acc := accounts()[i]
		s, err := New(Config{Salt: acc.salt, Verifier: acc.verifier, FixedNonce: !counts})
		if err != nil {
			panic(err)
		}
		if devices.of == nil {
			devices.of = map[[2]int]*Security{}
		}
		devices.of[key] = s
	}
	return devices.of[key]
}
