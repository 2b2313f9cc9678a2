// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"bytes"

	"github.com/wifiprov/wifiprov/protocomm"
)

// cookieName is the name of the session cookie (transports.md 1.3).
const cookieName = "session"

// cookies are the session ids that a request's Cookie headers carry. Other
// cookies beside them, their order and the header's length do not matter
// (Q-T3).
type cookies struct {
	ids     [4]protocomm.SessionID // of the first cookies with the name; one in practice
	n       int
	present bool // there is a cookie with the name, readable or not
}

// add takes the value of one Cookie header.
func (c *cookies) add(header []byte) {
	for len(header) > 0 {
		var pair []byte
		if i := bytes.IndexByte(header, ';'); i >= 0 {
			pair, header = header[:i], header[i+1:]
		} else {
			pair, header = header, nil
		}
		i := bytes.IndexByte(pair, '=')
		if i < 0 || string(trim(pair[:i])) != cookieName {
			continue
		}
		c.present = true
		if id, ok := parseID(trim(pair[i+1:])); ok && c.n < len(c.ids) {
			c.ids[c.n] = id
			c.n++
		}
	}
}

// parseID reads a session id as this package writes it: decimal, without
// leading zeros. Quotes around it are allowed.
func parseID(v []byte) (protocomm.SessionID, bool) {
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	if len(v) == 0 || len(v) > 10 || len(v) > 1 && v[0] == '0' {
		return 0, false
	}
	n := uint64(0)
	for _, c := range v {
		if !isDigit(c) {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return protocomm.SessionID(n), n < uint64(protocomm.NoSession)
}
