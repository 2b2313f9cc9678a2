// SPDX-License-Identifier: Apache-2.0

package sec1

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/security"
)

// hexBytes is a byte string written in hex.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// vector is a case of sec1.json.
type vector struct {
	Name               string
	PoP                string
	ClientPrivate      hexBytes `json:"client_private"`
	ClientPublic       hexBytes `json:"client_public"`
	DevicePrivate      hexBytes `json:"device_private"`
	DevicePublic       hexBytes `json:"device_public"`
	DeviceRandom       hexBytes `json:"device_random"`
	ECDHShared         hexBytes `json:"ecdh_shared"`
	PoPSHA256          hexBytes `json:"pop_sha256"`
	SessionKey         hexBytes `json:"session_key"`
	ClientVerifyPlain  hexBytes `json:"client_verify_plain"`
	ClientVerify       hexBytes `json:"client_verify"`
	ClientVerifyOffset int      `json:"client_verify_offset"`
	DeviceVerifyPlain  hexBytes `json:"device_verify_plain"`
	DeviceVerify       hexBytes `json:"device_verify"`
	DeviceVerifyOffset int      `json:"device_verify_offset"`
	Wire               struct{ Command0, Response0, Command1, Response1 hexBytes }
	Messages           []struct {
		Endpoint       string
		Description    string
		RequestPlain   hexBytes `json:"request_plain"`
		RequestOffset  int      `json:"request_offset"`
		RequestWire    hexBytes `json:"request_wire"`
		ResponsePlain  hexBytes `json:"response_plain"`
		ResponseOffset int      `json:"response_offset"`
		ResponseWire   hexBytes `json:"response_wire"`
	}
}

// eachVector runs fn for every case of the specification's sec1.json.
func eachVector(t *testing.T, fn func(t *testing.T, v *vector)) {
	t.Helper()
	text, err := os.ReadFile(spectest.Path(t, "vectors", "sec1.json"))
	require.NoError(t, err)
	var file struct {
		Scheme json.RawMessage
		Cases  []vector
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&file))
	require.NotEmpty(t, file.Cases)
	for i := range file.Cases {
		v := &file.Cases[i]
		t.Run(v.Name, func(t *testing.T) { fn(t, v) })
	}
}

// deviceOf returns the device's half with the vector's random numbers.
func deviceOf(t testing.TB, v *vector) *session {
	return newSession(t, v.PoP, concat(v.DevicePrivate, v.DeviceRandom))
}

// clientOf returns the client's half with the vector's random numbers.
func clientOf(t testing.TB, v *vector) *Client {
	c, err := NewClient(Config{PoP: security.Secret(v.PoP), Rand: bytes.NewReader(v.ClientPrivate)})
	require.NoError(t, err)
	return c
}

func TestVectorsDevice(t *testing.T) {
	eachVector(t, func(t *testing.T, v *vector) {
		s := deviceOf(t, v)
		handshakeGives(t, s, v.Wire.Command0, v.Wire.Response0)
		require.Equal(t, []byte(v.SessionKey), s.key[:])
		require.Equal(t, []byte(v.DevicePublic), s.device[:])
		handshakeGives(t, s, v.Wire.Command1, v.Wire.Response1)
		require.True(t, s.Established())
		for _, m := range v.Messages {
			plain, err := s.Decrypt(bytes.Clone(m.RequestWire))
			require.NoError(t, err)
			require.Equal(t, []byte(m.RequestPlain), plain, m.Description)
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
		_, done, err := c.Step(v.Wire.Response1)
		require.NoError(t, err)
		require.True(t, done)
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

// TestVectorsParts checks what lies between the messages: agreement, key,
// stream and the offsets at which each part uses it.
func TestVectorsParts(t *testing.T) {
	eachVector(t, func(t *testing.T, v *vector) {
		if v.PoP == "" {
			require.Empty(t, v.PoPSHA256)
		} else {
			sum := sha256.Sum256([]byte(v.PoP))
			require.Equal(t, []byte(v.PoPSHA256), sum[:])
		}
		device, err := newKey(bytes.NewReader(v.DevicePrivate))
		require.NoError(t, err)
		var devicePublic, clientPublic [keySize]byte
		device.Public(&devicePublic)
		require.Equal(t, []byte(v.DevicePublic), devicePublic[:])
		client, err := newKey(bytes.NewReader(v.ClientPrivate))
		require.NoError(t, err)
		client.Public(&clientPublic)
		require.Equal(t, []byte(v.ClientPublic), clientPublic[:])

		var key [keySize]byte
		none := params{}
		require.NoError(t, none.sessionKey(&key, device, &clientPublic, security.ErrResponse))
		require.Equal(t, []byte(v.ECDHShared), key[:])
		p, err := newParams(Config{PoP: security.Secret(v.PoP)})
		require.NoError(t, err)
		require.NoError(t, p.sessionKey(&key, client, &devicePublic, security.ErrResponse))
		require.Equal(t, []byte(v.SessionKey), key[:])

		// The whole stream at once, and each part at the offset it names.
		at := func(offset int, data []byte) []byte {
			stream, err := newStream(&key, (*[randomSize]byte)(v.DeviceRandom))
			require.NoError(t, err)
			return appendXOR(stream, nil, concat(make([]byte, offset), data))[offset:]
		}
		require.Equal(t, []byte(v.ClientVerify), at(v.ClientVerifyOffset, v.ClientVerifyPlain))
		require.Equal(t, []byte(v.DeviceVerify), at(v.DeviceVerifyOffset, v.DeviceVerifyPlain))
		next := v.DeviceVerifyOffset + verifySize
		for _, m := range v.Messages {
			require.Equal(t, next, m.RequestOffset)
			require.Equal(t, []byte(m.RequestWire), at(m.RequestOffset, m.RequestPlain))
			require.Equal(t, next+len(m.RequestPlain), m.ResponseOffset)
			require.Equal(t, []byte(m.ResponseWire), at(m.ResponseOffset, m.ResponsePlain))
			next = m.ResponseOffset + len(m.ResponsePlain)
		}
	})
}

// TestVectorsTampered alters one bit of every byte of every handshake message.
// No party may end up established with a peer that saw something else.
func TestVectorsTampered(t *testing.T) {
	eachVector(t, func(t *testing.T, v *vector) {
		for bit, n := 0, 8*len(v.Wire.Response0); bit < n; bit += 3 {
			c := clientOf(t, v)
			stepGives(t, c, nil, v.Wire.Command0)
			if req, _, err := c.Step(flip(v.Wire.Response0, bit)); err == nil && !bytes.Equal(req, v.Wire.Command1) {
				s := deviceOf(t, v)
				handshakeGives(t, s, v.Wire.Command0, v.Wire.Response0)
				_, err = s.Handshake(nil, req)
				require.Error(t, err, "bit %d", bit)
				require.False(t, s.Established())
			}
		}
		for bit, n := 0, 8*len(v.Wire.Response1); bit < n; bit++ {
			c := clientOf(t, v)
			stepGives(t, c, nil, v.Wire.Command0)
			stepGives(t, c, v.Wire.Response0, v.Wire.Command1)
			_, done, err := c.Step(flip(v.Wire.Response1, bit))
			if bit/8 >= len(v.Wire.Response1)-verifySize {
				require.ErrorIs(t, err, security.ErrProof, "bit %d", bit)
			} else if err == nil {
				// Only the number of a field that nobody reads is left.
				t.Fatalf("bit %d of Response1 altered: accepted", bit)
			} else {
				require.ErrorIs(t, err, security.ErrResponse, "bit %d", bit)
			}
			require.False(t, done)
		}
		for bit, n := 0, 8*len(v.Wire.Command1); bit < n; bit++ {
			s := deviceOf(t, v)
			handshakeGives(t, s, v.Wire.Command0, v.Wire.Response0)
			_, err := s.Handshake(nil, flip(v.Wire.Command1, bit))
			require.Error(t, err, "bit %d of Command1", bit)
			require.False(t, s.Established())
		}
	})
}

func flip(b []byte, bit int) []byte {
	b = bytes.Clone(b)
	b[bit/8] ^= 1 << (bit % 8)
	return b
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
