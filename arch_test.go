// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/wifiprov/wifiprov"

// arrows says which packages of the module each folder's package imports. A
// folder that is not named here and not below one of tops fails.
var arrows = map[string][]string{
	// hal: Wi-Fi, clock, log, and what fulfils the contracts
	"hal":                     {"internal/enum"},
	"hal/ble":                 {},
	"hal/ble/att":             {"hal", "hal/ble", "internal/le"},
	"hal/ble/bluez":           {"hal", "hal/ble", "internal/bluezbus"},
	"hal/ble/bondstore":       {"hal/ble/att", "hal/ble/smp", "store"},
	"hal/ble/hci":             {"internal/quote"},
	"hal/ble/smp":             {"hal", "hal/ble/att", "internal/smpcrypto"},
	"hal/esp32/espradio":      {"hal", "hal/tinygo"},
	"hal/esp32/espradio/chip": {"hal", "hal/esp32/espradio", "hal/tinygo"},
	"hal/esp32/idf":           {"hal", "hal/ble", "hal/ble/att", "hal/loop", "internal/claim", "internal/events", "internal/explain", "internal/scanlist", "protocomm/httpd/httpserver"},
	"hal/esp32/idf/idftest":   {"hal", "hal/esp32/idf", "hal/sim", "hal/sim/simnet", "store/nvs"},
	"hal/haltest":             {"hal"},
	"hal/linux":               {"hal", "hal/linux/nm", "hal/linux/radio", "hal/linux/wpa", "internal/dhcp4", "internal/nl80211", "store/nvs", "store/nvs/fileflash"},
	"hal/linux/nm":            {"hal", "hal/linux/radio"},
	"hal/linux/radio":         {"hal", "internal/claim", "internal/events", "internal/explain", "internal/scanlist", "store/wifistore"},
	"hal/linux/wpa":           {"hal", "hal/linux/radio", "store", "store/wifistore"},
	"hal/loop":                {"hal"},
	"hal/pico/cyw43":          {"hal", "hal/tinygo"},
	"hal/pico/cyw43/chip":     {"hal", "hal/pico/cyw43", "hal/tinygo"},
	"hal/sim":                 {"hal", "hal/ble", "internal/claim", "internal/events", "internal/explain", "internal/le", "store", "store/nvs", "store/nvs/flash", "store/wifistore"},
	"hal/sim/simnet":          {},
	"hal/sim/simdevice":       {".", "client", "client/blecentral", "client/label", "hal", "hal/ble", "hal/ble/att", "hal/ble/bondstore", "hal/ble/smp", "hal/sim", "hal/sim/simnet", "protocomm", "scheme", "scheme/ble", "scheme/console", "scheme/softap", "security/sec0", "security/sec1", "security/sec2", "store", "store/nvs", "store/nvs/flash"},
	"hal/sloghal":             {"hal"},
	"hal/tinygo":              {"hal", "internal/claim", "internal/events", "internal/explain", "internal/scanlist", "store", "store/nvs", "store/wifistore"},

	// store
	"store":               {},
	"store/nvs":           {"internal/nvsfmt", "store"},
	"store/nvs/fileflash": {"internal/filelock", "store/nvs", "store/nvs/flash"},
	"store/nvs/flash":     {"store/nvs"},
	"store/nvs/flashtest": {"store/nvs"},
	"store/nvs/nvscheck":  {"internal/nvsfmt", "store", "store/nvs"},
	"store/nvs/nvsgen":    {"internal/nvsfmt", "internal/secretname", "store", "store/nvs", "store/nvs/flash"},
	"store/storetest":     {"store"},
	"store/wifistore":     {"hal", "store"},

	// protocomm, security, scheme, the Manager
	".":                          {"hal", "internal/fsm", "internal/pb", "internal/protover", "internal/scanlist", "internal/status", "protocomm", "scheme"},
	"protocomm":                  {"hal", "internal/fair", "internal/quote"},
	"protocomm/console":          {"hal", "internal/quote", "protocomm"},
	"protocomm/gatt":             {"hal", "hal/ble", "protocomm"},
	"protocomm/httpd":            {"hal", "internal/fair", "internal/ownhost", "protocomm", "protocomm/httpd/httpserver"},
	"protocomm/httpd/httpserver": {},
	"scheme":                     {"hal", "protocomm"},
	"scheme/ble":                 {"hal", "hal/ble", "protocomm", "protocomm/gatt", "scheme"},
	"scheme/console":             {"hal", "protocomm", "protocomm/console", "scheme"},
	"scheme/schemetest":          {"hal", "protocomm", "scheme", "security/sec0"},
	"scheme/softap":              {"hal", "protocomm", "protocomm/httpd", "scheme"},
	"security":                   {"hal", "protocomm"},
	"security/internal/frame":    {"internal/pb", "protocomm", "security"},
	"security/sec0":              {"internal/pb", "protocomm", "security", "security/internal/frame"},
	"security/sec1":              {"internal/pb", "internal/x25519", "protocomm", "security", "security/internal/frame"},
	"security/sec2":              {"internal/pb", "internal/srp", "protocomm", "security", "security/internal/frame"},

	// client
	"client":              {"hal", "hal/ble", "internal/pb", "internal/status", "security", "security/sec0", "security/sec1", "security/sec2"},
	"client/blecentral":   {"client", "hal/ble", "hal/ble/att", "internal/le", "internal/smpcrypto"},
	"client/bluezcentral": {"client", "hal/ble", "internal/bluezbus"},
	"client/label":        {"client", "hal"},

	// internal, for the product
	"internal/batch":          {"client", "client/label", "hal", "internal/filelock", "internal/files", "internal/misspelt", "internal/qrcode", "internal/secretname"},
	"internal/bluezbus":       {},
	"internal/claim":          {"hal"},
	"internal/dhcp4":          {"hal", "internal/netwatch"},
	"internal/enum":           {},
	"internal/events":         {"hal", "internal/explain"},
	"internal/explain":        {},
	"internal/fair":           {},
	"internal/factory":        {"client/label", "hal", "internal/files", "security", "security/sec2", "store/nvs", "store/nvs/nvsgen"},
	"internal/files":          {},
	"internal/filelock":       {},
	"internal/fleet":          {"hal", "hal/sim", "hal/sim/simdevice"},
	"internal/fleet/scenario": {".", "hal", "hal/ble", "hal/ble/att", "hal/sim", "hal/sim/simdevice", "internal/files", "internal/fleet", "internal/misspelt", "internal/shard", "protocomm", "scheme/ble", "scheme/console", "scheme/softap", "store/nvs", "store/nvs/flash"},
	"internal/fsm":            {"hal", "internal/status"},
	"internal/le":             {},
	"internal/misspelt":       {},
	"internal/netwatch":       {},
	"internal/nl80211":        {"hal"},
	"internal/nvsfmt":         {},
	"internal/ownhost":        {},
	"internal/pb":             {},
	"internal/pbtext":         {"hal", "internal/pb/proto"},
	"internal/protover":       {},
	"internal/qrcode":         {},
	"internal/qrscan":         {},
	"internal/quote":          {},
	"internal/scanlist":       {"hal"},
	"internal/secretname":     {},
	"internal/shard":          {},
	"internal/simapi":         {".", "hal", "hal/sim", "hal/sim/simdevice", "internal/fleet", "internal/ownhost", "internal/pbtext", "internal/qrcode", "protocomm"},
	"internal/smpcrypto":      {},
	"internal/srp":            {},
	"internal/status":         {"internal/enum"},
	"internal/x25519":         {},
	"internal/transcript":     {"client", "hal", "internal/files", "internal/pb", "internal/pbtext", "internal/quote", "protocomm", "security", "security/sec1", "security/sec2"},

	// internal, for tests
	"internal/test/tinygotest":  {"hal", "hal/sim", "hal/tinygo", "store"},
	"internal/test/fakebluez":   {"hal/ble", "internal/bluezbus"},
	"internal/test/fakegatt":    {"hal", "hal/ble"},
	"internal/test/fakelinux":   {"hal", "hal/linux/radio", "hal/sim", "store"},
	"internal/test/fakenm":      {"hal", "internal/bluezbus"},
	"internal/test/fakenetsim":  {"hal/sim"},
	"internal/test/fakewpa":     {"hal", "internal/bluezbus"},
	"internal/test/leak":        {},
	"internal/test/linuxvm":     {},
	"internal/test/linuxvm/lab": {"internal/test/linuxvm"},
	"internal/test/long":        {},
	"internal/test/netlab":      {},
	"internal/test/output":      {},
	"internal/test/scripts":     {},
	"internal/test/spectest":    {},
	"internal/test/cyw43test":   {"hal", "hal/pico/cyw43", "hal/sim", "hal/tinygo", "store"},
}

// everything may be imported by these alone.
var tops = []string{"internal/test/provtest", "internal/test/fit", "internal/test/ram", "internal/cmd", "cmd", "examples"}

// deviceSide packages run under TinyGo, where these imports do not fit or do
// not work (design decision; flash per import was measured).
var (
	deviceSide = []string{
		".", "hal", "hal/ble", "hal/loop", "hal/sim", "protocomm", "protocomm/httpd/httpserver", "scheme", "security", "security/internal/frame", "security/sec0", "security/sec1", "security/sec2", "store", "store/nvs", "store/wifistore", "internal/claim", "internal/enum", "internal/events", "internal/explain", "internal/fair", "internal/fsm", "internal/le", "internal/nvsfmt", "internal/pb", "internal/protover", "internal/quote", "internal/scanlist", "internal/srp", "internal/status", "store/nvs/flash", "protocomm/console", "hal/ble/att", "scheme/console", "protocomm/gatt", "scheme/ble", "hal/esp32/idf", "hal/tinygo", "hal/esp32/espradio", "hal/esp32/espradio/chip", "hal/pico/cyw43", "hal/pico/cyw43/chip", "internal/x25519", "internal/smpcrypto", "hal/ble/smp", "hal/ble/bondstore",
	}
	tooHeavy = []string{"fmt", "context", "encoding/json", "log", "log/slog", "net", "net/http", "os", "reflect"}
)

// imports returns what each folder's non-test files import. For target it leaves
// out files that are not built there; nil: none.
func imports(t *testing.T, target *build.Context) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		if target != nil {
			match, err := target.MatchFile(filepath.Dir(path), filepath.Base(path))
			require.NoError(t, err)
			if !match {
				return nil
			}
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		dir := filepath.ToSlash(filepath.Dir(path))
		if found[dir] == nil {
			found[dir] = []string{}
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			found[dir] = append(found[dir], name)
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

// wrongArrow returns why dir must not import name, or nothing.
func wrongArrow(dir, name string) string {
	target, ours := strings.CutPrefix(name, module)
	target = strings.TrimPrefix(target, "/")
	if !ours {
		return ""
	}
	if target == "" {
		target = "."
	}
	allowed, listed := arrows[dir]
	if !listed {
		for _, top := range tops {
			if dir == top || strings.HasPrefix(dir, top+"/") {
				return ""
			}
		}
		if strings.HasPrefix(dir, "internal/pb/") {
			return "" // the generator's own folders
		}
		return "the folder has no row in the table of arrows"
	}
	if !slices.Contains(allowed, target) {
		return "the arrow does not point this way"
	}
	return ""
}

// The arrows between the packages.
func TestArrows(t *testing.T) {
	found := imports(t, nil)
	for dir, names := range found {
		for _, name := range names {
			if why := wrongArrow(dir, name); why != "" {
				t.Errorf("%s imports %s: %s", dir, name, why)
			}
		}
	}
	for dir, targets := range arrows {
		for _, target := range targets {
			require.Contains(t, found[dir], strings.TrimSuffix(module+"/"+target, "/."), "%s does not import %s any more: correct its row", dir, target)
		}
	}
	require.NotEmpty(t, wrongArrow("hal", module+"/store"), "the check sees nothing")
	require.NotEmpty(t, wrongArrow(".", module+"/hal/sim"), "the check sees nothing")
	require.NotEmpty(t, wrongArrow("newfolder", module+"/hal"), "the check sees nothing")
}

// What device-side packages must not import where they run: by TinyGo, alone or
// in an application of ESP-IDF.
func TestDeviceSideImports(t *testing.T) {
	for _, tags := range [][]string{{"tinygo"}, {"tinygo", "espidf"}} {
		target := build.Default
		target.BuildTags, target.CgoEnabled = tags, true
		found := imports(t, &target)
		for _, dir := range deviceSide {
			_, exists := found[dir]
			require.True(t, exists, "%s is gone: correct the list", dir)
			for _, name := range found[dir] {
				require.NotContains(t, tooHeavy, name, "%s runs on a microcontroller", dir)
			}
		}
	}
	require.Contains(t, imports(t, nil)["hal"], "fmt", "the check sees nothing")
}

// Inside of an ESP-IDF application there is no scheduler, and a go statement
// that can be reached does not compile.
func TestNothingNeedsAScheduler(t *testing.T) {
	target := build.Default
	target.BuildTags = []string{"tinygo", "espidf", "scheduler.none"}
	statements := func(dir string) (n int) {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, path := range paths {
			match, err := target.MatchFile(dir, filepath.Base(path))
			require.NoError(t, err)
			if !match || strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			ast.Inspect(file, func(node ast.Node) bool {
				if _, is := node.(*ast.GoStmt); is {
					n++
				}
				return true
			})
		}
		return n
	}
	for _, dir := range append([]string{"protocomm/httpd", "scheme/softap"}, deviceSide...) {
		if dir == "hal/tinygo" || strings.HasSuffix(dir, "/chip") {
			continue // for TinyGo by itself, which has a scheduler
		}
		require.Zero(t, statements(dir), "%s starts goroutines", dir)
	}
	target.BuildTags = nil
	require.NotZero(t, statements("protocomm/httpd"), "the check sees nothing")
}

// Every exported name of the library has a comment.
func TestEverythingIsDocumented(t *testing.T) {
	for dir := range arrows {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		documented := false
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			require.NoError(t, err)
			documented = documented || file.Doc != nil
			for _, decl := range file.Decls {
				for _, name := range undocumented(decl) {
					t.Errorf("%s: %s has no comment", dir, name)
				}
			}
		}
		require.True(t, documented, "package %s has no comment", dir)
	}
}

func undocumented(decl ast.Decl) (names []string) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && d.Name.Name != "Error" {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					names = append(names, s.Names[0].Name)
				}
			}
		}
	}
	return names
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	expr := d.Recv.List[0].Type
	if star, ok := expr.(*ast.StarExpr); ok {
		expr = star.X
	}
	name, ok := expr.(*ast.Ident)
	return ok && name.IsExported()
}

// Every source file says its licence.
func TestLicence(t *testing.T) {
	found := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git"):
			return filepath.SkipDir
		case !slices.Contains([]string{".go", ".c", ".h", ".proto"}, filepath.Ext(path)):
			return nil
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		head := strings.SplitN(string(text), "\n", 3)
		require.Contains(t, head[0]+head[1], "// SPDX-License-Identifier: Apache-2.0", path)
		found++
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, found, 100)
}
