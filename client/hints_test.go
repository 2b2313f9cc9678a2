// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// What to do about a network that the device did not join agrees with what it
// tells: for each number of a reason, whatever GetStatus makes of it.
func TestFailHints(t *testing.T) {
	const again = ", and try again, after a Reset if the device wants one"
	reach := "check the network's name and that it is in the device's reach"
	want := map[hal.Reason]string{
		hal.ReasonNoAPFound:             reach,
		hal.ReasonNoAPCompatibleSec:     "the network is there, but its security does not fit the credentials",
		hal.ReasonNoAPAuthModeThreshold: "the network is there, but its security is weaker than the device accepts",
		hal.ReasonNoAPRSSIThreshold:     "the network is there, but its signal is too weak for the device",
		hal.ReasonAssocTooMany:          "the access point is full",
		hal.Reason8021XAuthFailed:       "check the passphrase, and that the network wants no login (802.1X)",
		hal.ReasonMICFailure:            "check the passphrase",
		hal.Reason4WayHandshakeTimeout:  "check the passphrase",
		hal.ReasonHandshakeTimeout:      "check the passphrase",
		hal.ReasonAuthFail:              "check the passphrase",
		hal.ReasonAuthExpire:            "check the passphrase, and that the network is well within the device's reach",
		hal.ReasonAssocExpire:           "check that the network is well within the device's reach",
		hal.ReasonAssocFail:             "check that the network is well within the device's reach",
		hal.ReasonBeaconTimeout:         "check that the network is well within the device's reach",
		hal.ReasonConnectionFail:        "check that the network is well within the device's reach",
	}
	kinds := map[error]string{ErrAuth: "check the passphrase", ErrNetworkNotFound: reach, ErrConnectionFailed: "", ErrDisconnected: ""}
	for n := range 256 {
		for kind, plain := range kinds {
			d := &Details{State: StateFailed, Attempt: 1, Reason: hal.Reason(n)}
			got, told := failHint(kind, d), want[hal.Reason(n)]
			if told == "" {
				told = plain
			}
			name := fmt.Sprint(d, " ", kind)
			if told == "" {
				require.Empty(t, got, name)
				continue
			}
			require.True(t, strings.HasPrefix(got, told) && strings.HasSuffix(got, again), "%s: %s", name, got)
			require.NotContains(t, got, "then Reset")
			if hal.Reason(n).Step() == hal.JoinScan && n != int(hal.ReasonNoAPFound) {
				require.NotContains(t, got, "name", name)
			}
		}
	}
	for kind, plain := range kinds {
		for _, d := range []*Details{nil, {State: StateFailed, Attempt: 1}} {
			if plain == "" {
				require.Empty(t, failHint(kind, d))
			} else {
				require.Equal(t, plain+again, failHint(kind, d))
			}
		}
	}
	for text, d := range map[string]Details{
		"the credentials are right, but the device cannot store them": {Problem: ProblemNotStored, Reason: hal.ReasonAuthFail},
		"restart the device": {Problem: ProblemRefused},
		"the credentials are right, but the network gives the device no address": {Step: hal.JoinDHCP, Reason: hal.ReasonAuthFail},
	} {
		require.True(t, strings.HasPrefix(failHint(ErrAuth, &d), text), "%v: %s", d, failHint(ErrAuth, &d))
	}
	require.Equal(t, "check the passphrase", failHint(fmt.Errorf("%w: x", ErrTimeout), &Details{Reason: hal.ReasonAuthFail}))
	require.Empty(t, failHint(ErrTimeout, &Details{State: StateConnecting}))
}

// What to do about each failure of a transport: in the question for the version, in
// the handshake, in a request of a session, and when the outcome is open.
func TestTransportHints(t *testing.T) {
	const (
		mode    = "Config.Security"
		connect = "call Connect to start over"
		where   = "is the device on and in provisioning mode, its address right, and this machine in its network or in range?"
		all     = "the device may join the network all the same; call Connect to ask it"
		proof   = "does the device use security 1?"
	)
	dial := func(err error) error {
		return fmt.Errorf("%w: %w", ErrUnreachable, &net.OpError{Op: "dial", Net: "tcp", Err: err})
	}
	type want struct{ version, connecting, handshake, status, apply string }
	for name, tc := range map[string]struct {
		err  error
		want want // "": none
	}{
		"refused TCP connection": {dial(syscall.ECONNREFUSED), want{where, where, where, where, all}},
		"no route":               {dial(syscall.EHOSTUNREACH), want{where, where, where, where, all}},
		"unknown host": {dial(&net.DNSError{Err: "no such host", Name: "device.local"}),
			want{"check the device's address", "check the device's address", "check the device's address", "check the device's address", all}},
		"time-out of dialling":  {fmt.Errorf("%w: %w: no connection", ErrUnreachable, ErrTimeout), want{where, where, where, where, all}},
		"time-out":              {ErrTimeout, want{"", connect, connect, connect, all}},
		"reset":                 {fmt.Errorf("%w: %w", ErrNoAnswer, syscall.ECONNRESET), want{"", connect, connect, connect, all}},
		"closed after request":  {fmt.Errorf("%w: closed", ErrRefused), want{"", mode, proof, connect, all}},
		"HTTP status 500":       {fmt.Errorf("%w: HTTP status 500", ErrRefused), want{"", mode, proof, connect, all}},
		"HTTP status 404":       {ErrNoEndpoint, want{"is this a device in provisioning mode?", mode, "is this a device in provisioning mode?", "call Connect to go on", "call Connect to go on"}},
		"cut answer":            {badAnswer("cut off after 2 bytes"), want{"", connect, connect, connect, all}},
		"BLE link lost":         {fmt.Errorf("%w: lost", ErrNoAnswer), want{"", connect, connect, connect, all}},
		"BLE device hung up":    {ErrHungUp, want{"", connect, connect, connect, all}},
		"ATT error":             {fmt.Errorf("%w: %w", ErrRefused, ble.ATTUnlikely), want{"", mode, proof, connect, all}},
		"BLE device absent":     {ErrNoDevice, want{"is the device on, in range and in provisioning mode?", "is the device on, in range and in provisioning mode?", "is the device on, in range and in provisioning mode?", "is the device on, in range and in provisioning mode?", all}},
		"console garbage":       {fmt.Errorf("%w: the prompt came without an answer", ErrRefused), want{"", mode, proof, connect, all}},
		"console's stream ends": {fmt.Errorf("%w: %w", errStreamEnded, io.EOF), want{"open the line again", "open the line again", "open the line again", "open the line again", all}},
		"closed":                {ErrClosed, want{"", "", "", "", all}},
		"anything":              {errors.New("boom"), want{"", connect, connect, connect, all}},
	} {
		t.Run(name, func(t *testing.T) {
			failing := false
			d := sec1Device(t, "pop")
			d.raw = func(endpoint string, _ []byte) ([]byte, error) {
				if failing {
					return nil, tc.err
				}
				return nil, errPass
			}
			check := func(what, want string, err error) {
				t.Helper()
				require.ErrorIs(t, err, tc.err, what)
				var e *Error
				require.ErrorAs(t, err, &e)
				if want == "" {
					require.Empty(t, e.Hint, what)
				}
				require.Contains(t, e.Hint, want, what)
				if want != mode {
					require.NotContains(t, err.Error(), mode, what)
				}
				require.Equal(t, errors.Is(tc.err, ErrRefused), errors.Is(err, ErrRefused), what)
			}
			auto, named := newClient(t, newWire(d), Config{PoP: "pop"}), newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
			defer auto.Close()
			defer named.Close()
			failing = true
			_, err := auto.Version(t.Context())
			check("version", tc.want.version, err)
			check("connect", tc.want.connecting, auto.Connect(t.Context()))
			check("handshake", tc.want.handshake, named.Connect(t.Context()))
			for what, call := range map[string]func() error{
				"status": func() error { _, err := named.Status(t.Context()); return err },
				"apply":  func() error { return named.Apply(t.Context()) },
			} {
				failing, d.session = false, nil
				require.NoError(t, named.Connect(t.Context()))
				failing = true
				want := tc.want.status
				if what == "apply" {
					want = tc.want.apply
				}
				check(what, want, call())
			}
		})
	}
}

// The kinds of errors that HTTP gives, over real connections where they are needed.
func TestHTTPKinds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close()) // nobody listens there any more
	h, err := NewHTTP(HTTPConfig{Address: address})
	require.NoError(t, err)
	c := newClient(t, h, Config{PoP: "pop"})
	defer c.Close()
	err = c.Connect(t.Context())
	require.ErrorIs(t, err, ErrUnreachable)
	require.NotErrorIs(t, err, ErrRefused)
	require.NotContains(t, err.Error(), "Config.Security")
	require.ErrorContains(t, err, "is the device on and in provisioning mode")

	synctest.Test(t, func(t *testing.T) {
		h := newTestHTTP(t, newPipeNet(), HTTPConfig{})
		_, err := h.Do(t.Context(), "a", []byte("1"))
		require.ErrorIs(t, err, ErrTimeout)
		require.ErrorIs(t, err, ErrUnreachable)
		require.ErrorContains(t, err, "no connection to 192.168.4.1:80 within 30s")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = h.Do(ctx, "a", []byte("1"))
		require.Equal(t, context.Canceled, err)
	})
}

// What a device sends never reaches a terminal as it is, but for what Version and
// Custom return for programs.
func TestDeviceTextsAreEscaped(t *testing.T) {
	const bad = "\x1b[2J\r\n\u009b\u202e\u2066\u200f\u2028"
	version := parseVersion([]byte(`{"prov":{"ver":"v1\u001b\u202e","sec_ver":1,"cap":["a\u2066b","wifi_scan"]},` +
		`"app\u200f":{"ver":"1\u009b","cap":["\u2028x"]}}`))
	require.True(t, version.Known)
	pages := []any{
		version, *version, version.Apps, version.Apps[0], &version.Apps[0],
		parseVersion([]byte(bad)), *parseVersion([]byte(bad)),
		hal.SSID(bad), Network{SSID: bad}, Connection{SSID: bad}, Status{State: StateConnected, Connection: Connection{SSID: bad}},
		Details{State: StateFailed, Attempt: 1, AP: hal.AccessPoint{SSID: bad, Channel: 1}},
		Progress{Step: StepStatus, Detail: Status{State: StateConnected, Connection: Connection{SSID: bad}}.String()},
		&Error{Op: "wait", Err: ErrAuth, Details: &Details{Attempt: 1, AP: hal.AccessPoint{SSID: bad, Channel: 1}}},
	}
	synctest.Test(t, func(t *testing.T) { // errors that quote the device
		for _, answer := range []string{
			"HTTP/1.1 200 OK\r\n" + bad + "\r\n\r\n", "HTTP/1.1 200 OK\r\nX\x1b\u202e: y\r\n\r\n", "HTTP/1.1 2\x1b0 OK\r\n\r\n", bad + "\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: \x1b\u202e\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: \x1b\u202e\r\n\r\n",
			"HTTP/1.1 200 OK\r\n\x1b no colon \u202e\r\n\r\n", "HTTP/1.1 200 \x1b\u202e\r\nTransfer-Encoding: chunked\r\n\r\n\x1b\r\n",
		} {
			p := newPipeNet()
			p.serveRaw(t, func(_ int, c net.Conn) {
				b := make([]byte, 1024)
				_, _ = c.Read(b)
				_, _ = io.WriteString(c, answer)
			})
			_, err := newTestHTTP(t, p, HTTPConfig{}).Do(t.Context(), "a", []byte("1"))
			require.Error(t, err, "%q", answer)
			pages = append(pages, err)
		}
	})
	for _, page := range pages {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			for _, r := range fmt.Sprintf(verb, page) {
				require.False(t, r < ' ' || r >= 0x7f && r < 0xa0 || strings.ContainsRune("\u202e\u2066\u200f\u2028", r), "%s of %#v shows %U", verb, page, r)
			}
		}
	}
	require.Equal(t, `v1\x1b\xe2\x80\xae, security 1, can [a\xe2\x81\xa6b wifi_scan]`, version.String())
	require.Equal(t, `app\xe2\x80\x8f 1\xc2\x9b, can [\xe2\x80\xa8x]`, version.Apps[0].String())
	require.Equal(t, "v0.9", parseVersion([]byte("v0.9")).String())
}

// A client shows no secret, however it is printed or logged.
func TestClientIsPrintedWithoutSecrets(t *testing.T) {
	const pop, password = "my pop", "my password"
	ask := Config{PoP: pop, Username: "user", Password: password}
	d := sec1Device(t, pop)
	d.statuses = []pb.RespGetStatus{authError}
	c := newClient(t, newWire(d), ask)
	defer c.Close()
	shown := everyWay(c)
	require.NoError(t, c.Connect(t.Context()))
	shown += everyWay(c)
	_, err := c.Provision(t.Context(), Credentials{SSID: "HomeNet", Passphrase: "my passphrase"})
	require.Error(t, err)
	shown += everyWay(c) + everyWay(struct{ Client *Client }{c}) + everyWay(struct{ c *Client }{c}) + everyWay([]*Client{c})
	for _, secret := range []string{pop, password, "my passphrase"} {
		for _, trace := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret),
			strings.Trim(fmt.Sprint([]byte(secret)), "[]"), strings.TrimPrefix(fmt.Sprintf("%#v", []byte(secret)), "[]byte")} {
			require.NotContains(t, shown, trace)
		}
	}
}
