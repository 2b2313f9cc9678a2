// SPDX-License-Identifier: Apache-2.0

package batchcmd

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wifiprov/wifiprov/cmd/espprov/internal/simcmd"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/test/scripts"
)

// commands are those of espprov that the tests need.
type commands struct {
	Batch  Command        `cmd:"" help:"batch"`
	Report ReportCommand  `cmd:"" help:"report"`
	Labels LabelsCommand  `cmd:"" help:"labels"`
	Sim    simcmd.Command `cmd:"" help:"sim"`
}

// TestMain is espprov itself where a test starts it.
func TestMain(m *testing.M) {
	scripts.Main(m, map[string]func(){"espprov": func() {
		os.Exit(cli.Run(context.Background(), "espprov", "", new(commands), os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}})
}

// TestScripts runs testdata/script, with commands of its own:
//
//	sim ARGS…      starts simulated devices, and sets SIM to the address before their names
//	plain FILE     writes to FILE.plain what two runs have alike: no times, addresses and
//	               digests; FILE is stdout, stderr or a file
//
// go test ./cmd/espprov/internal/batchcmd -rewrite writes the outputs anew.
func TestScripts(t *testing.T) {
	scripts.Run(t, scripts.Commands{"sim": sim, "plain": plain}, nil)
}

func sim(ts *testscript.TestScript, _ bool, args []string) {
	for i, arg := range args {
		if strings.HasSuffix(arg, ".yaml") {
			args[i] = ts.MkAbs(arg)
		}
	}
	address, stop, err := startSim(args)
	ts.Check(err)
	ts.Defer(stop)
	ts.Setenv("SIM", address)
}

// startSim runs simulated devices on one port, and returns the address before their names.
func startSim(args []string) (address string, stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	in, out := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		args := append([]string{"sim", "--json", "--one-port", "--port", "0"}, args...)
		cli.Run(ctx, "espprov", "", new(commands), args, cli.Streams{Out: out, Err: io.Discard})
		out.Close()
	}()
	lines := bufio.NewScanner(in)
	missing := map[string]bool{}
	for lines.Scan() {
		var l struct{ Device, Event, Detail string }
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			cancel()
			return "", nil, err
		}
		switch l.Event {
		case "ADDRESS":
			address, missing[l.Device] = strings.TrimSuffix(l.Detail, l.Device), true
		case "PROV_START":
			delete(missing, l.Device)
		}
		if len(missing) == 0 && address != "" && l.Event != "ADDRESS" {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, in) }()
	return strings.TrimSuffix(address, "/"), func() {
		cancel()
		<-done
	}, nil
}

var unlike = []struct {
	is      *regexp.Regexp
	replace string
}{
	{regexp.MustCompile(`\d+\.\d s\b`), "N s"},
	{regexp.MustCompile(`\b\d+ a minute`), "N a minute"},
	{regexp.MustCompile(`"(\w+_ms)":\d+`), `"$1":0`},
	{regexp.MustCompile(`20\d\d-\d\d-\d\dT[\d:.]+Z`), "TIME"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "HOST"},
	{regexp.MustCompile(`"digest":"\w+"`), `"digest":"D"`},
	{regexp.MustCompile(`(?m)( +\d+\.\d\d\d)+$`), " N"},
	{regexp.MustCompile(`,\d+,\d+,\d+,\d+,\d+,TIME,TIME`), ",N,N,N,N,N,TIME,TIME"},
}

func plain(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".plain"), []byte(alike(ts.ReadFile(args[0]))), 0o600))
}

// alike is a text without what no two runs have alike.
func alike(text string) string {
	for _, u := range unlike {
		text = u.is.ReplaceAllString(text, u.replace)
	}
	return text
}
