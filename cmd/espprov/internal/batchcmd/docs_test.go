// SPDX-License-Identifier: Apache-2.0

//go:build unix

package batchcmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/scripts"
)

// TestDocs runs the session of docs/batch.md: blocks with a name are files, and those with
// "console" are command lines with what they print. What no two runs have alike is not
// compared, and neither is the order of lines.
func TestDocs(t *testing.T) {
	const path = "../../../../docs/batch.md"
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	d := &session{t: t, dir: t.TempDir(), sim: "127.0.0.1:8080"}
	self, err := os.Executable()
	require.NoError(t, err)
	d.program = filepath.Join(d.dir, "espprov")
	require.NoError(t, os.Symlink(self, d.program))
	var out strings.Builder
	lines := strings.SplitAfter(string(page), "\n")
	for i := 0; i < len(lines); i++ {
		out.WriteString(lines[i])
		kind, name, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(lines[i], "```")), " ")
		if !strings.HasPrefix(lines[i], "```") || kind != "console" && name == "" {
			continue
		}
		end := i + 1 + slices.Index(lines[i+1:], "```\n")
		block := strings.Join(lines[i+1:end], "")
		if kind == "console" {
			block = d.run(block)
		} else {
			d.file(name, block)
		}
		out.WriteString(block + lines[end])
		i = end
	}
	if *scripts.Rewrite {
		require.NoError(t, os.WriteFile(path, []byte(out.String()), 0o644))
		return
	}
	require.Equal(t, plainText(string(page)), plainText(out.String()), "go test ./cmd/espprov/internal/batchcmd -rewrite writes the outputs anew")
}

// plainText is what two runs have alike of a text, with its lines in order.
func plainText(text string) string {
	lines := strings.Split(alike(text), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

type session struct {
	t                 *testing.T
	dir, program, sim string
}

// file writes a file of the page, in which the devices have their addresses.
func (d *session) file(name, text string) {
	text = strings.ReplaceAll(text, "127.0.0.1:8080", d.sim)
	require.NoError(d.t, os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600))
}

// run runs the command lines of a block, and returns it with what they print.
func (d *session) run(block string) string {
	var out strings.Builder
	for line := range strings.Lines(block) {
		command, ok := strings.CutPrefix(line, "$ espprov ")
		if !ok {
			continue // the old output
		}
		out.WriteString(line)
		if args, ok := strings.CutSuffix(command, " &\n"); ok {
			address, stop, err := startSim([]string{"--time-scale", "10", filepath.Join(d.dir, args[strings.LastIndex(args, " ")+1:])})
			require.NoError(d.t, err)
			d.t.Cleanup(stop)
			d.sim = strings.TrimPrefix(address, "http://")
			continue
		}
		shell := exec.CommandContext(d.t.Context(), "sh", "-c", d.program+" "+command)
		shell.Dir = d.dir
		printed, _ := shell.CombinedOutput()
		out.WriteString(strings.ReplaceAll(string(printed), d.sim, "127.0.0.1:8080"))
	}
	return out.String()
}
