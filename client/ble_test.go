// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// fakeCentral finds devices and connects to itself.
type fakeCentral struct {
	ads        []client.Advertisement
	connectErr error
	writeErr   error
	discover   error
	hang       bool
	connected  []string
	service    ble.UUID
	written    []byte
	closed     int
}

func (f *fakeCentral) Scan(ctx context.Context, found func(client.Advertisement) bool) error {
	for _, a := range f.ads {
		if !found(a) {
			return nil
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func (f *fakeCentral) Connect(_ context.Context, a client.Advertisement) (client.BLELink, error) {
	f.connected = append(f.connected, a.Address)
	return f, f.connectErr
}

func (f *fakeCentral) Discover(_ context.Context, service ble.UUID) ([]client.BLECharacteristic, error) {
	f.service = service
	if f.discover != nil {
		return nil, f.discover
	}
	return []client.BLECharacteristic{{Handle: 3}, {Handle: 9, Name: "Proto-Ver"}}, nil
}

func (f *fakeCentral) Write(ctx context.Context, c client.BLECharacteristic, value []byte) error {
	if f.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	f.written = append([]byte{byte(c.Handle)}, value...)
	return f.writeErr
}

func (f *fakeCentral) Read(context.Context, client.BLECharacteristic) ([]byte, error) {
	return []byte("answer"), nil
}

func (f *fakeCentral) Close() error { f.closed++; return nil }

var bleService = ble.UUID{1}

func newBLE(t *testing.T, cfg client.BLEConfig, f *fakeCentral) *client.BLE {
	if f.ads == nil {
		f.ads = []client.Advertisement{
			{Address: "1"}, {Address: "2", Name: "other"}, {Address: "1", Services: []ble.UUID{bleService}},
			{Address: "3", Name: "prov_3"}, {Address: "1", Name: "PROV_1", Services: []ble.UUID{bleService}}, {Address: "4", Name: "PROV_4"},
		}
	}
	cfg.Central = f
	b, err := client.NewBLE(cfg)
	require.NoError(t, err)
	return b
}

// The device is found by prefix or name, its service is the advertised one, and
// endpoints are found by user description, whatever their case.
func TestBLEFindsDeviceAndEndpoint(t *testing.T) {
	_, err := client.NewBLE(client.BLEConfig{})
	require.Error(t, err)
	f := &fakeCentral{}
	b := newBLE(t, client.BLEConfig{}, f)
	require.Equal(t, 4, b.ScanPageSize())
	answer, err := b.Do(t.Context(), "proto-ver", []byte("x"))
	require.NoError(t, err)
	require.Equal(t, "answer", string(answer))
	require.Equal(t, []byte("\x09x"), f.written)
	require.Equal(t, []string{"1"}, f.connected)
	require.Equal(t, bleService, f.service)
	_, err = b.Do(t.Context(), "prov-scan", []byte("x"))
	require.ErrorIs(t, err, client.ErrNoEndpoint)
	_, err = b.Do(t.Context(), "proto-ver", nil)
	require.ErrorIs(t, err, client.ErrEmptyBody)
	require.Equal(t, []string{"1"}, f.connected, "one connection for all")
	require.NoError(t, b.Close())
	require.NoError(t, b.Close())
	require.Equal(t, 1, f.closed)
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.ErrorIs(t, err, client.ErrClosed)

	own := ble.UUID{7}
	f = &fakeCentral{}
	b = newBLE(t, client.BLEConfig{Name: "PROV_4", Service: own}, f)
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.NoError(t, err)
	require.Equal(t, []string{"4"}, f.connected)
	require.Equal(t, own, f.service)
	require.NoError(t, b.Close())
}

// A service that is named is looked for, too: whatever the device's name, and past
// devices that advertise other services.
func TestBLEFindsDeviceByService(t *testing.T) {
	own, other := ble.UUID{7}, ble.UUID{8}
	ads := []client.Advertisement{
		{Address: "1", Services: []ble.UUID{other}}, {Address: "1", Services: []ble.UUID{other}, Name: "PROV_1"},
		{Address: "2", Name: "Lamp"}, {Address: "3", Services: []ble.UUID{other, own}},
		{Address: "4", Services: []ble.UUID{own}, Name: "Lamp 4"}, {Address: "5", Name: "PROV_5"},
	}
	for _, tc := range []struct {
		cfg     client.BLEConfig
		from    int // the first that is heard
		address string
	}{
		{client.BLEConfig{Service: own}, 0, "3"},
		{client.BLEConfig{Service: own, Prefix: "Lamp"}, 0, "2"},
		{client.BLEConfig{Service: own, Prefix: "Lamp"}, 3, "4"},
		{client.BLEConfig{Service: own, Prefix: "PROV_"}, 0, "5"},
		{client.BLEConfig{Service: own}, 5, "5"}, // it advertises none, and may have it
		{client.BLEConfig{Service: own, Name: "PROV_1"}, 0, "1"},
		{client.BLEConfig{Service: own, Name: "Lamp"}, 0, "2"},
		{client.BLEConfig{}, 0, "1"},
		{client.BLEConfig{Prefix: "Lamp"}, 0, "2"},
	} {
		f := &fakeCentral{ads: ads[tc.from:]}
		b := newBLE(t, tc.cfg, f)
		_, err := b.Do(t.Context(), "proto-ver", []byte("x"))
		require.NoError(t, err)
		require.Equal(t, []string{tc.address}, f.connected, "%+v", tc.cfg)
		require.NoError(t, b.Close())
	}
}

// After the link was lost the same device is looked for: by its address, or by its
// name at another one.
func TestBLEFindsItsDeviceAgain(t *testing.T) {
	f := &fakeCentral{ads: []client.Advertisement{{Address: "1", Name: "PROV_1"}}}
	b := newBLE(t, client.BLEConfig{}, f)
	again := func(ads ...client.Advertisement) {
		t.Helper()
		_, err := b.Do(t.Context(), "proto-ver", []byte("x"))
		require.NoError(t, err)
		f.writeErr, f.ads = errors.New("link lost"), ads
		_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
		require.ErrorIs(t, err, client.ErrNoAnswer)
		require.NotErrorIs(t, err, client.ErrRefused)
		f.writeErr = nil
	}
	again(client.Advertisement{Address: "2", Name: "PROV_2"}, client.Advertisement{Address: "1"})
	again(client.Advertisement{Address: "2", Name: "PROV_2"}, client.Advertisement{Address: "3"}, client.Advertisement{Address: "9", Name: ""})
	require.Equal(t, []string{"1", "1"}, f.connected)
	f.ads = append(f.ads, client.Advertisement{Address: "9", Name: "PROV_9"}, client.Advertisement{Address: "1", Name: "again"})
	again(client.Advertisement{Address: "2", Name: "PROV_2"}, client.Advertisement{Address: "4", Name: "again"})
	again()
	require.Equal(t, []string{"1", "1", "1", "4"}, f.connected)
	require.NoError(t, b.Close())
}

// A refusal keeps the link, any other failure does not.
func TestBLEErrors(t *testing.T) {
	f := &fakeCentral{writeErr: ble.ATTInvalidPDU}
	b := newBLE(t, client.BLEConfig{}, f)
	_, err := b.Do(t.Context(), "proto-ver", []byte("x"))
	require.ErrorIs(t, err, client.ErrRefused)
	require.ErrorIs(t, err, ble.ATTInvalidPDU)
	require.Zero(t, f.closed)
	f.writeErr = errors.New("link lost")
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.ErrorIs(t, err, f.writeErr)
	require.Equal(t, 1, f.closed)
	f.writeErr, f.connectErr = nil, errors.New("no connection")
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.ErrorIs(t, err, f.connectErr)
	require.ErrorIs(t, err, client.ErrUnreachable)
	f.connectErr, f.discover = nil, errors.New("no such service")
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.ErrorIs(t, err, f.discover)
	require.NotErrorIs(t, err, client.ErrUnreachable, "it was reached")
	f.discover = nil
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.NoError(t, err)
	require.Len(t, f.connected, 4)
	require.NoError(t, b.Close())
}

// Limits of time, the caller's context, and Close in the middle of a request.
func TestBLETimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBLE(t, client.BLEConfig{Name: "nobody"}, &fakeCentral{})
		began := time.Now()
		_, err := b.Do(t.Context(), "proto-ver", []byte("x"))
		require.ErrorIs(t, err, client.ErrNoDevice)
		require.ErrorIs(t, err, client.ErrTimeout)
		require.ErrorIs(t, err, client.ErrUnreachable)
		require.Equal(t, 6*time.Second, time.Since(began))

		b = newBLE(t, client.BLEConfig{}, &fakeCentral{hang: true})
		began = time.Now()
		_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
		require.ErrorIs(t, err, client.ErrTimeout)
		require.Equal(t, 30*time.Second, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = b.Do(ctx, "proto-ver", []byte("x"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "context deadline exceeded: no answer")

		go func() {
			time.Sleep(time.Second)
			b.Close()
		}()
		_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
		require.ErrorIs(t, err, client.ErrClosed)
	})
}
