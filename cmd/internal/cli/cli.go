// SPDX-License-Identifier: Apache-2.0

// Package cli is the frame of a program with many commands. It finds the command
// that a command line names, fills in its struct, runs it, and tells how it ended.
//
// A group of commands is a struct. Each of its fields with the tag cmd is a command,
// or a group again; the tag help is its line in the list of the group. A command is
// a struct with the tags of kong (github.com/alecthomas/kong), and a method Run. Names
// come from the fields, and the tag name sets another one. Help lists the flags that have
// the tag group under that title:
//
//	type getCommand struct {
//		Raw  bool   `help:"print the value's bytes"` // the flag --raw
//		File string `arg:""`                         // the operand FILE
//	}
//
//	func (*getCommand) Help() string              // what -h prints above the flags
//	func (c *getCommand) Run(s cli.Streams) error // does the work
//
// Run may take a [context.Context] too. It ends with SIGINT or SIGTERM, and a second
// signal then ends the program at once. A command that takes none is ended by the first.
// The error of Run becomes one line and an exit status: see [Run], [No] and [Failure].
//
// A flag may stand anywhere among the operands, with one hyphen or two. Its value is the
// next argument or follows an equals sign. Only behind "--" may an operand begin with a
// hyphen, and where it has the tag literal: there -40 is a number. kong's tags short,
// aliases and negatable mean nothing for flags.
//
// A program completes its command lines in a shell, whose script calls the hidden command
// __complete. The tag values lists values of a flag to complete, as kong's tag enum does;
// the value may be another one.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit statuses.
const (
	Done       = 0 // the work is done
	AnsweredNo = 1 // the work is done, and the answer is no
	NotDone    = 2 // the command line, a file or a value is wrong
	SomeFailed = 3 // some parts of the work are done, others failed
	TryAgain   = 4 // what the work needs was not there: a device, a link, an adapter, room on a disk
)

// statuses explains the exit statuses to a user.
const statuses = "Exit status: 0 done, 1 the answer is no, 2 not done, 3 done in part, 4 try again."

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// No is the error of a command that did its work and answers no. The text says why; it
// is empty if the output says so already.
type No string

func (n No) Error() string { return string(n) }

// Failure is the error of a command that ends with another status than [NotDone].
type Failure struct {
	Status int
	Err    error
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the error.
func (f *Failure) Unwrap() error { return f.Err }

// Run runs the command of the program name that args name, and returns the exit status.
// Help that args ask for goes to s.Out. Everything else that Run says goes to s.Err:
// help if args name only a group, and one line for an error. A line on a wrong command
// line shows no operand, because that may be a secret.
//
// commands points to the group of all commands, whose structs are filled in, and about
// is the head of its help. The context of a command ends when ctx does, too. Run panics
// if a tag is wrong.
func Run(ctx context.Context, name, about string, commands any, args []string, s Streams) int {
	root := &entry{path: name, name: name, short: about, command: commands}
	root.read()
	if len(args) > 0 && args[0] == completeCommand {
		root.complete(args[1:], s.Out)
		return Done
	}
	e, args, status := root.find(args, s)
	if e == nil {
		return status
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	untilSignal := func() (context.Context, error) {
		stopAtSignal(ctx, stop)
		return ctx, nil
	}
	k := e.parser(kong.Bind(s), kong.BindSingletonProvider(untilSignal))
	line, err := spell(k.Model.Node, args)
	if errors.Is(err, errHelp) {
		e.usage(s.Out)
		return Done
	}
	var work *kong.Context
	if err == nil {
		work, err = k.Parse(line)
	}
	if err != nil {
		return e.complain(s, err)
	}
	err = work.Run()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return report(s, name, err)
}

// stopAtSignal calls stop at the first signal, which is the only one that it keeps from
// ending the program. It listens until ctx ends.
func stopAtSignal(ctx context.Context, stop context.CancelFunc) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
		}
		signal.Stop(signals)
		stop()
	}()
}

// StatusOf returns the exit status of a command that ends with err.
func StatusOf(err error) int {
	var no No
	var f *Failure
	switch {
	case err == nil:
		return Done
	case errors.As(err, &no):
		return AnsweredNo
	case errors.As(err, &f):
		return f.Status
	}
	return NotDone
}

// report tells the error of a command.
func report(s Streams, name string, err error) int {
	var no No
	if err != nil && (!errors.As(err, &no) || no != "") {
		fmt.Fprintf(s.Err, "%s: %v\n", name, err)
	}
	return StatusOf(err)
}
