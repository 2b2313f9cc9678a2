// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"strconv"

	"github.com/wifiprov/wifiprov/protocomm"
)

const (
	okHead     = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
	cookieHead = "\r\nSet-Cookie: " + cookieName + "="
	closeHead  = "\r\nConnection: close"
	keepHead   = "\r\nConnection: keep-alive" // for HTTP/1.0
	headEnd    = "\r\n\r\n"

	// headRoom is what the header of an answer takes at most, in bytes.
	headRoom = len(okHead) + 20 + len(cookieHead) + 10 + len(keepHead) + len(headEnd)
)

// statusPreflight marks a question of a browser, whether a page may send
// requests, that is answered.
const statusPreflight = 204

// putHead writes the header of a successful answer (transports.md 1.3) into
// the first headRoom bytes of buf, right in front of the body that fills the
// rest, and returns where it begins.
func putHead(buf []byte, cookie protocomm.SessionID, to *head) (from int) {
	var room [headRoom]byte
	h := appendOK(room[:0], len(buf)-headRoom, cookie, to)
	h = append(h, headEnd...)
	from = headRoom - len(h)
	copy(buf[from:], h)
	return from
}

// appendOK appends the header of a successful answer with n bytes to a request,
// without its end.
func appendOK(dst []byte, n int, cookie protocomm.SessionID, to *head) []byte {
	dst = append(dst, okHead...)
	dst = strconv.AppendInt(dst, int64(n), 10)
	if cookie != protocomm.NoSession {
		dst = append(dst, cookieHead...)
		dst = strconv.AppendUint(dst, uint64(cookie), 10)
	}
	return appendConnection(dst, to)
}

// appendConnection appends what becomes of the connection, for clients that care.
func appendConnection(dst []byte, to *head) []byte {
	switch {
	case to.last():
		dst = append(dst, closeHead...)
	case to.old:
		dst = append(dst, keepHead...)
	}
	return dst
}

// appendCORS appends a whole successful answer for a page of another origin. buf
// is what putHead takes.
func appendCORS(dst, buf []byte, cookie protocomm.SessionID, to *head, origin []byte) []byte {
	dst = appendOK(dst, len(buf)-headRoom, cookie, to)
	dst = appendOrigin(dst, origin)
	dst = append(dst, headEnd...)
	return append(dst, buf[headRoom:]...)
}

// appendOrigin appends the header lines that let a page read an answer.
func appendOrigin(dst, origin []byte) []byte {
	dst = append(dst, "\r\nAccess-Control-Allow-Origin: "...)
	dst = append(dst, origin...)
	return append(dst, "\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin"...)
}

// appendPreflight appends the answer to a browser that asks whether a page may
// send requests.
func appendPreflight(dst []byte, to *head, origin []byte) []byte {
	dst = append(dst, "HTTP/1.1 204 No Content"...)
	dst = appendOrigin(dst, origin)
	for _, line := range preflightLines {
		if line.name != privateLine || to.private {
			dst = append(append(append(append(dst, "\r\n"...), line.name...), ": "...), line.value...)
		}
	}
	return append(appendConnection(dst, to), headEnd...)
}

// privateLine is sent to those who ask for it: pages of public hosts, about a
// device in the home.
const privateLine = "Access-Control-Allow-Private-Network"

// preflightLines is what a page may do.
var preflightLines = [...]struct{ name, value string }{
	{"Access-Control-Allow-Methods", "POST"},
	{"Access-Control-Allow-Headers", "Content-Type"},
	{"Access-Control-Max-Age", "600"},
	{privateLine, "true"},
}

// appendError appends a whole answer with an error status, which ends the
// connection.
func appendError(dst []byte, status int, noBody bool) []byte {
	text := sentence(status)
	dst = append(dst, "HTTP/1.1 "...)
	dst = append(dst, reason(status)...)
	dst = append(dst, "\r\nContent-Type: text/html\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(text)), 10)
	dst = append(dst, "\r\nConnection: close\r\n\r\n"...)
	if !noBody { // an answer to HEAD has none
		dst = append(dst, text...)
	}
	return dst
}

// reason returns the status with its phrase.
func reason(status int) string {
	switch status {
	case 400:
		return "400 Bad Request"
	case 403:
		return "403 Forbidden"
	case 404:
		return "404 Not Found"
	case 405:
		return "405 Method Not Allowed"
	case 408:
		return "408 Request Timeout"
	case 414:
		return "414 URI Too Long"
	case 431:
		return "431 Request Header Fields Too Large"
	case 505:
		return "505 Version Not Supported"
	}
	return strconv.Itoa(status)
}

// sentence returns the body of an answer with an error status.
func sentence(status int) string {
	switch status {
	case 400:
		return "This is not an HTTP request."
	case 403:
		return "Pages of this origin may not talk to the device."
	case 404:
		return "There is nothing under this path."
	case 405:
		return "Endpoints take POST requests only."
	case 408:
		return "The request took too long to arrive."
	case 414:
		return "The path is too long."
	case 431:
		return "The header of the request is too long."
	case 505:
		return "This server speaks HTTP/1.1."
	}
	return ""
}
