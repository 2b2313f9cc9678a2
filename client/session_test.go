// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// sec1Device is a device of security 1.
func sec1Device(t testing.TB, pop string) *device {
	s, err := sec1.New(sec1.Config{PoP: security.Secret(pop)})
	require.NoError(t, err)
	text := `{"prov":{"ver":"v1.1","cap":["wifi_scan"]}}`
	if pop == "" {
		text = `{"prov":{"ver":"v1.1","cap":["no_pop","wifi_scan"]}}`
	}
	return &device{version: text, security: func() deviceSession {
		session, err := s.NewSession()
		require.NoError(t, err)
		return session
	}}
}

// sec0Device is one of security 0.
func sec0Device() *device {
	return &device{version: `{"prov":{"ver":"v1.1","sec_ver":0,"cap":["no_sec","wifi_scan"]}}`}
}

func count(list []string, endpoint string) (n int) {
	for _, l := range list {
		if strings.HasPrefix(l, endpoint+" ") {
			n++
		}
	}
	return n
}

func TestConnectChoosesSecurity(t *testing.T) {
	asked := errors.New("asked")
	ask := func(context.Context) (hal.Secret, error) { return "abcd1234", nil }
	tests := []struct {
		name     string
		device   *device
		version  string
		cfg      Config
		err      error
		text     string
		versions int // proto-ver requests
	}{
		{name: "automatic, no security", device: sec0Device(), versions: 1},
		{name: "automatic, no_sec before v5.0", device: sec0Device(), version: `{"prov":{"cap":["no_sec"]}}`, versions: 1},
		{name: "automatic, sec_ver wins", device: sec0Device(), version: `{"prov":{"sec_ver":0,"cap":[]}}`, versions: 1},
		{name: "automatic, PoP", device: sec1Device(t, "abcd1234"), cfg: Config{PoP: "abcd1234"}, versions: 1},
		{name: "automatic, no PoP", device: sec1Device(t, ""), versions: 1},
		{name: "automatic, no PoP, not asked for", device: sec1Device(t, ""),
			cfg: Config{AskPoP: func(context.Context) (hal.Secret, error) { return "", asked }}, versions: 1},
		{name: "automatic, PoP asked for", device: sec1Device(t, "abcd1234"), cfg: Config{AskPoP: ask}, versions: 1},
		{name: "automatic, asking fails", device: sec1Device(t, "abcd1234"),
			cfg: Config{AskPoP: func(context.Context) (hal.Secret, error) { return "", asked }}, err: asked, versions: 1},
		{name: "automatic, old device", device: sec1Device(t, "abcd1234"), version: "v0.9", cfg: Config{PoP: "abcd1234"}, versions: 1},
		{name: "automatic, security 9", device: sec0Device(), version: `{"prov":{"sec_ver":9,"cap":[]}}`,
			err: ErrSecurity, text: "unknown mode", versions: 1},
		{name: "explicit 0", device: sec0Device(), cfg: Config{Security: Security0, PoP: "unused"}},
		{name: "explicit 1", device: sec1Device(t, "abcd1234"), cfg: Config{Security: Security1, PoP: "abcd1234"}},
		{name: "explicit 1, asked for", device: sec1Device(t, "abcd1234"), cfg: Config{Security: Security1, AskPoP: ask}, versions: 1},
		{name: "explicit 1, no PoP, not asked for", device: sec1Device(t, ""),
			cfg: Config{Security: Security1, AskPoP: func(context.Context) (hal.Secret, error) { return "", asked }}, versions: 1},
		{name: "explicit 1, asking fails", device: sec1Device(t, "abcd1234"),
			cfg: Config{Security: Security1, AskPoP: func(context.Context) (hal.Secret, error) { return "", asked }}, err: asked, versions: 1},
		{name: "explicit 1 without PoP", device: sec1Device(t, ""), cfg: Config{Security: Security1}},
		{name: "explicit 1 insists on its PoP", device: sec1Device(t, ""), cfg: Config{Security: Security1, PoP: "abcd1234"},
			err: ErrPoP, text: "device refused the proof of possession (check the PoP; if right, another client"},
		{name: "wrong PoP", device: sec1Device(t, "abcd1234"), cfg: Config{Security: Security1, PoP: "wrongpop"},
			err: ErrPoP, text: "client: connect: prov-session: device refused the proof of possession (check the PoP; if right, another client"},
		{name: "no PoP where one is wanted", device: sec1Device(t, "abcd1234"), cfg: Config{Security: Security1},
			err: ErrPoP, text: "the device wants a PoP"},
		{name: "0 where 1 is spoken", device: sec1Device(t, ""), cfg: Config{Security: Security0},
			err: ErrRefused, text: "does the device use security 0?"},
		{name: "1 where 0 is spoken", device: sec0Device(), cfg: Config{Security: Security1},
			err: ErrBadAnswer, text: "does the device use another security?"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if tc.version != "" {
				tc.device.version = tc.version
			}
			c := newClient(t, newWire(tc.device), tc.cfg)
			defer c.Close()
			err := c.Connect(t.Context())
			require.Equal(t, tc.versions, count(tc.device.requests(), "proto-ver"))
			if tc.err == nil {
				require.NoError(t, err)
				_, err := c.Status(t.Context())
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tc.err)
			require.ErrorContains(t, err, tc.text)
			for _, secret := range []string{"abcd1234", "wrongpop"} {
				require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, tc.cfg), secret)
			}
			_, err = c.Status(t.Context())
			require.Error(t, err, "there is no session")
		})
	}
}

// isProof reports whether a request is Command1 of security 1.
func isProof(body []byte) bool { return len(body) == 43 }

// sec1Proofs is a device that hangs up at every proof.
func sec1Proofs(t *testing.T) *device {
	d := sec1Device(t, "")
	d.raw = func(_ string, body []byte) ([]byte, error) {
		if isProof(body) {
			return nil, errHangUp
		}
		return nil, errPass
	}
	return d
}

// Every way a handshake can go wrong on the wire.
func TestConnectFailures(t *testing.T) {
	boom := errors.New("boom")
	sec0Answer := func(b []byte, err error) *device {
		d := sec0Device()
		d.raw = func(endpoint string, _ []byte) ([]byte, error) {
			if endpoint == "prov-session" {
				return b, err
			}
			return nil, errPass
		}
		return d
	}
	// sec1 with the n-th answer (from 0) replaced
	sec1Answer := func(n int, b []byte, err error) *device {
		d := sec1Device(t, "")
		i := 0
		d.raw = func(endpoint string, _ []byte) ([]byte, error) {
			if i++; i-1 == n {
				return b, err
			}
			return nil, errPass
		}
		return d
	}
	impostor := sec1Device(t, "")
	proof := 0
	impostor.raw = func(string, []byte) ([]byte, error) {
		if proof++; proof == 2 {
			return unhex("10015a270803ba01221a20" + strings.Repeat("00", 32)), nil
		}
		return nil, errPass
	}
	tests := []struct {
		name   string
		device *device
		sec    Security
		err    error
		text   string
	}{
		{"404", sec0Answer(nil, errNoEndpoint), Security0, ErrNoEndpoint, "is this a device in provisioning mode?"},
		{"closed", sec0Answer(nil, errHangUp), Security0, ErrRefused, "does the device use security 0?"},
		{"transport error", sec0Answer(nil, boom), Security0, boom, "client: connect: prov-session: boom (call Connect to start over)"},
		{"empty answer", sec0Answer(nil, nil), Security0, ErrBadAnswer, ""},
		{"garbage", sec0Answer([]byte("\xff\xff"), nil), Security0, ErrBadAnswer, ""},
		{"sec0 status", sec0Answer(unhex("52070801aa01020801"), nil), Security0, ErrBadAnswer, "the device says InvalidSecScheme"},
		{"sec1 key closed", sec1Answer(0, nil, errHangUp), Security1, ErrRefused, "does the device use security 1?"},
		{"sec1 key empty", sec1Answer(0, nil, nil), Security1, ErrBadAnswer, ""},
		{"sec1 key garbage", sec1Answer(0, []byte("\xff"), nil), Security1, ErrBadAnswer, ""},
		{"sec1 key of low order", sec1Answer(0, unhex("10015a390801aa0134"+"1220"+strings.Repeat("00", 32)+"1a10"+strings.Repeat("00", 16)), nil),
			Security1, ErrBadAnswer, "low order"},
		{"sec1 key missing", sec1Answer(0, unhex("10015a050801aa0100"), nil), Security1, ErrBadAnswer, "0 bytes instead of 32"},
		{"sec1 proof closed", sec1Proofs(t), Security1, ErrPoP, "the device wants a PoP; if it does not, another client"},
		{"sec1 proof 404", sec1Answer(1, nil, errNoEndpoint), Security1, ErrNoEndpoint, ""},
		{"sec1 proof empty", sec1Answer(1, nil, nil), Security1, ErrBadAnswer, ""},
		{"sec1 proof wrong", impostor, Security1, ErrPoP, "check the PoP, and that it is the right device"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c := newClient(t, newWire(tc.device), Config{Security: tc.sec})
			defer c.Close()
			err := c.Connect(t.Context())
			require.ErrorIs(t, err, tc.err)
			require.ErrorContains(t, err, tc.text)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "connect", e.Op)
			_, err = c.Status(t.Context())
			require.ErrorIs(t, err, ErrNotConnected)

			tc.device.raw = nil // a second try may succeed
			require.NoError(t, c.Connect(t.Context()))
		})
	}
}

func TestConnectWithoutVersion(t *testing.T) {
	d := sec0Device()
	d.hook = func(endpoint string, _ []byte) ([]byte, error) { return nil, errNoEndpoint }
	c := newClient(t, newWire(d), Config{})
	defer c.Close()
	err := c.Connect(t.Context())
	require.ErrorIs(t, err, ErrNoEndpoint)
	require.ErrorContains(t, err, "client: connect: proto-ver: device has no such endpoint (name Config.Security")
}

// A device without proto-ver may want a PoP.
func TestAskPoPWithoutVersion(t *testing.T) {
	d := sec1Device(t, "abcd1234")
	d.hook = func(endpoint string, _ []byte) ([]byte, error) {
		if endpoint == endpointVersion {
			return nil, errNoEndpoint
		}
		return nil, errPass
	}
	ask := func(context.Context) (hal.Secret, error) { return "abcd1234", nil }
	c := newClient(t, newWire(d), Config{Security: Security1, AskPoP: ask})
	defer c.Close()
	require.NoError(t, c.Connect(t.Context()))
}

func TestConnectNoRandomness(t *testing.T) {
	c := newClient(t, newWire(sec1Device(t, "")), Config{Security: Security1, Rand: strings.NewReader("short")})
	defer c.Close()
	require.ErrorContains(t, c.Connect(t.Context()), "no random numbers")
}

// After a failed exchange nothing is sent until Connect, whatever the
// operation; a session that is lost stays lost.
func TestSessionLost(t *testing.T) {
	boom := errors.New("boom")
	failures := map[string]struct {
		raw func(endpoint string, body []byte) ([]byte, error)
		err error
	}{
		"closed":      {func(string, []byte) ([]byte, error) { return nil, errHangUp }, ErrRefused},
		"404":         {func(string, []byte) ([]byte, error) { return nil, errNoEndpoint }, ErrNoEndpoint},
		"transport":   {func(string, []byte) ([]byte, error) { return nil, boom }, boom},
		"empty":       {func(string, []byte) ([]byte, error) { return nil, nil }, ErrBadAnswer},
		"out of step": {func(string, []byte) ([]byte, error) { return unhex("08015a021001"), nil }, ErrBadAnswer},
	}
	ctx := context.Background()
	calls := map[string]func(*Client) error{
		"status":      func(c *Client) error { _, err := c.Status(ctx); return err },
		"scan":        func(c *Client) error { _, err := c.Scan(ctx, ScanOptions{}); return err },
		"configure":   func(c *Client) error { return c.Configure(ctx, Credentials{SSID: "x"}) },
		"apply":       func(c *Client) error { return c.Apply(ctx) },
		"wait":        func(c *Client) error { _, err := c.WaitConnected(ctx); return err },
		"reset":       func(c *Client) error { return c.Reset(ctx) },
		"reprovision": func(c *Client) error { return c.Reprovision(ctx) },
		"custom": func(c *Client) error {
			_, err := c.Custom(ctx, "custom-data", []byte("x"))
			return err
		},
	}
	for fname, failure := range failures {
		for cname, call := range calls {
			if cname == "custom" && failure.err == ErrBadAnswer {
				continue // everything is an answer there
			}
			t.Run(cname+" "+fname, func(t *testing.T) {
				d := sec1Device(t, "pop")
				c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop", PollTimeout: 1})
				defer c.Close()
				err := call(c)
				require.ErrorIs(t, err, ErrNotConnected)
				require.Equal(t, fmt.Sprintf("client: %s: no session: call Connect first", cname), err.Error())

				require.NoError(t, c.Connect(ctx))
				d.raw = failure.raw
				err = call(c)
				if cname == "wait" {
					require.ErrorIs(t, err, ErrTimeout)
				}
				require.ErrorIs(t, err, failure.err)
				require.ErrorIs(t, err, ErrSessionLost)
				var e *Error
				require.ErrorAs(t, err, &e)
				require.True(t, e.SessionLost)
				require.NotEmpty(t, e.Endpoint)
				require.NotEmpty(t, e.Hint)
				require.Equal(t, cname, e.Op)

				d.raw = nil
				sent := len(d.requests())
				for name, call := range calls {
					err := call(c)
					require.ErrorIs(t, err, ErrSessionLost, name)
					require.NotErrorIs(t, err, failure.err, name)
					require.ErrorContains(t, err, "call Connect again", name)
				}
				require.Len(t, d.requests(), sent, "nothing was sent")

				require.NoError(t, c.Connect(ctx))
				_, err = c.Status(ctx)
				require.NoError(t, err)
			})
		}
	}
}

// A refusal that the device puts in words keeps the session.
func TestStatusKeepsSession(t *testing.T) {
	d := sec1Device(t, "pop")
	c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
	defer c.Close()
	require.NoError(t, c.Connect(t.Context()))
	d.hook = func(_ string, plain []byte) ([]byte, error) {
		if plain[1] == byte(pb.WiFiConfigMsgTypeCmdSetConfig) {
			return unhex("08036a020804"), nil
		}
		return nil, errPass
	}
	err := c.Configure(t.Context(), Credentials{SSID: "x"})
	var status *StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, StatusInvalidArgument, status.Code)
	require.NotErrorIs(t, err, ErrSessionLost)
	require.Equal(t, "client: configure: prov-config: device answered InvalidArgument (check the network's name and passphrase)", err.Error())
	_, err = c.Status(t.Context())
	require.NoError(t, err)
}

// proto-ver is neither encrypted nor able to harm the session.
func TestVersionInMidSession(t *testing.T) {
	d := sec1Device(t, "pop")
	c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
	defer c.Close()
	require.NoError(t, c.Connect(t.Context()))
	_, err := c.Version(t.Context())
	require.NoError(t, err)
	d.raw = func(string, []byte) ([]byte, error) { return nil, errHangUp }
	_, err = c.Version(t.Context())
	require.ErrorIs(t, err, ErrRefused)
	require.NotErrorIs(t, err, ErrSessionLost)
	d.raw = nil
	_, err = c.Status(t.Context())
	require.NoError(t, err)
}

// A failed Connect leaves no older session behind.
func TestConnectAgain(t *testing.T) {
	d := sec1Device(t, "pop")
	c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
	defer c.Close()
	require.NoError(t, c.Connect(t.Context()))
	first := c.session
	require.NoError(t, c.Connect(t.Context()))
	_, err := first.Encrypt(nil, []byte("x"))
	require.Error(t, err, "the first session was wiped")
	d.raw = func(string, []byte) ([]byte, error) { return nil, errHangUp }
	require.ErrorIs(t, c.Connect(t.Context()), ErrRefused)
	d.raw = nil
	_, err = c.Status(t.Context())
	require.ErrorIs(t, err, ErrSessionLost)
	require.ErrorContains(t, err, "a later Connect failed")
}

func TestSecurityNames(t *testing.T) {
	require.Equal(t, "automatic security, security 0, security 1, security 2, unknown security",
		fmt.Sprintf("%v, %v, %v, %v, %v", SecurityAuto, Security0, Security1, Security2, Security2+1))
}

// Arguments that cannot work are refused before anything is sent.
func TestNewRefuses(t *testing.T) {
	for want, cfg := range map[string]Config{
		"client: security not supported: Config.Security is 9":                                   {Security: 9},
		"client: security 2 needs a user name: Config.Username is empty":                         {Security: Security2},
		"client: security 2 needs a user name of at most 65535 bytes: Config.Username has 65536": {Security: Security2, Username: strings.Repeat("u", 65536)},
	} {
		d := sec0Device()
		_, err := New(newWire(d), cfg)
		require.EqualError(t, err, want)
		require.Equal(t, cfg.Security == 9, errors.Is(err, ErrSecurity))
		require.Equal(t, cfg.Security != 9, errors.Is(err, ErrUsername))
		require.Empty(t, d.requests())
	}
	_, err := New(nil, Config{})
	require.EqualError(t, err, "client: the transport is nil")
}
