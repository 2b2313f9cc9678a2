// SPDX-License-Identifier: Apache-2.0

package sec2

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/internal/frame"
)

// hexBytes is a byte string written in hex.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// vector is what concerns this package in a case of sec2.json; the rest is
// checked in internal/srp.
type vector struct {
	Name, Note  string
	Patch       int `json:"sec_patch_ver"`
	Username    string
	Password    string
	Salt        hexBytes
	Verifier    hexBytes
	PrivateA    hexBytes `json:"a"`
	PrivateB    hexBytes `json:"b"`
	PublicA     hexBytes `json:"A"`
	PublicB     hexBytes `json:"B"`
	DeviceNonce hexBytes `json:"device_nonce"`
	Wire        struct{ Command0, Response0, Command1, Response1 hexBytes }
	Messages    []struct {
		Endpoint      string
		Description   string
		RequestNonce  hexBytes `json:"request_nonce"`
		RequestPlain  hexBytes `json:"request_plain"`
		RequestWire   hexBytes `json:"request_wire"`
		ResponseNonce hexBytes `json:"response_nonce"`
		ResponsePlain hexBytes `json:"response_plain"`
		ResponseWire  hexBytes `json:"response_wire"`
	}
}

// eachVector runs fn for every case of the specification's sec2.json.
func eachVector(t *testing.T, fn func(t *testing.T, v *vector)) {
	t.Helper()
	var file struct{ Cases []vector }
	spectest.ReadJSON(t, &file, "vectors", "sec2.json")
	require.NotEmpty(t, file.Cases)
	for i := range file.Cases {
		v := &file.Cases[i]
		require.NotEmpty(t, v.Messages)
		t.Run(v.Name, func(t *testing.T) { fn(t, v) })
	}
}

// deviceOf returns the device's half with the vector's random numbers.
func deviceOf(t testing.TB, v *vector) *session {
	sec, err := New(Config{
		Salt: v.Salt, Verifier: v.Verifier, FixedNonce: v.Patch == 0,
		Rand: pinned{v.PrivateB, v.DeviceNonce},
	})
	require.NoError(t, err)
	require.Equal(t, v.Patch, sec.PatchVersion())
	return sessionOf(t, sec)
}

// clientOf returns the client's half with the vector's random numbers. A
// private value whose public one is short is drawn again and again, and then
// taken: so the genuine client never does, but the numbers have to fit.
func clientOf(t testing.TB, v *vector) *Client {
	c, err := NewClient(ClientConfig{
		Username: v.Username, Password: security.Secret(v.Password), PatchVersion: v.Patch,
		Rand: pinned{private: v.PrivateA},
	})
	require.NoError(t, err)
	return c
}

func TestVectorsDevice(t *testing.T) {
	eachVector(t, func(t *testing.T, v *vector) {
		s := deviceOf(t, v)
		handshakeGives(t, s, v.Wire.Command0, v.Wire.Response0)
		handshakeGives(t, s, v.Wire.Command1, v.Wire.Response1)
		require.True(t, s.Established())
		for _, m := range v.Messages {
			require.Equal(t, []byte(m.RequestNonce), s.box.nonce, m.Description)
			plain, err := s.Decrypt(bytes.Clone(m.RequestWire))
			require.NoError(t, err)
			require.Equal(t, []byte(m.RequestPlain), plain, m.Description)
			require.Equal(t, []byte(m.ResponseNonce), s.box.nonce, m.Description)
			cipher, err := s.Encrypt([]byte("before"), m.ResponsePlain)
			require.NoError(t, err)
			require.Equal(t, "before"+string(m.ResponseWire), string(cipher), m.Description)
		}
	})
}

func TestVectorsClient(t *testing.T) {
	eachVector(t, func(t *testing.T, v *vector) {
		c := clientOf(t, v)
		stepGives(t, c, nil, v.Wire.Command0)
		stepGives(t, c, v.Wire.Response0, v.Wire.Command1)
		require.True(t, c.Proving())
		_, isDone, err := c.Step(v.Wire.Response1)
		require.NoError(t, err)
		require.True(t, isDone)
		for _, m := range v.Messages {
			cipher, err := c.Encrypt([]byte("before"), m.RequestPlain)
			require.NoError(t, err)
			require.Equal(t, "before"+string(m.RequestWire), string(cipher), m.Description)
			plain, err := c.Decrypt([]byte("before"), m.ResponseWire)
			require.NoError(t, err)
			require.Equal(t, "before"+string(m.ResponsePlain), string(plain), m.Description)
		}
	})
}

func TestVectorsVerifier(t *testing.T) {
	eachVector(t, func(t *testing.T, v *vector) {
		got, err := Verifier(v.Username, security.Secret(v.Password), v.Salt)
		require.NoError(t, err)
		require.Equal(t, []byte(v.Verifier), got)
	})
}

// TestVectorsTampered alters bits of the handshake messages. No party may end up
// established with a peer that saw something else.
func TestVectorsTampered(t *testing.T) {
	// Bits between those altered in messages that cost an exponentiation.
	step := long.Stride(t, 1009*long.Slow, 331*long.Slow)
	eachVector(t, func(t *testing.T, v *vector) {
		// What Command0 brings is proven by M1.
		for bit := 0; bit < 8*len(v.Wire.Command0); bit += step {
			s := deviceOf(t, v)
			if _, err := s.Handshake(nil, flip(v.Wire.Command0, bit)); err == nil {
				_, err = s.Handshake(nil, v.Wire.Command1)
				require.Error(t, err, "bit %d of Command0", bit)
			}
			require.False(t, s.Established())
		}
		for bit := 0; bit < 8*len(v.Wire.Response0); bit += step {
			c := clientOf(t, v)
			stepGives(t, c, nil, v.Wire.Command0)
			if req, _, err := c.Step(flip(v.Wire.Response0, bit)); err == nil {
				require.NotEqual(t, []byte(v.Wire.Command1), req, "bit %d of Response0", bit)
				_, _, err := c.Step(v.Wire.Response1)
				require.ErrorIs(t, err, security.ErrProof)
			}
		}
		// What is compared costs nothing: every bit.
		s := deviceOf(t, v)
		handshakeGives(t, s, v.Wire.Command0, v.Wire.Response0)
		half := *s
		for bit := 0; bit < 8*len(v.Wire.Command1); bit++ {
			s := half
			_, err := s.Handshake(nil, flip(v.Wire.Command1, bit))
			require.Error(t, err, "bit %d of Command1", bit)
			require.False(t, s.Established())
		}
		c := clientOf(t, v)
		stepGives(t, c, nil, v.Wire.Command0)
		stepGives(t, c, v.Wire.Response0, v.Wire.Command1)
		waiting := *c
		nonceAt := len(v.Wire.Response1) - len(v.DeviceNonce)
		for bit := 0; bit < 8*len(v.Wire.Response1); bit++ {
			c := waiting
			_, isDone, err := c.Step(flip(v.Wire.Response1, bit))
			if bit/8 >= nonceAt {
				// Nothing proves the nonce; another one shows in the first message.
				require.NoError(t, err)
				m := v.Messages[0]
				cipher, err := c.Encrypt(nil, m.RequestPlain)
				require.NoError(t, err)
				require.NotEqual(t, []byte(m.RequestWire), cipher)
				continue
			}
			require.Error(t, err, "bit %d of Response1", bit)
			require.False(t, isDone)
		}
	})
}

// TestVectorsTruncated cuts every message at every length.
func TestVectorsTruncated(t *testing.T) {
	eachVector(t, func(t *testing.T, v *vector) {
		s := deviceOf(t, v)
		for n := range v.Wire.Command0 {
			_, err := s.Handshake(nil, v.Wire.Command0[:n])
			require.Error(t, err)
			require.Equal(t, frame.Cmd0, s.phase)
		}
		handshakeGives(t, s, v.Wire.Command0, v.Wire.Response0)
		for n := range v.Wire.Command1 {
			_, err := s.Handshake(nil, v.Wire.Command1[:n])
			require.Error(t, err)
			require.Equal(t, frame.Cmd1, s.phase)
		}
		handshakeGives(t, s, v.Wire.Command1, v.Wire.Response1)
		first := v.Messages[0]
		for n := range first.RequestWire {
			_, err := s.Decrypt(bytes.Clone(first.RequestWire[:n]))
			require.Error(t, err)
		}
		_, err := s.Decrypt(bytes.Clone(first.RequestWire))
		require.NoError(t, err)

		c := clientOf(t, v)
		stepGives(t, c, nil, v.Wire.Command0)
		begun := *c
		for n := 0; n < len(v.Wire.Response0); n += 7 {
			c, copied := begun, *begun.srp
			c.srp = &copied
			_, _, err := c.Step(v.Wire.Response0[:n])
			require.ErrorIs(t, err, security.ErrResponse, "%d bytes", n)
		}
		stepGives(t, c, v.Wire.Response0, v.Wire.Command1)
		waiting := *c
		for n := range v.Wire.Response1 {
			c := waiting
			_, _, err := c.Step(v.Wire.Response1[:n])
			require.ErrorIs(t, err, security.ErrResponse, "%d bytes", n)
		}
	})
}
