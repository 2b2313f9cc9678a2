// SPDX-License-Identifier: Apache-2.0

package clientcmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

// Version is the command version, asked of a device.
type Version struct{ session }

// Help explains the command.
func (*Version) Help() string {
	return `Prints what a device says of itself before any session: the version of its protocol, its
security, its capabilities, and what its application adds. It needs no secret.

examples:
  espprov version
  espprov version --transport ble --device PROV_A1B2C3 --json

With --json: {"protocol":…,"security":…,"patch":…,"capabilities":[…],"apps":[…],"text":…},
where text is the whole answer. The version of espprov itself: espprov --version.`
}

type versionResult struct {
	Protocol     string      `json:"protocol,omitempty"`
	Security     int         `json:"security"`
	Patch        int         `json:"patch"`
	Capabilities []string    `json:"capabilities,omitempty"`
	Apps         []appResult `json:"apps,omitempty"`
	Text         string      `json:"text"`

	version *client.Version
}

type appResult struct {
	Name         string   `json:"name"`
	Version      string   `json:"version,omitempty"`
	Capabilities []string `json:"capabilities,omitempty"`
}

func (r versionResult) String() string {
	text := r.version.String()
	for _, a := range r.version.Apps {
		text += "\n" + a.String()
	}
	return text
}

// Run asks the device.
func (c *Version) Run(ctx context.Context, s cli.Streams) error {
	return c.withClient(ctx, s, func() (fmt.Stringer, error) {
		v, err := c.Client.Version(ctx)
		if err != nil {
			return nil, err
		}
		r := versionResult{Protocol: v.Protocol, Security: int(v.Security() - client.Security0), Patch: v.SecPatchVersion,
			Capabilities: v.Capabilities, Text: v.Text, version: v}
		for _, a := range v.Apps {
			r.Apps = append(r.Apps, appResult{a.Label, a.Version, a.Capabilities})
		}
		return r, nil
	})
}

// Reset is the command reset.
type Reset struct{ session }

// Help explains the command.
func (*Reset) Help() string {
	return `Tells a device that failed to join its network to take other credentials. Devices can do
that since ESP-IDF v5.1; an older one has to be restarted.

examples:
  espprov reset --pop abcd1234`
}

// Run resets the device.
func (c *Reset) Run(ctx context.Context, s cli.Streams) error {
	return c.with(ctx, s, func() (fmt.Stringer, error) {
		return answer{"The device takes other credentials."}, c.Client.Reset(ctx)
	})
}

// Reprovision is the command reprovision.
type Reprovision struct{ session }

// Help explains the command.
func (*Reprovision) Help() string {
	return `Tells a device that has joined its network, and still serves, to take other credentials.
Devices can do that since ESP-IDF v5.1.

examples:
  espprov reprovision --pop abcd1234`
}

// Run asks the device for other credentials.
func (c *Reprovision) Run(ctx context.Context, s cli.Streams) error {
	return c.with(ctx, s, func() (fmt.Stringer, error) {
		return answer{"The device takes other credentials."}, c.Client.Reprovision(ctx)
	})
}

// Status is the command status.
type Status struct{ session }

// Help explains the command.
func (*Status) Help() string {
	return `Prints how far a device has come in joining its network, and details if it tells them
(docs/prov-status.md). A device that has joined usually ends its service soon after this
question.

examples:
  espprov status --pop abcd1234 --json

With --json: {"state":…,"reason":…,"attempts_left":…,"network":{…},"details":…}. Status 1:
the device has failed to join.`
}

type statusResult struct {
	State        string  `json:"state"`
	Reason       string  `json:"reason,omitempty"`
	Retrying     bool    `json:"retrying,omitempty"`
	AttemptsLeft *int    `json:"attempts_left,omitempty"`
	Network      *joined `json:"network,omitempty"`
	Details      string  `json:"details,omitempty"`
}

func (r statusResult) String() string {
	lines := []string{r.State}
	if r.Reason != "" {
		lines[0] += ": " + r.Reason
	}
	if r.Retrying {
		lines[0] += fmt.Sprintf(", tries again, attempts left: %d", *r.AttemptsLeft)
	}
	if r.Network != nil {
		lines = append(lines, r.Network.String())
	}
	if r.Details != "" {
		lines = append(lines, r.Details)
	}
	return strings.Join(lines, "\n")
}

// Run asks the device.
func (c *Status) Run(ctx context.Context, s cli.Streams) error {
	var failed error
	err := c.with(ctx, s, func() (fmt.Stringer, error) {
		var r statusResult
		v, err := c.Client.Version(ctx)
		if err == nil && v.Has(client.CapStatus) {
			d, err := c.Details(ctx) // before Status, which may end the service
			if err != nil {
				return nil, err
			}
			r.Details = d.String()
		}
		st, err := c.Client.Status(ctx)
		if err != nil {
			return nil, err
		}
		r.State, r.Retrying = st.State.String(), st.Retrying
		if st.Retrying {
			r.AttemptsLeft = &st.AttemptsLeft
		}
		if st.State == client.StateFailed {
			r.Reason = st.Reason.String()
		}
		if st.State == client.StateConnected {
			j := newJoined(st.Connection)
			r.Network = &j
		}
		if st.Err() != nil {
			failed = cli.No("") // the output says it
		}
		return r, nil
	})
	if err != nil {
		return err
	}
	return failed
}
