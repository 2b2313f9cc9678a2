// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

// program is a group of commands for the tests.
type program struct {
	Echo  echoCommand  `cmd:"" help:"print what was given"`
	Fail  failCommand  `cmd:"" help:"end with an error"`
	Wait  waitCommand  `cmd:"" help:"wait for the end"`
	Group groupCommand `cmd:"" name:"more" help:"more commands"`
}

type groupCommand struct {
	Many manyCommand `cmd:"" aliases:"--many" help:"take any number of operands"`
}

func (groupCommand) Help() string { return "more is a group." }

type echoCommand struct {
	Count int           `placeholder:"N" default:"1" group:"how often" help:"N times, ${default} if it is not given"`
	Loud  bool          `help:"be loud"`
	Name  string        `placeholder:"NAME" help:"the NAME"`
	For   time.Duration `placeholder:"TIME" group:"how often" help:"for this TIME"`
	PoP   pop           `name:"pop" placeholder:"TEXT" help:"the secret"`
	Kind  string        `placeholder:"KIND" enum:"a,b" default:"a" help:"a or b"`

	First  string  `arg:""`
	Second string  `arg:"" literal:""`
	Third  *string `arg:"" optional:""`
}

func (*echoCommand) Help() string { return "Prints it." }

func (c *echoCommand) Run(s cli.Streams) error {
	third := "none"
	if c.Third != nil {
		third = *c.Third
	}
	_, err := fmt.Fprintf(s.Out, "loud %t, name %q, count %d, for %v, kind %s, operands %q %q %s\n",
		c.Loud, c.Name, c.Count, c.For, c.Kind, c.First, c.Second, third)
	return err
}

// pop is never right.
type pop string

func (*pop) UnmarshalText(text []byte) error { return fmt.Errorf("%s is wrong", text) }

type failCommand struct {
	Kind string `arg:""`
}

func (c *failCommand) Run() error {
	return map[string]error{
		"no": fmt.Errorf("asked: %w", cli.No("there is none")), "silent": cli.No(""), "error": errors.New("that failed"), "canceled": context.Canceled,
		"part": fmt.Errorf("sent: %w", &cli.Failure{Status: cli.SomeFailed, Err: errors.New("2 of 3 failed")}),
	}[c.Kind]
}

type waitCommand struct{}

func (waitCommand) Run(ctx context.Context, s cli.Streams) error {
	fmt.Fprintln(s.Out, "waiting")
	<-ctx.Done()
	return fmt.Errorf("not done: %w", ctx.Err())
}

type manyCommand struct {
	Color string   `values:"red,green" placeholder:"C" help:"red, green or another"`
	Names []string `arg:"" optional:"" name:"name"`
}

func (c *manyCommand) Run(s cli.Streams) error {
	_, err := fmt.Fprintf(s.Out, "%q\n", c.Names)
	return err
}

func run(ctx context.Context, args ...string) (out, errs string, status int) {
	var o, e bytes.Buffer
	status = cli.Run(ctx, "prog", "prog is for tests.", new(program), args, cli.Streams{In: strings.NewReader(""), Out: &o, Err: &e})
	return o.String(), e.String(), status
}

// Flags stand anywhere, with one hyphen or two, and strings come as they are.
func TestSpellings(t *testing.T) {
	for line, want := range map[string]string{
		"x y":                           `loud false, name "", count 1, for 0s, kind a, operands "x" "y" none`,
		"x y z --loud":                  `loud true, name "", count 1, for 0s, kind a, operands "x" "y" z`,
		"-loud x --name=n -count 2 y":   `loud true, name "n", count 2, for 0s, kind a, operands "x" "y" none`,
		"x --loud=F -for=5s y -name -":  `loud false, name "-", count 1, for 5s, kind a, operands "x" "y" none`,
		"-name n --name -m -kind b - y": `loud false, name "-m", count 1, for 0s, kind b, operands "-" "y" none`,
		"x -40":                         `loud false, name "", count 1, for 0s, kind a, operands "x" "-40" none`,
		"x -loud -40 --name=":           `loud true, name "", count 1, for 0s, kind a, operands "x" "-40" none`,
		"x --a=b z":                     `loud false, name "", count 1, for 0s, kind a, operands "x" "--a=b" z`,
		"-loud -- -x --loud -h":         `loud true, name "", count 1, for 0s, kind a, operands "-x" "--loud" -h`,
		"\xff -name=\xfe caf\xe9":       `loud false, name "\xfe", count 1, for 0s, kind a, operands "\xff" "caf\xe9" none`,
	} {
		out, errs, status := run(t.Context(), append([]string{"echo"}, strings.Split(line, " ")...)...)
		require.Zero(t, status, errs)
		require.Equal(t, want+"\n", out, line)
	}
	for line, want := range map[string]string{"more many": "[]\n", "more many a b c": "[\"a\" \"b\" \"c\"]\n", "more --many a": "[\"a\"]\n"} {
		out, _, _ := run(t.Context(), strings.Split(line, " ")...)
		require.Equal(t, want, out)
	}
}

// A wrong command line is answered with one line, which shows no operand.
func TestWrongLines(t *testing.T) {
	for line, want := range map[string]string{
		"eko":                               `prog: there is no command "eko": see prog -h`,
		"-loud echo x y":                    `prog: there is no command "-loud": see prog -h`,
		"more x":                            `prog more: there is no command "x": see prog more -h`,
		"help eko":                          `prog: there is no command "eko": see prog -h`,
		"echo":                              `prog echo: 0 arguments instead of FIRST SECOND [THIRD]: see prog echo -h`,
		"echo s3cret":                       `prog echo: 1 arguments instead of FIRST SECOND [THIRD]: see prog echo -h`,
		"echo x y z s3cret":                 `prog echo: 4 arguments instead of FIRST SECOND [THIRD]: see prog echo -h`,
		"wait x":                            `prog wait: 1 arguments instead of none: see prog wait -h`,
		"echo --luod=s3cret x y":            `prog echo: flag provided but not defined: -luod: see prog echo -h`,
		"echo x y -40":                      `prog echo: flag provided but not defined: -40: see prog echo -h`,
		"echo x y -name":                    `prog echo: flag needs an argument: -name: see prog echo -h`,
		"echo x y -loud=x":                  `prog echo: invalid boolean value "x" for -loud: parse error: see prog echo -h`,
		"echo -for 1s --for=x x y":          `prog echo: invalid value "x" for flag -for: expected duration but got "x": time: invalid duration "x": see prog echo -h`,
		"echo --pop s3cret x y":             `prog echo: invalid value for flag -pop: see prog echo -h`,
		"echo --kind c s3cret y":            `prog echo: --kind must be one of "a","b" but got "c": see prog echo -h`,
		"echo --count=99999999999999999999": `prog echo: invalid value "99999999999999999999" for flag -count: 99999999999999999999 has too many digits: see prog echo -h`,
		"echo --count= --luod=1 x y":        `prog echo: invalid value "" for flag -count: expected a whole number but got "": see prog echo -h`,
	} {
		out, errs, status := run(t.Context(), strings.Split(line, " ")...)
		require.Equal(t, cli.NotDone, status, line)
		require.Empty(t, out)
		require.Equal(t, want+"\n", errs, line)
		require.NotContains(t, errs, "s3cret")
	}
}

func TestHelp(t *testing.T) {
	want := `prog is for tests.

usage: prog COMMAND …

  echo       print what was given
  fail       end with an error
  wait       wait for the end
  more       more commands

prog COMMAND -h tells more. Exit status: 0 done, 1 the answer is no, 2 not done, 3 done in part, 4 try again.
`
	for _, line := range []string{"help", "-h", "-help", "--help", "help -x"} {
		out, _, status := run(t.Context(), strings.Split(line, " ")...)
		require.Zero(t, status)
		require.Equal(t, want, out)
	}
	for _, args := range [][]string{nil, {""}} {
		out, errs, status := run(t.Context(), args...)
		require.Equal(t, cli.NotDone, status)
		require.Empty(t, out)
		require.Equal(t, want, errs)
	}
	want = `usage: prog echo [flags] FIRST SECOND [THIRD]

Prints it.

flags:
  --kind KIND              a or b
  --loud                   be loud
  --name NAME              the NAME
  --pop TEXT               the secret

how often:
  --count N                N times, 1 if it is not given
  --for TIME               for this TIME
`
	for _, line := range []string{"help echo", "echo -h", "echo x --help", "echo x -name n -h y z a b"} {
		out, _, status := run(t.Context(), strings.Split(line, " ")...)
		require.Zero(t, status)
		require.Equal(t, want, out)
	}
	want = "usage: prog more many [flags] [NAME…]\n\ntake any number of operands\n\nflags:\n  --color C                red, green or another\n"
	for _, line := range []string{"help more many", "help many", "more help many", "more many -h"} {
		out, _, _ := run(t.Context(), strings.Split(line, " ")...)
		require.Equal(t, want, out)
	}
}

func TestExitStatus(t *testing.T) {
	for kind, want := range map[string]struct {
		status int
		errs   string
	}{
		"fine":     {cli.Done, ""},
		"no":       {cli.AnsweredNo, "prog: asked: there is none\n"},
		"silent":   {cli.AnsweredNo, ""},
		"error":    {cli.NotDone, "prog: that failed\n"},
		"part":     {cli.SomeFailed, "prog: sent: 2 of 3 failed\n"},
		"canceled": {cli.NotDone, "prog: context canceled\n"}, // but not by a signal
	} {
		_, errs, status := run(t.Context(), "fail", kind)
		require.Equal(t, want.status, status, kind)
		require.Equal(t, want.errs, errs)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errs, status := run(ctx, "wait")
	require.Equal(t, cli.NotDone, status)
	require.Equal(t, "prog: interrupted\n", errs)
}
