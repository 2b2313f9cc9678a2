package hal

import "errors"

// Secret is text, or arbitrary bytes, that must never be printed: a passphrase,
// a proof of possession. Convert it to string to use it.
//
// The verbs of fmt, and encoders that ask for text, get "[hidden]"; log/slog and
// encoding/json are among them. Nothing that was hidden is taken for the secret
// later: UnmarshalText refuses "[hidden]", and encoding/gob, which is for
// storing, fails. Who wants to store a secret stores string(s), and protects it.
//
// Four things are beyond the reach of a type that is a string:
//
//   - fmt asks no methods of a struct's unexported fields. Keep a *Secret there,
//     of which it prints the address.
//   - fmt asks none either for what go vet refuses: %p, %w, and a verb that is
//     not for pointers, such as %s, given to a pointer inside a slice or struct.
//   - encoding/json takes a string that is the key of a map as it is.
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

// UnmarshalText takes the text as the secret, but fails for what MarshalText
// made of one, which is lost.
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
