// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const head = `syntax = "proto3"; package test; option go_package = "example.org/test";` + "\n"

// generateText generates from one file with the given declarations.
func generateText(t *testing.T, text string) ([]file, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "test.proto"), []byte(text), 0o666))
	return generate(t.Context(), dir)
}

func TestGeneratorRefusesWhatItDoesNotCover(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"proto2", `syntax = "proto2"; option go_package = "example.org/test"; message M {}`, "only proto3"},
		{"service", head + `message M {} service S { rpc F(M) returns (M); }`, "services"},
		{"nested message", head + `message M { message N {} }`, "nested"},
		{"nested enum", head + `message M { enum E { A = 0; } }`, "nested"},
		{"map", head + `message M { map<string, string> f = 1; }`, "maps"},
		{"two oneofs", head + `message M { oneof a { bool x = 1; } oneof b { bool y = 2; } }`, "more than one oneof"},
		{"double", head + `message M { double f = 1; }`, "kind double"},
		{"sint32", head + `message M { sint32 f = 1; }`, "kind sint32"},
		{"fixed32", head + `message M { fixed32 f = 1; }`, "kind fixed32"},
		{"optional", head + `message M { optional bool f = 1; }`, "optional"},
		{"repeated scalar", head + `message M { repeated bool f = 1; }`, "repeated"},
		{"single message", head + `message M { N f = 1; } message N {}`, "outside a oneof"},
		{"large number in a oneof", head + `message M { oneof a { bool x = 256; } }`, "255"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := generateText(t, test.text)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestGenerateReportsErrors(t *testing.T) {
	_, err := generate(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "no .proto files")
	_, err = generateText(t, "syntax error")
	require.ErrorContains(t, err, "test.proto")
	_, err = generateText(t, `syntax = "proto3"; message M {}`)
	require.ErrorContains(t, err, "go_package")
}

// Names, comments and the order of fields, on a file unlike those of pb.
func TestGeneratedNamesAndComments(t *testing.T) {
	files, err := generateText(t, head+`
		enum E { WIFI_E_A_B = 0; }
		message M {
			uint32 last_one = 300;
			// first line
			// second line
			bytes ssid = 2;
			oneof one { bool between = 20; E e = 7; }
			string ip4_addr = 9;
		}`)
	require.NoError(t, err)
	require.Len(t, files, 2)
	require.Equal(t, "test.pb.go", files[0].name)
	text := string(files[0].content)
	_, err = parser.ParseFile(token.NewFileSet(), "test.pb.go", text, 0)
	require.NoError(t, err, "%s", text)
	for _, want := range []string{
		"// E is the protocol's enum test.E.\ntype E int32\n",
		"WiFiEAB E = 0 // WIFI_E_A_B\n",
		"// M is the protocol's message test.M.\ntype M struct {\n\t// first line\n\t// second line\n\tSSID []byte\n",
		"ME       MCase = 7  // E\n\tMBetween MCase = 20 // Between\n",
		"n += 2 + sizeVarint(uint64(m.LastOne))",
		"dst = appendVarint(dst, 300<<3|wireVarint, uint64(m.LastOne))",
		"case 300<<3 | wireVarint:\n",
	} {
		require.Contains(t, text, want)
	}
	// Members of a oneof on both sides of another field: two switches.
	require.Regexp(t, `(?s)AppendTo\(dst.*SSID.*case ME:.*IP4Addr.*case MBetween:.*LastOne`, text)
}
