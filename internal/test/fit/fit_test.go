// SPDX-License-Identifier: Apache-2.0

package fit

import (
	"bufio"
	"cmp"
	"debug/elf"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/long"
)

var update = flag.Bool("update", false, "write the table anew")

const (
	module = "github.com/wifiprov/wifiprov"
	table  = "testdata/sizes.txt"

	// A package may grow by this part of its size and by this many bytes.
	growth = 5 // percent
	grain  = 64
)

// row is a package in a program.
type row struct{ arch, program, pkg string }

// programs by their names in the table.
var programs = map[string]string{
	"core":     module + "/internal/test/fit/core",
	"full":     module + "/internal/test/fit/full",
	"selftest": module + "/examples/boards/selftest",
}

// sizes belong to one version of Go: another compiler makes other code.
type sizes struct {
	version string
	bytes   map[row]uint64
}

func TestSizes(t *testing.T) {
	if !*update {
		long.Only(t) // it builds programs for other platforms
	}
	lookAtSources(t)
	have := sizes{version(), map[row]uint64{}}
	for program, path := range programs {
		for _, arch := range []string{"386", "arm"} {
			measure(t, have, arch, program, path)
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(table, have.text(), 0o666))
	}
	file, err := os.ReadFile(table)
	require.NoError(t, err)
	want, err := parse(string(file))
	require.NoError(t, err)
	if want.version != have.version {
		t.Skipf("the table is of %s, this is %s", want.version, have.version)
	}
	for _, why := range compare(want, have) {
		t.Error(why)
	}
}

// lookAtSources lists the module's folders, so that the go command, which caches
// the results of tests, knows that this test depends on all of them.
func lookAtSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".git") {
			return fs.SkipDir
		}
		return err
	})
	require.NoError(t, err)
}

// compare tells which packages are larger than the table allows, or not in it.
func compare(want, have sizes) (faults []string) {
	for _, r := range have.rows() {
		allowed, known := want.bytes[r]
		switch n := have.bytes[r]; {
		case !known:
			faults = append(faults, fmt.Sprintf("%s/%s: %s is new, with %d bytes", r.program, r.arch, r.pkg, n))
		case n > allowed+allowed*growth/100+grain:
			faults = append(faults, fmt.Sprintf("%s/%s: %s has %d bytes, %d more than in %s", r.program, r.arch, r.pkg, n, n-allowed, table))
		}
	}
	if len(faults) > 0 {
		faults = append(faults, "if it has to be so: go test ./internal/test/fit -update")
	}
	return faults
}

// measure adds up the code and data of each package of the module in a program.
func measure(t *testing.T, into sizes, arch, program, path string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), program)
	build := exec.Command("go", "build", "-trimpath", "-o", binary, path)
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOARM=7", "GO386=sse2", "GOFLAGS=", "GOEXPERIMENT=")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	f, err := elf.Open(binary)
	require.NoError(t, err)
	defer f.Close()
	symbols, err := f.Symbols()
	require.NoError(t, err)
	found := false
	for _, s := range symbols {
		if pkg, ours := packageOf(s.Name); ours {
			into.bytes[row{arch, program, pkg}] += s.Size
			found = true
		}
	}
	require.True(t, found, "no symbol of the module in %s for %s", program, arch)
}

// packageOf returns the folder of a symbol of the module, "." for its root.
func packageOf(symbol string) (folder string, ours bool) {
	symbol, _, _ = strings.Cut(symbol, "[") // of a generic function
	rest, ours := strings.CutPrefix(symbol, module)
	if !ours || rest == "" {
		return "", false
	}
	slash := strings.LastIndexByte(rest, '/') + 1
	dot := strings.IndexByte(rest[slash:], '.')
	if dot < 0 {
		return "", false
	}
	return cmp.Or(strings.TrimPrefix(rest[:slash+dot], "/"), "."), true
}

// version returns the release without its patches, go1.26.
func version() string {
	parts := strings.SplitN(runtime.Version(), ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

func (s sizes) rows() []row {
	var rows []row
	for r := range s.bytes {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(strings.Compare(a.arch, b.arch), strings.Compare(a.program, b.program), strings.Compare(a.pkg, b.pkg))
	})
	return rows
}

// text is the table as a file.
func (s sizes) text() []byte {
	out := fmt.Appendf(nil, "# Bytes of code and data by platform, program and package.\n%s\n", s.version)
	for _, r := range s.rows() {
		out = fmt.Appendf(out, "%s %s %s %d\n", r.arch, r.program, r.pkg, s.bytes[r])
	}
	return out
}

func parse(text string) (sizes, error) {
	s := sizes{bytes: map[row]uint64{}}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "#"):
		case s.version == "":
			s.version = line
		default:
			var r row
			var n uint64
			if _, err := fmt.Sscan(line, &r.arch, &r.program, &r.pkg, &n); err != nil {
				return s, fmt.Errorf("%q: %w", line, err)
			}
			s.bytes[r] = n
		}
	}
	return s, nil
}

// The check notices what it should.
func TestCompare(t *testing.T) {
	r := row{"arm", "core", "hal"}
	want := sizes{"go1.26", map[row]uint64{r: 10000}}
	with := func(r row, n uint64) []string { return compare(want, sizes{"go1.26", map[row]uint64{r: n}}) }
	require.Empty(t, with(r, 10000+500+grain))
	require.Empty(t, with(r, 1))
	require.Contains(t, with(r, 10000+500+grain+1)[0], "hal has 10565 bytes, 565 more")
	require.Contains(t, with(row{"arm", "core", "fat"}, 1)[0], "fat is new")
	back, err := parse(string(want.text()))
	require.NoError(t, err)
	require.Equal(t, want, back)
	_, err = parse("go1.26\narm core hal")
	require.Error(t, err)
}

func TestPackageOf(t *testing.T) {
	for symbol, want := range map[string]string{
		module + ".(*Manager).Init":                           ".",
		module + "/hal/ble/att.(*Host).receive.func1":         "hal/ble/att",
		module + "/internal/pb.appendBytes[go.shape.[]uint8]": "internal/pb",
		module + "/store.Int[github.com/x/y.z]":               "store",
		"main.main":                                           "",
		"type:*" + module + "/hal.Event":                      "",
		"golang.org/x/crypto/xts.NewCipher":                   "",
		"slices.Sort[" + module + "/store/nvs.page]":          "",
	} {
		got, ours := packageOf(symbol)
		require.Equal(t, want, got, symbol)
		require.Equal(t, want != "", ours, symbol)
	}
}
