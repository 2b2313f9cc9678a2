// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

type checkCommand struct {
	imageFlags
	JSON bool `help:"print JSON"`

	File string `arg:""`
}

// Help explains the command.
func (*checkCommand) Help() string {
	return `Lists the sectors of the image FILE and explains every page and entry that is irregular: what it is, how it
comes about, and what a device does about it when it starts. FILE is not changed; it may be - for the standard
input. Of a file that is no image of a partition it says what it looks like.

  info     belongs to a sound partition
  warning  what a power cut leaves; starting repairs it, and nothing stored is lost
  error    a value or the whole partition cannot be read

Exit status: 0 sound, 1 warnings or errors were found, 2 the file or the keys cannot be read.

examples:
  espprov nvs check nvs.bin
  espprov nvs check --json --hmac-key efuse.bin nvs.bin`
}

// Run checks the image.
func (c *checkCommand) Run(s cli.Streams) error {
	file, name, err := readInput(c.File, s.In, nvsgen.MaxSize)
	if err != nil {
		return err
	}
	keys, err := c.load()
	if err != nil {
		return err
	}
	at, err := c.find(name, file)
	if err != nil {
		return err
	}
	b := file[at.from:at.to]
	r := nvscheck.Check(b, keys)
	refused := at.refuse(name, file, false)
	if nvscheck.Looks(b).Kind == nvscheck.Damaged {
		refused = nil // the report says more
	}
	if c.JSON {
		out := checked{Size: len(b), Sound: !r.Irregular(), LooksLike: r.Foreign, Repairs: r.Repairs, Sectors: r.Sectors, Findings: r.Findings}
		if r.OpenError != 0 {
			out.OpenError = r.OpenError.Hex()
		}
		e := json.NewEncoder(s.Out)
		e.SetIndent("", "  ")
		err = e.Encode(out)
	} else if r.Foreign == "" { // a foreign file has no sectors to report on
		_, err = fmt.Fprint(s.Out, report(r))
	}
	switch {
	case err != nil:
		return err
	case refused != nil:
		return cli.No(refused.Error())
	case r.Irregular():
		return cli.No("")
	}
	return nil
}

// checked is what the command prints as JSON.
type checked struct {
	Size      int                `json:"size"`
	Sound     bool               `json:"sound"`
	LooksLike string             `json:"looks_like,omitempty"` // if it is no image of a partition
	OpenError string             `json:"open_error,omitempty"` // of opening for writing, as ESP-IDF counts
	Repairs   bool               `json:"repairs"`
	Sectors   []nvscheck.Sector  `json:"sectors"`
	Findings  []nvscheck.Finding `json:"findings"`
}

// report is a report as text.
func report(r *nvscheck.Report) string {
	var b strings.Builder
	for i, sec := range r.Sectors {
		fmt.Fprintf(&b, "sector %-3d %-8s", i, sec.State)
		if sec.Version != 0 {
			fmt.Fprintf(&b, "number %-5d version %d  %3d written, %3d erased, %3d empty", sec.Seq, sec.Version, sec.Written, sec.Erased, sec.Empty)
			if sec.Illegal > 0 {
				fmt.Fprintf(&b, ", %d illegal", sec.Illegal)
			}
		}
		s := strings.TrimRight(b.String(), " ")
		b.Reset()
		b.WriteString(s + "\n")
	}
	count := map[nvscheck.Severity]int{}
	for _, f := range r.Findings {
		count[f.Severity]++
		fmt.Fprintf(&b, "\n%s%v: %s.\n", place(f), f.Severity, f.Text)
	}
	switch {
	case count[nvscheck.Error]+count[nvscheck.Warning] == 0:
		b.WriteString("\nsound\n")
	default:
		fmt.Fprintf(&b, "\n%s, %s", plural(count[nvscheck.Error], "error"), plural(count[nvscheck.Warning], "warning"))
		if r.Repairs {
			b.WriteString("; a device repairs what can be repaired when it starts")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// place says where a finding is.
func place(f nvscheck.Finding) string {
	switch {
	case f.Sector < 0:
		return ""
	case f.Entry < 0:
		return fmt.Sprintf("sector %d (%#x): ", f.Sector, f.Offset)
	}
	return fmt.Sprintf("sector %d, entry %d (%#x): ", f.Sector, f.Entry, f.Offset)
}
