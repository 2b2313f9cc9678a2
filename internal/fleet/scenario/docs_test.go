// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

const page = "../../../docs/sim.md"

// docs/sim.md has a row for the keys of each part of a file, and no others.
func TestKeysAreDocumented(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	rows := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if cells := strings.Split(line, " | "); len(cells) == 2 && strings.HasPrefix(line, "| ") {
			rows[strings.Trim(cells[0], "| `")] = cells[1]
		}
	}
	checkKeys(t, rows, "file", reflect.TypeFor[File]())
}

var quoted = regexp.MustCompile("`([a-z-]+)`")

func checkKeys(t *testing.T, rows map[string]string, part string, typ reflect.Type) {
	row := rows[part]
	require.NotEmpty(t, row, part)
	keys := map[string]bool{}
	for key, i := range fieldsOf(typ) {
		keys[key] = true
		require.Contains(t, row, "`"+key+"`", "of %s", part)
		inner := typ.Field(i).Type
		if inner.Kind() == reflect.Slice && setterOf(inner) == nil {
			inner = inner.Elem()
		}
		switch {
		case inner.Kind() != reflect.Struct || setterOf(inner) != nil || inner == reflect.TypeFor[rawNode]():
		case key == "server" || key == "answers": // named in the same row
			for innerKey := range fieldsOf(inner) {
				require.Contains(t, row, "`"+innerKey+"`", "of %s", part)
				keys[innerKey] = true
			}
		default:
			checkKeys(t, rows, key, inner)
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(row, -1) {
		require.True(t, keys[m[1]] || m[1] == "networks", "%s has no key %s", part, m[1])
	}
}

// Each fault has a row with its scenario.
func TestFaultsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	for _, kind := range simdevice.FaultKinds() {
		require.Contains(t, string(text), "\n| ["+string(kind)+"](../examples/scenarios/"+string(kind)+".yaml) | ")
	}
}

// The scenario of the page can run.
func TestPageCompiles(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```yaml\n")
	require.True(t, found)
	yaml, _, _ := strings.Cut(rest, "```")
	f, err := Parse("sim.md", []byte(yaml))
	require.NoError(t, err)
	s, err := f.Compile(Options{})
	require.NoError(t, err)
	require.Len(t, s.Config.Devices, 1001)
}
