// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// TestSetInAnotherGroupsFile: where the new file cannot have the old one's
// group, no group may read it.
func TestSetInAnotherGroupsFile(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make files of other groups")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "nvs.bin")
	createOver(t, path)
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends as somebody else's
		for d := dir; d != "/"; d = filepath.Dir(d) {
			if info, err := os.Stat(d); err == nil && info.Mode().Perm()&0o001 == 0 {
				_ = os.Chmod(d, info.Mode().Perm()|0o011)
			}
		}
		_ = os.Chmod(dir, 0o777)
		_ = os.Chown(path, 12345, 54321)
		_ = os.Chmod(path, 0o660)
		_, _ = syscall.Setfsgid(12345), syscall.Setfsuid(12345)
		_, errs, status := do(t, "", "nvs", "set", path, "app", "n", "u8", "1")
		if status != 0 {
			t.Error(errs)
		}
	}()
	<-done
	requireOwner(t, path, 12345, 12345)
	requireMode(t, path, 0o600)
}
