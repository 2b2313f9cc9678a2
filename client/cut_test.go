// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
)

// errCut is a link that is cut.
var errCut = errors.New("cut")

// cutter says at which requests to prov-config the link is cut, counted from 0
// when it begins to count: before the device sees them, or behind it.
type cutter struct {
	counting bool
	n        int
	cut      func(n int) bool
	behind   bool
}

// at reports whether the present request is cut.
func (c *cutter) at(endpoint string) bool {
	if !c.counting || endpoint != endpointConfig {
		return false
	}
	c.n++
	return c.cut(c.n - 1)
}

// radio is a device that is reached over BLE.
type radio struct {
	d *device
	*cutter
	chars  []string
	answer []byte
	links  int
	lost   bool
}

func (r *radio) Scan(_ context.Context, found func(Advertisement) bool) error {
	found(Advertisement{Address: "1", Name: "PROV_1"})
	return nil
}

func (r *radio) Connect(context.Context, Advertisement) (BLELink, error) {
	r.links++
	r.lost, r.d.session = false, nil
	return r, nil
}

func (r *radio) Discover(context.Context, ble.UUID) (list []BLECharacteristic, err error) {
	r.chars = []string{endpointVersion, endpointSession, endpointConfig}
	for i, name := range r.chars {
		list = append(list, BLECharacteristic{Handle: uint16(i), Name: name})
	}
	return list, nil
}

func (r *radio) Write(_ context.Context, c BLECharacteristic, value []byte) (err error) {
	endpoint := r.chars[c.Handle]
	if cut := r.at(endpoint); r.lost || cut && !r.behind {
		r.lost = true
		return errCut
	} else if r.answer, err = r.d.serve(endpoint, value); err != nil {
		return ble.ATTInvalidPDU
	} else {
		r.lost = cut
	}
	return nil
}

func (r *radio) Read(context.Context, BLECharacteristic) ([]byte, error) {
	if r.lost {
		return nil, errCut
	}
	return r.answer, nil
}

func (r *radio) Close() error { return nil }

// waitRigs are devices of security 1 behind each transport.
func waitRigs(t *testing.T, d *device, cut *cutter) map[string]func() Transport {
	return map[string]func() Transport{
		"HTTP": func() Transport {
			p := newPipeNet()
			p.serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if cut.at(r.URL.Path[1:]) {
					if cut.behind {
						body, _ := io.ReadAll(r.Body)
						_, _ = d.serve(r.URL.Path[1:], body)
					}
					panic(http.ErrAbortHandler)
				}
				d.ServeHTTP(w, r)
			}))
			return newTestHTTP(t, p, HTTPConfig{})
		},
		"BLE": func() Transport {
			b, err := NewBLE(BLEConfig{Central: &radio{d: d, cutter: cut}})
			require.NoError(t, err)
			return b
		},
		"console": func() Transport {
			return attach(t, &terminal{reply: func(line string) string {
				endpoint, rest, _ := strings.Cut(line, " ")
				body, _ := hex.DecodeString(rest[strings.IndexByte(rest, ' ')+1:])
				if cut.at(endpoint) && !cut.behind {
					return "noise\r\n"
				} else if answer, err := d.serve(endpoint, body); err == nil && !(cut.behind && cut.cut(cut.n-1) && endpoint == endpointConfig) {
					return asHex(string(answer))
				}
				return ""
			}}, ConsoleConfig{})
		},
	}
}
