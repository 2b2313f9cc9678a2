// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
)

// rig is a fleet under test with its API.
type rig struct {
	*testing.T
	fleet *fleet.Fleet
	api   *API
}

// three is a fleet of one device of each transport.
var three = []simdevice.Config{
	{Name: "PROV_1", KeepExchanges: 32},
	{Name: "PROV_2", Transport: simdevice.BLE, Security: simdevice.Security2("user", "password1"), KeepExchanges: 32},
	{Name: "OTHER_3", Transport: simdevice.Console, Security: simdevice.Security0()},
}

// bubble runs a test with a fleet that has been started, in a bubble.
func bubble(t *testing.T, devices []simdevice.Config, cfg Config, test func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		f, err := fleet.New(fleet.Config{Networks: []sim.APConfig{simdevice.Home}, Devices: devices})
		require.NoError(t, err)
		t.Cleanup(f.Close)
		api := New(f, cfg)
		t.Cleanup(api.Close)
		require.NoError(t, f.Start())
		synctest.Wait()
		test(t, &rig{t, f, api})
	})
}

// ask sends a request, with JSON if body is not empty, and returns the answer, which
// has to be as OpenAPI says.
func (r *rig) ask(method, target, body string) *httptest.ResponseRecorder {
	r.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Host = "127.0.0.1:8080"
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	r.api.ServeHTTP(rec, req)
	if method != http.MethodHead {
		checkAnswer(r.T, req, rec)
	}
	return rec
}

// must sends a request that has to succeed, and decodes the answer.
func must[T any](r *rig, method, target, body string) (v T) {
	r.Helper()
	rec := r.ask(method, target, body)
	require.Less(r, rec.Code, 300, rec.Body)
	require.NoError(r, json.Unmarshal(rec.Body.Bytes(), &v))
	return v
}

// refused sends a request that has to fail, and returns the error.
func (r *rig) refused(status int, method, target, body string) string {
	r.Helper()
	rec := r.ask(method, target, body)
	require.Equal(r, status, rec.Code, rec.Body)
	var f failure
	require.NoError(r, json.Unmarshal(rec.Body.Bytes(), &f))
	return f.Error
}

// provision provisions a device as a phone does.
func (r *rig) provision(name string, credentials client.Credentials) error {
	r.Helper()
	c, err := r.fleet.Device(name).Client(client.Config{PollInterval: time.Second})
	require.NoError(r, err)
	defer c.Close()
	_, err = c.Provision(r.Context(), credentials)
	return err
}
