// SPDX-License-Identifier: Apache-2.0

// Package quote quotes names that a peer or an application gave. Package strconv knows
// which characters of Unicode can be printed, but takes 5 KB of flash on a chip.
package quote

import "unicode/utf8"

// Text returns s in double quotes, with a backslash before quotes and backslashes. It
// writes control characters, characters that change the direction of text, and bytes that
// are not UTF-8 as \x00.
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
