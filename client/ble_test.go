package client_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
)

// fakeCentral finds devices and connects to itself.
type fakeCentral struct {
	ads        []client.Advertisement
	connectErr error
	writeErr   error
	hang       bool
	connected  []string
	service    hal.UUID
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

func (f *fakeCentral) Discover(_ context.Context, service hal.UUID) ([]client.BLECharacteristic, error) {
	f.service = service
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

var bleService = hal.UUID{1}

func newBLE(t *testing.T, cfg client.BLEConfig, f *fakeCentral) *client.BLE {
	if f.ads == nil {
		f.ads = []client.Advertisement{
			{Address: "1"}, {Address: "2", Name: "other"}, {Address: "1", Services: []hal.UUID{bleService}},
			{Address: "3", Name: "prov_3"}, {Address: "1", Name: "PROV_1", Services: []hal.UUID{bleService}}, {Address: "4", Name: "PROV_4"},
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

	own := hal.UUID{7}
	f = &fakeCentral{}
	b = newBLE(t, client.BLEConfig{Name: "PROV_4", Service: own}, f)
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.NoError(t, err)
	require.Equal(t, []string{"4"}, f.connected)
	require.Equal(t, own, f.service)
	require.NoError(t, b.Close())
}

// A refusal keeps the link, any other failure does not.
func TestBLEErrors(t *testing.T) {
	f := &fakeCentral{writeErr: hal.ATTInvalidPDU}
	b := newBLE(t, client.BLEConfig{}, f)
	_, err := b.Do(t.Context(), "proto-ver", []byte("x"))
	require.ErrorIs(t, err, client.ErrRefused)
	require.ErrorIs(t, err, hal.ATTInvalidPDU)
	require.Zero(t, f.closed)
	f.writeErr = errors.New("link lost")
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.ErrorIs(t, err, f.writeErr)
	require.Equal(t, 1, f.closed)
	f.writeErr, f.connectErr = nil, errors.New("no connection")
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.ErrorIs(t, err, f.connectErr)
	f.connectErr = nil
	_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
	require.NoError(t, err)
	require.Len(t, f.connected, 3)
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
		require.Equal(t, client.DefaultFindTimeout, time.Since(began))

		b = newBLE(t, client.BLEConfig{}, &fakeCentral{hang: true})
		began = time.Now()
		_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
		require.ErrorIs(t, err, client.ErrTimeout)
		require.Equal(t, client.DefaultBLETimeout, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = b.Do(ctx, "proto-ver", []byte("x"))
		require.Equal(t, context.DeadlineExceeded, err)

		go func() {
			time.Sleep(time.Second)
			b.Close()
		}()
		_, err = b.Do(t.Context(), "proto-ver", []byte("x"))
		require.ErrorIs(t, err, client.ErrClosed)
	})
}
