// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where emulators write netsim.ini.
func TestIniFile(t *testing.T) {
	for _, tc := range []struct {
		goos     string
		env      map[string]string
		instance int
		want     string
	}{
		{"linux", map[string]string{"XDG_RUNTIME_DIR": "/run/user/1000", "TMPDIR": "/t"}, 0, "/run/user/1000/netsim.ini"},
		{"linux", map[string]string{"TMPDIR": "/t"}, 3, "/t/netsim_3.ini"},
		{"linux", nil, 0, "/tmp/netsim.ini"},
		{"darwin", map[string]string{"TMPDIR": "/var/folders/t", "HOME": "/Users/a"}, 0, "/var/folders/t/netsim.ini"},
		{"darwin", map[string]string{"HOME": "/Users/a"}, 1, "/Users/a/Library/Caches/TemporaryItems/netsim_1.ini"},
		{"windows", map[string]string{"LOCALAPPDATA": "/local"}, 0, "/local/Temp/netsim.ini"},
	} {
		file, err := iniFile(tc.goos, func(name string) string { return tc.env[name] }, tc.instance)
		require.NoError(t, err)
		require.Equal(t, filepath.FromSlash(tc.want), file)
	}
	for _, goos := range []string{"darwin", "windows"} {
		_, err := iniFile(goos, func(string) string { return "" }, 0)
		require.EqualError(t, err, "the environment does not tell where netsim.ini is; name netsim's address, netsim:HOST:PORT")
	}
}
