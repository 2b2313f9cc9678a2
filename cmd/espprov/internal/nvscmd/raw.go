// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// rawDumped is an item that dump --raw prints as a line of JSON.
type rawDumped struct {
	Sector int    `json:"sector"`
	Entry  int    `json:"entry"`
	Span   int    `json:"entries"`
	State  string `json:"state"`
	Number byte   `json:"namespace_number"`
	Part   string `json:"part,omitempty"` // of a blob
	dumped
}

// raw lists what stands on the flash.
func (c *dumpCommand) raw(s cli.Streams) error {
	if c.Namespace != "" {
		return errors.New("--raw and --namespace are given: what is erased may have no namespace any more")
	}
	m, err := openImage(s, c.File, &c.imageFlags)
	if err != nil {
		return err
	}
	items, err := nvscheck.Raw(m.before(), m.keys)
	if err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	lines := json.NewEncoder(s.Out)
	lines.SetEscapeHTML(false)
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(w, "SECTOR\tENTRY\tENTRIES\tSTATE\tNAMESPACE\tKEY\tTYPE\tSIZE\tVALUE")
	}
	for _, it := range items {
		x := rawItem(it, c.ShowSecrets)
		if c.JSON {
			err = lines.Encode(x)
		} else {
			_, err = fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%s\t%s\t%s\t%d\t%s\n",
				x.Sector, x.Entry, x.Span, x.State, x.Namespace, x.Key, x.Type, x.Size, x.show)
		}
		if err != nil {
			return err
		}
	}
	return w.Flush()
}

// rawItem decides how an item is shown.
func rawItem(it nvscheck.RawItem, secrets bool) rawDumped {
	x := rawDumped{Sector: it.Sector, Entry: it.Entry, Span: it.Span, State: it.State, Number: it.Number, Part: it.Part}
	if !it.Readable {
		x.Error, x.show = "no item begins here", "(no item begins here)"
		return x
	}
	x.Namespace, x.Key, x.Type = quoted(it.Namespace), quoted(it.Key), strings.TrimSpace(typeName(it.Type)+" "+it.Part)
	switch {
	case it.Number == 0:
		x.Namespace, x.Type = "-", "namespace"
	case it.Namespace == "":
		x.Namespace = fmt.Sprintf("(number %d)", it.Number)
	}
	if it.Part == "index" {
		x.Size, x.show = it.Size, "(names its chunks)"
		return x
	}
	v := it.Data
	if it.Type == store.TypeString && len(v) > 0 {
		v = v[:len(v)-1] // its terminator
	}
	x.set(store.Entry{Key: it.Key, Type: it.Type}, v, secrets)
	return x
}
