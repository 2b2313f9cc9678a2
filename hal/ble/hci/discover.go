// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// discover returns the port that an instance of netsim on this machine has written into
// its file. The instance is a number; empty: 0.
func discover(instance string) (file string, port int, err error) {
	n, err := strconv.ParseUint(cmp.Or(instance, "0"), 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("want netsim:, netsim:HOST:PORT, or netsim: and the number of an instance")
	}
	if file, err = iniFile(runtime.GOOS, os.Getenv, int(n)); err != nil {
		return "", 0, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", 0, fmt.Errorf("no netsim runs on this machine; start an Android emulator, or name the address of one, netsim:HOST:PORT (%w)", err)
	}
	port, err = grpcPort(string(text))
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", file, err)
	}
	return file, port, nil
}

// iniFile returns the path of the file of an instance.
func iniFile(goos string, env func(string) string, instance int) (string, error) {
	var folder string
	switch goos {
	case "windows":
		if local := env("LOCALAPPDATA"); local != "" {
			folder = filepath.Join(local, "Temp")
		}
	case "darwin":
		if folder = env("TMPDIR"); folder == "" && env("HOME") != "" {
			folder = filepath.Join(env("HOME"), "Library", "Caches", "TemporaryItems")
		}
	default:
		folder = cmp.Or(env("XDG_RUNTIME_DIR"), env("TMPDIR"), "/tmp")
	}
	if folder == "" {
		return "", errors.New("the environment does not tell where netsim.ini is; name netsim's address, netsim:HOST:PORT")
	}
	name := "netsim.ini"
	if instance > 0 {
		name = fmt.Sprintf("netsim_%d.ini", instance)
	}
	return filepath.Join(folder, name), nil
}

// grpcPort returns the port in the text of such a file.
func grpcPort(text string) (int, error) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(key) != "grpc.port" {
			continue
		}
		port, err := strconv.ParseUint(strings.TrimSpace(value), 10, 16)
		if err != nil || port == 0 {
			return 0, fmt.Errorf("grpc.port is not a port; name netsim's address, netsim:HOST:PORT")
		}
		return int(port), nil
	}
	return 0, fmt.Errorf("there is no line grpc.port=N; name netsim's address, netsim:HOST:PORT")
}
