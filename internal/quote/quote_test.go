// SPDX-License-Identifier: Apache-2.0

package quote

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                         `""`,
		"prov-scan":                `"prov-scan"`,
		`a "b" \c`:                 `"a \"b\" \\c"`,
		"a\n\x00\x7fb":             `"a\x0a\x00\x7fb"`,
		"cut…":                     `"cut…"`,
		"Café 網路":                  `"Café 網路"`,
		"\u009b1m":                 `"\xc2\x9b1m"`,
		"a\u202eb\u2028":           `"a\xe2\x80\xaeb\xe2\x80\xa8"`,
		"\u061c\u200f\u2066\u2069": `"\xd8\x9c\xe2\x80\x8f\xe2\x81\xa6\xe2\x81\xa9"`,
		"\xff\xc3(\ufffd":          `"\xff\xc3(` + "\ufffd" + `"`,
	} {
		require.Equal(t, want, Text(in))
	}
}

// Whatever comes in, what comes out is one line that strconv reads back.
func FuzzText(f *testing.F) {
	f.Add("a\xf0\x9f\"\u0085")
	f.Fuzz(func(t *testing.T, s string) {
		back, err := strconv.Unquote(Text(s))
		require.NoError(t, err)
		require.Equal(t, s, back)
	})
}
