// SPDX-License-Identifier: Apache-2.0

//go:build unix

package batchcmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/batch"
	"github.com/wifiprov/wifiprov/internal/test/long"
)

// rig is a program, simulated devices and a table of them.
type rig struct {
	t       *testing.T
	program string
	args    []string
	report  string
}

func newRig(t *testing.T, devices int, args ...string) *rig {
	t.Helper()
	address, stop, err := startSim([]string{"--count", fmt.Sprint(devices), "--time-scale", "20", "--app", "serve-again: true"})
	require.NoError(t, err)
	t.Cleanup(stop)
	dir := t.TempDir()
	r := &rig{t: t, program: filepath.Join(dir, "espprov"), report: filepath.Join(dir, "r.jsonl")}
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, r.program))
	var table strings.Builder
	table.WriteString("name,pop\n")
	for i := range devices {
		fmt.Fprintf(&table, "PROV_%06d,abcd1234\n", i+1)
	}
	path := filepath.Join(dir, "devices.csv")
	require.NoError(t, os.WriteFile(path, []byte(table.String()), 0o600))
	r.args = append([]string{"batch", "--poll", "30ms", "--backoff", "50ms", "--retries", "6", "--report", r.report,
		"--ssid", "HomeNet", "--passphrase", "correct horse", "--address", address + "/{name}"}, args...)
	r.args = append(r.args, path)
	return r
}

// start starts the batch, and returns its outputs, both together.
func (r *rig) start() (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(r.t.Context(), r.program, r.args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(r.t, cmd.Start())
	return cmd, &out
}

// lines are the records of the report, by device and status.
func (r *rig) lines() (count map[string]map[batch.Status]int) {
	r.t.Helper()
	text, err := os.ReadFile(r.report)
	require.NoError(r.t, err)
	require.NotContains(r.t, string(text), "abcd1234")
	require.NotContains(r.t, string(text), "horse")
	count = map[string]map[batch.Status]int{}
	for line := range strings.Lines(string(text)) {
		var rec batch.Record
		require.NoError(r.t, json.Unmarshal([]byte(line), &rec), line)
		if count[rec.Device] == nil {
			count[rec.Device] = map[batch.Status]int{}
		}
		count[rec.Device][rec.Status]++
	}
	return count
}

// A batch is killed at random moments and started again. In the end every device is done,
// and none is in the report twice.
func TestKilled(t *testing.T) {
	kills, devices := long.Count(t, 4, 20), long.Count(t, 60, 300)
	r := newRig(t, devices, "--jobs", "8")
	done, killed, torn := 0, 0, 0
	for ; killed < kills; killed++ {
		cmd, out := r.start()
		time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		if cmd.Wait() == nil {
			break
		}
		require.True(t, cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled(), out.String())
		require.NotContains(t, out.String(), "horse")
		require.NotContains(t, out.String(), "abcd1234")
		text, err := os.ReadFile(r.report)
		if err != nil {
			continue // it was killed before it had a report
		}
		require.GreaterOrEqual(t, bytes.Count(text, []byte("\n")), done, "a result is lost")
		done = bytes.Count(text, []byte("\n"))
		if len(text) > 0 && text[len(text)-1] != '\n' {
			torn++
		}
	}
	cmd, out := r.start()
	require.NoError(t, cmd.Wait(), out.String())
	all := r.lines()
	require.Len(t, all, devices)
	for name, records := range all {
		require.Equal(t, map[batch.Status]int{batch.StatusDone: 1}, records, name)
	}
	t.Logf("killed %d times, with %d of %d devices done; %d lines torn", killed, done, devices, torn)
}

// A signal ends the devices at work, which are in the report as interrupted, and the next
// run does them.
func TestInterrupt(t *testing.T) {
	r := newRig(t, 40, "--jobs", "8", "--json")
	cmd, out := r.start()
	require.Eventually(t, func() bool {
		text, _ := os.ReadFile(r.report)
		return bytes.Count(text, []byte("\n")) > 0
	}, 20*time.Second, time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	_ = cmd.Wait()
	require.Equal(t, 4, cmd.ProcessState.ExitCode(), out.String())
	require.Regexp(t, `espprov: interrupted: \d+ devices? (is|are) done; the same command line goes on with the others\n$`, out.String())
	interrupted := 0
	for _, records := range r.lines() {
		interrupted += records[batch.StatusInterrupted]
	}
	require.LessOrEqual(t, interrupted, 8)
	require.Positive(t, interrupted)
	cmd, out = r.start()
	require.NoError(t, cmd.Wait(), out.String())
	all := r.lines()
	require.Len(t, all, 40)
	for name, records := range all {
		require.Equal(t, 1, records[batch.StatusDone], name)
	}
}

// Two batches at a time do not share a report.
func TestTwoBatches(t *testing.T) {
	r := newRig(t, 3)
	held, err := batch.OpenReport(r.report)
	require.NoError(t, err)
	defer held.Close()
	cmd, out := r.start()
	_ = cmd.Wait()
	require.Equal(t, 4, cmd.ProcessState.ExitCode())
	require.Equal(t, "espprov: "+r.report+": another batch is at work on this report: wait for its end, or give another --report\n", out.String())
}
