// SPDX-License-Identifier: Apache-2.0

package transcriptcmd

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/internal/transcript"
)

// RecordFlags are the flags of a command whose conversation with a device can be recorded. A
// command embeds them.
type RecordFlags struct {
	Record        string `placeholder:"FILE" group:"recording" help:"write the conversation to FILE, which espprov decode explains"`
	RecordSecrets bool   `group:"recording" help:"leave passphrases in it, and the keys that decrypt it"`
}

// Start makes d record its conversation, if that is asked for. It is called before
// d.Open, and end after the client is closed. The error of end says that the recording is
// not complete, and why.
func (f *RecordFlags) Start(d *target.Device) (end func() error, err error) {
	switch {
	case f.Record == "" && f.RecordSecrets:
		return nil, errors.New("--record-secrets needs --record with the name of a file")
	case f.Record == "":
		return func() error { return nil }, nil
	}
	h := transcript.Header{
		Tool: "espprov", Transport: d.Transport.String(), Device: cmp.Or(d.Name, "192.168.4.1:80"), Secrets: f.RecordSecrets,
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		h.Tool += " " + info.Main.Version
	}
	if d.Client.Security != client.SecurityAuto {
		mode := int(d.Client.Security - client.Security0)
		h.Security = &mode
	}
	r, err := transcript.Create(f.Record, h)
	if err != nil {
		return nil, fmt.Errorf("--record: %w", err)
	}
	d.Wrap, d.Client = r.Transport, r.Client(d.Client)
	return func() error {
		if err := r.Close(); err != nil {
			return fmt.Errorf("the recording is not complete: %w", err)
		}
		return nil
	}, nil
}
