// SPDX-License-Identifier: Apache-2.0

package qrcmd_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/credcmd"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/qrcmd"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/test/scripts"
)

// commands are those of the scripts.
type commands struct {
	QR          qrcmd.Command   `cmd:""`
	Credentials credcmd.Command `cmd:""` // for docs/qr.md
}

func TestMain(m *testing.M) {
	scripts.Main(m, map[string]func(){"espprov": func() {
		os.Exit(cli.Run(context.Background(), "espprov", "", new(commands), os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}})
}

func TestScripts(t *testing.T) {
	scripts.Run(t, nil, nil)
}

func TestLoad(t *testing.T) {
	const text = "NP:PROV_1|abcd1234|b"
	for _, code := range []string{text, " " + text, "-"} {
		l, got, err := target.LoadLabel(code, strings.NewReader(text+"\n"))
		require.NoError(t, err)
		require.Equal(t, text, got)
		require.Equal(t, label.Label{Name: "PROV_1", Username: "wifiprov", PoP: "abcd1234", Transport: label.BLE}, l)
	}
}
