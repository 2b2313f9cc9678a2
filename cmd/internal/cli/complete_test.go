// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestComplete(t *testing.T) {
	const flags = "--count\tN times, 1 if it is not given\n--loud\tbe loud\n--name\tthe NAME\n--for\tfor this TIME\n--pop\tthe secret\n--kind\ta or b\n"
	for line, want := range map[string]string{
		"":                   "echo\tprint what was given\nfail\tend with an error\nwait\twait for the end\nmore\tmore commands\n",
		"e":                  "echo\tprint what was given\n",
		"x":                  "",
		"__":                 "", // nor is __complete in the help
		"help ec":            "echo\tprint what was given\n",
		"more ":              "many\ttake any number of operands\n",
		"more --many -":      "--color\tred, green or another\n",
		"help more m":        "many\ttake any number of operands\n",
		"eko ":               "",
		"echo ":              "", // an operand: perhaps a file
		"echo -":             flags,
		"echo x --lo":        "--loud\tbe loud\n",
		"echo -lo":           "--loud\tbe loud\n",
		"echo -- --lo":       "",
		"echo --kind ":       "a\t\nb\t\n",
		"echo -kind b":       "b\t\n",
		"echo --kind=":       "--kind=a\t\n--kind=b\t\n",
		"echo --kind=b":      "--kind=b\t\n",
		"echo --kind =":      "a\t\nb\t\n", // as bash cuts it
		"echo --kind = b":    "b\t\n",
		"echo --kind = b --": flags,
		"echo --name ":       "",
		"echo --loud --k":    "--kind\ta or b\n",
		"more many --color ": "red\t\ngreen\t\n",
		"echo --none=":       "",
		"echo --none ":       "",
	} {
		out, errs, status := run(t.Context(), append([]string{"__complete"}, strings.Split(line, " ")...)...)
		require.Zero(t, status)
		require.Empty(t, errs)
		require.Equal(t, want, out, line)
	}
	out, _, status := run(t.Context(), "__complete")
	require.Zero(t, status)
	require.Empty(t, out)
}
