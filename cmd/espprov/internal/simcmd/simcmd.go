// SPDX-License-Identifier: Apache-2.0

// Package simcmd is the command sim of espprov: simulated devices that any client can
// reach.
package simcmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet/scenario"
	"github.com/wifiprov/wifiprov/internal/shard"
)

// Command is the command sim. Package cli says how a command is made of a struct.
type Command struct {
	deviceFlags

	Seed      *uint64  `placeholder:"N" help:"seed of everything random; the same seed, the same secrets and signal strengths"`
	TimeScale *float64 `placeholder:"X" help:"all times of the devices and the air are divided by X: 10 is ten times as fast"`
	Shard     string   `placeholder:"I/N" help:"run part I, from 0, of N parts of the devices; the name of a device decides in which part it is"`

	Listen  string        `placeholder:"HOST" default:"127.0.0.1" help:"address on which softap devices listen; beyond 127.0.0.1 others can reach them, too"`
	Port    int           `placeholder:"PORT" default:"8080" help:"port of the first softap device, which the others count on from; 0: free ones"`
	OnePort bool          `help:"all softap devices on one port: http://HOST:PORT/NAME/prov-session, or the host NAME.local"`
	Link    string        `placeholder:"ADDRESS" help:"Bluetooth controller on which ble devices appear: netsim: (Android emulator), tcp:HOST:PORT, hci0, serial:/dev/ttyUSB0"`
	Netsim  bool          `help:"the same as --link netsim:, the Bluetooth of the Android emulator on this machine"`
	Control string        `placeholder:"ADDR" help:"host and port of the control interface and its page, for example 127.0.0.1:8081; beyond 127.0.0.1 everybody controls the devices"`
	Secrets bool          `name:"show-secrets" help:"let the control interface show the passphrases of networks"`
	JSON    bool          `name:"json" help:"print each event as a line of JSON, and on the standard error what devices there are"`
	For     time.Duration `placeholder:"DURATION" help:"end after so long, in the devices' time; otherwise SIGINT or SIGTERM ends it"`

	Scenario string `arg:"" optional:""`
}

// Help explains the command.
func (*Command) Help() string {
	return `Runs simulated devices that wait for their credentials, as real ones do: those of the file SCENARIO, or one
that the flags describe. Prints how each is reached, the text of its QR code, and what happens to it.

A softap device has a port of this machine, a console device a pseudo-terminal, a ble device the controller
that --link names; with --link ble is the default. Ends with SIGINT or SIGTERM.
docs/sim.md explains scenarios and faults; examples/scenarios has one for each fault.

examples:
  espprov sim
  espprov sim --security 2 --username wifiprov --password abcd1234 --network "HomeNet,correct horse"
  espprov sim --fault "delay-answer, endpoint: prov-config, delay: 5s" --manager "attempts: 3"
  espprov sim --json lab.yaml
  espprov sim --one-port --listen 0.0.0.0 --shard 0/4 thousands.yaml`
}

// Run runs the devices.
func (c *Command) Run(ctx context.Context, s cli.Streams) error {
	sc, err := c.scenario()
	if err != nil {
		return err
	}
	out := &output{s: s, json: c.JSON}
	reach, err := c.reach(sc.Config.Devices, out)
	if err != nil {
		return err
	}
	defer reach.close()
	control, err := c.control(sc.Config.Devices, out)
	if err != nil {
		return err
	}
	defer control.close()
	f, err := sc.Fleet()
	if err != nil {
		return err
	}
	defer f.Close()
	reach.serve(f)
	control.serve(f, reach)
	defer f.Subscribe(out.event)()
	if err := f.Start(); err != nil {
		return explain(err)
	}
	out.begin(f.Devices(), reach, control.url())
	over := make(chan struct{})
	if c.For > 0 {
		timer := f.Air().Clock().AfterFunc(c.For, func() { close(over) })
		defer timer.Stop()
	}
	select {
	case <-ctx.Done():
	case <-over:
	}
	return nil
}

// scenario is what the command line asks for.
func (c *Command) scenario() (*scenario.Scenario, error) {
	var file *scenario.File
	var err error
	if c.Netsim && c.Link != "" {
		return nil, fmt.Errorf("--link %s: --netsim stands for --link netsim:; give one of the two", c.Link)
	}
	if c.Netsim {
		c.Link = "netsim:"
	}
	if c.Scenario == "" {
		if c.Link != "" && c.Transport == "" {
			c.Transport = simdevice.BLE.String()
		}
		file, err = c.deviceFlags.file()
	} else if flag := c.deviceFlags.given(); flag != "" {
		err = fmt.Errorf("--%s: the scenario %s describes the devices; say it there, or leave the scenario out", flag, c.Scenario)
	} else {
		file, err = scenario.ReadFile(c.Scenario)
	}
	if err != nil {
		return nil, err
	}
	if c.Seed != nil {
		file.Seed = *c.Seed
	}
	if c.TimeScale != nil {
		if !(*c.TimeScale > 0) {
			return nil, fmt.Errorf("--time-scale %v: give a positive number; 10 is ten times as fast", *c.TimeScale)
		}
		file.TimeScale = *c.TimeScale
	}
	if c.For < 0 {
		return nil, fmt.Errorf("--for %v: give a positive duration, or leave it out", c.For)
	}
	part, err := shard.Parse(c.Shard)
	if err != nil {
		return nil, fmt.Errorf("--shard %w", err)
	}
	return file.Compile(scenario.Options{Shard: part})
}

// explain says what to do about devices that do not start.
func explain(err error) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "listen" || op.Addr == nil {
		return errors.New(strings.TrimPrefix(err.Error(), "simdevice: "))
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("--port: another program listens on %s; give another --port, or --port 0 for free ones", op.Addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("--port: only root listens on %s; give a --port from 1024 on", op.Addr)
	}
	return fmt.Errorf("--listen and --port: nothing can listen on %s: %w; try --listen 127.0.0.1 --port 0", op.Addr, op.Err)
}
