// SPDX-License-Identifier: Apache-2.0

// Package scripts runs a command's scripts, which say what it prints and how it ends.
package scripts

import (
	"errors"
	"flag"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Rewrite is the flag -rewrite: what the commands print is written into the scripts.
var Rewrite = flag.Bool("rewrite", false, "write what the commands print into the scripts")

// Commands are commands of scripts by their names. One gets the arguments behind its name,
// and whether "!" is before it.
type Commands = map[string]func(ts *testscript.TestScript, neg bool, args []string)

// Main is for the package's TestMain. commands are the programs that the scripts start. More
// scripts run at once than there are processors, since some wait.
func Main(m *testing.M, commands map[string]func()) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	testscript.Main(m, commands)
}

// Run runs the scripts of testdata/script, each as a subtest. They have what testscript
// offers, these commands, and one more:
//
//	ends N PROGRAM ARGS…  runs a program that has to end with status N
//
// setup is called before each; nil: there is nothing to do. The package needs Main.
func Run(t *testing.T, commands Commands, setup func(*testscript.Env) error) {
	t.Helper()
	all := Commands{"ends": ends}
	for name, fn := range commands {
		all[name] = fn
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *Rewrite, RequireExplicitExec: true, RequireUniqueNames: true, Cmds: all,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", "atexit_sleep_ms=0") // instead of a second for each program
			if setup == nil {
				return nil
			}
			return setup(e)
		},
	})
}

func ends(ts *testscript.TestScript, _ bool, args []string) {
	status := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		status, err = exit.ExitCode(), nil
	}
	ts.Check(err)
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("the exit status is %d", status)
	}
}
