// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The control interface knows the devices, and where they are.
func TestControl(t *testing.T) {
	r := start(t, "--json", "--port", "0", "--one-port", "--control", "127.0.0.1:0")
	address := r.address("PROV_1")
	var l line
	require.NoError(t, json.Unmarshal([]byte(r.line(`"CONTROL"`)), &l))
	resp, err := http.Get(l.Detail + "v1/devices/PROV_1")
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, string(text))
	require.Contains(t, string(text), address)
	http.DefaultClient.CloseIdleConnections()
	require.Zero(t, r.stop())
}

func TestWrongControls(t *testing.T) {
	for _, addr := range []string{"8081", "1.2.3.4:1"} {
		r := start(t, "--port", "0", "--control", addr)
		require.Equal(t, 2, r.wait())
		require.Contains(t, r.errs.String(), "espprov: --control "+addr+": ")
	}
}
