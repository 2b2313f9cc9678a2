// SPDX-License-Identifier: Apache-2.0

//go:build linux

package hooks_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runtime"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/hooks"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/leak"
)

// folder is a folder of hooks.
type folder struct {
	t    *testing.T
	path string

	mu  sync.Mutex
	log []string
}

func newFolder(t *testing.T) *folder { return &folder{t: t, path: t.TempDir()} }

func (f *folder) add(name, script string, mode os.FileMode) {
	require.NoError(f.t, os.WriteFile(filepath.Join(f.path, name), []byte("#!/bin/sh\n"+script), mode))
}

func (f *folder) runner(timeout time.Duration) *hooks.Runner {
	return hooks.New(hooks.Config{Folder: f.path, Timeout: timeout, Logger: func(_ hal.Level, msg string, attrs ...hal.Attr) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, a := range attrs {
			msg += " " + a.Key + "=" + a.Value
		}
		f.log = append(f.log, msg)
	}})
}

func (f *folder) read(name string) string {
	text, err := os.ReadFile(filepath.Join(f.path, name))
	require.NoError(f.t, err)
	return strings.TrimSpace(string(text))
}

// Programs run in the order of their names, one after another, and get what they need and
// nothing else.
func TestRun(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Setenv("WIFIPROV_OF_THE_DAEMON", "secret")
	f := newFolder(t)
	f.add("20-b", `echo "b $1" >>`+f.path+"/out", 0o700)
	f.add("10-a", `echo "a $# $1 $WIFIPROV_EVENT $WIFIPROV_WHY" >>`+f.path+"/out; env >>"+f.path+"/env", 0o700)
	f.add("30-not-executable", "echo no >>"+f.path+"/out", 0o600)
	f.add(".hidden", "echo no >>"+f.path+"/out", 0o700)
	f.add("10-a~", "echo no >>"+f.path+"/out", 0o700)
	f.add("10-a.dpkg-old", "echo no >>"+f.path+"/out", 0o700)
	require.NoError(t, os.Mkdir(filepath.Join(f.path, "40-folder"), 0o700))
	r := f.runner(time.Minute)
	r.Run("open", "WIFIPROV_WHY=button")
	r.Run("closed")
	r.Wait()
	require.Equal(t, "a 1 open open button\nb open\na 1 closed closed \nb closed", f.read("out"))
	require.NotContains(t, f.read("env"), "OF_THE_DAEMON")
	require.Empty(t, f.log)
	leak.Goroutines(t, before)
}

// A program that takes too long is killed with its children, and so is what another one
// leaves behind. The others run all the same.
func TestKill(t *testing.T) {
	f := newFolder(t)
	f.add("1-hangs", "sleep 1000 & echo $! >"+f.path+"/child1; wait", 0o700)
	f.add("2-leaves", "sleep 1000 & echo $! >"+f.path+"/child2", 0o700)
	f.add("3-fails", "exit 3", 0o700)
	f.add("4-good", "echo good >"+f.path+"/out", 0o700)
	f.add("5-no-program", "", 0o700)
	require.NoError(t, os.WriteFile(filepath.Join(f.path, "5-no-program"), []byte("#!/nonexistent\n"), 0o700))
	r := f.runner(2 * time.Second)
	r.Run("open")
	r.Wait()
	require.Equal(t, "good", f.read("out"))
	for _, child := range []string{"child1", "child2"} {
		require.Eventually(t, func() bool { return !runs(f.read(child)) }, 10*time.Second, time.Millisecond, child)
	}
	require.Len(t, f.log, 3)
	require.Contains(t, f.log[0], "1-hangs event=open why=it was killed after 2s")
	require.Contains(t, f.log[1], "3-fails event=open why=exit status 3")
	require.Contains(t, f.log[2], "5-no-program event=open why=")
}

// runs reports whether a process runs; a dead one that nobody waits for does not.
func runs(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// Without a folder nothing happens, and what slow programs let pile up is bounded.
func TestBounds(t *testing.T) {
	r := hooks.New(hooks.Config{})
	r.Run("open")
	r.Wait()
	r = hooks.New(hooks.Config{Folder: "/nonexistent"})
	r.Run("open")
	r.Wait()

	f := newFolder(t)
	f.add("1", "echo $1 >>"+f.path+"/out; while ! [ -e "+f.path+"/go ]; do sleep 0.01; done", 0o700)
	r = f.runner(time.Minute)
	r.Run("first")
	require.Eventually(t, func() bool { _, err := os.Stat(f.path + "/out"); return err == nil }, 10*time.Second, time.Millisecond)
	for range 40 {
		r.Run("more")
	}
	require.NoError(t, os.WriteFile(f.path+"/go", nil, 0o600))
	r.Wait()
	require.Equal(t, 1+32, len(strings.Split(f.read("out"), "\n")))
	require.Len(t, f.log, 8)
}
