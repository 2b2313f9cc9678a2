// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

func TestHooksFollowTheTable(t *testing.T) {
	p := protocomm.New(protocomm.Config{})
	require.NoError(t, p.AddEndpoint("before", echo))
	var log []string
	p.SetTransport(protocomm.Hooks{
		AddEndpoint: func(name string, kind protocomm.Kind) error {
			log = append(log, "+"+name+" "+kind.String())
			_, ok := p.Kind(name)
			require.False(t, ok, "served before the transport agreed")
			require.ErrorIs(t, p.AddEndpoint(name, echo), protocomm.ErrFail, "the name is reserved")
			require.ErrorIs(t, p.RemoveEndpoint(name), protocomm.ErrNotFound)
			return nil
		},
		RemoveEndpoint: func(name string) {
			log = append(log, "-"+name)
			_, err := p.Handle(nil, name, 1, nil)
			require.ErrorIs(t, err, protocomm.ErrNotFound, "still served")
		},
	})
	require.NoError(t, p.SetVersion("v", "text"))
	require.NoError(t, p.SetSecurity("s", sec0.New()))
	require.NoError(t, p.AddEndpoint("a", echo))
	require.Error(t, p.AddEndpoint("a", echo))
	require.Error(t, p.RemoveEndpoint("unknown"))
	require.Equal(t, []string{"before", "v", "s", "a"}, p.Endpoints())
	require.NoError(t, p.RemoveEndpoint("a"))
	require.NoError(t, p.UnsetSecurity("s"))
	require.NoError(t, p.UnsetVersion("v"))
	require.NoError(t, p.RemoveEndpoint("before"))
	require.Empty(t, p.Endpoints())
	require.Equal(t, []string{"+v Version", "+s Security", "+a Request", "-a", "-s", "-v", "-before"}, log)

	require.NoError(t, p.AddEndpoint("b", echo))
	log = nil
	p.Close()
	require.Empty(t, log, "Close calls no hooks")
	p.SetTransport(protocomm.Hooks{})
}

func TestHooksMayBeTakenBack(t *testing.T) {
	p := protocomm.New(protocomm.Config{})
	p.SetTransport(protocomm.Hooks{AddEndpoint: func(string, protocomm.Kind) error { return errHandler }})
	require.ErrorIs(t, p.AddEndpoint("a", echo), errHandler)
	p.SetTransport(protocomm.Hooks{})
	require.NoError(t, p.AddEndpoint("a", echo))
	require.NoError(t, p.RemoveEndpoint("a"))
}

func TestHooksMayCallTheInstance(t *testing.T) {
	p := protocomm.New(protocomm.Config{})
	p.SetTransport(protocomm.Hooks{
		AddEndpoint: func(name string, _ protocomm.Kind) error {
			if name == "a" {
				return p.AddEndpoint("along with a", echo)
			}
			return nil
		},
		RemoveEndpoint: func(name string) {
			if name == "a" {
				require.NoError(t, p.RemoveEndpoint("along with a"))
			}
		},
	})
	require.NoError(t, p.AddEndpoint("a", echo))
	require.ElementsMatch(t, []string{"a", "along with a"}, p.Endpoints())
	require.NoError(t, p.RemoveEndpoint("a"))
	require.Empty(t, p.Endpoints())
}

func TestCloseDuringAddHook(t *testing.T) {
	p := protocomm.New(protocomm.Config{})
	var removed []string
	p.SetTransport(protocomm.Hooks{
		AddEndpoint:    func(string, protocomm.Kind) error { p.Close(); return nil },
		RemoveEndpoint: func(name string) { removed = append(removed, name) },
	})
	code(t, protocomm.ErrInvalidState, p.AddEndpoint("a", echo))
	require.Equal(t, []string{"a"}, removed, "the transport's route stays behind")
	_, ok := p.Kind("a")
	require.False(t, ok)
}

func TestQP21_FailuresLeaveNothingBehind(t *testing.T) {
	p := protocomm.New(protocomm.Config{})

	// The security is asked for when there is none.
	_, ok := p.Security()
	require.False(t, ok)

	// What the transport refuses can be tried again.
	refuse := errors.Join(errors.New("route table full"), protocomm.ErrNoMem)
	var added, removed int
	p.SetTransport(protocomm.Hooks{
		AddEndpoint:    func(string, protocomm.Kind) error { added++; return refuse },
		RemoveEndpoint: func(string) { removed++ },
	})
	for range 2 {
		code(t, protocomm.ErrNoMem, p.SetVersion("v", "text"))
		code(t, protocomm.ErrNoMem, p.SetSecurity("s", sec0.New()))
		code(t, protocomm.ErrNoMem, p.AddEndpoint("a", echo))
	}
	require.Equal(t, 6, added)
	require.Zero(t, removed)
	require.Empty(t, p.Endpoints())
	_, ok = p.Security()
	require.False(t, ok)
	refuse = nil
	require.NoError(t, p.SetVersion("v", "text"))
	require.NoError(t, p.SetSecurity("s", sec0.New()))
	require.NoError(t, p.AddEndpoint("a", echo))

	// A name in use: the version is not set, and a retry under another works.
	require.NoError(t, p.UnsetVersion("v"))
	code(t, protocomm.ErrFail, p.SetVersion("a", "text"))
	require.NoError(t, p.SetVersion("v", "text"))
}
