// SPDX-License-Identifier: Apache-2.0

package httpd

import "bytes"

// Limits of a request (transports.md 1.1, 1.3).
const (
	maxTarget = 512  // bytes of the request target; beyond: 414
	maxBody   = 4096 // bytes of a body; beyond: closed without an answer

	maxMethod  = 11 // UNSUBSCRIBE, MKACTIVITY
	maxVersion = 12 // HTTP/999.999 and one to notice
	// maxLine is the longest request line with its line end.
	maxLine = maxMethod + 1 + maxTarget + 1 + maxVersion + 2
)

// Content lengths that are no length.
const (
	lengthMissing = -1
	lengthBad     = -2 // not a number, or two that differ
)

// headState is where in a request's head the next byte belongs.
//
//	start → method → target → version → (versionLF) → line
//	line → name → value → (valueLF) → line → (endLF) → done
type headState uint8

const (
	stateStart     headState = iota // empty lines before a request are skipped
	stateMethod                     // until the space
	stateTarget                     // until the space
	stateVersion                    // until CR or LF
	stateVersionLF                  // after the request line's CR
	stateLine                       // first byte of a header line
	stateName                       // until the colon
	stateValue                      // until CR or LF
	stateValueLF                    // after a header line's CR
	stateEndLF                      // after the CR of the empty line
	stateDone
)

// head is a request's line and header block while it arrives. It reads byte by
// byte, so that what comes out does not depend on how the network cut the
// bytes, and a wrong byte is noticed before the line is complete. It keeps no
// bytes, but their positions in the caller's buffer.
type head struct {
	state headState
	pos   int // bytes consumed
	mark  int // where the present part begins
	name  span
	block int // bytes of the header block so far

	post, noBody  bool // method is POST, HEAD
	options       bool // method is OPTIONS
	target        span
	path          span // target without origin, query and fragment
	contentLength int64
	transfer      bool // Transfer-Encoding is present
	cookies       cookies

	old              bool // HTTP/1.0
	close, keepAlive bool // Connection says so

	// Of browsers; see type browser.
	host, origin, site span
	hasHost            bool
	hasOrigin, hasSite bool
	odd                bool
	preflight          bool // asks whether a page may send a POST
	private            bool // and whether from another network
}

// last reports whether the client wants the connection closed after the answer.
func (h *head) last() bool { return h.close || h.old && !h.keepAlive }

// browser returns what the request says of a web page.
func (h *head) browser(buf []byte) browser {
	return browser{
		host: h.host.of(buf), origin: h.origin.of(buf), site: h.site.of(buf),
		hasOrigin: h.hasOrigin, hasSite: h.hasSite, odd: h.odd,
	}
}

// span is a range of the buffer.
type span struct{ from, to int }

func (s span) of(buf []byte) []byte { return buf[s.from:s.to] }

// reset prepares for a request that begins at the buffer's first byte.
func (h *head) reset() { *h = head{contentLength: lengthMissing} }

// begun reports whether a byte of a request has been seen.
func (h *head) begun() bool { return h.state != stateStart }

// parse goes on with buf, which begins with what earlier calls have seen, and
// returns 0 or the status of the error that the bytes deserve. limit is the
// largest header block in bytes, its empty line included. h.state says whether
// the head is complete; h.pos is then where the body begins.
func (h *head) parse(buf []byte, limit int) int {
	for h.state != stateDone && h.pos < len(buf) {
		c := buf[h.pos]
		h.pos++
		if h.state >= stateLine {
			if h.block++; h.block > limit {
				return 431
			}
		}
		if status := h.step(buf, c); status != 0 {
			return status
		}
	}
	return 0
}

// step takes the byte c = buf[h.pos-1].
func (h *head) step(buf []byte, c byte) int {
	switch h.state {
	case stateStart:
		if c == '\r' || c == '\n' {
			return 0
		}
		h.state, h.mark = stateMethod, h.pos-1
		fallthrough
	case stateMethod:
		return h.inMethod(buf, c)
	case stateTarget:
		return h.inTarget(buf, c)
	case stateVersion:
		return h.inVersion(buf, c)
	case stateVersionLF:
		if c != '\n' {
			return 400
		}
		h.state = stateLine
	case stateLine:
		switch {
		case c == '\r':
			h.state = stateEndLF
		case c == '\n':
			h.state = stateDone
		case isToken(c):
			h.state, h.mark = stateName, h.pos-1
		default: // a folded line too: obsolete, and read differently by everybody
			return 400
		}
	case stateName:
		switch {
		case c == ':':
			h.name = span{h.mark, h.pos - 1}
			h.state, h.mark = stateValue, h.pos
		case !isToken(c):
			return 400
		}
	case stateValue:
		switch {
		case c == '\r':
			h.header(buf)
			h.state = stateValueLF
		case c == '\n':
			h.header(buf)
			h.state = stateLine
		case isControl(c) && c != '\t':
			return 400
		}
	case stateValueLF:
		if c != '\n' {
			return 400
		}
		h.state = stateLine
	case stateEndLF:
		if c != '\n' {
			return 400
		}
		h.state = stateDone
	}
	return 0
}

func (h *head) inMethod(buf []byte, c byte) int {
	method := buf[h.mark : h.pos-1]
	switch {
	case c == ' ' && knownMethod(method):
		h.post = string(method) == "POST"
		h.noBody = string(method) == "HEAD"
		h.options = string(method) == "OPTIONS"
		h.state, h.mark = stateTarget, h.pos
	case c == ' ', len(method) == maxMethod, (c < 'A' || c > 'Z') && c != '-':
		return 400
	}
	return 0
}

func (h *head) inTarget(buf []byte, c byte) int {
	length := h.pos - 1 - h.mark
	switch {
	case c == ' ' && length > 0:
		h.target = span{h.mark, h.pos - 1}
		h.path = h.pathOf(buf)
		h.state, h.mark = stateVersion, h.pos
	case c == ' ', isControl(c), length == 0 && c != '/' && c != '*' && !isLetter(c):
		return 400
	case length == maxTarget:
		return 414
	}
	return 0
}

// pathOf cuts the path out of the target, which may be a full URL.
func (h *head) pathOf(buf []byte) span {
	p := h.target
	if rest, ok := afterOrigin(h.target.of(buf)); ok {
		p.from = p.to - len(rest)
	}
	if i := bytes.IndexAny(p.of(buf), "?#"); i >= 0 {
		p.to = p.from + i
	}
	return p
}

// afterOrigin drops http://host:port, or what another scheme has there, in
// front of a path.
func afterOrigin(target []byte) ([]byte, bool) {
	scheme := 0
	for scheme < len(target) && isLetter(target[scheme]) {
		scheme++
	}
	rest, found := bytes.CutPrefix(target[scheme:], []byte("://"))
	if scheme == 0 || !found {
		return nil, false
	}
	if i := bytes.IndexAny(rest, "/?#"); i >= 0 {
		return rest[i:], true
	}
	return nil, true
}

func (h *head) inVersion(buf []byte, c byte) int {
	const name = "HTTP/"
	at := h.pos - 1 - h.mark
	switch {
	case c == '\r', c == '\n':
		if status := versionStatus(buf[h.mark : h.pos-1]); status != 0 {
			return status
		}
		h.old = buf[h.pos-2] == '0'
		h.state = stateVersionLF
		if c == '\n' {
			h.state = stateLine
		}
	case at == maxVersion, at < len(name) && c != name[at], at >= len(name) && c != '.' && !isDigit(c):
		return 400
	}
	return 0
}

// versionStatus judges "HTTP/1.1" and the like, whose bytes have been looked
// at: 0 for 1.0 and 1.1, 505 for another number, 400 for anything else.
func versionStatus(v []byte) int {
	const name = "HTTP/"
	if len(v) < len(name) {
		return 400
	}
	v = v[len(name):]
	if string(v) == "1.1" || string(v) == "1.0" {
		return 0
	}
	dot := bytes.IndexByte(v, '.')
	if dot < 1 || dot == len(v)-1 || bytes.IndexByte(v[dot+1:], '.') >= 0 {
		return 400
	}
	return 505
}

// header takes a complete header line.
func (h *head) header(buf []byte) {
	name := h.name.of(buf)
	value := trim(buf[h.mark : h.pos-1])
	switch {
	case foldEqual(name, "content-length"):
		n := parseLength(value)
		if h.contentLength != lengthMissing && h.contentLength != n {
			n = lengthBad
		}
		h.contentLength = n
	case foldEqual(name, "transfer-encoding"):
		h.transfer = true
	case foldEqual(name, "cookie"):
		h.cookies.add(value)
	case foldEqual(name, "connection"):
		h.connection(value)
	case foldEqual(name, "host"):
		h.once(&h.host, &h.hasHost, buf)
	case foldEqual(name, "origin"):
		h.once(&h.origin, &h.hasOrigin, buf)
	case foldEqual(name, "sec-fetch-site"):
		h.once(&h.site, &h.hasSite, buf)
	case foldEqual(name, "access-control-request-method"):
		h.preflight = h.options
	case foldEqual(name, "access-control-request-private-network"):
		h.private = foldEqual(value, "true")
	}
}

// once takes the value of a header line that may occur once.
func (h *head) once(value *span, has *bool, buf []byte) {
	h.odd = h.odd || *has
	*has = true
	from := h.mark
	for from < h.pos-1 && (buf[from] == ' ' || buf[from] == '\t') {
		from++
	}
	*value = span{from, from + len(trim(buf[from:h.pos-1]))}
}

// connection takes the value of a Connection header, a list of words.
func (h *head) connection(list []byte) {
	for len(list) > 0 {
		word := list
		if i := bytes.IndexByte(list, ','); i >= 0 {
			word, list = list[:i], list[i+1:]
		} else {
			list = nil
		}
		word = trim(word)
		h.close = h.close || foldEqual(word, "close")
		h.keepAlive = h.keepAlive || foldEqual(word, "keep-alive")
	}
}

// parseLength reads a decimal number without sign.
func parseLength(v []byte) int64 {
	n := int64(0)
	for _, c := range v {
		if !isDigit(c) {
			return lengthBad
		}
		if n < 1<<40 { // more is as much too large
			n = 10*n + int64(c-'0')
		}
	}
	if len(v) == 0 {
		return lengthBad
	}
	return n
}

// foldEqual compares with a lower-case ASCII text, ignoring case.
func foldEqual(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// trim drops blanks and tabs at both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

func isDigit(c byte) bool   { return '0' <= c && c <= '9' }
func isLetter(c byte) bool  { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isControl(c byte) bool { return c < ' ' || c == 0x7f }

// isToken reports whether c may stand in a header's name.
func isToken(c byte) bool {
	if isDigit(c) || isLetter(c) {
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}

// knownMethod reports whether the original's parser knows the method. An endpoint
// answers 405 to the methods that it knows, and 400 to others.
func knownMethod(m []byte) bool {
	switch string(m) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
		"COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "SEARCH", "UNLOCK",
		"BIND", "REBIND", "UNBIND", "ACL",
		"REPORT", "MKACTIVITY", "CHECKOUT", "MERGE",
		"M-SEARCH", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE",
		"PURGE", "MKCALENDAR", "LINK", "UNLINK":
		return true
	}
	return false
}
