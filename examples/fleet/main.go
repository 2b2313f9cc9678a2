// SPDX-License-Identifier: Apache-2.0

// Fleet provisions very many devices from one program: so many at a time, with further
// tries where they may help, and a report by kind of outcome. The devices are simulated;
// provision.go is as good for others:
//
//	go run ./examples/fleet -devices 10000 -at-once 200
//
// Each device has its own password under security 2. One in fifty loses its link in the
// handshake, one in fifty does not find the network at first, one in a hundred has
// another password than the list says.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

func main() {
	devices := flag.Int("devices", 500, "`number` of devices")
	atOnce := flag.Int("at-once", 100, "`number` of clients at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *devices, *atOnce); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, devices, atOnce int) error {
	if devices < 1 || atOnce < 1 {
		return fmt.Errorf("-devices is %d and -at-once %d; both are at least 1", devices, atOnce)
	}
	jobs, closeAll, err := simulate(devices)
	defer closeAll()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d devices wait\n", len(jobs))
	p := provisioner{credentials: simdevice.Right, atOnce: min(atOnce, devices), tries: 3, pause: 2 * time.Second}
	start := time.Now()
	outcomes, again, provisioned := map[string]int{}, 0, 0
	p.all(ctx, jobs, func(o outcome) {
		words, _ := class(o.err)
		outcomes[words]++
		if o.err == nil {
			provisioned++
		} else if outcomes[words] == 1 { // one of each kind is enough to read
			fmt.Fprintf(out, "%s, try %d: %v\n", o.name, o.tries, o.err)
		}
		if o.tries > 1 {
			again++
		}
	})
	took := time.Since(start)
	for _, words := range slices.Sorted(maps.Keys(outcomes)) {
		fmt.Fprintf(out, "%6d %s\n", outcomes[words], words)
	}
	fmt.Fprintf(out, "in %v, %.0f a minute; %d took more than one try\n",
		took.Round(time.Second/10), float64(provisioned)/took.Minutes(), again)
	return ctx.Err()
}

// simulate starts devices around one access point.
func simulate(n int) (jobs []job, closeAll func(), err error) {
	var devices []*simdevice.Device
	closeAll = func() {
		for _, d := range devices {
			d.Close()
		}
	}
	air := sim.NewAir(sim.AirConfig{})
	if _, err := air.AddAP(simdevice.Home); err != nil {
		return nil, closeAll, err
	}
	for i := range n {
		cfg := simdevice.Config{
			Name: fmt.Sprintf("PROV_%05d", i), Air: air,
			Security: simdevice.Security2("wifiprov", hal.Secret(fmt.Sprintf("password %d", i))),
		}
		known := client.Config{PollInterval: time.Second}
		switch {
		case i%100 == 99:
			known.Username, known.Password = "wifiprov", "another one"
		case i%50 == 7:
			cfg.Faults = []simdevice.Fault{{Kind: simdevice.CutLink, Endpoint: "prov-session"}}
		case i%50 == 31:
			cfg.Faults = []simdevice.Fault{{Kind: simdevice.RefuseJoin, Reason: hal.ReasonNoAPFound}}
		}
		d, err := simdevice.Start(cfg)
		if err != nil {
			return nil, closeAll, err
		}
		devices = append(devices, d)
		jobs = append(jobs, job{cfg.Name, func() (*client.Client, error) { return d.Client(known) }})
	}
	return jobs, closeAll, nil
}
