// SPDX-License-Identifier: Apache-2.0

package transcriptcmd

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/wifiprov/wifiprov/cmd/espprov/internal/prompt"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/pbtext"
	"github.com/wifiprov/wifiprov/internal/transcript"
)

// Decode is the command decode.
type Decode struct {
	PoP          prompt.Text `name:"pop" placeholder:"TEXT" group:"keys that are not in the file" help:"proof of possession, or the password of security 2 (ESPPROV_POP)"`
	PoPFile      string      `name:"pop-file" placeholder:"FILE" group:"keys that are not in the file" help:"file with it; - is the standard input"`
	Username     string      `placeholder:"NAME" default:"wifiprov" group:"keys that are not in the file" help:"user name of security 2, ${default} if it is not given"`
	DeviceRandom digits      `placeholder:"HEX" group:"keys that are not in the file" help:"what a device made for tests drew: private key and counter block, or private value and nonce"`
	Secrets      bool        `help:"show passphrases and keys"`
	JSON         bool        `name:"json" help:"print one JSON object for each exchange"`

	File string `arg:""`
}

// digits are bytes, as hexadecimal digits on a command line.
type digits []byte

// UnmarshalText reads the digits.
func (d *digits) UnmarshalText(text []byte) (err error) {
	if *d, err = hex.DecodeString(string(text)); err != nil {
		return errors.New("these are no hexadecimal digits")
	}
	return nil
}

// Help explains the command.
func (*Decode) Help() string {
	return `Explains the conversation with a device that --record wrote to FILE (-: the standard input), exchange by
exchange: when, how long, at which endpoint, what was asked and what came of it, and the fields of request (>)
and answer (<).

What is encrypted is decrypted if FILE has the keys, which --record-secrets puts there. Without them espprov
shows the steps of the handshake, and sizes and times of the rest. For a device made for tests that tells what
it drew, --device-random with --pop, and --username under security 2, serves as well.

Passphrases and keys are not shown without --secrets. Exit status 1: the keys are not those of a session.

  espprov decode session.jsonl
  espprov decode --json session.jsonl | jq -r .means`
}

// Run explains the file.
func (c *Decode) Run(s cli.Streams) error {
	r, done, err := open(c.File, s)
	if err != nil {
		return err
	}
	defer func() { _ = done() }() // it was only read
	pop, _, err := prompt.Source{Flag: "pop", Value: c.PoP, File: c.PoPFile, Env: "ESPPROV_POP"}.Given(s)
	if err != nil {
		return err
	}
	e := transcript.NewExplainer(transcript.Login{PoP: pop, Username: c.Username, Password: pop, DeviceRandom: c.DeviceRandom}, c.Secrets)
	p := &printer{w: s.Out, json: c.JSON, secrets: c.Secrets}
	p.header(&r.Header)
	wrong := 0
	for {
		x, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("%s:%w", c.File, err)
		}
		explained := e.Explain(x)
		if explained.WrongKeys && wrong == 0 {
			wrong = x.Line
		}
		if err := p.exchange(explained); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return cli.No(fmt.Sprintf("%s:%d: the keys are not those of this session", c.File, wrong))
	}
	return nil
}

// printer prints what is explained.
type printer struct {
	w       io.Writer
	json    bool
	secrets bool
}

// header prints a file's first line.
func (p *printer) header(h *transcript.Header) {
	if h.Version == 0 || p.json {
		return
	}
	text := "recorded " + h.Time.UTC().Format("2006-01-02 15:04:05 UTC")
	if h.Tool != "" {
		text += " by " + transcript.Printable(h.Tool)
	}
	if h.Device != "" {
		text += ", device " + transcript.Printable(h.Device)
	}
	if h.Transport != "" {
		text += ", " + transcript.Printable(h.Transport)
	}
	if h.Security != nil {
		text += fmt.Sprintf(", security %d", *h.Security)
	}
	if h.Secrets {
		text += ", with secrets"
	} else {
		text += ", secrets masked"
	}
	fmt.Fprintln(p.w, text)
}

// exchangeJSON is an exchange in JSON.
type exchangeJSON struct {
	Number    int              `json:"exchange"`
	Line      int              `json:"line"`
	Start     float64          `json:"t"`
	Duration  float64          `json:"ms"`
	Endpoint  string           `json:"endpoint"`
	Security  *int             `json:"security,omitempty"`
	Means     string           `json:"means"`
	Handshake bool             `json:"handshake,omitempty"`
	Open      bool             `json:"open,omitempty"`
	Keys      *transcript.Keys `json:"keys,omitempty"`
	Request   *partJSON        `json:"request"`
	Answer    *partJSON        `json:"answer,omitempty"`
	Error     string           `json:"error,omitempty"`
}

// partJSON is a request or an answer in JSON. Bytes may have secrets in them.
type partJSON struct {
	Size      int              `json:"size"`
	Encrypted bool             `json:"encrypted,omitempty"` // and not decrypted
	Masked    bool             `json:"masked,omitempty"`
	Message   *pbtext.Message  `json:"message,omitempty"`
	Wire      transcript.Bytes `json:"wire,omitzero"`
	Plain     transcript.Bytes `json:"plain,omitzero"`
}

// exchange prints an exchange.
func (p *printer) exchange(x *transcript.Explained) error {
	if p.json {
		out := exchangeJSON{
			Number: x.Number, Line: x.Line, Start: x.Start, Duration: x.Duration, Endpoint: x.Endpoint, Means: x.Means,
			Handshake: x.Handshake, Open: x.Open, Request: p.partJSON(&x.Request), Answer: p.partJSON(&x.Answer), Error: x.Error,
		}
		if x.Security >= 0 {
			out.Security = &x.Security
		}
		if p.secrets {
			out.Keys = x.Keys
		}
		return printJSON(p.w, &out)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d  +%.3f s  %s  %.1f ms  %s\n", x.Number, x.Start, transcript.Printable(x.Endpoint), x.Duration, x.Means)
	if k := x.Keys; k != nil && p.secrets {
		for _, key := range []struct {
			name string
			b    []byte
			text bool
		}{{"pop", k.PoP, true}, {"user name", k.Username, true}, {"password", k.Password, true}, {"client's random bytes", k.Random, false}} {
			switch {
			case len(key.b) == 0:
			case key.text:
				fmt.Fprintf(&b, "   * %s: %s\n", key.name, transcript.Printable(string(key.b)))
			default:
				fmt.Fprintf(&b, "   * %s: %x\n", key.name, key.b)
			}
		}
	}
	p.part(&b, "   > ", &x.Request)
	p.part(&b, "   < ", &x.Answer)
	_, err := io.WriteString(p.w, b.String())
	return err
}

func (p *printer) partJSON(part *transcript.Part) *partJSON {
	if part.Wire == nil {
		return nil
	}
	out := &partJSON{Size: len(part.Wire), Encrypted: part.Locked, Masked: part.Masked}
	if !part.Locked {
		out.Message = &part.Message
	}
	if p.secrets {
		out.Wire, out.Plain = part.Wire, part.Plain
	}
	return out
}

// longest is how much of a line is shown. Public values of security 2 have 768 digits.
const longest = 110

// part prints the fields of a request or an answer.
func (p *printer) part(b *strings.Builder, prefix string, part *transcript.Part) {
	if part.Locked {
		note := ""
		if part.Masked {
			note = " and masked"
		}
		fmt.Fprintf(b, "%sencrypted%s, %d bytes\n", prefix, note, len(part.Wire))
		return
	}
	for l := range strings.Lines(part.Message.String()) {
		l = strings.TrimSuffix(l, "\n")
		if r := []rune(l); len(r) > longest && !p.secrets {
			l = fmt.Sprintf("%s… (%d more characters)", string(r[:longest]), len(r)-longest)
		}
		fmt.Fprintln(b, prefix+l)
	}
}
