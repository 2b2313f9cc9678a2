// SPDX-License-Identifier: Apache-2.0

package linuxvm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Folders.
const (
	Job  = "/job"      // shared with the machine's host
	Logs = "/run/logs" // of what runs here
)

// Run runs a command, and returns what it printed. The error has its last lines.
func Run(ctx context.Context, command ...string) (string, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var out, both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &teeBuffer{&out, &both}, &both
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(both.String())
		if i := len(text) - 2000; i > 0 {
			text = "…" + text[i:]
		}
		return out.String(), fmt.Errorf("%s: %w: %s", strings.Join(command, " "), errors.Join(err, context.Cause(ctx)), text)
	}
	return out.String(), nil
}

type teeBuffer struct{ a, b *bytes.Buffer }

func (t *teeBuffer) Write(p []byte) (int, error) {
	t.a.Write(p)
	return t.b.Write(p)
}

// Air returns a command that runs where the access points are.
func Air(command ...string) []string { return in("air", command) }

// Phone returns a command that runs on the phone's side.
func Phone(command ...string) []string { return in("phone", command) }

func in(namespace string, command []string) []string {
	return append([]string{"ip", "netns", "exec", namespace}, command...)
}

// Start starts a command that stays, until Kill or Stop, even if this process ends.
// What it prints is appended to the file of Logs that has its name.
func Start(name string, command ...string) (*exec.Cmd, error) {
	if err := os.MkdirAll(Logs, 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(Logs, name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	fmt.Fprintf(file, "== %s at %s s: %s\n", name, uptime(), strings.Join(command, " "))
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(pidFile(name), strconv.AppendInt(nil, int64(cmd.Process.Pid), 10), 0o644); err != nil {
		return nil, err
	}
	go func() { _ = cmd.Wait() }()
	return cmd, nil
}

func pidFile(name string) string { return "/run/lab-" + name + ".pid" }

// Stop ends what Start started, and waits until it has ended.
func Stop(ctx context.Context, name string) error { return end(ctx, name, syscall.SIGTERM) }

// Kill is Stop that does not let it clean up.
func Kill(ctx context.Context, name string) error { return end(ctx, name, syscall.SIGKILL) }

func end(ctx context.Context, name string, signal syscall.Signal) error {
	pid, err := Pid(name)
	if err != nil {
		return nil // nothing runs
	}
	if err := syscall.Kill(pid, signal); errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return Wait(ctx, name+" ends", func() bool { return gone(pid) })
}

// Pid is the process of what Start started.
func Pid(name string) (int, error) {
	text, err := os.ReadFile(pidFile(name))
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		return 0, err
	}
	if gone(pid) {
		return 0, fmt.Errorf("%s has ended", name)
	}
	return pid, nil
}

func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return len(rest) > 0 && rest[0] == 'Z'
}

// Wait polls until done, and fails when ctx ends.
func Wait(ctx context.Context, what string, done func() bool) error {
	for {
		if done() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %q: %w", what, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func uptime() string {
	text, _ := os.ReadFile("/proc/uptime")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
