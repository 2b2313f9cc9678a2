// SPDX-License-Identifier: Apache-2.0

package hal

import "errors"

// Secret is text, or arbitrary bytes, that must never be printed: a passphrase,
// a proof of possession. Convert it to string to use it.
//
// The verbs of fmt, and encoders that ask for text, such as log/slog and encoding/json,
// get "[hidden]". That text cannot become the secret later: UnmarshalText refuses it,
// and encoding/gob fails. To store a secret, store string(s), and protect it.
//
// A string type cannot hide everything:
//
//   - fmt calls no methods of a struct's unexported fields. Keep a *Secret there,
//     of which fmt prints the address.
//   - fmt calls no methods either for verbs that go vet refuses: %p, %w, and a verb
//     that is not for pointers, such as %s, for a pointer inside a slice or struct.
//   - encoding/json writes a map's string keys as they are.
//   - Under TinyGo, verbs that are not for text, such as %d, show it.
type Secret string

const hidden = "[hidden]"

var errHidden = errors.New("hal: encoders do not get the secret; store string(secret) instead, and protect it")

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return hidden }

// MarshalText hides the secret from encoders. An empty one is empty text.
func (s Secret) MarshalText() ([]byte, error) {
	if s == "" {
		return []byte{}, nil
	}
	return []byte(hidden), nil
}

// UnmarshalText takes the text as the secret. It fails for the text that MarshalText
// returns, since the secret is lost.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == hidden {
		return errHidden
	}
	*s = Secret(text)
	return nil
}

// GobEncode fails, unless the secret is empty.
func (s Secret) GobEncode() ([]byte, error) {
	if s == "" {
		return []byte{}, nil
	}
	return nil, errHidden
}

// GobDecode is UnmarshalText.
func (s *Secret) GobDecode(data []byte) error { return s.UnmarshalText(data) }
