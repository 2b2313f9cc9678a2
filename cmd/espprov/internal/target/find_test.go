// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// inRange is a Central that hears advertisements, one a second, or fails.
type inRange struct {
	client.Central
	list []client.Advertisement
	err  error
}

func (r *inRange) Scan(ctx context.Context, found func(client.Advertisement) bool) error {
	if r.err != nil {
		return r.err
	}
	for _, a := range r.list {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
		if !found(a) {
			return nil
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

var lamp = ble.UUID{3}

var air = []client.Advertisement{
	{Address: "1", Name: "PROV_FAR", RSSI: -80},
	{Address: "2", Name: "PROV_NEAR", RSSI: -30},
	{Address: "3", Name: "LAMP", RSSI: -70, Services: []ble.UUID{{1}, lamp}},
	{Address: "4", RSSI: -40, Services: []ble.UUID{lamp}},
	{Address: "1", Name: "PROV_FAR", RSSI: -20}, // it has come nearer
	{Address: "5", Name: "PROV_LATE", RSSI: -10},
}

// A search takes its time, and finds what fits.
func TestFind(t *testing.T) {
	for name, tc := range map[string]struct {
		prefix  string
		service ble.UUID
		want    string
	}{
		"prefix":             {prefix: DefaultPrefix, want: "PROV_FAR PROV_NEAR"},
		"any":                {want: "PROV_FAR PROV_NEAR  LAMP"},
		"service":            {prefix: DefaultPrefix, service: lamp, want: " LAMP"},
		"service and prefix": {prefix: "LA", service: lamp, want: "LAMP"},
		"none":               {prefix: DefaultPrefix, service: ble.UUID{2}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				list, err := Find(t.Context(), &inRange{list: air}, tc.prefix, tc.service, 5500*time.Millisecond)
				require.NoError(t, err)
				require.Equal(t, 5500*time.Millisecond, time.Since(began))
				var names []string
				for _, a := range list {
					names = append(names, a.Name)
				}
				require.Equal(t, tc.want, strings.Join(names, " "))
			})
		})
	}
}

// A search that fails may succeed another time, unless the user ended it.
func TestFindFails(t *testing.T) {
	_, err := Find(t.Context(), &inRange{err: errors.New("adapter is off")}, "", ble.UUID{}, time.Second)
	require.EqualError(t, err, "searching for devices: adapter is off")
	require.Equal(t, cli.TryAgain, cli.StatusOf(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Find(ctx, new(inRange), "", ble.UUID{}, time.Second)
	require.Equal(t, context.Canceled, err)
}

// Only a device with a name can be chosen, since it is found again by its name.
func TestChooseOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name, err := choose(t.Context(), cli.Streams{}, &inRange{list: air[:4]}, lamp)
		require.NoError(t, err)
		require.Equal(t, "LAMP", name)
		_, err = choose(t.Context(), cli.Streams{}, &inRange{list: air}, ble.UUID{})
		require.EqualError(t, err, "2 devices are in range, name one with --device: PROV_FAR (-20 dBm), PROV_NEAR (-30 dBm)")
	})
}
