// SPDX-License-Identifier: Apache-2.0

package clientcmd

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/files"
)

// maxData is the longest message that send reads from a file.
const maxData = 1 << 20

// Send is the command send.
type Send struct {
	session
	Hex  bool   `help:"TEXT is bytes in hexadecimal digits"`
	File string `placeholder:"FILE" help:"send the bytes of a file; - is the standard input"`
	Raw  bool   `help:"print the answer's bytes as they are"`

	Endpoint string  `arg:""`
	Text     *string `arg:"" optional:"" literal:""`
}

// Help explains the command.
func (*Send) Help() string {
	return `Sends a message to an endpoint of the device's application, protected by the session, and
prints the answer: as text, or in hexadecimal digits if it is none.

examples:
  espprov send --pop abcd1234 custom-data "hello"
  espprov send --hex custom-data 0a0b0c
  espprov send --file config.bin --raw custom-config > answer.bin

With --json: {"hex":…}, and {"text":…} beside it if it is text.`
}

// reply is the result of a message.
type reply []byte

func (r reply) String() string { return shown(r) }

func (r reply) lines() []any {
	l := struct {
		Text *string `json:"text,omitempty"`
		Hex  string  `json:"hex"`
	}{Hex: hex.EncodeToString(r)}
	if utf8.Valid(r) {
		text := string(r)
		l.Text = &text
	}
	return []any{l}
}

// shown is an answer as it can be shown on a terminal.
func shown(data []byte) string {
	for _, r := range string(data) {
		if r == utf8.RuneError || !unicode.IsPrint(r) && r != '\n' && r != '\t' {
			return hex.EncodeToString(data)
		}
	}
	return string(data)
}

// Run sends the message.
func (c *Send) Run(ctx context.Context, s cli.Streams) error {
	data, err := c.data(s)
	if err != nil {
		return c.fail(s, err)
	}
	return c.with(ctx, s, func() (fmt.Stringer, error) {
		answer, err := c.Custom(ctx, c.Endpoint, data)
		if err == nil && c.Raw && !c.JSON {
			_, err = s.Out.Write(answer)
			return nil, err
		}
		return reply(answer), err
	})
}

// data returns what to send.
func (c *Send) data(s cli.Streams) ([]byte, error) {
	switch {
	case (c.Text != nil) == (c.File != ""):
		return nil, errors.New("give a text or --file, and not both")
	case c.File == "" && c.Hex:
		data, err := hex.DecodeString(strings.Join(strings.Fields(*c.Text), ""))
		if err != nil {
			return nil, fmt.Errorf("--hex: the text is no string of pairs of hexadecimal digits")
		}
		return data, nil
	case c.File == "":
		return []byte(*c.Text), nil
	case c.Hex:
		return nil, errors.New("--hex is for a text; the bytes of a file are sent as they are")
	}
	in := s.In
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, fmt.Errorf("--file: %w", files.Error(c.File, err))
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxData+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--file: %w", files.Error(c.File, err))
	case len(data) > maxData:
		return nil, fmt.Errorf("--file: %s has more than %d bytes", c.File, maxData)
	}
	return data, nil
}
