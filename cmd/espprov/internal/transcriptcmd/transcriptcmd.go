// SPDX-License-Identifier: Apache-2.0

// Package transcriptcmd has the flags with which a command records a conversation, and the
// commands of espprov that read recordings: decode and replay.
package transcriptcmd

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/internal/transcript"
)

// open opens a transcript; "-": the standard input. Errors of the file have its name.
func open(path string, s cli.Streams) (*transcript.Reader, func() error, error) {
	in, done := s.In, func() error { return nil }
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, nil, files.Error(path, err)
		}
		in, done = file, file.Close
	}
	r, err := transcript.NewReader(in)
	if err != nil {
		_ = done()
		return nil, nil, fmt.Errorf("%s:%w", path, err)
	}
	return r, done, nil
}

// printJSON prints one line.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
