// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wifiprov/wifiprov/internal/misspelt"
)

// The columns that a batch knows, in the order in which they are filled in.
const (
	colName = iota
	colTransport
	colSecurity
	colMAC
	colAddress
	colUsername
	colPoP
	colPassword
	colSSID
	colPassphrase
	knownColumns // their number without qr, which fills others

	colQR = knownColumns
)

var columnNames = [...]string{"name", "transport", "security", "mac", "address", "username", "pop", "password", "ssid", "passphrase", "qr"}

// Columns names the columns that a batch knows.
func Columns() string { return strings.Join(columnNames[:], ", ") }

// isSecret says whose cells are secrets, or may refer to some.
func isSecret(column int) bool {
	return column == colPoP || column == colPassword || column == colPassphrase
}

// otherNames are what others call columns, where it can mean nothing else.
var otherNames = map[string]string{
	"psk": "passphrase", "pass": "passphrase", "wifipassword": "passphrase", "wifipass": "passphrase", "pwd": "password",
	"proofofpossession": "pop", "servicename": "name", "macaddress": "mac", "secver": "security", "qrcode": "qr",
}

// header is what the columns of a table are.
type header struct {
	names []string // as the table writes them
	known [len(columnNames)]int
	// templates may name any column, in small letters
	index map[string]int
	// unknown are columns for the operator.
	unknown []int
}

// readHeader returns why the names cannot be columns.
func readHeader(names []string) (*header, string) {
	h := &header{names: slices.Clone(names), index: map[string]int{}}
	for i := range h.known {
		h.known[i] = -1
	}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			return nil, fmt.Sprintf("column %d has no name: give it one, or remove it", i+1)
		}
		if _, twice := h.index[name]; twice {
			return nil, fmt.Sprintf("column %q is there twice: remove one", name)
		}
		h.index[name] = i
		if k := slices.Index(columnNames[:], name); k >= 0 {
			h.known[k] = i
		} else {
			h.unknown = append(h.unknown, i)
		}
	}
	for _, i := range h.unknown {
		if k := meant(names[i]); k >= 0 && h.known[k] < 0 {
			return nil, fmt.Sprintf("column %q is not known; is it %s? Give it that name, or quite another one if it is data of yours (known are %s)",
				names[i], columnNames[k], Columns())
		}
	}
	return h, ""
}

// meant returns the column that somebody probably meant by an unknown name, or -1.
func meant(name string) int {
	if other := otherNames[misspelt.Plain(name)]; other != "" {
		return slices.Index(columnNames[:], other)
	}
	return slices.IndexFunc(columnNames[:], func(known string) bool { return misspelt.Is(name, known) })
}
