// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wifiprov/wifiprov/internal/test/scripts"
)

func TestMain(m *testing.M) {
	scripts.Main(m, map[string]func(){
		"espprov": func() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestTestscripts runs testdata/script/*.txtar. -rewrite writes the outputs anew.
func TestTestscripts(t *testing.T) {
	scripts.Run(t, scripts.Commands{
		// mode MODE FILE… checks permissions.
		"mode": func(ts *testscript.TestScript, neg bool, args []string) {
			for _, file := range args[1:] {
				info, err := os.Stat(ts.MkAbs(file))
				ts.Check(err)
				if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
					ts.Fatalf("%s has mode %s", file, got)
				}
			}
		},
		// flip FILE changes the byte in the middle of a file.
		"flip": func(ts *testscript.TestScript, neg bool, args []string) {
			b := []byte(ts.ReadFile(args[0]))
			b[len(b)/2] ^= 1
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
		},
		// shorten FILE removes the last ten bytes of a file.
		"shorten": func(ts *testscript.TestScript, neg bool, args []string) {
			b := ts.ReadFile(args[0])
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b[:len(b)-10]), 0o600))
		},
	}, nil)
}
