// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

func TestConfigure(t *testing.T) {
	tests := []struct {
		name string
		cr   Credentials
		err  string
	}{
		{name: "ordinary", cr: Credentials{SSID: "HomeNet", Passphrase: "secretpass"}},
		{name: "open", cr: Credentials{SSID: "OpenNet"}},
		{name: "BSSID and channel", cr: Credentials{SSID: "x", Passphrase: "12345678", BSSID: hal.BSSID{2, 0, 0x22, 3, 4, 5}, Channel: 149}},
		{name: "longest", cr: Credentials{SSID: hal.SSID(strings.Repeat("s", 32)), Passphrase: hal.Secret(strings.Repeat("p", 63))}},
		{name: "arbitrary bytes", cr: Credentials{SSID: "\x00\xff\x01", Passphrase: "\xff\xfe"}},
		{name: "short passphrase", cr: Credentials{SSID: "x", Passphrase: "1234567"}},
		{name: "no SSID", cr: Credentials{Passphrase: "secretpass"}, err: "the SSID is empty"},
		{name: "SSID of 33", cr: Credentials{SSID: hal.SSID(strings.Repeat("s", 33))}, err: "the SSID has 33 bytes, at most 32"},
		{name: "Q-E13 key of 64 digits", cr: Credentials{SSID: "x", Passphrase: hal.Secret(strings.Repeat("aF09", 16))}},
		{name: "Q-E13 passphrase of 64", cr: Credentials{SSID: "x", Passphrase: hal.Secret(strings.Repeat("g", 64))},
			err: "the passphrase has 64 bytes, at most 63 are allowed, or a key of 64 hexadecimal digits"},
		{name: "63 digits and a zero byte", cr: Credentials{SSID: "x", Passphrase: hal.Secret(strings.Repeat("a", 63) + "\x00")}, err: "the passphrase has 64 bytes"},
		{name: "passphrase of 65", cr: Credentials{SSID: "x", Passphrase: hal.Secret(strings.Repeat("a", 65))}, err: "the passphrase has 65 bytes, at most 63"},
		{name: "zero byte", cr: Credentials{SSID: "x", Passphrase: "secret\x00pass"}, err: "contains a zero byte"},
		{name: "negative channel", cr: Credentials{SSID: "x", Channel: -1}, err: "no channel -1"},
		{name: "channel 256", cr: Credentials{SSID: "x", Channel: 256}, err: "no channel 256"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			d := sec1Device(t, "pop")
			c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
			defer c.Close()
			require.NoError(t, c.Connect(t.Context()))
			sent := len(d.requests())
			err := c.Configure(t.Context(), tc.cr)
			if tc.err != "" {
				require.ErrorIs(t, err, ErrCredentials)
				require.ErrorContains(t, err, tc.err)
				require.NotErrorIs(t, err, ErrSessionLost)
				require.Len(t, d.requests(), sent, "nothing was sent")
				_, err = newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"}).Provision(t.Context(), tc.cr)
				require.ErrorIs(t, err, ErrCredentials)
				require.Len(t, d.requests(), sent, "nothing was sent")
				if tc.cr.Passphrase != "" {
					require.NotContains(t, err.Error(), string(tc.cr.Passphrase))
				}
				return
			}
			require.NoError(t, err)
			require.Equal(t, string(tc.cr.SSID), string(d.config.SSID))
			require.Equal(t, string(tc.cr.Passphrase), string(d.config.Passphrase))
			require.Equal(t, int32(tc.cr.Channel), d.config.Channel)
			if tc.cr.BSSID == (hal.BSSID{}) {
				require.Empty(t, d.config.BSSID)
			} else {
				require.Equal(t, tc.cr.BSSID[:], d.config.BSSID)
			}
			require.NoError(t, c.Apply(t.Context()))
			err = c.Apply(t.Context())
			require.ErrorContains(t, err, "client: apply: prov-config: device answered InternalError (it may have credentials already")
			require.NotErrorIs(t, err, ErrSessionLost)
		})
	}
}

// Answers to SetConfig and ApplyConfig that are of another kind.
func TestConfigureAnswers(t *testing.T) {
	for _, answer := range []string{"", "ff", "08016a00", "08037a00", "0803", "080362", "08056a00", "08026200", "08036a0208ffffffffffffffffffff01"} {
		d := sec0Device()
		c := dialWire(t, d, Config{})
		d.hook = func(string, []byte) ([]byte, error) { return unhex(answer), nil }
		err := c.Configure(t.Context(), Credentials{SSID: "x"})
		require.ErrorIs(t, err, ErrBadAnswer, answer)
		require.ErrorIs(t, err, ErrSessionLost, answer)
	}
	for code := StatusCode(1); code < 9; code++ {
		d := sec0Device()
		c := dialWire(t, d, Config{})
		d.hook = func(string, []byte) ([]byte, error) { return unhex(fmt.Sprintf("08036a0208%02x", int(code))), nil }
		err := c.Configure(t.Context(), Credentials{SSID: "x"})
		var status *StatusError
		require.ErrorAs(t, err, &status)
		require.Equal(t, code, status.Code)
		require.ErrorContains(t, err, "device answered "+code.String())
	}
}

func TestCustom(t *testing.T) {
	d := sec1Device(t, "pop")
	c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
	defer c.Close()
	require.NoError(t, c.Connect(t.Context()))
	data := bytes.Repeat([]byte{0, 0xff}, 1000)
	before := append([]byte{}, data...)
	answer, err := c.Custom(t.Context(), "custom-data", data)
	require.NoError(t, err)
	require.Equal(t, "echo:"+string(data), string(answer))
	require.Equal(t, before, data, "the caller's bytes are left alone")

	d.hook = func(string, []byte) ([]byte, error) { return nil, nil }
	answer, err = c.Custom(t.Context(), "custom-data", []byte("x"))
	require.NoError(t, err)
	require.Equal(t, []byte{}, answer, "an empty answer")

	for _, name := range []string{"", "prov-session", "proto-ver"} {
		sent := len(d.requests())
		_, err = c.Custom(t.Context(), name, []byte("x"))
		require.ErrorContains(t, err, "client: custom: ")
		require.NotErrorIs(t, err, ErrSessionLost)
		require.Len(t, d.requests(), sent)
	}
	d.hook = nil
	_, err = c.Custom(t.Context(), "unknown", []byte("x"))
	require.ErrorIs(t, err, ErrNoEndpoint)
	require.ErrorContains(t, err, "(check its name; call Connect to go on)")
	require.ErrorIs(t, err, ErrSessionLost)
}

// What a transport cannot carry does not cost the session.
func TestCustomEmpty(t *testing.T) {
	d := sec1Device(t, "pop")
	c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
	defer c.Close()
	require.NoError(t, c.Connect(t.Context()))
	d.raw = func(_ string, body []byte) ([]byte, error) {
		if len(body) == 0 {
			return nil, fmt.Errorf("wrapped: %w", ErrEmptyBody)
		}
		return nil, errPass
	}
	_, err := c.Custom(t.Context(), "custom-data", nil)
	require.ErrorIs(t, err, ErrEmptyBody)
	require.NotErrorIs(t, err, ErrSessionLost)
	require.ErrorContains(t, err, "send at least one byte")
	_, err = c.Custom(t.Context(), "custom-data", []byte("x"))
	require.NoError(t, err)
}

func TestReset(t *testing.T) {
	d := sec1Device(t, "pop")
	c := newClient(t, newWire(d), Config{Security: Security1, PoP: "pop"})
	defer c.Close()
	require.NoError(t, c.Connect(t.Context()))
	require.NoError(t, c.Reset(t.Context()))
	require.NoError(t, c.Reprovision(t.Context()))
	require.Equal(t, []pb.WiFiCtrlMsgType{pb.WiFiCtrlMsgTypeCmdCtrlReset, pb.WiFiCtrlMsgTypeCmdCtrlReprov}, d.resets)
	log := d.requests()
	require.Equal(t, []string{"prov-ctrl 0801", "prov-ctrl 0803"}, log[len(log)-2:])

	d.hook = func(string, []byte) ([]byte, error) { return unhex("080210056200"), nil }
	err := c.Reset(t.Context())
	require.Equal(t, "client: reset: prov-ctrl: device answered InternalError (a device takes it only after a failed attempt to join)", err.Error())
	require.NotErrorIs(t, err, ErrSessionLost)

	for _, answer := range []string{"08047200", "0802", "6200", "08017200"} {
		d.hook = func(string, []byte) ([]byte, error) { return unhex(answer), nil }
		require.ErrorIs(t, c.Reset(t.Context()), ErrBadAnswer, answer)
		d.hook = nil
		require.NoError(t, c.Connect(t.Context()))
	}

	d.hook = func(string, []byte) ([]byte, error) { return nil, errNoEndpoint }
	err = c.Reprovision(t.Context())
	require.ErrorIs(t, err, ErrNoEndpoint)
	require.ErrorIs(t, err, ErrSessionLost)
	require.Equal(t, "client: reprovision: prov-ctrl: device has no such endpoint "+
		"(devices before ESP-IDF v5.1 cannot be reset by a client: restart the device)", err.Error())
}

func TestErrorText(t *testing.T) {
	cause := errors.New("cause")
	require.Equal(t, "client: scan: cause", (&Error{Op: "scan", Err: cause}).Error())
	err := error(&Error{Op: "scan", Endpoint: "prov-scan", Err: cause, Hint: "do this", SessionLost: true})
	require.Equal(t, "client: scan: prov-scan: cause (do this)", err.Error())
	require.ErrorIs(t, err, cause)
	require.ErrorIs(t, err, ErrSessionLost)
	require.Equal(t, "InternalError, 99", fmt.Sprintf("%v, %v", StatusInternalError, StatusCode(99)))
	require.NoError(t, opError("x", "", nil))
}
