// SPDX-License-Identifier: Apache-2.0

package target

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/internal/qrscan"
)

// LoadLabel returns what a QR code says, and its text. The code is the text itself, or the
// name of a file with the text or an image, or "-" for either on in. Errors do not show
// the text.
func LoadLabel(code string, in io.Reader) (label.Label, string, error) {
	name, text := "", code
	if !isText(code) {
		var err error
		if name, text, err = loadFile(code, in); err != nil {
			return label.Label{}, "", err
		}
	}
	text = strings.TrimSpace(text)
	l, err := label.Parse(text)
	if err != nil && name != "" {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return l, text, err
}

// isText tells a text from the name of a file.
func isText(code string) bool {
	code = strings.TrimSpace(code)
	for _, begin := range []string{"{", "NP:", "http://", "https://"} {
		if strings.HasPrefix(code, begin) {
			return true
		}
	}
	return false
}

// loadFile returns the text in a file or in the image that the file is.
func loadFile(path string, in io.Reader) (name, text string, err error) {
	name = path
	if path == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(path)
		if err != nil {
			return "", "", fileError(path, err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, qrscan.MaxFile+1))
	if err != nil {
		return "", "", fileError(name, err)
	}
	text, err = qrscan.Read(b)
	switch {
	case errors.Is(err, qrscan.ErrNoImage):
		return name, string(b), nil
	case err != nil:
		return "", "", fmt.Errorf("%s: %w", name, err)
	}
	return name, text, nil
}

// fileError is an error with a file, as the user named it, and the reason. A name may be
// a text that lost its beginning, and is not shown then.
func fileError(path string, err error) error {
	if strings.ContainsAny(path, `"|`) {
		return errors.New("it is neither the text of a QR code, which begins with { or NP:, nor the name of a file")
	}
	return files.Error(path, err)
}
