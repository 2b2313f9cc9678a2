// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/internal/batch"
)

var lamp = &batch.Device{Row: 2, Name: "LAMP_<1>&", Transport: "ble", Security: client.Security2, Username: "wifiprov", Password: "p^~_ß",
	MAC: "24:6F:28:AA:BB:CC", Fields: []batch.Field{{Name: "serial", Value: "<7>"}}}

func TestLabelCells(t *testing.T) {
	cells, err := batch.LabelCells(lamp)
	require.NoError(t, err)
	const qr = `{"ver":"v1","name":"LAMP_<1>&","username":"wifiprov","pop":"p^~_ß","transport":"ble","security":2}`
	require.Equal(t, []string{"LAMP_<1>&", "24:6F:28:AA:BB:CC", "p^~_ß", qr,
		`^CI28^FO20,20^BQN,2,4^FH_^FDLA,{"ver":"v1","name":"LAMP_5F<1>&","username":"wifiprov","pop":"p_5E_7E_5F_C3_9F","transport":"ble","security":2}^FS`}, cells)
	cells, err = batch.LabelCells(&batch.Device{Name: "C", Transport: "console", PoP: "p"})
	require.NoError(t, err)
	require.Equal(t, []string{"C", "", "p", "", ""}, cells)
}

// A page is well-formed whatever the names are, and has every label within its edges.
func TestPage(t *testing.T) {
	s := batch.Sheet{Columns: 3, Rows: 7, Margin: 10, Gap: 3, Show: []string{"serial"}}
	require.NoError(t, s.Check())
	page, err := s.Page([]*batch.Device{lamp, {Name: "C", Transport: "console"}, lamp, lamp})
	require.NoError(t, err)
	d := xml.NewDecoder(strings.NewReader(page))
	var text strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if c, ok := token.(xml.CharData); ok {
			text.Write(c)
		}
	}
	require.Equal(t, 3, strings.Count(text.String(), "LAMP_<1>&"))
	require.Equal(t, 3, strings.Count(text.String(), "PoP p^~_ß"))
	require.Equal(t, 3, strings.Count(text.String(), "serial <7>"))
	require.Equal(t, 3, strings.Count(page, "shape-rendering"), "three QR codes")
	require.True(t, strings.Contains(page, `<g transform="translate(10.00 50.00)">`), "the fourth one begins the second row")
}

func TestSheetCheck(t *testing.T) {
	for want, s := range map[string]batch.Sheet{
		"--columns and --rows: give 1 or more":                                                                    {Columns: 0, Rows: 1},
		"--margin and --gap: give 0 or more millimetres":                                                          {Columns: 1, Rows: 1, Margin: -1},
		"--columns and --rows: a label of 10.5 × 297.0 mm is too small to read, which is below 15 mm: give fewer": {Columns: 20, Rows: 1},
	} {
		require.EqualError(t, s.Check(), want)
	}
}
