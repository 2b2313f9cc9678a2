// SPDX-License-Identifier: Apache-2.0

package nvscheck_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// TestNamespaceFindings: names with several numbers and numbers with several
// names. The builder's first item is the namespace app with the number 1.
func TestNamespaceFindings(t *testing.T) {
	const info, warning, damage = nvscheck.Info, nvscheck.Warning, nvscheck.Error
	twoPages := func() *builder {
		return newBuilder(4).u8(1, "n", 1).header(0, nvsfmt.Full, 0).newPage(nvsfmt.Active, 1)
	}
	for name, c := range map[string]struct {
		b     *builder
		place [2]int // of the finding
		sev   nvscheck.Severity
		text  string
		items []string // namespace/key
	}{
		"another number, with keys": {twoPages().u8(0, "app", 2).u8(2, "m", 1).u8(2, "o", 1), [2]int{1, 0}, damage,
			"namespace app has the number 2 here, and the number 1 before: a device that did not find its own entry made it. " +
				"The first one counts for ESP-IDF and this library; 2 keys have the number, and no name leads to them",
			[]string{"app/n", "/m", "/o"}},
		"another number, without keys": {twoPages().u8(0, "app", 2).u8(1, "m", 1), [2]int{1, 0}, warning,
			"no keys have the number", []string{"app/n", "app/m"}},
		"another number, that of another namespace": {twoPages().u8(0, "new", 2).u8(0, "app", 2).u8(2, "m", 1), [2]int{1, 1}, warning,
			"the keys with the number are those of namespace new", []string{"app/n", "new/m"}},
		"the same number": {twoPages().u8(0, "app", 1).u8(1, "m", 1), [2]int{1, 0}, warning,
			"namespace app is named twice, with the same number 1", []string{"app/n", "app/m"}},
		"on an active page": {newBuilder(3).u8(1, "n", 1).u8(0, "app", 2).u8(2, "m", 1), [2]int{0, 0}, warning,
			"namespace app has the number 1 here, and the number 2 at sector 0, entry 2, which is newer: power was cut behind that. " +
				"Opening marks this one erased", []string{"/n", "app/m"}},
		"the last item": {twoPages().u8(0, "app", 2), [2]int{0, 0}, warning,
			"the number 2 at sector 1, entry 0, which is newer", []string{"/n"}},
		"on a full page": {newBuilder(4).u8(1, "n", 1).u8(0, "app", 2).u8(2, "m", 1).header(0, nvsfmt.Full, 0).
			newPage(nvsfmt.Active, 1).u8(1, "o", 1), [2]int{0, 2}, damage,
			"1 keys have the number, and no name leads to them", []string{"app/n", "/m", "app/o"}},
		"two names": {newBuilder(3).u8(0, "old", 1).u8(1, "n", 1), [2]int{0, 1}, warning,
			"namespace old has the number 1, and so has namespace app: no writer does that. Opening leaves it; both names lead to the same keys",
			[]string{"app/n"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := nvscheck.Check(c.b.image, nil)
			found := false
			for _, f := range r.Findings {
				if f.Sector == c.place[0] && f.Entry == c.place[1] {
					found = true
					require.Equal(t, c.sev, f.Severity)
					require.Contains(t, f.Text, c.text)
				}
			}
			require.True(t, found, text(r))
			var items []string
			for _, it := range r.Items {
				items = append(items, it.Namespace+"/"+it.Key)
			}
			require.Equal(t, c.items, items)
			agrees(t, c.b.image, nil, r)
		})
	}
}

// TestActivePages: early editions of ESP-IDF's generator leave every page
// active, which is no fault.
func TestActivePages(t *testing.T) {
	full := func() *builder {
		b := newBuilder(4)
		for b.next < nvsfmt.EntriesPerPage {
			b.str("s"+string(rune('a'+b.next%26))+string(rune('a'+b.next/26)), "text\x00")
			if b.next == nvsfmt.EntriesPerPage-1 {
				b.u8(1, "last", 1)
			}
		}
		return b
	}
	for name, c := range map[string]struct {
		b        *builder
		severity nvscheck.Severity
	}{
		"all, the second blank":                 {newBuilder(4).u8(1, "n", 1).newPage(nvsfmt.Active, 1).newPage(nvsfmt.Active, 2), nvscheck.Info},
		"the first is full":                     {full().newPage(nvsfmt.Active, 1).u8(1, "n", 1), nvscheck.Info},
		"a device went on":                      {newBuilder(4).newPage(nvsfmt.Active, 1).newPage(nvsfmt.Active, 2).u8(1, "n", 1), nvscheck.Info},
		"the next item would have fit":          {newBuilder(4).u8(1, "n", 1).newPage(nvsfmt.Active, 1).u8(1, "m", 1), nvscheck.Warning},
		"one that is full, and one that is not": {full().newPage(nvsfmt.Active, 1).u8(1, "n", 1).newPage(nvsfmt.Active, 2).u8(1, "m", 1), nvscheck.Warning},
	} {
		t.Run(name, func(t *testing.T) {
			r := nvscheck.Check(c.b.image, nil)
			require.Equal(t, c.severity, r.Worst(), text(r))
			if c.severity == nvscheck.Info {
				require.Contains(t, text(r), "early editions of ESP-IDF's generator leave all pages so")
				require.False(t, r.Repairs)
			}
			agrees(t, c.b.image, nil, r)
		})
	}
}
