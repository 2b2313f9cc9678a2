// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/protocomm"
)

// Secrets of the tests.
const (
	pop        = "p0p-of-possession"
	user       = "some-user"
	passphrase = simdevice.DefaultPoP + "-never"
)

// securities are all of them, with a device of each.
var securities = map[int]simdevice.Security{0: simdevice.Security0(), 1: simdevice.Security1(pop), 2: simdevice.Security2(user, pop)}

// record starts a device and records what a client of it does in work.
func record(t *testing.T, path string, cfg simdevice.Config, h Header, login client.Config, work func(*testing.T, *client.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		device, err := simdevice.Start(cfg)
		require.NoError(t, err)
		defer device.Close()
		r, err := Create(path, h)
		require.NoError(t, err)
		transport, err := device.Dial()
		require.NoError(t, err)
		c, err := client.New(r.Transport(transport), r.Client(login))
		require.NoError(t, err)
		defer c.Close()
		work(t, c)
		require.NoError(t, r.Close())
	})
}

// talk records a client that provisions a device, with a wrong passphrase first.
func talk(t *testing.T, path string, cfg simdevice.Config, secrets bool) {
	t.Helper()
	cfg.Name = "PROV_1"
	cfg.Endpoints = []simdevice.Endpoint{{Name: "custom-data", Handler: func(_ protocomm.SessionID, req []byte) ([]byte, error) {
		return append([]byte("got "), req...), nil
	}}}
	mode := cfg.Security.Mode()
	login := client.Config{Security: client.Security0 + client.Security(mode)}
	switch mode {
	case 1:
		login.AskPoP = func(context.Context) (hal.Secret, error) { return pop, nil }
	case 2:
		login.AskLogin = func(context.Context) (string, hal.Secret, error) { return user, pop, nil }
	}
	h := Header{Tool: "test", Transport: "softap", Device: "PROV_1", Security: &mode, Secrets: secrets}
	record(t, path, cfg, h, login, func(t *testing.T, c *client.Client) {
		_, err := c.Version(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.Connect(t.Context()))
		_, err = c.Scan(t.Context(), client.ScanOptions{})
		require.NoError(t, err)
		answer, err := c.Custom(t.Context(), "custom-data", []byte("hello"))
		require.NoError(t, err)
		require.Equal(t, "got hello", string(answer))
		_, err = c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: passphrase})
		require.ErrorIs(t, err, client.ErrAuth)
		require.NoError(t, c.Reset(t.Context()))
		_, err = c.Provision(t.Context(), simdevice.Right)
		require.NoError(t, err)
	})
}

func explain(t *testing.T, path string, login Login, secrets bool) (Header, []*Explained) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	r, err := NewReader(file)
	require.NoError(t, err)
	e := NewExplainer(login, secrets)
	var list []*Explained
	for {
		x, err := r.Next()
		if err == io.EOF {
			return r.Header, list
		}
		require.NoError(t, err, path)
		list = append(list, e.Explain(x))
	}
}

func means(list []*Explained) (lines []string) {
	for _, x := range list {
		lines = append(lines, x.Endpoint+": "+x.Means)
	}
	return lines
}

// With its secrets, a file alone tells everything, under each security.
func TestWithSecrets(t *testing.T) {
	for mode, s := range securities {
		t.Run(fmt.Sprint("security ", mode), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			talk(t, path, simdevice.Config{Security: s}, true)
			h, list := explain(t, path, Login{}, true)
			require.Equal(t, mode, *h.Security)
			require.True(t, h.Secrets)
			for _, x := range list {
				require.False(t, x.Request.Locked || x.Answer.Locked || x.WrongKeys, "%d %s", x.Line, x.Means)
			}
			all := strings.Join(means(list), "\n")
			t.Log(all)
			require.Contains(t, all, "the session is open")
			require.Contains(t, all, "prov-scan: ask for networks: 1 network")
			require.Contains(t, all, "prov-config: credentials for HomeNet: yes\nprov-config: apply the credentials: yes\n")
			require.Contains(t, all, "prov-config: ask how it goes: failed: ")
			require.Contains(t, all, "prov-ctrl: forget the failure: yes")
			require.True(t, strings.HasSuffix(all, "prov-config: ask how it goes: connected to HomeNet as 192.168.1.77"), all)
			var said string
			for _, x := range list {
				said += x.Request.Message.String() + x.Answer.Message.String()
			}
			require.Contains(t, said, passphrase)
			require.Contains(t, said, "correct horse")
			require.Contains(t, said, "text: got hello")
			// By default they are not shown even then.
			_, list = explain(t, path, Login{}, false)
			for _, x := range list {
				require.NotContains(t, x.Request.Message.String(), passphrase)
			}
		})
	}
}

// Each session of a file has its own keys.
func TestTwoSessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	record(t, path, simdevice.Config{Security: securities[1]}, Header{Secrets: true}, client.Config{PoP: pop}, func(t *testing.T, c *client.Client) {
		for range 2 {
			require.NoError(t, c.Connect(t.Context()))
			_, err := c.Status(t.Context())
			require.NoError(t, err)
		}
	})
	_, list := explain(t, path, Login{}, true)
	status := 0
	for _, x := range list {
		if x.Keys != nil {
			require.Len(t, x.Keys.Random, 32)
		}
		if x.Endpoint == "prov-config" {
			require.Equal(t, "ask how it goes: connecting", x.Means)
			status++
		}
	}
	require.Equal(t, 2, status)
}

// Without them, no secret and no key is in the file, in any form.
func TestMasked(t *testing.T) {
	for mode, s := range securities {
		t.Run(fmt.Sprint("security ", mode), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			talk(t, path, simdevice.Config{Security: s}, false)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, secret := range []string{pop, passphrase, "correct horse"} {
				require.NotContains(t, string(text), secret)
				require.NotContains(t, string(text), hex.EncodeToString([]byte(secret)))
			}
			require.NotContains(t, string(text), `"keys"`)
			_, list := explain(t, path, Login{PoP: pop, Username: user, Password: pop}, true)
			masked := 0
			for _, x := range list {
				require.Equal(t, mode != 0 && x.Endpoint != "proto-ver" && x.Endpoint != "prov-session", x.Request.Locked)
				if x.Request.Masked {
					masked++
					require.Contains(t, x.Request.Message.String(), "passphrase: [hidden]")
				}
			}
			require.Equal(t, map[int]int{0: 2}[mode], masked)
		})
	}
}

// Under security 2 with one nonce for all messages, requests with credentials are left
// out: whoever guesses another message could read them.
func TestFixedNonceIsMasked(t *testing.T) {
	var m masker
	session := func(digits string) Exchange {
		b, err := hex.DecodeString(digits)
		require.NoError(t, err)
		return Exchange{Endpoint: "prov-session", Request: b, Answer: Bytes{}}
	}
	x := session("10026200")
	m.mask(&x)
	require.Empty(t, x.Masked)
	x = Exchange{Endpoint: "prov-config", Request: Bytes("cipher"), Answer: Bytes{}}
	m.mask(&x)
	require.Equal(t, [][2]int{{0, 6}}, x.Masked)
	require.Equal(t, "******", string(x.Request))
	x = Exchange{Endpoint: "prov-scan", Request: Bytes("cipher"), Answer: Bytes{}}
	m.mask(&x)
	require.Empty(t, x.Masked)
	x = Exchange{Endpoint: "proto-ver", Answer: Bytes(`{"prov":{"ver":"v1.1","sec_ver":2,"sec_patch_ver":1}}`)}
	m.mask(&x)
	x = Exchange{Endpoint: "prov-config", Request: Bytes("cipher"), Answer: Bytes{}}
	m.mask(&x)
	require.NotEmpty(t, x.Masked, "the session is still the same")
	x = session("10026200")
	m.mask(&x)
	x = Exchange{Endpoint: "prov-config", Request: Bytes("cipher"), Answer: Bytes{}}
	m.mask(&x)
	require.Empty(t, x.Masked)
	require.Equal(t, "cipher", string(x.Request))
	x = Exchange{Endpoint: "proto-ver", Error: "no such endpoint"} // an old device
	m.mask(&x)
	x = session("10026200")
	m.mask(&x)
	x = Exchange{Endpoint: "prov-config", Request: Bytes("cipher"), Answer: Bytes{}}
	m.mask(&x)
	require.Equal(t, "******", string(x.Request))
}

// A recorder without secrets leaves a client's configuration alone.
func TestNothingIsTapped(t *testing.T) {
	r, err := Create(filepath.Join(t.TempDir(), "file"), Header{})
	require.NoError(t, err)
	defer r.Close()
	cfg := r.Client(client.Config{PoP: pop, Rand: strings.NewReader("x")})
	require.Equal(t, client.Config{PoP: pop, Rand: strings.NewReader("x")}, cfg)
	require.Empty(t, r.keys)
	require.Equal(t, "*transcript.Recorder", fmt.Sprintf("%+v", r))
	require.Equal(t, "transcript.Keys{…}", fmt.Sprintf("%v", Keys{PoP: Bytes(pop)}))
}

// A file is the user's alone, and is not overwritten.
func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	r, err := Create(path, Header{Tool: "test"})
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = Create(path, Header{})
	require.ErrorIs(t, err, fs.ErrExist)
	require.EqualError(t, err, path+": file already exists: give another name, or remove it first")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// Each exchange is in the file when the client goes on, and a failure to write does not
// disturb it.
func TestWrittenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	r, err := Create(path, Header{})
	require.NoError(t, err)
	tr := r.Transport(said{"mine": nil})
	for want := 2; want < 5; want++ {
		answer, err := tr.Do(t.Context(), "mine", []byte("<b>"))
		require.NoError(t, err)
		require.Empty(t, answer)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, bytes.Count(text, []byte("\n")))
	}
	_, err = tr.Do(t.Context(), "other", nil)
	require.ErrorIs(t, err, client.ErrNoEndpoint)
	_, list := explain(t, path, Login{}, false)
	require.Len(t, list, 4)
	require.NotNil(t, list[0].Exchange.Answer)
	require.Equal(t, "the application's own endpoint: no answer: device has no such endpoint", list[3].Means)
	require.NoError(t, r.file.Close()) // as if the disk were full
	_, err = tr.Do(t.Context(), "mine", nil)
	require.NoError(t, err)
	require.Error(t, r.Close())
	require.NoError(t, tr.Close())
}

// A transport's ability to say how large its pages are is kept, and none is invented.
func TestPageSizer(t *testing.T) {
	r, err := Create(filepath.Join(t.TempDir(), "file"), Header{})
	require.NoError(t, err)
	defer r.Close()
	_, is := r.Transport(said{}).(client.PageSizer)
	require.False(t, is)
	p, is := r.Transport(pager{}).(client.PageSizer)
	require.True(t, is)
	require.Equal(t, 4, p.ScanPageSize())
}

type pager struct{ said }

func (pager) ScanPageSize() int { return 4 }

// said is a device without security that has one answer for each endpoint.
type said map[string][]byte

func (s said) Do(_ context.Context, endpoint string, _ []byte) ([]byte, error) {
	if answer, is := s[endpoint]; is {
		return answer, nil
	}
	return nil, client.ErrNoEndpoint
}

func (said) Close() error { return nil }

// A source that fails is no draw.
func TestRandFails(t *testing.T) {
	r, err := Create(filepath.Join(t.TempDir(), "file"), Header{Secrets: true})
	require.NoError(t, err)
	defer r.Close()
	cfg := r.Client(client.Config{Rand: strings.NewReader("ab")})
	b := make([]byte, 5)
	_, err = io.ReadFull(cfg.Rand, b)
	require.True(t, errors.Is(err, io.ErrUnexpectedEOF))
	require.Equal(t, "ab", string(r.keys.Random))
}
