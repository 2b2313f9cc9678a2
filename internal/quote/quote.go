// Package quote quotes what a peer or an application named. Package strconv
// does it better and knows which characters of Unicode can be printed, for
// 5 KB of flash on a chip.
package quote

import "unicode/utf8"

// Text returns s in double quotes, with control characters, what may change the
// order in which text is read, and bytes that are no UTF-8, as \x00, and a
// backslash before quotes and backslashes.
func Text(s string) string {
	const digits = "0123456789abcdef"
	out := append(make([]byte, 0, len(s)+2), '"')
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '"', r == '\\':
			out = append(out, '\\', byte(r))
		case r < ' ', r >= 0x7f && r < 0xa0, r == utf8.RuneError && n == 1,
			// line ends and what changes the direction of text are among these
			r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x2028 && r < 0x2070:
			for _, c := range []byte(s[:n]) {
				out = append(out, '\\', 'x', digits[c>>4], digits[c&0xf])
			}
		default:
			out = append(out, s[:n]...)
		}
		s = s[n:]
	}
	return string(append(out, '"'))
}
