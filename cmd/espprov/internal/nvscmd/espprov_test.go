// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// run runs espprov with this group alone.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	var commands struct {
		NVS Command `cmd:"" help:"images of NVS partitions: dump, create, change, check"`
	}
	return cli.Run(context.Background(), "espprov", "espprov is the toolbox of provisioning for ESP32 devices.", &commands, args,
		cli.Streams{In: in, Out: out, Err: errs})
}

// do runs a command.
func do(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), status
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, status := do(t, "", args...)
	require.Zero(t, status, errs)
	require.Empty(t, errs)
	return out
}

// A change keeps the file's permissions and a link to it, leaves no other
// file behind, and a new image is for its owner only.
func TestFilesAreReplaced(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "nvs", "set", "--size", "0x3000", "nvs.bin", "app", "n", "u8", "1")
	requireMode(t, "nvs.bin", 0o600)
	require.NoError(t, os.Chmod("nvs.bin", 0o640))
	require.NoError(t, os.Symlink("nvs.bin", "link.bin"))
	must(t, "nvs", "set", "link.bin", "app", "n", "u8", "2")
	requireMode(t, "nvs.bin", 0o640)
	require.Equal(t, "2\n", must(t, "nvs", "get", "nvs.bin", "app", "n"))
	info, err := os.Lstat("link.bin")
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&fs.ModeSymlink, "the link is still one")

	// An unchanged value leaves the file alone, as does what fails.
	before, err := os.Stat("nvs.bin")
	require.NoError(t, err)
	must(t, "nvs", "set", "nvs.bin", "app", "n", "u8", "2")
	_, _, status := do(t, "", "nvs", "set", "nvs.bin", "app", "big", "blob", "@nvs.bin")
	require.Equal(t, 2, status)
	after, err := os.Stat("nvs.bin")
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after))
	require.Equal(t, before.ModTime(), after.ModTime())

	names, err := filepath.Glob("*")
	require.NoError(t, err)
	hidden, err := filepath.Glob(".*")
	require.NoError(t, err)
	require.Equal(t, []string{"link.bin", "nvs.bin"}, names)
	require.Empty(t, hidden, "no temporary file is left")
}

func requireMode(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, mode, info.Mode().Perm())
}

// A file that cannot be replaced is told, and stays.
func TestReplaceFails(t *testing.T) {
	if os.Getuid() == 0 {
		t.Log("permissions do not bind root: the folder is removed instead")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "gone", "nvs.bin")
	_, errs, status := do(t, "", "nvs", "set", "--size", "0x3000", path, "app", "n", "u8", "1")
	require.Equal(t, 2, status)
	require.Contains(t, errs, "there is no such file")
	_, errs, status = do(t, "", "nvs", "keys", "generate", path)
	require.Equal(t, 2, status)
	require.Contains(t, errs, path)
}

// Secrets are in no error and no listing, whatever goes wrong.
func TestSecretsStayOut(t *testing.T) {
	t.Chdir(t.TempDir())
	const secret = "5ecre7"
	must(t, "nvs", "set", "--size", "0x3000", "nvs.bin", "app", "password", "string", secret)
	must(t, "nvs", "set", "nvs.bin", "nvs.net80211", "sta.pswd", "blob", "\xff\xfe"+secret)
	must(t, "nvs", "set", "nvs.bin", "nvs.net80211", "ap.pmk_info", "blob", secret)
	must(t, "nvs", "set", "nvs.bin", "nvs.net80211", "ap.pmk", "blob", "hex:80818283")
	csv := func(row string) []string { return []string{"create", row} }
	for _, args := range [][]string{
		{"dump", "nvs.bin"},
		{"dump", "--json", "nvs.bin"},
		{"check", "nvs.bin"},
		{"set", "nvs.bin", "app", "password", "string", secret, secret},
		{"set", "nvs.bin", "app", "password", "string", "-" + secret, "-x"},
		{"set", "nvs.bin", "app", "pin", "u32", secret},
		{"set", "nvs.bin", "app", "password", "string", "hex:" + secret},
		{"set", "nvs.bin", "app", "password", "blob", "base64:" + secret + "!"},
		{"set", "nvs.bin", "app", "name-of-16-bytes", "string", secret},
		{"set", "nvs.bin", "app", "password", "text", secret},
		{"set", "none.bin", "app", "password", "string", secret},
		csv("pop,data,u8," + secret),
		csv("pop,data,hex2bin,0" + secret),
		csv("pop,data,hex2bin," + secret + "xy"),
		csv("pop,data,base64," + secret + "!"),
		csv("pop,data,string,\"" + secret),
		csv("pop,data,string,\"" + secret + "\"" + secret),
		csv("pop,data,string,a," + secret),
		csv("pop,data,blob_fill(3;0x00)," + secret),
		csv("pop,data,string32," + secret),
		csv("pop,text,string," + secret),
		csv("pop,data," + secret),
		csv("pop," + secret),
		csv("pop,data,string," + secret + "\npop,data,string," + secret),
	} {
		stdin := ""
		if args[0] == "create" {
			stdin = "key,type,encoding,value\napp,namespace,,\n" + args[1] + "\n"
			args = []string{"create", "-", "new.bin", "0x3000"}
		}
		out, errs, status := do(t, stdin, append([]string{"nvs"}, args...)...)
		require.NotContains(t, out+errs, secret, stdin)
		require.NotContains(t, out, "80818283")
		if args[0] != "dump" && args[0] != "check" {
			require.Equal(t, 2, status, "%q: %s", args, errs)
			require.NotEmpty(t, errs)
		}
	}
	require.Contains(t, must(t, "nvs", "dump", "--show-secrets", "nvs.bin"), secret)
	require.Equal(t, secret+"\n", must(t, "nvs", "get", "nvs.bin", "app", "password"))
}

// Every image of the specification can be dumped and checked; the two agree on
// what there is, and neither changes the file.
func TestSpecImages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(spectest.Path(t, "nvs-images"), "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		var c struct {
			Image, Base string
			KeyFile     string            `json:"key_file"`
			Entries     []json.RawMessage `json:"entries"`
			Correct     []json.RawMessage `json:"correct_entries"`
			Old         []json.RawMessage `json:"legacy_blobs"`
			Namespaces  map[string]uint8
		}
		spectest.ReadJSON(t, &c, "nvs-images", filepath.Base(file))
		image := spectest.Path(t, "nvs-images", c.Image+c.Base)
		before, err := os.ReadFile(image)
		require.NoError(t, err)
		args := []string{"--json", image}
		var keys *nvs.Keys
		if c.KeyFile != "" {
			path := spectest.Path(t, "nvs-images", c.KeyFile)
			args = append(args, "--keys", path)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			keys, err = nvs.ParseKeys(b)
			require.NoError(t, err)
		}
		var d dump
		require.NoError(t, json.Unmarshal([]byte(must(t, append([]string{"nvs", "dump"}, args...)...)), &d), image)
		if c.Image != "" && !strings.HasPrefix(c.Image, "cutimg_") {
			want := len(c.Entries)
			if c.Correct != nil {
				want = len(c.Correct)
			}
			require.Len(t, d.Entries, want+len(c.Old), image)
			require.Equal(t, c.Namespaces, d.Namespaces)
		}
		out, errs, status := do(t, "", append([]string{"nvs", "check"}, args...)...)
		require.Empty(t, errs)
		r := nvscheck.Check(before, keys)
		require.Equal(t, r.Irregular(), status == 1, image)
		require.Equal(t, d.Irregular, status == 1, image)
		var k struct{ Findings []json.RawMessage }
		require.NoError(t, json.Unmarshal([]byte(out), &k))
		require.Len(t, k.Findings, len(r.Findings))
		after, err := os.ReadFile(image)
		require.NoError(t, err)
		require.Equal(t, before, after)
	}
}
