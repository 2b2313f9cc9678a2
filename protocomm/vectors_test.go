// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// TestVectors runs the specification's security 1 sessions through Handle.
func TestVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, PoP     string
			DevicePrivate string `json:"device_private"`
			DeviceRandom  string `json:"device_random"`
			Wire          struct{ Command0, Response0, Command1, Response1 string }
			Messages      []struct {
				Endpoint      string
				RequestPlain  string `json:"request_plain"`
				RequestWire   string `json:"request_wire"`
				ResponsePlain string `json:"response_plain"`
				ResponseWire  string `json:"response_wire"`
			}
		}
	}
	spectest.ReadJSON(t, &file, "vectors", "sec1.json")
	require.NotEmpty(t, file.Cases)
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		return b
	}
	for _, v := range file.Cases {
		t.Run(v.Name, func(t *testing.T) {
			sec, err := sec1.New(sec1.Config{
				PoP:  security.Secret(v.PoP),
				Rand: bytes.NewReader(unhex(v.DevicePrivate + v.DeviceRandom)),
			})
			require.NoError(t, err)
			p := protocomm.New(protocomm.Config{})
			require.NoError(t, p.SetSecurity(secEndpoint, sec))
			var request, answer string // expected and given, in hex
			for _, m := range v.Messages {
				_ = p.AddEndpoint(m.Endpoint, func(_ protocomm.SessionID, req []byte) ([]byte, error) {
					require.Equal(t, request, hex.EncodeToString(req))
					return unhex(answer), nil
				})
			}
			require.NoError(t, p.OpenSession(5))
			gives := func(endpoint, req, want string) {
				got, err := p.Handle(nil, endpoint, 5, unhex(req))
				require.NoError(t, err)
				require.Equal(t, want, hex.EncodeToString(got))
			}
			gives(secEndpoint, v.Wire.Command0, v.Wire.Response0)
			gives(secEndpoint, v.Wire.Command1, v.Wire.Response1)
			for _, m := range v.Messages {
				request, answer = m.RequestPlain, m.ResponsePlain
				gives(m.Endpoint, m.RequestWire, m.ResponseWire)
			}
		})
	}
}
