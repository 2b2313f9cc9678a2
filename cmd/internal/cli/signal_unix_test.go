// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

// TestMain is the program itself where a test starts this binary as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "signals" {
		os.Exit(cli.Run(context.Background(), "prog", "", new(signals), os.Args[2:], cli.Streams{Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// signals are commands that a signal ends, each in its own way.
type signals struct {
	Wait     waitCommand     `cmd:""`
	Stubborn stubbornCommand `cmd:""`
	Plain    plainCommand    `cmd:""`
}

type stubbornCommand struct{}

func (stubbornCommand) Run(ctx context.Context, s cli.Streams) error {
	fmt.Fprintln(s.Out, "waiting")
	<-ctx.Done()
	fmt.Fprintln(s.Out, "told")
	_, err := os.Stdin.Read(make([]byte, 1)) // of a pipe in which nothing comes
	return err
}

type plainCommand struct{}

func (plainCommand) Run(s cli.Streams) error {
	fmt.Fprintln(s.Out, "waiting")
	_, err := os.Stdin.Read(make([]byte, 1))
	return err
}

// start starts a command and returns once it waits.
func start(t *testing.T, command string) (cmd *exec.Cmd, out *bufio.Reader, errs *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel) // a command that no signal ends is killed
	cmd = exec.CommandContext(ctx, os.Args[0], "signals", command)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	t.Cleanup(func() { in.Close() })
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	errs = new(bytes.Buffer)
	cmd.Stderr = errs
	require.NoError(t, cmd.Start())
	out = bufio.NewReader(pipe)
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "waiting\n", line)
	return cmd, out, errs
}

// The signals end the context of a command that takes one.
func TestSignalEndsTheContext(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd, _, errs := start(t, "wait")
		require.NoError(t, cmd.Process.Signal(sig))
		_ = cmd.Wait()
		require.Equal(t, cli.NotDone, cmd.ProcessState.ExitCode())
		require.Equal(t, "prog: interrupted\n", errs.String())
	}
}

// A second signal ends a command that does not end by itself. A shell's job in the
// background inherits SIGINT ignored, so this test takes the other signal.
func TestSecondSignal(t *testing.T) {
	cmd, out, _ := start(t, "stubborn")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "told\n", line)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	_ = cmd.Wait()
	requireKilled(t, cmd, syscall.SIGTERM)
}

// A command that takes no context ends as if nobody listened for signals.
func TestSignalEndsTheProgram(t *testing.T) {
	cmd, _, errs := start(t, "plain")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	_ = cmd.Wait()
	requireKilled(t, cmd, syscall.SIGTERM)
	require.Empty(t, errs.String())
}

func requireKilled(t *testing.T, cmd *exec.Cmd, sig syscall.Signal) {
	t.Helper()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, status.Signaled(), cmd.ProcessState)
	require.Equal(t, sig, status.Signal())
}
