// SPDX-License-Identifier: Apache-2.0

// Package identity is what a box calls itself and how phones prove that they may
// provision it: the name of its service, and a random password of its own or the salt and
// verifier that a factory gave it.
package identity

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/cmd/internal/password"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/config"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// passwordFile is the random password, in the folder of the state.
const passwordFile = "password"

// Identity is made by Load, and does not change.
type Identity struct {
	Name     string // of the service
	security int
	username string
	// password is empty without one, and where only its verifier is known.
	password       hal.Secret
	salt, verifier []byte
	key            hal.Secret
	transport      label.Transport
	// Made: the password was made by this Load.
	Made bool
}

// Load reads what cfg says, and the random password in the folder state. If there is none,
// Load makes it and stores it. mac is the address of the Wi-Fi.
func Load(cfg *config.Config, mac hal.BSSID, state string) (*Identity, error) {
	id := &Identity{
		Name: cfg.NameFor(mac), security: cfg.Security, username: cfg.Username,
		key: cfg.ServiceKey, transport: label.Transport(cfg.Transport),
	}
	var err error
	switch {
	case cfg.Security == 0:
	case cfg.CredentialsFile != "":
		err = id.readCredentials(cfg.CredentialsFile)
	default:
		err = id.ownPassword(filepath.Join(state, passwordFile))
	}
	if err == nil && id.security == 2 && id.verifier == nil {
		id.salt, id.verifier, err = sec2.Generate(id.username, id.password, 0, nil)
	}
	if err != nil {
		return nil, err
	}
	_, err = id.Text() // so that an odd name is found now
	return id, err
}

// ownPassword reads the box's password, or makes one.
func (id *Identity) ownPassword(path string) error {
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		if id.password = hal.Secret(strings.TrimSpace(string(text))); id.password == "" {
			return fmt.Errorf("%s: it is empty: remove it, and a new password is made", path)
		}
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return files.Error(path, err)
	}
	id.password, id.Made = password.Random(id.username), true
	return files.Make(path, []byte(string(id.password)+"\n"))
}

// readCredentials reads what espprov credentials prints with --format hex or --json.
func (id *Identity) readCredentials(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("security.credentials-file: %w", files.Error(path, err))
	}
	var saltHex, verifierHex string
	if trimmed := strings.TrimSpace(string(text)); strings.HasPrefix(trimmed, "{") {
		var in struct{ Username, Password, Salt, Verifier string }
		if err := json.Unmarshal([]byte(trimmed), &in); err != nil {
			return fmt.Errorf("%s: this is no JSON of espprov credentials", path)
		}
		saltHex, verifierHex = in.Salt, in.Verifier
		id.password = hal.Secret(in.Password)
		if in.Username != "" {
			id.username = in.Username
		}
	} else {
		lines := bufio.NewScanner(strings.NewReader(trimmed))
		for lines.Scan() {
			word, value, _ := strings.Cut(lines.Text(), " ")
			switch word {
			case "salt":
				saltHex = value
			case "verifier":
				verifierHex = value
			}
		}
	}
	var err1, err2 error
	id.salt, err1 = hex.DecodeString(strings.TrimSpace(saltHex))
	id.verifier, err2 = hex.DecodeString(strings.TrimSpace(verifierHex))
	if err1 != nil || err2 != nil || len(id.salt) == 0 || len(id.verifier) == 0 {
		return fmt.Errorf("%s: it has no salt and verifier: make it with espprov credentials --format hex, or --json", path)
	}
	if _, err := id.Security(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Security returns the security of one service.
func (id *Identity) Security() (protocomm.Security, error) {
	switch id.security {
	case 0:
		return sec0.New(), nil
	case 1:
		return sec1.New(sec1.Config{PoP: id.password})
	}
	return sec2.New(sec2.Config{Salt: id.salt, Verifier: id.verifier, Small: true})
}

// Text returns the text of the QR code. It has the password in it, if that is known.
func (id *Identity) Text() (hal.Secret, error) {
	l := label.Label{Name: id.Name, PoP: id.password, Transport: id.transport, Password: id.key}
	switch id.security {
	case 0:
		l.Security = client.Security0
	case 1:
		l.Security = client.Security1
	default:
		l.Username = id.username
	}
	text, err := l.JSON()
	return hal.Secret(text), err
}

// Password returns the password or proof of possession; "": it is not known, or there is
// none.
func (id *Identity) Password() hal.Secret { return id.password }

// WriteLabel writes the text of the QR code to a file that only this user can read, unless
// that is what the file has.
func (id *Identity) WriteLabel(path string) error {
	text, err := id.Text()
	if err != nil {
		return err
	}
	want := string(text) + "\n"
	if is, err := os.ReadFile(path); err == nil && string(is) == want {
		return nil
	}
	return files.Make(path, []byte(want))
}
