// SPDX-License-Identifier: Apache-2.0

package batchcmd

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/internal/batch"
)

type noCentral struct{ client.Central }

// Bluetooth devices have the adapter one after the other, others do not wait for it.
func TestOneAdapter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		targets := newTargets(&Command{}, cli.Streams{})
		targets.central = noCentral{}
		lamp := &batch.Device{Name: "LAMP", Transport: batch.BLE}
		first, err := targets.open(t.Context(), lamp, client.Config{})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = targets.open(ctx, lamp, client.Config{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		other, err := targets.open(t.Context(), &batch.Device{Address: "10.0.0.1", Transport: batch.SoftAP}, client.Config{})
		require.NoError(t, err)
		require.NoError(t, other.Close())
		time.AfterFunc(time.Second, func() {
			_ = first.Close()
			_ = first.Close()
		})
		began := time.Now()
		second, err := targets.open(t.Context(), lamp, client.Config{})
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(began))
		require.NoError(t, second.Close())
		require.Empty(t, targets.adapter)
	})
}
