// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/fakenetsim"
	"github.com/wifiprov/wifiprov/internal/test/scripts"
)

// TestMain is espprov itself where a script starts it.
func TestMain(m *testing.M) {
	scripts.Main(m, map[string]func(){"espprov": main})
}

// TestScripts runs testdata/script, with commands of its own:
//
//	sim ARGS…    starts simulated devices: espprov sim ARGS. The variable NAME has the
//	             address of the device NAME.
//	netsim       starts a netsim, and sets NETSIM to its address.
//
// go test ./cmd/espprov -rewrite writes the outputs anew.
func TestScripts(t *testing.T) {
	scripts.Run(t, scripts.Commands{"sim": simulate, "netsim": netsim}, nil)
}

func simulate(ts *testscript.TestScript, _ bool, args []string) {
	in, out := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var errs strings.Builder
	go func() {
		defer close(done)
		for i, arg := range args {
			if strings.HasSuffix(arg, ".yaml") {
				args[i] = ts.MkAbs(arg)
			}
		}
		cli.Run(ctx, "espprov", "", new(commands), append([]string{"sim", "--json", "--port", "0"}, args...), cli.Streams{Out: out, Err: &errs})
		out.Close()
	}()
	ts.Defer(func() {
		cancel()
		<-done
	})
	lines := bufio.NewScanner(in)
	waiting := 0
	for lines.Scan() {
		var l struct{ Device, Event, Detail string }
		ts.Check(json.Unmarshal(lines.Bytes(), &l))
		if l.Event == "ADDRESS" {
			ts.Setenv(l.Device, strings.TrimPrefix(l.Detail, "http://"))
			waiting++
		}
		if l.Event == "PROV_START" || l.Event == "GOT_IP" {
			waiting--
		}
		if waiting == 0 && l.Event != "ADDRESS" {
			go func() { _, _ = io.Copy(io.Discard, in) }()
			return
		}
	}
	<-done
	ts.Fatalf("the devices do not start: %s", errs.String())
}

func netsim(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	server := fakenetsim.Serve(l, sim.NewAir(sim.AirConfig{}))
	ts.Defer(server.Close)
	ts.Setenv("NETSIM", "netsim:"+l.Addr().String())
}
