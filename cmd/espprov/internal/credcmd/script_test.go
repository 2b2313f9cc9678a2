// SPDX-License-Identifier: Apache-2.0

package credcmd_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"go/format"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/espprov/internal/credcmd"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/nvscmd"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/scripts"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// commands are those of the scripts.
type commands struct {
	Credentials credcmd.Command `cmd:""`
	NVS         nvscmd.Command  `cmd:""`
}

func TestMain(m *testing.M) {
	scripts.Main(m, map[string]func(){"espprov": func() {
		os.Exit(cli.Run(context.Background(), "espprov", "", new(commands), os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}})
}

func TestScripts(t *testing.T) {
	scripts.Run(t, nil, nil)
}

func run(t *testing.T, args ...string) (out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status := cli.Run(t.Context(), "espprov", "", new(commands), append([]string{"credentials"}, args...), cli.Streams{In: strings.NewReader(""), Out: &o, Err: &e})
	require.Zero(t, status, e.String())
	return o.String(), e.String()
}

var password = regexp.MustCompile(`^[a-km-np-z2-9]{16}$`)

// A random password and a random salt give the verifier that is printed with them, and are
// others the next time.
func TestRandom(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		out, errs := run(t, "--json", "--random", "--username", "me")
		require.Empty(t, errs)
		var made struct{ Username, Password, Salt, Verifier string }
		require.NoError(t, json.Unmarshal([]byte(out), &made))
		require.Equal(t, "me", made.Username)
		require.Regexp(t, password, made.Password)
		salt, err := hex.DecodeString(made.Salt)
		require.NoError(t, err)
		require.Len(t, salt, 16)
		verifier, err := sec2.Verifier("me", hal.Secret(made.Password), salt)
		require.NoError(t, err)
		require.Equal(t, made.Verifier, hex.EncodeToString(verifier))
		require.False(t, seen[made.Password] || seen[made.Salt])
		seen[made.Password], seen[made.Salt] = true, true
	}
	out, errs := run(t, "--random", "--format", "hex")
	shown, ok := strings.CutPrefix(strings.TrimSpace(errs), "password: ")
	require.True(t, ok)
	require.Regexp(t, password, shown)
	require.NotContains(t, out, shown)
}

// The arrays in Go are as gofmt writes them.
func TestGoIsFormatted(t *testing.T) {
	out, _ := run(t, "--password", "abcd1234", "--format", "go")
	source, err := format.Source([]byte("package p\n\n" + out))
	require.NoError(t, err)
	require.Equal(t, "package p\n\n"+out, string(source))
}
