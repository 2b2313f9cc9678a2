// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"crypto/rand"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// User name and password of security 2 on every device here.
const (
	Username = "wifiprov"
	Password = "abcd1234"
)

// Rig is a device under the scenarios of Suite: a driver and a scheme for a
// manager, the air around it, and how clients reach it.
type Rig struct {
	// Air with Home on it, which is in range.
	Air  *sim.Air
	Home *sim.AP

	// Config is for Init. Suite adds its EventHandler.
	Config wifiprov.Config

	// Dial returns the transport of one more client. It is called when the service
	// is started, and after the client before was closed.
	Dial func() client.Transport

	// Reboot restarts the driver of a device that is not initialised; what
	// Config holds stays usable.
	Reboot func() error

	// Close ends everything that belongs to the rig.
	Close func()
}

// Suite runs every scenario under every security mode, each with a new rig and
// inside a synctest bubble. It is the same for all transports and drivers.
func Suite(t *testing.T, open func(t *testing.T) *Rig) {
	t.Helper()
	for _, sc := range scenarios {
		for mode := range 3 {
			if mode == 0 && sc.secured {
				continue
			}
			t.Run(fmt.Sprintf("%s/security %d", sc.name, mode), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStory(t, open(t), mode)
					t.Cleanup(func() { // in the bubble, also of a scenario that failed
						require.NoError(t, s.manager.Deinit())
						s.Close()
					})
					s.boot()
					sc.tell(s)
				})
			})
		}
	}
}

// story is a scenario as it happens.
type story struct {
	*Rig
	t       *testing.T
	mode    int
	manager *wifiprov.Manager

	mu      sync.Mutex
	events  []string
	started bool // the driver, since the device was booted
}

func newStory(t *testing.T, r *Rig, mode int) *story {
	return &story{Rig: r, t: t, mode: mode, manager: new(wifiprov.Manager)}
}

// boot initialises the device and starts its service.
func (s *story) boot() {
	s.t.Helper()
	cfg := s.Config
	up, first := false, true
	cancel := cfg.WiFi.Subscribe(func(e hal.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if e.Kind == hal.EventStationStart {
			up, first = true, s.events[len(s.events)-1] == "INIT"
		}
	})
	defer cancel()
	serving, once := make(chan struct{}), sync.Once{} // closed when EventStart was told
	cfg.EventHandler = func(e wifiprov.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e.Kind.String())
		if e.Kind == wifiprov.EventStart {
			once.Do(func() { close(serving) })
		}
	}
	require.NoError(s.t, s.manager.Init(cfg))
	require.NoError(s.t, s.manager.CreateEndpoint("custom-data"))
	require.NoError(s.t, s.manager.StartProvisioning(security(s.t, s.mode), "PROV_TEST", ""))
	<-serving
	s.mu.Lock()
	told, order := up, first
	s.mu.Unlock()
	if !s.started { // as it stays until a reboot
		require.True(s.t, told, "the driver did not tell its station's start")
		require.True(s.t, order, "the driver told the station's start after the manager told the service's")
	}
	s.started = true
	require.NoError(s.t, s.manager.RegisterEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
		return append([]byte("got "), req...), nil
	}))
}

// told returns the events since the last call.
func (s *story) told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.events
	s.events = nil
	return events
}

// security makes the device's half of a mode.
func security(t *testing.T, mode int) (sec protocomm.Security) {
	t.Helper()
	var err error
	switch mode {
	case 0:
		sec = sec0.New()
	case 1:
		sec, err = sec1.New(sec1.Config{PoP: PoP})
	case 2:
		var cfg sec2.Config
		cfg, err = secrets2()
		require.NoError(t, err)
		sec, err = sec2.New(cfg)
	}
	require.NoError(t, err)
	return sec
}

// secrets2 are the salt and verifier of Username and Password.
var secrets2 = sync.OnceValues(func() (cfg sec2.Config, err error) {
	cfg.Salt, cfg.Verifier, err = sec2.Generate(Username, Password, sec2.DefaultSaltSize, rand.Reader)
	return cfg, err
})

// client calls fn with a client that has a session. The client knows the secrets
// unless cfg has others.
func (s *story) client(cfg client.Config, fn func(c *client.Client)) {
	s.t.Helper()
	c := s.dial(cfg)
	require.NoError(s.t, c.Connect(s.t.Context()))
	fn(c)
	require.NoError(s.t, c.Close())
}

// dial returns a client without a session.
func (s *story) dial(cfg client.Config) *client.Client {
	if cfg.PoP == "" {
		cfg.PoP = PoP
	}
	if cfg.Password == "" {
		cfg.Password = Password
	}
	if s.mode == 0 {
		cfg.Security = client.Security0 // with secrets, less is not taken unasked
	}
	cfg.Username, cfg.PollInterval = Username, 700*time.Millisecond
	c, err := client.New(s.Dial(), cfg)
	require.NoError(s.t, err)
	return c
}

// fails tries credentials that do not work.
func (s *story) fails(c *client.Client, cr client.Credentials, want error) {
	s.t.Helper()
	_, err := c.Provision(s.t.Context(), cr)
	require.ErrorIs(s.t, err, want)
}

// joins tries credentials that work.
func (s *story) joins(c *client.Client, cr client.Credentials) {
	s.t.Helper()
	conn, err := c.Provision(s.t.Context(), cr)
	require.NoError(s.t, err)
	require.Equal(s.t, cr.SSID, conn.SSID)
	require.NotEqual(s.t, hal.IPv4{}, conn.IP)
}

// keeps expects the device to be provisioned for Home after a reboot.
func (s *story) keeps(cr client.Credentials) {
	s.t.Helper()
	require.NoError(s.t, s.manager.Deinit())
	require.NoError(s.t, s.Reboot())
	require.NoError(s.t, s.manager.Init(s.Config))
	provisioned, err := s.manager.IsProvisioned()
	require.NoError(s.t, err)
	require.Equal(s.t, cr.SSID != "", provisioned)
	config, err := s.Config.WiFi.StationConfig()
	require.NoError(s.t, err)
	require.Equal(s.t, cr.SSID, config.SSID)
	require.Equal(s.t, cr.Passphrase, config.Passphrase)
}
