// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/scripts"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// TestScripts runs the commands of testdata/*.txt and compares what they print,
// both outputs together. A script has files, from "-- NAME --" to "--", and
// commands, each followed by its input ("< text"), its output and its exit
// status ("[1]") unless that is 0. Anything before the first of them is a
// comment. go test ./cmd/espprov/internal/nvscmd -rewrite writes the outputs anew.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { runScript(t, file, false) })
	}
}

// TestDocs does the same with the console blocks of docs/nvs.md and docs/factory.md, and
// checks that they show all commands. Other programs' commands are not run; what they
// would bring from a device is made here.
func TestDocs(t *testing.T) {
	text := ""
	for _, page := range []string{"nvs.md", "factory.md"} {
		t.Run(page, func(t *testing.T) { text += runScript(t, "../../../../docs/"+page, true) })
	}
	for _, c := range kong.Must(new(Command)).Model.Children {
		require.Contains(t, text, "\n$ espprov nvs "+c.Name, "the page does not show the command")
	}
}

func runScript(t *testing.T, path string, markdown bool) string {
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	script, err := os.ReadFile(path)
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	interrupted(t, "interrupted.bin")
	lines := strings.SplitAfter(string(script), "\n")
	var out strings.Builder
	console := !markdown
	for i := 0; i < len(lines); {
		line := lines[i]
		out.WriteString(line)
		i++
		name, isFile := fileName(line, markdown)
		switch {
		case isFile:
			var body strings.Builder
			for ; lines[i] != "--\n" && lines[i] != "```\n"; i++ {
				body.WriteString(lines[i])
				out.WriteString(lines[i])
			}
			out.WriteString(lines[i])
			i++
			require.NoError(t, os.WriteFile(name, []byte(body.String()), 0o600))
		case markdown && strings.HasPrefix(line, "```"):
			console = line == "```console\n"
		case console && strings.HasPrefix(line, "$ espprov "):
			input := ""
			for ; strings.HasPrefix(lines[i], "< "); i++ {
				input += lines[i][2:]
				out.WriteString(lines[i])
			}
			out.WriteString(execute(t, strings.TrimSpace(line[len("$ espprov "):]), input))
			for i < len(lines) && lines[i] != "```\n" && !strings.HasPrefix(lines[i], "$ ") && !strings.HasPrefix(lines[i], "-- ") && !strings.HasPrefix(lines[i], "# ") {
				i++ // the old output
			}
			if i < len(lines) && !markdown {
				out.WriteString("\n")
			}
		case console && !markdown && strings.HasPrefix(line, "$ chmod "):
			name := strings.Fields(line)[3]
			require.NoError(t, os.Chmod(name, 0o640))
		}
	}
	if *scripts.Rewrite {
		require.NoError(t, os.WriteFile(path, []byte(out.String()), 0o644))
	}
	require.Equal(t, string(script), out.String(), "go test ./cmd/espprov/internal/nvscmd -rewrite writes the outputs anew")
	return out.String()
}

// fileName returns the name of a file that begins with a line.
func fileName(line string, markdown bool) (string, bool) {
	line = strings.TrimSuffix(line, "\n")
	if markdown {
		name, ok := strings.CutPrefix(line, "```csv ")
		return name, ok
	}
	name, ok := strings.CutPrefix(line, "-- ")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, " --")
}

// execute runs a command line, in which '…' may quote an argument and
// ">file" takes the output.
func execute(t *testing.T, line, input string) string {
	args, target := split(line)
	var out bytes.Buffer
	var stdout bytes.Buffer
	status := 0
	if target != "" {
		status = run(args, strings.NewReader(input), &stdout, &out)
		require.NoError(t, os.WriteFile(target, stdout.Bytes(), 0o600))
	} else {
		status = run(args, strings.NewReader(input), &out, &out)
	}
	if status != 0 {
		fmt.Fprintf(&out, "[%d]\n", status)
	}
	return out.String()
}

// interrupted writes the image of a device whose power was cut while it updated
// a blob.
func interrupted(t *testing.T, path string) {
	f := &cutFlash{memory: memory{bytes.Repeat([]byte{0xff}, 4*nvs.SectorSize)}, left: 1 << 20}
	p, err := nvs.Open(f, nvs.Options{})
	require.NoError(t, err)
	require.NoError(t, store.SetInt(p, "app", "limit", int32(-40)))
	require.NoError(t, store.SetBlob(p, "app", "calibration", bytes.Repeat([]byte{1}, 100)))
	require.NoError(t, p.Commit())
	f.left = 2 // the blob's first entry and its mark
	require.ErrorIs(t, store.SetBlob(p, "app", "calibration", bytes.Repeat([]byte{2}, 100)), errCut)
	require.NoError(t, os.WriteFile(path, f.b, 0o600))
}

var errCut = errors.New("power was cut")

// cutFlash fails after some writes.
type cutFlash struct {
	memory
	left int
}

func (f *cutFlash) WriteAt(p []byte, off int64) (int, error) {
	if f.left == 0 {
		return 0, errCut
	}
	f.left--
	return f.memory.WriteAt(p, off)
}

func split(line string) (args []string, target string) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		var arg string
		if line[0] == '\'' {
			arg, line, _ = strings.Cut(line[1:], "'")
		} else {
			arg, line, _ = strings.Cut(line, " ")
			if rest, ok := strings.CutPrefix(arg, ">"); ok {
				target = rest
				continue
			}
		}
		args = append(args, arg)
	}
	return args, target
}
