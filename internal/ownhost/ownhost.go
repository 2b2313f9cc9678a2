// SPDX-License-Identifier: Apache-2.0

// Package ownhost knows which names of a server nobody else can have.
package ownhost

import (
	"net/netip"
	"strings"
)

// Is reports whether the Host of a request, with or without a port, is an IP address,
// localhost or a name in .local. Whoever owns another name can make it lead to the
// server after a browser has loaded a page of that name (DNS rebinding): the browser
// takes the server's answers for the page's own then.
func Is(host string) bool {
	name := strings.ToLower(host)
	if strings.HasPrefix(name, "[") {
		end := strings.IndexByte(name, ']')
		if end < 0 {
			return false
		}
		name = name[1:end]
	} else if i := strings.LastIndexByte(name, ':'); i >= 0 {
		name = name[:i]
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return name == "localhost" || strings.HasSuffix(name, ".local")
}
