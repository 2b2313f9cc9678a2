// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"time"
)

// Version is the version of the format that this package writes. A newer version is one
// that older programs would misunderstand; members may be added without one.
const Version = 1

// Header is the first line of a file.
type Header struct {
	Version   int       `json:"transcript"`
	Time      time.Time `json:"time"`                // when the recording began
	Tool      string    `json:"tool,omitempty"`      // who recorded: espprov v1.2.3
	Transport string    `json:"transport,omitempty"` // softap, ble, console
	Device    string    `json:"device,omitempty"`    // its name or address
	// Security is the number of the mode that the client was told to use; nil: it took
	// what the device announced.
	Security *int `json:"security,omitempty"`
	// Secrets reports whether the file has everything. If not, secrets are masked.
	Secrets bool `json:"secrets"`
}

// Exchange is a request with its answer, a line of a file.
type Exchange struct {
	Line int `json:"-"`              // number of the line, from 1
	Conn int `json:"conn,omitempty"` // number of the connection, if there are several

	Start    float64  `json:"t"`  // when the request was sent, in seconds after the beginning
	Duration float64  `json:"ms"` // how long the exchange took, in milliseconds
	Endpoint string   `json:"endpoint"`
	Request  Bytes    `json:"request"`
	Masked   [][2]int `json:"masked,omitempty"` // which bytes of Request are masked: from, how many
	Answer   Bytes    `json:"answer,omitzero"`  // nil: none
	Error    string   `json:"error,omitempty"`  // why there is no answer
	Keys     *Keys    `json:"keys,omitempty"`   // of the session that this exchange begins
}

// mask is what stands in the place of a masked byte.
const mask = '*'

// Keys are what, together with what went over the wire, gives the keys of a session.
type Keys struct {
	PoP      Bytes `json:"pop,omitempty"`
	Username Bytes `json:"username,omitempty"`
	Password Bytes `json:"password,omitempty"`
	// Random is what the client drew for the session: its private key.
	Random Bytes `json:"random"`
}

// String hides the keys.
func (Keys) String() string { return "transcript.Keys{…}" }

// GoString hides the keys.
func (Keys) GoString() string { return "transcript.Keys{…}" }

// Bytes are written as hexadecimal digits.
type Bytes []byte

// MarshalText returns the digits.
func (b Bytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

// UnmarshalJSON takes digits. The recordings of docs/spec have them in an object, beside
// the headers of HTTP.
func (b *Bytes) UnmarshalJSON(text []byte) error {
	var digits *string
	if len(text) > 0 && text[0] == '{' {
		var body struct {
			Digits *string `json:"body_hex"`
		}
		if err := json.Unmarshal(text, &body); err != nil {
			return err
		}
		digits = body.Digits
	} else if err := json.Unmarshal(text, &digits); err != nil {
		return err
	}
	if digits == nil {
		*b = nil
		return nil
	}
	var err error
	if *b, err = hex.DecodeString(*digits); err != nil {
		return errDigits
	}
	if *b == nil {
		*b = Bytes{}
	}
	return nil
}

var errDigits = errors.New("the bytes are not hexadecimal digits")

// seconds and milliseconds have the precision of a microsecond.
func seconds(d time.Duration) float64      { return math.Round(d.Seconds()*1e6) / 1e6 }
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
