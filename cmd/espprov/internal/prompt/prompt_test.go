// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package prompt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/term"

	"github.com/wifiprov/wifiprov/cmd/espprov/internal/prompt"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
)

// A secret comes from the flag, a file, or the environment, in this order.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	given := prompt.Text{Given: true, Secret: "flag"}
	for name, tc := range map[string]struct {
		from prompt.Source
		env  bool
		in   string
		want hal.Secret
		err  string
	}{
		"flag":           {from: prompt.Source{Value: given}, env: true, want: "flag"},
		"empty flag":     {from: prompt.Source{Value: prompt.Text{Given: true}}, env: true},
		"file":           {from: prompt.Source{File: file("a", "file\n")}, env: true, want: "file"},
		"windows file":   {from: prompt.Source{File: file("b", " file \r\n")}, want: " file "},
		"no end of line": {from: prompt.Source{File: file("c", "file")}, want: "file"},
		"input":          {from: prompt.Source{File: "-"}, in: "input\n", want: "input"},
		"empty line":     {from: prompt.Source{File: "-"}, in: "\n"},
		"empty input":    {from: prompt.Source{File: "-"}, err: "--pop-file: the standard input is empty: does another flag read it, too?"},
		"environment":    {env: true, want: "environment"},
		"two":            {from: prompt.Source{Value: given, File: "x"}, err: "--pop and --pop-file: give one of the two"},
		"no file":        {from: prompt.Source{File: filepath.Join(dir, "none")}, err: "--pop-file: " + filepath.Join(dir, "none") + ": there is no such file"},
		"two lines":      {from: prompt.Source{File: file("d", "s3cret\ns3cret\n")}, err: "has several lines"},
		"long":           {from: prompt.Source{File: file("e", strings.Repeat("s3cret", 700))}, err: "has more than 4096 bytes"},
		"nowhere":        {from: prompt.Source{Question: "PoP"}, err: "a secret is missing: give --pop, --pop-file or TEST_POP (the input is no terminal)"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.env {
				t.Setenv("TEST_POP", "environment")
			}
			tc.from.Flag, tc.from.Env = "pop", "TEST_POP"
			secret, err := tc.from.Read(t.Context(), cli.Streams{In: strings.NewReader(tc.in)})
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				require.NotContains(t, err.Error(), "s3cret")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, secret)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", tc.from, tc.from, tc.from), "flag\"")
		})
	}
}

// terminals stay open. The call that an interrupted question leaves reads from a number of
// a file, which would be that of the next test's terminal.
var terminals []*os.File

// keyboard is a terminal and who sits at it.
type keyboard struct {
	cli.Streams
	user *os.File
	errs bytes.Buffer
}

func newKeyboard(t *testing.T) *keyboard {
	t.Helper()
	user, tty, err := pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() { user.Close() })
	terminals = append(terminals, tty)
	k := &keyboard{user: user}
	k.Streams = cli.Streams{In: tty, Err: &k.errs, Out: io.Discard}
	return k
}

func (k *keyboard) state(t *testing.T) *term.State {
	t.Helper()
	state, err := term.GetState(int(k.In.(*os.File).Fd()))
	require.NoError(t, err)
	return state
}

// onceSilent does something when the terminal has no echo.
func (k *keyboard) onceSilent(t *testing.T, do func()) {
	before := k.state(t)
	done := make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		for reflect.DeepEqual(before, k.state(t)) {
			time.Sleep(time.Millisecond)
		}
		do()
	}()
}

// Questions are answered line by line, and secrets have no echo.
func TestQuestions(t *testing.T) {
	k := newKeyboard(t)
	require.True(t, prompt.CanAsk(k.Streams))
	_, err := k.user.WriteString(" HomeNet \n") // with its echo
	require.NoError(t, err)
	line, err := prompt.Line(t.Context(), k.Streams, "Network")
	require.NoError(t, err)
	require.Equal(t, "HomeNet", line)

	from := prompt.Source{Flag: "pop", Env: "TEST_POP", Question: "Proof of possession"}
	k.onceSilent(t, func() { _, _ = k.user.WriteString("s3cret\n") })
	secret, err := from.Read(t.Context(), k.Streams)
	require.NoError(t, err)
	require.EqualValues(t, "s3cret", secret)
	require.Equal(t, "Network: Proof of possession: \n", k.errs.String())
	_, err = k.user.WriteString("x\n") // the echo is back
	require.NoError(t, err)
	echo := make([]byte, 100)
	var seen string
	for !strings.Contains(seen, "x") {
		n, err := k.user.Read(echo)
		require.NoError(t, err)
		seen += string(echo[:n])
	}
	require.NotContains(t, seen, "s3cret")
}

// A question ends with the context, and the terminal is as before.
func TestInterrupted(t *testing.T) {
	k := newKeyboard(t)
	before := k.state(t)
	ctx, cancel := context.WithCancel(t.Context())
	k.onceSilent(t, cancel)
	_, err := prompt.Source{Flag: "pop", Question: "PoP"}.Read(ctx, k.Streams)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, k.state(t))
}

// The end of the input is an error, and so is a question to nobody.
func TestNobody(t *testing.T) {
	k := newKeyboard(t)
	_, err := k.user.Write([]byte{4}) // Ctrl-D
	require.NoError(t, err)
	_, err = prompt.Line(t.Context(), k.Streams, "Network")
	require.ErrorContains(t, err, "the input ended at the question")
	_, err = prompt.Source{Flag: "pop"}.Read(t.Context(), k.Streams)
	require.ErrorIs(t, err, prompt.ErrNobody, "there is no question")
	_, err = prompt.Line(t.Context(), cli.Streams{In: strings.NewReader("x\n")}, "Network")
	require.True(t, errors.Is(err, prompt.ErrNobody))
}
