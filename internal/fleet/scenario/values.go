// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/misspelt"
)

// rawNode is a part of a text that is bound later.
type rawNode struct{ node ast.Node }

// setter sets a value to a text. Its error says what texts there are.
type setter func(v reflect.Value, text string) error

var secretType = reflect.TypeFor[hal.Secret]()

// setters are those of types whose values have names or units.
var setters = map[reflect.Type]setter{
	reflect.TypeFor[time.Duration]():         setDuration,
	reflect.TypeFor[[]byte]():                setHex,
	reflect.TypeFor[[6]byte]():               setAddress,
	reflect.TypeFor[hal.Reason]():            setReason,
	reflect.TypeFor[hal.AuthMode]():          named(authModes()),
	reflect.TypeFor[simdevice.Transport]():   named(transports()),
	reflect.TypeFor[simdevice.FaultKind]():   words(simdevice.FaultKinds()),
	reflect.TypeFor[fleet.ChangeKind]():      words(fleet.ChangeKinds()),
	reflect.TypeFor[wifiprov.ReasonMap]():    named([]name{{"newest", uint64(wifiprov.ReasonsNewest)}, {"v4.4.4", uint64(wifiprov.ReasonsV444)}, {"v4.3.1", uint64(wifiprov.ReasonsV431)}, {"v4.0", uint64(wifiprov.ReasonsV40)}}),
	reflect.TypeFor[wifiprov.VersionStyle](): named([]name{{"v5", uint64(wifiprov.VersionV5)}, {"v4.4", uint64(wifiprov.VersionV44)}, {"netprov", uint64(wifiprov.VersionNetProv)}}),
}

// setterOf returns how to set values of a type; nil: a text cannot, or they have parts.
func setterOf(t reflect.Type) setter {
	if s := setters[t]; s != nil {
		return s
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) && t != secretType {
		return setText
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value, text string) error { v.SetString(text); return nil }
	case reflect.Bool:
		return setBool
	case reflect.Float64:
		return setFloat
	}
	if t.PkgPath() != "" {
		return nil // an enumeration without names
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint
	}
	return nil
}

func setText(v reflect.Value, text string) error {
	err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	if err == nil {
		return nil
	}
	switch v.Interface().(type) {
	case hal.BSSID:
		return errors.New("it is an address such as 02:11:22:33:44:55")
	case hal.IPv4:
		return errors.New("it is an address such as 192.168.1.77")
	}
	return err
}

func setDuration(v reflect.Value, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("it is a duration with its unit, such as 500ms, 30s or 2m")
	}
	v.SetInt(int64(d))
	return nil
}

func setHex(v reflect.Value, text string) error {
	b, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil {
		return errors.New("it is bytes in hexadecimal digits, such as 00ff; in quotes if they are decimal digits only")
	}
	v.SetBytes(b)
	return nil
}

func setAddress(v reflect.Value, text string) error {
	var b hal.BSSID
	err := setText(reflect.ValueOf(&b).Elem(), text)
	v.Set(reflect.ValueOf([6]byte(b)))
	return err
}

func setBool(v reflect.Value, text string) error {
	if text != "true" && text != "false" {
		return errors.New("it is true or false")
	}
	v.SetBool(text == "true")
	return nil
}

func setFloat(v reflect.Value, text string) error {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return errors.New("it is a number")
	}
	v.SetFloat(f)
	return nil
}

func setInt(v reflect.Value, text string) error {
	bits := v.Type().Bits()
	n, err := strconv.ParseInt(text, 10, bits)
	switch ofMachine := v.Kind() == reflect.Int || v.Kind() == reflect.Int64; {
	case ofMachine && errors.Is(err, strconv.ErrRange):
		return errors.New("it is a number of too many digits")
	case ofMachine && err != nil:
		return errors.New("it is a whole number")
	case err != nil:
		return fmt.Errorf("it is a whole number from %d to %d", int64(-1)<<(bits-1), int64(1)<<(bits-1)-1)
	}
	v.SetInt(n)
	return nil
}

func setUint(v reflect.Value, text string) error {
	bits := v.Type().Bits()
	n, err := strconv.ParseUint(text, 10, bits)
	switch ofMachine := v.Kind() == reflect.Uint || v.Kind() == reflect.Uint64; {
	case ofMachine && errors.Is(err, strconv.ErrRange):
		return errors.New("it is a number of too many digits")
	case ofMachine && err != nil:
		return errors.New("it is a whole number, 0 or more")
	case err != nil:
		return fmt.Errorf("it is a whole number from 0 to %d", uint64(1)<<bits-1)
	}
	v.SetUint(n)
	return nil
}

// name is a value with a name.
type name struct {
	text  string
	value uint64
}

// named sets numbers that have names.
func named(names []name) setter {
	return func(v reflect.Value, text string) error {
		texts := make([]string, len(names))
		for i, n := range names {
			if strings.EqualFold(n.text, text) {
				v.SetUint(n.value)
				return nil
			}
			texts[i] = n.text
		}
		return errors.New(suggest(text, texts))
	}
}

// words sets strings of which there are some.
func words[T ~string](all []T) setter {
	return func(v reflect.Value, text string) error {
		if slices.Contains(all, T(text)) {
			v.SetString(text)
			return nil
		}
		texts := make([]string, len(all))
		for i, word := range all {
			texts[i] = string(word)
		}
		return errors.New(suggest(text, texts))
	}
}

func authModes() (names []name) {
	for a := hal.AuthOpen; a <= hal.AuthWPA3Ent192; a++ {
		names = append(names, name{strings.ToLower(a.String()), uint64(a)})
	}
	return names
}

func transports() (names []name) {
	for t := simdevice.HTTP; t <= simdevice.Console; t++ {
		names = append(names, name{t.String(), uint64(t)})
	}
	return names
}

// setReason takes a number, or a name as the library prints it.
func setReason(v reflect.Value, text string) error {
	if n, err := strconv.ParseUint(text, 10, 8); err == nil && n > 0 {
		v.SetUint(n)
		return nil
	}
	var names []string
	for r := hal.Reason(1); r > 0; r++ {
		name, _, known := strings.Cut(r.String(), " (")
		switch {
		case !known:
		case misspelt.Plain(name) == misspelt.Plain(text):
			v.SetUint(uint64(r))
			return nil
		default:
			names = append(names, name)
		}
	}
	return fmt.Errorf("it is a number from 1 to 255, or one of %s", strings.Join(names, ", "))
}
