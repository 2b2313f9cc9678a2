// SPDX-License-Identifier: Apache-2.0

//go:build linux

package hooks

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal"
)

// maxPending bounds what slow programs let pile up.
const maxPending = 32

// Config is what a Runner needs.
type Config struct {
	// Folder with the programs; one that does not exist has none. "": no hooks.
	Folder string
	// Timeout is the time of one program.
	Timeout time.Duration
	// Output is where the programs write; nil: nowhere.
	Output *os.File
	Logger hal.Logger
}

// Runner runs programs. New makes it. It has no goroutine while no program runs.
type Runner struct {
	cfg Config

	mu      sync.Mutex
	pending []call
	idle    *sync.Cond
	running bool
}

// call is one event.
type call struct {
	event string
	env   []string
}

// New returns a runner.
func New(cfg Config) *Runner {
	r := &Runner{cfg: cfg}
	r.idle = sync.NewCond(&r.mu)
	return r
}

// Run has the programs told of an event, and returns at once. env are variables for
// them, NAME=value. If too many events wait, the oldest is dropped.
func (r *Runner) Run(event string, env ...string) {
	if r.cfg.Folder == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pending) == maxPending {
		r.cfg.Logger.Log(hal.LevelWarn, "the hooks are slow, and were not told of an event", hal.Attr{Key: "event", Value: r.pending[0].event})
		r.pending = r.pending[1:]
	}
	r.pending = append(r.pending, call{event, env})
	if !r.running {
		r.running = true
		go r.work()
	}
}

// Wait blocks until no program runs and no event waits.
func (r *Runner) Wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.running {
		r.idle.Wait()
	}
}

// work runs programs until no event waits.
func (r *Runner) work() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.pending) > 0 {
		next := r.pending[0]
		r.pending = r.pending[1:]
		r.mu.Unlock()
		r.tell(next)
		r.mu.Lock()
	}
	r.pending, r.running = nil, false
	r.idle.Broadcast()
}

// tell runs all programs for an event.
func (r *Runner) tell(c call) {
	entries, err := os.ReadDir(r.cfg.Folder) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.cfg.Logger.Log(hal.LevelWarn, "the folder of the hooks cannot be read", hal.Err(err))
	}
	for _, entry := range entries {
		path := filepath.Join(r.cfg.Folder, entry.Name())
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 || Ignored(entry.Name()) {
			continue
		}
		if why := r.run(path, c); why != "" {
			r.cfg.Logger.Log(hal.LevelWarn, "a hook failed", hal.Attr{Key: "hook", Value: path},
				hal.Attr{Key: "event", Value: c.event}, hal.Attr{Key: "why", Value: why})
		}
	}
}

// Ignored reports whether a file's name is that of a hidden file, or of one that an
// editor or dpkg left behind.
func Ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.Contains(name, ".dpkg-")
}

// run runs one program, and returns why it failed, or nothing.
func (r *Runner) run(path string, c call) string {
	cmd := exec.Command(path, c.event)
	cmd.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "WIFIPROV_EVENT=" + c.event}, c.env...)
	cmd.Dir = "/"
	if r.cfg.Output != nil { // a file, so that nobody waits for pipes
		cmd.Stdout, cmd.Stderr = r.cfg.Output, r.cfg.Output
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err.Error()
	}
	group := -cmd.Process.Pid
	ended := make(chan struct{})
	killed := make(chan bool, 1)
	go func() {
		late := time.NewTimer(r.cfg.Timeout)
		defer late.Stop()
		select {
		case <-ended:
			killed <- false
		case <-late.C:
			_ = unix.Kill(group, unix.SIGKILL) // it may have just ended
			killed <- true
		}
	}()
	awaitEnd(cmd.Process.Pid)
	// The process is not reaped yet, so the group's number is still its own.
	_ = unix.Kill(group, unix.SIGKILL)
	close(ended)
	late := <-killed
	err := cmd.Wait()
	switch {
	case late:
		return "it was killed after " + r.cfg.Timeout.String()
	case err != nil:
		return err.Error()
	}
	return ""
}

// awaitEnd blocks until a child has ended, and leaves it to be reaped.
func awaitEnd(pid int) {
	for {
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			return
		}
	}
}
