// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/internal/ownhost"
	"github.com/wifiprov/wifiprov/protocomm"
)

// browser is what a request says about the web page that it comes from. Programs
// that are no browsers say nothing.
type browser struct {
	host   []byte // Host
	origin []byte // Origin
	site   []byte // Sec-Fetch-Site

	hasOrigin, hasSite bool
	odd                bool // one of them occurs twice
}

// pages are the origins of other hosts' pages that may talk to the device.
type pages []string

// check refuses what cannot be an origin.
func (p pages) check() error {
	for _, origin := range p {
		_, host, ok := strings.Cut(origin, "://")
		if !ok || host == "" || strings.ContainsAny(host, "/?#@ ") {
			return protocomm.Fail("httpd: start", protocomm.ErrInvalidArg, "the origin "+strconv.Quote(origin)+
				" is not of the form https://example.com:8443, without a path", nil)
		}
	}
	return nil
}

// listed reports whether a request comes from a page of such an origin.
func (p pages) listed(b *browser) bool {
	if !b.hasOrigin || b.odd {
		return false
	}
	for _, origin := range p {
		if strings.EqualFold(origin, string(b.origin)) {
			return true
		}
	}
	return false
}

// allow reports whether a request may be answered: one that no web page sent, or
// a page of the device's own, or one that is listed. The device's own pages
// are those of the host that the request is for, if that is an IP address,
// localhost or a name in .local. Any other name may be the page's: whoever owns
// it can make it lead to the device (DNS rebinding).
func (p pages) allow(b *browser) bool {
	switch {
	case !b.hasOrigin && !b.hasSite:
		return true
	case p.listed(b):
		return true
	case b.odd:
		return false
	case b.hasOrigin && !sameHost(b.origin, b.host):
		return false
	case !b.hasSite:
		return true
	case string(b.site) == "none": // the user's own doing
		return true
	}
	return string(b.site) == "same-origin" && ownhost.Is(string(b.host))
}

// sameHost reports whether an origin is that of the device's own host.
func sameHost(origin, host []byte) bool {
	rest, port := origin, ""
	if r, ok := bytes.CutPrefix(origin, []byte("http://")); ok {
		rest, port = r, ":80"
	} else if r, ok := bytes.CutPrefix(origin, []byte("https://")); ok {
		rest, port = r, ":443"
	} else {
		return false
	}
	bare := func(b []byte) []byte { return bytes.TrimSuffix(b, []byte(port)) }
	return bytes.EqualFold(bare(rest), bare(host)) && ownhost.Is(string(host))
}
