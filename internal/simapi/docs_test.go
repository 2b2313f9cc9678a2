// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// docs/control.md names every request, fault, state and metric, and no other metric.
func TestDocumentation(t *testing.T) {
	raw, err := os.ReadFile("../../docs/control.md")
	require.NoError(t, err)
	text := string(raw)
	for _, r := range (&API{}).routes() {
		path := strings.NewReplacer("{device}", "NAME", "{network}", "NAME").Replace(r.path)
		last := path[strings.LastIndex(path, "/")+1:]
		require.Regexp(t, regexp.QuoteMeta(path)+"|`"+last+"`", text)
	}
	for _, kind := range faultKinds() {
		row := regexp.MustCompile("(?m)^\\| `" + string(kind.Kind) + "` \\| ?([^|]*) ?\\|").FindStringSubmatch(text)
		require.NotNil(t, row, kind.Kind)
		var fields []string
		for _, field := range kind.Fields {
			if field != "endpoint" && field != "request" {
				fields = append(fields, "`"+field+"`")
			}
		}
		require.ElementsMatch(t, fields, regexp.MustCompile("`[a-z]+`").FindAllString(row[1], -1), kind.Kind)
	}
	for _, state := range states() {
		require.Contains(t, text, "`"+string(state)+"`")
	}
	bubble(t, []simdevice.Config{{Name: "PROV_1"}}, Config{}, func(t *testing.T, r *rig) {
		name := regexp.MustCompile(`wifiprov_sim_[a-z_]+`)
		var want []string
		for _, line := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(r.ask("GET", "/metrics", "").Body.String(), -1) {
			want = append(want, line[1])
		}
		require.ElementsMatch(t, want, name.FindAllString(text, -1))
	})
}
