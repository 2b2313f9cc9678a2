// SPDX-License-Identifier: Apache-2.0

package pb

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
)

// readVectors reads a file of test vectors of the specification, or skips the
// test if the specification is not at hand.
func readVectors(t *testing.T, name string, v any) {
	t.Helper()
	spectest.ReadJSON(t, v, "vectors", name)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// newPayload returns a new message of the kind an endpoint takes and gives.
func newPayload(t *testing.T, endpoint string) message {
	t.Helper()
	switch endpoint {
	case "prov-session":
		return &SessionData{}
	case "prov-config":
		return &WiFiConfigPayload{}
	case "prov-scan":
		return &WiFiScanPayload{}
	case "prov-ctrl":
		return &WiFiCtrlPayload{}
	}
	t.Fatalf("no message type for endpoint %q", endpoint)
	return nil
}

// requireRoundTrip decodes and encodes data and returns the message.
func requireRoundTrip(t *testing.T, endpoint, what, data string) message {
	t.Helper()
	m := newPayload(t, endpoint)
	require.NoError(t, m.Unmarshal(unhex(t, data)), "decode the %s", what)
	require.Equal(t, data, hex.EncodeToString(m.AppendTo(nil)), "the %s after decoding and encoding", what)
	require.Equal(t, len(data)/2, m.Size(), "Size of the %s", what)
	return m
}

func TestEndpointVectors(t *testing.T) {
	var file struct {
		WiFi []struct {
			Name, Endpoint, Request, Response string
			HandlerOK                         bool `json:"handler_ok"`
		}
	}
	readVectors(t, "endpoints.json", &file)
	require.NotEmpty(t, file.WiFi)
	for _, v := range file.WiFi {
		t.Run(v.Name, func(t *testing.T) {
			switch {
			case v.Name == "undecodable bytes":
				err := newPayload(t, v.Endpoint).Unmarshal(unhex(t, v.Request))
				require.ErrorIs(t, err, ErrMalformed)
				return
			case v.Request == "0800": // a zero that need not be there
				require.NoError(t, newPayload(t, v.Endpoint).Unmarshal(unhex(t, v.Request)), "decode the request")
			default:
				requireRoundTrip(t, v.Endpoint, "request", v.Request)
			}
			if v.HandlerOK {
				requireRoundTrip(t, v.Endpoint, "response", v.Response)
			}
		})
	}
}

// wireVectors is what sec1.json and sec2.json have in common.
type wireVectors struct {
	Cases []struct {
		Name                         string
		ClientPublic                 string `json:"client_public"`
		DevicePublic                 string `json:"device_public"`
		DeviceRandom                 string `json:"device_random"`
		ClientVerify                 string `json:"client_verify"`
		DeviceVerify                 string `json:"device_verify"`
		Username, Salt, A, B, M1, M2 string
		DeviceNonce                  string `json:"device_nonce"`

		Wire     struct{ Command0, Response0, Command1, Response1 string }
		Messages []struct {
			Endpoint, Description string
			RequestPlain          string `json:"request_plain"`
			ResponsePlain         string `json:"response_plain"`
		}
	}
}

// requireMessages checks the plain bodies that follow the handshake.
func (v *wireVectors) requireMessages(t *testing.T, i int) {
	t.Helper()
	require.NotEmpty(t, v.Cases[i].Messages)
	for _, m := range v.Cases[i].Messages {
		requireRoundTrip(t, m.Endpoint, m.Description+" request", m.RequestPlain)
		requireRoundTrip(t, m.Endpoint, m.Description+" response", m.ResponsePlain)
	}
}

func TestSec1Vectors(t *testing.T) {
	var file wireVectors
	readVectors(t, "sec1.json", &file)
	require.NotEmpty(t, file.Cases)
	for i, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			handshake := func(what, data string, p Sec1Payload) {
				t.Helper()
				m := requireRoundTrip(t, "prov-session", what, data)
				require.Equal(t, &SessionData{SecVer: SecScheme1, WhichProto: SessionDataSec1, Sec1: p}, m, what)
			}
			handshake("command 0", c.Wire.Command0, Sec1Payload{
				WhichPayload: Sec1PayloadSc0, Sc0: SessionCmd0{ClientPubkey: unhex(t, c.ClientPublic)},
			})
			handshake("response 0", c.Wire.Response0, Sec1Payload{
				Msg: Sec1MsgTypeResponse0, WhichPayload: Sec1PayloadSr0,
				Sr0: SessionResp0{DevicePubkey: unhex(t, c.DevicePublic), DeviceRandom: unhex(t, c.DeviceRandom)},
			})
			handshake("command 1", c.Wire.Command1, Sec1Payload{
				Msg: Sec1MsgTypeCommand1, WhichPayload: Sec1PayloadSc1,
				Sc1: SessionCmd1{ClientVerifyData: unhex(t, c.ClientVerify)},
			})
			handshake("response 1", c.Wire.Response1, Sec1Payload{
				Msg: Sec1MsgTypeResponse1, WhichPayload: Sec1PayloadSr1,
				Sr1: SessionResp1{DeviceVerifyData: unhex(t, c.DeviceVerify)},
			})
			file.requireMessages(t, i)
		})
	}
}

func TestSec2Vectors(t *testing.T) {
	var file wireVectors
	readVectors(t, "sec2.json", &file)
	require.NotEmpty(t, file.Cases)
	for i, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			handshake := func(what, data string, p Sec2Payload) {
				t.Helper()
				m := requireRoundTrip(t, "prov-session", what, data)
				require.Equal(t, &SessionData{SecVer: SecScheme2, WhichProto: SessionDataSec2, Sec2: p}, m, what)
			}
			handshake("command 0", c.Wire.Command0, Sec2Payload{
				WhichPayload: Sec2PayloadSc0,
				Sc0:          S2SessionCmd0{ClientUsername: []byte(c.Username), ClientPubkey: unhex(t, c.A)},
			})
			handshake("response 0", c.Wire.Response0, Sec2Payload{
				Msg: Sec2MsgTypeResponse0, WhichPayload: Sec2PayloadSr0,
				Sr0: S2SessionResp0{DevicePubkey: unhex(t, c.B), DeviceSalt: unhex(t, c.Salt)},
			})
			handshake("command 1", c.Wire.Command1, Sec2Payload{
				Msg: Sec2MsgTypeCommand1, WhichPayload: Sec2PayloadSc1, Sc1: S2SessionCmd1{ClientProof: unhex(t, c.M1)},
			})
			handshake("response 1", c.Wire.Response1, Sec2Payload{
				Msg: Sec2MsgTypeResponse1, WhichPayload: Sec2PayloadSr1,
				Sr1: S2SessionResp1{DeviceProof: unhex(t, c.M2), DeviceNonce: unhex(t, c.DeviceNonce)},
			})
			file.requireMessages(t, i)
		})
	}
}
