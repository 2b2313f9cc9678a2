// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"fmt"
	"io"

	"github.com/wifiprov/wifiprov/internal/files"
)

// standard is the name of the standard input or output on the command line.
const standard = "-"

// readFile reads a file up to a limit.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(path, f, limit)
}

// readInput reads a file, or the standard input for -, and also returns the name for
// messages.
func readInput(path string, in io.Reader, limit int64) ([]byte, string, error) {
	if path != standard {
		b, err := readFile(path, limit)
		return b, path, err
	}
	const name = "standard input"
	b, err := readAll(name, in, limit)
	return b, name, err
}

// readAll reads up to a limit from a reader without a size, such as a pipe.
func readAll(name string, r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: over %d bytes, and at most that many are read: is it the right file?", name, limit)
	}
	return b, files.Error(name, err)
}
