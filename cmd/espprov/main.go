// SPDX-License-Identifier: Apache-2.0

// Command espprov is the toolbox of provisioning. Its group nvs reads, makes and
// changes image files of the NVS partitions of ESP32 devices.
//
//	espprov nvs dump nvs.bin
//	espprov nvs create factory.csv nvs.bin 0x6000
//
// docs/nvs.md has examples. espprov help lists the commands, and each command
// explains itself with -h.
//
// Exit status: 0 done; 1 done, and the answer is no: check found something
// irregular, or a key or namespace does not exist; 2 not done: the command line, a
// file, a value or the keys are wrong.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	statusDone    = 0
	statusNo      = 1
	statusTrouble = 2
)

// command is a command or a group of them.
type command struct {
	name  string
	short string // what it does, for the list of its group
	args  string // the arguments, for its usage
	long  string // explanation and examples

	under []*command               // of a group
	setup func(*flag.FlagSet) task // of a command: defines its flags
	least int                      // arguments
	most  int
	// literal is the number, from 1, of the argument that may begin with a
	// hyphen; 0: none may.
	literal int
}

// task does the work once the flags are parsed.
type task func(io streams, args []string) error

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// answerNo is the answer no, with exit status 1.
type answerNo struct{ why string }

func (e answerNo) Error() string { return e.why }

// root holds the groups.
func root() *command {
	return &command{
		name:  "espprov",
		long:  "espprov is the toolbox of provisioning for ESP32 devices.",
		under: []*command{nvsGroup()},
	}
}

// run is main with everything it touches as arguments; it returns the exit
// status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := streams{stdin, stdout, stderr}
	path, c := "espprov", root()
	for c.under != nil {
		name := ""
		if len(args) > 0 {
			name = args[0]
		}
		switch name {
		case "":
			usage(stderr, path, c)
			return statusTrouble
		case "help", "-h", "-help", "--help":
			return help(path, c, args[1:], s)
		case "version", "-version", "--version":
			fmt.Fprintln(stdout, "espprov", version())
			return statusDone
		}
		next := c.find(name)
		if next == nil {
			fmt.Fprintf(stderr, "%s: there is no command %q: %s\n", path, name, seeHelp(path))
			return statusTrouble
		}
		path, c, args = path+" "+name, next, args[1:]
	}
	return c.run(path, args, s)
}

// help explains the command in the group c that args name.
func help(path string, c *command, args []string, s streams) int {
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		next, between := c.find(args[0]), ""
		for _, u := range c.under { // the group may be left out
			if next == nil && u.find(args[0]) != nil {
				next, between = u.find(args[0]), " "+u.name
			}
		}
		if next == nil {
			fmt.Fprintf(s.err, "%s: there is no command %q: %s\n", path, args[0], seeHelp(path))
			return statusTrouble
		}
		path, c, args = path+between+" "+args[0], next, args[1:]
	}
	usage(s.out, path, c)
	return statusDone
}

// version returns the module's version, as the go command built it in.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func (c *command) find(name string) *command {
	for _, u := range c.under {
		if u.name == name {
			return u
		}
	}
	return nil
}

// run runs a command and reports its error.
func (c *command) run(path string, args []string, s streams) int {
	flags := flag.NewFlagSet(path, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	work := c.setup(flags)
	args, err := c.parse(flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(s.out, path, c)
		return statusDone
	case err != nil:
		fmt.Fprintf(s.err, "%s: %v: %s\n", path, err, seeHelp(path))
		return statusTrouble
	}
	err = work(s, args)
	if err == nil {
		return statusDone
	}
	var no answerNo
	if errors.As(err, &no) {
		if no.why != "" {
			fmt.Fprintf(s.err, "espprov: %v\n", err)
		}
		return statusNo
	}
	fmt.Fprintf(s.err, "espprov: %v\n", err)
	return statusTrouble
}

// parse separates flags, which may stand anywhere, from arguments. Its errors do not
// show the arguments, because one of them may be a passphrase.
func (c *command) parse(flags *flag.FlagSet, args []string) ([]string, error) {
	var plain []string
	for len(args) > 0 {
		if args[0] == "--" {
			plain = append(plain, args[1:]...)
			break
		}
		if !strings.HasPrefix(args[0], "-") || args[0] == "-" || len(plain)+1 == c.literal && !known(flags, args[0]) {
			plain, args = append(plain, args[0]), args[1:]
			continue
		}
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		args = flags.Args()
	}
	if len(plain) < c.least || len(plain) > c.most {
		return nil, fmt.Errorf("%d arguments instead of %s", len(plain), c.args)
	}
	return plain, nil
}

// known reports whether an argument is one of the flags.
func known(flags *flag.FlagSet, arg string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	return flags.Lookup(name) != nil || name == "h" || name == "help"
}

func seeHelp(path string) string { return "see " + path + " -h" }

// usage prints what a command or group is for.
func usage(w io.Writer, path string, c *command) {
	if c.under != nil {
		fmt.Fprintf(w, "%s\n\nusage: %s COMMAND …\n\n", c.long, path)
		for _, u := range c.under {
			fmt.Fprintf(w, "  %-10s %s\n", u.name, u.short)
		}
		fmt.Fprintf(w, "\n%s COMMAND -h tells more. Exit status: 0 done, 1 the answer is no, 2 not done.\n", path)
		return
	}
	fmt.Fprintf(w, "usage: %s [flags] %s\n\n%s\n", path, c.args, strings.TrimSpace(c.long))
	flags := flag.NewFlagSet(path, flag.ContinueOnError)
	c.setup(flags)
	first := true
	flags.VisitAll(func(f *flag.Flag) {
		if first {
			fmt.Fprint(w, "\nflags:\n")
			first = false
		}
		name, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  --%-22s %s\n", strings.TrimSpace(f.Name+" "+name), text)
	})
}
