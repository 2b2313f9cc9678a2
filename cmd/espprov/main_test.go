// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

func do(line string) (out, errs string, status int) {
	var o, e bytes.Buffer
	status = run(strings.Fields(line), cli.Streams{In: strings.NewReader(""), Out: &o, Err: &e})
	return o.String(), e.String(), status
}

// Help lists every command, and every command and flag explains itself.
func TestHelpListsEveryCommand(t *testing.T) {
	found := 0
	var explain func(line string, node *kong.Node)
	explain = func(line string, node *kong.Node) {
		found++
		out, errs, status := do(line + " --help")
		require.Zero(t, status, errs)
		for _, c := range node.Children {
			require.NotEmpty(t, c.Help, c.Name)
			require.Regexp(t, "(?m)^  "+c.Name+" +"+c.Help+"$", out)
			explain(line+" "+c.Name, c)
		}
		if line != "" && node.Leaf() {
			require.NotEmpty(t, node.Detail, "%s has no method Help", line)
		}
		for _, f := range node.Flags {
			require.NotEmpty(t, f.Help, f.Name)
			require.Contains(t, out, "  --"+f.Name+" ")
		}
	}
	explain("", kong.Must(new(commands), kong.NoDefaultHelp()).Model.Node)
	require.Greater(t, found, 10)
}

// A wrong command line is answered with one line.
func TestWrongLines(t *testing.T) {
	for line, want := range map[string]string{
		"provison":                `espprov: there is no command "provison": see espprov -h`,
		"nvs list":                `espprov nvs: there is no command "list": see espprov nvs -h`,
		"--verbose":               `espprov: there is no command "--verbose": see espprov -h`,
		"nvs dump --xml nvs.bin":  `espprov nvs dump: flag provided but not defined: -xml: see espprov nvs dump -h`,
		"nvs get nvs.bin app":     `espprov nvs get: 2 arguments instead of FILE NAMESPACE KEY: see espprov nvs get -h`,
		"nvs keys generate":       `espprov nvs keys generate: 0 arguments instead of FILE: see espprov nvs keys generate -h`,
		"nvs dump --size 5 a.bin": `espprov nvs dump: invalid value "5" for flag -size: no size of a partition: give a multiple of 4096 as in the partition table, like 0x6000 or 24K: see espprov nvs dump -h`,
		"version please":          `espprov version: 1 arguments instead of none: see espprov version -h`,
	} {
		out, errs, status := do(line)
		require.Equal(t, 2, status)
		require.Empty(t, out)
		require.Equal(t, want+"\n", errs)
	}
}

func TestVersion(t *testing.T) {
	for _, arg := range []string{"--version", "-version"} {
		out, _, status := do(arg)
		require.Zero(t, status)
		require.True(t, strings.HasPrefix(out, "espprov "), out)
		require.Contains(t, out, runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH)
	}
}
