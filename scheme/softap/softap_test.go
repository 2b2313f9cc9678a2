// SPDX-License-Identifier: Apache-2.0

package softap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// ap records what is asked of it.
type ap struct {
	mu       sync.Mutex
	log      []string
	open     *hal.SoftAPConfig
	startErr error
	stopErr  error
	onStart  func()
}

func (a *ap) StartSoftAP(cfg hal.SoftAPConfig) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.onStart != nil {
		a.onStart()
	}
	a.log = append(a.log, "start "+string(cfg.SSID))
	if a.startErr != nil {
		return a.startErr
	}
	a.open = &cfg
	return nil
}

func (a *ap) StopSoftAP() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.log = append(a.log, "stop")
	if a.stopErr != nil {
		return a.stopErr
	}
	a.open = nil
	return nil
}

func (a *ap) config() *hal.SoftAPConfig {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open
}

func instance(t *testing.T) *protocomm.Protocomm {
	pc := protocomm.New(protocomm.Config{})
	require.NoError(t, pc.SetSecurity("prov-session", sec0.New()))
	require.NoError(t, pc.SetVersion("proto-ver", "v1.1"))
	require.NoError(t, pc.AddEndpoint("echo", func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }))
	return pc
}

func service(t *testing.T, cfg Config) *Service {
	t.Helper()
	s, err := New(cfg).NewService()
	require.NoError(t, err)
	return s.(*Service)
}

// setUp returns a service on a network in memory, ready to start.
func setUp(t *testing.T) (*Service, *ap, *simnet.Network) {
	a, network := &ap{}, &simnet.Network{}
	s := service(t, Config{AP: a, Server: httpd.Config{Listen: network.Listen}})
	require.NoError(t, s.SetService("PROV_1", "12345678"))
	return s, a, network
}

// ask posts one request on a connection of its own.
func ask(network *simnet.Network, endpoint string, req []byte) ([]byte, error) {
	transport := &http.Transport{DialContext: network.Dial, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 20 * time.Second}
	resp, err := client.Post("http://192.168.4.1/"+endpoint, "", bytes.NewReader(req))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func TestConfigChecks(t *testing.T) {
	for _, cfg := range []Config{{}, {AP: &ap{}, Channel: 14}} {
		_, err := New(cfg).NewService()
		require.ErrorIs(t, err, protocomm.ErrInvalidArg)
	}
	require.Equal(t, hal.ModeAPSTA, New(Config{}).WiFiMode())
}

// Keys of 8 to 63 bytes; the original takes 64 and cuts it.
func TestQT23_KeyLength(t *testing.T) {
	key := func(n int) string { return strings.Repeat("k", n) }
	for _, n := range []int{0, 8, 63} {
		s, a, _ := setUp(t)
		require.NoError(t, s.SetService("PROV_1", key(n)), "%d", n)
		require.NoError(t, s.Start(instance(t)))
		cfg := a.config()
		require.Equal(t, hal.Secret(key(n)), cfg.Key)
		if n == 0 {
			require.Equal(t, hal.AuthOpen, cfg.Auth)
		} else {
			require.Equal(t, hal.AuthWPAWPA2PSK, cfg.Auth)
		}
		s.Close()
		s.Wait()
	}
	for _, n := range []int{1, 7, 64, 65, 1000} {
		s, _, _ := setUp(t)
		err := s.SetService("PROV_1", key(n))
		require.ErrorIs(t, err, protocomm.ErrInvalidArg, "%d", n)
		require.NotContains(t, err.Error(), "kkk", "the key is a secret")
	}
}

// The SSID is the name, cut to 32 bytes whatever they are; an empty one is
// refused.
func TestSSID(t *testing.T) {
	s, _, _ := setUp(t)
	require.ErrorIs(t, s.SetService("", "12345678"), protocomm.ErrInvalidArg)
	for name, want := range map[string]string{
		"P":                                  "P",
		strings.Repeat("a", 32):              strings.Repeat("a", 32),
		strings.Repeat("a", 33):              strings.Repeat("a", 32),
		strings.Repeat("a", 300):             strings.Repeat("a", 32),
		"\x00\xff\x80 \n":                    "\x00\xff\x80 \n",
		"häuschen-32-bytes-long-ssid-0123":   "häuschen-32-bytes-long-ssid-0123"[:32],
		strings.Repeat("a", 31) + "ä is cut": strings.Repeat("a", 31) + "\xc3",
	} {
		s, a, _ := setUp(t)
		require.NoError(t, s.SetService(name, ""))
		require.NoError(t, s.Start(instance(t)))
		require.Equal(t, hal.SSID(want), a.config().SSID)
		s.Close()
		s.Wait()
	}
}

func TestAccessPointConfig(t *testing.T) {
	a, network := &ap{}, &simnet.Network{}
	s := service(t, Config{AP: a, Channel: 6, MaxStations: 2, Server: httpd.Config{Listen: network.Listen}})
	require.NoError(t, s.SetService("PROV_1", "12345678"))
	require.NoError(t, s.Start(instance(t)))
	require.Equal(t, hal.SoftAPConfig{
		SSID: "PROV_1", Key: "12345678", Auth: hal.AuthWPAWPA2PSK, Channel: 6, MaxStations: 2,
	}, *a.config())
	s.Close()
	s.Wait()

	s, a, _ = setUp(t)
	require.NoError(t, s.Start(instance(t)))
	require.Equal(t, hal.SoftAPConfig{
		SSID: "PROV_1", Key: "12345678", Auth: hal.AuthWPAWPA2PSK, MaxStations: 5,
	}, *a.config())
	s.Close()
	s.Wait()
}

// The HTTP server comes first, then the access point (manager.md 13).
func TestStartOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, a, network := setUp(t)
		asked := false
		a.onStart = func() {
			asked = true
			body, err := ask(network, "proto-ver", []byte("x"))
			require.NoError(t, err)
			require.Equal(t, "v1.1", string(body))
		}
		require.NoError(t, s.Start(instance(t)))
		require.True(t, asked)
		require.Equal(t, "192.168.4.1:80", s.Addr().String())
		require.NoError(t, s.Stop())
		require.Nil(t, s.Addr())
		require.Equal(t, []string{"start PROV_1", "stop"}, a.log)
		s.Wait()
	})
}

// The driver's error comes back, and the server is stopped again.
func TestAccessPointFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, a, network := setUp(t)
		broken := errors.New("no radio")
		a.startErr = broken
		err := s.Start(instance(t))
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "softap: start: the access point did not open")
		s.Wait()
		_, err = network.DialContext(t.Context())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Equal(t, []string{"start PROV_1"}, a.log)
		require.NoError(t, s.Stop())
	})
}

// A port in use is reported as it is, and no access point opens.
func TestListenFails(t *testing.T) {
	s, a, network := setUp(t)
	taken, err := network.Listen()
	require.NoError(t, err)
	defer taken.Close()
	require.ErrorIs(t, s.Start(instance(t)), syscall.EADDRINUSE)
	require.Empty(t, a.log)
}

func TestStartWithoutName(t *testing.T) {
	a := &ap{}
	s := service(t, Config{AP: a})
	require.ErrorIs(t, s.Start(instance(t)), protocomm.ErrInvalidState)
	require.Empty(t, a.log)
}

// An access point that does not close leaves the server stopped, and Stop can
// be repeated.
func TestStopFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, a, network := setUp(t)
		pc := instance(t)
		require.NoError(t, s.Start(pc))
		stuck := errors.New("stuck")
		a.stopErr = stuck
		require.ErrorIs(t, s.Stop(), stuck)
		s.Wait()
		_, err := network.DialContext(t.Context())
		require.Error(t, err)
		require.ErrorIs(t, s.Stop(), stuck)
		a.stopErr = nil
		require.NoError(t, s.Stop())
		require.NoError(t, s.Stop())
		require.Equal(t, []string{"start PROV_1", "stop", "stop", "stop"}, a.log)
	})
}

// stubborn is a listener that does not close at first.
type stubborn struct {
	net.Listener
	err *error
}

func (s stubborn) Close() error {
	if *s.err != nil {
		return *s.err
	}
	return s.Listener.Close()
}

// A server that does not stop does not keep the access point open.
func TestServerDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, network := &ap{}, &simnet.Network{}
		var stuck error
		var logs []string
		s := service(t, Config{
			AP: a,
			Server: httpd.Config{
				Listen: func() (net.Listener, error) {
					l, err := network.Listen()
					return stubborn{l, &stuck}, err
				},
				Logger: func(_ hal.Level, msg string, attrs ...hal.Attr) { logs = append(logs, msg) },
			},
		})
		require.NoError(t, s.SetService("PROV_1", ""))
		require.NoError(t, s.Start(instance(t)))
		stuck = errors.New("stuck")
		require.ErrorIs(t, s.Stop(), stuck)
		require.Nil(t, a.config())
		stuck = nil
		require.NoError(t, s.Stop())

		// The same when the start has to be undone.
		a.startErr, stuck = errors.New("no radio"), errors.New("stuck")
		require.ErrorIs(t, s.Start(instance(t)), a.startErr)
		require.Contains(t, logs, "the HTTP server could not be stopped")
		s.Close()
		require.Contains(t, logs, "a service was closed and did not stop")
		stuck = nil
		require.NoError(t, s.Stop())
		s.Wait()
	})
}

func TestCloseStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, a, _ := setUp(t)
		require.NoError(t, s.Start(instance(t)))
		s.Close()
		s.Wait()
		require.Nil(t, a.config())
		require.ErrorIs(t, s.Start(instance(t)), protocomm.ErrInvalidState)
		s.Close()
	})
}

// On the simulated board: other boards see the access point and can join it.
func TestOnSimulatedBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		board, err := air.NewBoard(sim.BoardConfig{})
		require.NoError(t, err)
		defer board.Close()
		require.NoError(t, board.Start())
		network := &simnet.Network{}
		s := service(t, Config{AP: board, Server: httpd.Config{Listen: network.Listen}})
		require.NoError(t, s.SetService("PROV_1", "12345678"))
		require.NoError(t, s.Start(instance(t)))
		cfg, open := board.SoftAP()
		require.True(t, open)
		require.Equal(t, hal.SSID("PROV_1"), cfg.SSID)
		require.Equal(t, hal.ModeAPSTA, board.Mode())
		body, err := ask(network, "echo", []byte("hello"))
		require.NoError(t, err)
		require.Equal(t, "hello", string(body))
		require.NoError(t, s.Stop())
		_, open = board.SoftAP()
		require.False(t, open)
		require.Equal(t, hal.ModeSTA, board.Mode())
		s.Wait()
	})
}

// The limits reach the server.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &simnet.Network{}
		s := service(t, Config{AP: &ap{}, Server: httpd.Config{Listen: network.Listen, MaxConns: 1, MaxHeader: 100, Random: bytes.NewReader([]byte{0, 0, 0, 7})}})
		require.NoError(t, s.SetService("PROV_1", ""))
		require.NoError(t, s.Start(instance(t)))
		first, err := network.DialContext(context.Background())
		require.NoError(t, err)
		synctest.Wait()
		second, err := network.DialContext(context.Background())
		require.NoError(t, err)
		_, err = first.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		fmt.Fprintf(second, "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
		b := make([]byte, 1000)
		n, err := second.Read(b)
		require.NoError(t, err)
		require.Contains(t, string(b[:n]), "Set-Cookie: session=7\r\n")
		fmt.Fprintf(second, "POST /echo HTTP/1.1\r\nX: %s\r\n\r\n", strings.Repeat("y", 100))
		n, err = second.Read(b)
		require.NoError(t, err)
		require.Contains(t, string(b[:n]), "HTTP/1.1 431 ")
		first.Close()
		second.Close()
		s.Close()
		s.Wait()
	})
}

// Which pages may talk to the device is for the HTTP server to check.
func TestOrigins(t *testing.T) {
	for origin, want := range map[string]error{"https://app.example": nil, "https://app.example/": protocomm.ErrInvalidArg} {
		s := service(t, Config{AP: &ap{}, Server: httpd.Config{Listen: (&simnet.Network{}).Listen, Origins: []string{origin}}})
		require.NoError(t, s.SetService("PROV_1", ""))
		require.ErrorIs(t, s.Start(instance(t)), want)
		s.Close()
		s.Wait()
	}
}
