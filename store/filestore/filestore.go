// Package filestore keeps a [store.Store] in one file of the host: JSON that
// people can read, a namespace an object, an item a line:
//
//	{
//	  "format": "wifiprov store 1",
//	  "namespaces": {
//	    "nvs.net80211": {
//	      "opmode": "u8 1",
//	      "sta.ssid": "blob 04000000486f6d650000…",
//	    }
//	  }
//	}
//
// Integers are decimal, blobs hexadecimal digits, strings Go's quoted form.
package filestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"

	"github.com/wifiprov/wifiprov/store"
)

// Limit is the space of a Store, counted as store.Memory does.
const Limit = 1 << 20

// maxFile bounds what Open reads: hexadecimal digits and names around Limit.
const maxFile = 8 * Limit

// format marks files of this package; the number changes with the layout.
const format = "wifiprov store 1"

// ErrDamaged: the file is not one that this package wrote, or was damaged.
// The error's text names file and place. Nothing was changed; move the file
// away to begin with an empty store.
var ErrDamaged = errors.New("damaged or no store file")

// Store is a store.Store in a file. Changes are kept in memory until Commit
// replaces the file as a whole: after a power cut the file has the content of
// one Commit or of the one before. Two Stores on one file at the same time
// overwrite each other.
type Store struct {
	mem  store.Memory
	path string

	mu    sync.Mutex // guards dirty and the file
	dirty bool
}

var _ store.Store = (*Store)(nil)

// file is the JSON document.
type file struct {
	Format     string                       `json:"format"`
	Namespaces map[string]map[string]string `json:"namespaces"`
}

// Open reads the file; one that does not exist is an empty store, and is
// created by the first Commit with permissions 0600. The folder must exist.
// Nothing needs to be closed.
func Open(path string) (*Store, error) {
	s := &Store{path: path}
	s.mem.Limit = Limit
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil {
		err = s.load(data)
	}
	if err != nil {
		return nil, fmt.Errorf("filestore: %s: %w", path, err)
	}
	return s, nil
}

// String returns a text without the values.
func (*Store) String() string { return "filestore.Store" }

// load fills an empty store from a file's bytes.
func (s *Store) load(data []byte) error {
	if len(data) > maxFile {
		return fmt.Errorf("%w: over %d bytes", ErrDamaged, maxFile)
	}
	var doc file
	if err := json.Unmarshal(data, &doc); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return fmt.Errorf("%w: byte %d: %v", ErrDamaged, syntax.Offset, err)
		}
		return fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if doc.Format != format {
		return fmt.Errorf("%w: format is %q, not %q", ErrDamaged, doc.Format, format)
	}
	for namespace, items := range doc.Namespaces {
		for key, text := range items {
			t, value, err := parseValue(text)
			if err == nil {
				err = s.mem.Set(namespace, key, t, value)
			}
			if err != nil {
				return fmt.Errorf("%w: %s/%s: %v", ErrDamaged, namespace, key, err)
			}
		}
	}
	return nil
}

// Get implements store.Store.
func (s *Store) Get(dst []byte, namespace, key string, t store.Type) ([]byte, error) {
	return s.mem.Get(dst, namespace, key, t)
}

// Set implements store.Store.
func (s *Store) Set(namespace, key string, t store.Type, value []byte) error {
	return s.change(s.mem.Set(namespace, key, t, value))
}

// Erase implements store.Store.
func (s *Store) Erase(namespace, key string) error {
	return s.change(s.mem.Erase(namespace, key))
}

// EraseAll implements store.Store.
func (s *Store) EraseAll(namespace string) error {
	return s.change(s.mem.EraseAll(namespace))
}

// Entries implements store.Store, in the order of namespace and key.
func (s *Store) Entries(namespace string) iter.Seq2[store.Entry, error] {
	return s.mem.Entries(namespace)
}

// change notes that the file is behind, unless the change failed.
func (s *Store) change(err error) error {
	if err == nil {
		s.mu.Lock()
		s.dirty = true
		s.mu.Unlock()
	}
	return err
}

// Commit implements store.Store: it writes a new file beside the old one,
// forces it to the disk and renames it. Without changes it does nothing. After
// an error the file is the old one, and the next Commit tries again.
func (s *Store) Commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dirty {
		return nil
	}
	data, err := s.encode()
	if err == nil {
		err = replace(s.path, data)
	}
	if err != nil {
		return &store.Error{Op: "commit", Err: err}
	}
	s.dirty = false
	return nil
}

// encode returns the content as a file.
func (s *Store) encode() ([]byte, error) {
	doc := file{format, map[string]map[string]string{}}
	for e, err := range s.mem.Entries("") {
		if err != nil {
			return nil, err
		}
		value, err := s.mem.Get(nil, e.Namespace, e.Key, e.Type)
		if errors.Is(err, store.ErrNotFound) {
			continue // changed meanwhile; the change marks the file as behind
		}
		if err != nil {
			return nil, err
		}
		if doc.Namespaces[e.Namespace] == nil {
			doc.Namespaces[e.Namespace] = map[string]string{}
		}
		doc.Namespaces[e.Namespace][e.Key] = formatValue(e.Type, value)
	}
	data, err := json.MarshalIndent(doc, "", "  ")
	return append(data, '\n'), err
}

// replace puts data in the place of the file at path, whole or not at all.
func replace(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return err
	}
	// The rename counts from here on; forcing the folder to the disk is an
	// extra that not every file system has.
	if d, e := os.Open(dir); e == nil {
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}
