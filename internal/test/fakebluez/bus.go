// SPDX-License-Identifier: Apache-2.0

package fakebluez

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
  %s
</busconfig>
`

// StartBus runs a message bus for the test and returns its address. more is
// added to its configuration, a policy for instance. The test is skipped where
// there is no dbus-daemon.
func StartBus(tb testing.TB, more ...string) string {
	tb.Helper()
	address, stop := StartBusToStop(tb, more...)
	tb.Cleanup(stop)
	return address
}

// StartBusToStop is StartBus for a test that stops the bus itself.
func StartBusToStop(tb testing.TB, more ...string) (address string, stop func()) {
	tb.Helper()
	program, err := exec.LookPath("dbus-daemon")
	if err != nil {
		tb.Skip("dbus-daemon is not installed (Debian package dbus-daemon); tests of BlueZ are skipped")
	}
	// The path of a socket must be short; tb.TempDir has the test's name in it.
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	socket, config := filepath.Join(dir, "bus"), filepath.Join(dir, "conf")
	text := fmt.Sprintf(busConfig, socket, strings.Join(more, "\n"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(program, "--config-file="+config, "--nofork", "--nopidfile", "--nosyslog", "--print-address=1")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	// It prints its address when it listens.
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		_ = cmd.Wait()
		tb.Fatalf("dbus-daemon did not start: %v\n%s", err, errs.String())
	}
	stopped := false
	return "unix:path=" + socket, func() {
		if !stopped {
			stopped = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
}

// NoGoroutines reports goroutines of D-Bus, or with the text of others in their
// stacks, that are left when the test and what it starts after this have ended.
func NoGoroutines(tb testing.TB, others string) {
	tb.Cleanup(func() {
		var left []string
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
			buf := make([]byte, 1<<20)
			left = left[:0]
			for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
				if (strings.Contains(g, "/godbus/") || strings.Contains(g, others)) && !strings.Contains(g, "runCleanup") {
					left = append(left, g)
				}
			}
			if len(left) == 0 {
				return
			}
		}
		tb.Errorf("goroutines are left:\n%s", strings.Join(left, "\n\n"))
	})
}
