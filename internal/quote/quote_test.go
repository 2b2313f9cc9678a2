package quote

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                `""`,
		"prov-scan":       `"prov-scan"`,
		`a "b" \c`:        `"a \"b\" \\c"`,
		"a\n\x00\x7fb":    `"a\x0a\x00\x7fb"`,
		"Café 網路":         `"Café 網路"`,
		"\u009b1m":        `"\xc2\x9b1m"`,
		"\xff\xc3(\ufffd": `"\xff\xc3(` + "\ufffd" + `"`,
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
