// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/factory"
)

// What another try may mend has a status of its own, and says how far the work came.
func TestManyStatus(t *testing.T) {
	c := &createCommand{File: "out", manyFlags: manyFlags{Devices: "devices.csv"}}
	sum := factory.Summary{Made: 2, Before: 1}
	for _, cause := range []error{context.Canceled, errors.New("no space left on device")} {
		err := c.failed(cli.Streams{}, sum, fmt.Errorf("%w: %w", factory.ErrNotFinished, cause))
		var f *cli.Failure
		require.ErrorAs(t, err, &f)
		require.Equal(t, cli.TryAgain, f.Status)
		require.ErrorContains(t, err, ". 3 images made so far; --resume goes on")
	}
}

// A run that is killed at any moment is resumed, and makes every image once.
func TestManyKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process is killed by a signal here")
	}
	t.Chdir(t.TempDir())
	const n = 40
	list := "serial\n"
	for i := range n {
		list += fmt.Sprintf("SN-%d\n", i)
	}
	require.NoError(t, os.WriteFile("devices.csv", []byte(list), 0o600))
	require.NoError(t, os.WriteFile("template.csv", []byte("key,type,encoding,value\napp,namespace,,\nserial,data,string,{serial}\n"+
		"pop,data,string,{random:pop}\nv,data,hex2bin,{sec2.verifier:pop}\n"), 0o600))
	args := []string{"nvs", "create", "--devices", "devices.csv", "--id", "serial", "--device-keys", "--resume", "--json", "template.csv", "out", "0x4000"}
	killed := 0
	for after := 1; ; after += 3 { // lines of the output until the kill
		cmd := exec.Command("espprov", args...)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines, b := 0, make([]byte, 1)
		for lines < after {
			if k, err := out.Read(b); err != nil {
				break
			} else if k == 1 && b[0] == '\n' {
				lines++
			}
		}
		if lines < after || after > n {
			require.NoError(t, cmd.Wait())
			break
		}
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		killed++
	}
	require.Greater(t, killed, 5)
	require.Contains(t, must(t, "nvs", "create", "--devices", "devices.csv", "--id", "serial", "--device-keys", "--resume", "template.csv", "out", "0x4000"), "out: 0 images of 16384 bytes made, 40 were made before")
	halves, err := filepath.Glob("out/*/.*")
	require.NoError(t, err)
	require.Empty(t, halves)
	report, err := os.ReadFile("out/report.csv")
	require.NoError(t, err)
	require.Equal(t, n+1, strings.Count(string(report), "\n"))
	for i := range n {
		name := fmt.Sprintf("SN-%d", i)
		require.Equal(t, name+"\n", must(t, "nvs", "get", "--keys", filepath.Join("out", "keys", "keys-"+name+".bin"), filepath.Join("out", "bin", name+".bin"), "app", "serial"))
	}
}
