// SPDX-License-Identifier: Apache-2.0

package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/prompt"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
)

// Provision is the command provision.
type Provision struct {
	session
	SSID           string        `group:"the network" name:"ssid" placeholder:"NAME" help:"its name; otherwise the device scans, and you choose"`
	Passphrase     prompt.Text   `group:"the network" placeholder:"TEXT" help:"its passphrase, or its key in 64 hexadecimal digits; empty: an open network (ESPPROV_PASSPHRASE)"`
	PassphraseFile string        `group:"the network" placeholder:"FILE" help:"file with it; - is the standard input"`
	Wait           time.Duration `group:"the network" placeholder:"TIME" default:"2m" help:"how long the device may take to join, ${default} if it is not given"`
	Poll           time.Duration `group:"the network" placeholder:"TIME" default:"2s" help:"the time between two questions whether it has, ${default} if it is not given"`
	Send           []string      `sep:"none" placeholder:"ENDPOINT=TEXT" help:"send a text to an endpoint of the application first; may be given several times"`
}

// Help explains the command.
func (*Provision) Help() string {
	return `Gives a device the credentials of a Wi-Fi network, and waits until it has joined.

The device is the one whose access point this machine has joined, or one that the flags
name. Without --ssid the device scans, and you choose a network from its list. What is
missing is asked for at the keyboard, secrets without echo. A device that refuses the
passphrase, or does not find the network, is reset in the same session, and you are asked
again; without a keyboard the command ends with status 1 and the reason.

examples:
  espprov provision --pop abcd1234 --ssid HomeNet
  espprov provision --qr label.jpg --ssid HomeNet --passphrase-file wifi.txt --json
  espprov provision --transport ble --device PROV_A1B2C3 --username wifiprov

With --json the result is {"ssid":…,"bssid":…,"channel":…,"auth":…,"ip":…}, or
{"error":…,"status":…}.`
}

// joined is the result of a provisioning.
type joined struct {
	SSID    string `json:"ssid"`
	SSIDHex string `json:"ssid_hex,omitempty"`
	BSSID   string `json:"bssid,omitempty"`
	Channel int    `json:"channel,omitempty"`
	Auth    string `json:"auth,omitempty"`
	IP      string `json:"ip,omitempty"`
}

func newJoined(c client.Connection) joined {
	j := joined{SSID: string(c.SSID), SSIDHex: ssidHex(c.SSID), Channel: c.Channel}
	if c.BSSID != (hal.BSSID{}) {
		j.BSSID, j.Auth = c.BSSID.String(), c.Auth.String()
	}
	if c.IP.IsValid() {
		j.IP = c.IP.String()
	}
	return j
}

func (j joined) String() string {
	text := "The device has joined " + hal.SSID(j.SSID).String()
	if j.Channel != 0 {
		text += fmt.Sprintf(" on channel %d", j.Channel)
	}
	if j.Auth != "" {
		text += " (" + j.Auth + ")"
	}
	if j.IP != "" {
		text += ", and its address is " + j.IP
	}
	return text + "."
}

// Run provisions the device.
func (c *Provision) Run(ctx context.Context, s cli.Streams) error {
	pass := prompt.Source{Flag: "passphrase", Value: c.Passphrase, File: c.PassphraseFile, Env: "ESPPROV_PASSPHRASE"}
	known, given, err := pass.Given(s)
	switch {
	case err != nil:
		return c.fail(s, err)
	case !given && c.SSID != "" && !prompt.CanAsk(s):
		return c.fail(s, errors.New("no passphrase: give --passphrase, --passphrase-file or ESPPROV_PASSPHRASE, empty for an open network"))
	case c.SSID == "" && !prompt.CanAsk(s):
		return c.fail(s, errors.New("no network: give --ssid"))
	}
	c.wait, c.poll = c.Wait, c.Poll
	sends, err := c.sends()
	if err != nil {
		return c.fail(s, err)
	}
	return c.with(ctx, s, func() (fmt.Stringer, error) {
		for _, m := range sends {
			reply, err := c.Custom(ctx, m[0], []byte(m[1]))
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(s.Err, "%s: %s\n", m[0], shown(reply))
		}
		cr := client.Credentials{SSID: hal.SSID(c.SSID), Passphrase: known}
		for again := false; ; again = true {
			if cr.SSID == "" || again {
				if err := c.choose(ctx, s, &cr, given && !again, again); err != nil {
					return nil, err
				}
			} else if !given {
				if err := c.askPassphrase(ctx, s, &cr); err != nil {
					return nil, err
				}
			}
			connection, err := c.Client.Provision(ctx, cr)
			if err == nil {
				return newJoined(connection), nil
			}
			if !errors.Is(err, client.ErrAuth) && !errors.Is(err, client.ErrNetworkNotFound) || !prompt.CanAsk(s) {
				return nil, err
			}
			fmt.Fprintln(s.Err, "espprov:", target.Words(err))
			if resetErr := c.Reset(ctx); resetErr != nil {
				return nil, fmt.Errorf("%w; to try again: %w", err, resetErr)
			}
		}
	})
}

// sends splits the values of --send.
func (c *Provision) sends() ([][2]string, error) {
	var list [][2]string
	for _, text := range c.Send {
		endpoint, data, ok := strings.Cut(text, "=")
		if !ok || endpoint == "" || data == "" {
			return nil, errors.New("--send wants ENDPOINT=TEXT, with some text")
		}
		list = append(list, [2]string{endpoint, data})
	}
	return list, nil
}

// choose lets the device scan and the user choose. The passphrase is asked for unless it
// is known or the network needs none. The first answer may be the same network as before.
func (c *Provision) choose(ctx context.Context, s cli.Streams, cr *client.Credentials, known, again bool) error {
	if again && cr.SSID != "" {
		text, err := prompt.Line(ctx, s, fmt.Sprintf("Network, empty for %s again, ? for a list", cr.SSID))
		switch {
		case err != nil:
			return err
		case text == "":
			return c.askPassphrase(ctx, s, cr)
		case text != "?":
			cr.SSID = hal.SSID(text)
			return c.askPassphrase(ctx, s, cr)
		}
	}
	found, err := c.Scan(ctx, c.scanOptions())
	if err != nil {
		return err
	}
	list := client.MergeNetworks(found)
	if len(list) == 0 {
		return cli.No("the device sees no network: move it, or name a hidden network with --ssid")
	}
	var lines []string
	for _, n := range list {
		lines = append(lines, n.String())
	}
	i, err := target.Choose(ctx, s, "Networks that the device sees", lines, "Network")
	if err != nil {
		return err
	}
	cr.SSID = list[i].SSID
	if known {
		return nil
	}
	if list[i].Auth == hal.AuthOpen {
		cr.Passphrase = ""
		return nil
	}
	return c.askPassphrase(ctx, s, cr)
}

func (c *Provision) askPassphrase(ctx context.Context, s cli.Streams, cr *client.Credentials) (err error) {
	cr.Passphrase, err = prompt.Source{Flag: "passphrase", Question: fmt.Sprintf("Passphrase of %s", cr.SSID)}.Read(ctx, s)
	return err
}
