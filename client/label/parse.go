// SPDX-License-Identifier: Apache-2.0

package label

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
)

// Names of the members in JSON (client.md 5).
const (
	keyName      = "name"
	keyUsername  = "username"
	keyPoP       = "pop"
	keyTransport = "transport"
	keySecurity  = "security"
	keyPassword  = "password"
	keyNetwork   = "network"
)

// Parse reads the text of a QR code in either form. White space around it does not
// count. The address of a web page that shows a code will do as well: the text behind
// its data=, as it is or with percent signs.
//
// In JSON the members name and transport are required, and transport and network may be
// in capitals. Members with other names, and ver, are not looked at. The compact form
// implies the user name wifiprov.
func Parse(text string) (Label, error) {
	if len(text) > 4*MaxText { // an address has up to three bytes for one
		return Label{}, size(text)
	}
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
		var err error
		if text, err = fromAddress(text); err != nil {
			return Label{}, err
		}
	}
	if err := size(text); err != nil {
		return Label{}, err
	}
	if !utf8.ValidString(text) {
		return Label{}, errors.New("label: the text is not UTF-8")
	}
	if rest, ok := strings.CutPrefix(text, compactPrefix); ok {
		return parseCompact(rest)
	}
	if !strings.HasPrefix(text, "{") {
		return Label{}, errors.New("label: the text is no device's: it begins neither with { nor with " + compactPrefix)
	}
	return parseJSON(text)
}

// fromAddress returns the text in the address of a page. Devices print the address with
// the JSON as it is, and browsers write quotes as %22.
func fromAddress(address string) (string, error) {
	_, query, _ := strings.Cut(address, "?")
	before, data, ok := strings.Cut(query, "data=")
	if !ok || before != "" && !strings.HasSuffix(before, "&") {
		return "", errors.New("label: the address of a page has no data=, behind which the text is")
	}
	if strings.Contains(data, `"`) {
		return data, nil
	}
	data, _, _ = strings.Cut(data, "#")
	data, _, _ = strings.Cut(data, "&")
	text, err := url.PathUnescape(data)
	if err != nil {
		return "", errors.New("label: the address of a page has a % behind data= that no two hexadecimal digits follow")
	}
	return strings.TrimSpace(text), nil
}

func parseJSON(text string) (Label, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) { // its text shows a character
			return Label{}, fmt.Errorf("label: the JSON is wrong at byte %d of %d", syntax.Offset, len(text))
		}
		return Label{}, errors.New("label: the JSON is wrong")
	}
	var texts [6]string
	for i, key := range []string{keyName, keyUsername, keyPoP, keyTransport, keyPassword, keyNetwork} {
		if raw, ok := members[key]; ok && json.Unmarshal(raw, &texts[i]) != nil {
			return Label{}, wrong(key, "is not a text in quotes")
		}
	}
	l := Label{
		Name: texts[0], Username: texts[1], PoP: hal.Secret(texts[2]), Transport: Transport(strings.ToLower(texts[3])),
		Password: hal.Secret(texts[4]), Network: Network(strings.ToLower(texts[5])),
	}
	if raw, ok := members[keySecurity]; ok {
		var mode *uint8
		if json.Unmarshal(raw, &mode) != nil || mode != nil && *mode > 2 {
			return Label{}, wrong(keySecurity, "is not the number 0, 1 or 2")
		}
		if mode != nil {
			l.Security = client.Security0 + client.Security(*mode)
		}
	}
	return l, l.check()
}

// form is a label in JSON, with its members in the order in which devices print them.
type form struct {
	Version   string    `json:"ver"`
	Name      string    `json:"name"`
	Username  string    `json:"username,omitempty"`
	PoP       string    `json:"pop,omitempty"`
	Transport Transport `json:"transport"`
	Security  *uint8    `json:"security,omitempty"`
	Password  string    `json:"password,omitempty"`
	Network   Network   `json:"network,omitempty"`
}

// JSON writes the form that phone apps read, secrets included. Members that the label
// does not say are left out. JSON fails for a label that breaks a rule of its fields, or
// that no QR code has room for.
func (l *Label) JSON() (string, error) {
	if err := l.check(); err != nil {
		return "", err
	}
	f := form{
		Version: "v1", Name: l.Name, Username: l.Username, PoP: string(l.PoP),
		Transport: l.Transport, Password: string(l.Password), Network: l.Network,
	}
	if l.Security != client.SecurityAuto {
		mode := uint8(l.Security - client.Security0)
		f.Security = &mode
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a code has no room to waste
	if err := e.Encode(f); err != nil {
		return "", err
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if err := size(text); err != nil {
		return "", err
	}
	return text, nil
}
