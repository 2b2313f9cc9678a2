// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	htmltemplate "html/template"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"text/template"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/bondstore"
	"github.com/wifiprov/wifiprov/hal/ble/smp"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/long"
	"github.com/wifiprov/wifiprov/internal/test/tinygotest"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/fileflash"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// canary is what must not be seen. It fits every secret's limits.
const canary = "qzJXkWvYpHbGtMfQ"

var (
	verbs = strings.Split("vsqxXdtbcoOUeEfFgGTz", "")
	flags = []string{"", "+", "#", " ", "# ", "040", "-.9"}
)

// traces are the forms in which secret can be seen: what fmt and encoders make
// of its middle.
func traces(secret []byte) (all []string) {
	middle := secret[len(secret)/2-3 : len(secret)/2+3]
	add := func(s string) {
		if s = strings.Trim(s, `[]{}"' `); len(s) > 5 {
			all = append(all, s)
		}
	}
	all = append(all, string(middle))
	for _, flag := range flags {
		for _, verb := range verbs {
			for _, v := range []any{middle, [6]byte(middle), string(middle)} {
				if s := fmt.Sprintf("%"+flag+verb, v); verb != "T" && !strings.Contains(s, "%!") {
					if i := strings.IndexByte(s, '{'); i >= 0 {
						s = s[i:] // without the type
					}
					add(s)
				}
			}
		}
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for i := range 3 { // wherever it begins
			add(encoding.EncodeToString(middle[i:][:3*((len(middle)-i)/3)]))
		}
	}
	return all
}

// forPointers are the verbs that fmt has for pointers. To another one that a
// pointer gets, which go vet refuses, it prints what the pointer leads to, and
// asks no methods.
const forPointers = "vxXdbo"

// shown is what fmt, log/slog and the encoders make of v, alone and in what
// holds it. deep: other verbs than those for pointers show nothing either.
func shown(v any, deep bool) map[string]string {
	all := map[string]string{} // texts, and how one is made
	add := func(text, how string) { all[text] = how }
	pointer := reflect.New(reflect.TypeOf(v))
	pointer.Elem().Set(reflect.ValueOf(v))
	holders := map[string]any{
		"itself": v, "pointer": pointer.Interface(), "slice": []any{v}, "map": map[string]any{"k": v},
		"struct": struct{ Field any }{v}, "slice of pointers": []any{pointer.Interface()},
	}
	if reflect.TypeOf(v).Kind() == reflect.Pointer {
		holders["unexported field"] = struct{ field any }{v}
	}
	for name, h := range holders {
		for _, flag := range flags {
			for _, verb := range verbs {
				pointer := name == "slice of pointers" || name == "unexported field" && !deep
				if !pointer || strings.Contains(forPointers, verb) {
					add(fmt.Sprintf("%"+flag+verb, h), name+" %"+flag+verb)
				}
			}
		}
		add(fmt.Sprintf(strings.Repeat("x", 2), h), name+" extra")
		add(fmt.Sprint(h)+fmt.Sprintln(h), name+" Print")
		add(fmt.Errorf("it failed: %v", h).Error(), name+" error")
		var b bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
			slog.New(handler).With("with", h).Info("message", "key", h, slog.Group("group", "member", h))
		}
		add(take(&b), name+" slog")
		text, err := json.Marshal(h)
		add(fmt.Sprint(string(text), err), name+" json")
		text, err = xml.Marshal(h)
		add(fmt.Sprint(string(text), err), name+" xml")
		err = gob.NewEncoder(&b).Encode(h)
		add(fmt.Sprint(take(&b), err), name+" gob")
		const page = `{{.}} {{printf "%d %v" . .}} {{print .}} {{html .}} {{js .}} {{urlquery .}}`
		err = template.Must(template.New("").Parse(page)).Execute(&b, h)
		add(fmt.Sprint(take(&b), err), name+" template")
		err = htmltemplate.Must(htmltemplate.New("").Parse(`<a href="{{.}}">{{.}}</a><script>{{.}}</script>`)).Execute(&b, h)
		add(fmt.Sprint(take(&b), err), name+" page")
	}
	return all
}

func take(b *bytes.Buffer) string {
	defer b.Reset()
	return b.String()
}

func hides(t *testing.T, v any, deep bool, secrets ...[]byte) {
	t.Helper()
	var all []string
	for _, secret := range secrets {
		all = append(all, traces(secret)...)
	}
	for text, how := range shown(v, deep) {
		for _, trace := range all {
			if strings.Contains(text, trace) {
				t.Errorf("%T, %s: shows %s in %.200s", v, how, trace, text)
				return
			}
		}
	}
}

// The search finds what it looks for.
func TestTracesOfSecrets(t *testing.T) {
	all := traces([]byte(canary))
	holder := func(v any) (found int) {
		for text := range shown(v, true) {
			for _, trace := range all {
				if strings.Contains(text, trace) {
					found++
					break
				}
			}
		}
		return found
	}
	secret := hal.Secret(canary)
	for _, v := range []any{canary, []byte(canary), [16]byte([]byte(canary)), struct{ secret hal.Secret }{secret}} {
		require.Greater(t, holder(v), len(shown(v, true))/3, "%T", v)
	}
	require.Zero(t, holder(struct{ secret *hal.Secret }{&secret}))
}

// Nothing that holds a secret shows it, in whatever way it is printed or
// encoded.
func TestSecretsAreNeverShown(t *testing.T) {
	const secret = hal.Secret(canary)
	station := hal.StationConfig{SSID: "HomeNet", Passphrase: secret}
	ap := sim.APConfig{SSID: "HomeNet", Passphrase: secret, Auth: hal.AuthWPA2PSK}
	softAP := hal.SoftAPConfig{SSID: "PROV", Key: secret}
	hash := sha256.Sum256([]byte(canary))
	hide := func(v any, more ...[]byte) {
		t.Helper()
		hides(t, v, true, append(more, []byte(canary))...)
	}
	// Where contents, not a configuration, are what is kept.
	hideContents := func(v any) {
		t.Helper()
		hides(t, v, false, []byte(canary))
	}

	// Plain types.
	for _, v := range []any{
		secret, []hal.Secret{secret}, map[string]hal.Secret{"k": secret}, station, softAP, ap, tinygo.AP{Key: secret},
		client.Credentials{SSID: "HomeNet", Passphrase: secret}, wifiprov.Event{Station: station},
	} {
		hide(v)
	}

	// The simulation.
	air := sim.NewAir(sim.AirConfig{})
	point, err := air.AddAP(ap)
	require.NoError(t, err)
	board, err := air.NewBoard(sim.BoardConfig{})
	require.NoError(t, err)
	defer board.Close()
	require.NoError(t, board.Start())
	require.NoError(t, board.SetStationConfig(station))
	require.NoError(t, board.StartSoftAP(softAP))
	for _, v := range []any{air, point, board} {
		hide(v)
	}

	// A service with a key.
	service, err := softap.New(softap.Config{AP: board}).NewService()
	require.NoError(t, err)
	require.NoError(t, service.SetService("PROV", canary))
	hide(service)

	// Securities.
	pop := sec1.Config{PoP: secret}
	device1, err := sec1.New(pop)
	require.NoError(t, err)
	client1, err := sec1.NewClient(pop)
	require.NoError(t, err)
	session1, err := device1.NewSession()
	require.NoError(t, err)
	shake(t, session1, client1, func() {
		for _, v := range []any{pop, device1, client1, session1} {
			hide(v, hash[:])
		}
	})
	salt, verifier, err := sec2.Generate("user", secret, 16, nil)
	require.NoError(t, err)
	config2 := sec2.Config{Salt: salt, Verifier: verifier}
	device2, err := sec2.New(config2)
	require.NoError(t, err)
	clientConfig2 := sec2.ClientConfig{Username: "user", Password: secret, PatchVersion: 1}
	client2, err := sec2.NewClient(clientConfig2)
	require.NoError(t, err)
	session2, err := device2.NewSession()
	require.NoError(t, err)
	shake(t, session2, client2, func() {
		for _, v := range []any{config2, device2, clientConfig2, client2, session2} {
			hides(t, v, false, []byte(canary), verifier)
		}
	})

	// Pairing.
	bond := smp.Bond{Identity: att.Address{1}, LTK: smp.Key([]byte(canary)), IRK: smp.Key([]byte(canary))}
	memory := smp.NewMemory(0)
	require.NoError(t, memory.Store(bond))
	bonds, err := bondstore.New(new(store.Memory), 0)
	require.NoError(t, err)
	require.NoError(t, bonds.Store(bond))
	for _, v := range []any{bond, bond.LTK, memory, bonds} {
		hideContents(v)
	}

	// Stores.
	key := [32]byte([]byte(canary + canary))
	keys := nvs.Keys{Data: key, Tweak: key}
	ram := new(store.Memory)
	nor, sparse := flash.NewMemory(sim.DefaultFlash), flash.NewSparse(sim.DefaultFlash)
	image, err := fileflash.Open(filepath.Join(t.TempDir(), "nvs.bin"), sim.DefaultFlash)
	require.NoError(t, err)
	defer image.Close()
	stores := []store.Store{ram}
	for _, f := range []nvs.Flash{nor, sparse, image} {
		for _, o := range []nvs.Options{{}, {Keys: &keys}} {
			p, err := nvs.Open(f, o)
			if o.Keys != nil {
				p, err = nvs.Open(flash.NewMemory(sim.DefaultFlash), o)
			}
			require.NoError(t, err)
			stores = append(stores, p)
		}
	}
	for _, s := range stores {
		require.NoError(t, wifistore.Save(s, station))
		_, err := wifistore.Load(s)
		require.NoError(t, err)
		hideContents(s)
	}
	for _, v := range []any{keys, nvs.Options{Keys: &keys}, nvsgen.Options{Keys: &keys}, ram.Snapshot(), nor, sparse, image} {
		hideContents(v)
	}

	if long.Race {
		return // fmt looks at what the radio's goroutines write
	}

	// A radio.
	double, err := tinygotest.New(air)
	require.NoError(t, err)
	r, err := tinygo.New(tinygo.Config{Driver: double, Store: ram})
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, r.Start())
	require.NoError(t, r.Connect())
	hide(r)
}

// shake leads a handshake to its end and calls look after each step.
func shake(t *testing.T, s protocomm.Session, c interface {
	Step([]byte) ([]byte, bool, error)
}, look func()) {
	t.Helper()
	var answer []byte
	for done := false; !done; {
		look()
		req, end, err := c.Step(answer)
		require.NoError(t, err)
		if done = end; !done {
			answer, err = s.Handshake(nil, req)
			require.NoError(t, err)
		}
	}
	look()
}

// A manager does not show the credentials that are on their way through it.
func TestManagerShowsNoCredentials(t *testing.T) {
	if long.Race {
		t.Skip("fmt looks at what other goroutines write")
	}
	bubble(t, sim.AirConfig{}, func(t *testing.T, d *Device) {
		cfg := d.Config()
		looked := 0
		cfg.VerifyCredentials = true
		cfg.EventHandler = func(e wifiprov.Event) {
			if e.Kind == wifiprov.EventStart {
				// The event with the credentials waits behind this one.
				require.NoError(t, d.Manager.ConfigureStation(hal.StationConfig{SSID: "HomeNet", Passphrase: canary}))
			}
			hides(t, &d.Manager, true, []byte(canary))
			hides(t, e, true, []byte(canary))
			looked++
		}
		require.NoError(t, d.Manager.Init(cfg))
		require.NoError(t, d.Manager.StartProvisioning(mustSec1(t), "PROV", canary))
		synctest.Wait()
		hides(t, &d.Manager, true, []byte(canary))
		require.Equal(t, 3, looked)
	})
}

func mustSec1(t *testing.T) protocomm.Security {
	t.Helper()
	s, err := sec1.New(sec1.Config{PoP: canary})
	require.NoError(t, err)
	return s
}
