// SPDX-License-Identifier: Apache-2.0

//go:build linux

package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wifiprov/wifiprov/internal/nl80211"
)

// Interfaces returns the names of the Wi-Fi interfaces that are there, sorted. Those that
// were made for an access point are left out: a process that died leaves one.
func Interfaces() ([]string, error) { return interfaces(os.DirFS("/sys/class/net")) }

// interfaces looks in a directory like /sys/class/net. Each interface has a folder there;
// a Wi-Fi one links to its radio.
func interfaces(net fs.FS) ([]string, error) {
	links, err := fs.Glob(net, "*/phy80211")
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(links))
	for _, link := range links {
		name := filepath.Dir(link)
		alias, err := fs.ReadFile(net, name+"/ifalias")
		if err == nil && strings.TrimSpace(string(alias)) == nl80211.Alias {
			continue
		}
		names = append(names, name)
	}
	return names, nil
}

// only returns the interface to use if none is named.
func only(names []string) (string, error) {
	switch len(names) {
	case 0:
		return "", errors.New("linux: this machine has no Wi-Fi interface, or its driver is not loaded")
	case 1:
		return names[0], nil
	}
	return "", fmt.Errorf("linux: there are several Wi-Fi interfaces (%s); name one in Config.Interface", strings.Join(names, ", "))
}
