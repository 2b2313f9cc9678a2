// SPDX-License-Identifier: Apache-2.0

package bluezbus_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

func dial(t *testing.T, bus string, receive func(bluezbus.Message)) *bluezbus.Conn {
	t.Helper()
	c, err := bluezbus.Dial(t.Context(), bus, receive)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// Calls and signals are handed over in the order of their arrival, and each call
// gets its own answer.
func TestOrder(t *testing.T) {
	bus := fakebluez.StartBus(t)
	const n = 300
	came := make(chan bluezbus.Message, 2*n)
	server := dial(t, bus, func(m bluezbus.Message) {
		if m.Call || m.Member == "S" {
			came <- m
		}
	})
	require.NoError(t, server.Match(t.Context(), "type='signal',interface='a.b'"))
	peer, err := dbus.Connect(bus)
	require.NoError(t, err)
	defer peer.Close()
	var calls []*dbus.Call
	for i := range int32(n) {
		switch i % 3 {
		case 0:
			require.NoError(t, peer.Emit("/x", "a.b.S", i))
		case 1:
			calls = append(calls, peer.Object(server.Name(), "/x").Go("a.b.C", 0, nil, i))
		default:
			peer.Object(server.Name(), "/x").Go("a.b.C", dbus.FlagNoReplyExpected, nil, i)
		}
	}
	for i := range int32(n) {
		m := <-came
		require.Equal(t, i, m.Body[0])
		require.Equal(t, i%3 != 0, m.Call)
		if m.Call {
			server.Reply(m, i) // to nobody, if none is wanted
		}
	}
	for i, call := range calls {
		<-call.Done
		require.NoError(t, call.Err)
		require.Equal(t, []any{int32(3*i + 1)}, call.Body)
	}
}

// A call that wants no answer gets none; errors and what there is not are told.
func TestAnswers(t *testing.T) {
	bus := fakebluez.StartBus(t)
	calls := make(chan bluezbus.Message, 10)
	server := dial(t, bus, func(m bluezbus.Message) {
		if m.Call {
			calls <- m
		}
	})
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			var m bluezbus.Message
			select {
			case m = <-calls:
			case <-done:
				return
			}
			switch m.Member {
			case "Fails":
				server.ReplyError(m, "org.bluez.Error.NotReady", "Resource Not Ready")
			case "List":
				server.ReplyAs(m, dbus.ParseSignatureMust("a{ss}"), []struct{ K, V string }{{"a", "b"}})
			default:
				server.ReplyUnknown(m)
			}
		}
	}()
	peer := dial(t, bus, func(bluezbus.Message) {})
	_, err := peer.Call(t.Context(), server.Name(), "/", "a.b.Fails")
	require.EqualError(t, err, "Fails: Resource Not Ready (org.bluez.Error.NotReady); the adapter is not powered")
	require.True(t, bluezbus.Is(err, "NotReady") && bluezbus.Is(err, "org.bluez.Error.NotReady") && !bluezbus.Is(err, "Ready"))
	_, err = peer.Call(t.Context(), server.Name(), "/", "a.b.Other")
	require.True(t, bluezbus.Is(err, "UnknownMethod"))
	body, err := peer.Call(t.Context(), server.Name(), "/", "a.b.List")
	require.NoError(t, err)
	require.Equal(t, []any{map[string]string{"a": "b"}}, body)
	_, err = peer.Call(t.Context(), server.Name(), "/", bluezbus.Peer+".Ping")
	require.NoError(t, err)
	_, err = peer.Call(t.Context(), ":1.999", "/", "a.b.C")
	require.True(t, bluezbus.Gone(err), "%v", err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = peer.Call(ctx, server.Name(), "/", "a.b.C")
	require.ErrorIs(t, err, context.Canceled)
	peer.Close()
	<-peer.Done()
	_, err = peer.Call(t.Context(), server.Name(), "/", "a.b.C")
	require.ErrorIs(t, err, bluezbus.ErrGone)
}

// A bus that does not speak ends with the context.
func TestDialEndsWithContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c, err := l.Accept()
		if err == nil {
			defer c.Close()
		}
		cancel()
		<-t.Context().Done()
	}()
	_, _, err = bluezbus.Open(ctx, "unix:path="+path, func(bluezbus.Message) {})
	require.Error(t, err)
}

func TestFindAdapter(t *testing.T) {
	able := map[string]bluezbus.Props{bluezbus.Adapter: {}, bluezbus.GattManager: {}}
	unable := map[string]bluezbus.Props{bluezbus.Adapter: {}}
	objects := bluezbus.Objects{"/org/bluez/hci0": unable, "/org/bluez/hci1": able, "/org/bluez/hci2": able, "/org/bluez": {}}
	path, err := objects.FindAdapter("", bluezbus.GattManager)
	require.NoError(t, err)
	require.Equal(t, dbus.ObjectPath("/org/bluez/hci1"), path)
	path, err = objects.FindAdapter("")
	require.NoError(t, err)
	require.Equal(t, dbus.ObjectPath("/org/bluez/hci0"), path)
	path, err = objects.FindAdapter("hci2", bluezbus.GattManager)
	require.NoError(t, err)
	require.Equal(t, dbus.ObjectPath("/org/bluez/hci2"), path)
	_, err = objects.FindAdapter("hci0", bluezbus.GattManager)
	require.ErrorIs(t, err, bluezbus.ErrUnable)
	_, err = objects.FindAdapter("hci9", bluezbus.GattManager)
	require.False(t, errors.Is(err, bluezbus.ErrUnable))
	require.ErrorContains(t, err, "no adapter hci9")
	_, err = bluezbus.Objects{"/org/bluez": {}}.FindAdapter("")
	require.ErrorContains(t, err, "no adapter")
}

func TestAssigned(t *testing.T) {
	for uuid, want := range map[string]bool{
		"00001800-0000-1000-8000-00805f9b34fb": true, "0000ffff-0000-1000-8000-00805f9b34fb": false,
		"1775244d-6b43-439b-877c-060f2d9bed07": false, "": false, "0000": false,
	} {
		require.Equal(t, want, bluezbus.Assigned(uuid), uuid)
	}
}
