// SPDX-License-Identifier: Apache-2.0

package client

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzScreen shows any bytes: the screen holds no more than it may, and once
// the device has its prompt again an exchange is understood.
func FuzzScreen(f *testing.F) {
	f.Add([]byte("\n>> "), true)
	f.Add([]byte("\r\n6869\r\n\n>> "), false)
	f.Add([]byte("I (1) log\r\n>> >> \r\n\n\n\n>>"), true)
	f.Add([]byte(strings.Repeat("ab", 300)), true)
	f.Fuzz(func(t *testing.T, data []byte, echo bool) {
		s := screen{max: 200}
		for _, c := range data {
			s.show(c)
			require.LessOrEqual(t, len(s.line), 200)
			require.LessOrEqual(t, len(s.answer), 200)
		}
		show := func(text string) {
			for _, c := range []byte(text) {
				s.show(c)
			}
		}
		show("\n>> ")
		require.NotZero(t, s.events)
		typed := ""
		if echo {
			typed = "echo 0 41\r\n"
		}
		s.clear()
		show(typed + "\r\n6869\r\n\n>> ")
		require.True(t, s.complete && s.answered && !s.tooLong)
		require.Equal(t, "6869", string(s.answer))
		s.clear()
		show(typed + "\n>> ")
		require.Equal(t, 1, s.events)
		require.False(t, s.answered)
		s.clear()
		show(typed + "\r\n\r\n\n>> ")
		require.True(t, s.complete && s.answered)
		require.Empty(t, s.answer)
	})
}
