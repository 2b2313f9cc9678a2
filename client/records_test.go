// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
)

// exchange is one recorded line.
type exchange struct {
	Conn     int
	Endpoint string
	Request  struct {
		Headers [][2]string
		Body    string `json:"body_hex"`
	}
	Response *struct {
		Status int
		Body   string `json:"body_hex"`
	}
}

// record is a recorded device. The client must send what the recorded client
// sent, in the same order; questions for capabilities are left out.
type record struct {
	exchanges []exchange
	mismatch  []string
}

func (r *record) Do(_ context.Context, endpoint string, body []byte) ([]byte, error) {
	if len(r.exchanges) == 0 {
		r.mismatch = append(r.mismatch, "one more: "+endpoint+" "+hex.EncodeToString(body))
		return nil, ErrRefused
	}
	x := r.exchanges[0]
	r.exchanges = r.exchanges[1:]
	if got, want := endpoint+" "+hex.EncodeToString(body), x.Endpoint+" "+x.Request.Body; got != want {
		r.mismatch = append(r.mismatch, "got "+got+", recorded "+want)
	}
	if x.Response == nil {
		return nil, ErrRefused
	}
	return unhex(x.Response.Body), nil
}

func (r *record) Close() error { return nil }

type bleRecord struct{ *record }

func (bleRecord) ScanPageSize() int { return 4 }

// readRecord returns the exchanges of each connection.
func readRecord(t *testing.T, path string) (conns [][]exchange) {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range bytes.Lines(b) {
		var x exchange
		require.NoError(t, json.Unmarshal(line, &x))
		if x.Endpoint == "" {
			continue // an event
		}
		for len(conns) < x.Conn {
			conns = append(conns, nil)
		}
		if x.Endpoint != "proto-ver" {
			conns[x.Conn-1] = append(conns[x.Conn-1], x)
		}
	}
	return conns
}

// Every recorded run of esp_prov with security 0, with this client in its
// place: the same bodies in the same order, and the same outcome.
func TestRecordings(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(spectest.Path(t, "records"), "*", "sec0-*.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		name := filepath.Base(filepath.Dir(path)) + "/" + strings.TrimSuffix(filepath.Base(path), ".jsonl")
		t.Run(name, func(t *testing.T) {
			var meta struct{ Clients [][]string }
			b, err := os.ReadFile(strings.TrimSuffix(path, ".jsonl") + ".meta.json")
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(b, &meta))
			conns := readRecord(t, path)
			require.Len(t, conns, len(meta.Clients))
			for i, args := range meta.Clients {
				synctest.Test(t, func(t *testing.T) {
					r := &record{exchanges: conns[i]}
					err := runLike(t, r, args)
					require.Empty(t, r.mismatch)
					require.Empty(t, r.exchanges, "not everything that was recorded was asked for")
					checkOutcome(t, name, i, err)
				})
			}
		})
	}
}

// runLike does what esp_prov does with these options.
func runLike(t *testing.T, r *record, args []string) error {
	option := func(name string) string {
		if i := slices.Index(args, name); i >= 0 {
			return args[i+1]
		}
		return ""
	}
	ble := slices.Contains(args, "scan:ble")
	var tr Transport = r
	if ble {
		tr = bleRecord{r}
	}
	require.Equal(t, "0", option("--sec_ver"))
	c := newClient(t, tr, Config{Security: Security0, FailurePolls: 3})
	defer c.Close()
	ctx := t.Context()
	if err := c.Connect(ctx); err != nil {
		return err
	}
	switch {
	case slices.Contains(args, "--reset"):
		return c.Reset(ctx)
	case ble:
		_, err := c.Scan(ctx, ScanOptions{})
		return err
	case slices.Contains(args, "scan:softap"):
		_, err := c.Scan(ctx, ScanOptions{GroupChannels: 5})
		return err
	}
	if data := option("--custom_data"); data != "" {
		if _, err := c.Custom(ctx, "custom-data", latin1(data)); err != nil {
			return err
		}
	}
	_, err := c.Provision(ctx, Credentials{SSID: hal.SSID(latin1(option("--ssid"))), Passphrase: hal.Secret(latin1(option("--passphrase")))})
	return err
}

func checkOutcome(t *testing.T, name string, client int, err error) {
	switch {
	case strings.Contains(name, "wrong-passphrase"):
		require.ErrorIs(t, err, ErrAuth)
	case strings.Contains(name, "ap-not-found"):
		require.ErrorIs(t, err, ErrNetworkNotFound)
	case strings.Contains(name, "two-clients") && client == 1:
		var status *StatusError
		require.ErrorAs(t, err, &status)
		require.Equal(t, StatusInternalError, status.Code)
	default:
		require.NoError(t, err)
	}
}

// latin1 is how esp_prov turns text into bytes.
func latin1(s string) (b []byte) {
	for _, r := range s {
		b = append(b, byte(r))
	}
	return b
}

// The recorded requests have the headers that HTTP sends, in their order.
func TestRecordedHeaders(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(spectest.Path(t, "records"), "np*", "sec0-ok.jsonl"))
	require.NoError(t, err)
	require.Len(t, paths, 1)
	var cookie string
	conns := readRecord(t, paths[0])
	for _, x := range conns[0] {
		h, err := NewHTTP(HTTPConfig{Address: x.Request.Headers[0][1]})
		require.NoError(t, err)
		h.cookie = cookie
		want := fmt.Sprintf("POST /%s HTTP/1.1\r\n", x.Endpoint)
		for _, f := range x.Request.Headers {
			want += f[0] + ": " + f[1] + "\r\n"
			if f[0] == "Cookie" {
				h.cookie = f[1]
			}
		}
		body := unhex(x.Request.Body)
		require.Equal(t, want+"\r\n"+string(body), string(h.request(x.Endpoint, body)))
		require.NoError(t, h.Close())
	}
}

// The worked examples of security 1 from the client's side: with the same
// private key every request is the same, and every answer is understood.
func TestSecurity1Vectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, PoP string
			Private   string `json:"client_private"`
			Wire      struct{ Command0, Response0, Command1, Response1 string }
			Messages  []struct {
				Endpoint string
				Request  string `json:"request_wire"`
				Response string `json:"response_wire"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(specFile(t, "vectors/sec1.json"), &file))
	require.NotEmpty(t, file.Cases)
	for _, tc := range file.Cases {
		t.Run(tc.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &record{}
				add := func(endpoint, request, response string) {
					var x exchange
					b, err := json.Marshal(map[string]any{"endpoint": endpoint,
						"request": map[string]any{"body_hex": request}, "response": map[string]any{"body_hex": response}})
					require.NoError(t, err)
					require.NoError(t, json.Unmarshal(b, &x))
					r.exchanges = append(r.exchanges, x)
				}
				add("prov-session", tc.Wire.Command0, tc.Wire.Response0)
				add("prov-session", tc.Wire.Command1, tc.Wire.Response1)
				for _, m := range tc.Messages {
					add(m.Endpoint, m.Request, m.Response)
				}
				c := newClient(t, r, Config{Security: Security1, PoP: hal.Secret(tc.PoP), Rand: bytes.NewReader(unhex(tc.Private))})
				defer c.Close()
				require.NoError(t, c.Connect(t.Context()))
				list, err := c.Scan(t.Context(), ScanOptions{GroupChannels: 5})
				require.NoError(t, err)
				require.Len(t, list, 2)
				require.Equal(t, "MyNetwork (a0:b1:c2:d3:e4:f5, channel 6, -47 dBm, WPA2)", list[0].String())
				conn, err := c.Provision(t.Context(), Credentials{SSID: "MyNetwork", Passphrase: "correct horse battery"})
				require.NoError(t, err)
				require.Equal(t, "192.168.1.23", conn.IP.String())
				require.Empty(t, r.mismatch)
				require.Empty(t, r.exchanges)
			})
		})
	}
}

// The answers of the worked endpoint messages.
func TestEndpointVectors(t *testing.T) {
	var file struct {
		WiFi []struct {
			Name, Endpoint, Request, Response string
			OK                                bool `json:"handler_ok"`
		}
	}
	require.NoError(t, json.Unmarshal(specFile(t, "vectors/endpoints.json"), &file))
	seen := 0
	for _, tc := range file.WiFi {
		d := sec0Device()
		d.hook = func(endpoint string, plain []byte) ([]byte, error) {
			switch {
			case endpoint != tc.Endpoint:
				return nil, errPass
			case !tc.OK:
				return nil, errHangUp
			}
			return unhex(tc.Response), nil
		}
		c := dialWire(t, d, Config{})
		var err error
		name := tc.Name
		switch {
		case strings.HasPrefix(name, "GetStatus"):
			var s Status
			s, err = c.Status(t.Context())
			name += " → " + s.String()
		case strings.HasPrefix(name, "SetConfig"):
			err = c.Configure(t.Context(), Credentials{SSID: "x"})
		case strings.HasPrefix(name, "ApplyConfig"):
			err = c.Apply(t.Context())
		case strings.HasPrefix(name, "CtrlReset"):
			err = c.Reset(t.Context())
		case name == "CtrlReprov":
			err = c.Reprovision(t.Context())
		default:
			continue
		}
		seen++
		var status *StatusError
		switch {
		case !tc.OK:
			require.ErrorIs(t, err, ErrRefused, name)
		case strings.Contains(name, "33-byte"), strings.Contains(name, "64-byte"), strings.Contains(name, "4-byte"):
			require.ErrorAs(t, err, &status, name)
			require.Equal(t, StatusInvalidArgument, status.Code)
		case strings.Contains(name, "onfig failure"), strings.Contains(name, "handler failure"), name == "CtrlReset failure":
			require.ErrorAs(t, err, &status, name)
			require.Equal(t, StatusInternalError, status.Code)
		default:
			require.NoError(t, err, name)
		}
	}
	require.GreaterOrEqual(t, seen, 20)
}

// net/http's own test server, as a last check that nothing here relies on the
// pipes of the other tests.
func TestProvisionOverTCP(t *testing.T) {
	d := sec1Device(t, "abcd1234")
	s := httptest.NewServer(http.HandlerFunc(d.ServeHTTP))
	defer s.Close()
	h, err := NewHTTP(HTTPConfig{Address: s.URL})
	require.NoError(t, err)
	c := newClient(t, h, Config{PoP: "abcd1234", PollTimeout: 1})
	defer c.Close()
	_, err = c.Provision(t.Context(), Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
	require.True(t, errors.Is(err, ErrTimeout), "%v", err)
	require.Equal(t, "HomeNet", string(d.config.SSID))
}
