// SPDX-License-Identifier: Apache-2.0

package transcriptcmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/prompt"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/transcript"
)

// Replay is the command replay.
type Replay struct {
	target.Flags
	Passphrase     prompt.Text `placeholder:"TEXT" group:"secrets" help:"passphrase to send in the place of one that is masked (ESPPROV_PASSPHRASE)"`
	PassphraseFile string      `placeholder:"FILE" group:"secrets" help:"file with it; - is the standard input"`
	Fast           bool        `help:"do not wait between requests as the recorded client did"`
	JSON           bool        `name:"json" help:"print one JSON object for each exchange"`

	File string `arg:""`
}

// Help explains the command.
func (*Replay) Help() string {
	return `Plays the conversation of FILE (-: the standard input) again: sends the requests that --record wrote to a
device, at the same pace, and compares its answers with the recorded ones, exchange by exchange. An answer is
"same" if it has the same bytes after decryption. A handshake is "same in kind" if it succeeds or fails as it
did, since its numbers are random. For a difference, - is the recording and + what the device says now.

Under security 1 and 2 FILE must have the keys, which --record-secrets puts there. The session with the device
is opened anew, with the recorded proof of possession or password unless another one is given. Under security 0
a masked passphrase has to be given. The replay provisions the device if the recorded client did.

Exit status: 0 all the same, 1 something is different, 4 there is no device.

  espprov replay session.jsonl
  espprov replay --device 192.168.4.1 --pop 12345678 session.jsonl
  espprov replay --fast --json session.jsonl | jq -c 'select(.result == "different")'`
}

// Run plays the file.
func (c *Replay) Run(ctx context.Context, s cli.Streams) error {
	r, done, err := open(c.File, s)
	if err != nil {
		return err
	}
	defer func() { _ = done() }() // it was only read
	passphrase, _, err := prompt.Source{Flag: "passphrase", Value: c.Passphrase, File: c.PassphraseFile, Env: "ESPPROV_PASSPHRASE"}.Given(s)
	if err != nil {
		return err
	}
	script, err := transcript.ReadScript(r, passphrase)
	if err != nil {
		return fmt.Errorf("%s:%w", c.File, err)
	}
	d, closeBluetooth, err := c.Resolve(ctx, s)
	if err != nil {
		return err
	}
	defer closeBluetooth()
	fill(script, &d.Client)
	device, err := d.Open(s)
	if err != nil {
		return err
	}
	defer device.Close()
	counts := map[transcript.Result]int{}
	p := &replayPrinter{s, c.JSON}
	err = script.Play(ctx, device, c.Fast, func(r *transcript.Replayed) {
		counts[r.Result]++
		p.exchange(r)
	})
	if err != nil {
		return target.Failure(err)
	}
	if !c.JSON {
		fmt.Fprintln(s.Out, summary(counts))
	}
	if counts[transcript.Different] > 0 {
		return cli.No("")
	}
	return nil
}

// fill gives a client the security and the secrets of the recording, unless the command
// line names others.
func fill(script *transcript.Script, cfg *client.Config) {
	if cfg.Security == client.SecurityAuto {
		cfg.Security = script.Security
	}
	if cfg.PoP == "" && cfg.Password == "" {
		cfg.PoP, cfg.Username, cfg.Password = script.Login.PoP, script.Login.Username, script.Login.Password
		cfg.AskPoP, cfg.AskLogin = nil, nil
	}
}

func summary(counts map[transcript.Result]int) string {
	var parts []string
	for _, result := range []transcript.Result{transcript.Different, transcript.NotPlayed, transcript.Same, transcript.SameKind} {
		if n := counts[result]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, result))
		}
	}
	if parts == nil {
		return "nothing to play"
	}
	return strings.Join(parts, ", ")
}

// replayPrinter prints what comes of a replay.
type replayPrinter struct {
	s    cli.Streams
	json bool
}

// replayedJSON is an exchange in JSON.
type replayedJSON struct {
	From     int               `json:"from"`
	Number   int               `json:"exchange"`
	Line     int               `json:"line"`
	Endpoint string            `json:"endpoint"`
	Means    string            `json:"means"`
	Result   transcript.Result `json:"result"`
	Diff     []string          `json:"diff,omitempty"`
}

func (p *replayPrinter) exchange(r *transcript.Replayed) {
	x := r.Recorded
	var diff []string
	if r.Result == transcript.Different {
		diff = r.Diff()
	}
	if p.json {
		_ = printJSON(p.s.Out, replayedJSON{r.From, x.Number, x.Line, x.Endpoint, x.Means, r.Result, diff})
		return
	}
	number := fmt.Sprint(x.Number)
	if r.From != x.Number {
		number = fmt.Sprintf("%d-%d", r.From, x.Number)
	}
	fmt.Fprintf(p.s.Out, "%s  %s  %s: %s\n", number, transcript.Printable(x.Endpoint), r.Result, x.Means)
	for _, l := range diff {
		fmt.Fprintln(p.s.Out, "   "+l)
	}
}
