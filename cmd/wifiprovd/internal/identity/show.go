// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"fmt"
	"io"
	"strings"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/qrcode"
)

// inverted draws light what was dark.
var inverted = strings.NewReplacer("█", " ", " ", "█", "▀", "▄", "▄", "▀")

// Show writes what the text of a QR code says: the code, and name and secrets to type.
// Without colour the code is light on dark, which scanners read too.
func Show(w io.Writer, text hal.Secret, colour bool) error {
	l, err := label.Parse(string(text))
	if err != nil {
		return err
	}
	code, err := qrcode.New(string(text))
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("Scan this with the provisioning app, or enter what is below it:\n")
	for line := range strings.Lines(code.Terminal()) {
		if !colour {
			_, line, _ = strings.Cut(line, "m") // between two codes for colours
			line, _, _ = strings.Cut(line, "\x1b")
			line = inverted.Replace(line) + "\n"
		}
		b.WriteString(line)
	}
	for _, member := range [][2]string{
		{"name", l.Name}, {"passphrase of the access point", string(l.Password)},
		{"user name", l.Username}, {"password", string(l.PoP)}, {"text", string(text)},
	} {
		if member[1] != "" {
			fmt.Fprintf(&b, "%s: %s\n", member[0], member[1])
		}
	}
	if l.PoP == "" && l.Security != client.Security0 {
		b.WriteString("The box does not know its password, but only what follows from it.\n")
	}
	_, err = io.WriteString(w, b.String())
	return err
}
