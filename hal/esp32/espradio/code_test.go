// SPDX-License-Identifier: Apache-2.0

package espradio_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/espradio"
	"github.com/wifiprov/wifiprov/hal/tinygo"
)

// What the codes of the radio say about an attempt to join.
func TestCodes(t *testing.T) {
	for code, want := range map[error]hal.Reason{
		espradio.Code(2): 2, espradio.Code(255): 255,
		espradio.CodeSSID: hal.ReasonNoAPFound, espradio.CodePassphrase: hal.ReasonAuthFail,
		fmt.Errorf("wrapped: %w", espradio.Code(202)): 202,
	} {
		var ended tinygo.JoinError
		require.ErrorAs(t, code, &ended)
		require.Equal(t, want, hal.Reason(ended), code)
	}
	for _, code := range []espradio.Code{espradio.CodeTimeout, espradio.CodeMode, -1, 0, 256} {
		require.NoError(t, errors.Unwrap(code), "says nothing")
	}
	require.Equal(t, "espradio: no access point found (201)", espradio.Code(201).Error())
	require.Equal(t, "espradio: error 0x3005", espradio.CodeMode.Error())
	require.Equal(t, "espradio: error 0x0", espradio.Code(0).Error())
}
