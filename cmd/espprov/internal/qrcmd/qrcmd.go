// SPDX-License-Identifier: Apache-2.0

// Package qrcmd is the group qr of espprov: it makes QR codes of devices, and reads them.
package qrcmd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

// standard is the name of the standard input or output on the command line.
const standard = "-"

// Command is the group. Package cli says how a command is made of a struct.
type Command struct {
	Make makeCommand `cmd:"" help:"make a device's QR code"`
	Read readCommand `cmd:"" help:"explain a QR code, of an image or as text"`
}

// Help explains the group.
func (*Command) Help() string {
	return `espprov qr makes the QR codes that phone apps scan to provision a device, and reads them. A code says
how to reach the device, and which secrets it wants.`
}

// explanation is what a code says, for programs.
type explanation struct {
	Text      string          `json:"text"`
	Name      string          `json:"name"`
	Username  string          `json:"username,omitempty"`
	PoP       string          `json:"pop,omitempty"`
	Transport label.Transport `json:"transport"`
	Security  *int            `json:"security,omitempty"`
	Password  string          `json:"password,omitempty"`
	Network   label.Network   `json:"network,omitempty"`
}

func explain(l label.Label, text string) explanation {
	e := explanation{
		Text: text, Name: l.Name, Username: l.Username, PoP: string(l.PoP),
		Transport: l.Transport, Password: string(l.Password), Network: l.Network,
	}
	if l.Security != client.SecurityAuto {
		mode := int(l.Security - client.Security0)
		e.Security = &mode
	}
	return e
}

// json writes the explanation as one line.
func (e explanation) json(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(e)
}

// print writes the explanation for people.
func (e explanation) print(w io.Writer) error {
	security := "not in the code: the device says it"
	if e.Security != nil {
		security = strconv.Itoa(*e.Security)
	}
	password := ""
	if e.Transport == label.SoftAP {
		password = cmp.Or(shown(e.Password), "none in the code")
	}
	for _, line := range [][2]string{
		{"name", shown(e.Name)},
		{"transport", string(e.Transport)},
		{"security", security},
		{"username", shown(e.Username)},
		{"pop", cmp.Or(shown(e.PoP), "none in the code")},
		{"ap password", password},
		{"network", string(e.Network)},
	} {
		if line[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%-12s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}

// shown returns a text in quotes if it could confuse a terminal or a reader.
func shown(text string) string {
	if strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

type readCommand struct {
	JSON bool `name:"json" help:"print JSON"`

	Code string `arg:""`
}

// Help explains the command.
func (*readCommand) Help() string {
	return `Explains the QR code of a device. CODE is its text in JSON or in RainMaker's form NP:…, the address of a
web page that shows it, or a file with either, or with an image of the code: PNG, JPEG or GIF, drawn or
photographed. - is the standard input. A text on the command line can be seen in the list of processes.

The secrets in the code are printed. "security: not in the code" means that the device announces its security.
With --json the members are text, name, username, pop, transport, security, password (of the access point)
and network; what the code does not say is missing.

examples:
  espprov qr read label.jpg
  espprov qr read '{"ver":"v1","name":"PROV_A1B2C3","pop":"abcd1234","transport":"ble"}'
  espprov qr read --json - <label.png`
}

// Run explains a code.
func (c *readCommand) Run(s cli.Streams) error {
	l, text, err := target.LoadLabel(c.Code, s.In)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return explain(l, text).json(s.Out)
	}
	return explain(l, text).print(s.Out)
}
