// SPDX-License-Identifier: Apache-2.0

package qrcmd_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

var (
	blocks = regexp.MustCompile("(?s)```console\n(.*?)```")
	words  = regexp.MustCompile(`'[^']*'|\S+`)
)

// The commands in docs/qr.md print what it shows. Where it shows nothing, they succeed.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/qr.md")
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	ran := 0
	for _, block := range blocks.FindAllStringSubmatch(string(text), -1) {
		for _, part := range strings.Split(block[1], "$ espprov ")[1:] {
			line, want, _ := strings.Cut(part, "\n")
			var args []string
			for _, word := range words.FindAllString(line, -1) {
				args = append(args, strings.Trim(word, "'"))
			}
			var out bytes.Buffer
			status := cli.Run(t.Context(), "espprov", "", new(commands), args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &out})
			if status != 0 {
				fmt.Fprintf(&out, "[%d]\n", status)
			}
			if want != "" {
				require.Equal(t, want, out.String(), line)
			} else {
				require.Zero(t, status, "%s\n%s", line, &out)
			}
			ran++
		}
	}
	require.Greater(t, ran, 8)
}
