// SPDX-License-Identifier: Apache-2.0

// Package credcmd is the command credentials of espprov: it makes the salt and the
// verifier of security 2.
package credcmd

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/wifiprov/wifiprov/cmd/espprov/internal/prompt"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/cmd/internal/password"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// Command is the command. Package cli says how a command is made of a struct.
type Command struct {
	Username     string      `placeholder:"NAME" default:"wifiprov" group:"login" help:"user NAME, ${default} if it is not given"`
	Password     prompt.Text `placeholder:"TEXT" group:"login" help:"password"`
	PasswordFile string      `name:"password-file" placeholder:"FILE" group:"login" help:"FILE with the password as the only line; - is the standard input"`
	Random       bool        `group:"login" help:"make a random password and print it once, on the standard error"`

	SaltLength int    `name:"salt-length" placeholder:"N" default:"16" group:"salt" help:"random salt of N bytes, 8 to 64; ${default} if it is not given"`
	Salt       string `placeholder:"HEX" group:"salt" help:"this salt"`

	Format    string `placeholder:"F" enum:"c,go,hex,nvs" default:"c" group:"output" help:"F is c, go, hex or nvs; ${default} if it is not given"`
	Namespace string `placeholder:"NAME" default:"prov" group:"output" help:"namespace of --format nvs, ${default} if it is not given"`
	RainMaker bool   `name:"rainmaker" group:"output" help:"--format nvs with the namespace that RainMaker reads"`
	JSON      bool   `name:"json" group:"output" help:"print JSON"`
}

// Help explains the command.
func (*Command) Help() string {
	return `Makes what a device of security 2 needs to know clients with a user name and a password: a salt and the
verifier that follows from all three. The password does not follow from them, but a guess can be tried: keep
the verifier as secret as a password's hash.

The password comes from --password, --password-file, or the variable ESPPROV_PASSWORD, or is asked for without
echo. --random makes one of 16 letters and digits that look unlike each other, from 32^16 possible ones: 80
bits. It goes to the standard error, or with --json into the JSON, and cannot be found out later.

--format c and go are arrays for a program's source, hex is a line for each of the two, and nvs is the CSV
that espprov nvs create takes, with the keys sec2_salt and sec2_verifier. RainMaker reads these two from the
namespace rmaker_creds of the factory partition. The members of --json are username, password (with --random
alone), salt and verifier.

examples:
  espprov credentials --username wifiprov --password abcd1234
  espprov credentials --random --format go >login.go.txt
  espprov credentials --rainmaker --password-file pop.txt >device.csv`
}

// rainMaker is the namespace of RainMaker's credentials.
const rainMaker = "rmaker_creds"

// Run makes salt and verifier.
func (c *Command) Run(ctx context.Context, s cli.Streams) error {
	if c.RainMaker {
		c.Format, c.Namespace = "nvs", rainMaker
	}
	if err := checkNamespace(c.Namespace); err != nil {
		return err
	}
	salt, err := hex.DecodeString(c.Salt)
	switch {
	case err != nil:
		return errors.New("--salt: it is not pairs of hexadecimal digits")
	case len(salt) > sec2.MaxSalt:
		return fmt.Errorf("--salt: it has %d bytes, and at most %d are allowed", len(salt), sec2.MaxSalt)
	case c.SaltLength < sec2.MinSaltSize || c.SaltLength > sec2.MaxSaltSize:
		return fmt.Errorf("--salt-length %d: it is %d to %d", c.SaltLength, sec2.MinSaltSize, sec2.MaxSaltSize)
	case c.Username == "" || len(c.Username) > sec2.MaxUsername:
		return fmt.Errorf("--username: it has %d bytes, and 1 to %d are allowed", len(c.Username), sec2.MaxUsername)
	}
	password, err := c.password(ctx, s)
	if err != nil {
		return err
	}
	var verifier []byte
	if c.Salt != "" {
		verifier, err = sec2.Verifier(c.Username, password, salt)
	} else {
		salt, verifier, err = sec2.Generate(c.Username, password, c.SaltLength, nil)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return c.json(s.Out, password, salt, verifier)
	}
	if c.Random {
		fmt.Fprintf(s.Err, "password: %s\n", string(password))
	}
	_, err = io.WriteString(s.Out, c.text(salt, verifier))
	return err
}

// checkNamespace finds what NVS or the CSV cannot hold.
func checkNamespace(name string) error {
	const longest = 15
	if len(name) == 0 || len(name) > longest {
		return fmt.Errorf("--namespace: it has %d bytes, and 1 to %d are allowed", len(name), longest)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' || r == '"' || r == '#' }) {
		return errors.New("--namespace: letters, digits and signs of ASCII are allowed, but neither a space nor , nor \" nor #")
	}
	return nil
}

// password gets the password, or makes one.
func (c *Command) password(ctx context.Context, s cli.Streams) (hal.Secret, error) {
	from := prompt.Source{Flag: "password", Value: c.Password, File: c.PasswordFile, Env: "ESPPROV_PASSWORD", Question: "Password"}
	if c.Random {
		if c.Password.Given || c.PasswordFile != "" {
			return "", errors.New("--random and a password: give one of the two")
		}
		return password.Random(c.Username), nil
	}
	password, err := from.Read(ctx, s)
	if err == nil && password == "" {
		return "", errors.New("the password is empty: security 2 needs one")
	}
	return password, err
}

func (c *Command) json(w io.Writer, password hal.Secret, salt, verifier []byte) error {
	out := struct {
		Username string `json:"username"`
		Password string `json:"password,omitempty"`
		Salt     string `json:"salt"`
		Verifier string `json:"verifier"`
	}{Username: c.Username, Salt: hex.EncodeToString(salt), Verifier: hex.EncodeToString(verifier)}
	if c.Random {
		out.Password = string(password)
	}
	return json.NewEncoder(w).Encode(out)
}

// text writes salt and verifier in the format that was asked for.
func (c *Command) text(salt, verifier []byte) string {
	switch c.Format {
	case "hex":
		return fmt.Sprintf("salt %x\nverifier %x\n", salt, verifier)
	case "nvs":
		return fmt.Sprintf("key,type,encoding,value\n%s,namespace,,\nsec2_salt,data,hex2bin,%x\nsec2_verifier,data,hex2bin,%x\n", c.Namespace, salt, verifier)
	case "go":
		return array("var salt = []byte{", "\t", "}\n", salt) + "\n" + array("var verifier = []byte{", "\t", "}\n", verifier)
	}
	const indent = "    "
	return array("static const char sec2_salt[] = {", indent, "};\n", salt) + "\n" +
		array("static const char sec2_verifier[] = {", indent, "};\n", verifier)
}

// array writes bytes as an array of a program's source.
func array(begin, indent, end string, b []byte) string {
	const row = 12
	text := begin + "\n"
	for len(b) > 0 {
		n := min(row, len(b))
		text += indent
		for i, octet := range b[:n] {
			if i > 0 {
				text += " "
			}
			text += fmt.Sprintf("0x%02x,", octet)
		}
		text += "\n"
		b = b[n:]
	}
	return text + end
}
