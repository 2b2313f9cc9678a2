// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"encoding/hex"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

var lineSeeds = []string{
	"proto-ver 0 455350", "echo 0 4G", "echo 4294967295 41", `"ec ho" 1 "4142" x`, `a\ b\\ 7 00 \`, `"a""b"c`, `"`, `\`,
	"", "   ", "help", "echo 0 ", "echo\x00 0 41", "prov-session 0 " + strings.Repeat("ab", 406), "echo 007 aAfF09",
}

// word matches a word at the beginning: quoted, or bare.
var word = regexp.MustCompile(`^ *(?:"((?:\\[\\" ]|[^"\\])*)"|((?:\\[\\" ]|[^ "\\])(?:\\[\\" ]|[^ \\])*)(?: |$))`)

// simpleParse is the grammar of the package's documentation by other means.
func simpleParse(line string) (words []string, id uint64, body []byte, ok bool) {
	for len(words) < 3 {
		m := word.FindStringSubmatch(line)
		if m == nil {
			return words, 0, nil, false
		}
		line = line[len(m[0]):]
		text := m[1] + m[2]
		words = append(words, regexp.MustCompile(`\\(.)`).ReplaceAllString(text, "$1"))
	}
	id, err := strconv.ParseUint(words[1], 10, 32)
	if err != nil || id == uint64(protocomm.NoSession) {
		return words, 0, nil, false
	}
	body, err = hex.DecodeString(words[2])
	return words, id, body, err == nil && len(body) > 0
}

// FuzzCommand compares the parser with one made of regular expressions, and
// checks that it stays inside the line.
func FuzzCommand(f *testing.F) {
	for _, s := range lineSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if !isASCII(line) {
			return // regular expressions see characters
		}
		words, id, body, ok := simpleParse(string(line))
		const guard = "guard"
		room := append(bytes.Clone(line), guard...)
		var got [maxWords][]byte
		n, err := split(room[:len(line)], &got)
		var c command
		if err == nil {
			c, err = parse(&got, n)
		}
		require.Equal(t, ok, err == nil, "%q: %v", line, err)
		require.Equal(t, guard, string(room[len(line):]))
		if ok {
			require.Equal(t, words[0], string(c.name))
			require.Equal(t, id, uint64(c.id))
			require.Equal(t, body, c.body)
		}
	})
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c > 0x7e || c == '\n' {
			return false
		}
	}
	return true
}

// pieces is a stream whose input comes in pieces and then ends.
type pieces struct {
	in   []byte
	size int
	out  bytes.Buffer
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.size)], p.in)
	p.in = p.in[n:]
	return n, nil
}

func (p *pieces) Write(b []byte) (int, error) { return p.out.Write(b) }

// FuzzLines throws bytes at a console, in pieces; then an honest client must be
// served, and the pieces must not matter.
func FuzzLines(f *testing.F) {
	for i, s := range lineSeeds {
		f.Add([]byte(s+"\r"+lineSeeds[len(lineSeeds)-1-i]+"\r\n"), uint8(i*17))
	}
	pc := protocomm.New(protocomm.Config{})
	must(f, pc.SetSecurity("prov-session", toy{}))
	must(f, pc.SetVersion("proto-ver", versionText))
	must(f, pc.AddEndpoint("echo", func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }))
	honest := "\r" + typed("prov-session", 77, "hello") + typed("prov-session", 77, "proof") + typed("echo", 77, "s:x")
	const answers = "\n>> \r\n6869\r\n\n>> \r\n77656c636f6d65\r\n\n>> \r\n733a78\r\n\n>> "
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		var first string
		for _, n := range []int{int(size) + 1, 1 << 20} {
			stream := &pieces{in: append(bytes.Clone(data), honest...), size: n}
			s := New(Config{Stream: stream, MaxLine: 300, NoEcho: true})
			must(t, s.Start(pc))
			s.Wait()
			must(t, s.Stop(pc))
			said := stream.out.String()
			require.True(t, strings.HasSuffix(said, answers), "%q", said)
			if first == "" {
				first = said
			}
			require.Equal(t, first, said)
			open, _ := pc.Sessions()
			require.Zero(t, open)
		}
	})
}
