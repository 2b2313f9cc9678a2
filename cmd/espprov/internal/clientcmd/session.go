// SPDX-License-Identifier: Apache-2.0

// Package clientcmd has the commands of espprov that talk to one device: provision, scan,
// version, send, reset, reprovision, status and devices.
package clientcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/transcriptcmd"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

// output is how a command tells what it does.
type output struct {
	JSON  bool `name:"json" help:"print the result as JSON, one object a line"`
	Quiet bool `help:"do not tell on standard error what is going on"`
}

// session is what commands for one device have in common: its flags, and a client.
type session struct {
	target.Flags
	transcriptcmd.RecordFlags
	output

	*client.Client `kong:"-"`
	softAP         bool
	wait, poll     time.Duration // see client.Config.PollTimeout and PollInterval
}

// open resolves the flags and opens a client, which end closes. It sends nothing to the
// device, but may search for one.
func (c *session) open(ctx context.Context, s cli.Streams) (end func(), err error) {
	d, closeBluetooth, err := c.Resolve(ctx, s)
	if err != nil {
		return nil, err
	}
	if !c.Quiet {
		last := ""
		d.Client.Progress = func(p client.Progress) {
			if text := p.String(); text != last { // not each question while the device joins
				last = text
				fmt.Fprintln(s.Err, text)
			}
		}
	}
	d.Client.PollTimeout, d.Client.PollInterval = c.wait, c.poll
	c.softAP = d.Transport == target.SoftAP
	endRecording, err := c.Start(d)
	if err == nil {
		c.Client, err = d.Open(s)
	}
	if err != nil {
		closeBluetooth()
		return nil, err
	}
	return func() {
		_ = c.Close() // the answers are here
		if err := endRecording(); err != nil {
			fmt.Fprintln(s.Err, "espprov:", err) // what the command did is done
		}
		closeBluetooth()
	}, nil
}

// with opens a session with the device, and calls work in it. The result of work is
// printed: as JSON, or as its String says; nil: it was printed. An error gets its exit
// status.
func (c *session) with(ctx context.Context, s cli.Streams, work func() (fmt.Stringer, error)) error {
	return c.withClient(ctx, s, func() (fmt.Stringer, error) {
		if err := c.Connect(ctx); err != nil {
			return nil, err
		}
		return work()
	})
}

// withClient is with, for work that opens the session itself or needs none.
func (c *session) withClient(ctx context.Context, s cli.Streams, work func() (fmt.Stringer, error)) error {
	end, err := c.open(ctx, s)
	if err != nil {
		return c.fail(s, err)
	}
	defer end()
	result, err := work()
	if err != nil || result == nil {
		return c.fail(s, target.Failure(err))
	}
	return c.print(s, result)
}

// list is a result of several parts, each a line of JSON.
type list interface{ lines() []any }

// print prints a result.
func (o *output) print(s cli.Streams, result fmt.Stringer) error {
	if !o.JSON {
		_, err := fmt.Fprintln(s.Out, result)
		return err
	}
	lines := []any{result}
	if l, ok := result.(list); ok {
		lines = l.lines()
	}
	for _, line := range lines {
		if err := json.NewEncoder(s.Out).Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// failure is an error as JSON.
type failure struct {
	Error  string `json:"error"`
	Status int    `json:"status"`
}

// fail prints an error as JSON, if that is asked for, and returns it.
func (o *output) fail(s cli.Streams, err error) error {
	if o.JSON && err != nil {
		_ = json.NewEncoder(s.Out).Encode(failure{err.Error(), cli.StatusOf(err)})
	}
	return err
}

// answer is the result of a command that only has to say that it is done.
type answer struct {
	Done string `json:"done"`
}

func (a answer) String() string { return a.Done }
