// SPDX-License-Identifier: Apache-2.0

package qrcmd

import (
	"errors"
	"fmt"
	"io"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/prompt"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/internal/qrcode"
)

type makeCommand struct {
	Name           string      `placeholder:"NAME" group:"the device" help:"NAME of the service: SSID or name on Bluetooth"`
	Transport      string      `placeholder:"T" group:"the device" help:"T is softap or ble"`
	Security       string      `placeholder:"N" group:"the device" help:"N is 0, 1 or 2; apps take 2 if it is not given"`
	Username       string      `placeholder:"NAME" group:"the device" help:"user NAME for security 2"`
	PoP            prompt.Text `name:"pop" placeholder:"TEXT" group:"the device" help:"proof of possession, or password for security 2"`
	PoPFile        string      `name:"pop-file" placeholder:"FILE" group:"the device" help:"FILE with it as the only line; - is the standard input"`
	APPassword     prompt.Text `name:"ap-password" placeholder:"TEXT" group:"the device" help:"password of the device's access point"`
	APPasswordFile string      `name:"ap-password-file" placeholder:"FILE" group:"the device" help:"FILE with it as the only line; - is the standard input"`
	Network        string      `placeholder:"N" group:"the device" help:"N is wifi or thread"`

	Compact bool   `group:"output" help:"RainMaker's compact form in place of JSON"`
	PNG     string `name:"png" placeholder:"FILE" group:"output" help:"write the code as PNG image to FILE"`
	SVG     string `name:"svg" placeholder:"FILE" group:"output" help:"write the code as SVG image to FILE"`
	JSON    bool   `name:"json" group:"output" help:"print JSON"`
}

// Help explains the command.
func (*makeCommand) Help() string {
	return `Makes the QR code of a device, from which a phone app learns how to reach the device and which secrets it
wants. The code is drawn in the terminal with its text below it. With --png or --svg it is written to a file
that you alone can read; - is the standard output. With --json the text and what it says are printed as one
line instead of the drawing.

--name and --transport are needed. --pop may come from the variable ESPPROV_POP, and --ap-password from
ESPPROV_AP_PASSWORD. The compact form NP:NAME|POP|T has no room for more than name, pop and transport, and
RainMaker's apps alone read it.

examples:
  espprov qr make --name PROV_A1B2C3 --transport ble --security 1 --pop abcd1234
  espprov qr make --name PROV_A1B2C3 --transport softap --security 2 --username wifiprov --pop-file pop.txt --png label.png
  espprov qr make --name PROV_A1B2C3 --transport ble --pop abcd1234 --compact --svg - >label.svg`
}

// Run makes the code.
func (c *makeCommand) Run(s cli.Streams) error {
	if c.PNG == standard && c.SVG == standard || c.JSON && (c.PNG == standard || c.SVG == standard) {
		return errors.New("--png, --svg and --json: the standard output takes one of them: give the name of a file")
	}
	text, l, err := c.text(s)
	if err != nil {
		return err
	}
	code, err := qrcode.New(text)
	if err != nil {
		return err
	}
	if c.PNG != "" {
		if err := writeFile(c.PNG, code.PNG(), s.Out); err != nil {
			return fmt.Errorf("--png: %w", err)
		}
	}
	if c.SVG != "" {
		if err := writeFile(c.SVG, []byte(code.SVG()), s.Out); err != nil {
			return fmt.Errorf("--svg: %w", err)
		}
	}
	switch {
	case c.JSON:
		return explain(l, text).json(s.Out)
	case c.PNG == "" && c.SVG == "":
		_, err = fmt.Fprintf(s.Out, "%s%s\n", code.Terminal(), text)
	}
	return err
}

// text returns the text of the code, and what it says.
func (c *makeCommand) text(s cli.Streams) (string, label.Label, error) {
	l := label.Label{Name: c.Name, Username: c.Username, Transport: label.Transport(c.Transport), Network: label.Network(c.Network)}
	switch c.Security {
	case "":
	case "0":
		l.Security = client.Security0
	case "1":
		l.Security = client.Security1
	case "2":
		l.Security = client.Security2
	default:
		return "", l, fmt.Errorf("--security %q: it is 0, 1 or 2", c.Security)
	}
	var err error
	pop := prompt.Source{Flag: "pop", Value: c.PoP, File: c.PoPFile, Env: "ESPPROV_POP"}
	if l.PoP, _, err = pop.Given(s); err != nil {
		return "", l, err
	}
	password := prompt.Source{Flag: "ap-password", Value: c.APPassword, File: c.APPasswordFile, Env: "ESPPROV_AP_PASSWORD"}
	if l.Password, _, err = password.Given(s); err != nil {
		return "", l, err
	}
	write := l.JSON
	if c.Compact {
		write = l.Compact
	}
	text, err := write()
	return text, l, err
}

// writeFile writes a file, or the standard output for -.
func writeFile(path string, b []byte, out io.Writer) error {
	if path == standard {
		_, err := out.Write(b)
		return err
	}
	return files.Make(path, b)
}
