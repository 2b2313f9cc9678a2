// SPDX-License-Identifier: Apache-2.0

package transcriptcmd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
)

// What a command says to a device is in its file.
func TestRecord(t *testing.T) {
	cfg := lamp(protect(1, simdevice.DefaultPoP), "1.0")
	cfg.Listen = simnet.Loopback
	device, err := simdevice.Start(cfg)
	require.NoError(t, err)
	defer device.Close()
	_, err = device.Await(t.Context(), simdevice.Named("PROV_START"))
	require.NoError(t, err)
	for _, secrets := range []bool{false, true} {
		d := &target.Device{Transport: target.SoftAP, Name: device.Addr().String(), Client: client.Config{Security: client.Security1, PoP: simdevice.DefaultPoP}}
		f := &RecordFlags{Record: filepath.Join(t.TempDir(), "file"), RecordSecrets: secrets}
		end, err := f.Start(d)
		require.NoError(t, err)
		c, err := d.Open(cli.Streams{})
		require.NoError(t, err)
		_, err = c.Status(t.Context())
		require.ErrorIs(t, err, client.ErrNotConnected)
		require.NoError(t, c.Connect(t.Context()))
		require.NoError(t, c.Close())
		require.NoError(t, end())
		text, err := os.ReadFile(f.Record)
		require.NoError(t, err)
		require.Regexp(t, `^\{"transcript":1,"time":"[0-9TZ:.-]+","tool":"espprov[^"]*","transport":"softap","device":"127.0.0.1:\d+","security":1,"secrets":`, string(text))
		require.Regexp(t, `(?m)^\{"t":[0-9.]+,"ms":[0-9.]+,"endpoint":"prov-session","request":"10015a25[0-9a-f]*","answer":"10015a39`, string(text))
		pop := `"pop":"6162636431323334"`
		if secrets {
			require.Contains(t, string(text), pop)
		} else {
			require.NotContains(t, string(text), pop)
		}
	}
}

func TestRecordFails(t *testing.T) {
	d := &target.Device{}
	end, err := (&RecordFlags{}).Start(d)
	require.NoError(t, err)
	require.Nil(t, d.Wrap)
	require.NoError(t, end())
	_, err = (&RecordFlags{RecordSecrets: true}).Start(d)
	require.EqualError(t, err, "--record-secrets needs --record with the name of a file")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = (&RecordFlags{Record: file}).Start(d)
	require.EqualError(t, err, "--record: "+file+": file already exists: give another name, or remove it first")
	_, err = (&RecordFlags{Record: filepath.Join(file, "x")}).Start(d)
	require.ErrorContains(t, err, "--record: "+file)
	require.Nil(t, d.Wrap)
}
