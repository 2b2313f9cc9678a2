// SPDX-License-Identifier: Apache-2.0

// Package prompt gets what a user did not say on the command line: a secret from a file,
// the environment or the keyboard, and a line from the keyboard.
package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/files"
)

// MaxSecret is the length in bytes of the longest secret in a file.
const MaxSecret = 4096

// ErrNobody is the error of a question that nobody can be asked, since the input is no
// terminal.
var ErrNobody = errors.New("the input is no terminal")

// Text is the value of a flag for a secret. It knows whether the flag was given, and is
// never printed.
type Text struct {
	Given  bool
	Secret hal.Secret
}

// UnmarshalText takes the flag's value.
func (t *Text) UnmarshalText(text []byte) error {
	*t = Text{true, hal.Secret(text)}
	return nil
}

// Source says where a secret may come from. They are tried in the order of the fields.
type Source struct {
	// Flag is the name of the flag, "pop". Its value is Value. Flag-file is the name of
	// another flag, whose value is File: the name of a file with the secret as its only
	// line, or "-" for the standard input.
	Flag  string
	Value Text
	File  string
	// Env is the name of a variable of the environment, "ESPPROV_POP".
	Env string
	// Question is asked at the keyboard, "Proof of possession"; empty: nothing is asked.
	Question string
}

// Read returns the secret. Nothing that the user types is echoed. It fails with an error
// that matches ErrNobody if the secret is nowhere and there is nobody to ask, or no
// Question. It returns when ctx ends.
func (from Source) Read(ctx context.Context, s cli.Streams) (hal.Secret, error) {
	secret, given, err := from.Given(s)
	if given || err != nil {
		return secret, err
	}
	if from.Question != "" {
		text, err := ask(ctx, s, from.Question, term.ReadPassword)
		if CanAsk(s) {
			fmt.Fprintln(s.Err) // the end of the line had no echo
		}
		if !errors.Is(err, ErrNobody) {
			return hal.Secret(text), err
		}
	}
	return "", fmt.Errorf("a secret is missing: give --%s, --%s-file or %s (%w)", from.Flag, from.Flag, from.Env, ErrNobody)
}

// Given returns the secret without asking, and whether there is one.
func (from Source) Given(s cli.Streams) (secret hal.Secret, given bool, err error) {
	switch {
	case from.Value.Given && from.File != "":
		return "", false, fmt.Errorf("--%s and --%s-file: give one of the two", from.Flag, from.Flag)
	case from.Value.Given:
		return from.Value.Secret, true, nil
	case from.File != "":
		secret, err := readFile(s, from.File)
		if err != nil {
			return "", false, fmt.Errorf("--%s-file: %w", from.Flag, err)
		}
		return secret, true, nil
	}
	text, given := os.LookupEnv(from.Env)
	return hal.Secret(text), given, nil
}

func readFile(s cli.Streams, name string) (hal.Secret, error) {
	in := s.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", files.Error(name, err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, MaxSecret+1))
	if err != nil {
		return "", files.Error(name, err)
	}
	read := len(text)
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case read == 0 && name == "-":
		return "", errors.New("the standard input is empty: does another flag read it, too? An empty line is an empty secret")
	case len(text) > MaxSecret:
		return "", fmt.Errorf("%s has more than %d bytes, and should have the secret alone", name, MaxSecret)
	case bytes.ContainsAny(text, "\r\n"):
		return "", fmt.Errorf("%s has several lines, and should have the secret alone", name)
	}
	return hal.Secret(text), nil
}

// Line asks a question at the keyboard, and returns the line that the user types without
// white space around it. It fails with ErrNobody if there is nobody to ask.
func Line(ctx context.Context, s cli.Streams, question string) (string, error) {
	text, err := ask(ctx, s, question, func(fd int) ([]byte, error) {
		return readLine(s.In)
	})
	return strings.TrimSpace(string(text)), err
}

// readLine reads byte by byte, since what follows the line belongs to the next question.
func readLine(in io.Reader) (line []byte, err error) {
	for b := make([]byte, 1); ; {
		n, err := in.Read(b)
		switch {
		case n == 1 && b[0] == '\n':
			return line, nil
		case n == 1 && len(line) < MaxSecret:
			line = append(line, b[0])
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		case n == 0 && err != nil:
			return nil, err
		}
	}
}

// CanAsk reports whether there is somebody at a keyboard.
func CanAsk(s cli.Streams) bool {
	f, ok := s.In.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ask prints the question and calls read. When ctx ends, it returns and gives the
// terminal its echo back; the call of read stays until the next line.
func ask(ctx context.Context, s cli.Streams, question string, read func(fd int) ([]byte, error)) ([]byte, error) {
	if !CanAsk(s) {
		return nil, ErrNobody
	}
	fd := int(s.In.(*os.File).Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(s.Err, question+": ")
	type answer struct {
		text []byte
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		text, err := read(fd)
		answered <- answer{text, err}
	}()
	select {
	case a := <-answered:
		if errors.Is(a.err, io.EOF) {
			a.err = errors.New("the input ended at the question")
		}
		return a.text, a.err
	case <-ctx.Done():
		_ = term.Restore(fd, before)
		return nil, ctx.Err()
	}
}
