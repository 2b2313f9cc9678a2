// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
)

// vector is a worked example of security 1 or 2.
type vector struct {
	Name, PoP          string
	Username, Password string
	Patch              *int  `json:"sec_patch_ver"`
	ClientPrivate      Bytes `json:"client_private"`
	DevicePrivate      Bytes `json:"device_private"`
	DeviceRandom       Bytes `json:"device_random"`
	A                  Bytes `json:"a"`
	B                  Bytes `json:"b"`
	Nonce              Bytes `json:"device_nonce"`
	Wire               struct{ Command0, Response0, Command1, Response1 Bytes }
	Messages           []struct {
		Endpoint      string
		RequestPlain  Bytes `json:"request_plain"`
		RequestWire   Bytes `json:"request_wire"`
		ResponsePlain Bytes `json:"response_plain"`
		ResponseWire  Bytes `json:"response_wire"`
	}
}

// UnmarshalJSON keeps the keys a and A apart, which encoding/json does not.
func (v *vector) UnmarshalJSON(text []byte) error {
	type plain vector
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	delete(members, "A")
	delete(members, "B")
	text, err := json.Marshal(members)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, (*plain)(v))
}

// exchanges is a conversation as it would have been recorded.
func (v *vector) exchanges(keys *Keys) []*Exchange {
	patch := 0
	if v.Patch != nil {
		patch = *v.Patch
	}
	list := []*Exchange{
		{Endpoint: "proto-ver", Answer: fmt.Appendf(nil, `{"prov":{"ver":"v1.1","sec_patch_ver":%d}}`, patch)},
		{Endpoint: "prov-session", Request: v.Wire.Command0, Answer: v.Wire.Response0, Keys: keys},
		{Endpoint: "prov-session", Request: v.Wire.Command1, Answer: v.Wire.Response1},
	}
	for _, m := range v.Messages {
		list = append(list, &Exchange{Endpoint: m.Endpoint, Request: m.RequestWire, Answer: m.ResponseWire})
	}
	return list
}

// The worked examples decrypt with what the client drew and with what the device drew.
func TestVectors(t *testing.T) {
	for _, name := range []string{"sec1.json", "sec2.json"} {
		var file struct{ Cases []*vector }
		spectest.ReadJSON(t, &file, "vectors", name)
		require.NotEmpty(t, file.Cases)
		for _, v := range file.Cases {
			t.Run(name+" "+v.Name, func(t *testing.T) {
				login := Login{PoP: hal.Secret(v.PoP), Username: v.Username, Password: hal.Secret(v.Password)}
				if v.Name != "patch1-padded-A" { // which no client sends
					v.check(t, Login{}, &Keys{PoP: Bytes(v.PoP), Username: Bytes(v.Username), Password: Bytes(v.Password), Random: append(v.ClientPrivate, v.A...)}, true)
					v.check(t, login, &Keys{Random: append(v.ClientPrivate, v.A...)}, true)
				}
				if strings.HasPrefix(v.Name, "patch1-short") || v.Name == "patch1-zero-K0" {
					return // a device of this library draws again instead
				}
				nonce := v.Nonce
				if v.Patch != nil && *v.Patch == 1 {
					nonce = nonce[:8]
				}
				login.DeviceRandom = append(append(append(v.DevicePrivate, v.DeviceRandom...), v.B...), nonce...)
				v.check(t, login, nil, true)
				login.Password, login.PoP = "wrong", "wrong"
				v.check(t, login, nil, v.Patch == nil && v.PoP == "") // a pop is not used where there is none
			})
		}
	}
}

// Keys that do not belong to a handshake are found out even if the device refused it.
func TestWrongKeys(t *testing.T) {
	for _, name := range []string{"sec1.json", "sec2.json"} {
		var file struct{ Cases []*vector }
		spectest.ReadJSON(t, &file, "vectors", name)
		v := file.Cases[0]
		for _, word := range []string{"abcd1234", "wrong"} {
			e := NewExplainer(Login{}, false)
			list := v.exchanges(&Keys{PoP: Bytes(word), Username: Bytes("wifiprov"), Password: Bytes(word), Random: append(v.ClientPrivate, v.A...)})
			list[2].Answer, list[2].Error = nil, "refused"
			require.False(t, e.Explain(list[0]).WrongKeys)
			require.False(t, e.Explain(list[1]).WrongKeys)
			require.Equal(t, word == "wrong", e.Explain(list[2]).WrongKeys)
		}
	}
}

// A client that refuses what the device says has the right keys all the same.
func TestClientRefuses(t *testing.T) {
	for _, name := range []string{"sec1.json", "sec2.json"} {
		var file struct{ Cases []*vector }
		spectest.ReadJSON(t, &file, "vectors", name)
		v := file.Cases[0]
		keys := &Keys{PoP: Bytes(v.PoP), Username: Bytes(v.Username), Password: Bytes(v.Password), Random: append(v.ClientPrivate, v.A...)}
		for at := range 2 {
			e := NewExplainer(Login{}, false)
			list := v.exchanges(keys)
			wrong := bytes.Clone(list[1+at].Answer)
			wrong[len(wrong)-20] ^= 1
			if at == 0 {
				wrong = wrong[:len(wrong)-20] // half a message
			}
			list[1+at].Answer = wrong
			for _, x := range list[:2+at] {
				got := e.Explain(x)
				require.False(t, got.WrongKeys)
				require.False(t, got.Open)
				if x == list[2] {
					require.Equal(t, "security "+name[3:4]+", step 2 of 2, proofs: the client refuses the device's proof", got.Means)
				}
			}
		}
	}
}

func (v *vector) check(t *testing.T, login Login, keys *Keys, opens bool) {
	t.Helper()
	e := NewExplainer(login, true)
	for i, x := range v.exchanges(keys) {
		got := e.Explain(x)
		if x.Endpoint == "prov-session" {
			require.Equal(t, i == 2, got.Open)
			require.Equal(t, i == 1, got.First)
			require.True(t, !opens || !got.WrongKeys)
			require.True(t, opens || !got.Open || got.WrongKeys)
		}
		if i < 3 {
			continue
		}
		m := v.Messages[i-3]
		require.Equal(t, opens, !got.Request.Locked)
		require.Equal(t, opens, !got.Answer.Locked)
		if opens {
			require.Equal(t, m.RequestPlain, got.Request.Plain)
			require.Equal(t, m.ResponsePlain, got.Answer.Plain)
		}
	}
}

// Every recording of the specification is explained, and those without encryption are
// explained entirely.
func TestRecordings(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(spectest.Path(t, "records"), "*", "*.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	plain := 0
	for _, path := range paths {
		name := filepath.Base(path)
		h, list := explain(t, path, Login{}, true)
		require.Zero(t, h)
		require.NotEmpty(t, list, path)
		open := false
		for _, x := range list {
			open = open || x.Open
			if x.Security == 0 {
				plain++
				for _, m := range []string{x.Request.Message.String(), x.Answer.Message.String()} {
					require.NotContains(t, m, "malformed", path)
					require.NotContains(t, m, "unknown", path)
				}
				require.NotEmpty(t, x.Means, path)
			}
			require.Equal(t, x.Security > 0 && !x.Handshake, x.Request.Locked, "%s:%d", path, x.Line)
		}
		require.Equal(t, !strings.Contains(name, "wrong-pop"), open, path)
	}
	require.Greater(t, plain, 100)
}
