// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
)

// The line is closed with the service, and the client is told.
func TestConsoleEndsWithService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStory(t, ConsoleRig(t), 2)
		defer s.Close()
		s.boot()
		s.client(client.Config{}, func(c *client.Client) {
			s.joins(c, Right)
			s.manager.Wait()
			_, err := c.Status(t.Context())
			require.ErrorIs(t, err, client.ErrSessionLost)
		})
		require.NoError(t, s.manager.Deinit())
	})
}
