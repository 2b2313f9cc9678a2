package hal

import "errors"

// Secret is text, or arbitrary bytes, that must never be printed: a passphrase,
// a proof of possession. Convert it to string to use it.
//
// Every verb of fmt, and every encoder that asks for text, gets "[hidden]";
// log/slog and encoding/json are among them. Nothing that was hidden is taken
// for the secret later: UnmarshalText refuses "[hidden]", and encoding/gob,
// which is for storing, fails. Who wants to store a secret stores string(s),
// and protects it.
//
// Three things are beyond a type's reach. fmt asks no methods of a struct's
// unexported fields: keep a *Secret there, of which it prints the address.
// encoding/json takes a string that is the key of a map as it is, and fmt does
// so for the verb %p, which go vet finds. Under TinyGo, verbs that are not for
// text, such as %d, show it too.
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
