package httpd

import (
	"strconv"

	"github.com/wifiprov/wifiprov/protocomm"
)

const (
	okHead     = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
	cookieHead = "\r\nSet-Cookie: " + cookieName + "="
	headEnd    = "\r\n\r\n"

	// headRoom is what the header of an answer takes at most, in bytes.
	headRoom = len(okHead) + 20 + len(cookieHead) + 10 + len(headEnd)
)

// putHead writes the header of a successful answer (transports.md 1.3) into
// the first headRoom bytes of buf, right in front of the body that fills the
// rest, and returns where it begins.
func putHead(buf []byte, cookie protocomm.SessionID) (from int) {
	var room [headRoom]byte
	h := append(room[:0], okHead...)
	h = strconv.AppendInt(h, int64(len(buf)-headRoom), 10)
	if cookie != protocomm.NoSession {
		h = append(h, cookieHead...)
		h = strconv.AppendUint(h, uint64(cookie), 10)
	}
	h = append(h, headEnd...)
	from = headRoom - len(h)
	copy(buf[from:], h)
	return from
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
