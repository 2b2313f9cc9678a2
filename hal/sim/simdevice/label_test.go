// SPDX-License-Identifier: Apache-2.0

package simdevice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

func TestLabel(t *testing.T) {
	for want, cfg := range map[string]simdevice.Config{
		`{"ver":"v1","name":"PROV_1","pop":"abcd1234","transport":"softap","security":1,"network":"wifi"}`: {Name: "PROV_1"},
		`{"ver":"v1","name":"a\"<b>","pop":"é","transport":"softap","security":1,"password":"key45678","network":"wifi"}`: {
			Name: `a"<b>`, Security: simdevice.Security1("é"), Key: "key45678",
		},
		`{"ver":"v1","name":"PROV_2","username":"wifiprov","pop":"abcd1234","transport":"ble","security":2,"network":"wifi"}`: {
			Name: "PROV_2", Transport: simdevice.BLE, Security: simdevice.Security2(simdevice.DefaultUsername, simdevice.DefaultPoP), Key: "no",
		},
		`{"ver":"v1","name":"PROV_3","transport":"ble","security":0,"network":"wifi"}`: {
			Name: "PROV_3", Transport: simdevice.BLE, Security: simdevice.Security0(),
		},
	} {
		requireLabel(t, want, cfg)
	}
	requireLabel(t, "", simdevice.Config{Transport: simdevice.Console})
	requireLabel(t, "", simdevice.Config{Security: simdevice.Security1("\xff")}) // not UTF-8
}

func requireLabel(t *testing.T, want string, cfg simdevice.Config) {
	t.Helper()
	d, err := simdevice.New(cfg)
	require.NoError(t, err)
	defer d.Close()
	require.Equal(t, want, d.Label())
}
