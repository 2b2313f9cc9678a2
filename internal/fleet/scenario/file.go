// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/scheme/ble"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

// File is a scenario as its author writes it.
type File struct {
	Seed      uint64
	TimeScale float64 // 0: 1
	Air       Air
	Devices   []Group

	dir    string
	binder binder
}

// Air is the air of a scenario.
type Air struct {
	JoinTime        time.Duration
	HandshakeTry    time.Duration
	WrongPassphrase hal.Reason
	// Networks; if there is no such key, simdevice.Home.
	Networks []sim.APConfig
	Changes  []Change
}

// Change is a change of the air.
type Change struct {
	At      time.Duration
	Network hal.SSID
	Do      fleet.ChangeKind
	Reason  hal.Reason
	To      rawNode // keys of sim.APConfig, those that change
}

// Group is a number of devices that are alike.
type Group struct {
	// Name of the device; with a Count, a pattern with one %d or %X, which counts from
	// 1.
	Name      string
	Count     int // 0: 1
	Transport simdevice.Transport

	// Security is 0, 1 or 2; "": 1. PoP goes with 1, Username and Password with 2, or
	// Salt and Verifier. A secret "random" is another one for each device.
	Security       string
	PoP            hal.Secret
	Username       string
	Password       hal.Secret
	Salt, Verifier []byte
	Key            hal.Secret // of the access point
	// NVS is the path of an image of the partition, of which each device gets a copy, and
	// NVSKeys that of its keys.
	NVS       string
	NVSKeys   string
	FiveGHz   bool
	MTU       int
	AppInfo   []simdevice.AppInfo
	Manager   wifiprov.Config
	App       simdevice.App
	SoftAP    softap.Config
	BLE       ble.Config
	Console   console.Config
	Endpoints []Endpoint
	Faults    []simdevice.Fault
}

// New returns a scenario without devices.
func New() *File {
	return &File{dir: ".", binder: binder{places: map[any]string{}, anchors: map[string]ast.Node{}}}
}

// ReadFile reads a scenario.
func ReadFile(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %s; give the path of a scenario", path, files.Reason(err))
	}
	return Parse(path, text)
}

// Parse reads the text of a scenario, which errors call by its path. Other files that it
// names are relative to it.
func Parse(path string, text []byte) (*File, error) {
	f := New()
	f.dir, f.binder.name = filepath.Dir(path), path
	if err := f.binder.bindText(text, f); err != nil {
		return nil, err
	}
	return f, nil
}

// Set sets what pointer points to, a part of the file, to a text as it would stand in
// a file, such as {kind: reboot, after: 5s}. flag is the place that errors name.
func (f *File) Set(pointer any, flag, text string) error {
	b := f.binder
	b.name, b.flat = flag, true
	if err := b.bindText([]byte(text), pointer); err != nil {
		return err
	}
	return nil
}

// SetText is Set for one value, which needs no quotes whatever it contains.
func (f *File) SetText(pointer any, flag, text string) error {
	f.binder.places[pointer] = flag
	v := reflect.ValueOf(pointer).Elem()
	return f.binder.set(setterOf(v.Type()), v, flag, text, flag)
}

// given reports whether the file says a value, by the pointer to it.
func (f *File) given(pointer any) bool {
	_, is := f.binder.places[pointer]
	return is
}

// fail is an error at the first of some values that the file says.
func (f *File) fail(format string, args []any, pointers ...any) error {
	place := f.binder.name
	for _, p := range pointers {
		if at, is := f.binder.places[p]; is {
			place = at
			break
		}
	}
	if place != "" {
		place += ": "
	}
	return fmt.Errorf("%s"+format, append([]any{place}, args...)...)
}

// elem is what a pointer points to, for the binder.
func elem(pointer any) reflect.Value { return reflect.ValueOf(pointer).Elem() }
